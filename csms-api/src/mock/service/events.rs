//! Events, and the records of what they have notified of.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::json;

use super::answer::{Outcome, Refusal, done, found};
use super::call::Call;
use super::check::plain_name;
use super::page::{limit, page};
use super::random::uuid;
use super::secrets::replace;
use super::state::{Secret, State};
use crate::time::iso8601;
use crate::types::{
    CreateSecretEventRequestBody, Event, EventState, EventType, ListEventNotifyRecordsResponseBody,
    ListEventResponseBody, Notification, NotificationRequest, NotificationStatus,
    NotificationTargetType, Record, SecretEventResponseBody, UpdateSecretEventRequestBody,
};

/// How many records are kept, and how many are told.
const RECORD_LIMIT: usize = 1000;

/// How long records are kept.
const THREE_MONTHS: i64 = 90 * 24 * 60 * 60 * 1000;

pub(super) fn create(state: &mut State, call: &Call<'_>) -> Outcome {
    let body: CreateSecretEventRequestBody = call.body()?;
    plain_name("an event", &body.name)?;
    check_types(&body.event_types)?;
    check_state(&body.state)?;
    let notification = notification(body.notification)?;
    if state.events.contains_key(&body.name) {
        let name = body.name;
        let message = format!("there is an event with the name {name} already");
        return Err(Refusal::value(message));
    }
    let event = Event {
        name: Some(body.name.clone()),
        event_id: Some(uuid()),
        event_types: Some(body.event_types),
        state: Some(body.state),
        create_time: Some(call.now),
        update_time: Some(call.now),
        notification: Some(notification),
    };
    state.events.insert(body.name, event.clone());
    answer(event)
}

fn answer(event: Event) -> Outcome {
    found(&SecretEventResponseBody { event: Some(event) })
}

fn check_types(types: &[EventType]) -> Result<(), Refusal> {
    let known = EventType::VALUES;
    let is_repeated = |(at, kind)| types.iter().take(at).any(|earlier| earlier == kind);
    if types.is_empty() || types.iter().enumerate().any(is_repeated) {
        return Err(Refusal::value("event_types has 1 to 12 types, none twice"));
    }
    if types.iter().any(|t| matches!(t, EventType::Unknown(_))) {
        let known = known.join(", ");
        return Err(Refusal::value(format!("event_types are of {known}")));
    }
    Ok(())
}

fn check_state(state: &EventState) -> Result<(), Refusal> {
    match state {
        EventState::Unknown(_) => Err(Refusal::value("state is ENABLED or DISABLED")),
        _ => Ok(()),
    }
}

fn notification(target: NotificationRequest) -> Result<Notification, Refusal> {
    if target.target_type != NotificationTargetType::Smn {
        return Err(Refusal::value("target_type is SMN"));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    let id = &target.target_id;
    if !(1..=256).contains(&id.len()) || !id.chars().all(fits) {
        return Err(Refusal::value(
            "target_id has 1 to 256 letters, digits or `-._:`",
        ));
    }
    plain_name("a topic", &target.target_name)?;
    Ok(Notification {
        target_type: Some(target.target_type),
        target_id: Some(target.target_id),
        target_name: Some(target.target_name),
    })
}

pub(super) fn list(state: &mut State, call: &Call<'_>) -> Outcome {
    let limit = limit(call)?;
    let marker = call.query("marker");
    marker.map_or(Ok(()), |marker| plain_name("an event", marker))?;
    let events = state
        .events
        .iter()
        .filter(|(name, _)| marker.is_none_or(|marker| name.as_str() > marker))
        .map(|(name, event)| (name.clone(), event.clone()));
    let (events, page_info) = page(events, limit);
    found(&ListEventResponseBody {
        events: Some(events),
        page_info: Some(page_info),
    })
}

pub(super) fn show(state: &mut State, call: &Call<'_>) -> Outcome {
    answer(event(state, call.parameter("event_name"))?.clone())
}

fn event<'a>(state: &'a mut State, name: &str) -> Result<&'a mut Event, Refusal> {
    plain_name("an event", name)?;
    state
        .events
        .get_mut(name)
        .ok_or_else(|| Refusal::not_found(format!("there is no event {name}")))
}

