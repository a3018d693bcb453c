//! The contract's notation of types (`string`, `array<Secret>`, …) and the schemas it stands for.

use serde_json::{Value, json};

use super::{Spec, reference_name};

/// A type in the contract's notation, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type<'a> {
    /// A type without a schema of its own: `string`, `int32`, `object`, …
    Scalar(&'a str),
    /// `array<…>`
    Array(&'a str),
    /// `map<…>`, keys are strings.
    Map(&'a str),
    /// A named schema.
    Named(&'a str),
    /// Text that a page shows as a type and that nobody knows.
    Unknown(&'a str),
}

const SCALARS: [(&str, &str, Option<&str>); 9] = [
    ("string", "string", None),
    ("int32", "integer", Some("int32")),
    ("int64", "integer", Some("int64")),
    ("boolean", "boolean", None),
    ("float", "number", Some("float")),
    ("double", "number", Some("double")),
    ("object", "object", None),
    ("date", "string", Some("date")),
    ("date-time", "string", Some("date-time")),
];

/// Takes a type apart.
pub fn parse(type_name: &str) -> Type<'_> {
    if SCALARS.iter().any(|(name, ..)| *name == type_name) {
        return Type::Scalar(type_name);
    }
    let inner = |prefix: &str| type_name.strip_prefix(prefix)?.strip_suffix('>');
    if let Some(item) = inner("array<") {
        Type::Array(item)
    } else if let Some(item) = inner("map<") {
        Type::Map(item)
    } else if is_schema_name(type_name) {
        Type::Named(type_name)
    } else {
        Type::Unknown(type_name)
    }
}

/// The schema name at the core of a type: `Secret` of `array<Secret>`.
pub fn schema_name(type_name: &str) -> Option<&str> {
    match parse(type_name) {
        Type::Array(item) | Type::Map(item) => schema_name(item),
        Type::Named(name) => Some(name),
        Type::Scalar(_) | Type::Unknown(_) => None,
    }
}

/// The schema of a type, with `reference` as the name of the schema at its core.
pub fn schema(type_name: &str, reference: Option<&str>) -> Value {
    match parse(type_name) {
        Type::Scalar(scalar) => scalar_schema(scalar),
        Type::Array(item) => json!({"type": "array", "items": schema(item, reference)}),
        Type::Map(item) => {
            json!({"type": "object", "additionalProperties": schema(item, reference)})
        }
        Type::Named(name) => {
            let name = reference.unwrap_or(name);
            json!({"$ref": format!("#/components/schemas/{name}")})
        }
        Type::Unknown(text) => json!({"x-documented-type": text}),
    }
}

/// The notation of a schema; `x-documented-name` and `x-documented-type` tell what a page calls
/// a schema that we name or type otherwise.
pub fn notation(spec: &Spec, schema: &Value) -> String {
    // No type that a page documents is nested this deep; lint reports a schema that never ends.
    const DEEPEST: usize = 64;
    notation_within(spec, schema, DEEPEST)
}

fn notation_within(spec: &Spec, schema: &Value, depth: usize) -> String {
    let Some(depth) = depth.checked_sub(1) else {
        return "endless".to_owned();
    };
    if let Some(text) = schema.get("x-documented-type").and_then(Value::as_str) {
        return text.to_owned();
    }
    if let Some(name) = reference_name(schema) {
        return match spec.schema(name) {
            Some(target) if target.get("properties").is_none() => {
                notation_within(spec, target, depth)
            }
            Some(target) => documented_name(name, target).to_owned(),
            None => name.to_owned(),
        };
    }
    let type_name = schema.get("type").and_then(Value::as_str);
    if type_name == Some("array") {
        let items = schema.get("items").unwrap_or(&Value::Null);
        return format!("array<{}>", notation_within(spec, items, depth));
    }
    if let Some(items) = schema.get("additionalProperties").filter(|v| v.is_object()) {
        return format!("map<{}>", notation_within(spec, items, depth));
    }
    let format = schema.get("format").and_then(Value::as_str);
    let of_type = || SCALARS.iter().filter(|(_, t, _)| Some(*t) == type_name);
    let scalar = of_type()
        .find(|(_, _, f)| *f == format)
        .or_else(|| of_type().find(|(_, _, f)| f.is_none()));
    match scalar {
        Some((name, ..)) => (*name).to_owned(),
        None => type_name.unwrap_or("any").to_owned(),
    }
}

/// What pages call the component schema `name`.
pub fn documented_name<'a>(name: &'a str, schema: &'a Value) -> &'a str {
    schema
        .get("x-documented-name")
        .and_then(Value::as_str)
        .unwrap_or(name)
}

fn scalar_schema(scalar: &str) -> Value {
    let Some((_, type_name, format)) = SCALARS.iter().find(|(name, ..)| *name == scalar) else {
        return json!({});
    };
    match format {
        Some(format) => json!({"type": type_name, "format": format}),
        None => json!({"type": type_name}),
    }
}

fn is_schema_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
}
