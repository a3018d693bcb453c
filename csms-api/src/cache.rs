//! Secrets that are read all the time.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::client::Client;
use crate::convenience::SecretValue;
use crate::error::Error;

const TIME_TO_LIVE: Duration = Duration::from_secs(60);
const MAX_ENTRIES: usize = 100;

/// Keeps the latest values of secrets for a while, in front of
/// [`Client::get_secret_value`].
///
/// However many tasks ask for a secret at once, it is fetched once, and they all get the same
/// value or error. Cloning is cheap, clones share their entries.
#[derive(Clone)]
pub struct SecretCache {
    client: Client,
    time_to_live: Duration,
    max_entries: usize,
    stale_on_failure: bool,
    entries: Arc<Mutex<HashMap<String, Entry>>>,
}

#[derive(Clone)]
struct Entry {
    used: Instant,
    slot: Arc<tokio::sync::Mutex<Slot>>,
}

/// What is known of one secret. Its lock is held while it is fetched.
#[derive(Default)]
struct Slot {
    value: Option<(Instant, Arc<SecretValue>)>,
    /// When the last fetch ended, and how it failed.
    failure: Option<(Instant, Error)>,
}

impl SecretCache {
    /// A cache that keeps up to 100 values for a minute each.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            time_to_live: TIME_TO_LIVE,
            max_entries: MAX_ENTRIES,
            stale_on_failure: false,
            entries: Arc::default(),
        }
    }

    /// How long a value is served without asking the service again.
    #[must_use]
    pub fn with_time_to_live(mut self, time: Duration) -> Self {
        self.time_to_live = time;
        self
    }

    /// How many secrets are kept at most; the one that was not asked for longest makes room.
    #[must_use]
    pub fn with_max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries.max(1);
        self
    }

    /// Whether a value whose time is over is served when the service can't be asked.
    #[must_use]
    pub fn with_stale_on_failure(mut self, serve: bool) -> Self {
        self.stale_on_failure = serve;
        self
    }

    /// The latest value of a secret.
    ///
    /// # Errors
    ///
    /// Those of [`Client::get_secret_value`].
    pub async fn get(&self, name: &str) -> Result<Arc<SecretValue>, Error> {
        let asked = Instant::now();
        let slot = self.slot(name, asked);
        let mut slot = slot.lock().await;
        if let Some((fetched, value)) = &slot.value
            && fetched.elapsed() < self.time_to_live
        {
            return Ok(Arc::clone(value));
        }
        // Another task has tried for us while we waited.
        if let Some((ended, error)) = &slot.failure
            && *ended >= asked
        {
            return self.stale(&slot, error).ok_or_else(|| error.duplicate());
        }
        match self.client.get_secret_value(name).await {
            Ok(value) => {
                let value = Arc::new(value);
                *slot = Slot {
                    value: Some((Instant::now(), Arc::clone(&value))),
                    failure: None,
                };
                Ok(value)
            }
            Err(error) => {
                slot.failure = Some((Instant::now(), error.duplicate()));
                self.stale(&slot, &error).ok_or(error)
            }
        }
    }

    /// Forgets the value of a secret, so that the next [`get`](Self::get) fetches it.
    pub fn forget(&self, name: &str) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.remove(name);
    }

    /// The value whose time is over, if it may stand in for the answer. An answer that denies the
    /// secret counts: it is gone, or no longer ours to read.
    fn stale(&self, slot: &Slot, error: &Error) -> Option<Arc<SecretValue>> {
        let is_denied = error
            .status()
            .is_some_and(|s| s.is_client_error() && s != 429);
        let (_, value) = slot
            .value
            .as_ref()
            .filter(|_| self.stale_on_failure && !is_denied)?;
        Some(Arc::clone(value))
    }

    fn slot(&self, name: &str, now: Instant) -> Arc<tokio::sync::Mutex<Slot>> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if !entries.contains_key(name) && entries.len() >= self.max_entries {
            // An entry that a task holds may be fetched just now: it must not be fetched twice.
            let idle = entries
                .iter()
                .filter(|(_, entry)| Arc::strong_count(&entry.slot) == 1);
            let oldest = idle.min_by_key(|(_, entry)| entry.used);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                entries.remove(&oldest);
            }
        }
        let entry = entries.entry(name.to_owned()).or_insert_with(|| Entry {
            used: now,
            slot: Arc::default(),
        });
        entry.used = now;
        Arc::clone(&entry.slot)
    }
}

impl fmt::Debug for SecretCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("SecretCache")
            .field("client", &self.client)
            .field("time_to_live", &self.time_to_live)
            .field("max_entries", &self.max_entries)
            .field("entries", &entries.len())
            .finish_non_exhaustive()
    }
}
