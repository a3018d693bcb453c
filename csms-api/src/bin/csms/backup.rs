//! `csms backup`: secrets as files.

use std::fs::{self, DirBuilder};
use std::io::{self, Write, stderr};
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};

use clap::ArgMatches;
use csms_api::command::{Arguments, project_id, write_whole};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use tokio::task::{JoinError, JoinSet};

use crate::call::{Session, all_pages, command_of};
use crate::failure::Failure;
use crate::interrupt::interrupted;
use crate::manifest::{Entry, Manifest, file_name, sha256};
use crate::output;
use crate::settings::Format;

/// How many secrets are read at once.
const AT_ONCE: usize = 8;

/// The longest page of a list.
const PAGE: &str = "1000";

pub async fn run(session: &Session, matches: &ArgMatches) -> Result<(), Failure> {
    let folder = matches.get_one::<PathBuf>("folder").cloned();
    let folder = folder.unwrap_or_else(|| PathBuf::from("."));
    let mut interrupted = pin!(interrupted());
    let prepared = tokio::select! {
        code = &mut interrupted => return Err(Failure::with_code(code, "nothing is backed up yet")),
        prepared = prepare(session, matches, &folder) => prepared,
    };
    let (wanted, manifest) = prepared?;
    let mut backup = Backup::new(session, folder, manifest, wanted.len());
    let code = backup.all(wanted, interrupted).await;
    backup.finish(code)
}

/// A secret to back up.
struct Wanted {
    name: String,
    /// When it was changed last, if that is known already.
    update_time: Option<i64>,
}

/// Which secrets are wanted, and what the folder has of them.
async fn prepare(
    session: &Session,
    matches: &ArgMatches,
    folder: &Path,
) -> Result<(Vec<Wanted>, Manifest), Failure> {
    let list = command_of("ListSecrets")?;
    let project_id = project_id(&session.client, list).await?;
    let wanted = match matches.get_many::<String>("names") {
        Some(names) => names.map(|name| Wanted {
            name: name.clone(),
            update_time: None,
        }),
        None => return Ok((listed(session).await?, open(folder, &project_id)?)),
    };
    Ok((wanted.collect(), open(folder, &project_id)?))
}

/// All secrets of the project.
async fn listed(session: &Session) -> Result<Vec<Wanted>, Failure> {
    let list = command_of("ListSecrets")?;
    let arguments = Arguments {
        query: vec![("limit", PAGE.to_owned())],
        ..Arguments::default()
    };
    let answer = all_pages(session, list, arguments).await?;
    let secrets = answer.expose().get("secrets").and_then(Value::as_array);
    let wanted = secrets.into_iter().flatten().filter_map(|secret| {
        Some(Wanted {
            name: secret.get("name")?.as_str()?.to_owned(),
            update_time: secret.get("update_time").and_then(Value::as_i64),
        })
    });
    Ok(wanted.collect())
}

fn open(folder: &Path, project_id: &str) -> Result<Manifest, Failure> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| {
        Failure::usage(format!("{} can't be created: {error}", folder.display()))
    })?;
    Manifest::open(folder, project_id)
}

/// A run over several secrets.
struct Backup<'a> {
    session: &'a Session,
    folder: PathBuf,
    manifest: Manifest,
    progress: ProgressBar,
    total: usize,
    written: usize,
    unchanged: usize,
    failures: Vec<(String, Failure)>,
}

/// What came of a secret.
enum Outcome {
    Written(Entry),
    Unchanged,
}

type Job = (String, Result<Outcome, Failure>);

impl<'a> Backup<'a> {
    fn new(session: &'a Session, folder: PathBuf, manifest: Manifest, total: usize) -> Self {
        Self {
            session,
            folder,
            manifest,
            progress: progress(total),
            total,
            written: 0,
            unchanged: 0,
            failures: Vec::new(),
        }
    }

    /// Backs up each secret, until all are done or the process is asked to end; then returns the
    /// exit code for that.
    async fn all(
        &mut self,
        wanted: Vec<Wanted>,
        mut interrupted: Pin<&mut impl Future<Output = u8>>,
    ) -> Option<u8> {
        let mut wanted = wanted.into_iter();
        let mut jobs = JoinSet::new();
        let code = loop {
            let free = AT_ONCE.saturating_sub(jobs.len());
            for wanted in wanted.by_ref().take(free) {
                jobs.spawn(self.job(wanted));
            }
            tokio::select! {
                code = &mut interrupted => break Some(code),
                job = jobs.join_next() => match job {
                    Some(job) => self.record(job),
                    None => break None,
                }
            }
        };
        // A job that is about to write ends by itself: no half file stays.
        jobs.abort_all();
        while let Some(job) = jobs.join_next().await {
            self.record(job);
        }
        code
    }

