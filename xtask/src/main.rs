//! `cargo xtask`: the maintainer's commands over `csms-gen`.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::Context;
use clap::{Parser, Subcommand};
use csms_gen::generate::{self, Report, State};
use csms_gen::import::{self, Imported};
use csms_gen::problem::Problem;
use csms_gen::workspace::Workspace;

/// Keeps the chain page → contract → spec → code in step.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reads documentation pages into openapi/contracts and merges them into openapi/csms.json.
    Import {
        /// Print the contracts as a JSON array and write nothing.
        #[arg(long, conflicts_with = "check")]
        dry_run: bool,
        /// Compare the pages with the stored contracts and the spec, and write nothing.
        #[arg(long)]
        check: bool,
        /// Treat a warning as an error.
        #[arg(long)]
        deny_warnings: bool,
        /// Pages (Markdown) or contracts (`.json`).
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Checks the spec and generates csms-api/src/generated from it.
    Generate {
        /// Report every drift between contracts, spec and code, and write nothing.
        #[arg(long)]
        check: bool,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let is_clean = match Arguments::parse().command {
        Command::Import {
            dry_run: true,
            deny_warnings,
            files,
            ..
        } => dry_run(&files, deny_warnings)?,
        Command::Import {
            check,
            deny_warnings,
            files,
            ..
        } => import(&files, check, deny_warnings)?,
        Command::Generate { check } => generate(check, started)?,
    };
    Ok(if is_clean {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn workspace() -> anyhow::Result<Result<Workspace, Problem>> {
    let folder = std::env::current_dir().context("the current folder can't be told")?;
    Ok(Workspace::around(&folder))
}

fn generate(check: bool, started: Instant) -> anyhow::Result<bool> {
    let result = match workspace()? {
        Ok(workspace) if check => generate::check(&workspace),
        Ok(workspace) => generate::generate(&workspace),
        Err(problem) => Err(vec![problem]),
    };
    match result {
        Ok(report) if check => {
            let (operations, types) = (report.operations, report.types);
            let time = started.elapsed();
            writeln!(
                stdout(),
                "no drift: {operations} operations, {types} types ({time:.2?})"
            )?;
            Ok(true)
        }
        Ok(report) => {
            print_report(&report, started)?;
            Ok(true)
        }
        Err(problems) => {
            print_problems("error", &problems)?;
            let written = if check { "" } else { "; nothing was written" };
            writeln!(
                stderr(),
                "{} found{written}",
                count(problems.len(), "problem")
            )?;
            Ok(false)
        }
    }
}

fn print_report(report: &Report, started: Instant) -> anyhow::Result<()> {
    for (file, state) in &report.files {
        let state = match state {
            State::Unchanged => "unchanged",
            State::Written => "written",
            State::Removed => "removed",
        };
        writeln!(stdout(), "{state:9} {file}")?;
    }
    let (operations, types) = (report.operations, report.types);
    let time = started.elapsed();
    writeln!(
        stdout(),
        "{operations} operations, {types} types ({time:.2?})"
    )?;
    Ok(())
}

fn dry_run(files: &[PathBuf], deny_warnings: bool) -> anyhow::Result<bool> {
    let mut contracts = Vec::new();
    let mut is_clean = true;
    for file in files {
        let imported = import::read(file);
        print_problems("warning", &imported.warnings)?;
        print_problems("error", &imported.problems)?;
        is_clean &= imported.problems.is_empty();
        is_clean &= !deny_warnings || imported.warnings.is_empty();
        contracts.extend(imported.contract);
    }
    let text = serde_json::to_string_pretty(&contracts).context("the contracts as JSON")?;
    writeln!(stdout(), "{text}")?;
    Ok(is_clean)
}

fn import(files: &[PathBuf], check: bool, deny_warnings: bool) -> anyhow::Result<bool> {
    let result = match workspace()? {
        Ok(workspace) if check => import::check(&workspace, files, deny_warnings, progress),
        Ok(workspace) => import::import(&workspace, files, deny_warnings, progress),
        Err(problem) => Err(problem),
    };
    let all = match result {
        Ok(all) => all,
        Err(problem) => {
            print_problems("error", &[problem])?;
            writeln!(stderr(), "nothing was written")?;
            return Ok(false);
        }
    };
    for imported in &all {
        print_problems("warning", &imported.warnings)?;
        print_problems("error", &imported.problems)?;
        if !check && imported.problems.is_empty() {
            print_outcome(imported)?;
        }
    }
    let failed = all
        .iter()
        .filter(|imported| !imported.problems.is_empty())
        .count();
    if failed > 0 {
        let written = if check {
            ""
        } else {
            "; nothing of them was written"
        };
        writeln!(stderr(), "{} failed{written}", count(failed, "file"))?;
    } else if check {
        writeln!(stdout(), "no drift: {} checked", count(all.len(), "file"))?;
    }
    Ok(failed == 0)
}

fn print_outcome(imported: &Imported) -> anyhow::Result<()> {
    let file = imported.file.display();
    let id = imported
        .contract
        .as_ref()
        .and_then(|contract| contract.operation_id.as_deref())
        .unwrap_or_default();
    if imported.is_new {
        writeln!(
            stdout(),
            "new       {id} ({file}); describe its drafts in openapi/csms.json"
        )?;
    } else if imported.changes.is_empty() {
        writeln!(stdout(), "unchanged {id} ({file})")?;
    } else {
        writeln!(stdout(), "changed   {id} ({file})")?;
    }
    for change in &imported.changes {
        writeln!(stdout(), "          {}: {change}", change.pointer)?;
    }
    Ok(())
}

/// A line that is overwritten by the next one, for someone who waits at a terminal.
fn progress(imported: &Imported) {
    if stderr().is_terminal() {
        let state = if imported.problems.is_empty() {
            "read"
        } else {
            "failed"
        };
        // A terminal that is gone must not stop the import.
        drop(writeln!(stderr(), "{state:9} {}", imported.file.display()));
    }
}

fn print_problems(kind: &str, problems: &[Problem]) -> anyhow::Result<()> {
    for problem in problems {
        writeln!(stderr(), "{kind}: {problem}")?;
    }
    Ok(())
}

fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
