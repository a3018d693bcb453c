//! A service in memory whose answers are all held against the spec.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use csms_api::mock::{Service, ServiceBuilder};
use csms_api::{Clock, OPERATIONS, Operation};
use reqwest::{Method, Request, Url};
use serde_json::{Value, json};

use jsonschema::Validator;

use crate::json_schema::strict_validator;
use crate::sample::response_schema;

/// 2026-11-25T03:47:23Z in milliseconds.
pub const START: u64 = 1_795_578_443_000;

/// By the schema as text.
static VALIDATORS: Mutex<BTreeMap<String, Validator>> = Mutex::new(BTreeMap::new());

pub struct Lab {
    pub service: Service,
    http: reqwest::Client,
    now: Arc<AtomicU64>,
    /// The statuses that each operation has answered with.
    seen: Mutex<BTreeMap<&'static str, Vec<u16>>>,
}

/// An answer that the spec allows.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    /// Null for no body.
    pub body: Value,
}

impl Answer {
    /// Status and error code, in whichever form.
    pub fn refusal(&self) -> (u16, &str) {
        let code = ["/error_code", "/error/error_code"]
            .iter()
            .find_map(|place| self.body.pointer(place)?.as_str());
        (self.status, code.unwrap_or("no code"))
    }

    pub fn message(&self) -> &str {
        let message = ["/error_msg", "/error/error_msg", "/error/message"]
            .iter()
            .find_map(|place| self.body.pointer(place)?.as_str());
        message.unwrap_or("no message")
    }
}

impl Lab {
    pub async fn start() -> Self {
        Self::with(Service::builder()).await
    }

    /// A service with a clock that stands still until it is moved.
    pub async fn with(builder: ServiceBuilder) -> Self {
        let now = Arc::new(AtomicU64::new(START));
        let hand = Arc::clone(&now);
        let clock =
            Clock::new(move || UNIX_EPOCH + Duration::from_millis(hand.load(Ordering::Relaxed)));
        Self {
            service: builder.clock(clock).start().await.unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            now,
            seen: Mutex::default(),
        }
    }

    pub fn pass(&self, time: Duration) {
        let milliseconds = u64::try_from(time.as_millis()).unwrap();
        self.now.fetch_add(milliseconds, Ordering::Relaxed);
    }

    /// The service's time in milliseconds.
    pub fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    /// A request that nobody has signed. A path without a leading slash is below the project.
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Request {
        let base = self.service.endpoint();
        let url = match path.strip_prefix('/') {
            Some(path) => format!("{base}/{path}"),
            None => format!("{base}/v1/{}/{path}", self.service.project_id()),
        };
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = Request::new(method, Url::parse(&url).unwrap());
        *request.body_mut() = body.map(|body| body.to_string().into());
        request
    }

    /// Sends the request as it is, and holds the answer against the spec.
    pub async fn send(&self, request: Request) -> Answer {
        let method = request.method().to_string();
        let path = request.url().path().to_owned();
        let response = self.http.execute(request).await.unwrap();
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let body = response.bytes().await.unwrap();
        let answer = Answer {
            status,
            headers,
            body: match body.as_ref() {
                [] => Value::Null,
                body => serde_json::from_slice(body).unwrap(),
            },
        };
        let called = operation(&method, &path);
        if let Some(operation) = called {
            let mut seen = self.seen.lock().unwrap();
            seen.entry(operation.id).or_default().push(status);
        }
        let found = deviations(called, &answer);
        assert!(
            found.is_empty(),
            "{method} {path} {status}: {found:?}\n{answer:?}"
        );
        answer
    }

