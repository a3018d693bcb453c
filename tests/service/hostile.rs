//! Whatever is sent, the answer is one of the spec.

use csms_api::OPERATIONS;
use serde_json::{Value, json};
use tests::lab::Lab;
use tests::sample::{full, minimal, request_schema};

/// Bodies that are right at most by chance.
fn bodies(id: &str) -> Vec<Option<Value>> {
    let Some(schema) = request_schema(id) else {
        return vec![None, Some(json!({}))];
    };
    let full = full(schema);
    let odd = [
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(""),
        json!("latest"),
        json!("\u{0}\u{2028}é"),
        json!("x".repeat(70_000)),
        json!([]),
        json!([null]),
        json!(["", "", "x"]),
        json!({}),
    ];
    let mut bodies = vec![None, Some(minimal(schema)), Some(full.clone())];
    for (field, _) in full.as_object().into_iter().flatten() {
        for value in &odd {
            let mut body = full.clone();
            body[field] = value.clone();
            bodies.push(Some(body));
            let mut body = minimal(schema);
            body[field] = value.clone();
            bodies.push(Some(body));
        }
    }
    bodies
}

/// The operation's path with something in the place of every parameter.
fn path(template: &str, project: &str, instead: &str, query: &str) -> String {
    let segments = template.split('/').map(|segment| match segment {
        "{project_id}" => project,
        "{resource_instances}" => "resource_instances",
        segment if segment.starts_with('{') => instead,
        segment => segment,
    });
    segments.collect::<Vec<_>>().join("/") + query
}

#[tokio::test]
async fn odd_bodies_are_answered_as_documented() {
    let lab = Lab::start().await;
    let project = lab.service.project_id();
    for operation in OPERATIONS {
        for body in bodies(operation.id) {
            if operation.id == "CreateSecretVersion" {
                lab.call("DELETE", "secrets/demo", None).await;
            }
            let create = json!({ "name": "demo", "secret_string": "x" });
            lab.call("POST", "secrets", Some(create)).await;
            let path = path(operation.path, project, "demo", "");
            let answer = lab.call(operation.method, &path, body).await;
            let is_expected = answer.status < 500 || answer.status == 501;
            assert!(is_expected, "{}: {answer:?}", operation.id);
        }
    }
}

#[tokio::test]
async fn odd_paths_and_queries_are_answered_as_documented() {
    let lab = Lab::start().await;
    lab.create("demo").await;
    let project = lab.service.project_id();
    let long = "x".repeat(5000);
    let odd = [
        "%00",
        "%2F",
        "%2e%2e",
        "%ff%fe",
        "%zz",
        "a%20b",
        "+",
        "latest",
        "v1",
        "SYSCURRENT",
        "events",
        "tags",
        "action",
        "restore",
        "%E5%87%AD",
        &long,
    ];
    for operation in OPERATIONS {
        for instead in odd {
            let query = format!("?limit={instead}&marker={instead}&{instead}&event_name={instead}");
            for query in ["", &query] {
                let path = path(operation.path, project, instead, query);
                let body = request_schema(operation.id).map(minimal);
                let answer = lab.call(operation.method, &path, body).await;
                let is_expected = answer.status < 500 || answer.status == 501;
                assert!(is_expected, "{}: {answer:?}", operation.id);
            }
        }
    }
}
