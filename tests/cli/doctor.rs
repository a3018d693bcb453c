//! `csms doctor` and `csms mock`.

use std::time::{Duration, SystemTime};

use csms_api::Clock;
use serde_json::Value;

use crate::process::{Csms, Run, Running};

fn check<'a>(checks: &'a Value, name: &str) -> &'a Value {
    let mut checks = checks.as_array().unwrap().iter();
    checks.find(|check| check["check"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_setting_has_nothing_but_ok() {
    let csms = Csms::start().await;
    let checks = csms.json(&["doctor"]);
    for check in checks.as_array().unwrap() {
        assert_eq!(check["ok"], true, "{check}");
    }
    let credentials = &check(&checks, "credentials")["text"];
    let expected = "access key AK, from the variables HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK";
    assert_eq!(credentials, expected);
    assert_eq!(
        check(&checks, "region")["text"],
        "mock, from HUAWEICLOUD_SDK_REGION"
    );
    let endpoint = csms.service.endpoint();
    assert_eq!(
        check(&checks, "endpoint")["text"],
        format!("{endpoint}, from HUAWEICLOUD_SDK_REGION_CSMS_MOCK")
    );
    let flag = csms.json(&["doctor", "--endpoint", &endpoint]);
    assert_eq!(
        check(&flag, "endpoint")["text"],
        format!("{endpoint}, from --endpoint")
    );
    let table = csms.run(&["doctor", "--output", "table"]);
    assert_eq!(table.code, Some(0));
    assert!(
        table.stdout.lines().all(|line| line.starts_with("ok ")),
        "{table:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_the_credentials_is_named() {
    let csms = Csms::start().await;
    let file = csms.file("profile", "[basic]\nak = AK\nsk = s3nt1nel-key\n");
    let mut command = csms.command(&["doctor"]);
    command
        .env_remove("HUAWEICLOUD_SDK_AK")
        .env_remove("HUAWEICLOUD_SDK_SK")
        .env("HUAWEICLOUD_SDK_CREDENTIALS_FILE", &file);
    let checks = Run::of(&command.output().unwrap()).json();
    let credentials = &check(&checks, "credentials")["text"];
    assert_eq!(
        credentials,
        &format!("access key AK, from section [basic] of {file}")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_with_a_hint_and_its_code() {
    let csms = Csms::start().await;
    let mut refused = csms.command(&["doctor", "--output", "table"]);
    refused.env("HUAWEICLOUD_SDK_SK", "another");
    let run = Run::of(&refused.output().unwrap());
    assert_eq!(run.code, Some(3), "{run:?}");
    assert!(
        run.stdout
            .contains("failed  call         ListSecrets: 401 APIGW.0301: "),
        "{run:?}"
    );
    assert!(!run.stdout.contains("csms doctor"), "{run:?}");
    assert!(run.stdout.contains("told at credentials"), "{run:?}");
    let mut half = csms.command(&["doctor"]);
    half.env_remove("HUAWEICLOUD_SDK_SK");
    let run = Run::of(&half.output().unwrap());
    assert_eq!(run.code, Some(3), "{run:?}");
    let checks: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(check(&checks, "credentials")["ok"], false);
    assert_eq!(check(&checks, "clock")["ok"], true);
    let run = csms.run(&["doctor", "--endpoint", "http://127.0.0.1:1"]);
    assert_eq!(run.code, Some(4), "{run:?}");
    let mut without_region = csms.command(&["doctor"]);
    without_region.env_remove("HUAWEICLOUD_SDK_REGION");
    let run = Run::of(&without_region.output().unwrap());
    assert_eq!(run.code, Some(2), "{run:?}");
    assert!(run.stdout.contains("--region"), "{run:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_are_looked_at_whatever_is_wrong_with_the_endpoint() {
    let csms = Csms::start().await;
    for (region, endpoint, at_fault, said) in [
        ("", "", "region", "neither region nor endpoint"),
        ("No Region", "", "region", "\"No Region\" is no region id"),
        (
            "mock",
            "x",
            "endpoint",
            "from HUAWEICLOUD_SDK_REGION_CSMS_MOCK",
        ),
        ("mock", "http://example.com", "endpoint", "use https://;"),
    ] {
        let mut command = csms.command(&["doctor"]);
        command
            .env("HUAWEICLOUD_SDK_REGION", region)
            .env("HUAWEICLOUD_SDK_REGION_CSMS_MOCK", endpoint);
        let run = Run::of(&command.output().unwrap());
        assert_eq!(run.code, Some(2), "{run:?}");
        let checks: Value = serde_json::from_str(&run.stdout).unwrap();
        let fault = check(&checks, at_fault);
        assert_eq!(fault["ok"], false, "{checks}");
        assert!(fault["text"].as_str().unwrap().contains(said), "{checks}");
        assert_eq!(check(&checks, "credentials")["ok"], true, "{checks}");
    }
    let run = csms.run(&["doctor", "--endpoint", "x", "--profile", "gone"]);
    assert_eq!(run.code, Some(2), "{run:?}");
    let checks: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(check(&checks, "credentials")["ok"], false, "{checks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_told() {
    let hour = Duration::from_secs(60 * 60);
    let csms = Csms::with_clock(Clock::new(move || SystemTime::now() + hour)).await;
    let run = csms.run(&["doctor"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    let checks: Value = serde_json::from_str(&run.stdout).unwrap();
    let clock = check(&checks, "clock");
    assert_eq!(clock["ok"], false);
    assert!(
        clock["text"]
            .as_str()
            .unwrap()
            .ends_with(" s behind the service's"),
        "{clock}"
    );
    assert!(
        clock["hint"].as_str().unwrap().contains("15 min"),
        "{clock}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_pipe_does_not_hide_what_is_wrong() {
    let csms = Csms::start().await;
    for format in ["table", "json"] {
        let mut wrong = csms.command(&["doctor", "--output", format]);
        wrong.env("HUAWEICLOUD_SDK_SK", "another");
        let mut running = Running::start(wrong);
        drop(running.stdout());
        let run = running.end();
        assert_eq!((run.code, run.stderr.as_str()), (Some(3), ""), "{format}");
    }
}

#[cfg(unix)]
#[test]
fn the_mock_serves_until_it_is_asked_to_end() {
    use crate::process::bare;
    use rustix::process::Signal;
    use std::io::{BufRead, BufReader};

    for address in ["127.0.0.1:0", "0.0.0.0:0"] {
        let mut mock = Running::start(bare(&["mock", "--output", "table", "--listen", address]));
        let mut lines = BufReader::new(mock.stdout()).lines().map(Result::unwrap);
        let mut command = bare(&["secret", "create", "--name", "demo"]);
        for _ in 0..7 {
            let line = lines.next().unwrap();
            if let Some(variable) = line.strip_prefix("export ") {
                let (name, value) = variable.split_once('=').unwrap();
                command.env(name, value);
            }
        }
        let answer = Run::of(&command.output().unwrap());
        assert_eq!(answer.code, Some(1), "a secret needs a value: {answer:?}");
        mock.signal(Signal::INT);
        assert_eq!(mock.end().code, Some(0));
    }
}
