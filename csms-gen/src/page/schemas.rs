//! The fields of named schemas, found on the same page.

use std::collections::HashMap;

use crate::contract::{Field, Origin};

use super::entries::Entry;
use super::outline::{Placed, Role};
use super::types::Type;
use super::vocabulary::Direction;
use super::{PageError, Warning};

/// Schemas nest no deeper on any page.
const MAX_DEPTH: usize = 48;

/// The schema tables of a page by their names.
pub struct Schemas<'a> {
    tables: &'a [Placed],
    by_answer: HashMap<(Direction, Option<usize>, &'a str), usize>,
    by_direction: HashMap<(Direction, &'a str), usize>,
    by_anchor: HashMap<(Direction, &'a str), usize>,
    used: Vec<bool>,
    /// How many fields may still be written out.
    budget: usize,
    path: Vec<&'a str>,
    warnings: Vec<Warning>,
}

impl<'a> Schemas<'a> {
    /// Notes the schema tables of a page.
    pub fn new(tables: &'a [Placed]) -> Self {
        let rows: usize = tables.iter().map(|table| table.entries.len()).sum();
        let mut schemas = Self {
            tables,
            by_answer: HashMap::new(),
            by_direction: HashMap::new(),
            by_anchor: HashMap::new(),
            used: vec![false; tables.len()],
            budget: rows.saturating_mul(2).saturating_add(20_000),
            path: Vec::new(),
            warnings: Vec::new(),
        };
        for (at, table) in tables.iter().enumerate() {
            schemas.note(at, table);
        }
        schemas
    }

    fn note(&mut self, at: usize, table: &'a Placed) {
        let Role::Schema(name) = &table.role else {
            return;
        };
        for anchor in &table.anchors {
            self.by_anchor
                .entry((table.direction, anchor))
                .or_insert(at);
        }
        let first = *self
            .by_direction
            .entry((table.direction, name))
            .or_insert(at);
        let same_place = *self
            .by_answer
            .entry((table.direction, table.answer, name))
            .or_insert(at);
        let Some(earlier) = self.tables.get(first).filter(|_| first != at) else {
            return;
        };
        if same_place != at {
            let line = self.tables.get(same_place).map_or(0, |table| table.line);
            self.warn(
                table.line,
                format!("a second table `{name}` in the same place: the one in line {line} counts"),
            );
        } else if !same_rows(&earlier.entries, &table.entries) {
            let line = earlier.line;
            self.warn(table.line, format!("this table `{name}` differs from the one in line {line}: each counts where it stands"));
        }
    }

    fn warn(&mut self, line: usize, message: String) {
        self.warnings.push(Warning { line, message });
    }

    /// The fields of a body's table. `schema` is the body's own name.
    pub fn body_fields(
        &mut self,
        table: &'a Placed,
        schema: Option<&'a str>,
    ) -> Result<Vec<Field>, PageError> {
        self.path.clear();
        self.fields(table, schema)
    }

    fn fields(
        &mut self,
        table: &'a Placed,
        body: Option<&'a str>,
    ) -> Result<Vec<Field>, PageError> {
        table
            .entries
            .iter()
            .map(|entry| self.field(table, entry, body))
            .collect()
    }

    fn field(
        &mut self,
        table: &'a Placed,
        entry: &'a Entry,
        body: Option<&'a str>,
    ) -> Result<Field, PageError> {
        self.budget = self.budget.checked_sub(1).filter(|_| self.path.len() < MAX_DEPTH).ok_or_else(|| PageError {
            line: entry.line,
            message: format!("the schemas inside `{}` nest too often or too deep to be written out: give the page's operation a smaller body", entry.name),
        })?;
        let (kind, target) = self.target(table, entry);
        let mut field = Field {
            name: entry.name.clone(),
            type_name: kind.to_string(),
            required: entry.required,
            fields: None,
            recursive: false,
            origin: Origin {
                line: entry.line,
                text: entry.text.clone(),
            },
        };
        match target {
            Some((name, _)) if self.path.contains(&name) => field.recursive = true,
            Some((name, inner)) => {
                self.path.push(name);
                field.fields = Some(self.fields(inner, body)?);
                self.path.pop();
            }
            None => match kind.name() {
                Some(name) if Some(name) == body => field.recursive = true,
                Some(name) if kind.is_known() => {
                    let line = entry.line;
                    self.warn(line, format!("`{}` is of the type `{name}`, which has no table among those of the {}: its fields are missing", entry.name, side(table.direction)));
                }
                _ => {}
            },
        }
        Ok(field)
    }

    /// The type of a field and the table of the schema that it names.
    fn target(&mut self, table: &Placed, entry: &Entry) -> (Type, Option<(&'a str, &'a Placed)>) {
        let kind = entry.kind.clone();
        if let Some(at) = kind.name().and_then(|name| self.find(table, name)) {
            return (kind, self.reach(at));
        }
        if kind.name().is_none() && !kind.is_bare_object() {
            return (kind, None);
        }
        let linked = entry.links.iter().find_map(|link| {
            self.by_anchor
                .get(&(table.direction, link.strip_prefix('#')?))
                .copied()
        });
        let Some((name, placed)) = linked.and_then(|at| self.reach(at)) else {
            return (kind, None);
        };
        let line = entry.line;
        if kind.is_bare_object() {
            self.warn(
                line,
                format!(
                    "`{}` is an object by its text and `{name}` by its link: the link counts",
                    entry.name
                ),
            );
            return (kind.with_schema(name), Some((name, placed)));
        }
        self.warn(line, format!("the type of `{}` has no table of its name, and its link leads to `{name}` in line {}: those fields were taken", entry.name, placed.line));
        (kind, Some((name, placed)))
    }

    fn find(&self, table: &Placed, name: &str) -> Option<usize> {
        let near = self.by_answer.get(&(table.direction, table.answer, name));
        near.or_else(|| self.by_direction.get(&(table.direction, name)))
            .copied()
    }

    fn reach(&mut self, at: usize) -> Option<(&'a str, &'a Placed)> {
        if let Some(used) = self.used.get_mut(at) {
            *used = true;
        }
        let table = self.tables.get(at)?;
        match &table.role {
            Role::Schema(name) => Some((name, table)),
            _ => None,
        }
    }

    /// A parameter's type uses a table, though its fields are no part of the contract.
    pub fn use_in_parameter(&mut self, table: &Placed, entry: &Entry) {
        if let (_, Some((name, _))) = self.target(table, entry) {
            self.warn(entry.line, format!("the parameter `{}` is of the type `{name}`: the fields of a parameter are no part of the contract", entry.name));
        }
    }

    /// What was odd, and the tables that nothing refers to.
    pub fn finish(mut self) -> Vec<Warning> {
        let objects: HashMap<(Direction, String), &Entry> = self
            .tables
            .iter()
            .flat_map(|table| {
                table
                    .entries
                    .iter()
                    .map(move |entry| (table.direction, entry))
            })
            .filter(|(_, entry)| entry.kind.is_bare_object())
            .map(|(direction, entry)| ((direction, folded(&entry.name)), entry))
            .collect();
        let mut orphans = Vec::new();
        for (table, _) in self
            .tables
            .iter()
            .zip(&self.used)
            .filter(|(_, used)| !**used)
        {
            let Role::Schema(name) = &table.role else {
                continue;
            };
            orphans.push(Warning {
                line: table.line,
                message: format!("nothing refers to the table `{name}`: its fields were not read"),
            });
            if let Some(entry) = objects.get(&(table.direction, folded(name))) {
                orphans.push(Warning {
                    line: entry.line,
                    message: format!("`{}` is only an object by its type, but the table `{name}` in line {} may hold its fields", entry.name, table.line),
                });
            }
        }
        self.warnings.append(&mut orphans);
        self.warnings
    }
}

fn side(direction: Direction) -> &'static str {
    match direction {
        Direction::Request => "request",
        Direction::Response => "response",
    }
}

fn same_rows(one: &[Entry], other: &[Entry]) -> bool {
    let facts = |entry: &Entry| (entry.name.clone(), entry.kind.clone(), entry.required);
    one.len() == other.len() && one.iter().map(facts).eq(other.iter().map(facts))
}

/// A name without what separates `sys_tags` from `SysTag`, and `route` from `route对象`.
fn folded(name: &str) -> String {
    let ascii: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = if ascii.is_empty() {
        name.to_owned()
    } else {
        ascii.to_ascii_lowercase()
    };
    letters
        .strip_suffix('s')
        .map_or(letters.clone(), str::to_owned)
}
