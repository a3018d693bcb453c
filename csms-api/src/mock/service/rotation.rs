//! Rotation when it is asked for, and its tasks.

use serde_json::Value as Json;

use super::answer::{Outcome, Refusal, found};
use super::call::Call;
use super::check;
use super::page;
use super::passwords;
use super::random::uuid;
use super::state::{CURRENT, Secret, State, Value};
use super::versions::{self, Draft};
use crate::secret::SecretText;
use crate::types::{
    EventType, ListSecretTaskResponseBody, SecretTask, SecretType, TaskStatus,
    VersionRotateResponse,
};

pub(super) fn rotate(state: &mut State, call: &Call<'_>) -> Outcome {
    let name = call.parameter("secret_name");
    let secret = state.usable_secret(name)?;
    if secret.about.secret_type == Some(SecretType::Common) {
        return Err(Refusal::impossible(
            "a secret of the type COMMON can't be rotated",
        ));
    }
    let draft = Draft {
        value: rotated(secret),
        expire_time: None,
        stages: vec![CURRENT.to_owned()],
    };
    let number = versions::add(secret, draft, call.now);
    let about = &mut secret.about;
    about.rotation_time = Some(call.now);
    let period = about.rotation_period.as_deref().map(check::rotation_period);
    if let (Some(Ok(period)), Some(_)) = (period, about.next_rotation_time) {
        about.next_rotation_time = Some(call.now.saturating_add(period));
    }
    let task = SecretTask {
        attempt_nums: Some(1),
        operate_type: None,
        rotation_func_urn: about.rotation_func_urn.clone(),
        secret_name: about.name.clone(),
        task_error_code: None,
        task_error_msg: None,
        task_id: Some(uuid()),
        task_status: Some(TaskStatus::Success),
        task_time: Some(call.now),
    };
    let task_id = task.task_id.clone();
    state.tasks.push(task);
    for kind in [EventType::SecretVersionCreated, EventType::SecretRotated] {
        state.happened(name, kind, call.now);
    }
    found(&VersionRotateResponse {
        version_id: Some(versions::id(number)),
        secret_name: Some(name.to_owned()),
        rotation_task_id: task_id,
    })
}

/// The newest value with new passwords for its users, or random text.
fn rotated(secret: &Secret) -> Value {
    let newest = secret.versions.last().map(|version| &version.value);
    let Some(Value::Text(text)) = newest else {
        return Value::Text(passwords::random());
    };
    let mut json: Json = serde_json::from_str(text.expose()).unwrap_or_default();
    let users = json.get_mut("users").and_then(Json::as_array_mut);
    let Some(users) = users else {
        return Value::Text(passwords::random());
    };
    for user in users.iter_mut().filter_map(Json::as_object_mut) {
        let password = passwords::random().expose().to_owned();
        user.insert("password".to_owned(), Json::String(password));
    }
    Value::Text(SecretText::from(json.to_string()))
}

pub(super) fn tasks(state: &mut State, call: &Call<'_>) -> Outcome {
    let limit = page::limit(call)?;
    let (id, secret) = (call.query("task_id"), call.query("secret_name"));
    let (status, marker) = (call.query("status"), call.query("marker"));
    if id.is_some() && (secret.is_some() || status.is_some()) {
        return Err(Refusal::value(
            "task_id can't be combined with another filter",
        ));
    }
    if status.is_some_and(|status| !TaskStatus::VALUES.contains(&status)) {
        return Err(Refusal::value("status is SUCCESS or FAILED"));
    }
    let is_wanted = |task: &&SecretTask| {
        let matches = |wanted: Option<&str>, given: Option<&str>| {
            wanted.is_none_or(|wanted| given == Some(wanted))
        };
        matches(id, task.task_id.as_deref())
            && matches(secret, task.secret_name.as_deref())
            && matches(status, task.task_status.as_ref().map(TaskStatus::as_str))
    };
    let tasks: Vec<_> = state.tasks.iter().rev().filter(is_wanted).collect();
    let total = i32::try_from(tasks.len()).ok();
    let marked = |task: &&SecretTask| task.task_id.as_deref() == marker;
    let start = match marker {
        Some(_) => tasks.iter().position(marked).map(|position| position + 1),
        None => Some(0),
    };
    let start = start.ok_or_else(|| Refusal::value("marker is the id of no such task"))?;
    let rest = tasks.into_iter().skip(start);
    let rest = rest.map(|task| (task.task_id.clone().unwrap_or_default(), task.clone()));
    let (tasks, info) = page::page(rest, limit);
    found(&ListSecretTaskResponseBody {
        next_marker: info.next_marker,
        tasks: Some(tasks),
        total,
    })
}
