//! Each link of the chain is broken in turn: `cargo xtask generate --check` names what was broken.

use std::collections::BTreeMap;
use std::fs;
use std::time::SystemTime;

use csms_gen::workspace::{CONTRACTS, CORRECTIONS, GENERATED, SPEC};
use serde_json::{Value, json};
use tests::checkout::{Checkout, Edit, assert_all, assert_refuses_each, remove, rename, set};

const CHECK: [&str; 2] = ["generate", "--check"];

const BACKUP: &str = "/paths/~1v1~1{project_id}~1secrets~1{secret_name}~1backup";
const CHECKER: &str = "/paths/~1v1~1{project_id}~1secrets~1checker~1check";
const EVENTS: &str = "/paths/~1v1~1{project_id}~1csms~1events";
const SCHEMAS: &str = "/components/schemas";
const EVENT_DESCRIPTION: &str = "/components/schemas/Event/description";

/// Breaks the contract of an operation. Each break must be reported with the contract's file, the
/// operation, and the place in this part of the spec.
#[track_caller]
fn assert_contract_breaks<const N: usize>(id: &str, part: &str, breaks: [(Edit, &str); N]) {
    let start = format!("error: {CONTRACTS}/{id}.json: {id}: {part}");
    assert_refuses_each(&CHECK, (&contract_of(id), ""), &start, breaks);
}

/// Breaks a part of the spec. Each break must be reported with the contract's file, the operation,
/// and the place in that part.
#[track_caller]
fn assert_spec_breaks<const N: usize>(id: &str, part: &str, breaks: [(Edit, &str); N]) {
    let start = format!("error: {CONTRACTS}/{id}.json: {id}: {part}");
    assert_refuses_each(&CHECK, (SPEC, part), &start, breaks);
}

fn contract_of(id: &str) -> String {
    format!("{CONTRACTS}/{id}.json")
}

fn generated_files(checkout: &Checkout) -> Vec<String> {
    let names = checkout.tree().into_keys();
    names
        .filter(|name| name.starts_with(GENERATED) && !name.ends_with('/'))
        .collect()
}

/// When each generated file was last written.
fn times(checkout: &Checkout) -> BTreeMap<String, SystemTime> {
    let modified = |file: &String| {
        fs::metadata(checkout.path(file))
            .unwrap()
            .modified()
            .unwrap()
    };
    generated_files(checkout)
        .into_iter()
        .map(|file| (file.clone(), modified(&file)))
        .collect()
}

#[test]
fn an_untouched_copy_has_no_drift() {
    for checkout in [Checkout::whole(), Checkout::small()] {
        let before = checkout.tree();
        let run = checkout.xtask(&CHECK);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run}");
        assert!(run.stdout.starts_with("no drift: "), "{run}");
        assert_eq!(run.stdout.lines().count(), 1, "{run}");
        assert_eq!(checkout.changed_since(&before), Vec::<String>::new());
    }
}

// Contract and spec.

#[test]
fn a_changed_contract_names_operation_and_place() {
    let project = r#"/parameters/0: the page says nothing, the spec says "path project_id""#;
    let no_project = r#"/parameters: the page says "path project", the spec says nothing"#;
    assert_contract_breaks(
        "CheckSecrets",
        &format!("{CHECKER}/post"),
        [
            (
                set("/method", "PUT"),
                r#": the page says "PUT /v1/{project_id}/secrets/checker/check", the spec says "POST "#,
            ),
            (
                set("/path", "/v1/check"),
                r#": the page says "POST /v1/check", the spec says "POST /v1/{project_id}"#,
            ),
            (
                set("/parameters/0/required", false),
                r#"/parameters/0/required: the page says "optional", the spec says "required""#,
            ),
            (
                set("/parameters/0/type", "int64"),
                r#"/parameters/0/schema/type: the page says "int64", the spec says "string""#,
            ),
            (remove("/parameters/0"), project),
            (set("/parameters/0/name", "project"), project),
            (set("/parameters/0/name", "project"), no_project),
            (
                set("/request_body", Value::Null),
                "/requestBody/content: the page says nothing, the spec says \"CheckSecretsRequest",
            ),
            (
                set("/examples/request/-", json!({"type": "1"})),
                r#"/requestBody/content/application~1json/example: the page says {"type":"1"}, the"#,
            ),
            (
                remove("/responses/400"),
                r#"/responses/400: the page says nothing, the spec says "status 400""#,
            ),
            (
                set("/responses/418", Value::Null),
                r#"/responses/418: the page says "status 418", the spec says nothing"#,
            ),
            (
                set("/responses/400", Value::Null),
                r#"/responses/400/content: the page says nothing, the spec says "ErrorRsp""#,
            ),
            (
                set("/responses/400/schema", "Other"),
                "/responses/400/content/application~1json/schema: the page says \"Other\", the spec",
            ),
        ],
    );
}

