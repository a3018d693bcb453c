//! `csms get`.

use serde_json::json;

use crate::process::{Csms, secret};

#[tokio::test(flavor = "multi_thread")]
async fn the_value_is_printed_and_nothing_else() {
    let csms = Csms::with_secret(&secret()).await;
    let run = csms.showing(&["get", "demo"]);
    assert_eq!((run.code, run.stdout), (Some(0), secret()));
    assert_eq!(run.stderr, "");
    let client = csms.client();
    let call = client.create_secret_version().secret_name("demo");
    call.secret_string("second").send().await.unwrap();
    assert_eq!(csms.showing(&["get", "demo"]).stdout, "second");
    let run = csms.showing(&["get", "demo", "--version", "v1"]);
    assert_eq!(run.stdout, secret());
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_printed_as_they_are() {
    let csms = Csms::start().await;
    let client = csms.client();
    let call = client
        .create_secret()
        .name("demo")
        .secret_binary("AP+ACg==");
    call.send().await.unwrap();
    let output = csms.command(&["get", "demo"]).output().unwrap();
    assert_eq!(output.stdout, b"\x00\xff\x80\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_key_of_an_object_can_be_printed() {
    let value = json!({ "password": secret(), "port": 3306, "hosts": ["a"] }).to_string();
    let csms = Csms::with_secret(&value).await;
    for (key, expected) in [
        ("password", &secret()[..]),
        ("port", "3306"),
        ("hosts", r#"["a"]"#),
    ] {
        let run = csms.showing(&["get", "demo", "--field", key]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), expected));
    }
    let run = csms.run(&["get", "demo", "--field", "user"]);
    run.assert_failed(1, &["demo: the value has no key user"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_what_is_no_object_is_refused_without_showing_it() {
    let csms = Csms::with_secret(&secret()).await;
    let run = csms.run(&["get", "demo", "--field", "user"]);
    run.assert_failed(1, &["demo: the value is no JSON object", "hint: "]);
    let run = csms.run(&["get", "gone"]);
    run.assert_failed(1, &["ShowSecretVersion: 404"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_printed_as_they_are_written() {
    let numbers = ["1.10", "1e400", "-0", "12345678901234567890123"];
    for number in numbers {
        let csms = Csms::with_secret(&format!("{{\"n\": {number}}}")).await;
        let run = csms.showing(&["get", "demo", "--field", "n"]);
        assert_eq!((run.code, run.stdout.as_str()), (Some(0), number));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_no_unicode_is_refused() {
    let csms = Csms::with_secret(r#"{"half":"\ud800x"}"#).await;
    let run = csms.run(&["get", "demo", "--field", "half"]);
    run.assert_failed(1, &["demo: the text of half is no Unicode", "hint: "]);
}
