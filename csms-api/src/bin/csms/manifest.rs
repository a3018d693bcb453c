//! What a folder of backups holds, by which a broken-off run goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use csms_api::command::write_whole;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// The manifest's own file.
pub const FILE: &str = "manifest.json";

/// The end of the name of each file with a backup.
const EXTENSION: &str = ".csms-backup";

/// While entries come in, the file is written so often: each time would take longer and longer.
const WRITE_EVERY: Duration = Duration::from_millis(250);

/// How long after its beginning a broken-off run may be gone on with, in seconds.
const GOES_ON_WITHIN: u64 = 24 * 60 * 60;

/// Whether two names that differ in case alone are one file here.
const IGNORES_CASE: bool = cfg!(any(windows, target_os = "macos"));

/// A backup of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub name: String,
    /// The file, within the folder.
    pub file: String,
    /// When the secret was changed last, in milliseconds since 1970.
    pub update_time: Option<i64>,
    /// The lower-case hex SHA-256 of the file.
    pub sha256: String,
}

#[derive(Debug)]
pub struct Manifest {
    path: PathBuf,
    project_id: String,
    entries: BTreeMap<String, Entry>,
    unfinished: BTreeSet<String>,
    unfinished_since: Option<u64>,
    written: Option<Instant>,
}

/// The manifest as a file.
#[derive(Serialize, Deserialize)]
struct Contents {
    project_id: String,
    secrets: Vec<Entry>,
    /// The secrets that a run has backed up which has not come to its end.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    unfinished: BTreeSet<String>,
    /// When it began, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unfinished_since: Option<u64>,
}

impl Manifest {
    /// Reads the manifest of a folder; an empty one if there is none. A folder is of one project.
    pub fn open(folder: &Path, project_id: &str) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let mut contents = match fs::read(&path) {
            Ok(bytes) => parse(&path, &bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Contents {
                project_id: project_id.to_owned(),
                secrets: Vec::new(),
                unfinished: BTreeSet::new(),
                unfinished_since: None,
            },
            Err(error) => {
                let message = format!("{} can't be read: {error}", path.display());
                return Err(Failure::usage(message));
            }
        };
        if contents.project_id != project_id {
            let message = format!(
                "{} is of project {}, not of {project_id}",
                path.display(),
                contents.project_id
            );
            return Err(Failure::usage(message).with_hint("choose another folder with -o DIR"));
        }
        // What is older than a day is no start of a backup of today.
        let age = contents
            .unfinished_since
            .and_then(|begun| now().checked_sub(begun));
        if age.is_none_or(|age| age >= GOES_ON_WITHIN) {
            contents.unfinished.clear();
            contents.unfinished_since = None;
        }
        let entries = contents.secrets.into_iter();
        Ok(Self {
            path,
            project_id: contents.project_id,
            entries: entries.map(|entry| (entry.name.clone(), entry)).collect(),
            unfinished: contents.unfinished,
            unfinished_since: contents.unfinished_since,
            written: None,
        })
    }

    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// Whether this secret was backed up by a run that was broken off.
    pub fn is_of_unfinished_run(&self, name: &str) -> bool {
        self.unfinished.contains(name)
    }

    /// Keeps an entry, and writes the file if that was not done just now.
    pub fn add(&mut self, entry: Entry) -> Result<(), Failure> {
        self.unfinished.insert(entry.name.clone());
        self.unfinished_since.get_or_insert_with(now);
        self.entries.insert(entry.name.clone(), entry);
        let is_due = self
            .written
            .is_none_or(|written| written.elapsed() >= WRITE_EVERY);
        if is_due { self.write() } else { Ok(()) }
    }

    /// Writes the file at the end of a run that has tried all of these secrets.
    pub fn finish(&mut self, tried: &BTreeSet<String>) -> Result<(), Failure> {
        self.unfinished.retain(|name| !tried.contains(name));
        if self.unfinished.is_empty() {
            self.unfinished_since = None;
        }
        self.write()
    }

    /// Writes the file.
    pub fn write(&mut self) -> Result<(), Failure> {
        let contents = Contents {
            project_id: self.project_id.clone(),
            secrets: self.entries.values().cloned().collect(),
            unfinished: self.unfinished.clone(),
            unfinished_since: self.unfinished_since,
        };
        let written = serde_json::to_string_pretty(&contents)
            .map_err(io::Error::from)
            .and_then(|text| write_whole(&self.path, format!("{text}\n").as_bytes()));
        self.written = Some(Instant::now());
        written.map_err(|error| {
            Failure::usage(format!("{} can't be written: {error}", self.path.display()))
        })
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Contents, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        Failure::usage(format!("{} is no manifest: {error}", path.display()))
            .with_hint("move it away, or choose another folder with -o DIR")
    })
}

/// The name of the file of a secret's backup: the secret's own, as far as files can have it.
pub fn file_name(secret: &str) -> String {
    encoded(secret, IGNORES_CASE)
}

fn encoded(secret: &str, ignores_case: bool) -> String {
    let is_kept = |index: usize, byte: u8| match byte {
        b'.' => index > 0,
        b'A'..=b'Z' => !ignores_case,
        byte => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
    };
    let mut name = String::new();
    for (index, byte) in secret.bytes().enumerate() {
        if is_kept(index, byte) {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    name + EXTENSION
}

pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{encoded, sha256};

    #[test]
    fn names_that_files_can_not_have_are_encoded() {
        for (secret, file) in [
            ("demo.v-1_a", "demo.v-1_a.csms-backup"),
            ("..", "%2E..csms-backup"),
            (".hidden", "%2Ehidden.csms-backup"),
            ("a/b\\c:d", "a%2Fb%5Cc%3Ad.csms-backup"),
            ("50%", "50%25.csms-backup"),
            ("é", "%C3%A9.csms-backup"),
        ] {
            assert_eq!(encoded(secret, false), file);
        }
        assert_eq!(encoded("aB", true), "a%42.csms-backup");
    }

    #[test]
    fn a_digest_is_lower_case_hex() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
    }
}
