//! Each link of the chain is broken in turn: `cargo xtask generate --check` names what was broken.

use std::collections::BTreeMap;
use std::fs;
use std::time::SystemTime;

use csms_gen::workspace::{CONTRACTS, CORRECTIONS, GENERATED, SPEC};
use serde_json::{Value, json};
use tests::checkout::{Checkout, Edit, remove, rename, set};

const CHECK: [&str; 2] = ["generate", "--check"];

const BACKUP: &str = "/paths/~1v1~1{project_id}~1secrets~1{secret_name}~1backup";
const CHECKER: &str = "/paths/~1v1~1{project_id}~1secrets~1checker~1check";
const EVENTS: &str = "/paths/~1v1~1{project_id}~1csms~1events";
const SCHEMAS: &str = "/components/schemas";
const JSON: &str = "content/application~1json";

/// A place in the spec, what the page says there, and what the spec says.
type Difference = (String, &'static str, &'static str);

/// A name, the break, and the differences that the report must list.
type Break = (&'static str, Vec<Edit>, Vec<Difference>);

/// Makes each break in a copy of its own and looks for its differences, each reported with the
/// file of the contract and the operation. All failures are told at once.
fn assert_differences(id: &str, broken: &str, breaks: Vec<Break>) {
    let mut failures = Vec::new();
    for (name, edits, differences) in breaks {
        let checkout = Checkout::small();
        checkout.edit(broken, &edits);
        let lines = differences.iter().map(|(place, page, spec)| {
            format!(
                "error: {CONTRACTS}/{id}.json: {id}: {place}: the page says {page}, the spec says {spec}"
            )
        });
        if let Err(failure) = checkout.refuses(&CHECK, &lines.collect::<Vec<_>>()) {
            failures.push(format!("{name}: {failure}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn contract_of(id: &str) -> String {
    format!("{CONTRACTS}/{id}.json")
}

fn generated_files(checkout: &Checkout) -> Vec<String> {
    let names = checkout.tree().into_keys();
    names.filter(|name| name.starts_with(GENERATED) && !name.ends_with('/')).collect()
}

/// When each generated file was last written.
fn times(checkout: &Checkout) -> BTreeMap<String, SystemTime> {
    let modified = |file: &String| fs::metadata(checkout.path(file)).unwrap().modified().unwrap();
    generated_files(checkout).into_iter().map(|file| (file.clone(), modified(&file))).collect()
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
fn a_changed_contract_of_an_answer_is_named() {
    let at = |rest: &str| format!("{BACKUP}/post{rest}");
    let property = |name: &str| format!("{SCHEMAS}/DownloadSecretBlobResponseBody/properties/{name}");
    let id = "DownloadSecretBlob";
    let breaks: Vec<Break> = vec![
        (
            "type",
            vec![set("/responses/200/fields/0/type", "int32")],
            vec![(property("secret_blob/type"), "\"int32\"", "\"string\"")],
        ),
        (
            "field renamed",
            vec![set("/responses/200/fields/0/name", "blob")],
            vec![
                (property("blob"), "\"string\"", "nothing"),
                (property("secret_blob"), "nothing", "\"string\""),
            ],
        ),
        (
            "field removed",
            vec![remove("/responses/200/fields/0")],
            vec![(property("secret_blob"), "nothing", "\"string\"")],
        ),
        (
            "field added",
            vec![set(
                "/responses/200/fields/-",
                json!({"name": "size", "type": "int64", "required": null}),
            )],
            vec![(property("size"), "\"int64\"", "nothing")],
        ),
        (
            "status removed",
            vec![remove("/responses/404")],
            vec![(at("/responses/404"), "nothing", "\"status 404\"")],
        ),
        (
            "status added",
            vec![set("/responses/418", Value::Null)],
            vec![(at("/responses/418"), "\"status 418\"", "nothing")],
        ),
        (
            "body removed",
            vec![set("/responses/404", Value::Null)],
            vec![(at("/responses/404/content"), "nothing", "\"ErrorRsp\"")],
        ),
        (
            "schema name",
            vec![set("/responses/200/schema", "Backup")],
            vec![(
                at(&format!("/responses/200/{JSON}/schema")),
                "\"Backup\"",
                "\"DownloadSecretBlobResponseBody\"",
            )],
        ),
        (
            "example",
            vec![set("/examples/responses/200/0", json!({"secret_blob": "b"}))],
            vec![(at(&format!("/responses/200/{JSON}/example/secret_blob")), "\"b\"", "\")Cloud")],
        ),
        (
            "example removed",
            vec![remove("/examples/responses/200")],
            vec![(at(&format!("/responses/200/{JSON}/example")), "nothing", "{\"secret_blob\"")],
        ),
    ];
    assert_differences(id, &contract_of(id), breaks);
}

#[test]
fn a_changed_contract_of_a_request_is_named() {
    let at = |rest: &str| format!("{CHECKER}/post{rest}");
    let property = |name: &str| format!("{SCHEMAS}/CheckSecretsRequestBody/properties/{name}");
    let id = "CheckSecrets";
    let here = "\"POST /v1/{project_id}/secrets/checker/check\"";
    let breaks: Vec<Break> = vec![
        (
            "method",
            vec![set("/method", "PUT")],
            vec![(at(""), "\"PUT /v1/{project_id}/secrets/checker/check\"", here)],
        ),
        (
            "path",
            vec![set("/path", "/v1/{project_id}/check")],
            vec![(at(""), "\"POST /v1/{project_id}/check\"", here)],
        ),
        (
            "parameter optional",
            vec![set("/parameters/0/required", false)],
            vec![(at("/parameters/0/required"), "\"optional\"", "\"required\"")],
        ),
        (
            "parameter's type",
            vec![set("/parameters/0/type", "int64")],
            vec![(at("/parameters/0/schema/type"), "\"int64\"", "\"string\"")],
        ),
        (
            "parameter renamed",
            vec![set("/parameters/0/name", "project")],
            vec![
                (at("/parameters"), "\"path project\"", "nothing"),
                (at("/parameters/0"), "nothing", "\"path project_id\""),
            ],
        ),
        (
            "field optional",
            vec![set("/request_body/fields/1/required", false)],
            vec![(property("type/required"), "\"optional\"", "\"required\"")],
        ),
        (
            "body removed",
            vec![set("/request_body", Value::Null)],
            vec![(at("/requestBody/content"), "nothing", "\"CheckSecretsRequestBody\"")],
        ),
        (
            "example added",
            vec![set("/examples/request/-", json!({"type": "1"}))],
            vec![(at(&format!("/requestBody/{JSON}/example")), "{\"type\":\"1\"}", "nothing")],
        ),
    ];
    assert_differences(id, &contract_of(id), breaks);
}

#[test]
fn a_changed_contract_deep_in_a_list_is_named() {
    let id = "ListSecretEvents";
    let events = "/responses/200/fields/0";
    let example = "/examples/responses/200/0";
    let breaks: Vec<Break> = vec![
        (
            "type of a list",
            vec![set(format!("{events}/type"), "Event")],
            vec![(
                format!("{SCHEMAS}/ListEventResponseBody/properties/events/type"),
                "\"Event\"",
                "\"array<Event>\"",
            )],
        ),
        (
            "type in a list of a list",
            vec![set(format!("{events}/fields/2/type"), "array<int32>")],
            vec![(
                format!("{SCHEMAS}/Event/properties/event_types/type"),
                "\"array<int32>\"",
                "\"array<string>\"",
            )],
        ),
        (
            "field of a field",
            vec![remove(format!("{events}/fields/6/fields/1"))],
            vec![(
                format!("{SCHEMAS}/Notification/properties/target_id"),
                "nothing",
                "\"string\"",
            )],
        ),
        (
            "value in an example",
            vec![set(format!("{example}/events/1/notification/target_type"), "FG")],
            vec![(
                format!(
                    "{EVENTS}/get/responses/200/{JSON}/example/events/1/notification/target_type"
                ),
                "\"FG\"",
                "\"SMN\"",
            )],
        ),
    ];
    assert_differences(id, &contract_of(id), breaks);
}

#[test]
fn a_changed_operation_of_the_spec_is_named() {
    let at = |rest: &str| format!("{EVENTS}/get{rest}");
    let here = "\"GET /v1/{project_id}/csms/events\"";
    let breaks: Vec<Break> = vec![
        (
            "path",
            vec![rename(EVENTS, "/v1/{project_id}/events")],
            vec![(
                "/paths/~1v1~1{project_id}~1events/get".to_owned(),
                here,
                "\"GET /v1/{project_id}/events\"",
            )],
        ),
        (
            "method",
            vec![rename(at(""), "put")],
            vec![(format!("{EVENTS}/put"), here, "\"PUT /v1/{project_id}/csms/events\"")],
        ),
        ("operation removed", vec![remove(EVENTS)], vec![("/paths".to_owned(), here, "nothing")]),
        (
            "parameter renamed",
            vec![set(at("/parameters/1/name"), "size")],
            vec![
                (at("/parameters"), "\"query limit\"", "nothing"),
                (at("/parameters/1"), "nothing", "\"query size\""),
            ],
        ),
        (
            "parameter moved",
            vec![set(at("/parameters/1/in"), "header")],
            vec![(at("/parameters"), "\"query limit\"", "nothing")],
        ),
        (
            "parameter's type",
            vec![set(at("/parameters/1/schema"), json!({"type": "integer", "format": "int32"}))],
            vec![(at("/parameters/1/schema/type"), "\"string\"", "\"int32\"")],
        ),
        (
            "parameter required",
            vec![set(at("/parameters/1/required"), true)],
            vec![(at("/parameters/1/required"), "\"optional\"", "\"required\"")],
        ),
        (
            "status removed",
            vec![remove(at("/responses/404"))],
            vec![(at("/responses/404"), "\"status 404\"", "nothing")],
        ),
        (
            "status added",
            vec![set(at("/responses/418"), json!({"description": "A teapot."}))],
            vec![(at("/responses/418"), "nothing", "\"status 418\"")],
        ),
        (
            "body of a status removed",
            vec![remove(at("/responses/404/content"))],
            vec![(at("/responses/404/content"), "\"a JSON body\"", "nothing")],
        ),
        (
            "schema of a status",
            vec![set(
                at(&format!("/responses/404/{JSON}/schema/$ref")),
                format!("#{SCHEMAS}/ErrorRsp"),
            )],
            vec![(format!("{SCHEMAS}/ErrorRsp/properties/error"), "\"ErrorDetail\"", "nothing")],
        ),
        (
            "example removed",
            vec![remove(at(&format!("/responses/200/{JSON}/example/page_info")))],
            vec![(
                at(&format!("/responses/200/{JSON}/example/page_info")),
                "{\"next_marker\":\"TestEvent2\",\"previous_marker\":\"TestEvent3\",\"current_count\":2}",
                "nothing",
            )],
        ),
        (
            "token not asked for",
            vec![set("/security", json!([{"signature": []}]))],
            vec![(at("/security"), "\"header X-Auth-Token\"", "nothing")],
        ),
    ];
    assert_differences("ListSecretEvents", SPEC, breaks);
}

#[test]
fn a_changed_schema_of_the_spec_is_named() {
    let event = |rest: &str| format!("{SCHEMAS}/Event{rest}");
    let property = |name: &str| event(&format!("/properties/{name}"));
    let breaks: Vec<Break> = vec![
        (
            "type",
            vec![set(property("name/type"), "boolean")],
            vec![(property("name/type"), "\"string\"", "\"boolean\"")],
        ),
        (
            "format",
            vec![set(property("create_time/format"), "int32")],
            vec![(property("create_time/type"), "\"int64\"", "\"int32\"")],
        ),
        (
            "field missing",
            vec![remove(property("name"))],
            vec![(property("name"), "\"string\"", "nothing")],
        ),
        (
            "field too many",
            vec![set(property("size"), json!({"type": "string", "description": "Size."}))],
            vec![(property("size"), "nothing", "\"string\"")],
        ),
        (
            "schema renamed",
            vec![
                rename(event(""), "Occurrence"),
                set(
                    format!("{SCHEMAS}/ListEventResponseBody/properties/events/items/$ref"),
                    format!("#{SCHEMAS}/Occurrence"),
                ),
            ],
            vec![(
                format!("{SCHEMAS}/ListEventResponseBody/properties/events/type"),
                "\"array<Event>\"",
                "\"array<Occurrence>\"",
            )],
        ),
    ];
    assert_differences("ListSecretEvents", SPEC, breaks);
}

#[test]
fn an_operation_without_a_contract_is_named() {
    let checkout = Checkout::small();
    checkout.remove(&contract_of("DownloadSecretBlob"));
    checkout.assert_refuses(
        &CHECK,
        &[&format!(
            "error: {SPEC}: DownloadSecretBlob: {BACKUP}/post: no contract: \
             {CONTRACTS}/DownloadSecretBlob.json is missing"
        )],
    );
}

#[test]
fn a_contract_without_an_operation_is_named() {
    let checkout = Checkout::small();
    let mut contract = checkout.json(&contract_of("DownloadSecretBlob"));
    contract["operation_id"] = json!("UploadGadget");
    checkout.write(&contract_of("UploadGadget"), format!("{contract:#}\n"));
    checkout.assert_refuses(
        &CHECK,
        &[&format!("error: {CONTRACTS}/UploadGadget.json: UploadGadget: /paths: the page says")],
    );
}

#[test]
fn a_contract_that_cannot_be_read_is_named_with_its_line() {
    let file = contract_of("DownloadSecretBlob");
    let text = Checkout::small().text(&file);
    let cases = [
        ("nothing", String::new(), "error: FILE:1: not a contract:"),
        ("cut off", text[..text.find("\"title\"").unwrap()].to_owned(), "error: FILE:3: not a contract:"),
        ("text", "# A page\n".to_owned(), "error: FILE:1: not a contract:"),
        ("array", format!("[{text}]"), "error: FILE:1: not a contract:"),
        ("unknown key", text.replace("\"title\"", "\"titel\""), "error: FILE:3: not a contract:"),
        ("other operation", text.replace("DownloadSecretBlob\"", "Other\""), "error: FILE: a contract's file must"),
    ];
    for (name, text, message) in cases {
        let checkout = Checkout::small();
        checkout.write(&file, text);
        let finding = message.replace("FILE", &file);
        if let Err(failure) = checkout.refuses(&CHECK, &[finding]) {
            panic!("{name}: {failure}");
        }
    }
}

#[test]
fn a_stray_file_among_the_contracts_is_named() {
    for (stray, message) in [("Other.md", ":1: not a contract"), ("folder/", ": can't be read")] {
        let checkout = Checkout::small();
        checkout.write(&format!("{CONTRACTS}/{stray}"), "# Other\n");
        let file = format!("error: {CONTRACTS}/{stray}");
        if let Err(failure) = checkout.refuses(&CHECK, &[format!("{file}{message}")]) {
            panic!("{stray}: {failure}");
        }
    }
}

#[test]
fn missing_contracts_and_corrections_are_named() {
    let checkout = Checkout::small();
    fs::remove_dir_all(checkout.path(CONTRACTS)).unwrap();
    checkout.remove(CORRECTIONS);
    checkout.assert_refuses(
        &CHECK,
        &[
            &format!("error: {CONTRACTS}: can't be listed"),
            &format!("error: {CORRECTIONS}: can't be read"),
        ],
    );
}

// Spec and generated code.

#[test]
fn a_spec_that_generates_other_code_is_named_with_the_difference() {
    let checkout = Checkout::small();
    checkout.edit(SPEC, &[set(format!("{SCHEMAS}/Event/description"), "A new description.")]);
    checkout.assert_refuses(
        &CHECK,
        &[
            &format!("error: {GENERATED}/types.rs: differs from what the spec generates"),
            &format!("  --- {GENERATED}/types.rs"),
            "  -/// An event that secrets can subscribe to.",
            "  +/// A new description.",
        ],
    );
}

#[test]
fn every_changed_generated_file_is_named() {
    let edits: [(&str, fn(&str) -> String); 6] = [
        ("a comment", |text| format!("// Mended by hand.\n{text}")),
        ("a byte", |text| text.replacen("generated", "Generated", 1).replacen("Generated", "generates", 1)),
        ("no end of the last line", |text| text.trim_end().to_owned()),
        ("Windows line ends", |text| text.replace('\n', "\r\n")),
        ("a byte order mark", |text| format!("\u{feff}{text}")),
        ("nothing left", |_| String::new()),
    ];
    for file in generated_files(&Checkout::small()) {
        for (name, edit) in edits {
            let checkout = Checkout::small();
            checkout.edit_text(&file, edit);
            let finding = format!("error: {file}: differs from what the spec generates");
            if let Err(failure) = checkout.refuses(&CHECK, &[finding]) {
                panic!("{name}: {failure}");
            }
        }
    }
}

#[test]
fn a_hand_edited_comment_is_shown() {
    let checkout = Checkout::whole();
    let file = format!("{GENERATED}/types.rs");
    checkout.edit_text(&file, |text| text.replacen("/// ", "/// Mended by hand. ", 1));
    checkout.assert_refuses(
        &CHECK,
        &[&format!("error: {file}: differs from what the spec generates"), "  -/// Mended by hand. "],
    );
}

#[test]
fn the_shown_difference_is_short() {
    let checkout = Checkout::whole();
    checkout.edit_text(&format!("{GENERATED}/types.rs"), |text| text.replace("///", "// /"));
    let run = checkout.xtask(&CHECK);
    assert!(run.stderr.lines().count() < 30, "{}", run.stderr.lines().count());
    assert!(run.has_error(" more lines"), "{run}");
}

#[test]
fn a_generated_file_that_is_not_text_is_named() {
    let checkout = Checkout::small();
    let file = format!("{GENERATED}/mod.rs");
    checkout.write(&file, [0xff, 0x00, 0xfe]);
    checkout.assert_refuses(&CHECK, &[&format!("error: {file}: differs from what the spec")]);
}

#[test]
fn every_missing_generated_file_is_named() {
    for file in generated_files(&Checkout::small()) {
        let checkout = Checkout::small();
        checkout.remove(&file);
        checkout.assert_refuses(&CHECK, &[&format!("error: {file}: missing")]);
    }
}

#[test]
fn a_missing_folder_of_generated_files_names_each_file() {
    let checkout = Checkout::small();
    let files = generated_files(&checkout);
    fs::remove_dir_all(checkout.path(GENERATED)).unwrap();
    let findings: Vec<String> = files.iter().map(|file| format!("error: {file}: missing")).collect();
    if let Err(failure) = checkout.refuses(&CHECK, &findings) {
        panic!("{failure}");
    }
}

#[test]
fn stray_files_and_folders_are_named() {
    for stray in ["extra.rs", ".hidden", "types.rs.orig", "folder/", "folder/mod.rs"] {
        let checkout = Checkout::small();
        checkout.write(&format!("{GENERATED}/{stray}"), "// Nothing generates this.\n");
        let shown = stray.trim_end_matches("mod.rs");
        let finding = format!("error: {GENERATED}/{shown}: stray file");
        if let Err(failure) = checkout.refuses(&CHECK, &[finding]) {
            panic!("{stray}: {failure}");
        }
    }
}

#[test]
fn a_folder_in_the_place_of_a_file_is_named_twice() {
    let checkout = Checkout::small();
    let file = format!("{GENERATED}/types.rs");
    checkout.remove(&file);
    checkout.write(&format!("{file}/"), "");
    checkout.assert_refuses(
        &CHECK,
        &[&format!("error: {file}: missing"), &format!("error: {file}/: stray file")],
    );
}

// Corrections.

/// A correction of a fact that the project has: its index, its name, an operation and a pointer.
fn correction(checkout: &Checkout) -> (usize, String, String, String) {
    let corrections = checkout.json(CORRECTIONS);
    let mut entries = corrections.as_array().unwrap().iter().enumerate();
    let (i, entry) = entries.find(|(_, entry)| entry["kind"] == "fact").unwrap();
    let text = |pointer: &str| entry.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    (i, text("/name"), text("/operations/0"), text("/pointers/0"))
}

#[test]
fn a_correction_that_nothing_needs_is_named() {
    let checkout = Checkout::whole();
    let last = checkout.json(CORRECTIONS).as_array().unwrap().len();
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
    checkout.edit(CORRECTIONS, &[set("/-", stale)]);
    let start = format!("error: {CORRECTIONS}: DownloadSecretBlob: /{last}");
    let name = "correction codes-are-numbers no longer applies";
    checkout.assert_refuses(
        &CHECK,
        &[&format!("{start}/pointers/0: {name} at {place}:"), &format!("{start}/operations/0: {name} to")],
    );
}

#[test]
fn a_correction_that_says_something_else_is_named_and_settles_nothing() {
    for key in ["page_says", "spec_says"] {
        let checkout = Checkout::whole();
        let (i, name, operation, place) = correction(&checkout);
        checkout.edit(CORRECTIONS, &[set(format!("/{i}/{key}"), "something else")]);
        checkout.assert_refuses(
            &CHECK,
            &[
                &format!("error: {CORRECTIONS}: {operation}: /{i}/pointers/0: correction {name} no longer"),
                &format!("error: {CONTRACTS}/{operation}.json: {operation}: {place}: the page says"),
            ],
        );
    }
}

#[test]
fn a_removed_correction_leaves_its_difference() {
    let checkout = Checkout::whole();
    let (i, _, operation, place) = correction(&checkout);
    checkout.edit(CORRECTIONS, &[remove(format!("/{i}"))]);
    checkout.assert_refuses(
        &CHECK,
        &[&format!("error: {CONTRACTS}/{operation}.json: {operation}: {place}: the page says")],
    );
}

#[test]
fn a_correction_of_too_many_operations_is_named() {
    let checkout = Checkout::whole();
    let (i, name, ..) = correction(&checkout);
    let operations = checkout.json(CORRECTIONS)[i]["operations"].as_array().unwrap().len();
    checkout.edit(CORRECTIONS, &[set(format!("/{i}/operations/-"), "DownloadSecretBlob")]);
    checkout.assert_refuses(
        &CHECK,
        &[&format!(
            "error: {CORRECTIONS}: DownloadSecretBlob: /{i}/operations/{operations}: \
             correction {name} no longer applies to DownloadSecretBlob"
        )],
    );
}

#[test]
fn a_correction_of_prose_ends_when_the_spec_says_something_else() {
    let checkout = Checkout::small();
    let corrections = checkout.json(CORRECTIONS);
    let entry = &corrections[0];
    assert_eq!(entry["kind"], "prose");
    let (name, place) = (entry["name"].as_str().unwrap(), entry["pointers"][0].as_str().unwrap());
    checkout.edit(CORRECTIONS, &[set("/0/spec_says", "something else")]);
    checkout.assert_refuses(
        &CHECK,
        &[&format!("/0/pointers/0: correction {name} no longer applies at {place}:")],
    );
}

#[test]
fn two_corrections_of_one_name_are_named() {
    let checkout = Checkout::small();
    let first = checkout.json(CORRECTIONS)[0].clone();
    let last = checkout.json(CORRECTIONS).as_array().unwrap().len();
    checkout.edit(CORRECTIONS, &[set("/-", first)]);
    checkout.assert_refuses(&CHECK, &[&format!("error: {CORRECTIONS}: /{last}/name: two corrections")]);
}

// All at once.

#[test]
fn breaks_of_every_link_are_all_reported_in_one_run() {
    let checkout = Checkout::whole();
    let (i, name, ..) = correction(&checkout);
    let blob = format!("{SCHEMAS}/DownloadSecretBlobResponseBody/properties/secret_blob/type");
    checkout.edit(&contract_of("DownloadSecretBlob"), &[set("/responses/200/fields/0/type", "int32")]);
    checkout.write(&contract_of("Other"), "{");
    checkout.remove(&contract_of("CheckSecrets"));
    checkout.edit(SPEC, &[remove(format!("{EVENTS}/get/responses/404"))]);
    checkout.edit(CORRECTIONS, &[set(format!("/{i}/page_says"), "something else")]);
    checkout.edit_text(&format!("{GENERATED}/mod.rs"), |text| format!("{text}//\n"));
    checkout.remove(&format!("{GENERATED}/types.rs"));
    checkout.write(&format!("{GENERATED}/extra.rs"), "");
    checkout.assert_refuses(
        &CHECK,
        &[
            &format!("error: {CONTRACTS}/DownloadSecretBlob.json: DownloadSecretBlob: {blob}:"),
            &format!("error: {CONTRACTS}/Other.json:1: not a contract"),
            &format!("error: {SPEC}: CheckSecrets: {CHECKER}/post: no contract"),
            &format!("error: {CONTRACTS}/ListSecretEvents.json: ListSecretEvents: {EVENTS}/get/responses/404:"),
            &format!("correction {name} no longer applies"),
            &format!("error: {GENERATED}/mod.rs: differs"),
            &format!("error: {GENERATED}/types.rs: missing"),
            &format!("error: {GENERATED}/extra.rs: stray"),
        ],
    );
}

#[test]
fn a_spec_that_fails_lint_hides_no_drift_from_its_contracts() {
    let checkout = Checkout::small();
    checkout.edit(
        SPEC,
        &[remove(format!("{EVENTS}/get/description")), remove(format!("{BACKUP}/post/responses/404"))],
    );
    checkout.assert_refuses(
        &CHECK,
        &[
            &format!("error: {SPEC}: ListSecretEvents: {EVENTS}/get/description: the operation has no"),
            &format!("DownloadSecretBlob: {BACKUP}/post/responses/404: the page says"),
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
    let expected: Vec<String> = before.keys().map(|file| format!("unchanged {file}")).collect();
    assert_eq!(files, expected);
    let operations = checkout.json(SPEC)["paths"].to_string().matches("\"operationId\"").count();
    assert!(summary.starts_with(&format!("{operations} operations, ")), "{summary}");
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
    assert_eq!(run.stdout.matches("unchanged ").count(), before.len() - 1, "{run}");
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
        assert!(run.stdout.contains(&format!("removed   {stray}\n")), "{run}");
    }
    assert_eq!(checkout.changed_since(&committed), Vec::<String>::new());
}

#[test]
fn generating_follows_the_spec() {
    let checkout = Checkout::small();
    checkout.edit(SPEC, &[set(format!("{SCHEMAS}/Event/description"), "A new description.")]);
    let run = checkout.xtask(&["generate"]);
    assert_eq!(run.code, Some(0), "{run}");
    assert!(checkout.text(&format!("{GENERATED}/types.rs")).contains("/// A new description."));
    assert_eq!(checkout.xtask(&CHECK).code, Some(0));
}