pub(super) fn update(state: &mut State, call: &Call<'_>) -> Outcome {
    let body: UpdateSecretEventRequestBody = call.body()?;
    let event = event(state, call.parameter("event_name"))?;
    body.event_types.as_deref().map_or(Ok(()), check_types)?;
    body.state.as_ref().map_or(Ok(()), check_state)?;
    let target = body.notification.map(notification).transpose()?;
    replace(&mut event.state, body.state);
    replace(&mut event.event_types, body.event_types);
    replace(&mut event.notification, target);
    event.update_time = Some(call.now);
    answer(event.clone())
}

pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Outcome {
    let name = call.parameter("event_name");
    event(state, name)?;
    if state.secrets.values().any(|s| s.subscribes_to(name)) {
        let message = format!("secrets subscribe to the event {name}");
        return Err(Refusal::impossible(message));
    }
    state.events.remove(name);
    done()
}

/// What was notified of, the newest first.
pub(super) fn records(state: &mut State, call: &Call<'_>) -> Outcome {
    let is_kept = |record: &&Record| {
        let time = record.create_time.unwrap_or_default();
        time >= call.now.saturating_sub(THREE_MONTHS)
    };
    let records = state.records.iter().rev().filter(is_kept);
    let records: Vec<_> = records.take(RECORD_LIMIT).cloned().collect();
    found(&ListEventNotifyRecordsResponseBody {
        records: Some(records),
        page_info: None,
    })
}

impl Secret {
    pub(super) fn subscribes_to(&self, event: &str) -> bool {
        let events = self.about.event_subscriptions.iter().flatten();
        events.into_iter().any(|name| name == event)
    }
}

impl State {
    /// Records the notifications that the occurrence leads to.
    pub(super) fn happened(&mut self, secret: &str, kind: EventType, time: i64) {
        let Some(secret) = self.secrets.get(secret) else {
            return;
        };
        let is_triggered = |event: &&Event| {
            let name = event.name.as_deref().unwrap_or_default();
            event.state == Some(EventState::Enabled)
                && event.event_types.iter().flatten().any(|t| *t == kind)
                && secret.subscribes_to(name)
        };
        let events = self.events.values().filter(is_triggered);
        let records: Vec<_> = events.map(|e| record(secret, e, &kind, time)).collect();
        self.records.extend(records);
        let excess = self.records.len().saturating_sub(RECORD_LIMIT);
        self.records.drain(..excess);
    }

    /// Notes, once for each, the versions that have expired.
    pub(super) fn note_expiries(&mut self, now: i64) {
        let mut expired = Vec::new();
        for (name, secret) in &mut self.secrets {
            for version in &mut secret.versions {
                let due = version.expire_time.filter(|time| *time <= now);
                if let Some(time) = due.filter(|_| !version.is_expiry_noted) {
                    version.is_expiry_noted = true;
                    expired.push((name.clone(), time));
                }
            }
        }
        for (name, time) in expired {
            self.happened(&name, EventType::SecretVersionExpired, time);
        }
    }
}

fn record(secret: &Secret, event: &Event, kind: &EventType, time: i64) -> Record {
    let target = event.notification.as_ref();
    let about = &secret.about;
    let content = json!({
        "eventName": event.name,
        "eventType": kind,
        "eventTime": date(time),
        "data": {
            "secretId": about.id,
            "secretName": about.name,
            "createTime": about.create_time.map(date),
            "updateTime": about.update_time.map(date),
        },
    });
    Record {
        event_name: event.name.clone(),
        trigger_event_type: Some(kind.clone()),
        create_time: Some(time),
        secret_name: about.name.clone(),
        secret_type: about.secret_type.clone(),
        notification_target_name: target.and_then(|t| t.target_name.clone()),
        notification_target_id: target.and_then(|t| t.target_id.clone()),
        notification_content: Some(content.to_string()),
        notification_status: Some(NotificationStatus::Success),
    }
}

fn date(milliseconds: i64) -> String {
    let since = Duration::from_millis(milliseconds.unsigned_abs());
    UNIX_EPOCH
        .checked_add(since)
        .map(iso8601)
        .unwrap_or_default()
}
