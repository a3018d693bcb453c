//! What users hold, as text that a person can review in a diff.

use std::collections::BTreeMap;

use csms_api::registry::BODIES;
use csms_api::{Client, Credentials, OPERATIONS};
use httpmock::MockServer;
use serde_json::{Value, json};
use tests::chain::body;

#[test]
fn operations() {
    let lines: Vec<String> = OPERATIONS
        .iter()
        .map(|operation| {
            let repeat = if operation.safe_to_repeat {
                "repeatable"
            } else {
                "once"
            };
            let paged = operation.paging.map_or("", |_| " paged");
            format!(
                "{} {:6} {} {repeat}{paged} `{}`",
                operation.id,
                operation.method,
                operation.path,
                operation.command.join(" ")
            )
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

/// Every type of every body, a line each: its fields with their JSON types.
#[test]
fn types() {
    let mut types = BTreeMap::new();
    for body in BODIES {
        let root = body.schema().to_value();
        types.insert(body.type_name.to_owned(), fields(&root));
        for (name, schema) in root["$defs"].as_object().into_iter().flatten() {
            if schema.get("properties").is_some() {
                types.insert(name.clone(), fields(schema));
            }
        }
    }
    let lines: Vec<String> = types
        .iter()
        .map(|(name, fields)| format!("{name} {{ {fields} }}"))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn schema_of_a_response() {
    insta::assert_json_snapshot!(body("DownloadSecretBlob", Some("200")).unwrap().schema());
}

#[test]
fn schema_of_an_error() {
    insta::assert_json_snapshot!(body("DownloadSecretBlob", Some("404")).unwrap().schema());
}

#[tokio::test]
async fn errors() {
    let mut lines = Vec::new();
    for (status, answer) in [
        (
            404,
            r#"{"error_code":"CSMS.0101","error_msg":"secret does not exist"}"#,
        ),
        (
            401,
            r#"{"error":{"code":401,"message":"expired","title":"Unauthorized"}}"#,
        ),
        (
            429,
            r#"{"error_msg":"slow down","error_code":"APIGW.0308","request_id":"7f3c"}"#,
        ),
        (400, r#"{"error_code":"CSMS.0001"}"#),
        (502, "<html>Bad Gateway</html>"),
        (307, ""),
        (200, ""),
        (200, "[]"),
        (200, r#"{"secret_blob": 5}"#),
        (200, r#"{"secret_blob": "cut"#),
        (200, "text"),
    ] {
        let server = MockServer::start();
        server.mock(|when, then| {
            when.is_true(|_| true);
            then.status(status).body(answer);
        });
        let client = client(&server.base_url(), "p");
        let call = client.download_secret_blob().secret_name("demo").send();
        lines.push(call.await.unwrap_err().to_string());
    }
    let silent = client("http://127.0.0.1:9", "p");
    for name in ["", ".."] {
        let call = silent.download_secret_blob().secret_name(name).send();
        lines.push(call.await.unwrap_err().to_string());
    }
    lines.push(
        silent
            .download_secret_blob()
            .send()
            .await
            .unwrap_err()
            .to_string(),
    );
    lines.push(silent.create_secret().send().await.unwrap_err().to_string());
    for builder in [
        Client::builder(),
        Client::builder().credentials(Credentials::token("")),
        Client::builder().credentials(Credentials::token("t")),
        Client::builder()
            .credentials(Credentials::token("t"))
            .region("CN North 4"),
        Client::builder()
            .credentials(Credentials::token("t"))
            .endpoint("http://example.com"),
        Client::builder()
            .credentials(Credentials::token("t"))
            .endpoint("kms.example.com"),
    ] {
        lines.push(builder.build().unwrap_err().to_string());
    }
    insta::assert_snapshot!(lines.join("\n"));
}

fn client(endpoint: &str, project: &str) -> Client {
    Client::builder()
        .endpoint(endpoint)
        .project_id(project)
        .credentials(Credentials::token("t"))
        .build()
        .unwrap()
}

fn fields(schema: &Value) -> String {
    let required = &schema["required"];
    let fields = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, property)| {
            let is_required = required
                .as_array()
                .is_some_and(|names| names.contains(&json!(name)));
            let optional = if is_required { "" } else { "?" };
            format!("{name}{optional}: {}", type_name(property))
        });
    fields.collect::<Vec<_>>().join(", ")
}

fn type_name(schema: &Value) -> String {
    if let Some(any) = schema["anyOf"].as_array() {
        return type_name(&any[0]);
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.trim_start_matches("#/$defs/").to_owned();
    }
    let name = schema["type"]
        .as_str()
        .or_else(|| schema["type"][0].as_str());
    match name {
        Some("array") => format!("[{}]", type_name(&schema["items"])),
        Some(name) => schema["format"].as_str().unwrap_or(name).to_owned(),
        None => "any".to_owned(),
    }
}
