//! Every error is told with one hint, and speaks of what the command has.

use serde_json::json;
use tests::scripted::{Act, Scripted};

use crate::process::{Csms, Run, bare, secret};

#[track_caller]
fn assert_hinted(run: &Run, code: i32, hint: &str) {
    assert_eq!(run.code, Some(code), "{run:?}");
    let mut hints = run.stderr.lines().filter(|line| line.starts_with("hint: "));
    let told = hints.next().unwrap_or_default();
    assert!(told.contains(hint), "{hint} is not told: {run:?}");
    assert_eq!(hints.next(), None, "{run:?}");
    for foreign in [
        ".allow_http",
        ".region(",
        ".endpoint(",
        ".project_id(",
        "Credentials::",
    ] {
        assert!(!run.stderr.contains(foreign), "{run:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_the_hint_of_its_status() {
    let csms = Csms::start().await;
    for (status, code, hint) in [
        (301, 4, "check --endpoint"),
        (302, 4, "check --endpoint"),
        (308, 4, "check --endpoint"),
        (400, 1, "--help"),
        (401, 3, "csms doctor"),
        (403, 1, "policy"),
        (404, 1, "csms secret list"),
        (405, 1, "--endpoint"),
        (409, 1, "csms secret show NAME"),
        (413, 1, "send less"),
        (418, 1, "request id"),
        (501, 1, "--endpoint"),
    ] {
        let server = Scripted::start(vec![Act::answer(status, "{}")]).await;
        let create = [
            "secret",
            "create",
            "--name",
            "demo",
            "--secret-string-file",
            "-",
        ];
        let endpoint = server.endpoint();
        let arguments = [&create[..], &["--endpoint", &endpoint]].concat();
        let run = csms.run_with_input(&arguments, &secret());
        assert_hinted(&run, code, hint);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_sent_has_the_hint_of_what_is_wrong() {
    let csms = Csms::with_secret(&secret()).await;
    let long = csms.file("long", "x".repeat(13 * 1024 * 1024));
    let folder = csms.folder().to_str().unwrap();
    let profile = csms.file("profile", "[basic]\nak = AK\n");
    let list = ["secret", "list"];
    for (arguments, variables, code, hint) in [
        (
            vec![
                "secret",
                "create",
                "--name",
                "a",
                "--secret-string-file",
                &long,
            ],
            vec![],
            2,
            "send less at once",
        ),
        (
            [&list[..], &["--endpoint", "http://example.com"]].concat(),
            vec![],
            2,
            "check --endpoint",
        ),
        (
            [&list[..], &["--endpoint", "x"]].concat(),
            vec![],
            2,
            "check --endpoint",
        ),
        (
            list.to_vec(),
            vec![("HUAWEICLOUD_SDK_REGION_CSMS_MOCK", "x")],
            2,
            "HUAWEICLOUD_SDK_REGION_CSMS_<REGION>",
        ),
        (
            [&list[..], &["--region", "A B"]].concat(),
            vec![],
            2,
            "--region",
        ),
        (
            list.to_vec(),
            vec![("HUAWEICLOUD_SDK_REGION", "")],
            2,
            "HUAWEICLOUD_SDK_REGION or",
        ),
        (
            list.to_vec(),
            vec![("HUAWEICLOUD_SDK_AK", "")],
            3,
            "set HUAWEICLOUD_SDK_AK and",
        ),
        (
            [&list[..], &["--profile", "other"]].concat(),
            vec![],
            3,
            "--profile",
        ),
        (
            [&list[..], &["--profile", "basic"]].concat(),
            vec![("HUAWEICLOUD_SDK_CREDENTIALS_FILE", profile.as_str())],
            3,
            "mend the profile file",
        ),
        (
            vec![
                "secret",
                "create",
                "--name",
                "a",
                "--secret-string-file",
                folder,
            ],
            vec![],
            2,
            "give the name of a file",
        ),
        (vec!["get", "demo", "--field", "x"], vec![], 1, "--field"),
        (
            vec!["run", "--secret", "demo", "--as", "X", "--", "./gone"],
            vec![],
            127,
            "PATH",
        ),
        (
            [&list[..], &["--project-id", ""]].concat(),
            vec![],
            2,
            "leave it out",
        ),
        (vec!["doctor", "--region", ""], vec![], 2, "leave it out"),
        (vec!["man", "gone"], vec![], 2, "csms --help"),
        (
            vec!["mock", "--listen", "203.0.113.1:0"],
            vec![],
            2,
            "--listen ADDRESS",
        ),
    ] {
        let mut command = csms.command(&arguments);
        command.envs(variables);
        assert_hinted(&Run::of(&command.output().unwrap()), code, hint);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_is_at_fault_in_the_chain_is_the_hint() {
    let csms = Csms::start().await;
    let profile = csms.file("profile", "[basic]\nak = AK\n");
    let mut command = csms.command(&["secret", "list"]);
    command
        .env_remove("HUAWEICLOUD_SDK_AK")
        .env_remove("HUAWEICLOUD_SDK_SK")
        .env("HUAWEICLOUD_SDK_CREDENTIALS_FILE", profile);
    let run = Run::of(&command.output().unwrap());
    assert_hinted(&run, 3, "mend the profile file");
}

#[test]
fn a_project_that_nobody_tells_is_the_hint() {
    let mut command = bare(&["secret", "list", "--endpoint", "http://127.0.0.1:1"]);
    command
        .env("HUAWEICLOUD_SDK_AK", "AK")
        .env("HUAWEICLOUD_SDK_SK", "s");
    let run = Run::of(&command.output().unwrap());
    assert_hinted(&run, 2, "--project-id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_the_hint() {
    let csms = Csms::start().await;
    let date = "Mon, 01 Jan 2024 00:00:00 GMT".to_owned();
    let refusal = json!({ "error_code": "APIGW.0301", "error_msg": "expired" }).to_string();
    let act = Act::Answer(401, vec![("date", date)], refusal);
    let server = Scripted::start(vec![act]).await;
    let run = csms.run(&["secret", "list", "--endpoint", &server.endpoint()]);
    assert_hinted(&run, 3, "set the clock");
}
