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

    /// What to do about it, when that is better known here.
    pub fn with_hint(self, text: impl Into<String>) -> Self {
        Self::Own {
            code: self.code(),
            message: self.to_string(),
            hint: text.into(),
        }
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
            Self::Call(error) => hint_of(error, &self.to_string()).to_owned(),
            Self::Own {
                code,
                message,
                hint,
            } if hint.is_empty() => default_hint(*code, message).to_owned(),
            Self::Own { hint, .. } => hint.clone(),
            Self::Told(_) => String::new(),
            Self::Output(_) => FILES.to_owned(),
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
        text.push_str(&format!(
            "{}{}\n",
            label("hint: ", "36", colour),
            self.hint()
        ));
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
        .replace(", or .allow_http(true) if the network is trusted", "")
        .replace(
            ". Use a token instead of an access key: Credentials::password or Credentials::token",
            "",
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
        // Redirects are not followed: the service sends none.
        Some(status) if status.is_success() || status.is_redirection() => NETWORK,
        Some(_) => REFUSED,
        None if error.is_retryable() => NETWORK,
        None if error.is_credentials() => CREDENTIALS,
        None => USAGE,
    }
}

const UNREACHABLE: &str = "check --region or --endpoint, the network and its proxy; then try again";
const OPTIONS: &str = "`--help` behind the command tells what it takes";
const FILES: &str = "check the path, who may use it, and the room that is left";
const VARIABLES: &str =
    "set HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, or write ~/.huaweicloud/credentials";
const PROFILE: &str = "mend the profile file, ~/.huaweicloud/credentials unless \
     HUAWEICLOUD_SDK_CREDENTIALS_FILE names another; --profile chooses the section";

/// What to do about the failure of a call; the text tells what the error's methods do not.
fn hint_of(error: &Error, text: &str) -> &'static str {
    match code_of(error) {
        CREDENTIALS if error.is_unauthorized() => unauthorized_hint(text),
        CREDENTIALS => credentials_hint(text),
        NETWORK if error.is_retryable() => UNREACHABLE,
        NETWORK => "check --endpoint: something else answers there",
        REFUSED => refused_hint(error),
        _ => usage_hint(error, text),
    }
}

fn unauthorized_hint(text: &str) -> &'static str {
    if text.contains("the clock of this machine") {
        "set the clock; if that does not help, `csms doctor` tells where the key is from"
    } else {
        "the key or token is wrong, disabled or expired; `csms doctor` tells where it is from"
    }
}

/// The default chain names the source that is at fault; a section that --profile names is the
/// only one without a name.
fn credentials_hint(text: &str) -> &'static str {
    let hints = [
        (
            "can't be looked up",
            "the variable HUAWEICLOUD_SDK_PROJECT_ID or --project-id tells the project",
        ),
        ("no credentials found", VARIABLES),
        (
            "instance metadata: ",
            "check the agency of the instance; HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK do \
             without it",
        ),
        ("profile file: ", PROFILE),
        ("environment: ", VARIABLES),
    ];
    let known = hints.iter().find(|(part, _)| text.contains(part));
    known.map_or(PROFILE, |(_, hint)| hint)
}

fn refused_hint(error: &Error) -> &'static str {
    match error.status().map_or(0, |status| status.as_u16()) {
        400 | 422 => "mend what the message names; `--help` behind the command tells the limits",
        403 => "give the user or agency a policy for CSMS and KMS, or choose another --project-id",
        404 => "check the name, --region and --project-id; `csms secret list` shows what is there",
        405 | 501 => "the operation is not offered there: check --region and --endpoint",
        409 => "`csms secret show NAME` tells its state",
        413 => "send less at once",
        _ if error.is_retryable() => "try again later",
        _ => "the request id helps the service's support to find the call",
    }
}

fn usage_hint(error: &Error, text: &str) -> &'static str {
    if text.contains("can't be signed") {
        return "send less at once: csms signs what it sends";
    }
    if text.contains("project_id is missing") {
        return "the variable HUAWEICLOUD_SDK_PROJECT_ID or --project-id tells the project";
    }
    if error.operation() != "ClientBuilder::build" {
        return OPTIONS;
    }
    if text.contains("the HTTP client") {
        return "check the variables of the proxy and the certificates of this machine";
    }
    if text.contains("neither region nor endpoint") || text.contains("is no region id") {
        return "the variable HUAWEICLOUD_SDK_REGION or --region tells where the service is";
    }
    "check --endpoint, or the variable HUAWEICLOUD_SDK_REGION_CSMS_<REGION>"
}

/// What to do when whoever made the failure does not say.
fn default_hint(code: u8, message: &str) -> &'static str {
    let is_of_file = ["read", "written", "created"]
        .iter()
        .any(|done| message.contains(&format!("can't be {done}")));
    match code {
        _ if is_of_file => FILES,
        USAGE => OPTIONS,
        CREDENTIALS => "`csms doctor` tells where the credentials are from",
        NETWORK => UNREACHABLE,
        REFUSED => "`csms version list NAME` tells what the secret has",
        126 | 127 => "check the program's name, the variable PATH and who may run it",
        _ => "run the same command again",
    }
}
