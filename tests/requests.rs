//! What the client sends is what the caller has set, and nothing else.

use std::sync::{Arc, Mutex};

use csms_api::types::{EventType, Notification, NotificationRequest, SecretState, SecretType};
use csms_api::{Client, Credentials, IntoOption};
use csms_gen::spec::members;
use httpmock::{HttpMockResponse, MockServer};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use tests::chain::{CONTRACTS, SPEC, call, id};
use tests::sample::{full, minimal, request_schema};

/// A server that keeps the target and the body of the last request.
struct Server {
    server: MockServer,
    last: Arc<Mutex<(String, Vec<u8>)>>,
}

impl Server {
    fn start() -> Self {
        let server = MockServer::start();
        let last = Arc::new(Mutex::new((String::new(), Vec::new())));
        let requests = Arc::clone(&last);
        server.mock(|when, then| {
            when.is_true(|_| true);
            then.respond_with(move |request| {
                let target = request.uri().to_string();
                *requests.lock().unwrap() = (target, request.body_vec());
                HttpMockResponse::builder().status(200).body("{}").build()
            });
        });
        Self { server, last }
    }

    fn client(&self) -> Client {
        Client::builder()
            .endpoint(self.server.base_url())
            .project_id("p")
            .credentials(Credentials::token("t"))
            .build()
            .unwrap()
    }

    fn target(&self) -> String {
        self.last.lock().unwrap().0.clone()
    }

    fn body(&self) -> Value {
        serde_json::from_slice(&self.last.lock().unwrap().1).unwrap()
    }
}

/// Parameters that every call of this operation needs, without its body.
fn path_values(id: &str) -> Map<String, Value> {
    let operation = tests::chain::operation(id);
    SPEC.parameters(&operation)
        .iter()
        .filter(|parameter| parameter.name != "project_id" && parameter.value["required"] == true)
        .map(|parameter| (parameter.name.to_owned(), json!("x")))
        .collect()
}

/// Sends the body and returns what arrived.
async fn sent(server: &Server, client: &Client, id: &str, body: &Value) -> Value {
    let mut values = path_values(id);
    values.insert("body".to_owned(), body.clone());
    call(id).send(client, values).await.unwrap();
    server.body()
}

fn with_body() -> impl Iterator<Item = (&'static str, &'static Value)> {
    CONTRACTS
        .iter()
        .filter_map(|contract| Some((id(contract), request_schema(id(contract))?)))
}

#[tokio::test]
async fn every_field_that_is_set_is_sent_and_no_other() {
    let server = Server::start();
    let client = server.client();
    for (id, schema) in with_body() {
        let full = full(schema);
        assert_eq!(sent(&server, &client, id, &full).await, full, "{id}");
        let minimal = minimal(schema);
        assert_eq!(sent(&server, &client, id, &minimal).await, minimal, "{id}");
        for field in full.as_object().unwrap().keys() {
            let mut body = minimal.clone();
            body[field] = full[field].clone();
            assert_eq!(
                sent(&server, &client, id, &body).await,
                body,
                "{id} {field}"
            );
        }
    }
}

#[tokio::test]
async fn an_empty_list_is_sent_as_one() {
    let server = Server::start();
    let client = server.client();
    let mut count = 0;
    for (id, schema) in with_body() {
        let object = SPEC
            .schema(csms_gen::spec::reference_name(schema).unwrap())
            .unwrap();
        for (name, property) in members(object.get("properties")) {
            if property["type"] == "array" {
                let mut body = minimal(schema);
                body[name] = json!([]);
                assert_eq!(sent(&server, &client, id, &body).await, body, "{id} {name}");
                count += 1;
            }
        }
    }
    assert!(count > 5, "only {count} lists were tried");
}

#[tokio::test]
async fn a_query_parameter_is_sent_only_when_set() {
    let server = Server::start();
    let client = server.client();
    client.list_secrets().send().await.unwrap();
    assert_eq!(
        server.target().split('?').next(),
        Some(server.target().as_str())
    );
    client
        .list_secrets()
        .limit("20")
        .marker(None)
        .send()
        .await
        .unwrap();
    assert!(
        server.target().ends_with("/v1/p/secrets?limit=20"),
        "{}",
        server.target()
    );
}

#[tokio::test]
async fn fields_of_the_body_are_set_on_the_operation() {
    let server = Server::start();
    let client = server.client();
    let call = client
        .create_secret()
        .name("x")
        .secret_string("y")
        .secret_type(SecretType::Common)
        .description(None)
        .event_subscriptions(vec!["e".to_owned()]);
    call.send().await.unwrap();
    let expected = json!({
        "name": "x",
        "secret_string": "y",
        "secret_type": "COMMON",
        "event_subscriptions": ["e"],
    });
    assert_eq!(server.body(), expected);
}

