//! What the service holds.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::answer::Refusal;
use super::check;
use super::random::uuid;
use crate::secret::SecretText;
use crate::types;

pub(super) const CURRENT: &str = "SYSCURRENT";
pub(super) const PREVIOUS: &str = "SYSPREVIOUS";

pub(super) struct State {
    /// By name.
    pub(super) secrets: BTreeMap<String, Secret>,
    /// By name.
    pub(super) events: BTreeMap<String, types::Event>,
    /// The oldest first.
    pub(super) records: Vec<types::Record>,
    /// The oldest first.
    pub(super) tasks: Vec<types::SecretTask>,
    pub(super) checks_strength: bool,
    /// The id of the key `csms/default`.
    pub(super) default_key: String,
    /// Tokens that IAM gave, and when they end.
    pub(super) tokens: HashMap<String, SystemTime>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Secret {
    pub(super) about: types::Secret,
    /// The oldest first; never empty.
    pub(super) versions: Vec<Version>,
    pub(super) stages: BTreeMap<String, Stage>,
    pub(super) tags: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) number: u32,
    pub(super) create_time: i64,
    pub(super) expire_time: Option<i64>,
    /// Whether the expiry that is set has been notified.
    pub(super) is_expiry_noted: bool,
    pub(super) kms_key_id: Option<String>,
    pub(super) value: Value,
}

#[derive(Serialize, Deserialize, Clone)]
pub(super) enum Value {
    Text(SecretText),
    /// In base64.
    Bytes(SecretText),
}

#[derive(Serialize, Deserialize)]
pub(super) struct Stage {
    pub(super) version: u32,
    pub(super) update_time: i64,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            secrets: BTreeMap::new(),
            events: BTreeMap::new(),
            records: Vec::new(),
            tasks: Vec::new(),
            checks_strength: false,
            default_key: uuid(),
            tokens: HashMap::new(),
        }
    }

    pub(super) fn secret(&mut self, name: &str) -> Result<&mut Secret, Refusal> {
        check::secret_name(name)?;
        self.secrets
            .get_mut(name)
            .ok_or_else(|| Refusal::no_secret(name))
    }

    /// A secret whose value, versions and stages may be read and changed.
    pub(super) fn usable_secret(&mut self, name: &str) -> Result<&mut Secret, Refusal> {
        let secret = self.secret(name)?;
        if secret.is_pending() {
            return Err(Refusal::pending(name));
        }
        Ok(secret)
    }

    pub(super) fn secret_by_id(&mut self, id: &str) -> Result<&mut Secret, Refusal> {
        if id.chars().count() != 36 {
            return Err(Refusal::value("the id of a secret has 36 characters"));
        }
        self.secrets
            .values_mut()
            .find(|secret| secret.about.id.as_deref() == Some(id))
            .ok_or_else(|| Refusal::no_secret(id))
    }
}

impl Secret {
    pub(super) fn name(&self) -> &str {
        self.about.name.as_deref().unwrap_or_default()
    }

    pub(super) fn is_pending(&self) -> bool {
        self.about.scheduled_delete_time.is_some()
    }
}
