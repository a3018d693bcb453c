//! Contracts and spec → checked → code, or a proof that nothing has drifted.

use std::fs;

use crate::drift;
use crate::emit::{Emitted, emit};
use crate::lint::lint;
use crate::problem::Problem;
use crate::spec::Spec;
use crate::workspace::{GENERATED, Workspace};

/// What happened to a generated file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It had these bytes already.
    Unchanged,
    /// It was created or replaced.
    Written,
    /// Nothing generates it any more.
    Removed,
}

/// What a run did.
#[derive(Debug, Clone)]
pub struct Report {
    /// Each file, relative to the workspace.
    pub files: Vec<(String, State)>,
    /// The number of operations.
    pub operations: usize,
    /// The number of types.
    pub types: usize,
}

/// Generates and writes. On any problem nothing is written.
pub fn generate(workspace: &Workspace) -> Result<Report, Vec<Problem>> {
    let spec = workspace.spec().map_err(|problem| vec![problem])?;
    let mut problems = lint(&spec);
    problems.extend(contract_problems(workspace, &spec));
    if !problems.is_empty() {
        return Err(problems);
    }
    let emitted = emit(&spec)?;
    write(workspace, &emitted)
}

/// Generates in memory and compares. Every problem of every link is reported.
pub fn check(workspace: &Workspace) -> Result<Report, Vec<Problem>> {
    let spec = workspace.spec().map_err(|problem| vec![problem])?;
    let mut problems = lint(&spec);
    let emitted = if problems.is_empty() {
        emit(&spec)
    } else {
        Err(Vec::new())
    };
    problems.extend(contract_problems(workspace, &spec));
    if emitted.is_err() {
        problems.extend(drift::stray_files(workspace));
    }
    match emitted {
        Ok(emitted) => {
            problems.extend(drift::against_files(workspace, &emitted.outputs));
            if problems.is_empty() {
                return Ok(report(&emitted, |_| State::Unchanged));
            }
        }
        Err(more) => problems.extend(more),
    }
    Err(problems)
}

fn contract_problems(workspace: &Workspace, spec: &Spec) -> Vec<Problem> {
    let (contracts, mut problems) = workspace.contracts();
    let unreadable: Vec<String> = problems.iter().filter_map(operation_of).collect();
    match workspace.corrections() {
        Ok(corrections) => {
            problems.extend(drift::against_contracts(
                spec,
                &contracts,
                &unreadable,
                &corrections,
            ));
        }
        Err(problem) => problems.push(problem),
    }
    problems
}

/// The operation whose contract can't be read, by the name of its file.
fn operation_of(problem: &Problem) -> Option<String> {
    let (_, name) = problem.file.rsplit_once('/')?;
    name.strip_suffix(".json").map(str::to_owned)
}

fn write(workspace: &Workspace, emitted: &Emitted) -> Result<Report, Vec<Problem>> {
    let file = |name: &str| format!("{GENERATED}/{name}");
    let changed: Vec<(String, String)> = emitted
        .outputs
        .iter()
        .filter(|output| {
            let found = fs::read(workspace.path(&file(output.name)));
            !found.is_ok_and(|bytes| bytes == output.text.as_bytes())
        })
        .map(|output| (file(output.name), output.text.clone()))
        .collect();
    workspace
        .replace(&changed)
        .map_err(|problem| vec![problem])?;
    let mut report = report(emitted, |name| {
        if changed.iter().any(|(changed, _)| *changed == file(name)) {
            State::Written
        } else {
            State::Unchanged
        }
    });
    for name in drift::stray(workspace) {
        let path = workspace.path(&file(&name));
        let removed = if name.ends_with('/') {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.map_err(|error| {
            vec![Problem::new(
                file(&name),
                format!("stray, and can't be removed: {error}"),
            )]
        })?;
        report.files.push((file(&name), State::Removed));
    }
    Ok(report)
}

fn report(emitted: &Emitted, state: impl Fn(&str) -> State) -> Report {
    Report {
        files: emitted
            .outputs
            .iter()
            .map(|output| (format!("{GENERATED}/{}", output.name), state(output.name)))
            .collect(),
        operations: emitted.operations,
        types: emitted.types,
    }
}
