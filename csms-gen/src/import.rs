//! Pages → contracts → spec: one page after the other, each wholly or not at all.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::changes::{Change, changes};
use crate::contract::Contract;
use crate::drift::disagreement;
use crate::page::{self, Page};
use crate::problem::Problem;
use crate::spec::compare::compare_with;
use crate::spec::merge::Merger;
use crate::workspace::{SPEC, Workspace, contract_file};

/// What became of one file.
#[derive(Debug)]
pub struct Imported {
    /// The file as the user named it.
    pub file: PathBuf,
    /// What the page states; absent if it could not be read.
    pub contract: Option<Contract>,
    /// What is odd about the page.
    pub warnings: Vec<Problem>,
    /// Why nothing of it was taken.
    pub problems: Vec<Problem>,
    /// How the page differs from its stored contract; none for a new page.
    pub changes: Vec<Change>,
    /// Whether there was no contract of this operation before.
    pub is_new: bool,
}

/// Reads one file, without looking at the workspace.
pub fn read(file: &Path) -> Imported {
    let mut imported = Imported {
        file: file.to_owned(),
        contract: None,
        warnings: Vec::new(),
        problems: Vec::new(),
        changes: Vec::new(),
        is_new: false,
    };
    let name = file.display().to_string();
    match page::read_file(file) {
        Ok(Page { contract, warnings }) => {
            imported.contract = Some(contract);
            imported.warnings = warnings
                .into_iter()
                .map(|warning| Problem::new(&name, warning.message).at_line(warning.line))
                .collect();
        }
        Err(error) => {
            let problem = Problem::new(&name, error.message).at_line(error.line);
            imported.problems.push(problem);
        }
    }
    imported
}

/// Reads files and writes contracts and spec for those without a problem; `on_done` is called
/// after each. An `Err` means that nothing at all was written.
pub fn import(
    workspace: &Workspace,
    files: &[PathBuf],
    deny_warnings: bool,
    mut on_done: impl FnMut(&Imported),
) -> Result<Vec<Imported>, Problem> {
    let mut spec = workspace.spec()?;
    let before = spec.text();
    let corrections = workspace.corrections()?;
    let stored = stored_contracts(workspace)?;
    let mut accepted: HashMap<String, Contract> = stored.clone();
    let mut texts: IndexMap<String, String> = IndexMap::new();
    let mut merger = Merger::new(&mut spec, &corrections);
    let mut all = Vec::new();
    for file in files {
        let mut imported = read(file);
        if deny_warnings {
            imported.problems.append(&mut imported.warnings);
        }
        if let Some((id, contract)) = mergeable(&mut imported, &stored) {
            let affected = merger.merge(&contract);
            let name = file.display().to_string();
            let differences = corrections.unsettled(merger.compare(&contract));
            let mut problems: Vec<Problem> = differences
                .iter()
                .map(|difference| disagreement(&name, difference))
                .collect();
            problems.extend(corrections.unsaid(&contract));
            if problems.is_empty() {
                for contract in affected.iter().filter_map(|other| accepted.get(other)) {
                    let differences = corrections.unsettled(merger.compare(contract));
                    problems.extend(
                        differences
                            .iter()
                            .map(|d| disagreement(&contract_file(&d.operation), d)),
                    );
                }
            }
            if problems.is_empty() {
                // Of two files about one operation the last counts.
                texts.insert(contract_file(&id), contract_text(&contract));
                accepted.insert(id, contract);
            } else {
                merger.undo();
                imported.problems = problems;
            }
        }
        on_done(&imported);
        all.push(imported);
    }
    let after = spec.text();
    if after != before {
        texts.insert(SPEC.to_owned(), after);
    }
    let is_new = |file: &str, text: &str| !workspace.read(file).is_ok_and(|found| found == text);
    texts.retain(|file, text| is_new(file, text));
    let texts: Vec<(String, String)> = texts.into_iter().collect();
    workspace.replace(&texts)?;
    Ok(all)
}

/// Reads files and compares them with the stored contracts and the spec; writes nothing.
pub fn check(
    workspace: &Workspace,
    files: &[PathBuf],
    deny_warnings: bool,
    mut on_done: impl FnMut(&Imported),
) -> Result<Vec<Imported>, Problem> {
    let spec = workspace.spec()?;
    let operations = spec.operations_by_id();
    let corrections = workspace.corrections()?;
    let stored = stored_contracts(workspace)?;
    let mut all = Vec::new();
    for file in files {
        let mut imported = read(file);
        if deny_warnings {
            imported.problems.append(&mut imported.warnings);
        }
        if let Some((id, contract)) = mergeable(&mut imported, &stored) {
            let name = file.display().to_string();
            if imported.is_new {
                let message = format!("{} does not exist; import the page", contract_file(&id));
                imported
                    .problems
                    .push(Problem::new(&name, message).at(Some(&id), ""));
            }
            for change in &imported.changes {
                let message = format!("the page differs from its stored contract: {change}");
                imported.problems.push(
                    Problem::new(&name, message)
                        .at_line(change.line)
                        .at(Some(&id), &change.pointer),
                );
            }
            let differences = compare_with(&contract, operations.get(id.as_str()), &spec);
            let differences = corrections.unsettled(differences);
            imported.problems.extend(
                differences
                    .iter()
                    .map(|difference| disagreement(&name, difference)),
            );
            imported.problems.extend(corrections.unsaid(&contract));
        }
        on_done(&imported);
        all.push(imported);
    }
    Ok(all)
}

/// A contract as its file holds it.
pub fn contract_text(contract: &Contract) -> String {
    let mut text = match serde_json::to_value(contract) {
        Ok(value) => format!("{value:#}"),
        // A contract is strings, booleans and JSON: there is nothing that could fail.
        Err(_) => String::new(),
    };
    text.push('\n');
    text
}

fn stored_contracts(workspace: &Workspace) -> Result<HashMap<String, Contract>, Problem> {
    let (contracts, problems) = workspace.contracts();
    match problems.into_iter().next() {
        Some(problem) => Err(problem),
        None => Ok(contracts
            .into_iter()
            .filter_map(|stored| Some((stored.contract.operation_id.clone()?, stored.contract)))
            .collect()),
    }
}

/// The contract of a page that has no problem so far, with its operation id.
fn mergeable(
    imported: &mut Imported,
    stored: &HashMap<String, Contract>,
) -> Option<(String, Contract)> {
    if !imported.problems.is_empty() {
        return None;
    }
    let contract = imported.contract.clone()?;
    let Some(id) = contract.operation_id.clone() else {
        let message = "the page does not name its operation: neither a link to the API Explorer \
                       nor a title that ends in ` - OperationId`; add one";
        let name = imported.file.display().to_string();
        imported
            .problems
            .push(Problem::new(name, message).at_line(1));
        return None;
    };
    match stored.get(&id) {
        Some(old) => imported.changes = changes(old, &contract),
        None => imported.is_new = true,
    }
    Some((id, contract))
}
