//! What the generated code calls: path segments, the exchange with the service, decoding.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use percent_encoding::{percent_decode_str, utf8_percent_encode};
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use reqwest::{Request, Response, StatusCode};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep, timeout_at};
use zeroize::Zeroizing;

use crate::client::Client;
use crate::credentials::{Credential, SourceError, look_up_project};
use crate::echo;
use crate::error::{Error, ErrorBody};
use crate::observe;
use crate::operation::Operation;
use crate::response::{ResponseValue, request_id};
use crate::retry::Failure;
use crate::signer::RESERVED;
use crate::time::parse_http_date;

pub(crate) use crate::observe::traced;
pub(crate) use crate::pagination::{PositionValue, next_marker, next_position};

/// As much of an error answer as is read; nothing that the service sends is longer.
const ERROR_BODY_LIMIT: usize = 64 * 1024;

/// As much as is reserved ahead because `Content-Length` says so.
const RESERVE_LIMIT: u64 = 64 * 1024 * 1024;

/// A parameter or a body that the caller has not set or that does not convert.
pub(crate) fn invalid_request(operation: &Operation, reason: String) -> Error {
    Error::usage(operation.id, reason)
}

/// A request that reqwest can't put together.
pub(crate) fn unbuildable(operation: &Operation, error: reqwest::Error) -> Error {
    Error::usage(operation.id, "the request can't be built").because(error)
}

/// A value that no HTTP header may have.
#[allow(
    dead_code,
    reason = "generated code needs it for operations with header parameters"
)]
pub(crate) fn invalid_header(operation: &Operation) -> Error {
    Error::usage(
        operation.id,
        "a header parameter has characters that no HTTP header may have",
    )
}

/// One path segment of a parameter's value.
///
/// An empty value, `.` or `..` would address another resource and is refused.
pub(crate) fn path_segment(
    operation: &Operation,
    name: &str,
    value: &impl ToString,
) -> Result<String, Error> {
    let value = value.to_string();
    if matches!(value.as_str(), "" | "." | "..") {
        let reason = format!(
            "{name} is \"{value}\", which would address another resource; nothing was sent"
        );
        return Err(Error::usage(operation.id, reason));
    }
    let encoded = match Cow::from(utf8_percent_encode(&value, RESERVED)) {
        Cow::Borrowed(encoded) if encoded == value => None,
        encoded => Some(encoded.into_owned()),
    };
    Ok(encoded.unwrap_or(value))
}

/// A project id that nobody has set: it can be looked up.
pub(crate) const PROJECT_ID_MISSING: &str = "project_id is missing: set it with .project_id(…) on \
     the call or on the client's builder, or give the client a region to look it up for";

/// The project of a call: its own, the client's, that of its credentials, or the one that IAM
/// knows for the region, which is asked once.
pub(crate) async fn project_id(
    client: &Client,
    operation: &'static Operation,
    own: Result<String, String>,
    started: Instant,
) -> Result<String, Error> {
    match own {
        Ok(project_id) => Ok(project_id),
        // In a box, since it is rare: the futures of all calls would be larger for it.
        Err(reason) if reason == PROJECT_ID_MISSING => {
            Box::pin(look_up_project_id(client, operation, started)).await
        }
        Err(reason) => Err(invalid_request(operation, reason)),
    }
}

async fn look_up_project_id(
    client: &Client,
    operation: &'static Operation,
    started: Instant,
) -> Result<String, Error> {
    let deadline = started + client.retry().overall_timeout;
    if client.context().region().is_none() {
        let ask = || client.credentials().current(client.context());
        let credential = persistently(client, operation, deadline, ask).await?;
        let project_id = credential.project_id.clone();
        return project_id.ok_or_else(|| invalid_request(operation, PROJECT_ID_MISSING.to_owned()));
    }
    let known = client.looked_up_project();
    let ask = || known.get_or_try_init(|| find_project(client));
    persistently(client, operation, deadline, ask)
        .await
        .cloned()
}

