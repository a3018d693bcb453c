//! Example bodies: their JSON, and whether it fits the page's own tables.

use std::collections::HashMap;

use serde_json::Value;

use crate::contract::{Body, Field};

use super::Warning;
use super::outline::ExampleBlock;
use super::uri;

/// A longer example is no documentation: as JSON it takes fifty times as much memory.
pub const LIMIT: usize = 1024 * 1024;

/// More misfits of one example say nothing new.
const MAX_MISFITS: usize = 20;

/// The JSON of a block: `Ok(None)` for a lone request line, the reason for what is not JSON.
pub fn json(text: &str) -> Result<Option<Value>, String> {
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(Some(value)),
        Err(error) => error,
    };
    let text = text.trim_start();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if uri::request_line(first).is_none() {
        return Err(error.to_string());
    }
    if rest.trim().is_empty() {
        return Ok(None);
    }
    serde_json::from_str(rest)
        .map(Some)
        .map_err(|error| format!("after the request line: {error}"))
}

/// Warns of what an example has and its table has not.
pub fn check(example: &ExampleBlock, value: &Value, body: &Body, warnings: &mut Vec<Warning>) {
    let mut checker = Checker {
        example,
        warnings,
        misfits: 0,
        ancestors: Vec::new(),
    };
    if let Some(name) = &body.schema {
        checker.ancestors.push((name, &body.fields));
    }
    match value {
        Value::Object(_) => checker.fields(value, &body.fields, ""),
        _ => checker.misfit("the example", "an object", value),
    }
}

struct Checker<'a> {
    example: &'a ExampleBlock,
    warnings: &'a mut Vec<Warning>,
    misfits: usize,
    ancestors: Vec<(&'a str, &'a [Field])>,
}

impl<'a> Checker<'a> {
    fn warn(&mut self, name: &str, message: String) {
        self.misfits += 1;
        let line = self.example.line;
        match self.misfits {
            ..=MAX_MISFITS => {
                let line = line + line_of_key(&self.example.text, name);
                self.warnings.push(Warning { line, message });
            }
            misfits if misfits == MAX_MISFITS + 1 => {
                self.warnings.push(Warning {
                    line,
                    message: "the example has more misfits than are listed".to_owned(),
                });
            }
            _ => {}
        }
    }

    fn misfit(&mut self, path: &str, expected: &str, value: &Value) {
        let name = path
            .rsplit('.')
            .next()
            .unwrap_or(path)
            .split('[')
            .next()
            .unwrap_or(path);
        self.warn(
            name,
            format!(
                "in the example, `{path}` is {} and by its table {expected}",
                shape(value)
            ),
        );
    }

    fn fields(&mut self, value: &Value, fields: &'a [Field], path: &str) {
        let Value::Object(object) = value else { return };
        let by_name: HashMap<&str, &Field> = fields
            .iter()
            .map(|field| (field.name.as_str(), field))
            .collect();
        for (name, value) in object {
            let inner = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}.{name}")
            };
            match by_name.get(name.as_str()) {
                Some(field) => self.value(value, &field.type_name, field, &inner),
                None => self.warn(
                    name,
                    format!("the example has `{inner}`, which is not in its table"),
                ),
            }
        }
        for field in fields
            .iter()
            .filter(|field| field.required == Some(true) && !object.contains_key(&field.name))
        {
            let inner = if path.is_empty() {
                field.name.clone()
            } else {
                format!("{path}.{}", field.name)
            };
            self.warn(
                "",
                format!("the example lacks `{inner}`, which is mandatory by its table"),
            );
        }
    }

    fn value(&mut self, value: &Value, kind: &str, field: &'a Field, path: &str) {
        if value.is_null() {
            return;
        }
        if let Some(items) = inside(kind, "array<") {
            match value {
                Value::Array(values) => {
                    for (at, value) in values.iter().enumerate() {
                        self.value(value, items, field, &format!("{path}[{at}]"));
                    }
                }
                _ => self.misfit(path, "an array", value),
            }
        } else if let Some(members) = inside(kind, "map<") {
            match value {
                Value::Object(object) => {
                    for (name, value) in object {
                        self.value(value, members, field, &format!("{path}.{name}"));
                    }
                }
                _ => self.misfit(path, "a map", value),
            }
        } else if let Some((fits, expected)) = plain(kind, value) {
            if !fits {
                self.misfit(path, expected, value);
            }
        } else {
            self.schema(value, kind, field, path);
        }
    }

    fn schema(&mut self, value: &Value, kind: &str, field: &'a Field, path: &str) {
        let known = self
            .ancestors
            .iter()
            .rev()
            .find(|(name, _)| *name == kind)
            .map(|(_, fields)| *fields);
        let Some(fields) = field
            .fields
            .as_deref()
            .or(known.filter(|_| field.recursive))
        else {
            return;
        };
        if !value.is_object() {
            self.misfit(path, "an object", value);
            return;
        }
        let name = field
            .type_name
            .trim_start_matches("array<")
            .trim_start_matches("map<")
            .trim_end_matches('>');
        self.ancestors.push((name, fields));
        self.fields(value, fields, path);
        self.ancestors.pop();
    }
}

fn inside<'a>(kind: &'a str, opening: &str) -> Option<&'a str> {
    kind.strip_prefix(opening)?.strip_suffix('>')
}

/// Whether a value fits a type without fields; `None` for a schema and for unknown text.
fn plain(kind: &str, value: &Value) -> Option<(bool, &'static str)> {
    Some(match kind {
        "string" => (value.is_string(), "a string"),
        "date" => (value.is_string(), "a date, which is a string"),
        "date-time" => (value.is_string(), "a time, which is a string"),
        "int32" => (
            value
                .as_i64()
                .is_some_and(|number| i32::try_from(number).is_ok()),
            "an int32",
        ),
        "int64" => (value.as_i64().is_some(), "an int64"),
        "float" | "double" => (value.is_number(), "a number"),
        "boolean" => (value.is_boolean(), "a boolean"),
        "object" => (value.is_object(), "an object"),
        _ => return None,
    })
}

fn shape(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(_) => "a boolean".to_owned(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(_) => "a string".to_owned(),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// How many lines under a block's first line a key stands, or 0 unless it stands there once.
fn line_of_key(text: &str, name: &str) -> usize {
    let quoted = format!("\"{name}\"");
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains(&quoted));
    match (lines.next(), lines.next()) {
        // The block's first line is the fence, above the text.
        (Some((at, _)), None) if !name.is_empty() => at + 1,
        _ => 0,
    }
}
