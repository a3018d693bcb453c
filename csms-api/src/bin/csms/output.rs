//! Answers on standard output: tables for people, JSON for programs, secrets masked.

use std::env;
use std::io::{self, IsTerminal, Write, stderr, stdout};

use comfy_table::{Attribute, Cell, ColumnConstraint, ContentArrangement, Table as Grid, presets};
use csms_api::SecretJson;
use csms_api::command::{Command, SECRETS, TIMES, Table, utc};
use serde_json::{Map, Value};

use crate::settings::Format;

/// What stands for a secret.
const REDACTED: &str = "<redacted>";

/// The longest cell of a list, in characters.
const LONGEST_CELL: usize = 40;

/// The length of an id.
const ID: usize = 36;

/// The blanks between two columns.
const BETWEEN: u16 = 2;

/// Whether text for this place may have colours.
pub fn has_colours(is_terminal: bool) -> bool {
    let is_refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let is_dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
    is_terminal && !is_refused && !is_dumb
}

/// Writes to standard output.
pub fn write(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}

/// Masks what is secret, unless it is asked for as JSON: a table never shows it.
pub fn mask_unless_asked(value: &mut Value, command: &Command, format: Format, is_asked: bool) {
    if is_asked && format == Format::Json {
        return;
    }
    if is_asked {
        let note = "note: a table shows no secret; add --output json\n";
        // Nobody is left to be told that it can't be printed.
        drop(stderr().write_all(note.as_bytes()));
    }
    mask(value, command);
}

/// Replaces what is secret, at any depth.
fn mask(value: &mut Value, command: &Command) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.as_str();
                let is_secret = SECRETS.contains(&name) || command.secrets.contains(&name);
                if is_secret && !value.is_null() {
                    let secret = std::mem::replace(value, Value::from(REDACTED));
                    // Clears its memory.
                    drop(SecretJson::from(secret));
                } else {
                    mask(value, command);
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| mask(value, command)),
        _ => {}
    }
}

/// Prints an answer.
pub fn print(answer: &Value, command: &Command, format: Format) -> io::Result<()> {
    match format {
        Format::Json => print_json(answer),
        Format::Table => write(tables(answer, command).as_bytes()),
    }
}

pub fn print_json(value: &Value) -> io::Result<()> {
    write(format!("{value:#}\n").as_bytes())
}

/// An answer's lists, each as a table; of an answer without lists, its fields.
fn tables(answer: &Value, command: &Command) -> String {
    let lists: Vec<(&Table, &Vec<Value>)> = command
        .tables
        .iter()
        .filter_map(|table| Some((table, answer.get(table.name)?.as_array()?)))
        .collect();
    match lists.as_slice() {
        [] => fields(answer),
        [(table, items)] => list(table.columns, items),
        several => several
            .iter()
            .map(|(table, items)| format!("{}:\n{}", table.name, list(table.columns, items)))
            .collect::<Vec<_>>()
            .join("\n"),
    }
}

/// A row for each item. Columns that are empty are left out, and those that the terminal has no
/// room for.
pub fn list(columns: &[&str], items: &[Value]) -> String {
    if items.is_empty() {
        return "none\n".to_owned();
    }
    let is_used = |column: &&str| {
        let mut items = items.iter();
        items.any(|item| !cell(item.get(*column), column).is_empty())
    };
    let used: Vec<&str> = columns.iter().copied().filter(is_used).collect();
    let widths = rows(&used, items).column_max_content_widths();
    let (shown, hidden) = fitting(&used, &widths, width());
    let mut text = trimmed(rows(&shown, items));
    if !hidden.is_empty() {
        let note = format!("not shown: {}; see --output json\n", hidden.join(", "));
        text.push_str(&note);
    }
    text
}

fn rows(columns: &[&str], items: &[Value]) -> Grid {
    let mut grid = grid();
    grid.set_header(columns.iter().map(|column| header(column)));
    for item in items {
        let cells = columns.iter().map(|column| cell(item.get(*column), column));
        grid.add_row(cells.map(|text| short(&text)));
    }
    grid
}

