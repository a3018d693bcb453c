//! The commands of operations: what they send, what they print, how they end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use csms_api::OPERATIONS;
use serde_json::json;
use tests::scripted::{Act, Scripted};

use crate::process::{Csms, Run, Running, bare, secret};

#[test]
fn every_operation_is_a_command_with_help() {
    for operation in OPERATIONS {
        let arguments = [operation.command, &["--help"]].concat();
        let run = Run::of(&bare(&arguments).output().unwrap());
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
        // Lines may be wrapped.
        let words: Vec<&str> = run.stdout.split_whitespace().collect();
        let help = words.join(" ");
        let summary = operation.summary;
        assert!(help.starts_with(summary), "{summary} is not told: {help}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_to_its_end_unless_one_page_is_asked_for() {
    let csms = Csms::start().await;
    for i in 0..53 {
        csms.create(&format!("s{i:02}"), &secret()).await;
    }
    let all = csms.json(&["secret", "list"]);
    let names: Vec<_> = all["secrets"].as_array().unwrap().iter().collect();
    assert_eq!(names.len(), 53);
    assert_eq!(all.get("page_info"), None);
    let page = csms.json(&["secret", "list", "--limit", "7"]);
    assert_eq!(page["secrets"].as_array().unwrap().len(), 7);
    let marker = page["page_info"]["next_marker"].as_str().unwrap();
    let rest = csms.json(&["secret", "list", "--marker", marker]);
    assert_eq!(rest["secrets"].as_array().unwrap().len(), 53 - 7);
    // Pages by an index in the body.
    let found = csms.json(&["secret", "search", "--action", "filter"]);
    assert_eq!(found["resources"].as_array().unwrap().len(), 53);
    let counted = csms.json(&["secret", "search", "--action", "count"]);
    assert_eq!(counted["total_count"], 53);
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_become_fields_and_win_over_the_body() {
    let csms = Csms::start().await;
    let body = json!({
        "name": "demo",
        "description": "of the file",
        "secret_string": secret(),
        "event_subscriptions": [],
    });
    let body = csms.file("body.json", body.to_string());
    let flag = ["--description", "of the flag"];
    let create = ["secret", "create", "--json-body", &body];
    let created = csms.json(&[&create[..], &flag].concat());
    assert_eq!(created["secret"]["description"], "of the flag");
    assert_eq!(created["secret"]["name"], "demo");
    let id = created["secret"]["id"].as_str().unwrap();
    let tags = [r#"{"key":"a","value":"1"}"#, r#"{"key":"b","value":"2"}"#];
    let batch = ["tag", "batch", id, "--action", "create"];
    let run = csms.run(&[&batch[..], &["--tags", tags[0], "--tags", tags[1]]].concat());
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{run:?}");
    let tags = csms.json(&["tag", "list", id]);
    assert_eq!(tags["tags"].as_array().unwrap().len(), 2);
    let schedule = ["secret", "schedule-deletion", "demo"];
    let days = ["--recovery-window-in-days", "7"];
    let scheduled = csms.json(&[&schedule[..], &days].concat());
    assert_eq!(scheduled["secret"]["state"], "PENDING_DELETE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_comes_from_a_file_without_its_line_break() {
    let csms = Csms::start().await;
    let file = csms.file("value", format!("{}\n\n", secret()));
    let create = ["secret", "create", "--name"];
    csms.json(&[&create[..], &["a", "--secret-string-file", &file]].concat());
    let run = csms.run_with_input(
        &[&create[..], &["b", "--secret-string-file", "-"]].concat(),
        &secret(),
    );
    run.json();
    let client = csms.client();
    let value = client.get_secret_value("a").await.unwrap();
    assert_eq!(value.text().unwrap(), format!("{}\n", secret()));
    let value = client.get_secret_value("b").await.unwrap();
    assert_eq!(value.text().unwrap(), secret());
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_input_is_read_for_one_value_only() {
    let csms = Csms::start().await;
    let change = ["user", "change-password", "--password-file", "-"];
    let run = csms.run_with_input(
        &[&change[..], &["--old-password-file", "-"]].concat(),
        &secret(),
    );
    run.assert_failed(2, &["standard input can be read for one value only"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_objects_with_secrets_comes_from_a_file() {
    let csms = Csms::start().await;
    let secrets = json!([{ "name": "a", "secret_string": secret() }]);
    let file = csms.file("secrets.json", secrets.to_string());
    let answer = csms.json(&["secret", "import", "--secrets-file", &file]);
    assert_eq!(answer["success"], 1, "{answer}");
    let broken = csms.file("broken.json", format!("[{}", secret()));
    let run = csms.run(&["secret", "import", "--secrets-file", &broken]);
    run.assert_failed(2, &["--secrets-file", "line 1 column 2"]);
    let run = csms.run(&["secret", "import", "--json-body", &broken]);
    run.assert_failed(2, &["--json-body is not a JSON object", "line 1 column "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn secret_fields_are_masked_unless_they_are_asked_for() {
    let csms = Csms::with_secret(&secret()).await;
    let show = ["version", "show", "demo", "latest"];
    let answer = csms.json(&show);
    assert_eq!(answer["version"]["secret_string"], "<redacted>");
    let table = csms.run(&[&show[..], &["--output", "table", "-v"]].concat());
    assert!(table.stdout.contains("<redacted>"), "{table:?}");
    let batch = ["secret", "get-values", "--secret-name-list", "demo"];
    let values = csms.json(&batch);
    assert_eq!(values["versions"][0]["secret_string"], "<redacted>");
    let password = csms.json(&["password", "generate", "--length", "12"]);
    assert_eq!(password["password"], "<redacted>");
    let shown = csms.showing(&[&show[..], &["--show-secrets"]].concat());
    assert_eq!(shown.json()["version"]["secret_string"], secret());
    let table = csms.run(&[&show[..], &["--show-secrets", "--output", "table"]].concat());
    assert!(table.stdout.contains("<redacted>"), "{table:?}");
    let note = "note: a table shows no secret; add --output json\n";
    assert_eq!((table.code, table.stderr.as_str()), (Some(0), note));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_can_be_had_without_a_terminal() {
    let csms = Csms::with_secret(&secret()).await;
    let run = csms.run(&["secret", "list", "--output", "table"]);
    assert!(run.stdout.starts_with("id "), "{run:?}");
    assert!(run.stdout.contains(" UTC "), "{run:?}");
    assert!(!run.stdout.contains('\x1b'), "{run:?}");
    let run = csms.run(&["event", "list", "--output", "table"]);
    assert_eq!(run.stdout, "none\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_service_refuses_is_told_with_a_hint() {
    let csms = Csms::start().await;
    let run = csms.run(&["secret", "show", "gone"]);
    let said = [
        "error: ShowSecret: 404 CSMS.0101: ",
        " (request id ",
        "\nhint: ",
    ];
    run.assert_failed(1, &said);
    assert_eq!(run.stdout, "");
    assert_eq!(run.stderr.matches("hint: ").count(), 1);
    assert!(!run.stderr.contains('\x1b'), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_repeats_a_secret_is_told_without_it() {
    let csms = Csms::start().await;
    let refusal =
        json!({ "error_code": "C", "error_msg": format!("{} of demo is weak", secret()) });
    let server = Scripted::start(vec![Act::answer(400, &refusal.to_string())]).await;
    let endpoint = server.endpoint();
    let import = json!([{ "name": "demo", "secret_string": secret() }]).to_string();
    for (command, input) in [
        (
            &[
                "secret",
                "create",
                "--name",
                "a",
                "--secret-string-file",
                "-",
            ][..],
            secret(),
        ),
        (&["secret", "import", "--secrets-file", "-"], import),
    ] {
        let run = csms.run_with_input(
            &[command, &["-v", "--endpoint", &endpoint]].concat(),
            &input,
        );
        run.assert_failed(1, &[": 400 C: <redacted> of demo is weak"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_repeats_the_whole_body_is_told_without_it() {
    let csms = Csms::start().await;
    // What a misspelt field holds may be secret as well, and so may a number.
    let odd = format!("{}\"\\\n", secret());
    let sent = json!({ "name": "demo", "secret_string": odd, "secret_strng": odd, "pin": 4711 });
    let path = csms.file("body.json", sent.to_string());
    for repeated in [
        sent.to_string(),
        sent.to_string().replace('"', "'"),
        format!("pin 4711 of secret_strng {odd}"),
    ] {
        let refusal = json!({ "error_code": "C", "error_msg": format!("bad: {repeated}") });
        let server = Scripted::start(vec![Act::answer(400, &refusal.to_string())]).await;
        let endpoint = server.endpoint();
        let create = ["secret", "create", "--json-body", &path, "-v", "--endpoint"];
        let run = csms.run(&[&create[..], &[&endpoint]].concat());
        run.assert_failed(1, &[": 400 C: ", "<redacted"]);
        assert!(!run.stderr.contains("4711"), "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_taken_as_people_have_them() {
    let csms = Csms::start().await;
    let create = |name: &str, flag: &str, path: &str| {
        csms.run(&["secret", "create", "--name", name, flag, path])
    };
    // Of a line, whatever ends it.
    for (name, text) in [("a", "v\n"), ("b", "v\r\n"), ("c", "v")] {
        let path = csms.file("text", text);
        assert_eq!(create(name, "--secret-string-file", &path).code, Some(0));
        assert_eq!(csms.showing(&["get", name]).stdout, "v");
    }
    // Base64 in lines, as it is printed.
    let bytes = [7; 100];
    let lines = STANDARD
        .encode(bytes)
        .as_bytes()
        .chunks(76)
        .fold(String::new(), |lines, line| {
            lines + std::str::from_utf8(line).unwrap() + "\n"
        });
    let path = csms.file("base64", lines);
    assert_eq!(create("d", "--secret-binary-file", &path).code, Some(0));
    assert_eq!(csms.showing(&["get", "d"]).stdout.as_bytes(), bytes);
    let path = csms.file("bytes", [0xff, 0xfe]);
    let run = create("e", "--secret-binary-file", &path);
    run.assert_failed(
        2,
        &["--secret-binary-file: is not UTF-8", "hint: ", "Base64"],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_place_of_a_file_is_not_told() {
    let csms = Csms::start().await;
    let typed = secret();
    let run = csms.run(&[
        "secret",
        "create",
        "--name",
        "a",
        "--secret-string-file",
        &typed,
    ]);
    run.assert_failed(2, &["--secret-string-file: can't be read", "hint: "]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_can_not_be_meant_so_sends_nothing() {
    let csms = Csms::start().await;
    let missing = csms.folder().join("missing");
    let missing = missing.to_str().unwrap();
    let create = ["secret", "create", "--name", "a"];
    for (arguments, said) in [
        (vec!["secret", "shw"], "unrecognized subcommand"),
        (vec!["secret", "create"], "--name"),
        (
            vec!["password", "generate", "--length", "x"],
            "expected a whole number",
        ),
        (vec!["tag", "add", "id", "--tag", "{"], "not JSON"),
        (
            [&create[..], &["--secret-string", &secret()]].concat(),
            "--secret-string-file",
        ),
        (
            [&create[..], &["--secret-string-file", missing]].concat(),
            "can't be read",
        ),
        (vec!["secret", "restore-backup"], "--secret-blob-file FILE"),
        (vec!["secret", "show", ".."], "another resource"),
        (
            vec!["secret", "list", "--endpoint", "http://example.com"],
            "https://",
        ),
        (vec!["secret", "list", "--region", "No Region"], "region id"),
    ] {
        let run = csms.run(&arguments);
        run.assert_failed(2, &[said]);
    }
    for (missing, said) in [
        (
            "HUAWEICLOUD_SDK_REGION",
            "neither region nor endpoint; set --region or --endpoint\n",
        ),
        (
            "HUAWEICLOUD_SDK_PROJECT_ID",
            "set it with --project-id, or --region to look it up",
        ),
    ] {
        let arguments = match missing {
            "HUAWEICLOUD_SDK_REGION" => vec!["secret", "list"],
            _ => vec!["secret", "list", "--endpoint", "http://127.0.0.1:1"],
        };
        let mut command = csms.command(&arguments);
        command
            .env_remove("HUAWEICLOUD_SDK_REGION")
            .env_remove(missing);
        let run = Run::of(&command.output().unwrap());
        run.assert_failed(2, &[said]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_and_missing_credentials_have_their_code() {
    let csms = Csms::start().await;
    let mut refused = csms.command(&["secret", "list"]);
    refused.env("HUAWEICLOUD_SDK_SK", "another");
    let run = Run::of(&refused.output().unwrap());
    run.assert_failed(3, &["ListSecrets: 401 APIGW.0301: ", "csms doctor"]);
    let mut half = csms.command(&["secret", "list"]);
    half.env_remove("HUAWEICLOUD_SDK_SK");
    let run = Run::of(&half.output().unwrap());
    run.assert_failed(3, &["HUAWEICLOUD_SDK_SK is not"]);
    let run = csms.run(&["secret", "list", "--profile", "other"]);
    run.assert_failed(3, &["credentials does not exist"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_section_of_the_profile_file_signs_in() {
    let csms = Csms::with_secret(&secret()).await;
    std::fs::create_dir(csms.folder().join(".huaweicloud")).unwrap();
    let profile = "[basic]\nak = x\nsk = y\n[other]\nak = AK\nsk = s3nt1nel-key\n";
    csms.file(".huaweicloud/credentials", profile);
    let mut command = csms.command(&["secret", "list", "--profile", "other"]);
    command.env("HUAWEICLOUD_SDK_AK", "another");
    let run = Run::of(&command.output().unwrap());
    assert_eq!(run.json()["secrets"][0]["name"], "demo");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_can_not_be_reached_or_understood_has_its_code() {
    let csms = Csms::start().await;
    let list = ["secret", "list", "--endpoint"];
    let run = csms.run(&[&list[..], &["http://127.0.0.1:1"]].concat());
    run.assert_failed(
        4,
        &["ListSecrets: can't connect to 127.0.0.1:1: ", "--endpoint"],
    );
    let page = format!("<html>{}</html>", secret());
    let server = Scripted::start(vec![Act::answer(200, &page)]).await;
    let run = csms.run(&[&list[..], &[&server.endpoint()]].concat());
    run.assert_failed(4, &["ListSecrets: 200, but the body is not a JSON object"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_the_service_can_not_turn_what_is_beside_them() {
    let csms = Csms::start().await;
    let words = "a\u{202e}b\u{2066}c\u{200b}d\u{61c}e\u{feff}f\u{9b}g\nh";
    let answer = json!({ "secret": { "description": words, words: "x" } });
    let refusal = json!({ "error_code": words, "error_msg": words });
    let list = json!({ "secrets": [{ "name": words }] });
    for (status, answer, arguments) in [
        (200, answer, &["secret", "show", "demo"][..]),
        (200, list, &["secret", "list"]),
        (400, refusal.clone(), &["secret", "list"]),
        (400, refusal, &["doctor"]),
    ] {
        let server = Scripted::start(vec![Act::answer(status, &answer.to_string())]).await;
        let endpoint = server.endpoint();
        let more = ["--endpoint", &endpoint, "--output", "table"];
        let run = csms.run(&[arguments, &more].concat());
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains("a b c d e f g h"), "{said:?}");
        let is_hidden = |c: char| !c.is_ascii() || c.is_control() && c != '\n';
        assert!(!said.contains(is_hidden), "{said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verbose_tells_of_each_call() {
    let csms = Csms::with_secret(&secret()).await;
    let run = csms.run(&["secret", "list", "-v"]);
    assert_eq!(run.code, Some(0));
    let endpoint = csms.service.endpoint();
    let start = format!("ListSecrets {endpoint} status=200 attempts=1 request_id=");
    assert!(run.stderr.starts_with(&start), "{run:?}");
    assert_eq!(run.stderr.lines().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_ends_quietly() {
    let csms = Csms::with_secret(&secret()).await;
    for arguments in [
        &["secret", "list"][..],
        &["get", "demo"],
        &["doctor"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
        &["secret", "--help"],
    ] {
        let mut running = Running::start(csms.command(arguments));
        drop(running.stdout());
        let run = running.end();
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{run:?}");
    }
}