#[tokio::test]
async fn a_body_built_apart_is_sent_alike() {
    let server = Server::start();
    let client = server.client();
    let notification = NotificationRequest::builder()
        .target_type("SMN")
        .target_id("urn:smn:1")
        .target_name("n")
        .try_into()
        .map(|notification: NotificationRequest| notification)
        .unwrap();
    let call = client
        .create_secret_event()
        .name("e")
        .event_types(vec![EventType::SecretRotated, "NEWER".into()])
        .state("ENABLED")
        .notification(notification);
    call.send().await.unwrap();
    assert_eq!(
        server.body()["event_types"],
        json!(["SECRET_ROTATED", "NEWER"])
    );
    assert_eq!(server.body()["notification"]["target_id"], "urn:smn:1");
}

#[tokio::test]
async fn a_field_named_like_a_parameter_has_a_name_of_its_own() {
    let server = Server::start();
    let client = server.client();
    let call = client
        .update_grant()
        .resource_id("query")
        .body_resource_id("body")
        .grantee_target_id("g")
        .grantee_type("0")
        .type_("SECRET");
    call.send().await.unwrap();
    assert!(
        server.target().ends_with("?resource_id=query"),
        "{}",
        server.target()
    );
    assert_eq!(server.body()["resource_id"], "body");
}

#[tokio::test]
async fn a_required_value_that_is_missing_is_named_and_nothing_is_sent() {
    let server = Server::start();
    let client = server.client();
    let error = client.create_secret().send().await.unwrap_err();
    assert!(error.to_string().starts_with("CreateSecret: "), "{error}");
    assert!(error.to_string().contains("name"), "{error}");
    let error = client.download_secret_blob().send().await.unwrap_err();
    assert!(error.to_string().contains("secret_name"), "{error}");
    assert_eq!((error.attempts(), server.target()), (0, String::new()));
}

#[test]
fn an_answer_may_lack_what_a_request_requires() {
    let answered = Notification::default();
    assert!(answered.target_id.is_none());
    let requested: Result<NotificationRequest, _> = NotificationRequest::builder().try_into();
    assert!(requested.is_err());
}

#[test]
fn enumerations_are_open() {
    assert_eq!(SecretState::from("ENABLED"), SecretState::Enabled);
    assert_eq!(SecretState::Enabled.as_str(), "ENABLED");
    let unknown: SecretState = serde_json::from_value(json!("MELTED")).unwrap();
    assert_eq!(
        (unknown.as_str(), unknown.to_string().as_str()),
        ("MELTED", "MELTED")
    );
    assert_eq!(serde_json::to_value(&unknown).unwrap(), json!("MELTED"));
    let optional: Option<SecretState> = "FROZEN".into_option();
    assert_eq!(optional, Some(SecretState::Frozen));
}

/// The decoded segment behind `before` in a target, and whether it is one.
fn decoded(target: &str, before: &str) -> String {
    let start = target.find(before).unwrap() + before.len();
    let segment = &target[start..];
    assert!(!segment.contains(['/', '?', '#']), "{target}");
    percent_encoding::percent_decode_str(segment)
        .decode_utf8()
        .unwrap()
        .into_owned()
}

#[test]
fn any_text_arrives_as_the_path_segment_and_query_value_it_is() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let server = Server::start();
    let client = server.client();
    let texts = (any::<String>(), any::<String>());
    let config = ProptestConfig {
        cases: 512,
        failure_persistence: None,
        ..Default::default()
    };
    let result = TestRunner::new(config).run(&texts, |(name, value)| {
        prop_assume!(!matches!(name.as_str(), "" | "." | ".."));
        runtime.block_on(async {
            client
                .show_secret()
                .secret_name(name.as_str())
                .send()
                .await
                .unwrap();
            assert_eq!(decoded(&server.target(), "/v1/p/secrets/"), name);
            client
                .list_secrets()
                .marker(value.as_str())
                .send()
                .await
                .unwrap();
            let target = reqwest::Url::parse("http://h")
                .unwrap()
                .join(&server.target())
                .unwrap();
            let pairs: Vec<_> = target.query_pairs().into_owned().collect();
            assert_eq!(pairs, [("marker".to_owned(), value)]);
        });
        Ok(())
    });
    result.unwrap();
}
