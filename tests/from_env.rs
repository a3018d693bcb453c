//! A client from the environment alone, in a process of its own.

use std::process::Command;

use tests::scripted::{Act, Attempt, Scripted};

const KEYS: [(&str, &str); 2] = [
    ("HUAWEICLOUD_SDK_AK", "AK"),
    ("HUAWEICLOUD_SDK_SK", "s3nt1nel"),
];
const REGION: (&str, &str) = ("HUAWEICLOUD_SDK_REGION", "cn-north-4");

/// What the program prints with these variables, and no others.
async fn run(variables: Vec<(&'static str, String)>) -> String {
    let program = env!("CARGO_BIN_EXE_from_env_program");
    let output = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(program);
        command.env_clear().envs(variables).output().unwrap()
    });
    let output = output.await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(!printed.contains("s3nt1nel"), "{printed}");
    printed.trim_end().to_owned()
}

fn owned(variables: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let owned = variables
        .iter()
        .map(|(name, value)| (*name, (*value).to_owned()));
    owned.collect()
}

async fn server() -> Scripted {
    Scripted::start(vec![Act::answer(200, r#"{"secret": {"name": "demo"}}"#)]).await
}

#[tokio::test]
async fn region_keys_and_project_are_enough() {
    let server = server().await;
    let mut variables = owned(&KEYS);
    variables.extend(owned(&[REGION, ("HUAWEICLOUD_SDK_PROJECT_ID", "p")]));
    variables.push(("HUAWEICLOUD_SDK_REGION_CSMS_CN_NORTH_4", server.endpoint()));
    assert_eq!(run(variables).await, "demo");
    let attempts = server.attempts();
    assert_eq!(attempts[0].target(), "GET /v1/p/secrets/demo");
    let authorization = Attempt::header(&attempts[0], "authorization").unwrap();
    assert!(
        authorization.starts_with("SDK-HMAC-SHA256 Access=AK, "),
        "{authorization}"
    );
}

#[tokio::test]
async fn keys_may_stand_in_a_profile_file() {
    let server = server().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    std::fs::write(&file, "[basic]\nak = AK\nsk = s3nt1nel\nproject_id = p\n").unwrap();
    let mut variables = owned(&[REGION]);
    variables.push((
        "HUAWEICLOUD_SDK_CREDENTIALS_FILE",
        file.display().to_string(),
    ));
    variables.push(("HUAWEICLOUD_SDK_REGION_CSMS_CN_NORTH_4", server.endpoint()));
    assert_eq!(run(variables).await, "demo");
}

#[tokio::test]
async fn what_is_missing_or_unsafe_is_named() {
    for (variables, expected) in [
        (owned(&KEYS), "HUAWEICLOUD_SDK_REGION"),
        (owned(&[REGION, KEYS[0]]), "HUAWEICLOUD_SDK_SK"),
        (
            owned(&[("HUAWEICLOUD_SDK_REGION", "CN North 4"), KEYS[0], KEYS[1]]),
            "region id",
        ),
        (
            owned(&[
                REGION,
                KEYS[0],
                KEYS[1],
                (
                    "HUAWEICLOUD_SDK_REGION_CSMS_CN_NORTH_4",
                    "http://kms.example.com",
                ),
            ]),
            "allow_http",
        ),
    ] {
        let printed = run(variables).await;
        assert!(printed.contains(expected), "{printed}");
    }
}
