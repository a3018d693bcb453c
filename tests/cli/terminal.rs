//! What people see: a terminal, by a pseudo-terminal.

use std::io::{Read, Write};

use pty_process::Size;
use pty_process::blocking::{Command, Pty, open};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, tcgetattr};
use tests::sentinel::assert_hidden;

use crate::process::{Csms, Run, secret, wait_until};

/// The command on a terminal of this width.
struct Terminal {
    pty: Pty,
    child: std::process::Child,
    seen: Vec<u8>,
}

impl Terminal {
    fn start(csms: &Csms, columns: u16, variables: &[(&str, &str)], arguments: &[&str]) -> Self {
        let (pty, pts) = open().unwrap();
        pty.resize(Size::new(40, columns)).unwrap();
        let like = csms.command(arguments);
        let mut command = Command::new(like.get_program()).args(like.get_args());
        command = command.env_clear().current_dir(csms.folder());
        let given = like
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        command = command.envs(given).env("TERM", "xterm");
        command = command.envs(variables.iter().copied());
        let child = command.spawn(pts).unwrap();
        Self {
            pty,
            child,
            seen: Vec::new(),
        }
    }

    /// Reads until this text is there, and what is typed is not shown.
    fn wait_for_prompt(&mut self, text: &str) {
        while !self.text().contains(text) {
            assert!(self.read(), "{text} does not come: {}", self.text());
        }
        wait_until("the echo is off", || {
            let modes = tcgetattr(&self.pty).unwrap().local_modes;
            !modes.contains(LocalModes::ECHO)
        });
    }