    /// Calls with the service's token.
    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.request(method, path, body.as_ref());
        let token = Service::TOKEN.parse().unwrap();
        request.headers_mut().insert("x-auth-token", token);
        self.send(request).await
    }

    /// The body of a call that succeeds.
    pub async fn ok(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let answer = self.call(method, path, body).await;
        assert!(
            (200..300).contains(&answer.status),
            "{method} {path}: {answer:?}"
        );
        answer.body
    }

    pub async fn get(&self, path: &str) -> Value {
        self.ok("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Value {
        self.ok("POST", path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Value {
        self.ok("PUT", path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Value {
        self.ok("DELETE", path, None).await
    }

    /// Status and code of a call that fails.
    pub async fn refused(&self, method: &str, path: &str, body: Option<Value>) -> (u16, String) {
        let answer = self.call(method, path, body).await;
        let (status, code) = answer.refusal();
        (status, code.to_owned())
    }

    /// Creates a secret with the value `one` as its first version.
    pub async fn create(&self, name: &str) -> Value {
        let body = json!({ "name": name, "secret_string": "one" });
        self.post("secrets", body).await["secret"].take()
    }

    /// Adds a version, and tells its stages.
    pub async fn add_version(&self, secret: &str, value: &str) -> Value {
        let body = json!({ "secret_string": value });
        let path = format!("secrets/{secret}/versions");
        self.post(&path, body).await["version_metadata"].take()
    }

    pub fn seen(&self) -> BTreeMap<&'static str, Vec<u16>> {
        self.seen.lock().unwrap().clone()
    }
}

/// The operation that a request is for.
fn operation(method: &str, path: &str) -> Option<&'static Operation> {
    let segments: Vec<_> = path.split('/').collect();
    let fits = |operation: &&Operation| {
        let template: Vec<_> = operation.path.split('/').collect();
        let pairs = || template.iter().zip(&segments);
        let is_parameter = |template: &str| template.starts_with('{');
        operation.method == method
            && template.len() == segments.len()
            && pairs().all(|(t, s)| is_parameter(t) && !s.is_empty() || t == s)
    };
    let literals = |operation: &&Operation| {
        let template = operation.path.split('/');
        template.map(|t| !t.starts_with('{')).collect::<Vec<_>>()
    };
    OPERATIONS.iter().filter(fits).max_by_key(literals)
}

/// Where an answer is otherwise than the spec says.
fn deviations(operation: Option<&Operation>, answer: &Answer) -> Vec<String> {
    assert!(answer.headers.contains_key("x-request-id"));
    assert!(answer.headers.contains_key("date"));
    let code = answer.refusal().1;
    match operation {
        // A gateway's errors are in no spec of a service; these are its documented fields.
        _ if code.starts_with("APIGW.") => {
            let fields: Vec<_> = answer.body.as_object().unwrap().keys().collect();
            let is_told =
                answer.headers["x-request-id"] == *answer.body["request_id"].as_str().unwrap();
            let is_right = fields == ["error_code", "error_msg", "request_id"] && is_told;
            if is_right {
                vec![]
            } else {
                vec!["not in the form of a gateway".to_owned()]
            }
        }
        Some(operation) => against_spec(operation.id, answer),
        None => vec![],
    }
}

fn against_spec(id: &str, answer: &Answer) -> Vec<String> {
    let operation = crate::chain::operation(id);
    let status = match answer.status {
        // Of the service in memory alone, in the form of the operation's other errors.
        501 => "400".to_owned(),
        status => status.to_string(),
    };
    let responses = &operation.value["responses"];
    let schema = match response_schema(id, &status) {
        // Some operations document their success alone.
        None if answer.status >= 400 => json!({ "$ref": "#/components/schemas/ErrorRsp" }),
        None if responses.get(&status).is_none() => return vec!["an unknown status".to_owned()],
        None if answer.body.is_null() => return vec![],
        None => return vec!["a body where there is none".to_owned()],
        Some(schema) => schema.clone(),
    };
    let mut validators = VALIDATORS.lock().unwrap();
    let key = schema.to_string();
    let validator = validators
        .entry(key)
        .or_insert_with(|| strict_validator(&schema));
    let errors = validator.iter_errors(&answer.body);
    errors
        .map(|e| format!("{}: {e}", e.instance_path()))
        .collect()
}
