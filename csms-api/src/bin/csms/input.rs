//! What a command reads: files, standard input, a prompt.

use std::cell::Cell;
use std::fs;
use std::io::{self, IsTerminal, Read, stdin};
use std::path::Path;

use csms_api::SecretText;
use zeroize::Zeroizing;

use crate::failure::Failure;

/// Reads files of a command; only one of them may be standard input.
#[derive(Debug, Default)]
pub struct Input {
    is_stdin_taken: Cell<bool>,
}

impl Input {
    /// The text of a file, or of standard input for `-`.
    pub fn text(&self, path: &Path) -> Result<Zeroizing<String>, Failure> {
        let is_stdin = path == Path::new("-");
        if is_stdin && self.is_stdin_taken.replace(true) {
            let message = "standard input can be read for one value only";
            return Err(Failure::usage(message).with_hint("give the others files"));
        }
        let text = if is_stdin {
            let mut text = String::new();
            stdin().read_to_string(&mut text).map(|_| text)
        } else {
            fs::read_to_string(path)
        };
        text.map(Zeroizing::new).map_err(|error| {
            let what = match error.kind() {
                io::ErrorKind::InvalidData => "is not UTF-8 text".to_owned(),
                _ => format!("can't be read: {error}"),
            };
            Failure::usage(format!("{}: {what}", path.display()))
        })
    }

    /// A secret from a file, without the line break at its end. Standard input that is a terminal
    /// is prompted for, without echo.
    pub fn secret(&self, flag: &str, path: &Path) -> Result<SecretText, Failure> {
        if path == Path::new("-") && stdin().is_terminal() {
            return self.prompt(flag);
        }
        let text = self.text(path)?;
        Ok(SecretText::from(text.strip_suffix('\n').unwrap_or(&text)))
    }

    /// A secret that is typed in.
    pub fn prompt(&self, flag: &str) -> Result<SecretText, Failure> {
        let name = flag.trim_end_matches("-file");
        rpassword::prompt_password(format!("{name}: "))
            .map(SecretText::from)
            .map_err(|error| Failure::usage(format!("{name} can't be read: {error}")))
    }
}