/// The columns that fit beside each other, and the others. The first always does: a table without
/// it would be none. Ids of other things get what room is left.
fn fitting<'a>(
    columns: &[&'a str],
    widths: &[u16],
    width: Option<usize>,
) -> (Vec<&'a str>, Vec<&'a str>) {
    let mut room = width.unwrap_or(usize::MAX);
    let mut by_rank: Vec<(usize, usize)> = widths
        .iter()
        .map(|width| usize::from(*width) + usize::from(BETWEEN))
        .enumerate()
        .collect();
    by_rank.sort_by_key(|(index, _)| {
        let is_other_id = columns
            .get(*index)
            .is_some_and(|name| name.ends_with("_id"));
        (*index > 0, is_other_id, *index)
    });
    let mut shown = Vec::new();
    for (index, needed) in by_rank {
        if index == 0 || needed <= room {
            room = room.saturating_sub(needed);
            shown.push(index);
        }
    }
    let indexed = columns.iter().copied().enumerate();
    let (shown, hidden): (Vec<_>, Vec<_>) = indexed.partition(|(index, _)| shown.contains(index));
    let names =
        |columns: Vec<(usize, &'a str)>| columns.into_iter().map(|(_, name)| name).collect();
    (names(shown), names(hidden))
}

/// A row for each field, also those of objects within; an object alone in the answer is opened.
fn fields(answer: &Value) -> String {
    let Some(object) = answer.as_object() else {
        return String::new();
    };
    let mut values = object.values();
    let alone = match (values.next(), values.next()) {
        (Some(inner), None) => inner.as_object(),
        _ => None,
    };
    let mut grid = grid();
    add_rows(&mut grid, "", alone.unwrap_or(object));
    wrap_values(&mut grid);
    trimmed(grid)
}

/// Wraps values beside their names where that leaves ids whole. Elsewhere the terminal breaks the
/// lines, if it has to; what is copied from it then has no break.
fn wrap_values(grid: &mut Grid) {
    let names = grid.column_max_content_widths().first().copied();
    let taken = usize::from(names.unwrap_or_default().saturating_add(BETWEEN));
    if width().is_none_or(|width| width < taken + ID) {
        return;
    }
    grid.set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(names) = grid.column_mut(0) {
        names.set_constraint(ColumnConstraint::ContentWidth);
    }
}

fn add_rows(grid: &mut Grid, outer: &str, object: &Map<String, Value>) {
    for (name, value) in object {
        let full = format!("{outer}{name}");
        match value {
            Value::Object(inner) => add_rows(grid, &format!("{full}."), inner),
            value => {
                let cell = cell(Some(value), name);
                if !cell.is_empty() {
                    grid.add_row([header(&on_one_line(&full)), Cell::new(cell)]);
                }
            }
        }
    }
}

fn grid() -> Grid {
    let mut grid = Grid::new();
    grid.load_preset(presets::NOTHING);
    if has_colours(stdout().is_terminal()) {
        grid.enforce_styling();
    } else {
        grid.force_no_tty();
    }
    if let Some(width) = width().and_then(|width| u16::try_from(width).ok()) {
        grid.set_width(width);
    }
    grid
}

fn header(name: &str) -> Cell {
    Cell::new(name).add_attribute(Attribute::Bold)
}

/// The table without blanks around its lines.
fn trimmed(mut grid: Grid) -> String {
    let last = grid.column_count().saturating_sub(1);
    for (index, column) in grid.column_iter_mut().enumerate() {
        let between = if index < last { BETWEEN } else { 0 };
        column.set_padding((0, between));
    }
    let lines = grid.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect()
}

/// The terminal's width; none if the output goes elsewhere, or to one that does not know it.
fn width() -> Option<usize> {
    let width = Grid::new().width().map(usize::from);
    width.filter(|width| *width > 0 && stdout().is_terminal())
}

fn short(text: &str) -> String {
    if text.chars().count() <= LONGEST_CELL {
        return text.to_owned();
    }
    let start: String = text.chars().take(LONGEST_CELL - 1).collect();
    format!("{start}…")
}

/// A field as the text of a cell.
fn cell(value: Option<&Value>, column: &str) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) if TIMES.contains(&column) => match number.as_i64() {
            Some(time) => format!("{} UTC", utc(time)),
            None => number.to_string(),
        },
        Some(Value::Array(list)) if list.iter().all(is_scalar) => {
            let texts = list.iter().map(scalar).collect::<Vec<_>>();
            texts.join(", ")
        }
        Some(other) => other.to_string(),
    };
    on_one_line(&text)
}

/// Text whose characters stay where they are: those of others can't move the cursor, nor turn the
/// order of what is beside them.
pub fn on_one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control() || is_format(c), " ")
}

/// Characters that are not seen: they set the direction of text, or have no width.
fn is_format(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn is_scalar(value: &Value) -> bool {
    !value.is_array() && !value.is_object()
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn ids_of_other_things_make_room() {
        let columns = ["user_id", "name", "key_id", "state"];
        let widths = [36, 10, 36, 8];
        for (width, expected) in [
            (None, &columns[..]),
            (Some(98), &columns[..]),
            (Some(97), &["user_id", "name", "state"]),
            (Some(50), &["user_id", "name"]),
            (Some(48), &["user_id", "state"]),
            (Some(1), &["user_id"]),
        ] {
            let (shown, hidden) = fitting(&columns, &widths, width);
            assert_eq!(shown, expected, "{width:?}");
            assert_eq!(shown.len() + hidden.len(), columns.len());
        }
    }
}
