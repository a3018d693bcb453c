//! The way of a request: signing in, the operation, the project, and what comes of it.

use std::sync::{MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use hyper::body::Bytes;
use hyper::header::HeaderMap;
use hyper::{Method, StatusCode};

use super::Shared;
use super::answer::{Answer, Form, Refusal};
use super::call::{Call, query_pairs};
use super::operations::{form, handler};
use super::route::{NoRoute, Route, find};
use super::state::State;
use super::{authenticate, iam};

/// A request as it has arrived.
pub(super) struct Received {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Received {
    /// The header's text, if it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Shared {
    /// What is held, also after a panic elsewhere.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn answer(shared: &Shared, request: &Received, request_id: &str) -> Answer {
    let now = shared.clock.now();
    if iam::is_sign_in(request) {
        return iam::sign_in(shared, request, now)
            .unwrap_or_else(|refusal| refusal.answer(Form::Iam, request_id));
    }
    let route = authenticate::check(shared, request, now).and_then(|()| {
        if iam::is_project_look_up(request) {
            return Ok(None);
        }
        route(request).map(Some)
    });
    match route {
        Err(refusal) => refusal.answer(Form::Gateway, request_id),
        Ok(None) => iam::projects(shared, request)
            .unwrap_or_else(|refusal| refusal.answer(Form::Iam, request_id)),
        Ok(Some(route)) => {
            let form = form(route.operation.id);
            operate(shared, request, route, now)
                .unwrap_or_else(|refusal| refusal.answer(form, request_id))
        }
    }
}

fn route(request: &Received) -> Result<Route, Refusal> {
    find(request.method.as_str(), &request.path).map_err(|none| {
        let (status, message) = match none {
            NoRoute::Path => (
                StatusCode::NOT_FOUND,
                "The API does not exist or has not been published in the environment",
            ),
            NoRoute::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "The API does not exist with this method",
            ),
        };
        Refusal {
            status,
            code: "APIGW.0101",
            message: message.to_owned(),
        }
    })
}

fn operate(
    shared: &Shared,
    request: &Received,
    route: Route,
    now: SystemTime,
) -> Result<Answer, Refusal> {
    let call = Call {
        parameters: route.parameters,
        query: query_pairs(request.query.as_deref()),
        body: &request.body,
        now: milliseconds(now),
    };
    let project = call.parameter("project_id");
    if !project.is_empty() && project != shared.account.project_id {
        return Err(Refusal {
            status: StatusCode::FORBIDDEN,
            code: "KMS.0321",
            message: "the project in the path is not that of the credentials".to_owned(),
        });
    }
    let id = route.operation.id;
    let Some(handler) = handler(id) else {
        return Err(Refusal {
            status: StatusCode::NOT_IMPLEMENTED,
            code: "MOCK.0501",
            message: format!("{id} is not simulated"),
        });
    };
    let mut state = shared.state();
    state.settle(call.now);
    handler(&mut state, &call)
}

fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
