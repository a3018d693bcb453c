//! Every operation of the spec is either simulated or says that it is not.

use std::collections::BTreeSet;

use csms_api::OPERATIONS;
use serde_json::{Value, json};
use tests::json_schema::strict_validator;
use tests::lab::Lab;
use tests::sample::{minimal, request_schema, response_schema};

const NOT_SIMULATED: [&str; 11] = [
    "CheckSecrets",
    "CreateAgency",
    "CreateGrants",
    "DeleteGrant",
    "ListGrants",
    "ListUsers",
    "ShowAgency",
    "ShowSecretFunctionTemplates",
    "ShowUserDetail",
    "UpdateGrant",
    "UpdateUserPassword",
];

#[tokio::test]
async fn what_is_not_simulated_answers_501_with_its_name() {
    let lab = Lab::start().await;
    for id in NOT_SIMULATED {
        let operation = OPERATIONS.iter().find(|o| o.id == id).unwrap();
        let project = lab.service.project_id();
        let path = operation
            .path
            .replace("{project_id}", project)
            .replace("{user_id}", "u");
        let body = request_schema(id).map(minimal);
        let answer = lab.call(operation.method, &path, body).await;
        assert_eq!(answer.refusal(), (501, "MOCK.0501"), "{id}");
        assert_eq!(answer.message(), format!("{id} is not simulated"));
    }
}

#[tokio::test]
async fn every_other_operation_succeeds_as_documented() {
    let lab = Lab::start().await;
    let event = json!({
        "name": "event",
        "event_types": ["SECRET_DELETED", "SECRET_ROTATED", "SECRET_VERSION_CREATED"],
        "state": "ENABLED",
        "notification": { "target_type": "SMN", "target_id": "urn", "target_name": "topic" },
    });
    lab.post("csms/events", event).await;
    lab.put("csms/events/event", json!({ "state": "ENABLED" }))
        .await;
    let body = json!({
        "name": "demo",
        "secret_string": "hunter2",
        "secret_type": "RDS-FG",
        "description": "words",
        "auto_rotation": true,
        "rotation_period": "1d",
        "event_subscriptions": ["event"],
    });
    let secret = lab.post("secrets", body).await["secret"].take();
    let tags = format!("csms/{}/tags", secret["id"].as_str().unwrap());
    let tag = json!({ "key": "team", "value": "x" });
    let name = json!([{ "name": "other", "secret_string": "x" }]);
    let calls = [
        ("GET", "csms/events", None),
        ("GET", "csms/events/event", None),
        ("GET", "secrets", None),
        ("GET", "secrets/demo", None),
        (
            "PUT",
            "secrets/demo",
            Some(json!({ "description": "other" })),
        ),
        (
            "POST",
            "secrets/batch-import",
            Some(json!({ "secrets": name })),
        ),
        (
            "POST",
            "secrets/demo/versions",
            Some(json!({ "secret_binary": "AAEC", "expire_time": 1 })),
        ),
        ("GET", "secrets/demo/versions", None),
        ("GET", "secrets/demo/versions/v2", None),
        (
            "PUT",
            "secrets/demo/versions/v2",
            Some(json!({ "expire_time": 2 })),
        ),
        (
            "POST",
            "secrets/batch-get-secret-value",
            Some(json!({ "secret_name_list": ["demo"] })),
        ),
        (
            "PUT",
            "secrets/demo/stages/blue",
            Some(json!({ "version_id": "v1" })),
        ),
        ("GET", "secrets/demo/stages/blue", None),
        ("DELETE", "secrets/demo/stages/blue", None),
        ("POST", "secrets/demo/rotate", None),
        ("GET", "csms/tasks", None),
        ("POST", &tags, Some(json!({ "tag": tag }))),
        ("GET", &tags, None),
        ("GET", "csms/tags", None),
        (
            "POST",
            "csms/resource_instances/action",
            Some(json!({ "action": "filter" })),
        ),
        ("DELETE", &format!("{tags}/team"), None),
        (
            "POST",
            &format!("{tags}/action"),
            Some(json!({ "action": "create", "tags": [tag] })),
        ),
        ("POST", "csms/generate-password", Some(json!({}))),
        ("GET", "secrets/checker/config", None),
        ("POST", "secrets/checker/config", Some(json!({}))),
        (
            "POST",
            "secrets/demo/scheduled-deleted-tasks/create",
            Some(json!({ "recovery_window_in_days": 7 })),
        ),
        ("POST", "secrets/demo/scheduled-deleted-tasks/cancel", None),
    ];
    for (method, path, body) in calls {
        lab.ok(method, path, body).await;
    }
    let blob = lab.ok("POST", "secrets/demo/backup", None).await;
    lab.delete("secrets/demo").await;
    lab.post("secrets/restore", blob).await;
    lab.put("secrets/demo", json!({ "event_subscriptions": [] }))
        .await;
    lab.delete("csms/events/event").await;
    let records = lab.get("csms/notification-records").await["records"].take();
    assert_ne!(records, Value::Null);

    let succeeded: BTreeSet<_> = lab.seen().into_keys().collect();
    let all: BTreeSet<_> = OPERATIONS.iter().map(|o| o.id).collect();
    let missing: Vec<_> = all.difference(&succeeded).copied().collect();
    assert_eq!(missing, NOT_SIMULATED);
}

#[test]
fn a_field_that_the_spec_lacks_is_noticed() {
    let schema = response_schema("ListSecrets", "200").unwrap();
    let validator = strict_validator(schema);
    assert!(validator.is_valid(&json!({ "secrets": [{ "name": "a" }], "page_info": {} })));
    assert!(!validator.is_valid(&json!({ "secrets": [{ "name": "a", "value": "x" }] })));
    assert!(!validator.is_valid(&json!({ "page_info": { "next_marker": null } })));
    assert!(!validator.is_valid(&json!({ "other": 1 })));
}
