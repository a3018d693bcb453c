//! The one error type.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use reqwest::{StatusCode, Url};
use serde_json::Value;

use crate::credentials::SourceError;
use crate::echo;

/// Why a call, or building a client, failed.
///
/// It never holds a secret: not the token, not the body of a request or of an answer.
pub struct Error(Box<Inner>);

#[derive(Default, Clone)]
struct Inner {
    operation: &'static str,
    kind: Kind,
    reason: String,
    status: Option<StatusCode>,
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    attempts: u32,
    note: Option<String>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Nothing was sent: the client or a parameter is at fault.
    #[default]
    Usage,
    /// Nothing was sent: there are no credentials, or none that can be used.
    Credentials,
    /// Nothing was sent: where credentials come from can't be reached for now.
    Unavailable,
    /// No connection.
    Connect,
    /// A time-out, before or after a connection.
    Timeout,
    /// The connection broke.
    Transport,
    /// An answer other than 2xx.
    Status,
    /// An answer of 2xx whose body is not what is documented.
    Decode,
}

/// What the body of an error answer says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) request_id: Option<String>,
}

impl ErrorBody {
    /// Reads the shapes that the service, its gateway and IAM send.
    pub(crate) fn read(body: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(body).unwrap_or_default();
        let nested = value.get("error").filter(|error| error.is_object());
        let objects = || nested.into_iter().chain([&value]);
        let first = |names: &[&str]| {
            objects().find_map(|object| names.iter().find_map(|name| text(object.get(name)?)))
        };
        Self {
            code: first(&["error_code", "errorCode", "code"]),
            message: first(&["error_msg", "errorMsg", "message"]),
            request_id: first(&["request_id", "requestId"]),
        }
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl Error {
    /// The documented id of the operation, such as `DownloadSecretBlob`; `ClientBuilder::build`
    /// for a client that can't be built.
    pub fn operation(&self) -> &'static str {
        self.0.operation
    }

    /// The HTTP status, if there was an answer.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// The service's error code, such as `CSMS.0101`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The service's own words.
    pub fn message(&self) -> Option<&str> {
        self.0.message.as_deref()
    }

    /// The id under which the service has logged the call.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How many times a request was sent; 0 if none was.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// Status 404: there is no such secret, version, event, …
    pub fn is_not_found(&self) -> bool {
        self.0.status == Some(StatusCode::NOT_FOUND)
    }

    /// Status 401: the credentials are missing, wrong or expired.
    pub fn is_unauthorized(&self) -> bool {
        self.0.status == Some(StatusCode::UNAUTHORIZED)
    }

    /// Status 403: the credentials do not allow the operation.
    pub fn is_forbidden(&self) -> bool {
        self.0.status == Some(StatusCode::FORBIDDEN)
    }

    /// Status 409: it exists already, or its state does not allow the operation.
    pub fn is_conflict(&self) -> bool {
        self.0.status == Some(StatusCode::CONFLICT)
    }

    /// Status 429: too many requests.
    pub fn is_throttled(&self) -> bool {
        self.0.status == Some(StatusCode::TOO_MANY_REQUESTS)
    }

    /// Connecting or waiting for the answer took longer than the time-out allows.
    pub fn is_timeout(&self) -> bool {
        self.0.kind == Kind::Timeout
    }

    /// Nothing was sent, since credentials were not found, are not valid, or can't be had now; what
    /// was tried is told. [`is_retryable`](Self::is_retryable) tells the last case from the others.
    pub fn is_credentials(&self) -> bool {
        matches!(self.0.kind, Kind::Credentials | Kind::Unavailable)
    }

    /// Whether the same call may succeed later: no connection, a broken one, a time-out, the
    /// statuses 408, 429, 502, 503, 504, also where credentials come from. Whether repeating it is harmless is told by
    /// [`Operation::safe_to_repeat`](crate::Operation::safe_to_repeat).
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            Kind::Connect | Kind::Timeout | Kind::Transport | Kind::Unavailable => true,
            Kind::Status => {
                let status = self.0.status.map_or(0, |status| status.as_u16());
                matches!(status, 408 | 429 | 502 | 503 | 504)
            }
            Kind::Usage | Kind::Credentials | Kind::Decode => false,
        }
    }

    fn new(operation: &'static str, kind: Kind, reason: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            operation,
            kind,
            reason: reason.into(),
            ..Inner::default()
        }))
    }

    /// The client can't be built.
    pub(crate) fn build(reason: impl Into<String>) -> Self {
        Self::new("ClientBuilder::build", Kind::Usage, reason)
    }

    /// Nothing was sent.
    pub(crate) fn usage(operation: &'static str, reason: impl Into<String>) -> Self {
        Self::new(operation, Kind::Usage, reason)
    }

    /// Nothing was sent, for want of credentials.
    pub(crate) fn credentials(operation: &'static str, error: SourceError) -> Self {
        let kind = match &error {
            SourceError::NotFound(_) | SourceError::Invalid(_) => Kind::Credentials,
            SourceError::Unavailable(_) => Kind::Unavailable,
        };
        Self::new(operation, kind, error.to_string())
    }

    /// The transport failed; `reason` says at what.
    pub(crate) fn transport(operation: &'static str, reason: &str, error: reqwest::Error) -> Self {
        let (kind, reason) = if error.is_timeout() {
            (Kind::Timeout, "timed out")
        } else if error.is_connect() {
            (Kind::Connect, "can't connect")
        } else {
            (Kind::Transport, reason)
        };
        let reason = match error.url().and_then(host_and_port) {
            Some(host) if kind == Kind::Connect => format!("{reason} to {host}"),
            _ => reason.to_owned(),
        };
        Self::new(operation, kind, reason).because(error)
    }

    /// An answer other than 2xx.
    pub(crate) fn answer(operation: &'static str, status: StatusCode, body: ErrorBody) -> Self {
        let mut error = Self::new(operation, Kind::Status, "");
        error.0.status = Some(status);
        error.0.code = body.code;
        error.0.message = body.message;
        error.0.request_id = body.request_id;
        error
    }

    /// An answer of 2xx whose body is not what is documented.
    pub(crate) fn decode(
        operation: &'static str,
        status: StatusCode,
        request_id: Option<&str>,
        reason: impl Into<String>,
    ) -> Self {
        let mut error = Self::new(operation, Kind::Decode, reason);
        error.0.status = Some(status);
        error.0.request_id = request_id.map(str::to_owned);
        error
    }

    /// Keeps the status of an answer whose body could not be read.
    pub(crate) fn with_answer(mut self, status: StatusCode, request_id: Option<&str>) -> Self {
        self.0.status = Some(status);
        self.0.request_id = request_id.map(str::to_owned);
        self
    }

    /// The whole call, with all its attempts, took too long.
    pub(crate) fn overall_timeout(operation: &'static str) -> Self {
        Self::new(
            operation,
            Kind::Timeout,
            "timed out: the call took longer than it may overall",
        )
    }

    /// Says how often a request was sent.
    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.0.attempts = attempts;
        self
    }

    /// Whether it holds words of the service's own.
    pub(crate) fn has_words(&self) -> bool {
        let inner = &self.0;
        inner.code.is_some() || inner.message.is_some() || inner.request_id.is_some()
    }

    /// Takes secrets out of the service's own words, should they repeat them.
    pub(crate) fn without<S: AsRef<str>>(mut self, secrets: &[S]) -> Self {
        let inner = &mut self.0;
        for id in [&mut inner.code, &mut inner.request_id]
            .into_iter()
            .flatten()
        {
            *id = echo::id_without(id, secrets);
        }
        if let Some(message) = &mut inner.message {
            *message = echo::without(message, secrets);
        }
        self
    }

    /// Adds what the answer itself does not say.
    pub(crate) fn with_note(mut self, note: String) -> Self {
        self.0.note = Some(note);
        self
    }

    /// The same error for another one who waited for the same.
    pub(crate) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// Adds the cause, without the URL, whose query may hold what others should not read.
    pub(crate) fn because(mut self, error: reqwest::Error) -> Self {
        self.0.source = Some(Arc::new(error.without_url()));
        self
    }

    fn root_cause(&self) -> Option<String> {
        let mut cause: &dyn StdError = self.0.source.as_deref()?;
        while let Some(next) = cause.source() {
            cause = next;
        }
        Some(cause.to_string())
    }
}

