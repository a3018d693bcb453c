//! The commands of all operations: arguments from the command line, the call, the answer.

use std::io::{IsTerminal, Write, stderr, stdin};
use std::path::PathBuf;
use std::time::Instant;

use clap::ArgMatches;
use csms_api::command::{self, Answered, Arguments, COMMANDS, Command, Kind, Parameter, Place};
use csms_api::{Client, Paging, SecretJson};
use serde_json::{Map, Value};

use crate::arguments::file_flag;
use crate::failure::Failure;
use crate::input::Input;
use crate::output;
use crate::settings::{Format, Settings};

/// A client, and how to talk about what it does.
#[derive(Debug, Clone)]
pub struct Session {
    pub client: Client,
    pub format: Format,
    verbose: bool,
}

impl Session {
    pub fn of(settings: &Settings) -> Result<Self, Failure> {
        Ok(Self {
            client: settings.client()?,
            format: settings.format,
            verbose: settings.verbose,
        })
    }

    /// Calls an operation.
    pub async fn call(
        &self,
        command: &Command,
        arguments: &Arguments,
    ) -> Result<Answered, csms_api::Error> {
        let started = Instant::now();
        let result = command::send(&self.client, command, arguments).await;
        if self.verbose {
            self.trace(command, &result, started);
        }
        result
    }

    /// A line about a call, without anything that was sent or answered.
    fn trace(
        &self,
        command: &Command,
        result: &Result<Answered, csms_api::Error>,
        started: Instant,
    ) {
        let (status, attempts, request_id) = match result {
            Ok(answer) => (
                Some(answer.status),
                answer.attempts,
                answer.request_id.as_deref(),
            ),
            Err(error) => (error.status(), error.attempts(), error.request_id()),
        };
        let line = format!(
            "{} {} status={} attempts={attempts} request_id={} duration_ms={}\n",
            command.operation.id,
            self.client.endpoint(),
            status.as_ref().map_or("-", |status| status.as_str()),
            output::on_one_line(request_id.unwrap_or("-")),
            started.elapsed().as_millis(),
        );
        // Nobody is left to be told that it can't be printed.
        drop(stderr().write_all(line.as_bytes()));
    }
}

/// The command of an operation that is known to be in the table.
pub fn command_of(id: &str) -> Result<&'static Command, Failure> {
    COMMANDS
        .iter()
        .find(|command| command.operation.id == id)
        .ok_or_else(|| Failure::usage(format!("this build has no operation {id}")))
}

/// Runs the command that the words on the command line name.
pub async fn run(settings: &Settings, matches: &ArgMatches) -> Result<(), Failure> {
    let mut words = Vec::new();
    let mut matches = matches;
    while let Some((word, inner)) = matches.subcommand() {
        words.push(word);
        matches = inner;
    }
    let command = COMMANDS
        .iter()
        .find(|command| command.operation.command == words.as_slice())
        .ok_or_else(|| Failure::usage(format!("there is no command {}", words.join(" "))))?;
    let arguments = arguments(command, matches)?;
    let session = Session::of(settings)?;
    let mut answer = if wants_one_page(command, matches, &arguments) {
        session.call(command, &arguments).await?.body
    } else {
        all_pages(&session, command, arguments).await?
    };
    if answer.expose().is_null() {
        return Ok(());
    }
    let is_asked = matches.get_flag("show-secrets");
    output::mask_unless_asked(answer.expose_mut(), command, session.format, is_asked);
    output::print(answer.expose(), command, session.format)?;
    Ok(())
}

/// Whether the user has said where the page begins or how long it is.
fn wants_one_page(command: &Command, matches: &ArgMatches, arguments: &Arguments) -> bool {
    let is_given = |parameter: &Parameter| match parameter.place {
        Place::Body => arguments.value(parameter).is_some(),
        _ => matches.contains_id(parameter.flag),
    };
    command.position().is_some_and(is_given) || command.size().is_some_and(is_given)
}

