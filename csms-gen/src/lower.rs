//! Spec → progenitor's input. The spec says what the service documents; the tolerance that a
//! client needs is added here, so that the spec need not be bent.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::spec::{Spec, elements, escape, is_success, json_content, reference_name};

/// Keywords that judge values: the service judges, the client does not.
const CONSTRAINTS: [&str; 14] = [
    "default",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
];

/// Which way a schema travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the service.
    Request,
    /// From the service to the client.
    Answer,
}

/// The document that progenitor reads.
#[derive(Debug, Clone)]
pub struct Lowered {
    /// An OpenAPI document with `2XX` responses only and tolerant schemas.
    pub value: Value,
    /// Component schemas that are open enumerations: name, and the documented values.
    pub enumerations: Vec<(String, Vec<String>)>,
}

/// Lowers a spec that passed lint.
pub fn lower(spec: &Spec, names: &Names) -> Lowered {
    let mut value = spec.value.clone();
    lower_paths(spec, names, &mut value);
    let schemas = lower_schemas(spec, names);
    if let Some(map) = value.as_object_mut() {
        map.insert("components".to_owned(), json!({ "schemas": schemas }));
        map.shift_remove("security");
    }
    Lowered {
        value,
        enumerations: enumerations(spec),
    }
}

/// The success status whose body the operation's method returns, as documented.
pub fn success_response<'a>(spec: &'a Spec, operation: &'a Value) -> Option<&'a Value> {
    let responses = operation.get("responses")?.as_object()?;
    let mut successes = responses
        .iter()
        .filter(|(status, _)| is_success(status))
        .map(|(_, response)| spec.resolve(response))
        .peekable();
    let first = successes.peek().copied();
    successes
        .find(|response| json_content(response).is_some())
        .or(first)
}

fn enumerations(spec: &Spec) -> Vec<(String, Vec<String>)> {
    spec.schemas()
        .filter_map(|(name, schema)| {
            let values = schema.get("enum")?;
            let values = elements(Some(values)).filter_map(Value::as_str);
            Some((name.clone(), values.map(str::to_owned).collect()))
        })
        .collect()
}

/// Which component schemas are sent and which are answered.
#[derive(Debug)]
pub struct Names {
    sent: HashSet<String>,
    answered: HashSet<String>,
    objects: HashSet<String>,
}

impl Names {
    /// Follows every reference of the spec.
    pub fn of(spec: &Spec) -> Self {
        let requests = spec.operations().filter_map(|o| o.value.get("requestBody"));
        let answers = spec.operations().filter_map(|o| o.value.get("responses"));
        Self {
            sent: spec.reachable(requests),
            answered: spec.reachable(answers),
            objects: spec
                .schemas()
                .filter(|(_, schema)| schema.get("properties").is_some())
                .map(|(name, _)| name.clone())
                .collect(),
        }
    }

    /// The name of the type that a component schema becomes.
    ///
    /// A schema that travels both ways becomes two types, since an answer may lack every field
    /// while a request may not.
    pub fn lowered(&self, name: &str, direction: Direction) -> String {
        let is_split =
            self.objects.contains(name) && self.sent.contains(name) && self.answered.contains(name);
        match direction {
            Direction::Request if is_split => format!("{name}Request"),
            _ => name.to_owned(),
        }
    }
}

fn lower_paths(spec: &Spec, names: &Names, value: &mut Value) {
    for operation in spec.operations() {
        let Some(target) = value
            .pointer_mut(&operation.pointer)
            .and_then(Value::as_object_mut)
        else {
            continue;
        };
        for key in ["security", "externalDocs"] {
            target.shift_remove(key);
        }
        let parameters: Vec<Value> = spec
            .parameters(&operation)
            .iter()
            .map(|parameter| lower_parameter(names, parameter.value))
            .collect();
        target.insert("parameters".to_owned(), Value::Array(parameters));
        if let Some(body) = operation.value.get("requestBody") {
            let body = lower_body(spec.resolve(body), names, Direction::Request, true);
            target.insert("requestBody".to_owned(), body);
        }
        let success = success_response(spec, operation.value)
            .map(|response| lower_body(response, names, Direction::Answer, false));
        let responses = json!({ "2XX": success.unwrap_or(json!({"description": ""})) });
        target.insert("responses".to_owned(), responses);
        let item_parameters = format!("/paths/{}", escape(operation.path));
        if let Some(item) = value
            .pointer_mut(&item_parameters)
            .and_then(Value::as_object_mut)
        {
            item.shift_remove("parameters");
        }
    }
}

