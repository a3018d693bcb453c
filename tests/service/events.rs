//! Events, subscriptions, and the records of what was notified of.

use std::time::Duration;

use serde_json::{Value, json};
use tests::lab::{Lab, START};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ALL: [&str; 6] = [
    "SECRET_VERSION_CREATED",
    "SECRET_VERSION_EXPIRED",
    "SECRET_VERSION_NEAR_EXPIRY",
    "SECRET_ROTATED",
    "SECRET_ROTATED_FAILED",
    "SECRET_DELETED",
];

fn event(types: &[&str]) -> Value {
    json!({
        "name": "event",
        "event_types": types,
        "state": "ENABLED",
        "notification": {
            "target_type": "SMN",
            "target_id": "urn:smn:cn-north-4:x:topic",
            "target_name": "topic",
        },
    })
}

async fn subscribe(lab: &Lab, name: &str, secret_type: &str) {
    let body = json!({
        "name": name,
        "secret_string": "hunter2",
        "secret_type": secret_type,
        "event_subscriptions": ["event"],
    });
    lab.post("secrets", body).await;
}

/// What was notified of, the oldest first.
async fn notified(lab: &Lab) -> Vec<String> {
    let records = lab.get("csms/notification-records").await["records"].take();
    assert!(!records.to_string().contains("hunter2"));
    let kinds = records.as_array().unwrap().iter().rev();
    kinds
        .map(|record| record["trigger_event_type"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_event_is_created_shown_changed_and_deleted() {
    let lab = Lab::start().await;
    let created = lab.post("csms/events", event(&ALL)).await["event"].take();
    assert_eq!(created["create_time"], START);
    assert_eq!(created["event_types"], json!(ALL));
    assert_eq!(created["notification"], event(&ALL)["notification"]);
    assert_eq!(lab.get("csms/events/event").await["event"], created);
    assert_eq!(lab.get("csms/events").await["events"], json!([created]));

    lab.pass(Duration::from_millis(3));
    let mut expected = created.clone();
    expected["state"] = json!("DISABLED");
    expected["update_time"] = json!(START + 3);
    let changed = lab
        .put("csms/events/event", json!({ "state": "DISABLED" }))
        .await;
    assert_eq!(changed["event"], expected);
    let other = json!({ "target_type": "SMN", "target_id": "other", "target_name": "other" });
    let change = json!({ "event_types": ["SECRET_DELETED"], "notification": other });
    let changed = lab.put("csms/events/event", change.clone()).await["event"].take();
    assert_eq!(changed["event_types"], change["event_types"]);
    assert_eq!(changed["notification"], other);

    assert_eq!(lab.delete("csms/events/event").await, Value::Null);
    for (method, body) in [("GET", None), ("PUT", Some(json!({}))), ("DELETE", None)] {
        let refused = lab.refused(method, "csms/events/event", body).await;
        assert_eq!(refused, (404, "CSMS.0005".into()));
    }
}

#[tokio::test]
async fn events_that_are_not_as_documented_are_refused() {
    let lab = Lab::start().await;
    let with = |place: &str, value: Value| {
        let mut body = event(&["SECRET_DELETED"]);
        *body.pointer_mut(place).unwrap() = value;
        body
    };
    for body in [
        with("/name", json!("a.b")),
        with("/name", json!("x".repeat(65))),
        with("/event_types", json!([])),
        with("/event_types", json!(["SECRET_DELETED", "SECRET_DELETED"])),
        with("/event_types", json!(["OTHER"])),
        with("/state", json!("OTHER")),
        with("/notification/target_type", json!("OTHER")),
        with("/notification/target_id", json!("a b")),
        with("/notification/target_id", json!("")),
        with("/notification/target_name", json!("a.b")),
    ] {
        let refused = lab.refused("POST", "csms/events", Some(body.clone())).await;
        assert_eq!(refused, (400, "CSMS.0002".into()), "{body}");
    }
    for field in ["name", "event_types", "state", "notification"] {
        let mut body = event(&["SECRET_DELETED"]);
        body.as_object_mut().unwrap().remove(field);
        let refused = lab.refused("POST", "csms/events", Some(body)).await;
        assert_eq!(refused, (400, "CSMS.0004".into()), "{field}");
    }
    lab.post("csms/events", event(&["SECRET_DELETED"])).await;
    let refused = lab.refused("POST", "csms/events", Some(event(&ALL))).await;
    assert_eq!(refused, (400, "CSMS.0002".into()));
    for body in [
        json!({ "state": "OTHER" }),
        json!({ "event_types": [] }),
        json!({ "state": "DISABLED", "event_types": ["OTHER"] }),
    ] {
        let refused = lab.refused("PUT", "csms/events/event", Some(body)).await;
        assert_eq!(refused, (400, "CSMS.0002".into()));
    }
    assert_eq!(
        lab.get("csms/events/event").await["event"]["state"],
        "ENABLED"
    );
}

#[tokio::test]
async fn an_event_with_subscribers_stays() {
    let lab = Lab::start().await;
    lab.post("csms/events", event(&ALL)).await;
    subscribe(&lab, "demo", "COMMON").await;
    let refused = lab.refused("DELETE", "csms/events/event", None).await;
    assert_eq!(refused, (400, "CSMS.0003".into()));
    lab.put("secrets/demo", json!({ "event_subscriptions": [] }))
        .await;
    lab.delete("csms/events/event").await;
}

#[tokio::test]
async fn what_happens_to_a_subscriber_is_recorded() {
    let lab = Lab::start().await;
    lab.post("csms/events", event(&ALL)).await;
    subscribe(&lab, "demo", "RDS-FG").await;
    lab.create("other").await;
    lab.add_version("other", "x").await;
    assert_eq!(notified(&lab).await, ["SECRET_VERSION_CREATED"]);
    lab.ok("POST", "secrets/demo/rotate", None).await;
    lab.delete("secrets/demo").await;
    assert_eq!(
        notified(&lab).await,
        [
            "SECRET_VERSION_CREATED",
            "SECRET_VERSION_CREATED",
            "SECRET_ROTATED",
            "SECRET_DELETED"
        ]
    );
    let record = lab.get("csms/notification-records").await["records"][0].take();
    assert_eq!(record["event_name"], "event");
    assert_eq!(record["secret_name"], "demo");
    assert_eq!(record["secret_type"], "RDS-FG");
    assert_eq!(record["create_time"], START);
    assert_eq!(record["notification_status"], "SUCCESS");
    assert_eq!(
        record["notification_target_id"],
        "urn:smn:cn-north-4:x:topic"
    );
    assert_eq!(record["notification_target_name"], "topic");
    let content: Value =
        serde_json::from_str(record["notification_content"].as_str().unwrap()).unwrap();
    assert_eq!(content["eventType"], "SECRET_DELETED");
    assert_eq!(content["eventTime"], "2026-11-25T03:47:23Z");
    assert_eq!(content["data"]["secretName"], "demo");
}

#[tokio::test]
async fn only_enabled_events_and_their_types_notify() {
    let lab = Lab::start().await;
    lab.post("csms/events", event(&["SECRET_DELETED"])).await;
    subscribe(&lab, "a", "COMMON").await;
    subscribe(&lab, "b", "COMMON").await;
    lab.delete("secrets/a").await;
    assert_eq!(notified(&lab).await, ["SECRET_DELETED"]);
    lab.put("csms/events/event", json!({ "state": "DISABLED" }))
        .await;
    lab.delete("secrets/b").await;
    assert_eq!(notified(&lab).await.len(), 1);
}

#[tokio::test]
async fn an_expiry_is_notified_of_once_for_each_change() {
    let lab = Lab::start().await;
    lab.post("csms/events", event(&["SECRET_VERSION_EXPIRED"]))
        .await;
    subscribe(&lab, "demo", "COMMON").await;
    let expire = async |time: u64| {
        lab.put("secrets/demo/versions/v1", json!({ "expire_time": time }))
            .await;
    };
    expire(START + 1000).await;
    assert!(notified(&lab).await.is_empty());
    lab.pass(Duration::from_secs(1));
    for _ in 0..2 {
        assert_eq!(notified(&lab).await, ["SECRET_VERSION_EXPIRED"]);
    }
    expire(START + 2000).await;
    lab.pass(Duration::from_secs(1));
    assert_eq!(notified(&lab).await.len(), 2);
}

#[tokio::test]
async fn a_deletion_by_schedule_is_recorded_when_it_was_due() {
    let lab = Lab::start().await;
    lab.post("csms/events", event(&["SECRET_DELETED"])).await;
    subscribe(&lab, "demo", "COMMON").await;
    let path = "secrets/demo/scheduled-deleted-tasks/create";
    let due = lab
        .post(path, json!({ "recovery_window_in_days": 7 }))
        .await;
    lab.pass(8 * DAY);
    let records = lab.get("csms/notification-records").await;
    let due = &due["secret"]["scheduled_delete_time"];
    assert_eq!(records["records"][0]["create_time"], *due);
}

#[tokio::test]
async fn records_are_kept_for_three_months_and_a_thousand() {
    let lab = Lab::start().await;
    lab.post("csms/events", event(&["SECRET_VERSION_CREATED"]))
        .await;
    subscribe(&lab, "demo", "COMMON").await;
    for _ in 0..1001 {
        lab.add_version("demo", "x").await;
    }
    assert_eq!(notified(&lab).await.len(), 1000);
    lab.pass(90 * DAY);
    assert_eq!(notified(&lab).await.len(), 1000);
    lab.pass(Duration::from_millis(1));
    assert!(notified(&lab).await.is_empty());
}