/// What the call sends.
fn arguments(command: &'static Command, matches: &ArgMatches) -> Result<Arguments, Failure> {
    let input = Input::default();
    let mut arguments = Arguments::default();
    let mut body = match matches.try_get_one::<PathBuf>("json-body") {
        Ok(Some(path)) => json_body(&input.text("--json-body", path)?)?,
        _ => Map::new(),
    };
    for parameter in command.parameters {
        let mut values = values(parameter, matches, &input, &body)?;
        if let Place::Body = parameter.place {
            if let Some(value) = one_value(parameter, values) {
                body.insert(parameter.name.to_owned(), value);
            }
            continue;
        }
        if values.is_empty() {
            values.extend(parameter.default.map(Value::from));
        }
        let pairs = match parameter.place {
            Place::Path => &mut arguments.path,
            Place::Header => &mut arguments.headers,
            _ => &mut arguments.query,
        };
        pairs.extend(
            values
                .into_iter()
                .map(|value| (parameter.name, plain(value))),
        );
    }
    input.finish();
    if command.has_body {
        arguments.body = Some(SecretJson::from(Value::Object(body)));
    }
    Ok(arguments)
}

fn json_body(text: &str) -> Result<Map<String, Value>, Failure> {
    // serde's own message would quote what is there.
    let place = |error: serde_json::Error| {
        let (line, column) = (error.line(), error.column());
        Failure::usage(format!(
            "--json-body is not a JSON object, see line {line} column {column}"
        ))
        .with_hint("it takes the name of a file with {\"FIELD\": VALUE, …}, or -")
    };
    serde_json::from_str(text).map_err(place)
}

/// The values given for a parameter.
fn values(
    parameter: &Parameter,
    matches: &ArgMatches,
    input: &Input,
    body: &Map<String, Value>,
) -> Result<Vec<Value>, Failure> {
    if !parameter.is_secret {
        let given = matches.try_get_many::<Value>(parameter.flag).ok().flatten();
        return Ok(given.into_iter().flatten().cloned().collect());
    }
    let flag = file_flag(parameter);
    let text = match matches.get_one::<PathBuf>(parameter.flag) {
        Some(path) => input.secret(&flag, path)?,
        None if !parameter.is_required || body.contains_key(parameter.name) => {
            return Ok(Vec::new());
        }
        None if stdin().is_terminal() => input.prompt(&flag)?,
        None => {
            return Err(
                Failure::usage(format!("{} is needed", parameter.name)).with_hint(format!(
                    "give it with --{flag} FILE, or - for standard input"
                )),
            );
        }
    };
    let value = match parameter.kind {
        // Base64 is printed in lines, and sent without.
        Kind::Text if parameter.name.ends_with("_binary") => {
            Value::from(text.expose().replace(['\r', '\n'], ""))
        }
        Kind::Text if !parameter.is_list => Value::from(text.expose()),
        _ => serde_json::from_str(text.expose()).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            Failure::usage(format!("--{flag}: not JSON at line {line} column {column}"))
        })?,
    };
    Ok(vec![value])
}

/// The value of a body's field. A file has the whole of a list already.
fn one_value(parameter: &Parameter, values: Vec<Value>) -> Option<Value> {
    if parameter.is_list && !parameter.is_secret {
        (!values.is_empty()).then_some(Value::Array(values))
    } else {
        values.into_iter().next_back()
    }
}

fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Follows a list to its end; what is no list is one page. The answer is the last page, with the items of all.
pub async fn all_pages(
    session: &Session,
    command: &Command,
    mut arguments: Arguments,
) -> Result<SecretJson, Failure> {
    let Some(paging) = command.operation.paging else {
        return Ok(session.call(command, &arguments).await?.body);
    };
    let mut items: Vec<Value> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    loop {
        let mut page = session.call(command, &arguments).await?.body;
        let next = command.next_page(&arguments, page.expose());
        if let Some(Value::Array(list)) = page.expose_mut().pointer_mut(paging.items) {
            items.append(list);
        }
        match next {
            // A service that repeats a position would be asked forever.
            Some((following, position)) if !seen.contains(&position) => {
                arguments = following;
                seen.push(position);
            }
            _ => {
                merge(page.expose_mut(), paging, items);
                return Ok(page);
            }
        }
    }
}

/// Puts all items into the last page, and takes away what says where a page ends.
fn merge(page: &mut Value, paging: Paging, items: Vec<Value>) {
    if let Some(list) = page.pointer_mut(paging.items) {
        *list = Value::Array(items);
    }
    let next = paging.next.and_then(|next| next.split('/').nth(1));
    if let (Some(next), Some(fields)) = (next, page.as_object_mut()) {
        fields.remove(next);
    }
}