    fn job(&self, wanted: Wanted) -> impl Future<Output = Job> + use<> {
        let session = self.session.clone();
        let known = self.manifest.entry(&wanted.name).cloned();
        let path = self.folder.join(file_name(&wanted.name));
        async move {
            let name = wanted.name.clone();
            (name, back_up(&session, wanted, known, &path).await)
        }
    }

    fn record(&mut self, job: Result<Job, JoinError>) {
        let (name, result) = match job {
            Ok(job) => job,
            Err(error) if error.is_cancelled() => return,
            Err(error) => (String::new(), Err(Failure::answer(error.to_string()))),
        };
        self.progress.inc(1);
        let result = result.and_then(|outcome| {
            match outcome {
                Outcome::Unchanged => self.unchanged += 1,
                Outcome::Written(entry) => {
                    self.written += 1;
                    self.manifest.add(entry)?;
                }
            }
            Ok(())
        });
        if let Err(failure) = result {
            self.progress.suspend(|| failure.tell(&format!("{name}: ")));
            self.failures.push((name, failure));
        }
    }

    /// Writes the manifest and says what was done.
    fn finish(mut self, interrupted: Option<u8>) -> Result<(), Failure> {
        self.progress.finish_and_clear();
        self.manifest.write()?;
        if let Some(code) = interrupted {
            let done = self.written + self.unchanged;
            let message = format!(
                "{done} of {} backed up; run the same command again to go on\n",
                self.total
            );
            // Nobody is left to be told that it can't be printed.
            drop(stderr().write_all(message.as_bytes()));
            return Err(Failure::Told(code));
        }
        self.print()?;
        match self.failures.first() {
            Some((_, failure)) => Err(Failure::Told(failure.code())),
            None => Ok(()),
        }
    }

    fn print(&self) -> io::Result<()> {
        if self.session.format == Format::Json {
            let failed: Vec<&String> = self.failures.iter().map(|(name, _)| name).collect();
            return output::print_json(&json!({
                "folder": self.folder.display().to_string(),
                "written": self.written,
                "unchanged": self.unchanged,
                "failed": failed,
            }));
        }
        let text = format!(
            "{} written, {} unchanged, {} failed; in {}\n",
            self.written,
            self.unchanged,
            self.failures.len(),
            self.folder.display()
        );
        output::write(text.as_bytes())
    }
}

/// Reads a secret's backup and writes its file, unless there is one of the same state.
async fn back_up(
    session: &Session,
    wanted: Wanted,
    known: Option<Entry>,
    path: &Path,
) -> Result<Outcome, Failure> {
    let secret_name = vec![("secret_name", wanted.name.clone())];
    let arguments = Arguments {
        path: secret_name,
        ..Arguments::default()
    };
    let update_time = match wanted.update_time {
        Some(time) => Some(time),
        None => update_time(session, &arguments).await?,
    };
    if let Some(known) = known
        && update_time.is_some()
        && known.update_time == update_time
        && fs::read(path).is_ok_and(|bytes| sha256(&bytes) == known.sha256)
    {
        return Ok(Outcome::Unchanged);
    }
    let download = command_of("DownloadSecretBlob")?;
    let answer = session.call(download, &arguments).await?;
    let blob = answer.body.expose().get("secret_blob");
    let blob = blob
        .and_then(Value::as_str)
        .ok_or_else(|| Failure::answer("the answer has no secret_blob"))?;
    write_whole(path, blob.as_bytes())
        .map_err(|error| Failure::usage(format!("{} can't be written: {error}", path.display())))?;
    Ok(Outcome::Written(Entry {
        file: file_name(&wanted.name),
        name: wanted.name,
        update_time,
        sha256: sha256(blob.as_bytes()),
    }))
}

async fn update_time(session: &Session, arguments: &Arguments) -> Result<Option<i64>, Failure> {
    let answer = session.call(command_of("ShowSecret")?, arguments).await?;
    let time = answer.body.expose().pointer("/secret/update_time");
    Ok(time.and_then(Value::as_i64))
}

/// A bar on standard error, if that is a terminal.
fn progress(total: usize) -> ProgressBar {
    let total = u64::try_from(total).ok();
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    match ProgressStyle::with_template("{bar:30} {pos} of {len} {eta}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
