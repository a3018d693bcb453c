//! Who may send requests.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use hyper::header::{AUTHORIZATION, HOST};
use sha2::{Digest, Sha256};

use super::Shared;
use super::answer::Refusal;
use super::gateway::Received;
use crate::secret::SecretText;
use crate::signer::{ALGORITHM, Message, hex, signature, signed_headers};
use crate::time::parse_sdk_date;

const AUTH_TOKEN: &str = "x-auth-token";
const SDK_DATE: &str = "x-sdk-date";
const SECURITY_TOKEN: &str = "x-security-token";

/// How far the date of a signature may be off.
const TOLERANCE: Duration = Duration::from_secs(15 * 60);

/// What is accepted.
#[derive(Debug, Clone)]
pub(super) struct Account {
    pub(super) token: SecretText,
    pub(super) access_key: AccessKey,
    pub(super) project_id: String,
    pub(super) user: String,
    pub(super) password: SecretText,
    pub(super) domain: String,
}

#[derive(Debug, Clone)]
pub(super) struct AccessKey {
    pub(super) id: String,
    pub(super) secret_key: SecretText,
    /// Of a temporary key.
    pub(super) security_token: Option<SecretText>,
}

/// Refuses whoever is not signed in.
pub(super) fn check(shared: &Shared, request: &Received, now: SystemTime) -> Result<(), Refusal> {
    if let Some(token) = request.header(AUTH_TOKEN) {
        return check_token(shared, token, now);
    }
    match request.header(AUTHORIZATION.as_str()) {
        Some(authorization) => {
            check_signature(&shared.account.access_key, request, authorization, now)
                .map_err(Refusal::unauthorized)
        }
        None => Err(Refusal::unauthorized(
            "neither X-Auth-Token nor a signature in Authorization",
        )),
    }
}

fn check_token(shared: &Shared, token: &str, now: SystemTime) -> Result<(), Refusal> {
    let is_issued = || {
        let state = shared.state();
        state.tokens.get(token).is_some_and(|end| *end > now)
    };
    if token == shared.account.token.expose() || is_issued() {
        return Ok(());
    }
    Err(Refusal::unauthorized("the token is not valid"))
}

/// Makes the signature again from what has arrived.
fn check_signature(
    key: &AccessKey,
    request: &Received,
    authorization: &str,
    now: SystemTime,
) -> Result<(), &'static str> {
    let claim = Claim::parse(authorization).ok_or("Authorization has another form")?;
    let date = request.header(SDK_DATE).ok_or("X-Sdk-Date is missing")?;
    let signed_at = parse_sdk_date(date).ok_or("X-Sdk-Date has another form")?;
    let distance = now
        .duration_since(signed_at)
        .unwrap_or_else(|ahead| ahead.duration());
    if distance > TOLERANCE {
        return Err("the signature expired: its date is over 15 minutes off");
    }
    if claim.access_key != key.id {
        return Err("there is no such access key");
    }
    let security_token = request.header(SECURITY_TOKEN);
    if security_token != key.security_token.as_ref().map(SecretText::expose) {
        return Err("the security token is not that of the access key");
    }
    let must_be_signed = [SDK_DATE, HOST.as_str()];
    let names = claim.signed_headers;
    if !must_be_signed.iter().all(|name| names.contains(name)) {
        return Err("Host and X-Sdk-Date must be signed");
    }
    let message = Message {
        method: request.method.as_str(),
        path: &request.path,
        query: request.query.as_deref(),
        headers: signed_headers(&request.headers, |name| names.contains(&name.as_str())),
    };
    let body_hash = hex(&Sha256::digest(&request.body));
    let expected = signature(&message, &body_hash, date, &key.secret_key);
    if expected.as_deref() != Ok(claim.signature) {
        return Err("verify aksk signature fail");
    }
    Ok(())
}

/// What the header `Authorization` says.
struct Claim<'a> {
    access_key: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn parse(authorization: &'a str) -> Option<Self> {
        let fields = authorization.strip_prefix(ALGORITHM)?.split(',');
        let fields: BTreeMap<_, _> = fields
            .filter_map(|field| field.trim().split_once('='))
            .collect();
        Some(Self {
            access_key: fields.get("Access")?,
            signed_headers: fields.get("SignedHeaders")?.split(';').collect(),
            signature: fields.get("Signature")?,
        })
    }
}
