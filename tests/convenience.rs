//! Values, backups and the cache.

use std::sync::Arc;
use std::time::Duration;

use csms_api::{Client, Credentials, RetryPolicy, SecretCache, SecretValue};
use serde_json::{Value, json};
use tests::scripted::{Act, Scripted, run};

fn client(server: &Scripted) -> Client {
    Client::builder()
        .endpoint(server.endpoint())
        .project_id("p")
        .credentials(Credentials::token("t"))
        .retry(RetryPolicy::none())
        .build()
        .unwrap()
}

fn version(value: Value) -> Act {
    Act::answer(200, &json!({ "version": value }).to_string())
}

fn text(value: &str) -> Act {
    version(json!({ "secret_string": value }))
}

#[tokio::test]
async fn the_latest_value_is_text_or_bytes() {
    let server = Scripted::start(vec![
        text("hunter2"),
        version(json!({"secret_binary": "aHVudGVyMg=="})),
    ])
    .await;
    let client = client(&server);
    let value = client.get_secret_value("demo").await.unwrap();
    assert_eq!(
        (value.text(), value.bytes()),
        (Some("hunter2"), b"hunter2".as_slice())
    );
    let value = client.get_secret_value("demo").await.unwrap();
    assert!(matches!(value, SecretValue::Bytes(_)));
    assert_eq!((value.text(), value.bytes()), (None, b"hunter2".as_slice()));
    assert!(!format!("{value:?}").contains("hunter2"));
    assert!(
        server.attempts()[0]
            .target()
            .ends_with("/secrets/demo/versions/latest")
    );
}

#[tokio::test]
async fn an_answer_without_a_value_is_an_error() {
    for answer in [
        Act::answer(200, "{}"),
        version(json!({})),
        version(json!({"secret_binary": "not base64!"})),
        Act::answer(404, r#"{"error_code": "CSMS.0101"}"#),
    ] {
        let server = Scripted::start(vec![answer]).await;
        let error = client(&server).get_secret_value("demo").await.unwrap_err();
        assert_eq!(error.operation(), "ShowSecretVersion");
        assert!(!error.to_string().contains("not base64!"), "{error}");
    }
}

#[tokio::test]
async fn a_backup_file_is_private_whole_and_replaced_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.backup");
    let server = Scripted::start(vec![
        Act::answer(200, r#"{"secret_blob": "first"}"#),
        Act::answer(200, r#"{"secret_blob": "second"}"#),
        Act::answer(200, "{}"),
        Act::answer(500, ""),
    ])
    .await;
    let client = client(&server);
    for expected in ["first", "second"] {
        client.backup_to_file("demo", &path).await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    for _ in 0..2 {
        client.backup_to_file("demo", &path).await.unwrap_err();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "second");
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "nothing is left over"
    );
}

#[tokio::test]
async fn a_backup_that_cannot_be_written_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let server = Scripted::start(vec![Act::answer(200, r#"{"secret_blob": "hunter2"}"#)]).await;
    for path in [
        folder.path().join("missing/demo.backup"),
        folder.path().to_owned(),
    ] {
        let error = client(&server)
            .backup_to_file("demo", &path)
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains(&path.display().to_string()),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("hunter2"));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_backup_is_restored_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("demo.backup");
    std::fs::write(&path, "blob").unwrap();
    let server = Scripted::start(vec![Act::answer(200, r#"{"secret": {"name": "demo"}}"#)]).await;
    let client = client(&server);
    let answer = client.restore_from_file(&path).await.unwrap();
    assert_eq!(
        answer.secret.as_ref().unwrap().name.as_deref(),
        Some("demo")
    );
    let sent: Value = serde_json::from_slice(&server.attempts()[0].body).unwrap();
    assert_eq!(sent, json!({"secret_blob": "blob"}));
    let error = client
        .restore_from_file(folder.path().join("none"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("none"), "{error}");
    assert_eq!(error.attempts(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cached_value_lives_for_its_time() {
    let server = Scripted::answering(|_, n| text(&format!("value {n}"))).await;
    let cache = SecretCache::new(client(&server)).with_time_to_live(Duration::from_secs(10));
    run(async move {
        for _ in 0..5 {
            assert_eq!(cache.get("demo").await.unwrap().text(), Some("value 0"));
        }
        tokio::time::sleep(Duration::from_secs(11)).await;
        assert_eq!(cache.get("demo").await.unwrap().text(), Some("value 1"));
        cache.forget("demo");
        assert_eq!(cache.get("demo").await.unwrap().text(), Some("value 2"));
    })
    .await;
    assert_eq!(server.attempts().len(), 3);
}

#[tokio::test]
async fn many_tasks_cause_one_fetch_and_share_its_failure() {
    for (act, is_ok) in [(text("v"), true), (Act::answer(500, ""), false)] {
        let server = Scripted::start(vec![act]).await;
        let cache = SecretCache::new(client(&server));
        let tasks: Vec<_> = (0..100)
            .map(|_| {
                let cache = cache.clone();
                tokio::spawn(async move { cache.get("demo").await })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap().is_ok(), is_ok);
        }
        assert_eq!(server.attempts().len(), 1);
    }
}

#[tokio::test]
async fn the_secret_that_was_not_asked_for_longest_makes_room() {
    let server = Scripted::start(vec![text("v")]).await;
    let cache = SecretCache::new(client(&server)).with_max_entries(2);
    for name in ["a", "b", "a", "c", "a", "b"] {
        cache.get(name).await.unwrap();
    }
    let fetched: Vec<String> = server
        .attempts()
        .iter()
        .map(|attempt| attempt.target().split('/').nth(4).unwrap().to_owned())
        .collect();
    assert_eq!(fetched, ["a", "b", "c", "b"]);
}

#[tokio::test]
async fn a_stale_value_is_served_only_if_wanted_and_never_against_a_denial() {
    for (failure, wanted, expected) in [
        (Act::answer(503, ""), true, true),
        (Act::Close, true, true),
        (Act::answer(503, ""), false, false),
        (Act::answer(404, ""), true, false),
        (Act::answer(403, ""), true, false),
    ] {
        let server = Scripted::start(vec![text("v"), failure.clone()]).await;
        let cache = SecretCache::new(client(&server))
            .with_time_to_live(Duration::ZERO)
            .with_stale_on_failure(wanted);
        let first = cache.get("demo").await.unwrap();
        let second = cache.get("demo").await;
        assert_eq!(second.is_ok(), expected, "{failure:?}");
        if let Ok(second) = second {
            assert!(Arc::ptr_eq(&first, &second));
        }
    }
}
