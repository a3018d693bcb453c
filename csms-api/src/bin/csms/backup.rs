//! `csms backup`: secrets as files.

use std::collections::BTreeSet;
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
        code = &mut interrupted => return Err(not_begun(code)),
        prepared = prepare(session, matches, &folder) => prepared,
    };
    let (wanted, manifest) = prepared?;
    let names = wanted.iter().map(|wanted| wanted.name.clone()).collect();
    let mut backup = Backup::new(session, folder, manifest, names);
    let code = backup.all(wanted, interrupted).await;
    backup.finish(code)
}

fn not_begun(code: u8) -> Failure {
    Failure::with_code(code, "nothing is backed up yet").with_hint("run the same command again")
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
        Some(names) => named(names),
        None => listed(session).await?,
    };
    Ok((wanted, open(folder, &project_id)?))
}

/// These secrets, each once.
fn named<'a>(names: impl Iterator<Item = &'a String>) -> Vec<Wanted> {
    let names: BTreeSet<&String> = names.collect();
    let wanted = names.into_iter().map(|name| Wanted {
        name: name.clone(),
        update_time: None,
    });
    wanted.collect()
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
    wanted: BTreeSet<String>,
    written: usize,
    unchanged: usize,
    failures: Vec<(String, Failure)>,
}

/// What is there of a secret.
struct Known {
    entry: Entry,
    /// Whether it was backed up by a run that was broken off, and that this one goes on with.
    is_of_unfinished_run: bool,
}

/// What came of a secret.
enum Outcome {
    Written(Entry),
    /// The file is as it would be written.
    Unchanged(Entry),
}

type Job = (String, Result<Outcome, Failure>);

impl<'a> Backup<'a> {
    fn new(
        session: &'a Session,
        folder: PathBuf,
        manifest: Manifest,
        wanted: BTreeSet<String>,
    ) -> Self {
        Self {
            session,
            folder,
            manifest,
            progress: progress(wanted.len()),
            wanted,
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
        let known = known.map(|entry| Known {
            is_of_unfinished_run: self.manifest.is_of_unfinished_run(&entry.name),
            entry,
        });
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
            let (count, entry) = match outcome {
                Outcome::Written(entry) => (&mut self.written, entry),
                Outcome::Unchanged(entry) => (&mut self.unchanged, entry),
            };
            *count += 1;
            self.manifest.add(entry)
        });
        if let Err(failure) = result {
            self.progress.suspend(|| failure.tell(&format!("{name}: ")));
            self.failures.push((name, failure));
        }
    }

    /// Writes the manifest and says what was done.
    fn finish(mut self, interrupted: Option<u8>) -> Result<(), Failure> {
        self.progress.finish_and_clear();
        let manifest = match interrupted {
            Some(_) => self.manifest.write(),
            None => self.manifest.finish(&self.wanted),
        };
        if let Err(failure) = &manifest {
            failure.tell("");
        }
        if let Some(code) = interrupted {
            let done = self.written + self.unchanged;
            let message = format!(
                "{done} of {} backed up; run the same command again to go on\n",
                self.wanted.len()
            );
            // Nobody is left to be told that it can't be printed.
            drop(stderr().write_all(message.as_bytes()));
            return Err(Failure::Told(code));
        }
        // They came as the answers did.
        self.failures
            .sort_by(|(name, _), (other, _)| name.cmp(other));
        let first = self.failures.first().map(|(_, failure)| failure.code());
        let first = first.or(manifest.err().map(|failure| failure.code()));
        Failure::conclude(first, self.print())
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

/// Reads a secret's backup and writes its file, unless the run that this one goes on with has done
/// so. That the update time stands still is no proof beyond such a run: the service does not
/// promise to move it for a new version or tag.
async fn back_up(
    session: &Session,
    wanted: Wanted,
    known: Option<Known>,
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
    let known = known
        .filter(|known| fs::read(path).is_ok_and(|bytes| sha256(&bytes) == known.entry.sha256));
    if let Some(known) = &known
        && known.is_of_unfinished_run
        && update_time.is_some()
        && known.entry.update_time == update_time
    {
        return Ok(Outcome::Unchanged(known.entry.clone()));
    }
    let download = command_of("DownloadSecretBlob")?;
    let answer = session.call(download, &arguments).await?;
    let blob = answer.body.expose().get("secret_blob");
    let blob = blob
        .and_then(Value::as_str)
        .ok_or_else(|| Failure::answer("the answer has no secret_blob"))?;
    let entry = Entry {
        file: file_name(&wanted.name),
        name: wanted.name,
        update_time,
        sha256: sha256(blob.as_bytes()),
    };
    if known.is_some_and(|known| known.entry.sha256 == entry.sha256) {
        return Ok(Outcome::Unchanged(entry));
    }
    write_whole(path, blob.as_bytes()).map_err(|error| {
        Failure::usage(format!("{} can't be written: {error}", path.display()))
            .with_hint("choose another folder with -o DIR, or make room there")
    })?;
    Ok(Outcome::Written(entry))
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
