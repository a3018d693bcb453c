//! Help, manual pages and completions.

use crate::process::{Run, bare};

fn printed(arguments: &[&str]) -> String {
    let run = Run::of(&bare(arguments).output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    run.stdout.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

#[test]
fn help_texts() {
    for (name, arguments) in [
        ("csms", &["--help"][..]),
        ("secret_create", &["secret", "create", "--help"]),
        ("secret_list", &["secret", "list", "-h"]),
        ("get", &["get", "--help"]),
        ("backup", &["backup", "--help"]),
        ("restore", &["restore", "--help"]),
        ("run", &["run", "--help"]),
    ] {
        insta::assert_snapshot!(format!("help_{name}"), printed(arguments));
    }
}

#[test]
fn manual_pages() {
    insta::assert_snapshot!("man_csms", printed(&["man"]));
    insta::assert_snapshot!("man_secret_show", printed(&["man", "secret", "show"]));
    let run = Run::of(&bare(&["man", "secret", "shw"]).output().unwrap());
    run.assert_failed(2, &["has no command shw"]);
}

#[test]
fn completions_know_every_shell() {
    for (shell, text) in [
        ("bash", "complete -F _csms"),
        ("zsh", "#compdef csms"),
        ("fish", "complete -c csms"),
    ] {
        let script = printed(&["completions", shell]);
        assert!(script.contains(text), "{shell}");
        assert!(script.contains("schedule-deletion"), "{shell}");
    }
    let run = Run::of(&bare(&["completions", "tcsh"]).output().unwrap());
    run.assert_failed(2, &["tcsh"]);
}
