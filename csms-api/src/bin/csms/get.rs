//! `csms get`: a value and nothing else.

use std::collections::BTreeMap;
use std::io::{IsTerminal, stdout};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::ArgMatches;
use csms_api::command::Arguments;
use csms_api::{SecretBytes, SecretText, SecretValue};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::call::{Session, command_of};
use crate::failure::Failure;
use crate::output;

pub async fn run(session: &Session, matches: &ArgMatches) -> Result<(), Failure> {
    let text = |id: &str| matches.get_one::<String>(id).map(String::as_str);
    let name = text("name").unwrap_or_default();
    let version = text("version").unwrap_or("latest");
    let value = value(session, name, version).await?;
    let value = match text("field") {
        Some(key) => SecretValue::Text(field(name, &value, key)?),
        None => value,
    };
    print(name, &value)
}

/// The value of a version of a secret.
pub async fn value(session: &Session, name: &str, version: &str) -> Result<SecretValue, Failure> {
    let arguments = Arguments {
        path: vec![
            ("secret_name", name.to_owned()),
            ("version_id", version.to_owned()),
        ],
        ..Arguments::default()
    };
    let answer = session
        .call(command_of("ShowSecretVersion")?, &arguments)
        .await?;
    let held = |field: &str| answer.body.expose().get("version")?.get(field)?.as_str();
    if let Some(text) = held("secret_string") {
        return Ok(SecretValue::Text(SecretText::from(text)));
    }
    let Some(encoded) = held("secret_binary") else {
        let message = format!("{name}: version {version} has no value");
        return Err(Failure::answer(message).with_hint("`csms version list NAME` tells the others"));
    };
    STANDARD
        .decode(encoded)
        .map(|bytes| SecretValue::Bytes(SecretBytes::from(bytes)))
        .map_err(|_| {
            Failure::answer(format!("{name}: secret_binary is not Base64"))
                .with_hint("`csms version show --show-secrets` prints it as it is")
        })
}

/// The fields of a value that is a JSON object, as they are written there.
pub fn object(value: &SecretValue) -> Option<BTreeMap<String, &RawValue>> {
    serde_json::from_str(value.text()?).ok()
}

/// A value within a JSON object, as people read it: text as it is, anything else as the JSON that
/// it was written as, so that no digit of a number is lost.
pub fn plain(name: &str, key: &str, value: &RawValue) -> Result<SecretText, Failure> {
    if !value.get().starts_with('"') {
        return Ok(SecretText::from(value.get()));
    }
    serde_json::from_str(value.get()).map_err(|_| {
        Failure::answer(format!("{name}: the text of {key} is no Unicode"))
            .with_hint("`csms get` without --field prints the whole value")
    })
}

fn field(name: &str, value: &SecretValue, key: &str) -> Result<SecretText, Failure> {
    let object = object(value).ok_or_else(|| {
        Failure::answer(format!("{name}: the value is no JSON object"))
            .with_hint("leave --field out to print the whole value")
    })?;
    let value = object.get(key).ok_or_else(|| {
        Failure::answer(format!("{name}: the value has no key {key}"))
            .with_hint("`csms get` without --field prints all keys and values")
    })?;
    plain(name, key, value)
}

/// Prints bytes as they are; on a terminal, text ends its line.
fn print(name: &str, value: &SecretValue) -> Result<(), Failure> {
    let is_terminal = stdout().is_terminal();
    let Some(text) = value.text().filter(|_| is_terminal) else {
        if is_terminal {
            let message = format!("{name}: the value is bytes, which a terminal can't show");
            return Err(Failure::answer(message).with_hint("redirect the output to a file"));
        }
        output::write(value.bytes())?;
        return Ok(());
    };
    output::write(Zeroizing::new(format!("{text}\n")).as_bytes())?;
    Ok(())
}