async fn find_project(client: &Client) -> Result<String, SourceError> {
    let context = client.context();
    let credential = client.credentials().current(context).await?;
    match &credential.project_id {
        Some(project_id) => Ok(project_id.clone()),
        None => look_up_project(context, &credential).await,
    }
}

/// Asks where credentials come from; again if nobody can be reached and the policy allows.
async fn persistently<T, F>(
    client: &Client,
    operation: &'static Operation,
    deadline: Instant,
    ask: impl Fn() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, SourceError>>,
{
    let policy = client.retry();
    let mut asked = 0;
    loop {
        let error = match timeout_at(deadline, ask()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => Error::credentials(operation.id, error),
            Err(_) => return Err(Error::overall_timeout(operation.id)),
        };
        asked += 1;
        let delay = policy.delay(asked);
        let is_last = asked >= policy.max_attempts || Instant::now() + delay >= deadline;
        if is_last || !error.is_retryable() {
            return Err(error);
        }
        observe::retrying(operation, &error, delay);
        sleep(delay).await;
    }
}

/// A whole successful answer, not decoded yet.
#[derive(Debug)]
pub(crate) struct Answer {
    operation: &'static Operation,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
    attempts: u32,
}

/// When a call begins: all that it does counts for its overall limit.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Sends the request, again if the policy allows, and reads the answer; anything but 2xx is an
/// error.
///
/// In a box, so that the futures of callers, which are moved about, stay small.
pub(crate) fn execute<'a>(
    client: &'a Client,
    request: Request,
    operation: &'static Operation,
    started: Instant,
) -> Pin<Box<impl Future<Output = Result<Answer, Error>> + 'a>> {
    Box::pin(async move {
        let result = attempt_repeatedly(client, &request, operation, started).await;
        observe::finished(&result, started);
        result
    })
}

async fn attempt_repeatedly(
    client: &Client,
    request: &Request,
    operation: &'static Operation,
    started: Instant,
) -> Result<Answer, Error> {
    let policy = client.retry();
    let deadline = started + policy.overall_timeout;
    let mut attempts = 0;
    let mut refused: Option<(Arc<Credential>, Error)> = None;
    loop {
        let credential = match client.credentials().fixed_one() {
            Some(credential) => Arc::clone(credential),
            // In a box, as most calls need none of it.
            None => {
                let ask = || client.credentials().current(client.context());
                Box::pin(persistently(client, operation, deadline, ask))
                    .await
                    .map_err(|error| error.with_attempts(attempts))?
            }
        };
        // The source has nothing else than what was refused.
        if let Some((before, _)) = &refused
            && *before == credential
            && let Some((_, error)) = refused
        {
            return Err(error);
        }
        let now = client.context().clock.now();
        let left = deadline.saturating_duration_since(Instant::now());
        let sent = send_once(client, operation, request, &credential, now, left)
            .map_err(|reason| Error::usage(operation.id, reason).with_attempts(attempts))?;
        let signed_at = credential.is_key().then_some(now);
        let (error, failure) = match exchange(sent, signed_at, operation).await {
            Ok(answer) => {
                return Ok(Answer {
                    attempts: attempts + 1,
                    ..answer
                });
            }
            Err((error, Some(failure))) => (error, failure),
            Err((error, None)) => return Err(error.with_attempts(attempts)),
        };
        attempts += 1;
        let error = without_secrets(error, request, &credential).with_attempts(attempts);
        if error.is_unauthorized() {
            if refused.is_none() && client.credentials().refuse(&credential).await {
                refused = Some((credential, error));
                continue;
            }
            return Err(error);
        }
        if attempts >= policy.max_attempts || !failure.allows_retry(operation) {
            return Err(error);
        }
        let delay = failure
            .retry_after()
            .unwrap_or_else(|| policy.delay(attempts));
        // A delay that would end after the call's limit is not worth waiting for.
        if Instant::now() + delay >= deadline {
            return Err(error);
        }
        observe::retrying(operation, &error, delay);
        sleep(delay).await;
    }
}

