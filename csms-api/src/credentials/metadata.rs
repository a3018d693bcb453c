//! The temporary key that an instance of the cloud gets from its metadata service.

use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Response, StatusCode};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::answer::{cause, is_temporary, parse_json, read_body};
use super::{Credential, CredentialSource, SourceContext, SourceError, SourceFuture};
use crate::secret::SecretText;
use crate::time::parse_iso8601;

const BASE: &str = "http://169.254.169.254";
const TOKEN_PATH: &str = "/meta-data/latest/api/token";
const KEY_PATH: &str = "/openstack/latest/securitykey";
const TOKEN_TTL: HeaderName = HeaderName::from_static("x-metadata-token-ttl-seconds");
const TOKEN: HeaderName = HeaderName::from_static("x-metadata-token");

/// How long one request may take, from connecting to the last byte of its answer.
const TIMEOUT: Duration = Duration::from_secs(3);

/// No answer of the metadata service is longer.
const ANSWER_LIMIT: usize = 64 * 1024;

/// The metadata service of the instance that this runs on.
///
/// Where none answers, or it has no key, nothing is found. Any other answer that is not as
/// documented is an error, also when it shows that another cloud's service has answered: which
/// it was is told by its status.
#[derive(Debug)]
pub(super) struct InstanceMetadata {
    base: String,
    timeout: Duration,
}

impl Default for InstanceMetadata {
    fn default() -> Self {
        Self::at(BASE)
    }
}

impl InstanceMetadata {
    pub(super) fn at(base: &str) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            timeout: TIMEOUT,
        }
    }

    async fn fetch(&self, context: &SourceContext) -> Result<Credential, SourceError> {
        let token = self.token(context).await?;
        let header = token.map(|token| (TOKEN, token));
        let response = self.send(context, Method::GET, KEY_PATH, header).await?;
        match response.status() {
            status if status.is_success() => {}
            StatusCode::NOT_FOUND => {
                return Err(SourceError::NotFound(format!(
                    "{}{KEY_PATH} answered 404: no agency is assigned to this instance",
                    self.base
                )));
            }
            status => return Err(self.refused(Method::GET, KEY_PATH, status)),
        }
        let body = self.body(response, KEY_PATH).await?;
        credential(&body)
            .map_err(|reason| SourceError::Invalid(format!("{}{KEY_PATH}: {reason}", self.base)))
    }

    /// The token that the service wants to see, unless it is of the older kind without.
    async fn token(&self, context: &SourceContext) -> Result<Option<HeaderValue>, SourceError> {
        let ttl = (TOKEN_TTL, HeaderValue::from_static("21600"));
        let response = self
            .send(context, Method::PUT, TOKEN_PATH, Some(ttl))
            .await?;
        match response.status() {
            status if status.is_success() => {}
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => return Ok(None),
            status => return Err(self.refused(Method::PUT, TOKEN_PATH, status)),
        }
        let body = self.body(response, TOKEN_PATH).await?;
        match HeaderValue::from_bytes(body.trim_ascii()) {
            Ok(mut token) if !token.is_empty() => {
                token.set_sensitive(true);
                Ok(Some(token))
            }
            _ => Err(SourceError::Invalid(format!(
                "PUT {}{TOKEN_PATH} answered with something other than a token",
                self.base
            ))),
        }
    }

    async fn send(
        &self,
        context: &SourceContext,
        method: Method,
        path: &str,
        header: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Response, SourceError> {
        let url = format!("{}{path}", self.base);
        let request = context.direct.request(method, url).timeout(self.timeout);
        let request = match header {
            Some((name, value)) => request.header(name, value),
            None => request,
        };
        request.send().await.map_err(|error| {
            SourceError::NotFound(format!("{} does not answer: {}", self.base, cause(&error)))
        })
    }

    async fn body(
        &self,
        response: Response,
        path: &str,
    ) -> Result<Zeroizing<Vec<u8>>, SourceError> {
        read_body(response, ANSWER_LIMIT)
            .await
            .map_err(|unread| unread.explain(|reason| format!("{}{path}: {reason}", self.base)))
    }

    fn refused(&self, method: Method, path: &str, status: StatusCode) -> SourceError {
        let reason = format!("{method} {}{path} answered {}", self.base, status.as_u16());
        if is_temporary(status) {
            SourceError::Unavailable(reason)
        } else {
            SourceError::Invalid(reason)
        }
    }
}

impl CredentialSource for InstanceMetadata {
    fn load<'a>(&'a self, context: &'a SourceContext) -> SourceFuture<'a> {
        Box::pin(self.fetch(context))
    }

    fn place(&self) -> String {
        format!("the instance metadata at {}", self.base)
    }
}

#[derive(Deserialize)]
struct Answer {
    credential: Option<Key>,
}

#[derive(Deserialize)]
struct Key {
    access: Option<String>,
    secret: Option<SecretText>,
    securitytoken: Option<SecretText>,
    expires_at: Option<String>,
}

