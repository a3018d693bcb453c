//! The command with a service to call, an environment of its own and a folder to write to.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use csms_api::mock::Service;
use csms_api::{Client, Clock};
use serde_json::Value;
use tempfile::TempDir;
use tests::sentinel::{SENTINEL, assert_hidden};

/// How long anything may take that is waited for.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A service, and the command that calls it with the access key of the environment.
pub struct Csms {
    pub service: Service,
    client: Client,
    folder: TempDir,
}

/// What a run has said.
#[derive(Debug)]
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A secret that must not show.
pub fn secret() -> String {
    format!("{SENTINEL}-value")
}

impl Csms {
    pub async fn start() -> Self {
        Self::with_clock(Clock::default()).await
    }

    pub async fn with_clock(clock: Clock) -> Self {
        let service = Service::builder()
            .access_key("AK", format!("{SENTINEL}-key"))
            .clock(clock);
        let service = service.start().await.unwrap();
        Self {
            client: service.client().unwrap(),
            service,
            folder: TempDir::new().unwrap(),
        }
    }

    /// A service with a secret `demo` of this value.
    pub async fn with_secret(value: &str) -> Self {
        let csms = Self::start().await;
        csms.create("demo", value).await;
        csms
    }

    /// A client of the service that has nothing to do with the command.
    pub fn client(&self) -> &Client {
        &self.client
    }

    pub async fn create(&self, name: &str, value: &str) {
        let call = self.client.create_secret().name(name).secret_string(value);
        call.send().await.unwrap();
    }

    /// A folder that goes away with the value.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file and returns its path as text.
    pub fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.folder().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The command, not run yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = bare(arguments);
        command
            .current_dir(self.folder())
            .env("HOME", self.folder())
            .env("USERPROFILE", self.folder())
            .env("HUAWEICLOUD_SDK_REGION", "mock")
            .env("HUAWEICLOUD_SDK_REGION_CSMS_MOCK", self.service.endpoint())
            .env("HUAWEICLOUD_SDK_AK", "AK")
            .env("HUAWEICLOUD_SDK_SK", format!("{SENTINEL}-key"))
            .env("HUAWEICLOUD_SDK_PROJECT_ID", self.service.project_id());
        command
    }

    /// What the command says, which must show no secret.
    pub fn run(&self, arguments: &[&str]) -> Run {
        hidden(self.showing(arguments))
    }

    /// What a command says whose purpose is to show one.
    pub fn showing(&self, arguments: &[&str]) -> Run {
        Run::of(&self.command(arguments).output().unwrap())
    }

    /// What the command says that reads this from standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Run {
        let mut command = assert_cmd::Command::from_std(self.command(arguments));
        hidden(Run::of(&command.write_stdin(input).output().unwrap()))
    }

    /// The JSON that the command prints, which must succeed.
    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        self.run(arguments).json()
    }
}

/// The command without anything in its environment but what programs need.
pub fn bare(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_csms_command"));
    command.args(arguments).env_clear();
    // Windows has no sockets without the latter.
    for name in ["PATH", "SystemRoot"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

fn hidden(run: Run) -> Run {
    assert_hidden("standard output", &run.stdout);
    assert_hidden("standard error", &run.stderr);
    run
}

impl Run {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let run = Self {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        };
        assert!(!run.stderr.contains("panicked at"), "{run:?}");
        run
    }

    /// The JSON on standard output, of a run that succeeded and complained about nothing.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        assert_eq!(self.stderr, "", "{self:?}");
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Fails unless the run ended with this code, and said each of these on standard error.
    #[track_caller]
    pub fn assert_failed(&self, code: i32, said: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for text in said {
            assert!(self.stderr.contains(text), "{text} is not said: {self:?}");
        }
    }
}

/// A command that runs meanwhile. It is ended when the test gives up.
pub struct Running(std::process::Child);

impl Running {
    pub fn start(mut command: Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self(child.spawn().unwrap())
    }

    pub fn stdout(&mut self) -> std::process::ChildStdout {
        self.0.stdout.take().unwrap()
    }

    /// Sends a signal, as another process would.
    #[cfg(unix)]
    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Waits for its end.
    pub fn end(mut self) -> Run {
        wait_until("the process ends", || self.0.try_wait().unwrap().is_some());
        let mut output = Output {
            status: self.0.wait().unwrap(),
            stdout: Vec::new(),
            stderr: Vec::new(),
        };
        if let Some(mut stdout) = self.0.stdout.take() {
            std::io::Read::read_to_end(&mut stdout, &mut output.stdout).unwrap();
        }
        if let Some(mut stderr) = self.0.stderr.take() {
            std::io::Read::read_to_end(&mut stderr, &mut output.stderr).unwrap();
        }
        hidden(Run::of(&output))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already unless the test failed.
        drop(self.0.kill());
    }
}

/// Waits for something that another process does.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(
            started.elapsed() < TIME_LIMIT,
            "waited too long until {what}"
        );
        thread::sleep(Duration::from_millis(1));
    }
}

/// The names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The files of a folder whose names end like this.
pub fn files(folder: &Path, end: &str) -> Vec<PathBuf> {
    let names = names(folder).into_iter();
    names
        .filter(|name| name.ends_with(end))
        .map(|name| folder.join(name))
        .collect()
}