fn lower_parameter(names: &Names, parameter: &Value) -> Value {
    let mut parameter = parameter.clone();
    if let Some(map) = parameter.as_object_mut() {
        map.shift_remove("example");
        map.shift_remove("examples");
        if let Some(schema) = map.get_mut("schema") {
            *schema = lower_schema(schema, names, Direction::Request);
        }
    }
    parameter
}

fn lower_body(body: &Value, names: &Names, direction: Direction, required: bool) -> Value {
    let mut lowered = Map::new();
    let description = body.get("description").cloned();
    lowered.insert("description".to_owned(), description.unwrap_or(json!("")));
    if required {
        lowered.insert("required".to_owned(), json!(true));
    }
    if let Some(schema) = json_content(body).and_then(|content| content.get("schema")) {
        let schema = lower_schema(schema, names, direction);
        lowered.insert(
            "content".to_owned(),
            json!({"application/json": {"schema": schema}}),
        );
    }
    Value::Object(lowered)
}

fn lower_schemas(spec: &Spec, names: &Names) -> Map<String, Value> {
    let mut lowered = Map::new();
    for (name, schema) in spec.schemas() {
        let directions = [
            (
                Direction::Answer,
                !names.sent.contains(name) || names.answered.contains(name),
            ),
            (Direction::Request, names.sent.contains(name)),
        ];
        for (direction, _) in directions.into_iter().filter(|(_, travels)| *travels) {
            let schema = lower_component(schema, names, direction);
            lowered.insert(names.lowered(name, direction), schema);
        }
    }
    lowered
}

fn lower_component(schema: &Value, names: &Names, direction: Direction) -> Value {
    let mut lowered = lower_schema(schema, names, direction);
    let Some(map) = lowered.as_object_mut() else {
        return lowered;
    };
    if direction == Direction::Answer {
        map.shift_remove("required");
    }
    let required: Vec<String> = elements(map.get("required"))
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let Some(properties) = map.get_mut("properties").and_then(Value::as_object_mut) else {
        return lowered;
    };
    for (name, property) in properties {
        if !required.contains(name) {
            make_nullable(property);
        }
    }
    lowered
}

/// `null` must decode, and an absent optional must be told from an empty list.
fn make_nullable(property: &mut Value) {
    let is_open = property.get("type").is_none() && reference_name(property).is_none();
    if let (Some(map), false) = (property.as_object_mut(), is_open) {
        if let Some(reference) = map.shift_remove("$ref") {
            map.insert("allOf".to_owned(), json!([{"$ref": reference}]));
        }
        map.insert("nullable".to_owned(), json!(true));
    }
}

fn lower_schema(schema: &Value, names: &Names, direction: Direction) -> Value {
    let Some(map) = schema.as_object() else {
        return schema.clone();
    };
    let is_text = map.get("type").and_then(Value::as_str) == Some("string");
    let mut lowered = Map::new();
    for (key, value) in map {
        let value = match key.as_str() {
            key if CONSTRAINTS.contains(&key) || key.starts_with("x-") => continue,
            "example" | "examples" | "externalDocs" | "title" | "nullable" | "deprecated" => {
                continue;
            }
            "format" if is_text => continue,
            "$ref" => lower_reference(value, names, direction),
            "items" | "additionalProperties" => lower_schema(value, names, direction),
            "allOf" => elements(Some(value))
                .map(|inner| lower_schema(inner, names, direction))
                .collect(),
            "properties" => lower_properties(value, names, direction),
            _ => value.clone(),
        };
        lowered.insert(key.clone(), value);
    }
    Value::Object(lowered)
}

fn lower_properties(properties: &Value, names: &Names, direction: Direction) -> Value {
    crate::spec::members(Some(properties))
        .map(|(name, property)| (name.clone(), lower_schema(property, names, direction)))
        .collect::<Map<_, _>>()
        .into()
}

fn lower_reference(reference: &Value, names: &Names, direction: Direction) -> Value {
    const PREFIX: &str = "#/components/schemas/";
    match reference.as_str().and_then(|r| r.strip_prefix(PREFIX)) {
        Some(name) => json!(format!("{PREFIX}{}", names.lowered(name, direction))),
        None => reference.clone(),
    }
}
