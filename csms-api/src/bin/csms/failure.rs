//! Why a command ends without having done its work, and with which exit code.

use std::fmt;
use std::io::{self, IsTerminal, Write, stderr};
use std::process::ExitCode;

use csms_api::Error;

use crate::output;

/// The service said no.
pub const REFUSED: u8 = 1;
/// Nothing was sent, since the command can't be meant so.
pub const USAGE: u8 = 2;
/// There are no credentials, or the service does not accept them.
pub const CREDENTIALS: u8 = 3;
/// The service can't be reached, or its answer can't be read.
pub const NETWORK: u8 = 4;

#[derive(Debug)]
pub enum Failure {
    /// A call failed.
    Call(Error),
    /// What the library knows nothing of.
    Own {
        code: u8,
        message: String,
        hint: String,
    },
    /// What is wrong was told already.
    Told(u8),
    /// The output can't be written.
    Output(io::Error),
}

impl Failure {
    /// The command can't be meant so.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::with_code(USAGE, message)
    }

    /// The answer does not have what was asked for.
    pub fn answer(message: impl Into<String>) -> Self {
        Self::with_code(REFUSED, message)
    }

    pub fn with_code(code: u8, message: impl Into<String>) -> Self {
        Self::Own {
            code,
            message: message.into(),
            hint: String::new(),
        }
    }

    /// What to do about it.
    pub fn with_hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Own { hint, .. } = &mut self {
            *hint = text.into();
        }
        self
    }

    pub fn code(&self) -> u8 {
        match self {
            Self::Call(error) => code_of(error),
            Self::Own { code, .. } | Self::Told(code) => *code,
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => 0,
            Self::Output(_) => USAGE,
        }
    }

    pub fn hint(&self) -> String {
        match self {
            Self::Call(error) => hint_of(error).to_owned(),
            Self::Own { hint, .. } => hint.clone(),
            Self::Told(_) | Self::Output(_) => String::new(),
        }
    }

    /// Tells it on standard error, unless whoever read the output has gone away.
    pub fn report(&self) -> ExitCode {
        let is_silent = match self {
            Self::Told(_) => true,
            Self::Output(error) => error.kind() == io::ErrorKind::BrokenPipe,
            _ => false,
        };
        if !is_silent {
            self.tell("");
        }
        ExitCode::from(self.code())
    }

    /// Tells it on standard error; `subject` says whose failure it is.
    pub fn tell(&self, subject: &str) {
        let colour = output::has_colours(stderr().is_terminal());
        let mut text = format!("{}{subject}{self}\n", label("error: ", "31", colour));
        match self.hint().as_str() {
            "" => {}
            hint => text.push_str(&format!("{}{hint}\n", label("hint: ", "36", colour))),
        }
        // Nobody is left to be told that it can't be printed.
        drop(stderr().write_all(text.as_bytes()));
    }
}

fn label(text: &str, code: &str, colour: bool) -> String {
    if colour {
        format!("\x1b[1;{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Own { message, .. } => f.write_str(message),
            Self::Told(code) => write!(f, "exit code {code}"),
            Self::Output(error) => write!(f, "standard output can't be written: {error}"),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

fn code_of(error: &Error) -> u8 {
    match error.status() {
        Some(_) if error.is_unauthorized() => CREDENTIALS,
        Some(status) if status.is_success() => NETWORK,
        Some(_) => REFUSED,
        None if error.is_retryable() => NETWORK,
        None if error.is_credentials() => CREDENTIALS,
        None => USAGE,
    }
}

fn hint_of(error: &Error) -> &'static str {
    match code_of(error) {
        CREDENTIALS => "`csms doctor` tells which credentials were found and where",
        NETWORK if error.is_timeout() => {
            "try again; `csms doctor` tells whether the endpoint answers"
        }
        NETWORK => "check --region or --endpoint; `csms doctor` tells whether the endpoint answers",
        REFUSED if error.is_not_found() => {
            "check the name, --region and --project-id; `csms secret list` shows what is there"
        }
        REFUSED if error.is_forbidden() => {
            "give the user or agency a policy for CSMS and KMS, or choose another --project-id"
        }
        REFUSED if error.is_conflict() => "`csms secret show NAME` tells its state",
        REFUSED if error.is_throttled() || error.is_retryable() => "try again later",
        REFUSED => "the request id helps the service's support to find the call",
        _ if error.operation() == "ClientBuilder::build" => {
            "set --region or --endpoint, or the variable HUAWEICLOUD_SDK_REGION"
        }
        _ => "nothing was sent; `--help` tells what the command takes",
    }
}
