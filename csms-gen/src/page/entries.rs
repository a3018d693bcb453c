//! The rows of parameter and field tables.

use std::collections::HashSet;

use super::Warning;
use super::html::start_of;
use super::table::{Cell, Row, Table};
use super::types::Type;
use super::vocabulary::{self, Column};

/// A row: a parameter or a field.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it stands.
    pub line: usize,
    /// Its name on the wire.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// Whether it must be given, if the table says so.
    pub required: Option<bool>,
    /// Its description.
    pub text: String,
    /// The targets of the links in its type and its name.
    pub links: Vec<String>,
}

struct Columns {
    name: usize,
    required: Option<usize>,
    kind: Option<usize>,
    description: Option<usize>,
}

/// Whether a header is that of parameters or fields.
pub fn has_entries(header: &[Cell]) -> bool {
    position(header, Column::Name).is_some() && position(header, Column::Type).is_some()
}

/// The place of a column in a header.
pub fn position(header: &[Cell], column: Column) -> Option<usize> {
    header
        .iter()
        .position(|cell| vocabulary::column(&cell.text) == Some(column))
}

/// Reads the rows of a table.
pub fn entries(mut table: Table, warnings: &mut Vec<Warning>) -> Vec<Entry> {
    let Some(columns) = columns(&table, warnings) else {
        return Vec::new();
    };
    let mut entries: Vec<Entry> = std::mem::take(&mut table.rows)
        .into_iter()
        .filter_map(|row| entry(&table.header, &row, &columns, warnings))
        .collect();
    let mut seen = HashSet::with_capacity(entries.len());
    let is_first: Vec<bool> = entries
        .iter()
        .map(|entry| seen.insert(entry.name.as_str()))
        .collect();
    let first = entries.iter().zip(&is_first).filter(|(_, first)| **first);
    warn_dotted(first.map(|(entry, _)| entry), &seen, warnings);
    let mut is_first = is_first.into_iter();
    entries.retain(|entry| {
        let is_first = is_first.next().unwrap_or(true);
        if !is_first {
            warn(
                warnings,
                entry.line,
                format!(
                    "`{}` stands twice in this table: the first row counts",
                    entry.name
                ),
            );
        }
        is_first
    });
    entries
}

fn warn(warnings: &mut Vec<Warning>, line: usize, message: String) {
    warnings.push(Warning { line, message });
}

fn columns(table: &Table, warnings: &mut Vec<Warning>) -> Option<Columns> {
    let kind = position(&table.header, Column::Type);
    let name = position(&table.header, Column::Name).or_else(|| {
        let first = table
            .header
            .first()
            .filter(|_| kind.is_some_and(|kind| kind > 0))?;
        warn(
            warnings,
            table.line,
            format!("the column `{}` was taken as that of the names", first.text),
        );
        Some(0)
    });
    let Some(name) = name else {
        warn(warnings, table.line, "no column of this table is known as that of the names (参数, Parameter, …): it was not read".to_owned());
        return None;
    };
    if kind.is_none() {
        warn(warnings, table.line, "no column of this table is known as that of the types (参数类型, Type, …): the types stay empty".to_owned());
    }
    let mut met = HashSet::new();
    for (at, cell) in table.header.iter().enumerate() {
        match vocabulary::column(&cell.text) {
            Some(Column::Name | Column::Required | Column::Type | Column::Description) => {
                if !met.insert(&cell.text) {
                    warn(
                        warnings,
                        table.line,
                        format!("the column `{}` stands twice: the first counts", cell.text),
                    );
                }
            }
            _ if at == name => {}
            _ => warn(
                warnings,
                table.line,
                format!("the column `{}` is not known and was not read", cell.text),
            ),
        }
    }
    Some(Columns {
        name,
        required: position(&table.header, Column::Required),
        kind,
        description: position(&table.header, Column::Description),
    })
}