#[test]
fn a_changed_field_of_a_contract_names_schema_and_field() {
    let field = json!({"name": "size", "type": "int64", "required": null});
    assert_contract_breaks(
        "DownloadSecretBlob",
        &format!("{SCHEMAS}/DownloadSecretBlobResponseBody/properties"),
        [
            (
                set("/responses/200/fields/0/type", "int32"),
                r#"/secret_blob/type: the page says "int32", the spec says "string""#,
            ),
            (
                set("/responses/200/fields/0/name", "blob"),
                r#"/blob: the page says "string", the spec says nothing"#,
            ),
            (
                set("/responses/200/fields/0/name", "blob"),
                r#"/secret_blob: the page says nothing, the spec says "string""#,
            ),
            (
                remove("/responses/200/fields/0"),
                r#"/secret_blob: the page says nothing, the spec says "string""#,
            ),
            (
                set("/responses/200/fields/-", field),
                r#"/size: the page says "int64", the spec says nothing"#,
            ),
        ],
    );
    assert_contract_breaks(
        "CheckSecrets",
        &format!("{SCHEMAS}/CheckSecretsRequestBody/properties"),
        [(
            set("/request_body/fields/1/required", false),
            r#"/type/required: the page says "optional", the spec says "required""#,
        )],
    );
    let events = "/responses/200/fields/0";
    assert_contract_breaks(
        "ListSecretEvents",
        SCHEMAS,
        [
            (
                set(format!("{events}/type"), "Event"),
                r#"/ListEventResponseBody/properties/events/type: the page says "Event", the"#,
            ),
            (
                set(format!("{events}/fields/2/type"), "array<int32>"),
                r#"/Event/properties/event_types/type: the page says "array<int32>", the spec"#,
            ),
            (
                remove(format!("{events}/fields/6/fields/1")),
                "/Notification/properties/target_id: the page says nothing, the spec says \"string",
            ),
        ],
    );
}

#[test]
fn a_changed_example_of_a_contract_names_the_value() {
    let example = "/examples/responses/200/0";
    assert_contract_breaks(
        "ListSecretEvents",
        &format!("{EVENTS}/get/responses/200/content/application~1json/example"),
        [
            (
                set(format!("{example}/events/1/notification/target_type"), "FG"),
                r#"/events/1/notification/target_type: the page says "FG", the spec says "SMN""#,
            ),
            (
                remove(format!("{example}/page_info/current_count")),
                "/page_info/current_count: the page says nothing, the spec says 2",
            ),
            (
                remove("/examples/responses/200"),
                ": the page says nothing, the spec says {\"events",
            ),
        ],
    );
}

