//! Answers, and the forms that errors have.

use hyper::StatusCode;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::json;

/// The longest message that the documentation has.
const MESSAGE_LIMIT: usize = 512;

/// What is sent.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    /// JSON, if there is a body.
    pub(super) body: Option<Vec<u8>>,
}

impl Answer {
    pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: serde_json::to_vec(body).ok(),
        }
    }

    pub(super) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: None,
        }
    }

    pub(super) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

/// What an operation comes to.
pub(super) type Outcome = Result<Answer, Refusal>;

/// An answer of 200 with a body.
pub(super) fn found(body: &impl Serialize) -> Outcome {
    Ok(Answer::json(StatusCode::OK, body))
}

/// An answer of 204.
pub(super) fn done() -> Outcome {
    Ok(Answer::empty(StatusCode::NO_CONTENT))
}

/// How an error is written.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// Code and message at the top level.
    Flat,
    /// Code and message in the field `error`.
    Nested,
    /// As the gateway before the service writes it, with the id of the request.
    Gateway,
    /// As IAM writes it.
    Iam,
}

/// Why a request is not granted. The message never holds what may be secret.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl Refusal {
    fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code,
            message: message.into(),
        }
    }

    /// A value is not as documented, or there are too many.
    pub(super) fn value(message: impl Into<String>) -> Self {
        Self::bad("CSMS.0002", message)
    }

    /// The request makes no sense as things are.
    pub(super) fn impossible(message: impl Into<String>) -> Self {
        Self::bad("CSMS.0003", message)
    }

    /// The body can't be read.
    pub(super) fn body(message: impl Into<String>) -> Self {
        Self::bad("CSMS.0004", message)
    }

    /// The body names what is not there.
    pub(super) fn reference(message: impl Into<String>) -> Self {
        Self::bad("CSMS.0005", message)
    }

    pub(super) fn pending(name: &str) -> Self {
        Self::bad(
            "CSMS.0103",
            format!("the deletion of the secret {name} is scheduled; it can't be used"),
        )
    }

    pub(super) fn built_in(stage: &str) -> Self {
        Self::bad(
            "CSMS.0105",
            format!("the stage {stage} is built in and can't be deleted"),
        )
    }

    pub(super) fn already_scheduled(name: &str) -> Self {
        Self::bad(
            "CSMS.0107",
            format!("the deletion of the secret {name} is scheduled already"),
        )
    }

    pub(super) fn not_scheduled(name: &str) -> Self {
        Self::bad(
            "CSMS.0108",
            format!("no deletion of the secret {name} is scheduled"),
        )
    }

    pub(super) fn no_secret(name: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "CSMS.0101",
            message: format!("there is no secret {name}"),
        }
    }

    pub(super) fn not_found(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            code: "CSMS.0005",
            message: message.into(),
        }
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: "APIGW.0301",
            message: format!(
                "Incorrect IAM authentication information: {}",
                message.into()
            ),
        }
    }

    pub(super) fn answer(&self, form: Form, request_id: &str) -> Answer {
        let code = self.code;
        let message: String = self.message.chars().take(MESSAGE_LIMIT).collect();
        let body = match form {
            Form::Flat => json!({ "error_code": code, "error_msg": message }),
            Form::Nested => json!({ "error": { "error_code": code, "error_msg": message } }),
            Form::Gateway => {
                json!({ "error_code": code, "error_msg": message, "request_id": request_id })
            }
            Form::Iam => json!({ "error": {
                "code": self.status.as_u16(),
                "message": message,
                "title": self.status.canonical_reason().unwrap_or_default(),
            } }),
        };
        Answer::json(self.status, &body)
    }
}
