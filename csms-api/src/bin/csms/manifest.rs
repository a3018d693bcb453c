//! What a folder of backups holds, by which a broken-off run goes on.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use csms_api::command::write_whole;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::Failure;

/// The manifest's own file.
pub const FILE: &str = "manifest.json";

/// The end of the name of each file with a backup.
const EXTENSION: &str = ".csms-backup";

/// While entries come in, the file is written so often: each time would take longer and longer.
const WRITE_EVERY: Duration = Duration::from_millis(250);

/// What no file's name can have on one system or another; and what marks it.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b'/')
    .add(b'\\')
    .add(b':')
    .add(b'*')
    .add(b'?')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'|')
    .add(b'%');

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
    written: Option<Instant>,
}

/// The manifest as a file.
#[derive(Serialize, Deserialize)]
struct Contents {
    project_id: String,
    secrets: Vec<Entry>,
}

impl Manifest {
    /// Reads the manifest of a folder; an empty one if there is none. A folder is of one project.
    pub fn open(folder: &Path, project_id: &str) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let contents = match fs::read(&path) {
            Ok(bytes) => parse(&path, &bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Contents {
                project_id: project_id.to_owned(),
                secrets: Vec::new(),
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
        let entries = contents.secrets.into_iter();
        Ok(Self {
            path,
            project_id: contents.project_id,
            entries: entries.map(|entry| (entry.name.clone(), entry)).collect(),
            written: None,
        })
    }

    pub fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// Keeps an entry, and writes the file if that was not done just now.
    pub fn add(&mut self, entry: Entry) -> Result<(), Failure> {
        self.entries.insert(entry.name.clone(), entry);
        let is_due = self
            .written
            .is_none_or(|written| written.elapsed() >= WRITE_EVERY);
        if is_due { self.write() } else { Ok(()) }
    }

    /// Writes the file.
    pub fn write(&mut self) -> Result<(), Failure> {
        let contents = Contents {
            project_id: self.project_id.clone(),
            secrets: self.entries.values().cloned().collect(),
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

fn parse(path: &Path, bytes: &[u8]) -> Result<Contents, Failure> {
    serde_json::from_slice(bytes).map_err(|error| {
        Failure::usage(format!("{} is no manifest: {error}", path.display()))
            .with_hint("move it away, or choose another folder with -o DIR")
    })
}

/// The name of the file of a secret's backup: the secret's own, as far as files can have it.
pub fn file_name(secret: &str) -> String {
    let name = utf8_percent_encode(secret, UNSAFE).to_string();
    match name.strip_prefix('.') {
        Some(rest) => format!("%2E{rest}{EXTENSION}"),
        None => format!("{name}{EXTENSION}"),
    }
}

pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{file_name, sha256};

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
            assert_eq!(file_name(secret), file);
        }
    }

    #[test]
    fn a_digest_is_lower_case_hex() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(sha256(b""), empty);
    }
}
