//! `csms doctor`: what a call needs, looked at one by one.

use std::io;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use csms_api::Client;
use csms_api::command::{self, Arguments, knock, sign_in, utc};
use serde_json::{Value, json};

use crate::call::{Session, command_of};
use crate::failure::{CREDENTIALS, Failure};
use crate::output;
use crate::settings::{Format, Settings};

/// How long a signature is good for.
const TOLERATED: Duration = Duration::from_secs(15 * 60);

/// The usual hint is to run what runs already.
const UNAUTHORIZED: &str = "the key or token that is told at credentials is wrong, disabled or \
     expired, unless the clock is wrong";

pub async fn run(settings: &Settings) -> Result<(), Failure> {
    let mut report = Report::new(settings.format);
    let place = settings.endpoint_place();
    let session = match Session::of(settings) {
        Ok(session) => session,
        Err(failure) => {
            let is_of_region = failure.to_string().contains("is no region id");
            match place.filter(|_| !is_of_region) {
                Some(place) => {
                    let hint = failure.hint();
                    let text = format!("{failure}; the endpoint is from {place}");
                    report.add("region", Ok(region(settings)));
                    report.add("endpoint", Err(Failure::usage(text).with_hint(hint)));
                }
                None => report.add("region", Err(failure)),
            }
            report.add("credentials", credentials_alone(settings).await);
            return report.finish();
        }
    };
    let client = &session.client;
    let place = place.as_deref().unwrap_or("the region");
    report.add("region", Ok(region(settings)));
    report.add(
        "endpoint",
        Ok(format!("{}, from {place}", client.endpoint())),
    );
    let credentials = credentials(client).await;
    let has_credentials = credentials.is_ok();
    report.add("credentials", credentials);
    match knock(client).await {
        Ok(theirs) => {
            report.add("connection", Ok("the endpoint answers".to_owned()));
            report.add("clock", clock(theirs));
        }
        Err(error) => report.add("connection", Err(error.into())),
    }
    if has_credentials {
        let list = command_of("ListSecrets")?;
        let project = command::project_id(client, list).await;
        let has_project = project.is_ok();
        report.add("project", project.map_err(Failure::from));
        if has_project {
            report.add("call", call(&session).await);
        }
    }
    report.finish()
}

fn region(settings: &Settings) -> String {
    match settings.region() {
        Some((region, place)) => format!("{region}, from {place}"),
        None => "none; the endpoint is given".to_owned(),
    }
}

async fn credentials_alone(settings: &Settings) -> Result<String, Failure> {
    credentials(&settings.client_without_endpoint()?).await
}

async fn credentials(client: &Client) -> Result<String, Failure> {
    let found = sign_in(client).await?;
    let what = match found.access_key {
        Some(access_key) => format!("access key {access_key}"),
        None => "a token".to_owned(),
    };
    let end = found
        .expires_at
        .and_then(|end| end.duration_since(UNIX_EPOCH).ok());
    let end = end.and_then(|end| i64::try_from(end.as_millis()).ok());
    let end = end.map_or_else(String::new, |end| format!(", until {} UTC", utc(end)));
    Ok(format!("{what}, from {}{end}", found.place))
}

/// How our clock differs from the service's.
fn clock(theirs: Option<SystemTime>) -> Result<String, Failure> {
    let Some(theirs) = theirs else {
        return Ok("the answer has no date to compare with".to_owned());
    };
    let (skew, direction) = match SystemTime::now().duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    let text = match skew.as_secs() {
        // The answer has whole seconds.
        0 | 1 => "as the service's".to_owned(),
        seconds => format!("{seconds} s {direction} the service's"),
    };
    if skew < TOLERATED {
        return Ok(text);
    }
    Err(Failure::with_code(CREDENTIALS, text)
        .with_hint("set the clock: a signature is good for 15 min"))
}

/// A call that changes nothing and shows no secret.
async fn call(session: &Session) -> Result<String, Failure> {
    let arguments = Arguments {
        query: vec![("limit", "1".to_owned())],
        ..Arguments::default()
    };
    let answer = session.call(command_of("ListSecrets")?, &arguments).await;
    let answer = answer.map_err(|error| {
        if error.is_unauthorized() {
            Failure::from(error).with_hint(UNAUTHORIZED)
        } else {
            error.into()
        }
    })?;
    Ok(format!("ListSecrets answered {}", answer.status.as_u16()))
}

/// The checks, told as they are made to people, and all at once to programs.
struct Report {
    format: Format,
    checks: Vec<Value>,
    first_failure: Option<u8>,
    unwritten: Option<io::Error>,
}

impl Report {
    fn new(format: Format) -> Self {
        Self {
            format,
            checks: Vec::new(),
            first_failure: None,
            unwritten: None,
        }
    }

    fn add(&mut self, name: &str, outcome: Result<String, Failure>) {
        let is_ok = outcome.is_ok();
        let (text, hint) = match outcome {
            Ok(text) => (text, String::new()),
            Err(failure) => {
                self.first_failure.get_or_insert(failure.code());
                (failure.to_string(), failure.hint())
            }
        };
        if self.format == Format::Table {
            let state = if is_ok { "ok" } else { "failed" };
            let text = output::on_one_line(&text);
            let mut line = format!("{state:<8}{name:<13}{text}\n");
            if !hint.is_empty() {
                line.push_str(&format!("{:<8}{:<13}{hint}\n", "", "hint:"));
            }
            self.write(line.as_bytes());
        }
        self.checks.push(json!({
            "check": name,
            "ok": is_ok,
            "text": text,
            "hint": (!hint.is_empty()).then_some(hint),
        }));
    }

    /// When nobody reads any more, the checks go on for the exit code.
    fn write(&mut self, bytes: &[u8]) {
        if self.unwritten.is_none() {
            self.unwritten = output::write(bytes).err();
        }
    }

    /// The exit code is that of the first check that failed.
    fn finish(mut self) -> Result<(), Failure> {
        if self.format == Format::Json {
            let checks = Value::Array(std::mem::take(&mut self.checks));
            self.write(format!("{checks:#}\n").as_bytes());
        }
        Failure::conclude(self.first_failure, self.unwritten.map_or(Ok(()), Err))
    }
}