#[test]
fn a_changed_operation_of_the_spec_names_operation_and_place() {
    let limit = r#"/get/parameters: the page says "query limit", the spec says nothing"#;
    let size = r#"/get/parameters/1: the page says nothing, the spec says "query size""#;
    assert_spec_breaks(
        "ListSecretEvents",
        EVENTS,
        [
            (
                rename("/get", "put"),
                r#"/put: the page says "GET /v1/{project_id}/csms/events", the spec says "PUT /v1/"#,
            ),
            (set("/get/parameters/1/name", "size"), limit),
            (set("/get/parameters/1/name", "size"), size),
            (set("/get/parameters/1/in", "header"), limit),
            (
                set(
                    "/get/parameters/1/schema",
                    json!({"type": "integer", "format": "int32"}),
                ),
                r#"/get/parameters/1/schema/type: the page says "string", the spec says "int32""#,
            ),
            (
                set("/get/parameters/1/required", true),
                r#"/get/parameters/1/required: the page says "optional", the spec says "required""#,
            ),
            (
                remove("/get/responses/404"),
                r#"/get/responses/404: the page says "status 404", the spec says nothing"#,
            ),
            (
                set("/get/responses/418", json!({"description": "A teapot."})),
                r#"/get/responses/418: the page says nothing, the spec says "status 418""#,
            ),
            (
                remove("/get/responses/404/content"),
                r#"/get/responses/404/content: the page says "a JSON body", the spec says nothing"#,
            ),
            (
                remove("/get/responses/200/content/application~1json/example/page_info"),
                "/get/responses/200/content/application~1json/example/page_info: the page says {",
            ),
            (
                set("/get/security", json!([{"signature": []}])),
                r#"/get/security: the page says "header X-Auth-Token", the spec says nothing"#,
            ),
        ],
    );
    assert_spec_breaks(
        "ListSecretEvents",
        "/paths",
        [
            (
                rename(
                    "/~1v1~1{project_id}~1csms~1events",
                    "/v1/{project_id}/events",
                ),
                "/~1v1~1{project_id}~1events/get: the page says \"GET /v1/{project_id}/csms/events\"",
            ),
            (
                remove("/~1v1~1{project_id}~1csms~1events"),
                ": the page says \"GET /v1/{project_id}/csms/events\", the spec says nothing",
            ),
        ],
    );
}

#[test]
fn a_changed_schema_of_the_spec_names_schema_and_field() {
    let size = json!({"type": "string", "description": "Size."});
    let items = "/ListEventResponseBody/properties/events/items/$ref";
    assert_spec_breaks(
        "ListSecretEvents",
        SCHEMAS,
        [
            (
                set("/Event/properties/name/type", "boolean"),
                r#"/Event/properties/name/type: the page says "string", the spec says "boolean""#,
            ),
            (
                set("/Event/properties/create_time/format", "int32"),
                r#"/Event/properties/create_time/type: the page says "int64", the spec says "int32""#,
            ),
            (
                remove("/Event/properties/name"),
                r#"/Event/properties/name: the page says "string", the spec says nothing"#,
            ),
            (
                set("/Event/properties/size", size),
                r#"/Event/properties/size: the page says nothing, the spec says "string""#,
            ),
            (
                rename("/Event", "Occurrence").and(set(items, format!("#{SCHEMAS}/Occurrence"))),
                r#"/ListEventResponseBody/properties/events/type: the page says "array<Event>", the"#,
            ),
        ],
    );
}

#[test]
fn an_operation_without_a_contract_is_named() {
    let checkout = Checkout::small();
    checkout.remove(&contract_of("DownloadSecretBlob"));
    let start = format!("error: {SPEC}: DownloadSecretBlob: {BACKUP}/post: no contract: ");
    let file = "openapi/contracts/DownloadSecretBlob.json is missing";
    checkout.assert_refuses(&CHECK, &[&(start + file)]);
}

#[test]
fn a_contract_without_an_operation_is_named() {
    let checkout = Checkout::small();
    let file = contract_of("UploadGadget");
    let contract = checkout.text(&contract_of("DownloadSecretBlob"));
    checkout.write(
        &file,
        contract.replace("\"DownloadSecretBlob\"", "\"UploadGadget\""),
    );
    let finding = format!("error: {file}: UploadGadget: /paths: the page says \"POST /v1/");
    checkout.assert_refuses(&CHECK, &[&finding]);
}

