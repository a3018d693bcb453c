//! Deletion at once and by schedule.

use std::time::Duration;

use serde_json::{Value, json};
use tests::lab::{Lab, START};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const SCHEDULE: &str = "secrets/demo/scheduled-deleted-tasks/create";
const CANCEL: &str = "secrets/demo/scheduled-deleted-tasks/cancel";

fn days(days: i32) -> Value {
    json!({ "recovery_window_in_days": days })
}

#[tokio::test]
async fn a_deleted_secret_is_gone_at_once() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    assert_eq!(lab.delete("secrets/demo").await, Value::Null);
    assert_eq!(lab.refused("GET", "secrets/demo", None).await.0, 404);
    assert_eq!(lab.refused("DELETE", "secrets/demo", None).await.0, 404);
}

#[tokio::test]
async fn a_scheduled_deletion_is_carried_out_in_time() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    let secret = lab.post(SCHEDULE, days(7)).await["secret"].take();
    let week = 7 * 24 * 60 * 60 * 1000;
    assert_eq!(secret["scheduled_delete_time"], START + week);
    assert_eq!(secret["state"], "PENDING_DELETE");
    lab.pass(7 * DAY - Duration::from_millis(1));
    assert_eq!(lab.get("secrets/demo").await["secret"], secret);
    lab.pass(Duration::from_millis(1));
    assert_eq!(
        lab.refused("GET", "secrets/demo", None).await,
        (404, "CSMS.0101".into())
    );
    assert_eq!(
        lab.refused("POST", CANCEL, None).await,
        (404, "CSMS.0101".into())
    );
    lab.create("demo").await;
}

#[tokio::test]
async fn cancelling_makes_a_secret_usable_again() {
    let lab = Lab::start().await;
    let before = lab.create("demo").await;
    lab.post(SCHEDULE, days(30)).await;
    let after = lab.ok("POST", CANCEL, None).await["secret"].take();
    assert_eq!(after, before);
    lab.pass(31 * DAY);
    let version = lab.get("secrets/demo/versions/latest").await;
    assert_eq!(version["version"]["secret_string"], "one");
}

#[tokio::test]
async fn the_window_is_seven_to_thirty_days() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    for (body, code) in [
        (days(6), "CSMS.0002"),
        (days(31), "CSMS.0002"),
        (days(-7), "CSMS.0002"),
        (json!({}), "CSMS.0004"),
        (json!({ "recovery_window_in_days": "7" }), "CSMS.0004"),
        (json!({ "recovery_window_in_days": 7.5 }), "CSMS.0004"),
    ] {
        assert_eq!(
            lab.refused("POST", SCHEDULE, Some(body)).await,
            (400, code.into())
        );
    }
    assert_eq!(lab.get("secrets/demo").await["secret"]["state"], "ENABLED");
}

#[tokio::test]
async fn a_secret_to_be_deleted_can_only_be_looked_at() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    lab.post(SCHEDULE, days(7)).await;
    let version = json!({ "secret_string": "x" });
    for (method, path, body) in [
        ("PUT", "secrets/demo", Some(json!({ "description": "x" }))),
        ("POST", "secrets/demo/versions", Some(version)),
        ("GET", "secrets/demo/versions/v1", None),
        ("GET", "secrets/demo/versions/latest", None),
        (
            "PUT",
            "secrets/demo/versions/v1",
            Some(json!({ "expire_time": 1 })),
        ),
        (
            "PUT",
            "secrets/demo/stages/blue",
            Some(json!({ "version_id": "v1" })),
        ),
        ("DELETE", "secrets/demo/stages/blue", None),
        ("POST", "secrets/demo/backup", None),
        ("POST", "secrets/demo/rotate", None),
    ] {
        let refused = lab.refused(method, path, body).await;
        assert_eq!(refused, (400, "CSMS.0103".into()), "{method} {path}");
    }
    assert_eq!(
        lab.refused("POST", SCHEDULE, Some(days(8))).await,
        (400, "CSMS.0107".into())
    );
    lab.get("secrets/demo/versions").await;
    lab.get("secrets/demo/stages/SYSCURRENT").await;
    let batch = lab.post(
        "secrets/batch-get-secret-value",
        json!({ "secret_name_list": ["demo"] }),
    );
    assert_eq!(batch.await["total_count"], 0);
    lab.delete("secrets/demo").await;
}

#[tokio::test]
async fn there_must_be_something_to_cancel() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    assert_eq!(
        lab.refused("POST", CANCEL, None).await,
        (400, "CSMS.0108".into())
    );
}