/// The error without what was secret in the request, should the service's words repeat it.
fn without_secrets(error: Error, request: &Request, credential: &Credential) -> Error {
    if !error.has_words() {
        return error;
    }
    let body = request.body().and_then(reqwest::Body::as_bytes);
    let mut secrets = body.map(echo::secrets_in).unwrap_or_default();
    secrets.extend(
        credential
            .secrets()
            .map(|secret| Zeroizing::new(secret.expose().to_owned())),
    );
    error.without(&secrets)
}

/// Sends the request with what proves who makes it. `left` is the time that the call still has.
fn send_once(
    client: &Client,
    operation: &Operation,
    request: &Request,
    credential: &Credential,
    now: SystemTime,
    left: Duration,
) -> Result<impl Future<Output = Result<Response, reqwest::Error>> + use<>, String> {
    let mut attempt = copy(request).ok_or("the body of the request can't be sent again")?;
    let in_path = if credential.is_key() {
        project_in_path(client, operation, request)
    } else {
        None
    };
    let project_id = in_path
        .as_deref()
        .or(client.known_project_id())
        .or(credential.project_id.as_deref());
    credential.apply(&mut attempt, project_id, now)?;
    if left < client.attempt_timeout() {
        *attempt.timeout_mut() = Some(left);
    }
    Ok(client.http().execute(attempt))
}

/// `try_clone` would take room for extensions that no request of ours has.
fn copy(request: &Request) -> Option<Request> {
    if request.body().is_some() {
        return request.try_clone();
    }
    let mut copy = Request::new(request.method().clone(), request.url().clone());
    copy.headers_mut().clone_from(request.headers());
    Some(copy)
}

/// The project that the request is about: each call may have its own.
fn project_in_path(client: &Client, operation: &Operation, request: &Request) -> Option<String> {
    let path = request.url().as_str().strip_prefix(client.endpoint())?;
    let (_, segment) = operation
        .path
        .split('/')
        .zip(path.split('/'))
        .find(|(placeholder, _)| *placeholder == "{project_id}")?;
    let decoded = percent_decode_str(segment).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

/// The answer to one attempt; `signed_at` is the time of its signature, if it has one.
async fn exchange(
    sent: impl Future<Output = Result<Response, reqwest::Error>>,
    signed_at: Option<SystemTime>,
    operation: &'static Operation,
) -> Result<Answer, (Error, Option<Failure>)> {
    let mut response = sent.await.map_err(|error| {
        if error.is_builder() {
            return (unbuildable(operation, error), None);
        }
        let failure = if error.is_connect() {
            Failure::NotSent
        } else {
            Failure::Broken
        };
        (
            Error::transport(operation.id, "the connection broke", error),
            Some(failure),
        )
    })?;
    let status = response.status();
    if !status.is_success() {
        let (error, failure) = error_answer(operation, &mut response, signed_at).await;
        return Err((error, Some(failure)));
    }
    let headers = std::mem::take(response.headers_mut());
    let body = read(&mut response).await.map_err(|error| {
        let error = Error::transport(operation.id, "the answer was cut off", error);
        (
            error.with_answer(status, request_id(&headers)),
            Some(Failure::Broken),
        )
    })?;
    Ok(Answer {
        operation,
        status,
        headers,
        body,
        attempts: 0,
    })
}

async fn read(response: &mut Response) -> Result<Bytes, reqwest::Error> {
    let length = response.content_length().unwrap_or_default();
    let first = response.chunk().await?.unwrap_or_default();
    let Some(second) = response.chunk().await? else {
        return Ok(first);
    };
    let length = usize::try_from(length.min(RESERVE_LIMIT)).unwrap_or_default();
    let mut body = Vec::with_capacity(length.max(first.len() + second.len()));
    body.extend_from_slice(&first);
    body.extend_from_slice(&second);
    drop((first, second));
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
    }
    body.shrink_to_fit();
    Ok(body.into())
}

