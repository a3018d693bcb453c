//! `csms run`.

#![cfg(unix)]

use std::io::{BufRead, BufReader};

use rustix::process::Signal;
use serde_json::json;

use crate::process::{Csms, Running, secret};

const PRINT: [&str; 4] = ["--", "sh", "-c", "env | grep ^DB_ | sort"];

#[tokio::test(flavor = "multi_thread")]
async fn keys_become_variables_of_the_program() {
    let value =
        json!({ "user": "u", "password": secret(), "port": "PORT", "none": null, "list": [1] });
    let value = value.to_string().replace("\"PORT\"", "1.10");
    let csms = Csms::with_secret(&value).await;
    let run = csms.showing(&[&["run", "--secret", "demo", "--prefix", "DB_"], &PRINT[..]].concat());
    let expected = format!(
        "DB_list=[1]\nDB_password={}\nDB_port=1.10\nDB_user=u\n",
        secret()
    );
    assert_eq!((run.code, run.stdout), (Some(0), expected));
    assert_eq!(run.stderr, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_secrets_give_their_variables_together() {
    let csms = Csms::with_secret(&json!({ "DB_USER": "u" }).to_string()).await;
    csms.create("other", &json!({ "DB_PASSWORD": secret() }).to_string())
        .await;
    let both = ["run", "--secret", "demo", "--secret", "other"];
    let run = csms.showing(&[&both[..], &PRINT].concat());
    assert_eq!(run.stdout, format!("DB_PASSWORD={}\nDB_USER=u\n", secret()));
    let same = ["run", "--secret", "demo", "--secret", "demo"];
    let run = csms.run(&[&same[..], &PRINT].concat());
    run.assert_failed(2, &["DB_USER already"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_other_value_needs_a_variable() {
    let csms = Csms::with_secret(&secret()).await;
    let run = csms.run(&[&["run", "--secret", "demo"], &PRINT[..]].concat());
    run.assert_failed(1, &["demo: the value is no JSON object", "--as VAR"]);
    let as_variable = ["run", "--secret", "demo", "--as", "DB_ALL"];
    let run = csms.showing(&[&as_variable[..], &PRINT].concat());
    assert_eq!(run.stdout, format!("DB_ALL={}\n", secret()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_variable_can_be_is_named_without_its_value() {
    let csms = Csms::with_secret(&json!({ "pass-word": secret() }).to_string()).await;
    let run = csms.run(&[&["run", "--secret", "demo"], &PRINT[..]].concat());
    run.assert_failed(1, &["demo: \"pass-word\" is no name of a variable"]);
    csms.create(
        "nul",
        &json!({ "key": format!("\0{}", secret()) }).to_string(),
    )
    .await;
    let run = csms.run(&[&["run", "--secret", "nul"], &PRINT[..]].concat());
    run.assert_failed(1, &["nul: the value of key has a NUL byte"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_ends_as_the_program_ends() {
    let csms = Csms::with_secret("{}").await;
    let run = |command: &[&str]| csms.run(&[&["run", "--secret", "demo", "--"], command].concat());
    assert_eq!(run(&["sh", "-c", "exit 7"]).code, Some(7));
    assert_eq!(run(&["sh", "-c", "kill -TERM $$"]).code, None);
    run(&["/no/such/program"]).assert_failed(127, &["/no/such/program can't be run"]);
    run(&["/"]).assert_failed(126, &["/ can't be run"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_reach_the_program() {
    let csms = Csms::with_secret("{}").await;
    let script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done";
    let command = csms.command(&["run", "--secret", "demo", "--", "sh", "-c", script]);
    let mut running = Running::start(command);
    let mut line = String::new();
    let mut stdout = BufReader::new(running.stdout());
    stdout.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    running.signal(Signal::TERM);
    assert_eq!(running.end().code, Some(9));
}
