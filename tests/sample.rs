//! Values made from the spec, where the documentation has no example.

use csms_gen::spec::{elements, json_schema, members, reference_name};
use serde_json::{Map, Value, json};

use crate::chain::SPEC;

/// A value for a schema, with every field that it documents.
pub fn full(schema: &Value) -> Value {
    value(schema, "value", true, 0)
}

/// A value for a schema, with the required fields alone.
pub fn minimal(schema: &Value) -> Value {
    value(schema, "value", false, 0)
}

/// The schema of the JSON body of an operation's request.
pub fn request_schema(id: &str) -> Option<&'static Value> {
    json_schema(crate::chain::operation(id).value.get("requestBody")?)
}

/// The schema of the JSON body of an operation's answer.
pub fn response_schema(id: &str, status: &str) -> Option<&'static Value> {
    json_schema(
        crate::chain::operation(id)
            .value
            .pointer(&format!("/responses/{status}"))?,
    )
}

/// The value without its null fields: null counts as absent.
pub fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), without_nulls(value)))
            .collect(),
        Value::Array(list) => list.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

fn value(schema: &Value, name: &str, all: bool, depth: usize) -> Value {
    if let Some(reference) = reference_name(schema) {
        let target = SPEC
            .schema(reference)
            .unwrap_or_else(|| panic!("{reference} is in the spec"));
        return value(target, name, all, depth);
    }
    if let Some(first) = elements(schema.get("enum")).next() {
        return first.clone();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("string") => json!(format!("{name} ä凭据\"\\/")),
        Some("integer") => json!(1_581_507_580),
        Some("number") => json!(1.5),
        Some("boolean") => json!(true),
        Some("array") => {
            let items = schema.get("items").unwrap_or(&Value::Null);
            json!([value(items, name, all, depth + 1)])
        }
        Some("object") => object(schema, all, depth),
        _ => json!({"any": ["form", 1, null]}),
    }
}

fn object(schema: &Value, all: bool, depth: usize) -> Value {
    let Some(properties) = schema.get("properties") else {
        let key = "free".to_owned();
        return match schema
            .get("additionalProperties")
            .filter(|values| values.is_object())
        {
            Some(values) => {
                Value::Object(Map::from_iter([(key, value(values, "value", all, depth))]))
            }
            None => json!({"free": {"form": [1, "two"]}}),
        };
    };
    let is_required =
        |name: &str| elements(schema.get("required")).any(|required| required == name);
    members(Some(properties))
        .filter(|(name, _)| (all && depth < 6) || is_required(name))
        .map(|(name, property)| (name.clone(), value(property, name, all, depth + 1)))
        .collect::<Map<_, _>>()
        .into()
}
