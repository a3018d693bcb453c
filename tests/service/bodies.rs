//! Bodies that can't be read.

use csms_api::mock::Service;
use serde_json::{Value, json};
use tests::lab::Lab;

#[tokio::test]
async fn a_body_that_is_no_json_object_is_refused_without_being_quoted() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    for path in [
        "secrets",
        "secrets/demo/versions",
        "secrets/demo/scheduled-deleted-tasks/create",
        "secrets/restore",
        "secrets/batch-import",
        "secrets/batch-get-secret-value",
        "csms/events",
        "csms/generate-password",
        "csms/resource_instances/action",
    ] {
        for body in [
            "",
            "hunter2",
            "\"hunter2\"",
            "[\"hunter2\", \"hunter2\"]",
            "{\"name\": \"hunter2\"",
            "{\"hunter2\"}",
            "{} hunter2",
        ] {
            let mut request = lab.request("POST", path, None);
            request
                .headers_mut()
                .insert("x-auth-token", Service::TOKEN.parse().unwrap());
            *request.body_mut() = Some(body.to_owned().into());
            let answer = lab.send(request).await;
            assert_eq!(answer.refusal(), (400, "CSMS.0004"), "{path} {body}");
            assert!(!answer.body.to_string().contains("hunter2"), "{answer:?}");
        }
    }
}

#[tokio::test]
async fn a_field_of_another_type_is_named_without_its_value() {
    let lab = Lab::start().await;
    let body = json!({ "name": "demo", "secret_string": { "hunter2": "hunter2" } });
    let answer = lab.call("POST", "secrets", Some(body)).await;
    assert_eq!(answer.refusal(), (400, "CSMS.0004"));
    assert_eq!(
        answer.message(),
        "at secret_string: another type is expected"
    );
    let answer = lab
        .call("POST", "secrets", Some(json!({ "secret_string": "x" })))
        .await;
    assert_eq!(answer.message(), "at .: the field `name` is missing");
}

#[tokio::test]
async fn fields_that_are_not_known_and_nulls_are_ignored() {
    let lab = Lab::start().await;
    let body = json!({
        "name": "demo",
        "secret_string": "x",
        "secret_binary": null,
        "description": null,
        "from_the_future": { "a": 1 },
    });
    let secret = lab.post("secrets", body).await["secret"].take();
    assert_eq!(
        secret.get("description").unwrap_or(&Value::Null),
        &Value::Null
    );
}

#[tokio::test]
async fn a_body_over_the_gateway_s_limit_is_refused() {
    let lab = Lab::start().await;
    let mut request = lab.request("POST", "secrets", None);
    *request.body_mut() = Some(vec![b' '; 12 * 1024 * 1024 + 1].into());
    assert_eq!(lab.send(request).await.refusal(), (413, "APIGW.0201"));
}
