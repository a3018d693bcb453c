//! Backups and what is restored from them.

use serde_json::{Value, json};
use tests::lab::Lab;

async fn back_up(lab: &Lab) -> String {
    let blob = lab.ok("POST", "secrets/demo/backup", None).await;
    blob["secret_blob"].as_str().unwrap().to_owned()
}

fn upload(blob: &str) -> Value {
    json!({ "secret_blob": blob })
}

/// Everything that can be asked of a secret.
async fn everything(lab: &Lab) -> Vec<Value> {
    let secret = lab.get("secrets/demo").await["secret"].take();
    let id = secret["id"].as_str().unwrap().to_owned();
    vec![
        secret,
        lab.get("secrets/demo/versions").await,
        lab.get("secrets/demo/versions/v1").await,
        lab.get("secrets/demo/versions/v2").await,
        lab.get("secrets/demo/versions/v3").await,
        lab.get("secrets/demo/stages/blue").await,
        lab.get(&format!("csms/{id}/tags")).await,
    ]
}

/// A secret with text, bytes, an expiry, a stage and a tag.
async fn fill(lab: &Lab) {
    let secret = lab.create("demo").await;
    let versions = "secrets/demo/versions";
    lab.post(versions, json!({ "secret_binary": "AAEC/w==" }))
        .await;
    lab.post(
        versions,
        json!({ "secret_string": "é\u{0}", "expire_time": 9 }),
    )
    .await;
    lab.put("secrets/demo/stages/blue", json!({ "version_id": "v1" }))
        .await;
    let id = secret["id"].as_str().unwrap();
    let tag = json!({ "tag": { "key": "team", "value": "x" } });
    lab.post(&format!("csms/{id}/tags"), tag).await;
}

#[tokio::test]
async fn a_restored_secret_is_as_it_was() {
    let lab = Lab::start().await;
    fill(&lab).await;
    let before = everything(&lab).await;
    let blob = back_up(&lab).await;
    assert_eq!(everything(&lab).await, before);
    lab.delete("secrets/demo").await;
    let answer = lab.post("secrets/restore", upload(&blob)).await;
    assert_eq!(answer["secret"], before[0]);
    assert_eq!(everything(&lab).await, before);
    assert_eq!(lab.add_version("demo", "four").await["id"], "v4");
}

#[tokio::test]
async fn another_service_takes_the_backup() {
    let (lab, other) = (Lab::start().await, Lab::start().await);
    fill(&lab).await;
    other
        .post("secrets/restore", upload(&back_up(&lab).await))
        .await;
    assert_eq!(everything(&other).await, everything(&lab).await);
}

#[tokio::test]
async fn a_backup_cannot_be_read_by_eye() {
    let lab = Lab::start().await;
    let body = json!({ "name": "demo", "secret_string": "hunter2".repeat(1000) });
    lab.post("secrets", body).await;
    let blob = back_up(&lab).await;
    assert!(blob.starts_with(")CloudSecretManagementBackupV1."));
    // By the file's digest, a program knows whether anything has changed.
    assert_eq!(blob, back_up(&lab).await);
    // Base64 of something that repeats itself would repeat itself.
    let text = blob.rsplit('.').next().unwrap();
    let windows: Vec<_> = text.as_bytes().windows(24).collect();
    let mut different = windows.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!(different.len(), windows.len());
}

#[tokio::test]
async fn a_changed_backup_is_refused() {
    let lab = Lab::start().await;
    fill(&lab).await;
    let blob = back_up(&lab).await;
    lab.delete("secrets/demo").await;
    let prefix = blob.rfind('.').unwrap() + 1;
    let mut changed = vec![
        String::new(),
        "hunter2".to_owned(),
        blob[prefix..].to_owned(),
        blob[..prefix].to_owned(),
        blob[..blob.len() - 4].to_owned(),
        format!("{blob}AAAA"),
        format!("{blob} "),
    ];
    for place in (prefix..blob.len() - 4).step_by(41) {
        let replacement = if &blob[place..=place] == "A" {
            "B"
        } else {
            "A"
        };
        let mut other = blob.clone();
        other.replace_range(place..=place, replacement);
        changed.push(other);
    }
    for blob in changed {
        let answer = lab
            .call("POST", "secrets/restore", Some(upload(&blob)))
            .await;
        assert_eq!(answer.refusal(), (400, "CSMS.0002"), "{blob}");
        assert!(!answer.body.to_string().contains("hunter2"));
    }
    lab.post("secrets/restore", upload(&blob)).await;
}

#[tokio::test]
async fn nothing_is_restored_over_a_secret_that_is_there() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    let blob = back_up(&lab).await;
    lab.add_version("demo", "two").await;
    let refused = lab
        .refused("POST", "secrets/restore", Some(upload(&blob)))
        .await;
    assert_eq!(refused, (400, "CSMS.0002".into()));
    let latest = lab.get("secrets/demo/versions/latest").await;
    assert_eq!(latest["version"]["secret_string"], "two");
}

#[tokio::test]
async fn a_subscription_to_a_deleted_event_is_not_restored() {
    let lab = Lab::start().await;
    let event = json!({
        "name": "event",
        "event_types": ["SECRET_DELETED"],
        "state": "ENABLED",
        "notification": { "target_type": "SMN", "target_id": "urn", "target_name": "topic" },
    });
    lab.post("csms/events", event).await;
    let body = json!({ "name": "demo", "secret_string": "x", "event_subscriptions": ["event"] });
    lab.post("secrets", body).await;
    let blob = back_up(&lab).await;
    lab.delete("secrets/demo").await;
    lab.delete("csms/events/event").await;
    let answer = lab.post("secrets/restore", upload(&blob)).await;
    assert_eq!(answer["secret"]["event_subscriptions"], json!([]));
}
