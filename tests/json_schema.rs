//! Schemas of the spec as JSON Schema.

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::chain::SPEC;

/// A validator of the values that a schema of the spec allows.
pub fn validator(schema: &Value) -> Validator {
    build(translated(schema), &SPEC.value["components"])
}

fn build(mut root: Value, components: &Value) -> Validator {
    root["components"] = translated(components);
    jsonschema::options()
        .with_draft(jsonschema::Draft::Draft4)
        .build(&root)
        .unwrap_or_else(|error| panic!("{error}: {root}"))
}

/// A validator that refuses fields that the spec does not have.
pub fn strict_validator(schema: &Value) -> Validator {
    let mut components = SPEC.value["components"].clone();
    for schema in components["schemas"]
        .as_object_mut()
        .expect("schemas")
        .values_mut()
    {
        if schema.get("properties").is_some() {
            schema["additionalProperties"] = json!(false);
        }
    }
    build(translated(schema), &components)
}

/// OpenAPI 3.0 says `nullable` where JSON Schema has a type `null`.
fn translated(schema: &Value) -> Value {
    match schema {
        Value::Array(list) => list.iter().map(translated).collect(),
        Value::Object(map) => {
            let mut schema: serde_json::Map<_, _> = map
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "example" | "examples" | "nullable"))
                .map(|(key, value)| (key.clone(), translated(value)))
                .collect();
            // Beside a $ref nothing counts: a body's own schema is wrapped to keep it apart.
            if let Some(reference) = schema.remove("$ref") {
                schema.insert("allOf".to_owned(), json!([{"$ref": reference}]));
            }
            match map.get("nullable") {
                Some(Value::Bool(true)) => json!({"anyOf": [schema, {"type": "null"}]}),
                _ => Value::Object(schema),
            }
        }
        other => other.clone(),
    }
}
