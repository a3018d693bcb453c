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

    /// How a command ends that has told its failures, the first with this code, and printed what
    /// it has done.
    pub fn conclude(told: Option<u8>, printed: io::Result<()>) -> Result<(), Self> {
        let Some(code) = told else {
            return printed.map_err(Self::Output);
        };
        match printed {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Self::Output(error).tell("");
            }
            _ => {}
        }
        Err(Self::Told(code))
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
        let message = output::on_one_line(&format!("{subject}{self}"));
        let mut text = format!("{}{message}\n", label("error: ", "31", colour));
        match self.hint().as_str() {
            "" => {}
            hint => text.push_str(&format!("{}{hint}\n", label("hint: ", "36", colour))),
        }
        // Nobody is left to be told that it can't be printed.
        drop(stderr().write_all(text.as_bytes()));
    }
}

/// The library speaks of its builder; here there are flags.
fn with_flags(text: &str) -> String {
    let text = text.strip_prefix("ClientBuilder::build: ").unwrap_or(text);
    text.replace("; call .", "; set .")
        .replace(".region(…)", "--region")
        .replace(".endpoint(…)", "--endpoint")
        .replace(".project_id(…)", "--project-id")
        .replace(
            " on the call or on the client's builder, or give the client a region",
            ", or --region",
        )
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
            Self::Call(error) => f.write_str(&with_flags(&error.to_string())),
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
        CREDENTIALS if error.is_unauthorized() => {
            "the key or token is wrong, disabled or expired; `csms doctor` tells where it is from"
        }
        CREDENTIALS => {
            "set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or write ~/.huaweicloud/credentials"
        }
        NETWORK if error.status().is_some() => "check --endpoint: something else answers there",
        NETWORK => "check --region or --endpoint, the network and its proxy; then try again",
        REFUSED if error.is_not_found() => {
            "check the name, --region and --project-id; `csms secret list` shows what is there"
        }
        REFUSED if error.is_forbidden() => {
            "give the user or agency a policy for CSMS and KMS, or choose another --project-id"
        }
        REFUSED if error.is_conflict() => "`csms secret show NAME` tells its state",
        REFUSED if error.is_retryable() => "try again later",
        REFUSED => "the request id helps the service's support to find the call",
        _ if error.operation() == "ClientBuilder::build" => {
            "the variable HUAWEICLOUD_SDK_REGION or --region tells where the service is"
        }
        _ => "`--help` tells what the command takes",
    }
}
