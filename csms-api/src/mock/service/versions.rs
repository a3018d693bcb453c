//! Versions: the values of a secret.

use super::answer::{Outcome, Refusal, found};
use super::call::Call;
use super::check;
use super::page::{limit, page};
use super::stages;
use super::state::{CURRENT, Secret, State, Value, Version};
use crate::types;
use crate::types::{
    BatchGetSecretValueRequestBody, BatchGetSecretValueResponseBody,
    CreateSecretVersionRequestBody, CreateSecretVersionResponseBody, EventType,
    ListSecretVersionsResponseBody, ShowSecretVersionResponseBody,
    UpdateVersionMetadataResponseBody, UpdateVersionRequestBody, VersionMetadata,
};

/// How many versions a secret keeps.
const VERSION_LIMIT: usize = 20;

/// How many values are read at once.
const BATCH_LIMIT: usize = 20;

/// A version to add.
pub(super) struct Draft {
    pub(super) value: Value,
    pub(super) expire_time: Option<i64>,
    pub(super) stages: Vec<String>,
}

/// Adds a version, which makes room for itself, and tells its number.
pub(super) fn add(secret: &mut Secret, draft: Draft, now: i64) -> u32 {
    let last = secret.versions.last().map_or(0, |last| last.number);
    let number = last.saturating_add(1);
    secret.versions.push(Version {
        number,
        create_time: now,
        expire_time: draft.expire_time,
        is_expiry_noted: false,
        kms_key_id: secret.about.kms_key_id.clone(),
        value: draft.value,
    });
    stages::mark_new(secret, number, &draft.stages, now);
    if secret.versions.len() > VERSION_LIMIT {
        remove_oldest_deprecated(secret);
    }
    number
}

/// There is one: stages are fewer than versions.
fn remove_oldest_deprecated(secret: &mut Secret) {
    let stages = &secret.stages;
    let is_deprecated = |version: &Version| stages.values().all(|s| s.version != version.number);
    if let Some(oldest) = secret.versions.iter().position(is_deprecated) {
        secret.versions.remove(oldest);
    }
}

pub(super) fn create(state: &mut State, call: &Call<'_>) -> Outcome {
    let name = call.parameter("secret_name");
    let body: CreateSecretVersionRequestBody = call.body()?;
    check::expire_time(body.expire_time)?;
    let secret = state.usable_secret(name)?;
    let stages = body.version_stages.unwrap_or(vec![CURRENT.to_owned()]);
    stages::check(secret, &stages)?;
    let draft = Draft {
        value: check::value(body.secret_string, body.secret_binary)?,
        expire_time: body.expire_time,
        stages,
    };
    let number = add(secret, draft, call.now);
    let metadata = secret
        .version(number)
        .map(|version| secret.metadata(version));
    state.happened(name, EventType::SecretVersionCreated, call.now);
    found(&CreateSecretVersionResponseBody {
        version_metadata: metadata,
    })
}

pub(super) fn list(state: &mut State, call: &Call<'_>) -> Outcome {
    let limit = limit(call)?;
    let secret = state.secret(call.parameter("secret_name"))?;
    let after = match call.query("marker") {
        Some("latest") => secret.versions.last().map_or(0, |last| last.number),
        Some(marker) => number(marker)
            .ok_or_else(|| Refusal::value("marker is the id of a version, such as v10"))?,
        None => 0,
    };
    let versions = secret.versions.iter().filter(|v| v.number > after);
    let versions = versions.map(|v| (id(v.number), secret.metadata(v)));
    let (versions, page_info) = page(versions, limit);
    found(&ListSecretVersionsResponseBody {
        version_metadatas: Some(versions),
        page_info: Some(page_info),
    })
}

pub(super) fn show(state: &mut State, call: &Call<'_>) -> Outcome {
    let secret = state.usable_secret(call.parameter("secret_name"))?;
    let version = secret.find(call.parameter("version_id"))?;
    found(&ShowSecretVersionResponseBody {
        version: Some(secret.revealed(version)),
    })
}

/// Sets when a version expires.
pub(super) fn update(state: &mut State, call: &Call<'_>) -> Outcome {
    let UpdateVersionRequestBody { expire_time } = call.body()?;
    check::expire_time(Some(expire_time))?;
    let secret = state.usable_secret(call.parameter("secret_name"))?;
    let number = secret.find(call.parameter("version_id"))?.number;
    for version in &mut secret.versions {
        if version.number == number {
            version.expire_time = Some(expire_time);
            version.is_expiry_noted = false;
        }
    }
    found(&UpdateVersionMetadataResponseBody {
        version_metadata: secret
            .version(number)
            .map(|version| secret.metadata(version)),
    })
}

/// The current values; a secret that has none to read is left out.
pub(super) fn batch(state: &mut State, call: &Call<'_>) -> Outcome {
    let body: BatchGetSecretValueRequestBody = call.body()?;
    let names = body.secret_name_list.unwrap_or_default();
    if names.len() > BATCH_LIMIT {
        return Err(Refusal::value("secret_name_list has at most 20 names"));
    }
    let secrets = names.iter().filter_map(|name| state.secrets.get(name));
    let versions: Vec<_> = secrets
        .filter(|secret| !secret.is_pending())
        .filter_map(|secret| {
            let current = secret.stages.get(CURRENT)?.version;
            Some(secret.revealed(secret.version(current)?))
        })
        .collect();
    found(&BatchGetSecretValueResponseBody {
        total_count: i32::try_from(versions.len()).ok(),
        versions: Some(versions),
    })
}

pub(super) fn id(number: u32) -> String {
    format!("v{number}")
}

/// The number in an id such as `v3`, which has one form only: `v03` is none.
pub(super) fn number(text: &str) -> Option<u32> {
    let number = text.strip_prefix('v')?.parse().ok()?;
    (number > 0 && id(number) == text).then_some(number)
}

impl Secret {
    pub(super) fn version(&self, number: u32) -> Option<&Version> {
        self.versions.iter().find(|v| v.number == number)
    }

    /// A version by its id, or the newest by `latest`.
    fn find(&self, id: &str) -> Result<&Version, Refusal> {
        let version = match id {
            "latest" => self.versions.last(),
            id => number(id).and_then(|number| self.version(number)),
        };
        version.ok_or_else(|| {
            let name = self.name();
            Refusal::not_found(format!("the secret {name} has no version {id}"))
        })
    }

    pub(super) fn metadata(&self, version: &Version) -> VersionMetadata {
        let stages = self.stages.iter();
        let stages = stages.filter(|(_, stage)| stage.version == version.number);
        VersionMetadata {
            id: Some(id(version.number)),
            create_time: Some(version.create_time),
            expire_time: version.expire_time,
            kms_key_id: version.kms_key_id.clone(),
            secret_name: self.about.name.clone(),
            version_stages: Some(stages.map(|(name, _)| name.clone()).collect()),
        }
    }

    fn revealed(&self, version: &Version) -> types::Version {
        let (text, bytes) = match version.value.clone() {
            Value::Text(text) => (Some(text), None),
            Value::Bytes(bytes) => (None, Some(bytes)),
        };
        types::Version {
            version_metadata: Some(self.metadata(version)),
            secret_string: text,
            secret_binary: bytes,
        }
    }
}