#[test]
fn a_contract_that_cannot_be_read_is_named_with_its_line() {
    let file = contract_of("DownloadSecretBlob");
    let text = Checkout::small().text(&file);
    let (first_lines, _) = text.split_once("\"title\"").unwrap();
    let cases = [
        (String::new(), ":1: not a contract:"),
        (first_lines.to_owned(), ":3: not a contract:"),
        ("# A page\n".to_owned(), ":1: not a contract:"),
        (format!("[{text}]"), ":1: not a contract:"),
        (
            text.replace("\"title\"", "\"titel\""),
            ":3: not a contract:",
        ),
        (
            text.replace("Blob\",", "\","),
            ": a contract's file must be named after its operation_id",
        ),
    ];
    assert_all(cases.into_iter().map(|(text, message)| {
        let checkout = Checkout::small();
        checkout.write(&file, text);
        checkout.refuses(&CHECK, &[format!("error: {file}{message}")])
    }));
}

#[test]
fn strays_among_the_contracts_are_named() {
    let checkout = Checkout::small();
    checkout.write(&format!("{CONTRACTS}/Other.md"), "# Other\n");
    checkout.write(&format!("{CONTRACTS}/folder/"), "");
    let file = format!("error: {CONTRACTS}/Other.md:1: not a contract");
    let folder = format!("error: {CONTRACTS}/folder/: can't be read");
    checkout.assert_refuses(&CHECK, &[&file, &folder]);
}

#[test]
fn missing_contracts_and_corrections_are_named() {
    let checkout = Checkout::small();
    fs::remove_dir_all(checkout.path(CONTRACTS)).unwrap();
    checkout.remove(CORRECTIONS);
    let contracts = format!("error: {CONTRACTS}: can't be listed");
    let corrections = format!("error: {CORRECTIONS}: can't be read");
    checkout.assert_refuses(&CHECK, &[&contracts, &corrections]);
}

// Spec and generated code.

#[test]
fn a_spec_that_generates_other_code_shows_the_difference() {
    let checkout = Checkout::small();
    checkout.edit(SPEC, &set(EVENT_DESCRIPTION, "A new description."));
    let file = format!("{GENERATED}/types.rs");
    checkout.assert_refuses(
        &CHECK,
        &[
            &format!("error: {file}: differs from what the spec generates"),
            &format!("  --- {file}"),
            "  -/// An event that secrets can subscribe to.",
            "  +/// A new description.",
        ],
    );
}

#[test]
fn every_changed_generated_file_is_named() {
    let edits: [fn(&str) -> String; 6] = [
        |text| text.replacen("Do not edit", "Mended by hand", 1),
        |text| format!("{text}\n"),
        |text| text.trim_end().to_owned(),
        |text| text.replace('\n', "\r\n"),
        |text| format!("\u{feff}{text}"),
        |_| String::new(),
    ];
    let files = generated_files(&Checkout::small());
    let cases = files.iter().flat_map(|file| edits.map(|edit| (file, edit)));
    assert_all(cases.map(|(file, edit)| {
        let checkout = Checkout::small();
        checkout.edit_text(file, edit);
        checkout.refuses(
            &CHECK,
            &[format!(
                "error: {file}: differs from what the spec generates"
            )],
        )
    }));
}

#[test]
fn a_hand_edited_comment_is_shown() {
    let checkout = Checkout::whole();
    let file = format!("{GENERATED}/types.rs");
    checkout.edit_text(&file, |text| {
        text.replacen("/// ", "/// Mended by hand. ", 1)
    });
    let finding = format!("error: {file}: differs from what the spec generates");
    checkout.assert_refuses(&CHECK, &[&finding, "  -/// Mended by hand. "]);
}

#[test]
fn the_shown_difference_is_short() {
    let checkout = Checkout::whole();
    checkout.edit_text(&format!("{GENERATED}/types.rs"), |text| {
        text.replace("///", "// /")
    });
    let run = checkout.xtask(&CHECK);
    assert!(
        run.stderr.lines().count() < 30,
        "{}",
        run.stderr.lines().count()
    );
    assert!(run.has_error(" more lines"), "{run}");
}

