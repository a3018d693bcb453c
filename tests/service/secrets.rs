//! Creating, showing and changing secrets.

use csms_api::mock::Service;
use serde_json::{Value, json};
use tests::lab::{Lab, START};
use tokio::task::JoinSet;

const INVALID: u16 = 400;

/// A body for CreateSecret with one field more or another.
fn with(field: &str, value: Value) -> Value {
    let mut body = json!({ "name": "demo", "secret_string": "hunter2" });
    body[field] = value;
    body
}

#[tokio::test]
async fn a_new_secret_has_the_documented_defaults() {
    let lab = Lab::start().await;
    let secret = lab.create("a.b_c-D9").await;
    assert_eq!(secret["name"], "a.b_c-D9");
    assert_eq!(secret["state"], "ENABLED");
    assert_eq!(secret["secret_type"], "COMMON");
    assert_eq!(secret["auto_rotation"], false);
    assert_eq!(secret["enterprise_project_id"], "0");
    assert_eq!(secret["event_subscriptions"], json!([]));
    assert_eq!(
        (&secret["create_time"], &secret["update_time"]),
        (&json!(START), &json!(START))
    );
    assert_eq!(secret.get("scheduled_delete_time"), None);
    let other = lab.create("other").await;
    assert_ne!(secret["id"], other["id"]);
    assert_eq!(secret["kms_key_id"], other["kms_key_id"]);
    assert_eq!(lab.get("secrets/a.b_c-D9").await["secret"], secret);
}

#[tokio::test]
async fn what_is_given_is_kept() {
    let lab = Lab::start().await;
    let mut body = json!({
        "name": "demo",
        "kms_key_id": "0d0466b0-e727-4d9c-b35d-f84bb474a37f",
        "description": "words",
        "secret_type": "RDS-FG",
        "auto_rotation": true,
        "rotation_period": "30d",
        "rotation_config": "{}",
        "rotation_func_urn": "urn:fss:x",
        "enterprise_project_id": "7",
        "secret_binary": "AAECAw==",
    });
    let secret = lab.post("secrets", body.clone()).await["secret"].take();
    body.as_object_mut().unwrap().remove("secret_binary");
    for (field, value) in body.as_object().unwrap() {
        assert_eq!(secret[field], *value, "{field}");
    }
    let month = 30 * 24 * 60 * 60 * 1000;
    assert_eq!(secret["next_rotation_time"], START + month);
    let version = lab.get("secrets/demo/versions/v1").await["version"].take();
    assert_eq!(version["secret_binary"], "AAECAw==");
    assert_eq!(version.get("secret_string"), None);
}

#[tokio::test]
async fn values_outside_the_documented_limits_are_refused() {
    let lab = Lab::start().await;
    let long = |length: usize| json!("x".repeat(length));
    for (body, code) in [
        (with("name", json!("")), "CSMS.0002"),
        (with("name", long(65)), "CSMS.0002"),
        (with("name", json!("a b")), "CSMS.0002"),
        (with("name", json!("凭据")), "CSMS.0002"),
        (with("name", Value::Null), "CSMS.0004"),
        (with("name", json!(1)), "CSMS.0004"),
        (with("secret_string", long(32769)), "CSMS.0002"),
        (with("secret_string", Value::Null), "CSMS.0002"),
        (with("secret_binary", json!("AAEC")), "CSMS.0002"),
        (
            json!({ "name": "demo", "secret_binary": "hunter2!" }),
            "CSMS.0002",
        ),
        (with("kms_key_id", json!("demo")), "CSMS.0002"),
        (with("description", long(2049)), "CSMS.0002"),
        (with("secret_type", json!("OTHER")), "CSMS.0002"),
        (with("secret_type", json!("RDS")), "CSMS.0002"),
        (with("auto_rotation", json!("yes")), "CSMS.0004"),
        (with("auto_rotation", json!(true)), "CSMS.0002"),
        (with("rotation_period", json!("5h")), "CSMS.0002"),
        (with("rotation_period", json!("366d")), "CSMS.0002"),
        (with("rotation_period", json!("1w")), "CSMS.0002"),
        (with("rotation_period", json!("+7d")), "CSMS.0002"),
        (with("rotation_period", json!("d")), "CSMS.0002"),
        (with("rotation_period", json!("")), "CSMS.0002"),
        (with("rotation_period", json!("7é")), "CSMS.0002"),
        (
            with("rotation_period", json!("9999999999999999999d")),
            "CSMS.0002",
        ),
        (with("rotation_config", long(1025)), "CSMS.0002"),
        (with("enterprise_project_id", json!("")), "CSMS.0002"),
        (with("enterprise_project_id", long(37)), "CSMS.0002"),
        (with("event_subscriptions", json!(["a", "b"])), "CSMS.0002"),
        (with("event_subscriptions", json!(["missing"])), "CSMS.0005"),
    ] {
        let answer = lab.call("POST", "secrets", Some(body.clone())).await;
        assert_eq!(answer.refusal(), (INVALID, code), "{body}");
        assert!(!answer.body.to_string().contains("hunter2"), "{answer:?}");
    }
    assert_eq!(lab.get("secrets").await["secrets"], json!([]));
}