fn credential(body: &[u8]) -> Result<Credential, String> {
    let answer: Answer = parse_json(body)?;
    let missing = |field: &str| format!("the answer has no {field}");
    let key = answer.credential.ok_or_else(|| missing("credential"))?;
    let access = key
        .access
        .filter(|text| !text.is_empty())
        .ok_or_else(|| missing("credential.access"))?;
    let secret = key
        .secret
        .filter(|text| !text.expose().is_empty())
        .ok_or_else(|| missing("credential.secret"))?;
    let security_token = key
        .securitytoken
        .filter(|text| !text.expose().is_empty())
        .ok_or_else(|| missing("credential.securitytoken"))?;
    let expires_at = key
        .expires_at
        .ok_or_else(|| missing("credential.expires_at"))?;
    let end = parse_iso8601(&expires_at).ok_or("credential.expires_at is not a time")?;
    Ok(Credential::temporary(access, secret, security_token).expiring_at(end))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Duration, SystemTime};

    use httpmock::{Mock, MockServer};
    use serde_json::{Value, json};

    use super::{InstanceMetadata, credential};
    use crate::clock::Clock;
    use crate::credentials::project::test_context;
    use crate::credentials::{Credential, Credentials, SourceError};

    const EXPIRES_AT: &str = "2026-11-25T03:47:23.000000Z";
    const END: u64 = 1_795_578_443;

    fn answer() -> Value {
        json!({ "credential": {
            "access": "ak", "secret": "hunter2", "securitytoken": "hunter2-st",
            "expires_at": EXPIRES_AT,
        }})
    }

    fn expected() -> Credential {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(END);
        Credential::temporary("ak", "hunter2", "hunter2-st").expiring_at(end)
    }

    async fn fetch(base: &str) -> Result<Credential, SourceError> {
        let mut source = InstanceMetadata::at(base);
        source.timeout = Duration::from_millis(300);
        let outcome = source.fetch(&test_context("http://127.0.0.1:1")).await;
        let shown = format!("{source:?} {:?}", outcome.as_ref());
        assert!(!shown.contains("hunter2"), "{shown}");
        outcome
    }

    fn invalid(outcome: Result<Credential, SourceError>) -> String {
        match outcome {
            Err(SourceError::Invalid(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    fn unavailable(outcome: Result<Credential, SourceError>) -> String {
        match outcome {
            Err(SourceError::Unavailable(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    fn not_found(outcome: Result<Credential, SourceError>) -> String {
        match outcome {
            Err(SourceError::NotFound(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    async fn token<'a>(server: &'a MockServer, status: u16, body: &str) -> Mock<'a> {
        server
            .mock_async(|when, then| {
                when.method("PUT")
                    .path("/meta-data/latest/api/token")
                    .header("X-Metadata-Token-Ttl-Seconds", "21600");
                then.status(status).body(body);
            })
            .await
    }

    async fn key<'a>(server: &'a MockServer, status: u16, body: &str) -> Mock<'a> {
        server
            .mock_async(|when, then| {
                when.method("GET").path("/openstack/latest/securitykey");
                then.status(status).body(body);
            })
            .await
    }

    #[tokio::test]
    async fn the_key_is_fetched_with_the_token() {
        let server = MockServer::start_async().await;
        token(&server, 200, "hunter2-token\n").await;
        let key = server
            .mock_async(|when, then| {
                when.method("GET")
                    .path("/openstack/latest/securitykey")
                    .header("X-Metadata-Token", "hunter2-token");
                then.status(200).json_body(answer());
            })
            .await;
        assert_eq!(fetch(&server.base_url()).await, Ok(expected()));
        key.assert_async().await;
    }

    #[tokio::test]
    async fn no_proxy_is_asked() {
        let server = MockServer::start_async().await;
        token(&server, 404, "").await;
        key(&server, 200, &answer().to_string()).await;
        let mut context = test_context("http://127.0.0.1:1");
        context.http = reqwest::Client::builder()
            .tls_certs_only([])
            .proxy(reqwest::Proxy::all("http://127.0.0.1:1").unwrap())
            .build()
            .unwrap();
        let source = InstanceMetadata::at(&server.base_url());
        assert_eq!(source.fetch(&context).await, Ok(expected()));
    }

    #[tokio::test]
    async fn a_key_is_renewed_before_it_ends_and_serves_to_its_end() {
        let server = MockServer::start_async().await;
        token(&server, 404, "").await;
        let key = key(&server, 200, &answer().to_string()).await;
        let seconds = Arc::new(AtomicU64::new(END - 301));
        let mut context = test_context("http://127.0.0.1:1");
        let now = seconds.clone();
        context.clock = Clock::new(move || {
            SystemTime::UNIX_EPOCH + Duration::from_secs(now.load(Ordering::SeqCst))
        });
        let credentials = Credentials::from_source(InstanceMetadata::at(&server.base_url()));

        for _ in 0..2 {
            assert_eq!(
                credentials.current(&context).await.unwrap().without_place(),
                expected()
            );
        }
        assert_eq!(key.calls_async().await, 1);

        seconds.store(END - 299, Ordering::SeqCst);
        assert_eq!(
            credentials.current(&context).await.unwrap().without_place(),
            expected()
        );
        assert_eq!(key.calls_async().await, 2);

        key.delete_async().await;
        seconds.store(END - 1, Ordering::SeqCst);
        assert_eq!(
            credentials.current(&context).await.unwrap().without_place(),
            expected()
        );
        seconds.store(END, Ordering::SeqCst);
        not_found(
            credentials
                .current(&context)
                .await
                .map(|found| (*found).clone()),
        );
    }

    #[tokio::test]
    async fn older_services_do_without_a_token() {
        for status in [404, 405] {
            let server = MockServer::start_async().await;
            token(&server, status, "hunter2").await;
            let key = server
                .mock_async(|when, then| {
                    when.method("GET")
                        .path("/openstack/latest/securitykey")
                        .header_missing("X-Metadata-Token");
                    then.status(200).json_body(answer());
                })
                .await;
            assert_eq!(fetch(&server.base_url()).await, Ok(expected()));
            key.assert_async().await;
        }
    }

    #[tokio::test]
    async fn without_an_agency_nothing_is_found() {
        let server = MockServer::start_async().await;
        token(&server, 404, "").await;
        key(&server, 404, "hunter2").await;
        let reason = not_found(fetch(&server.base_url()).await);
        assert!(reason.contains("answered 404: no agency"), "{reason}");
    }

    #[tokio::test]
    async fn where_none_answers_nothing_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let reason = not_found(fetch(&base).await);
        assert_eq!(reason, format!("{base} does not answer: timed out"));
        drop(listener);
        let reason = not_found(fetch(&base).await);
        assert!(reason.contains(" does not answer: "), "{reason}");
    }

    #[tokio::test]
    async fn other_statuses_are_named() {
        let refused = |status, outcome| match status {
            429 | 500.. => unavailable(outcome),
            _ => invalid(outcome),
        };
        for status in [302, 400, 401, 403, 429, 500, 503] {
            let server = MockServer::start_async().await;
            token(&server, status, "hunter2").await;
            let reason = refused(status, fetch(&server.base_url()).await);
            let expected = format!("/meta-data/latest/api/token answered {status}");
            assert!(reason.ends_with(&expected), "{reason}");

            let server = MockServer::start_async().await;
            token(&server, 200, "token").await;
            key(&server, status, "hunter2").await;
            let reason = refused(status, fetch(&server.base_url()).await);
            let expected = format!("/openstack/latest/securitykey answered {status}");
            assert!(reason.ends_with(&expected), "{reason}");
        }
    }

    #[tokio::test]
    async fn what_is_no_token_is_refused() {
        for body in ["", " \n", "hunter2\nhunter2"] {
            let server = MockServer::start_async().await;
            token(&server, 200, body).await;
            let reason = invalid(fetch(&server.base_url()).await);
            assert!(reason.contains("other than a token"), "{reason}");
        }
    }

    #[tokio::test]
    async fn an_endless_answer_is_refused() {
        let server = MockServer::start_async().await;
        token(&server, 404, "").await;
        key(&server, 200, &"hunter2 ".repeat(10_000)).await;
        let reason = invalid(fetch(&server.base_url()).await);
        assert!(reason.contains("longer than 64 KiB"), "{reason}");
    }

    #[test]
    fn what_is_missing_or_malformed_is_named() {
        let mut cases = vec![
            ("".to_owned(), "not a JSON object".to_owned()),
            (
                "<html>hunter2</html>".to_owned(),
                "not a JSON object".to_owned(),
            ),
            ("[\"hunter2\"]".to_owned(), "not a JSON object".to_owned()),
            (
                "{\"hunter2".to_owned(),
                "not JSON at line 1 column".to_owned(),
            ),
            (
                r#"{"credential":"hunter2"}"#.to_owned(),
                "not of the documented type at line 1 column".to_owned(),
            ),
            ("{}".to_owned(), "has no credential".to_owned()),
            (
                r#"{"credential":null}"#.to_owned(),
                "has no credential".to_owned(),
            ),
        ];
        for field in ["access", "secret", "securitytoken", "expires_at"] {
            for value in [Value::Null, json!("")] {
                let mut answer = answer();
                answer["credential"][field] = value;
                let expected = format!("credential.{field}");
                cases.push((answer.to_string(), expected));
            }
        }
        let mut dateless = answer();
        dateless["credential"]["expires_at"] = json!("hunter2");
        cases.push((
            dateless.to_string(),
            "credential.expires_at is not a time".to_owned(),
        ));
        for (body, expected) in cases {
            let reason = credential(body.as_bytes()).expect_err(&expected);
            assert!(reason.contains(&expected), "{reason}");
            assert!(!reason.contains("hunter2"), "{reason}");
        }
    }
}
