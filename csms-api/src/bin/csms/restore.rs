//! `csms restore`: files become secrets.

use std::path::{Path, PathBuf};

use clap::ArgMatches;
use csms_api::SecretJson;
use csms_api::command::Arguments;
use serde_json::{Value, json};

use crate::call::{Session, command_of};
use crate::failure::Failure;
use crate::input::Input;
use crate::manifest;
use crate::output;
use crate::settings::Format;

pub async fn run(session: &Session, matches: &ArgMatches) -> Result<(), Failure> {
    let files: Vec<&PathBuf> = matches
        .get_many::<PathBuf>("files")
        .into_iter()
        .flatten()
        .collect();
    for file in &files {
        refuse_manifest(file)?;
    }
    let input = Input::default();
    let mut restored = Vec::new();
    let mut first_failure = None;
    for file in files {
        match restore(session, &input, file).await {
            Ok(name) => restored.push(json!({"file": file.display().to_string(), "name": name})),
            Err(failure) => {
                // What else fails names the file itself.
                let subject = match failure {
                    Failure::Call(_) => format!("{}: ", file.display()),
                    _ => String::new(),
                };
                failure.tell(&subject);
                first_failure.get_or_insert(failure.code());
            }
        }
    }
    let printed = match session.format {
        Format::Json => output::print_json(&json!({ "restored": restored })),
        Format::Table => output::write(output::list(&["name", "file"], &restored).as_bytes()),
    };
    Failure::conclude(first_failure, printed)
}

/// `DIR/*` names it as well.
fn refuse_manifest(file: &Path) -> Result<(), Failure> {
    if file.file_name().is_some_and(|name| name == manifest::FILE) {
        let message = format!("{} is a list of backups, no backup", file.display());
        return Err(Failure::usage(message).with_hint("name the files *.csms-backup"));
    }
    Ok(())
}

/// Restores the secret of a backup, and returns its name.
async fn restore(session: &Session, input: &Input, file: &Path) -> Result<Value, Failure> {
    let blob = input.text(&file.display().to_string(), file)?;
    let arguments = Arguments {
        body: Some(SecretJson::from(json!({ "secret_blob": blob.as_str() }))),
        ..Arguments::default()
    };
    let answer = session
        .call(command_of("UploadSecretBlob")?, &arguments)
        .await?;
    let name = answer.body.expose().pointer("/secret/name");
    Ok(name.cloned().unwrap_or_default())
}
