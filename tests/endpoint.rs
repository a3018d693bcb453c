//! "Add an endpoint" of `CONTRIBUTING.md`, followed with a page of an invented endpoint: page in,
//! `generate`, and there is a command, and a program calls the new method. Nothing is edited but
//! the descriptions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use csms_gen::workspace::{GENERATED, SPEC};
use serde_json::Value;
use tests::checkout::Checkout;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/AuditVault.md");
const PROGRAM: &str = include_str!("fixtures/audit_vault.rs");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn a_page_becomes_a_method_without_a_line_of_code() {
    let checkout = Checkout::whole();
    add_sources(&checkout);

    let before = checkout.tree();
    let run = checkout.xtask(&["import", "--deny-warnings", PAGE]);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(run.stdout.starts_with("new       AuditVault "), "{run}");
    let changed = ["openapi/contracts/AuditVault.json", SPEC];
    assert_eq!(checkout.changed_since(&before), changed);
    checkout.assert_refuses(&["generate"], &["is a draft"]);

    let mut spec = checkout.json(SPEC);
    assert_ne!(describe_drafts(&mut spec), 0);
    checkout.write(SPEC, format!("{spec:#}\n"));

    for arguments in [&["generate"][..], &["generate", "--check"]] {
        let run = checkout.xtask(arguments);
        assert_eq!(run.code, Some(0), "{run}");
    }

    let commands = checkout.text(&format!("{GENERATED}/commands.rs"));
    assert!(commands.contains("operation: &operations::AUDIT_VAULT,"));

    checkout.write("csms-api/examples/audit_vault.rs", PROGRAM);
    let printed = run_example(&checkout, "audit_vault");
    let request = r#"{"reason":"yearly","rules":[{"max_age_days":365,"name":"too-old","scopes":[{"labels":["production"],"prefix":"db-"}]}]}"#;
    let expected = [
        "audit a-1 finished at 1581507580000",
        "too-old is broken by db-main, 400 days old",
        "AuditVault: 404 VAULT.0404: no such vault",
        &format!(
            "received POST /v1/a-project/vaults/strong/audits?dry_run=true HTTP/1.1 {request}"
        ),
        r#"received POST /v1/a-project/vaults/gone/audits HTTP/1.1 {"reason":"yearly"}"#,
    ];
    assert_eq!(printed.lines().collect::<Vec<_>>(), expected);
}

/// Adds what cargo needs, to build what is generated.
fn add_sources(checkout: &Checkout) {
    for file in ["Cargo.lock", "README.md"] {
        copy(checkout, file);
    }
    for member in ["csms-api/", "csms-gen/", "tests/", "xtask/"] {
        copy(checkout, member);
    }
}

fn copy(checkout: &Checkout, file: &str) {
    let source = Path::new(ROOT).join(file);
    if !file.ends_with('/') {
        checkout.write(file, fs::read(source).unwrap());
        return;
    }
    for entry in fs::read_dir(source).unwrap() {
        let entry = entry.unwrap();
        let end = if entry.file_type().unwrap().is_dir() {
            "/"
        } else {
            ""
        };
        let name = entry.file_name();
        // The fuzz target is no member, and has a large folder of builds.
        if name != "fuzz" {
            copy(checkout, &format!("{file}{}{end}", name.to_str().unwrap()));
        }
    }
}

/// Writes a description where there is a draft, and removes the mark. Returns the number of them.
fn describe_drafts(value: &mut Value) -> usize {
    let mut count = 0;
    if let Value::Object(map) = value
        && map.shift_remove("x-draft").is_some()
    {
        map["description"] = "A description in our own words.".into();
        count += 1;
    }
    let inner: Box<dyn Iterator<Item = &mut Value>> = match value {
        Value::Object(map) => Box::new(map.values_mut()),
        Value::Array(list) => Box::new(list.iter_mut()),
        _ => return count,
    };
    count + inner.map(describe_drafts).sum::<usize>()
}

/// What an example prints on standard output. The dependencies are kept built between runs.
fn run_example(checkout: &Checkout, example: &str) -> String {
    let target = target();
    let cargo = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .args(["--offline", "--locked", "--quiet", "--package", "csms-api"])
            .current_dir(checkout.path(""))
            .env("CARGO_TARGET_DIR", &target)
            .env("CARGO_INCREMENTAL", "0")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {stderr}");
        String::from_utf8(output.stdout).unwrap()
    };
    // The copy lies elsewhere each time, and cargo never forgets what it built there.
    cargo(&["clean"]);
    cargo(&["run", "--example", example])
}

/// A folder for what the copy builds, beside what the project builds.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("endpoint")
}