/// An answer other than 2xx; `signed_at` is the time of a signature, if there was one.
async fn error_answer(
    operation: &'static Operation,
    response: &mut Response,
    signed_at: Option<SystemTime>,
) -> (Error, Failure) {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    // A body that breaks off is an answer all the same: the status says more than the break.
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ERROR_BODY_LIMIT {
            body.truncate(ERROR_BODY_LIMIT);
            break;
        }
    }
    let mut parsed = ErrorBody::read(&body);
    parsed.request_id = request_id(&headers)
        .map(str::to_owned)
        .or(parsed.request_id);
    let date = header_text(&headers, DATE).and_then(parse_http_date);
    let note = match (status, signed_at, date) {
        (StatusCode::UNAUTHORIZED, Some(ours), Some(theirs)) => clock_skew(ours, theirs),
        _ => None,
    };
    let failure = Failure::Status {
        status,
        retry_after: retry_after(&headers, date),
    };
    let error = Error::answer(operation.id, status, parsed);
    (note.into_iter().fold(error, Error::with_note), failure)
}

/// What to say when our clock explains why a signature was refused.
fn clock_skew(ours: SystemTime, theirs: SystemTime) -> Option<String> {
    const NOTICEABLE: Duration = Duration::from_secs(60);
    let (skew, direction) = match ours.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    let (minutes, seconds) = (skew.as_secs() / 60, skew.as_secs() % 60);
    (skew > NOTICEABLE).then(|| {
        format!(
            "the clock of this machine is {minutes} min {seconds} s {direction} the service's, \
             and a signature is good for 15 min: set the clock"
        )
    })
}

/// `Retry-After`, in seconds or as a date; a date is told from the answer's own `Date`, so that
/// the clock of this machine does not matter.
fn retry_after(headers: &HeaderMap, date: Option<SystemTime>) -> Option<Duration> {
    let text = header_text(headers, RETRY_AFTER)?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let until = parse_http_date(text)?;
    Some(
        until
            .duration_since(date.unwrap_or_else(SystemTime::now))
            .unwrap_or_default(),
    )
}

fn header_text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

impl Answer {
    #[cfg(any(feature = "cli", feature = "tracing"))]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    #[cfg(any(feature = "cli", feature = "tracing"))]
    pub(crate) fn request_id(&self) -> Option<&str> {
        request_id(&self.headers)
    }

    #[cfg(any(feature = "cli", feature = "tracing"))]
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The body as the documented type.
    pub(crate) fn decode<T: DeserializeOwned>(self) -> Result<ResponseValue<T>, Error> {
        let is_empty = self.body.iter().all(u8::is_ascii_whitespace);
        let body: &[u8] = match (is_empty, self.status) {
            (true, StatusCode::OK) => return Err(self.undecodable("the body is empty")),
            (true, _) => b"{}",
            (false, _) => &self.body,
        };
        match decode(body) {
            Ok(value) => Ok(ResponseValue::new(value, self.status, self.headers)),
            Err(reason) => Err(self.undecodable(&reason)),
        }
    }

    /// Nothing is documented about the body.
    pub(crate) fn ignore_body(self) -> Result<ResponseValue<()>, Error> {
        Ok(ResponseValue::new((), self.status, self.headers))
    }

    fn undecodable(&self, reason: &str) -> Error {
        let request_id = request_id(&self.headers);
        Error::decode(self.operation.id, self.status, request_id, reason)
            .with_attempts(self.attempts)
    }
}

/// Decodes a body that is a JSON object. The reason says where it fails and never quotes it, nor
/// serde's own message: both would show values.
pub(crate) fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    // A derived struct would also take an array, by position.
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err("the body is not a JSON object".to_owned());
    }
    let error = match serde_json::from_slice(body) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let place = format!("at line {} column {}", error.line(), error.column());
    let what = match error.classify() {
        serde_json::error::Category::Eof => "the body is cut off",
        serde_json::error::Category::Data => "the body is not of the documented type",
        _ => "the body is not JSON",
    };
    // Elsewhere the path may hold keys of a secret object; those take values of any type.
    if !error.is_data() {
        return Err(format!("{what} {place}"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let path = serde_path_to_error::deserialize::<_, T>(&mut deserializer)
        .err()
        .map(|error| error.path().to_string())
        .filter(|path| path != ".")
        .map(|path| format!(", in {path}"))
        .unwrap_or_default();
    Err(format!("{what} {place}{path}"))
}
