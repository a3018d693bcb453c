//! Code → wire: what each operation sends, and what becomes of each documented answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use csms_api::{Client, Credentials, Error, ResponseValue};
use csms_gen::contract::{Contract, Location};
use csms_gen::lint::placeholders;
use csms_gen::spec::is_success;
use csms_gen::spec::notation::{Type, parse};
use httpmock::{HttpMockRequest, HttpMockResponse, Method::POST, MockServer};
use serde_json::{Map, Value, json};
use tests::chain::{CONTRACTS, SPEC, call, id, operation};
use tests::sample::{full, request_schema, response_schema, without_nulls};

const TOKEN: &str = "a-token";
const PROJECT: &str = "a-project";

/// A server that answers everything alike, and the requests that it got.
struct Server {
    server: MockServer,
    seen: Arc<Mutex<Vec<Seen>>>,
    answer: Arc<Mutex<(u16, Vec<u8>)>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Seen {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Server {
    fn start() -> Self {
        let server = MockServer::start();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let answer = Arc::new(Mutex::new((200, b"{}".to_vec())));
        let (requests, answers) = (Arc::clone(&seen), Arc::clone(&answer));
        server.mock(|when, then| {
            when.is_true(|_| true);
            then.respond_with(move |request| {
                requests.lock().unwrap().push(Seen::from(request));
                let (status, body) = answers.lock().unwrap().clone();
                HttpMockResponse::builder()
                    .status(status)
                    .body(body)
                    .build()
            });
        });
        Self {
            server,
            seen,
            answer,
        }
    }

    fn client(&self) -> Client {
        Client::builder()
            .endpoint(self.server.base_url())
            .project_id(PROJECT)
            .credentials(Credentials::token(TOKEN))
            .build()
            .unwrap()
    }

    fn answers(&self, status: u16, body: &[u8]) {
        *self.answer.lock().unwrap() = (status, body.to_vec());
    }

    fn only_request(&self) -> Seen {
        let mut seen = self.seen.lock().unwrap();
        assert_eq!(seen.len(), 1, "one call sends one request");
        seen.remove(0)
    }
}

impl From<&HttpMockRequest> for Seen {
    fn from(request: &HttpMockRequest) -> Self {
        Self {
            method: request.method_str().to_owned(),
            path: request.uri().path().to_owned(),
            query: request.query_params().into_iter().collect(),
            headers: request
                .headers_vec()
                .iter()
                .map(|(name, value)| (name.to_lowercase(), value.clone()))
                .collect(),
            body: request.body_vec(),
        }
    }
}

/// Values for everything that an operation takes, and the request that they must become.
fn full_call(contract: &Contract) -> (Map<String, Value>, Seen) {
    let mut values = Map::new();
    let mut path = contract.path.clone();
    let mut query = BTreeMap::new();
    for parameter in &contract.parameters {
        let name = &parameter.name;
        let value = match parse(&parameter.type_name) {
            Type::Scalar("int32" | "int64") => json!(17),
            _ => json!(format!("{name}-value")),
        };
        let text = value.as_str().map_or(value.to_string(), str::to_owned);
        match parameter.location {
            Location::Path if name == "project_id" => {
                path = path.replace("{project_id}", PROJECT);
                continue;
            }
            Location::Path => path = path.replace(&format!("{{{name}}}"), &text),
            Location::Query => drop(query.insert(name.clone(), text)),
            Location::Header => continue,
        }
        values.insert(setter(name), value);
    }
    let body = contract.request_body.as_ref().map(|_| {
        let schema = request_schema(id(contract)).expect("a documented body is in the spec");
        let documented = contract
            .examples
            .request
            .first()
            .filter(|example| example.is_object());
        documented.cloned().unwrap_or_else(|| full(schema))
    });
    let mut headers = BTreeMap::from([
        ("x-auth-token".to_owned(), TOKEN.to_owned()),
        (
            "user-agent".to_owned(),
            concat!("csms-api/", env!("CARGO_PKG_VERSION")).to_owned(),
        ),
    ]);
    if let Some(body) = &body {
        values.insert("body".to_owned(), body.clone());
        headers.insert("content-type".to_owned(), "application/json".to_owned());
    }
    let expected = Seen {
        method: contract.method.clone(),
        path,
        query,
        headers,
        body: body.map_or(Vec::new(), |body| body.to_string().into_bytes()),
    };
    (values, expected)
}

/// The name of a parameter's setter.
fn setter(name: &str) -> String {
    if name == "type" {
        "type_".to_owned()
    } else {
        name.to_owned()
    }
}

fn assert_sent(contract: &Contract, seen: &Seen, expected: &Seen) {
    let id = id(contract);
    assert_eq!(
        (&seen.method, &seen.path, &seen.query),
        (&expected.method, &expected.path, &expected.query),
        "{id}"
    );
    for (name, value) in &expected.headers {
        assert_eq!(seen.headers.get(name), Some(value), "{id}: {name}");
    }
    let accepted = seen.headers.get("accept").map(String::as_str);
    assert_eq!(accepted, Some("application/json"), "{id}");
    let transport = ["accept", "content-length", "host"];
    let unexpected = seen
        .headers
        .keys()
        .find(|name| !expected.headers.contains_key(*name) && !transport.contains(&name.as_str()));
    assert_eq!(unexpected, None, "{id}: a header that nobody asked for");
    if expected.body.is_empty() {
        assert!(seen.body.is_empty(), "{id}: a body that nobody asked for");
    } else {
        let (sent, given): (Value, Value) = (
            serde_json::from_slice(&seen.body).unwrap(),
            serde_json::from_slice(&expected.body).unwrap(),
        );
        assert_eq!(sent, given, "{id}");
    }
}

#[tokio::test]
async fn every_operation_sends_what_is_documented() {
    let server = Server::start();
    let client = server.client();
    for contract in CONTRACTS.iter() {
        let (values, expected) = full_call(contract);
        call(id(contract)).send(&client, values).await.unwrap();
        assert_sent(contract, &server.only_request(), &expected);
    }
}

#[tokio::test]
async fn every_documented_success_decodes() {
    let server = Server::start();
    let client = server.client();
    for contract in CONTRACTS.iter() {
        for (status, body) in contract
            .responses
            .iter()
            .filter(|(status, _)| is_success(status))
        {
            let id = id(contract);
            let answer = body.as_ref().map(|_| {
                let examples = contract.examples.responses.get(status);
                let example = examples.and_then(|examples| examples.first());
                let schema = response_schema(id, status).expect("a documented body is in the spec");
                example.cloned().unwrap_or_else(|| full(schema))
            });
            let status: u16 = status.parse().unwrap();
            let bytes = answer.as_ref().map(Value::to_string).unwrap_or_default();
            server.answers(status, bytes.as_bytes());
            let decoded = call(id).send(&client, full_call(contract).0).await;
            let decoded = decoded.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(decoded.status(), status, "{id}");
            if let Some(answer) = answer {
                assert_eq!(*decoded, without_nulls(&answer), "{id}");
            }
        }
    }
}

#[tokio::test]
async fn every_operation_succeeds_without_a_body() {
    let server = Server::start();
    let client = server.client();
    for contract in CONTRACTS.iter() {
        for status in [202, 204] {
            server.answers(status, b"");
            let decoded = call(id(contract))
                .send(&client, full_call(contract).0)
                .await;
            assert_eq!(
                decoded.map(|answer| answer.status().as_u16()).ok(),
                Some(status)
            );
        }
    }
}

#[tokio::test]
async fn every_documented_error_keeps_status_code_and_message() {
    let server = Server::start();
    let client = server.client();
    for contract in CONTRACTS.iter() {
        for (status, _) in contract
            .responses
            .iter()
            .filter(|(status, _)| !is_success(status))
        {
            let id = id(contract);
            let status: u16 = status.parse().unwrap();
            server.answers(status, br#"{"error_code": "CSMS.0101", "error_msg": "no"}"#);
            let error = call(id)
                .send(&client, full_call(contract).0)
                .await
                .unwrap_err();
            assert_eq!(error.operation(), id);
            assert_eq!(
                error.status().map(|status| status.as_u16()),
                Some(status),
                "{id}"
            );
            assert_eq!(
                (error.code(), error.message()),
                (Some("CSMS.0101"), Some("no")),
                "{id}"
            );
        }
    }
}

#[tokio::test]
async fn the_project_of_a_call_overrides_the_clients() {
    let server = Server::start();
    let client = server.client();
    let call = client
        .download_secret_blob()
        .project_id("other")
        .secret_name("demo");
    call.send().await.unwrap();
    assert_eq!(server.only_request().path, "/v1/other/secrets/demo/backup");
}

#[tokio::test]
async fn a_project_is_asked_for_only_where_the_path_has_one() {
    let server = Server::start();
    let client = Client::builder()
        .endpoint(server.server.base_url())
        .credentials(Credentials::token(TOKEN))
        .build()
        .unwrap();
    for contract in CONTRACTS.iter() {
        let needs_one = placeholders(&contract.path).any(|name| name == "project_id");
        let result = call(id(contract))
            .send(&client, full_call(contract).0)
            .await;
        match result {
            Ok(_) => assert!(!needs_one, "{}", id(contract)),
            Err(error) => {
                assert!(
                    needs_one && error.to_string().contains("project_id"),
                    "{error}"
                );
                assert_eq!(error.attempts(), 0);
            }
        }
    }
}

#[tokio::test]
async fn an_endpoint_may_have_a_path() {
    let server = MockServer::start();
    let mock = server.mock(|when, then| {
        when.method(POST).path("/csms/v1/p/secrets/demo/backup");
        then.status(200).json_body(json!({"secret_blob": "b"}));
    });
    let client = Client::builder()
        .endpoint(format!("{}/csms/", server.base_url()))
        .project_id("p")
        .credentials(Credentials::token(TOKEN))
        .build()
        .unwrap();
    client
        .download_secret_blob()
        .secret_name("demo")
        .send()
        .await
        .unwrap();
    mock.assert();
}

/// What a user's program does: one error type, whatever is called.
async fn backup(client: &Client) -> Result<(u16, usize, Option<String>), Error> {
    let backup = client
        .download_secret_blob()
        .secret_name("demo")
        .send()
        .await?;
    client.delete_secret().secret_name("demo").send().await?;
    let size = backup
        .secret_blob
        .as_ref()
        .map_or(0, |blob| blob.expose().len());
    Ok((
        backup.status().as_u16(),
        size,
        backup.request_id().map(str::to_owned),
    ))
}

#[tokio::test]
async fn question_mark_works_in_a_users_function() {
    let server = MockServer::start();
    server.mock(|when, then| {
        when.method(POST);
        then.status(200)
            .header("X-Request-Id", "7f3c")
            .json_body(json!({"secret_blob": "blob"}));
    });
    let client = Client::builder()
        .endpoint(server.base_url())
        .project_id("p")
        .credentials(Credentials::token(TOKEN))
        .build()
        .unwrap();
    let error = backup(&client).await.unwrap_err();
    assert_eq!(
        (error.operation(), error.is_not_found()),
        ("DeleteSecret", true)
    );
}

#[test]
fn the_public_list_of_operations_is_that_of_the_spec() {
    assert_eq!(csms_api::OPERATIONS.len(), SPEC.operations().count());
    for listed in csms_api::OPERATIONS {
        let declared = operation(listed.id);
        assert_eq!(
            listed.method,
            declared.method.to_uppercase(),
            "{}",
            listed.id
        );
        assert_eq!(listed.path, declared.path);
        assert_eq!(
            listed.safe_to_repeat,
            declared.value["x-safe-to-repeat"] == true
        );
        assert_eq!(
            listed.paging.is_some(),
            declared.value.get("x-paging").is_some()
        );
    }
}

/// A value with a body is shown without its headers.
#[tokio::test]
async fn a_response_shows_status_request_id_and_body() {
    let server = Server::start();
    server.answers(200, br#"{"secret_blob": "hunter2"}"#);
    let client = server.client();
    let answer: ResponseValue<_> = client
        .download_secret_blob()
        .secret_name("demo")
        .send()
        .await
        .unwrap();
    let shown = format!("{answer:?}");
    assert!(
        shown.contains("200") && shown.contains("<redacted>"),
        "{shown}"
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}
