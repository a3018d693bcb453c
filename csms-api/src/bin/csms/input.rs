//! What a command reads: files, standard input, a prompt.

use std::cell::Cell;
use std::fs;
use std::io::{self, IsTerminal, Read, Write, stderr, stdin};
use std::path::Path;
use std::thread;

use csms_api::SecretText;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::block_in_place;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::interrupt::{CTRL_C, exit_when_interrupted, interrupted};

/// Reads files of a command; only one of them may be standard input.
#[derive(Debug, Default)]
pub struct Input {
    is_stdin_taken: Cell<bool>,
    has_prompted: Cell<bool>,
}

impl Input {
    /// The text of a file, or of standard input for `-`; `what` names it in an error.
    pub fn text(&self, what: &str, path: &Path) -> Result<Zeroizing<String>, Failure> {
        let is_stdin = path == Path::new("-");
        if is_stdin && self.is_stdin_taken.replace(true) {
            let message = format!("{what}: standard input can be read for one value only");
            return Err(Failure::usage(message).with_hint("give the others files"));
        }
        let text = if is_stdin {
            let mut text = String::new();
            stdin().read_to_string(&mut text).map(|_| text)
        } else {
            fs::read_to_string(path)
        };
        text.map(Zeroizing::new).map_err(|error| {
            let (why, hint) = match error.kind() {
                io::ErrorKind::InvalidData => (
                    "is not UTF-8 text".to_owned(),
                    "check that it is the right file; a secret of bytes is given in Base64",
                ),
                _ => (
                    format!("can't be read: {error}"),
                    "give the name of a file, or - for standard input",
                ),
            };
            Failure::usage(format!("{what}: {why}")).with_hint(hint)
        })
    }

    /// A secret from a file, without the line break at its end. Standard input that is a terminal
    /// is prompted for, without echo.
    pub fn secret(&self, flag: &str, path: &Path) -> Result<SecretText, Failure> {
        if path == Path::new("-") && stdin().is_terminal() {
            return self.prompt(flag);
        }
        // The name of the file is not told: it may be the secret, given in the wrong place.
        let text = self.text(&format!("--{flag}"), path)?;
        let line = text.strip_suffix('\n');
        let line = line.map(|line| line.strip_suffix('\r').unwrap_or(line));
        Ok(SecretText::from(line.unwrap_or(&text)))
    }

    /// All is read: from now on, signals end the process again.
    pub fn finish(&self) {
        if self.has_prompted.get() {
            exit_when_interrupted();
        }
    }

    /// A secret that is typed in.
    pub fn prompt(&self, flag: &str) -> Result<SecretText, Failure> {
        let name = flag.trim_end_matches("-file");
        let question = format!("{name}: ");
        let modes = terminal::modes();
        self.has_prompted.set(true);
        let (sender, answer) = oneshot::channel();
        // Nothing can end a thread that reads a terminal; it ends with the process.
        thread::spawn(move || sender.send(rpassword::prompt_password(question)));
        let typed = async {
            tokio::select! {
                biased;
                code = interrupted() => Err(code),
                typed = answer => match typed.unwrap_or_else(|_| Err(io::ErrorKind::Other.into())) {
                    // The prompt has read Ctrl-C itself.
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(CTRL_C),
                    typed => Ok(typed),
                },
            }
        };
        match block_in_place(|| Handle::current().block_on(typed)) {
            Ok(Ok(typed)) => Ok(SecretText::from(typed)),
            Ok(Err(error)) => Err(Failure::usage(format!("{name} can't be read: {error}"))
                .with_hint(format!("give it with --{flag} FILE"))),
            Err(code) => {
                terminal::restore(modes);
                // Nobody is left to be told that it can't be printed.
                drop(stderr().write_all(b"\n"));
                Err(Failure::Told(code))
            }
        }
    }
}

/// How the terminal was before it was told not to echo.
#[cfg(unix)]
mod terminal {
    use std::fs::File;

    use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

    pub fn modes() -> Option<(File, Termios)> {
        let terminal = File::open("/dev/tty").ok()?;
        let modes = tcgetattr(&terminal).ok()?;
        Some((terminal, modes))
    }

    pub fn restore(modes: Option<(File, Termios)>) {
        if let Some((terminal, modes)) = modes {
            // The process ends: there is nobody to be told.
            tcsetattr(terminal, OptionalActions::Now, &modes).unwrap_or_default();
        }
    }
}

/// Only Ctrl-C ends a prompt there, and shells set their console again.
#[cfg(not(unix))]
mod terminal {
    pub fn modes() {}

    pub fn restore((): ()) {}
}