#[test]
fn a_generated_file_that_is_not_text_is_named() {
    let checkout = Checkout::small();
    let file = format!("{GENERATED}/mod.rs");
    checkout.write(&file, [0xff, 0x00, 0xfe]);
    checkout.assert_refuses(
        &CHECK,
        &[&format!("error: {file}: differs from what the spec")],
    );
}

#[test]
fn every_missing_generated_file_is_named() {
    let files = generated_files(&Checkout::small());
    assert_all(files.iter().map(|file| {
        let checkout = Checkout::small();
        checkout.remove(file);
        checkout.refuses(&CHECK, &[format!("error: {file}: missing")])
    }));
}

#[test]
fn a_missing_folder_of_generated_files_names_each_file() {
    let checkout = Checkout::small();
    let files = generated_files(&checkout);
    fs::remove_dir_all(checkout.path(GENERATED)).unwrap();
    let findings = files.iter().map(|file| format!("error: {file}: missing"));
    assert_all([checkout.refuses(&CHECK, &findings.collect::<Vec<_>>())]);
}

#[test]
fn every_stray_file_and_folder_is_named() {
    let checkout = Checkout::small();
    let strays = ["extra.rs", ".hidden", "types.rs.orig", "folder/", "empty/"];
    let strays = strays.map(|stray| format!("{GENERATED}/{stray}"));
    for stray in &strays {
        checkout.write(stray, "// Nothing generates this.\n");
    }
    checkout.write(&format!("{GENERATED}/folder/mod.rs"), "");
    let findings = strays.map(|stray| format!("error: {stray}: stray file"));
    assert_all([checkout.refuses(&CHECK, &findings)]);
}

#[test]
fn a_folder_in_the_place_of_a_file_is_missing_and_stray() {
    let checkout = Checkout::small();
    let file = format!("{GENERATED}/types.rs");
    checkout.remove(&file);
    checkout.write(&format!("{file}/"), "");
    let findings = [
        format!("error: {file}: missing"),
        format!("error: {file}/: stray file"),
    ];
    assert_all([checkout.refuses(&CHECK, &findings)]);
}

// Corrections.

