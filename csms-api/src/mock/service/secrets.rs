//! Secrets: their metadata, their creation and their deletion.

use super::answer::{Answer, Outcome, Refusal, found};
use super::call::Call;
use super::check;
use super::page::{limit, page};
use super::random::uuid;
use super::state::{CURRENT, Secret, State};
use super::versions::{self, Draft};
use crate::types;
use crate::types::{
    CreateSecretRequestBody, DeleteSecretForScheduleRequestBody, ErrorInfo, EventType,
    ImportResponse, ImportSecretsRequest, ListSecretResponseBody, SecretResponseBody, SecretState,
    SecretType, UpdateSecretRequestBody,
};

const DAY: i64 = 24 * 60 * 60 * 1000;

pub(super) fn create(state: &mut State, call: &Call<'_>) -> Outcome {
    let secret = add(state, call.body()?, call.now)?;
    found(&SecretResponseBody {
        secret: Some(secret),
    })
}

/// Creates each; the ones that can't be are told.
pub(super) fn import(state: &mut State, call: &Call<'_>) -> Outcome {
    let drafts = call.body::<ImportSecretsRequest>()?.secrets;
    let total = count(drafts.len());
    let mut failures = Vec::new();
    for draft in drafts {
        let name = draft.name.clone();
        if let Err(refusal) = add(state, draft, call.now) {
            failures.push(ErrorInfo {
                name: Some(name),
                error_msg: Some(refusal.message),
            });
        }
    }
    let failed = count(failures.len());
    found(&ImportResponse {
        total: Some(total),
        failed: Some(failed),
        success: Some(total - failed),
        error_list: Some(failures),
    })
}

