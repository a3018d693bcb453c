//! Of IAM, what signing in needs: a token for a password, and the project by its name.

use std::time::{Duration, SystemTime};

use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::Shared;
use super::answer::{Answer, Outcome, Refusal, found};
use super::call::{parse, query_pairs};
use super::gateway::Received;
use super::random::uuid;
use crate::secret::SecretText;
use crate::time::iso8601;

const X_SUBJECT_TOKEN: HeaderName = HeaderName::from_static("x-subject-token");
const TOKEN_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Deserialize)]
struct TokenRequest {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    identity: Identity,
    scope: Option<Scope>,
}

#[derive(Deserialize)]
struct Identity {
    password: Password,
}

#[derive(Deserialize)]
struct Password {
    user: User,
}

#[derive(Deserialize)]
struct User {
    name: String,
    password: SecretText,
    domain: Domain,
}

#[derive(Deserialize)]
struct Domain {
    name: String,
}

#[derive(Deserialize)]
struct Scope {
    project: Option<Project>,
}

#[derive(Deserialize)]
struct Project {
    id: Option<String>,
    name: Option<String>,
}

/// Whether this is the one request that needs no signing in.
pub(super) fn is_sign_in(request: &Received) -> bool {
    request.method == Method::POST && request.path == "/v3/auth/tokens"
}

pub(super) fn is_project_look_up(request: &Received) -> bool {
    request.method == Method::GET && request.path == "/v3/projects"
}

/// A token for the user.
pub(super) fn sign_in(shared: &Shared, request: &Received, now: SystemTime) -> Outcome {
    let account = &shared.account;
    let Auth { identity, scope } = parse::<TokenRequest>(&request.body)?.auth;
    let user = identity.password.user;
    let is_the_user = user.name == account.user
        && user.password == account.password
        && user.domain.name == account.domain;
    let project = scope.and_then(|scope| scope.project);
    let (id, name) = project.map_or((None, None), |project| (project.id, project.name));
    if !is_the_user || id.is_some_and(|id| id != account.project_id) {
        return Err(unauthorized());
    }
    let token = uuid();
    let end = now.checked_add(TOKEN_LIFE).unwrap_or(now);
    let header = HeaderValue::from_str(&token).map_err(|_| unauthorized())?;
    shared.state().tokens.insert(token, end);
    let body = json!({ "token": {
        "expires_at": iso8601(end),
        "issued_at": iso8601(now),
        "methods": ["password"],
        "project": { "id": account.project_id, "name": name },
        "user": { "name": account.user, "domain": { "name": account.domain } },
    } });
    Ok(Answer::json(StatusCode::CREATED, &body).with_header(X_SUBJECT_TOKEN, header))
}

/// The one project, under the name that is asked for.
pub(super) fn projects(shared: &Shared, request: &Received) -> Outcome {
    let pairs = query_pairs(request.query.as_deref());
    let name = pairs.iter().find(|(name, _)| name == "name");
    let name = name.map_or("mock", |(_, value)| value.as_str());
    found(&json!({ "projects": [{
        "id": shared.account.project_id,
        "name": name,
        "enabled": true,
    }] }))
}

fn unauthorized() -> Refusal {
    Refusal {
        status: StatusCode::UNAUTHORIZED,
        code: "IAM.0001",
        message: "The username or password is wrong, or the project is another.".to_owned(),
    }
}
