//! Reading answers of IAM and of the metadata service.

use std::error::Error as StdError;
use std::time::Duration;

use reqwest::{Request, Response, StatusCode};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::SourceError;
use crate::echo;
use crate::error::ErrorBody;
use crate::secret::SecretText;

/// How long IAM may take, from connecting to the last byte of its answer.
const TIMEOUT: Duration = Duration::from_secs(30);

/// No answer of IAM is longer; that to a token lists all endpoints of the cloud.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// IAM's own words are cut behind so many characters.
const MESSAGE_LIMIT: usize = 300;

/// A whole answer of IAM.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) subject_token: Option<SecretText>,
    pub(super) body: Zeroizing<Vec<u8>>,
}

/// Sends a request to IAM and reads its answer, whatever the status.
pub(super) async fn exchange(
    http: &reqwest::Client,
    iam: &str,
    mut request: Request,
) -> Result<Answer, SourceError> {
    *request.timeout_mut() = Some(TIMEOUT);
    let response = http.execute(request).await.map_err(|error| {
        SourceError::Unavailable(format!("{iam} does not answer: {}", cause(&error)))
    })?;
    let status = response.status();
    let subject_token = subject_token(&response);
    let body = read_body(response, ANSWER_LIMIT).await.map_err(|unread| {
        unread.explain(|reason| format!("{iam} answered {}: {reason}", status.as_u16()))
    });
    Ok(Answer {
        status,
        subject_token,
        // The status of a refusal says more than the break.
        body: match body {
            Err(_) if !status.is_success() => Zeroizing::default(),
            body => body?,
        },
    })
}

fn subject_token(response: &Response) -> Option<SecretText> {
    let token = response.headers().get("x-subject-token")?.to_str().ok()?;
    (!token.is_empty()).then(|| SecretText::from(token))
}

impl Answer {
    /// The status, with IAM's code and message unless they repeat one of the secrets.
    pub(super) fn refusal(&self, iam: &str, secrets: &[&SecretText]) -> SourceError {
        let status = self.status.as_str();
        let secrets: Vec<&str> = secrets.iter().map(|secret| secret.expose()).collect();
        let is_harmless = |text: &String| echo::without(text, &secrets) == *text;
        let said = ErrorBody::read(&self.body);
        let code = said
            .code
            .filter(is_harmless)
            .filter(|code| code != status)
            .map(|code| format!(" {}", cut(&code)));
        let message = said
            .message
            .filter(is_harmless)
            .map(|message| format!(": {}", cut(&message)));
        let said: String = [code, message].into_iter().flatten().collect();
        let reason = format!("{iam} answered {status}{said}");
        if is_temporary(self.status) {
            SourceError::Unavailable(reason)
        } else {
            SourceError::Invalid(reason)
        }
    }
}

/// Whether the same request may be answered later.
pub(super) fn is_temporary(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
    ) || status.is_server_error()
}

fn cut(text: &str) -> String {
    let text = text.chars().take(MESSAGE_LIMIT);
    text.flat_map(char::escape_debug).collect()
}

/// Decodes a JSON object. The reason never quotes it, nor serde's own message, which would.
pub(super) fn parse_json<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    // A derived struct would also take an array, by position.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err("the answer is not a JSON object".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| {
        let what = if error.is_data() {
            "the answer is not of the documented type"
        } else {
            "the answer is not JSON"
        };
        format!("{what} at line {} column {}", error.line(), error.column())
    })
}

/// Why a body could not be read to its end.
pub(super) enum Unread {
    TooLong(String),
    CutOff(String),
}

impl Unread {
    pub(super) fn explain(self, about: impl FnOnce(String) -> String) -> SourceError {
        match self {
            Self::TooLong(reason) => SourceError::Invalid(about(reason)),
            Self::CutOff(reason) => SourceError::Unavailable(about(reason)),
        }
    }
}

/// The whole body, whose memory is cleared on drop.
pub(super) async fn read_body(
    mut response: Response,
    limit: usize,
) -> Result<Zeroizing<Vec<u8>>, Unread> {
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut body = Zeroizing::new(Vec::with_capacity(limit));
    loop {
        let chunk = response.chunk().await.map_err(|error| {
            Unread::CutOff(format!("the answer was cut off: {}", cause(&error)))
        })?;
        match chunk {
            None => return Ok(body),
            Some(chunk) if chunk.len() <= limit - body.len() => body.extend_from_slice(&chunk),
            Some(_) => {
                let limit = limit / 1024;
                return Err(Unread::TooLong(format!(
                    "the answer is longer than {limit} KiB"
                )));
            }
        }
    }
}

/// What is behind an error of the transport: a name that does not resolve, a refused connection.
pub(super) fn cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "timed out".to_owned();
    }
    let mut cause: &dyn StdError = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
