//! How a call proves who makes it.

use std::fmt;

use reqwest::Request;
use reqwest::header::{HeaderName, HeaderValue};

use crate::secret::SecretText;

const AUTH_TOKEN: HeaderName = HeaderName::from_static("x-auth-token");

/// What a [`Client`](crate::Client) signs in with. It never shows what it holds.
#[derive(Clone)]
pub struct Credentials(Kind);

#[derive(Clone)]
enum Kind {
    Token(SecretText),
}

impl Credentials {
    /// A token of the identity service IAM, sent as `X-Auth-Token`. Tokens live 24 hours.
    pub fn token(token: impl Into<SecretText>) -> Self {
        Self(Kind::Token(token.into()))
    }

    /// Whether the credentials can be sent at all; the reason names no value.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        match &self.0 {
            Kind::Token(token) if token.expose().is_empty() => Err("the token is empty"),
            Kind::Token(token) => match HeaderValue::from_str(token.expose()) {
                Ok(_) => Ok(()),
                Err(_) => Err(
                    "the token has characters that no HTTP header may have, such as a \
                               line break at its end",
                ),
            },
        }
    }

    /// Adds to the request what proves who makes it.
    pub(crate) fn apply(&self, request: &mut Request) -> Result<(), &'static str> {
        self.check()?;
        match &self.0 {
            Kind::Token(token) => {
                if let Ok(mut value) = HeaderValue::from_str(token.expose()) {
                    value.set_sensitive(true);
                    request.headers_mut().insert(AUTH_TOKEN, value);
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.0 {
            Kind::Token(_) => "token",
        };
        write!(f, "Credentials({kind}, <redacted>)")
    }
}
