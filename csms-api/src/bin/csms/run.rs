//! `csms run`: secrets as variables of another program, and of no one else.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::process::Command;

use clap::ArgMatches;
use csms_api::{SecretText, SecretValue};

use crate::call::Session;
use crate::failure::Failure;
use crate::get;

/// What shells end with when there is no such program.
const NOT_FOUND: u8 = 127;
/// What shells end with when a program can't be run.
const NOT_RUNNABLE: u8 = 126;

pub async fn run(session: &Session, matches: &ArgMatches) -> Result<(), Failure> {
    let names: Vec<&String> = matches
        .get_many::<String>("secret")
        .into_iter()
        .flatten()
        .collect();
    let prefix = matches.get_one::<String>("prefix");
    let prefix = prefix.map_or("", String::as_str);
    let variable = matches.get_one::<String>("as");
    if variable.is_some() && names.len() > 1 {
        return Err(Failure::usage(
            "--as names one variable, so it goes with one --secret",
        ));
    }
    let mut variables = BTreeMap::new();
    for name in names {
        let value = get::value(session, name, "latest").await?;
        let found = match variable {
            Some(variable) => vec![(variable.clone(), whole(name, &value)?)],
            None => fields(name, &value)?,
        };
        for (key, value) in found {
            let key = format!("{prefix}{key}");
            check(name, &key, &value)?;
            if variables.insert(key.clone(), value).is_some() {
                let message = format!("{name}: another secret gives the variable {key} already");
                return Err(Failure::usage(message).with_hint("run with one of them at a time"));
            }
        }
    }
    let mut words = matches
        .get_many::<OsString>("command")
        .into_iter()
        .flatten();
    let program = words.next().cloned().unwrap_or_default();
    let mut command = Command::new(&program);
    command.args(words);
    command.envs(variables.iter().map(|(key, value)| (key, value.expose())));
    let error = become_program(command).await;
    Err(not_run(&program, &error))
}

fn whole(name: &str, value: &SecretValue) -> Result<SecretText, Failure> {
    let text = value.text().map(SecretText::from);
    text.ok_or_else(|| {
        Failure::answer(format!(
            "{name}: the value is bytes, which a variable can't hold"
        ))
        .with_hint("write it to a file with `csms get NAME`")
    })
}

/// One variable for each key; a null has none. What is no text is JSON.
fn fields(name: &str, value: &SecretValue) -> Result<Vec<(String, SecretText)>, Failure> {
    let object = get::object(value).ok_or_else(|| {
        Failure::answer(format!("{name}: the value is no JSON object"))
            .with_hint("give it a variable with --as VAR")
    })?;
    let fields = object.into_iter();
    fields
        .filter(|(_, value)| value.get() != "null")
        .map(|(key, value)| get::plain(name, &key, value).map(|value| (key, value)))
        .collect()
}

fn check(name: &str, key: &str, value: &SecretText) -> Result<(), Failure> {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_variable =
        key.starts_with(is_letter) && key.chars().all(|c| is_letter(c) || c.is_ascii_digit());
    if !is_variable {
        let key = key.escape_debug();
        return Err(
            Failure::answer(format!("{name}: \"{key}\" is no name of a variable"))
                .with_hint("--prefix mends a digit at the start; else use --as VAR, or `csms get`"),
        );
    }
    if value.expose().contains('\0') {
        let message = format!("{name}: the value of {key} has a NUL byte, which no variable can");
        return Err(Failure::answer(message).with_hint("print it with `csms get --field`"));
    }
    Ok(())
}

/// The program takes the place of this one: its exit status and the signals are its own.
#[cfg(unix)]
async fn become_program(mut command: Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(&mut command)
}

/// Runs the program and ends as it does.
#[cfg(not(unix))]
async fn become_program(mut command: Command) -> io::Error {
    // Ctrl-C reaches the program as well, which decides what it means.
    tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
    match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

fn not_run(program: &OsString, error: &io::Error) -> Failure {
    let program = program.to_string_lossy();
    let code = match error.kind() {
        io::ErrorKind::NotFound => NOT_FOUND,
        _ => NOT_RUNNABLE,
    };
    Failure::with_code(code, format!("{program} can't be run: {error}"))
}