/// Nothing else of a URL may show.
fn host_and_port(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    let port = url.port().map(|port| format!(":{port}"));
    Some(format!("{host}{}", port.unwrap_or_default()))
}

/// The service's words on one line, so that they can't forge another one in a log.
fn plain(text: &Option<String>) -> Option<String> {
    text.as_ref()
        .map(|text| text.replace(char::is_control, " "))
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        write!(f, "{}: ", inner.operation)?;
        match (inner.kind, inner.status) {
            (Kind::Status, Some(status)) => match (plain(&inner.code), plain(&inner.message)) {
                (Some(code), Some(message)) => write!(f, "{} {code}: {message}", status.as_u16())?,
                (Some(code), None) => write!(f, "{} {code}", status.as_u16())?,
                (None, Some(message)) => write!(f, "{}: {message}", status.as_u16())?,
                (None, None) => write!(f, "{status}")?,
            },
            (_, Some(status)) => write!(f, "{}, but {}", status.as_u16(), inner.reason)?,
            (_, None) => f.write_str(&inner.reason)?,
        }
        if let Some(cause) = self.root_cause() {
            write!(f, ": {cause}")?;
        }
        if let Some(note) = &inner.note {
            write!(f, "; {note}")?;
        }
        if let Some(request_id) = plain(&inner.request_id) {
            write!(f, " (request id {request_id})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        f.debug_struct("Error")
            .field("operation", &inner.operation)
            .field("kind", &inner.kind)
            .field("reason", &inner.reason)
            .field("status", &inner.status)
            .field("code", &inner.code)
            .field("message", &inner.message)
            .field("request_id", &inner.request_id)
            .field("attempts", &inner.attempts)
            .field("note", &inner.note)
            .field("cause", &self.root_cause())
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorBody;

    #[test]
    fn every_shape_of_error_body_is_read() {
        for (body, code, message) in [
            (
                r#"{"error_code":"C","error_msg":"m"}"#,
                Some("C"),
                Some("m"),
            ),
            (
                r#"{"error":{"error_code":"C","error_msg":"m"}}"#,
                Some("C"),
                Some("m"),
            ),
            (
                r#"{"error":{"code":401,"message":"m","title":"t"}}"#,
                Some("401"),
                Some("m"),
            ),
            (r#"{"code":"C","message":"m"}"#, Some("C"), Some("m")),
            (r#"{"errorCode":"C","errorMsg":"m"}"#, Some("C"), Some("m")),
            (r#"["C"]"#, None, None),
            ("<html>", None, None),
            ("", None, None),
        ] {
            let parsed = ErrorBody::read(body.as_bytes());
            assert_eq!(parsed.code.as_deref(), code, "{body}");
            assert_eq!(parsed.message.as_deref(), message, "{body}");
        }
    }
}
