//! Where credentials come from. The cases of the default chain are folders in `credentials/`:
//!
//! * `env.json`: the variables; `{case}` stands for the folder.
//! * `credentials`: the file in the home directory.
//! * `metadata.json`: what the metadata service answers to the request for a token and to that for
//!   the key, or that it is to `refuse`, to `reset` or to keep `silence`. Without it, it refuses.
//! * `expected.json`: the credential that a call is signed with, or what its error says, in this
//!   order; `{home}` stands for the home directory, `{metadata}` for the service's base URL.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use csms_api::{Client, ClientBuilder, Clock, Credentials, Error, PasswordCredentials};
use httpmock::MockServer;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::raw_server::{RawServer, Step};
use tests::sentinel;
use tokio::task::{LocalSet, spawn_local};

/// The project of calls whose credential has none.
const PROJECT: &str = "project-of-client";

#[derive(Deserialize)]
#[serde(untagged)]
enum Metadata {
    Broken(Break),
    Answers { token: Answer, key: Answer },
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Break {
    Refuse,
    Reset,
    Silence,
}

#[derive(Deserialize)]
struct Answer {
    status: u16,
    body: Value,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Expected {
    Error { error: Vec<String> },
    Credential(Key),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    access_key: String,
    secret_key: String,
    security_token: Option<String>,
    project_id: Option<String>,
}

#[tokio::test]
async fn every_folder_gives_what_it_expects() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("credentials");
    let mut cases: Vec<_> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(cases.len() > 40, "only {} cases", cases.len());
    let (local, mut failed) = (LocalSet::new(), Vec::new());
    for case in cases {
        let name = case.display().to_string();
        if let Err(error) = local
            .run_until(async { spawn_local(check(case)).await })
            .await
        {
            failed.push(format!("{name}: {error}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

async fn check(case: PathBuf) {
    let home = home(&case);
    let metadata = MetadataService::start(json_file(&case, "metadata.json")).await;
    let credentials = chain(&case, &home, metadata.base.clone());
    let service = service().await;
    match json_file(&case, "expected.json").expect("expected.json") {
        Expected::Credential(key) => {
            let builder = client(&service, credentials);
            let builder = match key.project_id {
                Some(_) => builder,
                None => builder.project_id(PROJECT),
            };
            let chained = builder.build().unwrap();
            call(&chained).await.unwrap();

            let project = key.project_id.clone().unwrap_or(PROJECT.to_owned());
            let direct = client(&service, key.credentials()).project_id(project);
            let direct = direct.build().unwrap();
            call(&direct).await.unwrap();

            let requests = service.requests();
            assert!(requests[0].header("authorization").is_some());
            assert_eq!(requests[0].head, requests[1].head);
        }
        Expected::Error { error: says } => {
            let client = client(&service, credentials).project_id(PROJECT);
            let client = client.build().unwrap();
            let error = call(&client).await.expect_err("an error");
            assert_eq!(error.attempts(), 0);
            assert_eq!(service.connections(), 0);
            let says = says.iter().map(|text| {
                text.replace("{case}", case.to_str().unwrap())
                    .replace("{home}", home.path().to_str().unwrap())
                    .replace("{metadata}", &metadata.base)
            });
            assert_says(&error.to_string(), says);
        }
    }
}

fn json_file<T: DeserializeOwned>(case: &Path, name: &str) -> Option<T> {
    let text = fs::read_to_string(case.join(name)).ok()?;
    Some(serde_json::from_str(&text).expect(name))
}

/// A home directory with the case's file.
fn home(case: &Path) -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join(".huaweicloud");
    fs::create_dir(&folder).unwrap();
    let file = case.join("credentials");
    if file.exists() {
        fs::copy(file, folder.join("credentials")).unwrap();
    }
    home
}

fn chain(case: &Path, home: &TempDir, metadata: String) -> Credentials {
    let variables: BTreeMap<String, String> = json_file(case, "env.json").unwrap_or_default();
    let folder = case.to_str().unwrap().to_owned();
    Credentials::default_chain_over(
        move |name| Some(variables.get(name)?.replace("{case}", &folder).into()),
        Some(home.path().to_owned()),
        &metadata,
    )
}

impl Key {
    fn credentials(self) -> Credentials {
        match self.security_token {
            Some(token) => Credentials::temporary(self.access_key, self.secret_key, token),
            None => Credentials::access_key(self.access_key, self.secret_key),
        }
    }
}

fn assert_says(text: &str, parts: impl Iterator<Item = String>) {
    let mut rest = text;
    for part in parts {
        let found = rest.split_once(&part);
        rest = found
            .unwrap_or_else(|| panic!("not in order: {part}\nin: {text}"))
            .1;
    }
}

struct MetadataService {
    base: String,
    /// It lives as long as this does.
    _server: Option<MockServer>,
}

impl MetadataService {
    async fn start(metadata: Option<Metadata>) -> Self {
        let (base, server) = match metadata.unwrap_or(Metadata::Broken(Break::Refuse)) {
            Metadata::Broken(Break::Refuse) => (unused_address(), None),
            Metadata::Broken(Break::Reset) => (broken(Step::Reset).await, None),
            Metadata::Broken(Break::Silence) => (broken(Step::Silence).await, None),
            Metadata::Answers { token, key } => {
                let server = metadata_service(token, key).await;
                (server.base_url(), Some(server))
            }
        };
        Self {
            base,
            _server: server,
        }
    }
}

fn unused_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn broken(step: Step) -> String {
    RawServer::start([step]).await.endpoint()
}

/// A service that wants to see the token if it has given one.
async fn metadata_service(token: Answer, key: Answer) -> MockServer {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.method("PUT")
                .path("/meta-data/latest/api/token")
                .header("X-Metadata-Token-Ttl-Seconds", "21600");
            then.status(token.status).body(token.text());
        })
        .await;
    server
        .mock_async(|when, then| {
            let when = when.method("GET").path("/openstack/latest/securitykey");
            match token.status {
                200 => when.header("X-Metadata-Token", token.text()),
                _ => when.header_missing("X-Metadata-Token"),
            };
            then.status(key.status).body(key.text());
        })
        .await;
    server
}

impl Answer {
    fn text(&self) -> String {
        match &self.body {
            Value::String(text) => text.clone(),
            body => body.to_string(),
        }
    }
}

// Calls

/// The service, which likes whatever it is sent.
async fn service() -> RawServer {
    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";
    RawServer::start([Step::Send(ANSWER.to_vec())]).await
}

/// A client whose time stands still, before the end of all keys.
fn client(service: &RawServer, credentials: Credentials) -> ClientBuilder {
    let now = UNIX_EPOCH + Duration::from_secs(1_795_000_000);
    Client::builder()
        .region("cn-north-4")
        .endpoint(service.endpoint())
        .credentials(credentials)
        .clock(Clock::new(move || now))
        .http_client_builder(reqwest::Client::builder().no_proxy().tls_certs_only([]))
}

async fn call(client: &Client) -> Result<(), Error> {
    let outcome = client.list_secrets().send().await;
    sentinel::assert_debug_hidden(client);
    if let Err(error) = &outcome {
        sentinel::assert_error_hidden(error);
    }
    outcome.map(drop)
}

async fn call_at_once(client: &Client, times: usize) {
    let calls: Vec<_> = (0..times)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { call(&client).await })
        })
        .collect();
    for call in calls {
        call.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_password_is_changed_for_one_token_by_many_calls() {
    let (iam, service) = (MockServer::start_async().await, service().await);
    let tokens = iam
        .mock_async(|when, then| {
            when.method("POST")
                .path("/v3/auth/tokens")
                .json_body(json!({ "auth": {
                    "identity": { "methods": ["password"], "password": { "user": {
                        "name": "alice", "password": "s3nt1nel", "domain": { "name": "acme" },
                    }}},
                    "scope": { "project": { "name": "cn-north-4" }},
                }}));
            then.status(201)
                .header("X-Subject-Token", "s3nt1nel-token")
                .json_body(json!({ "token": {
                    "expires_at": "2026-11-25T03:47:23.000000Z",
                    "project": { "id": "project-of-token" },
                }}))
                .delay(Duration::from_millis(50));
        })
        .await;
    let user = PasswordCredentials::new("alice", "s3nt1nel", "acme");
    let client = client(&service, Credentials::password(user))
        .iam_endpoint(iam.base_url())
        .build()
        .unwrap();
    call_at_once(&client, 50).await;
    assert_eq!(tokens.calls_async().await, 1);
    let requests = service.requests();
    assert_eq!(requests.len(), 50);
    for request in requests {
        assert_eq!(request.header("x-auth-token"), Some("s3nt1nel-token"));
        assert!(
            request.line().contains("/project-of-token/"),
            "{}",
            request.line()
        );
    }
}

#[tokio::test]
async fn a_refused_password_is_an_error_that_names_the_user() {
    let (iam, service) = (MockServer::start_async().await, service().await);
    iam.mock_async(|_, then| {
        then.status(401).json_body(json!({ "error": {
            "code": 401, "message": "not s3nt1nel", "title": "Unauthorized",
        }}));
    })
    .await;
    let user = PasswordCredentials::new("alice", "s3nt1nel", "acme").project_id("project");
    let client = client(&service, Credentials::password(user))
        .iam_endpoint(iam.base_url())
        .build()
        .unwrap();
    let error = call(&client).await.expect_err("an error").to_string();
    let expected = format!(
        "no token for user alice of domain acme: {} answered 401",
        iam.base_url()
    );
    assert!(error.ends_with(&expected), "{error}");
    assert_eq!(service.connections(), 0);
}

#[tokio::test]
async fn a_project_is_looked_up_once_by_many_calls() {
    let (iam, service) = (MockServer::start_async().await, service().await);
    let projects = iam
        .mock_async(|when, then| {
            when.method("GET")
                .path("/v3/projects")
                .query_param("name", "cn-north-4")
                .header_prefix("Authorization", "SDK-HMAC-SHA256 Access=ak,");
            then.json_body(json!({ "projects": [{ "id": "found", "name": "cn-north-4" }] }))
                .delay(Duration::from_millis(50));
        })
        .await;
    let client = client(&service, Credentials::access_key("ak", "s3nt1nel"))
        .iam_endpoint(iam.base_url())
        .build()
        .unwrap();
    call_at_once(&client, 50).await;
    assert_eq!(projects.calls_async().await, 1);
    for request in service.requests() {
        assert!(request.line().contains("/found/"), "{}", request.line());
        assert_eq!(request.header("x-project-id"), Some("found"));
    }
}

#[tokio::test]
async fn a_project_that_is_not_one_is_an_error_that_lists_what_was_found() {
    for (projects, expected) in [
        (json!([]), "there is no project named cn-north-4"),
        (
            json!([{ "id": "p1", "name": "a" }, { "id": "p2", "name": "b" }]),
            "there are 2 projects: a (p1), b (p2)",
        ),
    ] {
        let (iam, service) = (MockServer::start_async().await, service().await);
        iam.mock_async(|_, then| {
            then.json_body(json!({ "projects": projects }));
        })
        .await;
        let client = client(&service, Credentials::access_key("ak", "s3nt1nel"))
            .iam_endpoint(iam.base_url())
            .build()
            .unwrap();
        let error = call(&client).await.expect_err("an error").to_string();
        assert!(error.contains(expected), "{error}");
        assert_eq!(service.connections(), 0);
    }
}