/// A correction of a fact that the project has: its pointer in the file, its name, an operation
/// and a place in the spec.
fn correction(checkout: &Checkout) -> [String; 4] {
    let corrections = checkout.json(CORRECTIONS);
    let entries = corrections.as_array().unwrap();
    let i = entries
        .iter()
        .position(|entry| entry["kind"] == "fact")
        .unwrap();
    let text = |pointer: &str| {
        entries[i]
            .pointer(pointer)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    [
        format!("/{i}"),
        text("/name"),
        text("/operations/0"),
        text("/pointers/0"),
    ]
}

fn corrections_count(checkout: &Checkout) -> usize {
    checkout.json(CORRECTIONS).as_array().unwrap().len()
}

#[test]
fn a_correction_that_nothing_needs_is_named() {
    let checkout = Checkout::whole();
    let last = corrections_count(&checkout);
    let place = format!("{SCHEMAS}/ErrorRsp/properties/error_code/type");
    let stale = json!({
        "name": "codes-are-numbers",
        "kind": "fact",
        "operations": ["DownloadSecretBlob"],
        "pointers": [place],
        "page_says": "string",
        "spec_says": "int32",
        "reason": "Invented.",
        "source": "Invented.",
    });
    checkout.edit(CORRECTIONS, &set("/-", stale));
    let start = format!("error: {CORRECTIONS}: DownloadSecretBlob: /{last}");
    let words = "correction codes-are-numbers no longer applies";
    checkout.assert_refuses(
        &CHECK,
        &[
            &format!("{start}/pointers/0: {words} at {place}: "),
            &format!("{start}/operations/0: {words} to DownloadSecretBlob: "),
        ],
    );
}

#[test]
fn a_correction_that_says_something_else_is_named_and_settles_nothing() {
    for key in ["page_says", "spec_says"] {
        let checkout = Checkout::whole();
        let [at, name, id, place] = correction(&checkout);
        checkout.edit(CORRECTIONS, &set(format!("{at}/{key}"), "something else"));
        let words = format!("correction {name} no longer applies at {place}: ");
        checkout.assert_refuses(
            &CHECK,
            &[
                &format!("error: {CORRECTIONS}: {id}: {at}/pointers/0: {words}"),
                &format!("error: {CONTRACTS}/{id}.json: {id}: {place}: the page says "),
            ],
        );
    }
}

#[test]
fn a_removed_correction_leaves_its_difference() {
    let checkout = Checkout::whole();
    let [at, _, id, place] = correction(&checkout);
    checkout.edit(CORRECTIONS, &remove(at));
    let finding = format!("error: {CONTRACTS}/{id}.json: {id}: {place}: the page says ");
    checkout.assert_refuses(&CHECK, &[&finding]);
}

#[test]
fn a_correction_of_too_many_operations_is_named() {
    let checkout = Checkout::whole();
    let [at, name, ..] = correction(&checkout);
    checkout.edit(
        CORRECTIONS,
        &set(format!("{at}/operations/-"), "DownloadSecretBlob"),
    );
    let start = format!("error: {CORRECTIONS}: DownloadSecretBlob: {at}/operations/");
    let words = format!(": correction {name} no longer applies to DownloadSecretBlob: ");
    let run = checkout.xtask(&CHECK);
    let is_named = |line: &str| line.starts_with(&start) && line.contains(&words);
    assert!(
        run.code == Some(1) && run.stderr.lines().any(is_named),
        "{run}"
    );
}

#[test]
fn a_correction_of_prose_ends_when_the_spec_says_something_else() {
    let checkout = Checkout::small();
    let entry = checkout.json(CORRECTIONS)[0].clone();
    assert_eq!(entry["kind"], "prose");
    let (name, place) = (
        entry["name"].as_str().unwrap(),
        entry["pointers"][0].as_str().unwrap(),
    );
    checkout.edit(SPEC, &remove(place));
    let finding = format!("/0/pointers/0: correction {name} no longer applies at {place}: ");
    checkout.assert_refuses(&CHECK, &[&finding]);
}

#[test]
fn two_corrections_of_one_name_are_named() {
    let checkout = Checkout::small();
    let first = checkout.json(CORRECTIONS)[0].clone();
    let last = corrections_count(&checkout);
    checkout.edit(CORRECTIONS, &set("/-", first));
    let finding = format!("error: {CORRECTIONS}: /{last}/name: two corrections have the name");
    checkout.assert_refuses(&CHECK, &[&finding]);
}

// All at once.

#[test]
fn breaks_of_every_link_are_all_reported_in_one_run() {
    let checkout = Checkout::whole();
    let blob = format!("{SCHEMAS}/DownloadSecretBlobResponseBody/properties/secret_blob/type");
    let [at, name, ..] = correction(&checkout);
    let backup_contract = contract_of("DownloadSecretBlob");
    let events_contract = contract_of("ListSecretEvents");
    checkout.edit(
        &backup_contract,
        &set("/responses/200/fields/0/type", "int32"),
    );
    checkout.write(&contract_of("Other"), "{");
    checkout.remove(&contract_of("CheckSecrets"));
    checkout.edit(SPEC, &remove(format!("{EVENTS}/get/responses/404")));
    checkout.edit(
        CORRECTIONS,
        &set(format!("{at}/page_says"), "something else"),
    );
    checkout.edit_text(&format!("{GENERATED}/mod.rs"), |text| format!("{text}//\n"));
    checkout.remove(&format!("{GENERATED}/types.rs"));
    checkout.write(&format!("{GENERATED}/extra.rs"), "");
    checkout.assert_refuses(
        &CHECK,
        &[
            &format!("error: {backup_contract}: DownloadSecretBlob: {blob}: "),
            &format!("error: {CONTRACTS}/Other.json:1: not a contract"),
            &format!("error: {SPEC}: CheckSecrets: {CHECKER}/post: no contract"),
            &format!("error: {events_contract}: ListSecretEvents: {EVENTS}/get/responses/404: "),
            &format!("correction {name} no longer applies"),
            &format!("error: {GENERATED}/mod.rs: differs"),
            &format!("error: {GENERATED}/types.rs: missing"),
            &format!("error: {GENERATED}/extra.rs: stray"),
        ],
    );
}

#[test]
fn a_spec_that_fails_lint_hides_no_difference_from_its_contracts() {
    let checkout = Checkout::small();
    let description = format!("{EVENTS}/get/description");
    let not_found = format!("{BACKUP}/post/responses/404");
    checkout.edit(SPEC, &remove(&description).and(remove(&not_found)));
    checkout.assert_refuses(
        &CHECK,
        &[
            &format!("error: {SPEC}: ListSecretEvents: {description}: the operation has no"),
            &format!("DownloadSecretBlob: {not_found}: the page says "),
        ],
    );
}

// Generating again.

#[test]
fn generating_twice_gives_the_same_bytes() {
    let checkout = Checkout::whole();
    let committed = checkout.tree();
    for _ in 0..2 {
        fs::remove_dir_all(checkout.path(GENERATED)).unwrap();
        let run = checkout.xtask(&["generate"]);
        assert_eq!(run.code, Some(0), "{run}");
        assert_eq!(checkout.changed_since(&committed), Vec::<String>::new());
    }
}

#[test]
fn generating_without_a_change_writes_nothing() {
    let checkout = Checkout::whole();
    let before = times(&checkout);
    let run = checkout.xtask(&["generate"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run}");
    assert_eq!(times(&checkout), before);
    let (files, summary) = run.stdout.trim_end().rsplit_once('\n').unwrap();
    let mut files: Vec<&str> = files.lines().collect();
    files.sort_unstable();
    let expected: Vec<String> = before
        .keys()
        .map(|file| format!("unchanged {file}"))
        .collect();
    assert_eq!(files, expected);
    let operations = checkout.json(SPEC)["paths"]
        .to_string()
        .matches("\"operationId\"")
        .count();
    assert!(
        summary.starts_with(&format!("{operations} operations, ")),
        "{summary}"
    );
}

#[test]
fn generating_writes_only_the_file_that_differs() {
    let checkout = Checkout::small();
    let committed = checkout.tree();
    let mut before = times(&checkout);
    let file = format!("{GENERATED}/types.rs");
    checkout.edit_text(&file, |text| text.replace("///", "// /"));
    let run = checkout.xtask(&["generate"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert_eq!(checkout.changed_since(&committed), Vec::<String>::new());
    let mut after = times(&checkout);
    assert!(run.stdout.contains(&format!("written   {file}\n")), "{run}");
    assert_eq!(
        run.stdout.matches("unchanged ").count(),
        before.len() - 1,
        "{run}"
    );
    before.remove(&file);
    after.remove(&file);
    assert_eq!(after, before);
}

#[test]
fn generating_removes_stray_files_and_folders() {
    let checkout = Checkout::small();
    let committed = checkout.tree();
    let strays = ["extra.rs", "folder/"].map(|name| format!("{GENERATED}/{name}"));
    checkout.write(&strays[0], "// Nothing generates this.\n");
    checkout.write(&format!("{}mod.rs", strays[1]), "");
    let run = checkout.xtask(&["generate"]);
    assert_eq!(run.code, Some(0), "{run}");
    for stray in strays {
        assert!(
            run.stdout.contains(&format!("removed   {stray}\n")),
            "{run}"
        );
    }
    assert_eq!(checkout.changed_since(&committed), Vec::<String>::new());
}

#[test]
fn generating_follows_the_spec() {
    let checkout = Checkout::small();
    checkout.edit(SPEC, &set(EVENT_DESCRIPTION, "A new description."));
    let run = checkout.xtask(&["generate"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(
        checkout
            .text(&format!("{GENERATED}/types.rs"))
            .contains("/// A new description.")
    );
    assert_eq!(checkout.xtask(&CHECK).code, Some(0));
}
