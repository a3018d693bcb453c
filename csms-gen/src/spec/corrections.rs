//! `openapi/corrections.json`: where we decide against a page, each with its reason.

use serde::Deserialize;
use serde_json::Value;

use super::compare::Difference;
use crate::problem::Problem;

/// One decision against a page.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// A name for it, unique.
    pub name: String,
    /// The operations on whose pages it occurs.
    pub operations: Vec<String>,
    /// The place in the spec.
    pub pointer: String,
    /// What the page says there; null for nothing.
    pub page_says: Value,
    /// What the spec says there; null for nothing.
    pub spec_says: Value,
    /// Why the spec is right.
    pub reason: String,
    /// Where that is known from.
    pub source: String,
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
    pub fn unsettled(&self, differences: Vec<Difference>) -> Vec<Difference> {
        differences
            .into_iter()
            .filter(|difference| !self.settles(difference))
            .collect()
    }

    /// A problem for each correction, and each of its operations, that no difference needs.
    pub fn stale(&self, differences: &[Difference]) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (i, entry) in self.entries.iter().enumerate() {
            if entry.operations.is_empty() {
                let message = format!("correction {} names no operation; remove it", entry.name);
                problems.push(Problem::new(&self.file, message).at(None, &format!("/{i}")));
            }
            for operation in &entry.operations {
                let needed = differences
                    .iter()
                    .any(|d| d.operation == *operation && entry.applies(d));
                if !needed {
                    let message = format!(
                        "correction {} no longer applies: contract and spec agree there, or say \
                         something else than it states; remove or update it",
                        entry.name
                    );
                    problems.push(
                        Problem::new(&self.file, message).at(Some(operation), &format!("/{i}")),
                    );
                }
            }
        }
        problems
    }
}

impl Correction {
    fn applies(&self, difference: &Difference) -> bool {
        self.operations.contains(&difference.operation)
            && self.pointer == difference.pointer
            && self.page_says == difference.page_says
            && self.spec_says == difference.spec_says
    }
}