    fn read(&mut self) -> bool {
        let mut buffer = [0; 4096];
        // A terminal that nobody writes to any more is an error on Linux, elsewhere the end.
        match self.pty.read(&mut buffer) {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.seen.extend_from_slice(&buffer[..count]);
                true
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    fn type_in(&mut self, text: &str) {
        self.pty.write_all(text.as_bytes()).unwrap();
    }

    /// All that was seen to the end, and the exit code.
    fn end(mut self) -> (String, Option<i32>) {
        while self.read() {}
        let code = self.child.wait().unwrap().code();
        (self.text(), code)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_gets_a_table_as_wide_as_it_is() {
    let csms = Csms::with_secret(&secret()).await;
    let (text, code) = Terminal::start(&csms, 60, &[], &["secret", "list"]).end();
    assert_eq!(code, Some(0));
    assert!(text.contains("\x1b[1m"), "{text:?}");
    assert!(text.contains("demo"), "{text:?}");
    assert!(text.contains("\r\nnot shown: "), "{text:?}");
    let rows = text.lines().filter(|line| line.contains("demo"));
    assert!(
        rows.clone().count() == 1 && rows.clone().all(|row| row.len() <= 60),
        "{text}"
    );
    let (wide, _) = Terminal::start(&csms, 250, &[], &["secret", "list"]).end();
    assert!(
        wide.contains("update_time") && wide.contains(" UTC"),
        "{wide:?}"
    );
    assert!(!wide.contains("not shown"), "{wide:?}");
    assert_hidden("the terminal", &wide);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_does_not_know_its_width_gets_whole_lines() {
    let csms = Csms::with_secret(&secret()).await;
    for arguments in [["secret", "show", "demo"], ["version", "list", "demo"]] {
        let (text, code) = Terminal::start(&csms, 0, &[], &arguments).end();
        assert_eq!(code, Some(0), "{text}");
        let lines = text.lines();
        assert!(lines.clone().any(|line| line.contains(" UTC")), "{text}");
        assert!(!text.contains("not shown"), "{text}");
        assert!(lines.count() <= 16, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_stays_whole_however_narrow_the_terminal() {
    let csms = Csms::with_secret(&secret()).await;
    let shown = csms.json(&["secret", "show", "demo"]);
    let id = shown["secret"]["id"].as_str().unwrap();
    let words = "word ".repeat(20);
    let describe = ["secret", "update", "demo", "--description", &words];
    csms.json(&describe);
    for columns in [1, 20, 40, 58, 59, 60, 80] {
        let show = ["secret", "show", "demo"];
        let (text, _) = Terminal::start(&csms, columns, &[("NO_COLOR", "1")], &show).end();
        assert!(text.contains(id), "{columns}: {text}");
        let fits = |line: &str| line.len() <= usize::from(columns);
        assert!(columns < 59 || text.lines().all(fits), "{columns}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn colours_are_for_terminals_that_want_them() {
    let csms = Csms::with_secret(&secret()).await;
    for arguments in [
        &["secret", "list"][..],
        &["secret", "show", "gone"],
        &["secret", "shw"],
        &["secret", "--help"],
    ] {
        for variables in [&[][..], &[("CLICOLOR", "0")]] {
            let (colourful, _) = Terminal::start(&csms, 80, variables, arguments).end();
            assert!(colourful.contains('\x1b'), "{variables:?} {colourful:?}");
        }
        for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
            let variables = [variable, ("CLICOLOR_FORCE", "1")];
            let (plain, _) = Terminal::start(&csms, 80, &variables, arguments).end();
            assert!(!plain.contains('\x1b'), "{variable:?} {plain:?}");
        }
        let mut piped = csms.command(arguments);
        piped.env("CLICOLOR_FORCE", "1");
        let run = Run::of(&piped.output().unwrap());
        assert!(!format!("{run:?}").contains("\\u{1b}"), "{run:?}");
    }
    let forced = Terminal::start(&csms, 80, &[], &["secret", "list", "--output", "json"]).end();
    assert!(forced.0.starts_with('{'), "{forced:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_ends_its_line_on_a_terminal_and_bytes_stay_away_from_it() {
    let csms = Csms::with_secret("shown").await;
    let (text, _) = Terminal::start(&csms, 80, &[], &["get", "demo"]).end();
    assert_eq!(text, "shown\r\n");
    let client = csms.client();
    let call = client.create_secret().name("bytes").secret_binary("AP+A");
    call.send().await.unwrap();
    let (text, code) = Terminal::start(&csms, 80, &[], &["get", "bytes"]).end();
    assert_eq!(code, Some(1));
    assert!(text.contains("redirect the output"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_shows_how_far_it_is() {
    let csms = Csms::start().await;
    for i in 0..20 {
        csms.create(&format!("s{i}"), &secret()).await;
    }
    let (text, code) = Terminal::start(&csms, 80, &[], &["backup", "--all", "-o", "b"]).end();
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(" of 20"), "{text:?}");
    assert!(
        text.contains("20 written, 0 unchanged, 0 failed; in b"),
        "{text:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_asked_for_without_echo() {
    let csms = Csms::start().await;
    let create = [
        "secret",
        "create",
        "--name",
        "typed",
        "--secret-string-file",
        "-",
    ];
    let mut terminal = Terminal::start(&csms, 80, &[], &create);
    terminal.wait_for_prompt("secret-string: ");
    terminal.type_in(&format!("{}\n", secret()));
    let (text, code) = terminal.end();
    assert_eq!(code, Some(0), "{text}");
    assert_hidden("the terminal", &text);
    let value = csms.client().get_secret_value("typed").await.unwrap();
    assert_eq!(value.text(), Some(&*secret()));

    // What the service needs is asked for unasked.
    let mut terminal = Terminal::start(&csms, 80, &[], &["secret", "restore-backup"]);
    terminal.wait_for_prompt("secret-blob: ");
    terminal.type_in(&format!("{}\n", secret()));
    let (text, code) = terminal.end();
    assert_eq!(code, Some(1), "{text}");
    assert_hidden("the terminal", &text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_echoes_again_when_the_prompt_is_left() {
    let csms = Csms::start().await;
    let twice = ["user", "change-password"];
    let echoes = |terminal: &Terminal| {
        let modes = tcgetattr(&terminal.pty).unwrap().local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    };
    // Ctrl-C, and signals from elsewhere.
    for (signal, code) in [
        (None, 130),
        (Some(Signal::INT), 130),
        (Some(Signal::TERM), 143),
    ] {
        let mut terminal = Terminal::start(&csms, 80, &[], &twice);
        terminal.wait_for_prompt("old-password: ");
        terminal.type_in("first\n");
        terminal.wait_for_prompt("\npassword: ");
        match signal {
            None => terminal.type_in("\x03"),
            Some(signal) => kill_process(Pid::from_child(&terminal.child), signal).unwrap(),
        }
        wait_until("it ends", || terminal.child.try_wait().unwrap().is_some());
        assert!(echoes(&terminal), "{signal:?}");
        assert_eq!(terminal.end().1, Some(code), "{signal:?}");
    }
}
