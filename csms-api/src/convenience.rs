//! What most programs want of the service, in one call each.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::client::Client;
use crate::error::Error;
use crate::response::ResponseValue;
use crate::retry::random_bits;
use crate::secret::SecretText;
use crate::types::SecretResponseBody;

/// Secret bytes, which print as `<redacted>` and whose memory is cleared on drop.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SecretBytes(Vec<u8>);

impl SecretBytes {
    /// The secret itself.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// The value of a version of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretValue {
    /// Of a version that holds text (`secret_string`).
    Text(SecretText),
    /// Of a version that holds bytes (`secret_binary`, decoded from Base64).
    Bytes(SecretBytes),
}

impl SecretValue {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.expose()),
            Self::Bytes(_) => None,
        }
    }

    /// The value as bytes; those of the text, if it is text.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.expose().as_bytes(),
            Self::Bytes(bytes) => bytes.expose(),
        }
    }
}

impl Client {
    /// The value of the latest version of a secret, by `ShowSecretVersion`.
    ///
    /// # Errors
    ///
    /// Those of the operation, and an answer without a value or with one that is not Base64.
    pub async fn get_secret_value(&self, name: &str) -> Result<SecretValue, Error> {
        const OPERATION: &str = "ShowSecretVersion";
        let call = self
            .show_secret_version()
            .secret_name(name)
            .version_id("latest");
        let answer = call.send().await?;
        let (status, request_id) = (answer.status(), answer.request_id().map(str::to_owned));
        let undecodable = |reason: &str| {
            Error::decode(OPERATION, status, request_id.as_deref(), reason).with_attempts(1)
        };
        let version = answer.into_inner().version.unwrap_or_default();
        match (version.secret_string, version.secret_binary) {
            (Some(text), _) => Ok(SecretValue::Text(text)),
            (None, Some(encoded)) => STANDARD
                .decode(encoded.expose())
                .map(|bytes| SecretValue::Bytes(bytes.into()))
                .map_err(|_| undecodable("version.secret_binary is not Base64")),
            (None, None) => Err(undecodable(
                "the version has neither secret_string nor secret_binary",
            )),
        }
    }

    /// Writes a backup of a secret, made by `DownloadSecretBlob`, to a file.
    ///
    /// The file appears whole or not at all, and replaces one that is there. On Unix only its
    /// owner may read it.
    ///
    /// # Errors
    ///
    /// Those of the operation, an answer without a backup, and a file that can't be written.
    pub async fn backup_to_file(&self, name: &str, path: impl AsRef<Path>) -> Result<(), Error> {
        const OPERATION: &str = "DownloadSecretBlob";
        let path = path.as_ref();
        let answer = self.download_secret_blob().secret_name(name).send().await?;
        let Some(blob) = &answer.secret_blob else {
            let reason = "the answer has no secret_blob";
            let error = Error::decode(OPERATION, answer.status(), answer.request_id(), reason);
            return Err(error.with_attempts(1));
        };
        write_whole(path, blob.expose().as_bytes()).map_err(|error| {
            Error::usage(
                OPERATION,
                format!("{} can't be written: {error}", path.display()),
            )
            .with_attempts(1)
        })
    }

    /// Restores a secret from a file that [`backup_to_file`](Self::backup_to_file) has written, by
    /// `UploadSecretBlob`.
    ///
    /// # Errors
    ///
    /// A file that can't be read, and those of the operation.
    pub async fn restore_from_file(
        &self,
        path: impl AsRef<Path>,
    ) -> Result<ResponseValue<SecretResponseBody>, Error> {
        let path = path.as_ref();
        let blob = fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|error| {
                let reason = format!("{} can't be read: {error}", path.display());
                Error::usage("UploadSecretBlob", reason)
            })?;
        self.upload_secret_blob()
            .secret_blob(blob.as_str())
            .send()
            .await
    }
}

/// Writes beside the target, then renames: whoever looks sees all of it or nothing.
pub fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = beside(path)?;
    let mut file = private_file(&temporary)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report.
        drop(fs::remove_file(&temporary));
    }
    written
}

/// A name that no other process has taken, also where all have the same id.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    let mut temporary = name.to_owned();
    temporary.push(format!(".{:016x}.tmp", random_bits()));
    Ok(path.with_file_name(temporary))
}

fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
