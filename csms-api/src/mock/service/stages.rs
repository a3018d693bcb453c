//! Stages: labels, each of which marks one version.

use super::answer::{Outcome, Refusal, done, found};
use super::call::Call;
use super::check::plain_name;
use super::state::{CURRENT, PREVIOUS, Secret, Stage, State};
use super::versions;
use crate::types;
use crate::types::{SecretStageResponseBody, UpdateSecretStageRequestBody};

/// How many stages a secret has, those that are built in included.
const STAGE_LIMIT: usize = 12;

/// Whether a new version of the secret may have these stages.
pub(super) fn check(secret: &Secret, stages: &[String]) -> Result<(), Refusal> {
    if !(1..=STAGE_LIMIT).contains(&stages.len()) {
        return Err(Refusal::value("version_stages has 1 to 12 stages"));
    }
    for (at, stage) in stages.iter().enumerate() {
        plain_name("a stage", stage)?;
        if stages.iter().take(at).any(|earlier| earlier == stage) {
            return Err(Refusal::value("version_stages has a stage twice"));
        }
    }
    let moved = |stage: &str| stages.iter().any(|given| given == stage);
    let gets_previous = moved(CURRENT) && secret.stages.contains_key(CURRENT);
    let mut all: Vec<_> = secret.stages.keys().chain(stages).collect();
    let previous = PREVIOUS.to_owned();
    all.extend(gets_previous.then_some(&previous));
    all.sort_unstable();
    all.dedup();
    check_count(all.len())
}

fn check_count(stages: usize) -> Result<(), Refusal> {
    if stages > STAGE_LIMIT {
        return Err(Refusal::value("a secret has at most 12 stages"));
    }
    Ok(())
}

/// Gives a new version its stages. When that takes `SYSCURRENT` from another version, that one
/// gets `SYSPREVIOUS`.
pub(super) fn mark_new(secret: &mut Secret, version: u32, stages: &[String], now: i64) {
    let is_given = |stage: &str| stages.iter().any(|given| given == stage);
    let former = secret.stages.get(CURRENT).map(|stage| stage.version);
    if let Some(former) = former.filter(|_| is_given(CURRENT) && !is_given(PREVIOUS)) {
        mark(secret, PREVIOUS, former, now);
    }
    for stage in stages {
        mark(secret, stage, version, now);
    }
}

fn mark(secret: &mut Secret, stage: &str, version: u32, now: i64) {
    let moved = Stage {
        version,
        update_time: now,
    };
    secret.stages.insert(stage.to_owned(), moved);
}

pub(super) fn show(state: &mut State, call: &Call<'_>) -> Outcome {
    let secret = state.secret(call.parameter("secret_name"))?;
    answer(secret, call.parameter("stage_name"))
}

/// Moves one stage, or makes it.
pub(super) fn update(state: &mut State, call: &Call<'_>) -> Outcome {
    let stage = call.parameter("stage_name");
    plain_name("a stage", stage)?;
    let UpdateSecretStageRequestBody { version_id } = call.body()?;
    let secret = state.usable_secret(call.parameter("secret_name"))?;
    let version = versions::number(&version_id)
        .filter(|number| secret.version(*number).is_some())
        .ok_or_else(|| Refusal::reference("version_id is that of no version of the secret"))?;
    let is_new = !secret.stages.contains_key(stage);
    check_count(secret.stages.len() + usize::from(is_new))?;
    mark(secret, stage, version, call.now);
    answer(secret, stage)
}

pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Outcome {
    let stage = call.parameter("stage_name");
    plain_name("a stage", stage)?;
    let secret = state.usable_secret(call.parameter("secret_name"))?;
    if [CURRENT, PREVIOUS].contains(&stage) {
        return Err(Refusal::built_in(stage));
    }
    match secret.stages.remove(stage) {
        Some(_) => done(),
        None => Err(not_found(secret, stage)),
    }
}

fn answer(secret: &Secret, name: &str) -> Outcome {
    plain_name("a stage", name)?;
    let stage = secret
        .stages
        .get(name)
        .ok_or_else(|| not_found(secret, name))?;
    found(&SecretStageResponseBody {
        stage: Some(types::Stage {
            name: Some(name.to_owned()),
            update_time: Some(stage.update_time),
            secret_name: secret.about.name.clone(),
            version_id: Some(versions::id(stage.version)),
        }),
    })
}

fn not_found(secret: &Secret, stage: &str) -> Refusal {
    let name = secret.name();
    Refusal::not_found(format!("the secret {name} has no stage {stage}"))
}
