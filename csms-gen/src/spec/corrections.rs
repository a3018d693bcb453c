//! `openapi/corrections.json`: where we decide against a page, each with its reason.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::Value;

use super::Spec;
use super::compare::Difference;
use crate::contract::{Contract, Field};
use crate::problem::Problem;

/// One decision against the pages of some operations.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// A name for it, unique.
    pub name: String,
    /// What it is about.
    pub kind: Kind,
    /// The operations on whose pages it occurs.
    pub operations: Vec<String>,
    /// The places in the spec.
    pub pointers: Vec<String>,
    /// What the pages say there; null for nothing.
    pub page_says: Value,
    /// What the spec says there; null for nothing.
    pub spec_says: Value,
    /// For prose: words that stand on the page as long as it errs.
    #[serde(default)]
    pub page_text: Option<String>,
    /// Why the spec is right.
    pub reason: String,
    /// Where that is known from.
    pub source: String,
}

/// Whether a contract holds what the correction is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A fact of the contract: without the correction, contract and spec differ.
    Fact,
    /// Something that only the page's prose tells: a unit, a pattern, a list of values.
    Prose,
}

/// All corrections, and the name of their file.
#[derive(Debug, Clone, Default)]
pub struct Corrections {
    /// The file, as the user would name it.
    pub file: String,
    /// In file order.
    pub entries: Vec<Correction>,
}

impl Corrections {
    /// Parses the file's text.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problem> {
        let entries: Vec<Correction> = serde_json::from_str(text).map_err(|error| {
            Problem::new(file, format!("not a list of corrections: {error}")).at_line(error.line())
        })?;
        for (i, entry) in entries.iter().enumerate() {
            if entries.iter().take(i).any(|other| other.name == entry.name) {
                let message = format!("two corrections have the name {}; rename one", entry.name);
                return Err(Problem::new(file, message).at(None, &format!("/{i}/name")));
            }
        }
        Ok(Self {
            file: file.to_owned(),
            entries,
        })
    }

    /// Whether a difference is decided.
    pub fn settles(&self, difference: &Difference) -> bool {
        self.entries.iter().any(|entry| entry.applies(difference))
    }

    /// The differences that nothing settles.
    pub fn unsettled(&self, mut differences: Vec<Difference>) -> Vec<Difference> {
        differences.retain(|difference| !self.settles(difference));
        differences
    }

    /// The operations and pointers where a correction keeps what the page has out of the spec.
    pub fn left_out(&self) -> HashSet<(&str, &str)> {
        let entries = self.entries.iter();
        entries
            .filter(|entry| entry.kind == Kind::Fact && entry.spec_says.is_null())
            .flat_map(|entry| {
                let pointers = entry.pointers.iter();
                pointers.flat_map(|p| entry.operations.iter().map(|o| (o.as_str(), p.as_str())))
            })
            .collect()
    }

    /// A problem for each correction that contracts and spec no longer need; `unreadable` are the
    /// operations whose contracts can't tell.
    pub fn stale(
        &self,
        spec: &Spec,
        differences: &[Difference],
        unreadable: &[String],
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        let operations: HashSet<&str> = spec.operations().filter_map(|o| o.id).collect();
        let mut of_operation: HashMap<&str, Vec<&Difference>> = HashMap::new();
        for difference in differences {
            let id = difference.operation.as_str();
            of_operation.entry(id).or_default().push(difference);
        }
        let is_known =
            |entry: &Correction| !entry.operations.iter().any(|o| unreadable.contains(o));
        let entries = self.entries.iter().enumerate();
        for (i, entry) in entries.filter(|(_, entry)| is_known(entry)) {
            let mut report = |operation: Option<&str>, at: String, message: String| {
                let message = format!("correction {} {message}", entry.name);
                problems.push(Problem::new(&self.file, message).at(operation, &at));
            };
            if entry.operations.is_empty() || entry.pointers.is_empty() {
                let message = "names no operation or no pointer; remove it".to_owned();
                report(None, format!("/{i}"), message);
            }
            let settled = |operation: &str| {
                let differences = of_operation.get(operation).into_iter().flatten();
                differences.filter(|difference| entry.applies(difference))
            };
            let settled_at: HashSet<&str> = entry
                .operations
                .iter()
                .flat_map(|operation| settled(operation))
                .map(|difference| difference.pointer.as_str())
                .collect();
            for (k, pointer) in entry.pointers.iter().enumerate() {
                let needed = match entry.kind {
                    Kind::Fact => settled_at.contains(pointer.as_str()),
                    Kind::Prose => entry.is_said_at(pointer, spec),
                };
                if !needed {
                    let message = format!(
                        "no longer applies at {pointer}: contracts and spec agree there, or say \
                         something else than it states; remove or update it"
                    );
                    let operation = entry.operations.first().map(String::as_str);
                    report(operation, format!("/{i}/pointers/{k}"), message);
                }
            }
            for (k, operation) in entry.operations.iter().enumerate() {
                let needed = match entry.kind {
                    Kind::Fact => settled(operation).next().is_some(),
                    Kind::Prose => operations.contains(operation.as_str()),
                };
                if !needed {
                    let message = format!(
                        "no longer applies to {operation}: its contract and the spec agree; \
                         remove the operation from it"
                    );
                    report(Some(operation), format!("/{i}/operations/{k}"), message);
                }
            }
        }
        problems
    }

    /// A problem for each correction of prose whose words the page has no longer.
    pub fn unsaid(&self, contract: &Contract) -> Vec<Problem> {
        let id = contract.operation_id.as_deref().unwrap_or_default();
        let texts = texts(contract);
        // A stored contract has no prose that could be looked at.
        if texts.iter().all(|text| text.is_empty()) {
            return Vec::new();
        }
        let mut problems = Vec::new();
        for (i, entry) in self.entries.iter().enumerate() {
            let Some(words) = &entry.page_text else {
                continue;
            };
            let concerns = entry.operations.iter().any(|operation| operation == id);
            if concerns && !texts.iter().any(|text| text.contains(words.as_str())) {
                let message = format!(
                    "correction {} no longer applies: the page does not say \"{words}\" any \
                     more; remove or update it",
                    entry.name
                );
                let problem = Problem::new(&self.file, message);
                problems.push(problem.at(Some(id), &format!("/{i}/page_text")));
            }
        }
        problems
    }
}

impl Correction {
    fn applies(&self, difference: &Difference) -> bool {
        self.kind == Kind::Fact
            && self.operations.contains(&difference.operation)
            && self.pointers.contains(&difference.pointer)
            && self.page_says == difference.page_says
            && self.spec_says == difference.spec_says
    }

    fn is_said_at(&self, pointer: &str, spec: &Spec) -> bool {
        spec.value.pointer(pointer).unwrap_or(&Value::Null) == &self.spec_says
    }
}

fn texts(contract: &Contract) -> Vec<&str> {
    fn collect<'a>(fields: &'a [Field], texts: &mut Vec<&'a str>) {
        for field in fields {
            texts.push(&field.origin.text);
            collect(field.fields.as_deref().unwrap_or_default(), texts);
        }
    }
    let mut texts: Vec<&str> = vec![&contract.origin.text];
    texts.extend(
        contract
            .parameters
            .iter()
            .map(|parameter| parameter.origin.text.as_str()),
    );
    let bodies = contract
        .responses
        .values()
        .chain([&contract.request_body])
        .flatten();
    bodies.for_each(|body| collect(&body.fields, &mut texts));
    texts
}
