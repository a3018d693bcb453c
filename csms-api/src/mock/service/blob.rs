//! Backups: text that holds a secret and can't be read by eye.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::answer::{Outcome, Refusal, found};
use super::call::Call;
use super::secrets;
use super::state::{Secret, State};
use crate::secret::SecretText;
use crate::types::{DownloadSecretBlobResponseBody, SecretState, UploadSecretBlobRequestBody};

/// What a backup begins with.
const PREFIX: &str = ")CloudSecretManagementBackupV1.";

/// Known to everyone: what is scrambled with it is safe from accidents, not from people. It is
/// the same everywhere, so that a backup outlives the service that made it.
const KEY: &[u8] = b"a backup of the service in memory";

const NONCE: usize = 16;
const SEAL: usize = 32;

/// The longest backup.
const LIMIT: usize = 5 * 1024 * 1024;

pub(super) fn download(state: &mut State, call: &Call<'_>) -> Outcome {
    let secret = state.usable_secret(call.parameter("secret_name"))?;
    found(&DownloadSecretBlobResponseBody {
        secret_blob: Some(seal(secret)),
    })
}

pub(super) fn upload(state: &mut State, call: &Call<'_>) -> Outcome {
    let blob = call.body::<UploadSecretBlobRequestBody>()?.secret_blob;
    if blob.expose().len() > LIMIT {
        return Err(Refusal::value("secret_blob has at most 5 MiB"));
    }
    let mut secret = open(blob.expose())
        .ok_or_else(|| Refusal::value("secret_blob is no backup, or was changed"))?;
    let name = secret.name().to_owned();
    if state.secrets.contains_key(&name) {
        return Err(secrets::name_taken(&name));
    }
    secret.about.state = Some(SecretState::Enabled);
    secret.about.update_time = Some(call.now);
    if let Some(events) = &mut secret.about.event_subscriptions {
        events.retain(|event| state.events.contains_key(event));
    }
    let outcome = secrets::answer(&secret);
    state.secrets.insert(name, secret);
    outcome
}

fn seal(secret: &Secret) -> SecretText {
    let mut text = Zeroizing::new(serde_json::to_vec(secret).unwrap_or_default());
    // The same state has the same backup.
    let nonce = mac(&text).map(|mac| mac.finalize().into_bytes());
    let nonce = nonce
        .iter()
        .flatten()
        .copied()
        .take(NONCE)
        .collect::<Vec<_>>();
    scramble(&nonce, &mut text);
    let mut sealed = [nonce.as_slice(), &text].concat();
    if let Some(mac) = mac(&sealed) {
        sealed.extend(mac.finalize().into_bytes());
    }
    SecretText::from(format!("{PREFIX}{}", BASE64_STANDARD.encode(sealed)))
}

fn open(blob: &str) -> Option<Secret> {
    let sealed = BASE64_STANDARD.decode(blob.strip_prefix(PREFIX)?).ok()?;
    let (text, seal) = sealed.split_at_checked(sealed.len().checked_sub(SEAL)?)?;
    mac(text)?.verify_slice(seal).ok()?;
    let (nonce, text) = text.split_at_checked(NONCE)?;
    let mut text = Zeroizing::new(text.to_vec());
    scramble(nonce, &mut text);
    serde_json::from_slice(&text).ok()
}

fn mac(bytes: &[u8]) -> Option<Hmac<Sha256>> {
    Some(Hmac::new_from_slice(KEY).ok()?.chain_update(bytes))
}

/// Its own reverse.
fn scramble(nonce: &[u8], text: &mut [u8]) {
    for (number, block) in (0_u64..).zip(text.chunks_mut(SEAL)) {
        let Some(mac) = mac(nonce) else { return };
        let stream = mac
            .chain_update(number.to_be_bytes())
            .finalize()
            .into_bytes();
        for (byte, other) in block.iter_mut().zip(stream) {
            *byte ^= other;
        }
    }
}
