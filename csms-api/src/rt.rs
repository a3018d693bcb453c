//! What the generated code calls: path segments, the exchange with the service, decoding.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::HeaderMap;
use reqwest::{Request, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::Client;
use crate::error::{Error, ErrorBody};
use crate::operation::Operation;
use crate::response::{ResponseValue, request_id};

/// As much of an error answer as is read; nothing that the service sends is longer.
const ERROR_BODY_LIMIT: usize = 64 * 1024;

/// As much as is reserved ahead because `Content-Length` says so.
const RESERVE_LIMIT: u64 = 64 * 1024 * 1024;

/// Everything but the unreserved characters of RFC 3986.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

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
    Ok(utf8_percent_encode(&value, SEGMENT).to_string())
}

/// A whole successful answer, not decoded yet.
#[derive(Debug)]
pub(crate) struct Answer {
    operation: &'static Operation,
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Sends the request and reads the answer; anything but 2xx is an error.
pub(crate) async fn execute(
    client: &Client,
    mut request: Request,
    operation: &'static Operation,
) -> Result<Answer, Error> {
    client
        .credentials()
        .apply(&mut request)
        .map_err(|reason| Error::usage(operation.id, reason))?;
    let response =
        client
            .http()
            .execute(request)
            .await
            .map_err(|error| match error.is_builder() {
                true => unbuildable(operation, error),
                false => Error::transport(operation.id, "the connection broke", error),
            })?;
    let status = response.status();
    if !status.is_success() {
        return Err(error_answer(operation, response).await);
    }
    let headers = response.headers().clone();
    let body = read(response).await.map_err(|error| {
        Error::transport(operation.id, "the answer was cut off", error)
            .with_answer(status, request_id(&headers))
    })?;
    Ok(Answer {
        operation,
        status,
        headers,
        body,
    })
}

async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let length = response
        .content_length()
        .unwrap_or_default()
        .min(RESERVE_LIMIT);
    let mut body = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
    }
    body.shrink_to_fit();
    Ok(body)
}

async fn error_answer(operation: &Operation, mut response: Response) -> Error {
    let status = response.status();
    let from_header = request_id(response.headers()).map(str::to_owned);
    let mut body = Vec::new();
    // A body that breaks off is an answer all the same: the status says more than the break.
    while let Ok(Some(chunk)) = response.chunk().await {
        body.extend_from_slice(&chunk);
        if body.len() > ERROR_BODY_LIMIT {
            body.truncate(ERROR_BODY_LIMIT);
            break;
        }
    }
    let mut parsed = error_body(&body);
    parsed.request_id = from_header.or(parsed.request_id);
    Error::answer(operation.id, status, parsed)
}

/// Reads the shapes of error bodies that the service, its gateway and IAM send.
fn error_body(body: &[u8]) -> ErrorBody {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let nested = value.get("error").filter(|error| error.is_object());
    let objects = || nested.into_iter().chain([&value]);
    let first = |names: &[&str]| {
        objects().find_map(|object| names.iter().find_map(|name| text(object.get(name)?)))
    };
    ErrorBody {
        code: first(&["error_code", "errorCode", "code"]),
        message: first(&["error_msg", "errorMsg", "message"]),
        request_id: first(&["request_id", "requestId"]),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl Answer {
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
        Error::decode(
            self.operation.id,
            self.status,
            request_id(&self.headers),
            reason,
        )
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

#[cfg(test)]
mod tests {
    use super::error_body;

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
            let parsed = error_body(body.as_bytes());
            assert_eq!(parsed.code.as_deref(), code, "{body}");
            assert_eq!(parsed.message.as_deref(), message, "{body}");
        }
    }
}
