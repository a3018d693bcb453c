//! Where two neighbouring links of the chain disagree.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use similar::TextDiff;

use crate::emit::{FILES, Output};
use crate::problem::Problem;
use crate::spec::Spec;
use crate::spec::compare::{Difference, compare_with};
use crate::spec::corrections::Corrections;
use crate::workspace::{GENERATED, StoredContract, Workspace, contract_file, file_names};

/// Lines of a unified diff that are shown of one file.
const DIFF_LINES: usize = 20;

/// Contracts against spec: differences that no correction settles, corrections that no longer
/// apply, and operations that no contract vouches for.
///
/// What the contracts of `unreadable` operations would say is unknown: to call such an operation
/// undocumented, or its corrections stale, would be false advice.
pub fn against_contracts(
    spec: &Spec,
    contracts: &[StoredContract],
    unreadable: &[String],
    corrections: &Corrections,
) -> Vec<Problem> {
    let differences = differences(spec, contracts);
    let mut problems = unsettled(&differences, corrections);
    let documented: BTreeSet<_> = contracts
        .iter()
        .filter_map(|stored| stored.contract.operation_id.as_deref())
        .chain(unreadable.iter().map(String::as_str))
        .collect();
    for operation in spec.operations() {
        if let Some(id) = operation.id.filter(|id| !documented.contains(id)) {
            let file = contract_file(id);
            let message = format!("no contract: {file} is missing; import the page");
            problems.push(Problem::new(&spec.file, message).at(Some(id), &operation.pointer));
        }
    }
    let all: Vec<Difference> = differences.into_iter().flat_map(|(_, d)| d).collect();
    problems.extend(corrections.stale(spec, &all, unreadable));
    problems
}

/// The differences of each contract, with its file.
fn differences<'a>(
    spec: &Spec,
    contracts: &'a [StoredContract],
) -> Vec<(&'a str, Vec<Difference>)> {
    let operations = spec.operations_by_id();
    contracts
        .iter()
        .map(|stored| {
            let id = stored.contract.operation_id.as_deref();
            let operation = id.and_then(|id| operations.get(id));
            let differences = compare_with(&stored.contract, operation, spec);
            (stored.file.as_str(), differences)
        })
        .collect()
}

/// Those that no correction settles, as problems.
fn unsettled(differences: &[(&str, Vec<Difference>)], corrections: &Corrections) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (file, differences) in differences {
        let unsettled = corrections.unsettled(differences.clone());
        problems.extend(
            unsettled
                .iter()
                .map(|difference| disagreement(file, difference)),
        );
    }
    problems
}

/// A difference as a problem of the file that states the page's side.
pub fn disagreement(file: &str, difference: &Difference) -> Problem {
    let message = format!(
        "the page says {}, the spec says {}; curate the spec, or state the decision in \
         openapi/corrections.json",
        shown(&difference.page_says),
        shown(&difference.spec_says)
    );
    Problem::new(file, message)
        .at_line(difference.line)
        .at(Some(&difference.operation), &difference.pointer)
}

/// Generated code against the files on disk: differing, missing and stray ones.
pub fn against_files(workspace: &Workspace, outputs: &[Output]) -> Vec<Problem> {
    let mut problems: Vec<Problem> = outputs
        .iter()
        .filter_map(|output| differing(workspace, output))
        .collect();
    problems.extend(stray_files(workspace));
    problems
}

/// What lies in the folder of generated files and is not generated.
pub fn stray_files(workspace: &Workspace) -> Vec<Problem> {
    let stray = stray(workspace).into_iter().map(|name| {
        let message = "stray file: nothing generates it; move it elsewhere or remove it";
        Problem::new(format!("{GENERATED}/{name}"), message)
    });
    stray.collect()
}

/// Names in the folder of generated files that are not generated.
pub fn stray(workspace: &Workspace) -> Vec<String> {
    // A folder that can't be listed is empty: every output is then reported as missing.
    let names = file_names(&workspace.path(GENERATED)).unwrap_or_default();
    names
        .into_iter()
        .filter(|name| !FILES.contains(&name.as_str()))
        .collect()
}

fn differing(workspace: &Workspace, output: &Output) -> Option<Problem> {
    let file = format!("{GENERATED}/{}", output.name);
    let message = match fs::read(workspace.path(&file)) {
        Ok(bytes) if bytes == output.text.as_bytes() => return None,
        Ok(bytes) => format!(
            "differs from what the spec generates; run `cargo xtask generate`\n{}",
            unified_diff(&file, &String::from_utf8_lossy(&bytes), &output.text)
        ),
        Err(error) => format!("missing ({error}); run `cargo xtask generate`"),
    };
    Some(Problem::new(file, message))
}

fn unified_diff(file: &str, found: &str, generated: &str) -> String {
    let diff = TextDiff::from_lines(found, generated);
    let text = diff
        .unified_diff()
        .context_radius(1)
        .header(file, "generated from the spec")
        .to_string();
    let lines = text.lines().count();
    let mut shown: String = text
        .lines()
        .take(DIFF_LINES)
        .map(|line| format!("  {line}\n"))
        .collect();
    if lines > DIFF_LINES {
        shown.push_str(&format!("  … {} more lines\n", lines - DIFF_LINES));
    }
    shown.truncate(shown.trim_end().len());
    shown
}

fn shown(value: &Value) -> String {
    const LIMIT: usize = 120;
    let text = match value {
        Value::Null => return "nothing".to_owned(),
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    };
    if text.chars().count() > LIMIT {
        let mut short: String = text.chars().take(LIMIT).collect();
        short.push('…');
        short
    } else {
        text
    }
}