#[tokio::test]
async fn the_longest_values_are_accepted() {
    let lab = Lab::start().await;
    let value = "x".repeat(32768);
    for (name, field) in [("text", "secret_string"), ("bytes", "secret_binary")] {
        let mut body = json!({ "name": name, "description": "d".repeat(255) });
        body[field] = json!(value);
        lab.post("secrets", body).await;
        let version = lab.get(&format!("secrets/{name}/versions/v1")).await;
        assert_eq!(version["version"][field], value);
    }
    for period in ["6h", "360m", "21600s", "365d", "8760h"] {
        let mut body = with("rotation_period", json!(period));
        body["name"] = json!(period);
        lab.post("secrets", body).await;
    }
    lab.create(&"n".repeat(64)).await;
}

#[tokio::test]
async fn a_name_is_taken_once() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    let answer = lab
        .call("POST", "secrets", Some(with("name", json!("demo"))))
        .await;
    assert_eq!(answer.refusal(), (400, "CSMS.0002"));
    assert!(
        answer.message().contains("the name demo already"),
        "{answer:?}"
    );
    lab.delete("secrets/demo").await;
    lab.create("demo").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_create_one_name_at_once_one_wins() {
    let service = Service::start().await.unwrap();
    let client = service.client().unwrap();
    let mut calls = JoinSet::new();
    for number in 0..16 {
        let client = client.clone();
        calls.spawn(async move {
            let call = client
                .create_secret()
                .name("demo")
                .secret_string(format!("{number}"));
            (number, call.send().await.is_ok())
        });
    }
    let outcomes = calls.join_all().await;
    let winners: Vec<_> = outcomes.iter().filter(|(_, won)| *won).collect();
    assert_eq!(winners.len(), 1, "{outcomes:?}");
    let value = client.get_secret_value("demo").await.unwrap();
    assert_eq!(value.text(), Some(winners[0].0.to_string().as_str()));
}

#[tokio::test]
async fn a_secret_that_is_not_there_is_404_for_every_operation() {
    let lab = Lab::start().await;
    let version = json!({ "secret_string": "x" });
    for (method, path, body) in [
        ("GET", "secrets/gone", None),
        ("PUT", "secrets/gone", Some(json!({}))),
        ("DELETE", "secrets/gone", None),
        ("POST", "secrets/gone/backup", None),
        ("POST", "secrets/gone/rotate", None),
        ("GET", "secrets/gone/versions", None),
        ("POST", "secrets/gone/versions", Some(version)),
        ("GET", "secrets/gone/versions/v1", None),
        (
            "PUT",
            "secrets/gone/versions/v1",
            Some(json!({ "expire_time": 1 })),
        ),
        ("GET", "secrets/gone/stages/SYSCURRENT", None),
        (
            "PUT",
            "secrets/gone/stages/blue",
            Some(json!({ "version_id": "v1" })),
        ),
        ("DELETE", "secrets/gone/stages/blue", None),
        (
            "POST",
            "secrets/gone/scheduled-deleted-tasks/create",
            Some(json!({ "recovery_window_in_days": 7 })),
        ),
        ("POST", "secrets/gone/scheduled-deleted-tasks/cancel", None),
    ] {
        let refused = lab.refused(method, path, body).await;
        assert_eq!(refused, (404, "CSMS.0101".into()), "{method} {path}");
    }
}

#[tokio::test]
async fn an_update_changes_what_it_names_alone() {
    let lab = Lab::start().await;
    let before = lab.create("demo").await;
    lab.pass(std::time::Duration::from_millis(7));
    let after = lab
        .put("secrets/demo", json!({ "description": "new" }))
        .await["secret"]
        .take();
    let mut expected = before.clone();
    expected["description"] = json!("new");
    expected["update_time"] = json!(START + 7);
    assert_eq!(after, expected);
    assert_eq!(lab.get("secrets/demo").await["secret"], after);
}

#[tokio::test]
async fn a_new_key_is_that_of_later_versions() {
    let lab = Lab::start().await;
    let old = lab.create("demo").await["kms_key_id"].take();
    let new = "0d0466b0-e727-4d9c-b35d-f84bb474a37f";
    lab.put("secrets/demo", json!({ "kms_key_id": new })).await;
    assert_eq!(lab.add_version("demo", "two").await["kms_key_id"], new);
    let first = lab.get("secrets/demo/versions/v1").await;
    assert_eq!(first["version"]["version_metadata"]["kms_key_id"], old);
}

#[tokio::test]
async fn an_update_that_is_not_valid_changes_nothing() {
    let lab = Lab::start().await;
    let before = lab.create("demo").await;
    for change in [
        json!({ "description": "new", "auto_rotation": true }),
        json!({ "description": "new", "rotation_period": "1h" }),
        json!({ "description": "x".repeat(2049) }),
        json!({ "kms_key_id": "x" }),
        json!({ "kms_key_id": "another-key" }),
        json!({ "event_subscriptions": ["missing"] }),
    ] {
        let answer = lab.call("PUT", "secrets/demo", Some(change)).await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    assert_eq!(lab.get("secrets/demo").await["secret"], before);
}