fn entry(
    header: &[Cell],
    row: &Row,
    columns: &Columns,
    warnings: &mut Vec<Warning>,
) -> Option<Entry> {
    if row
        .cells
        .iter()
        .all(|cell| cell.text.is_empty() || vocabulary::is_nothing(&cell.text))
    {
        return None;
    }
    let cell = |at: Option<usize>| at.and_then(|at| row.cells.get(at));
    let text = |at: Option<usize>| cell(at).map(|cell| &*cell.text).unwrap_or_default();
    let name = text(Some(columns.name));
    let repeats = |at: usize| {
        header.get(at).map(|cell| &cell.text) == row.cells.get(at).map(|cell| &cell.text)
    };
    if repeats(columns.name) && columns.kind.is_some_and(repeats) {
        warn(
            warnings,
            row.line,
            "this row repeats the header and was not read".to_owned(),
        );
        return None;
    }
    if row.cells.len() != header.len() {
        let (cells, columns) = (row.cells.len(), header.len());
        if cells < columns {
            warn(
                warnings,
                row.line,
                format!(
                    "the row has {cells} cells and the header {columns}: what is missing stays empty"
                ),
            );
        } else {
            warn(
                warnings,
                row.line,
                format!(
                    "the row has {cells} cells and the header {columns}: the rest was not read"
                ),
            );
        }
    }
    if name.is_empty() {
        warn(
            warnings,
            row.line,
            "the row has no name and was not read".to_owned(),
        );
        return None;
    }
    warn_name(name, cell(Some(columns.name)), row.line, warnings);
    if cell(columns.description).is_some_and(|cell| cell.broken_pattern()) {
        warn(
            warnings,
            row.line,
            format!(
                "emphasis stands inside a pattern in the description of `{name}`, so a `_` or `*` of it is lost: look the pattern up elsewhere"
            ),
        );
    }
    Some(Entry {
        line: row.line,
        name: name.to_owned(),
        kind: kind(
            name,
            columns.kind.map(|at| text(Some(at))),
            row.line,
            warnings,
        ),
        required: columns
            .required
            .and_then(|at| required(name, text(Some(at)), row.line, warnings)),
        text: text(columns.description).to_owned(),
        links: [columns.kind, Some(columns.name)]
            .into_iter()
            .filter_map(cell)
            .flat_map(|cell| cell.links().to_vec())
            .collect(),
    })
}

fn kind(name: &str, text: Option<&str>, line: usize, warnings: &mut Vec<Warning>) -> Type {
    let kind = Type::read(text.unwrap_or_default());
    if text == Some("") {
        warn(warnings, line, format!("`{name}` has no type"));
    } else if text.is_some() && !kind.is_known() {
        warn(
            warnings,
            line,
            format!("the type of `{name}` is not in the notation and is kept as it is: `{kind}`"),
        );
    }
    kind
}

fn required(name: &str, text: &str, line: usize, warnings: &mut Vec<Warning>) -> Option<bool> {
    let required = vocabulary::required(text);
    if required.is_none() {
        warn(
            warnings,
            line,
            format!(
                "whether `{name}` is mandatory is not clear from `{}`: taken as unknown",
                start_of(text)
            ),
        );
    }
    required
}

fn warn_name(name: &str, cell: Option<&Cell>, line: usize, warnings: &mut Vec<Warning>) {
    if !name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_.-:@$".contains(c))
    {
        warn(
            warnings,
            line,
            format!(
                "`{}` has signs that no name on the wire has: it is kept as it is",
                start_of(name)
            ),
        );
    }
    if cell.is_some_and(|cell| cell.inner_markup()) {
        warn(
            warnings,
            line,
            format!("emphasis stands inside the name `{name}`, so a `_` or `*` of it may be lost"),
        );
    }
}

/// `error.error_code` beside `error` is a nested field, not a name with a dot.
fn warn_dotted<'a>(
    entries: impl Iterator<Item = &'a Entry>,
    names: &HashSet<&str>,
    warnings: &mut Vec<Warning>,
) {
    for entry in entries {
        if let Some((parent, _)) = entry.name.split_once('.')
            && names.contains(parent)
        {
            warn(
                warnings,
                entry.line,
                format!(
                    "`{}` looks like a field of `{parent}`: it is kept as a name of its own",
                    entry.name
                ),
            );
        }
    }
}