fn count(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

fn add(
    state: &mut State,
    draft: CreateSecretRequestBody,
    now: i64,
) -> Result<types::Secret, Refusal> {
    let about = metadata(state, &draft, now)?;
    let name = draft.name;
    if state.secrets.contains_key(&name) {
        return Err(name_taken(&name));
    }
    let value = check::value(draft.secret_string, draft.secret_binary)?;
    let mut secret = Secret {
        about,
        versions: Vec::new(),
        stages: Default::default(),
        tags: Default::default(),
    };
    let first = Draft {
        value,
        expire_time: None,
        stages: vec![CURRENT.to_owned()],
    };
    versions::add(&mut secret, first, now);
    let about = secret.about.clone();
    state.secrets.insert(name.clone(), secret);
    state.happened(&name, EventType::SecretVersionCreated, now);
    Ok(about)
}

pub(super) fn name_taken(name: &str) -> Refusal {
    Refusal::value(format!("there is a secret with the name {name} already"))
}

fn metadata(
    state: &State,
    draft: &CreateSecretRequestBody,
    now: i64,
) -> Result<types::Secret, Refusal> {
    check::secret_name(&draft.name)?;
    let kms_key_id = draft.kms_key_id.as_ref().unwrap_or(&state.default_key);
    check::key_id(kms_key_id)?;
    let secret_type = draft.secret_type.clone().unwrap_or(SecretType::Common);
    if matches!(secret_type, SecretType::Unknown(_)) {
        let known = SecretType::VALUES.join(", ");
        return Err(Refusal::value(format!("secret_type is one of {known}")));
    }
    check_rotation_config(&secret_type, draft.rotation_config.as_deref())?;
    check_enterprise_project(draft.enterprise_project_id.as_deref())?;
    check_description(draft.description.as_deref())?;
    let subscriptions = draft.event_subscriptions.clone().unwrap_or_default();
    check_subscriptions(state, &subscriptions)?;
    let mut secret = types::Secret {
        id: Some(uuid()),
        name: Some(draft.name.clone()),
        state: Some(SecretState::Enabled),
        kms_key_id: Some(kms_key_id.clone()),
        description: draft.description.clone(),
        create_time: Some(now),
        update_time: Some(now),
        scheduled_delete_time: None,
        secret_type: Some(secret_type),
        auto_rotation: Some(draft.auto_rotation.unwrap_or_default()),
        rotation_period: draft.rotation_period.clone(),
        rotation_config: draft.rotation_config.clone(),
        rotation_func_urn: draft.rotation_func_urn.clone(),
        rotation_time: None,
        next_rotation_time: None,
        event_subscriptions: Some(subscriptions),
        enterprise_project_id: Some(draft.enterprise_project_id.clone().unwrap_or("0".into())),
    };
    plan_rotation(&mut secret, now)?;
    Ok(secret)
}

fn check_rotation_config(secret_type: &SecretType, config: Option<&str>) -> Result<(), Refusal> {
    check::at_most(1024, "rotation_config", config)?;
    if *secret_type == SecretType::Rds && config.is_none() {
        return Err(Refusal::value(
            "rotation_config is needed for the secret_type RDS",
        ));
    }
    Ok(())
}

fn check_enterprise_project(id: Option<&str>) -> Result<(), Refusal> {
    check::at_most(36, "enterprise_project_id", id)?;
    if id == Some("") {
        return Err(Refusal::value("enterprise_project_id is empty"));
    }
    Ok(())
}

fn check_description(description: Option<&str>) -> Result<(), Refusal> {
    if description.is_some_and(|text| text.len() > 2048) {
        return Err(Refusal::value("a description has at most 2048 bytes"));
    }
    Ok(())
}

fn check_subscriptions(state: &State, events: &[String]) -> Result<(), Refusal> {
    if events.len() > 1 {
        return Err(Refusal::value("a secret subscribes to one event at most"));
    }
    match events.iter().find(|name| !state.events.contains_key(*name)) {
        Some(_) => Err(Refusal::reference(
            "event_subscriptions names an event that is not there",
        )),
        None => Ok(()),
    }
}

/// Checks the period, and sets when the secret is rotated next.
fn plan_rotation(secret: &mut types::Secret, now: i64) -> Result<(), Refusal> {
    let period = secret.rotation_period.as_deref();
    let period = period.map(check::rotation_period).transpose()?;
    let is_automatic = secret.auto_rotation == Some(true);
    if is_automatic && period.is_none() {
        return Err(Refusal::value(
            "rotation_period is needed when auto_rotation is on",
        ));
    }
    secret.next_rotation_time = period
        .filter(|_| is_automatic)
        .map(|period| secret.rotation_time.unwrap_or(now).saturating_add(period));
    Ok(())
}

pub(super) fn list(state: &mut State, call: &Call<'_>) -> Outcome {
    let limit = limit(call)?;
    let marker = call.query("marker");
    marker.map_or(Ok(()), check::secret_name)?;
    let event = call.query("event_name");
    check::at_most(64, "event_name", event)?;
    let secrets = state
        .secrets
        .iter()
        .filter(|(name, _)| marker.is_none_or(|marker| name.as_str() > marker))
        .filter(|(_, secret)| event.is_none_or(|event| secret.subscribes_to(event)))
        .map(|(name, secret)| (name.clone(), secret.about.clone()));
    let (secrets, page_info) = page(secrets, limit);
    found(&ListSecretResponseBody {
        secrets: Some(secrets),
        page_info: Some(page_info),
    })
}

pub(super) fn show(state: &mut State, call: &Call<'_>) -> Outcome {
    answer(state.secret(call.parameter("secret_name"))?)
}

pub(super) fn answer(secret: &Secret) -> Outcome {
    found(&SecretResponseBody {
        secret: Some(secret.about.clone()),
    })
}

pub(super) fn update(state: &mut State, call: &Call<'_>) -> Outcome {
    let name = call.parameter("secret_name");
    let change: UpdateSecretRequestBody = call.body()?;
    if let Some(events) = &change.event_subscriptions {
        check_subscriptions(state, events)?;
    }
    check_description(change.description.as_deref())?;
    change.kms_key_id.as_deref().map_or(Ok(()), check::key_id)?;
    let secret = state.usable_secret(name)?;
    let mut about = secret.about.clone();
    replace(&mut about.kms_key_id, change.kms_key_id);
    replace(&mut about.description, change.description);
    replace(&mut about.auto_rotation, change.auto_rotation);
    replace(&mut about.rotation_period, change.rotation_period);
    replace(&mut about.rotation_func_urn, change.rotation_func_urn);
    replace(&mut about.event_subscriptions, change.event_subscriptions);
    about.update_time = Some(call.now);
    plan_rotation(&mut about, call.now)?;
    secret.about = about;
    answer(secret)
}

pub(super) fn replace<T>(field: &mut Option<T>, change: Option<T>) {
    if change.is_some() {
        *field = change;
    }
}

/// Deletes at once, whether or not a deletion is scheduled.
pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Outcome {
    let name = call.parameter("secret_name");
    state.secret(name)?;
    state.happened(name, EventType::SecretDeleted, call.now);
    state.secrets.remove(name);
    Ok(Answer::empty(hyper::StatusCode::OK))
}

pub(super) fn schedule_deletion(state: &mut State, call: &Call<'_>) -> Outcome {
    let name = call.parameter("secret_name");
    let days = call
        .body::<DeleteSecretForScheduleRequestBody>()?
        .recovery_window_in_days;
    if !(7..=30).contains(&days) {
        return Err(Refusal::value("recovery_window_in_days is 7 to 30"));
    }
    let secret = state.secret(name)?;
    if secret.is_pending() {
        return Err(Refusal::already_scheduled(name));
    }
    secret.about.state = Some(SecretState::PendingDelete);
    secret.about.scheduled_delete_time = Some(call.now.saturating_add(i64::from(days) * DAY));
    answer(secret)
}

pub(super) fn cancel_deletion(state: &mut State, call: &Call<'_>) -> Outcome {
    let name = call.parameter("secret_name");
    let secret = state.secret(name)?;
    if !secret.is_pending() {
        return Err(Refusal::not_scheduled(name));
    }
    secret.about.state = Some(SecretState::Enabled);
    secret.about.scheduled_delete_time = None;
    answer(secret)
}

impl State {
    /// Does what is due by now: deletions, and the notice that versions have expired.
    pub(super) fn settle(&mut self, now: i64) {
        self.note_expiries(now);
        let is_due = |secret: &&Secret| {
            let time = secret.about.scheduled_delete_time;
            time.is_some_and(|time| time <= now)
        };
        let due = self.secrets.values().filter(is_due);
        let due: Vec<_> = due
            .map(|secret| {
                let time = secret.about.scheduled_delete_time;
                (secret.name().to_owned(), time.unwrap_or(now))
            })
            .collect();
        for (name, time) in due {
            self.happened(&name, EventType::SecretDeleted, time);
            self.secrets.remove(&name);
        }
    }
}
