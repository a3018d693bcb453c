//! The OpenAPI document `openapi/csms.json`: the source of truth.
//!
//! It is held as JSON and not as typed structs, because a rewrite must keep the order of keys and
//! every message must be able to name a JSON pointer.

pub mod compare;
pub mod corrections;
pub mod merge;
pub mod notation;

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use crate::problem::Problem;

/// The methods that a path item may hold, as OpenAPI spells them.
pub const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// A parsed OpenAPI document and the name of its file.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The file, as the user would name it.
    pub file: String,
    /// The document.
    pub value: Value,
}

/// One operation of a [`Spec`].
#[derive(Debug, Clone)]
pub struct Operation<'a> {
    /// The path template.
    pub path: &'a str,
    /// The method in lower case, as the document spells it.
    pub method: &'a str,
    /// Its `operationId`.
    pub id: Option<&'a str>,
    /// The operation object.
    pub value: &'a Value,
    /// The path item that holds it.
    pub item: &'a Value,
    /// Its JSON pointer.
    pub pointer: String,
}

/// A parameter of an operation, wherever it is declared.
#[derive(Debug, Clone)]
pub struct SpecParameter<'a> {
    /// `path`, `query`, `header` or `cookie`.
    pub location: &'a str,
    /// The name on the wire.
    pub name: &'a str,
    /// The parameter object, references resolved.
    pub value: &'a Value,
    /// Its JSON pointer.
    pub pointer: String,
}

impl Spec {
    /// Parses a document that must at least be a JSON object.
    pub fn parse(file: &str, text: &str) -> Result<Self, Problem> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            Problem::new(
                file,
                format!("not JSON: {error}; restore the file or mend it there"),
            )
            .at_line(error.line())
        })?;
        if !value.is_object() {
            return Err(Problem::new(
                file,
                "an OpenAPI document is a JSON object, this is not",
            ));
        }
        Ok(Self {
            file: file.to_owned(),
            value,
        })
    }

    /// The document as it is written to disk.
    pub fn text(&self) -> String {
        let mut text = format!("{:#}", self.value);
        text.push('\n');
        text
    }

    /// Every operation, in document order.
    pub fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        members(self.value.get("paths")).flat_map(|(path, item)| {
            members(Some(item))
                .filter(|(method, _)| METHODS.contains(&method.as_str()))
                .map(move |(method, value)| Operation {
                    path,
                    method,
                    id: value.get("operationId").and_then(Value::as_str),
                    value,
                    item,
                    pointer: format!("/paths/{}/{method}", escape(path)),
                })
        })
    }

    /// The operation of this id. Who asks for many of them does better with
    /// [`operations_by_id`](Self::operations_by_id).
    pub fn operation(&self, id: &str) -> Option<Operation<'_>> {
        self.operations().find(|operation| operation.id == Some(id))
    }

    /// Every operation that has an id; of two with one id the first.
    pub fn operations_by_id(&self) -> HashMap<&str, Operation<'_>> {
        let mut operations = HashMap::new();
        for operation in self.operations() {
            if let Some(id) = operation.id {
                operations.entry(id).or_insert(operation);
            }
        }
        operations
    }

    /// The operation with this path and method.
    pub fn operation_at(&self, path: &str, method: &str) -> Option<Operation<'_>> {
        let paths = self.value.get("paths")?.as_object()?;
        let (path, item) = paths.get_key_value(path)?;
        let (method, value) = item.as_object()?.get_key_value(method)?;
        Some(Operation {
            path,
            method,
            id: value.get("operationId").and_then(Value::as_str),
            value,
            item,
            pointer: format!("/paths/{}/{method}", escape(path)),
        })
    }

    /// Every component schema by name, in document order.
    pub fn schemas(&self) -> impl Iterator<Item = (&String, &Value)> {
        members(self.value.pointer("/components/schemas"))
    }

    /// The component schema of this name.
    pub fn schema(&self, name: &str) -> Option<&Value> {
        self.value.pointer("/components/schemas")?.get(name)
    }

    /// The parameters of an operation: its own and its path item's.
    pub fn parameters<'a>(&'a self, operation: &Operation<'a>) -> Vec<SpecParameter<'a>> {
        let item_pointer = format!("/paths/{}", escape(operation.path));
        let own = elements(operation.value.get("parameters"))
            .enumerate()
            .map(|(i, value)| (format!("{}/parameters/{i}", operation.pointer), value));
        let shared = elements(operation.item.get("parameters"))
            .enumerate()
            .map(|(i, value)| (format!("{item_pointer}/parameters/{i}"), value));
        own.chain(shared)
            .filter_map(|(pointer, value)| {
                let value = self.resolve(value);
                Some(SpecParameter {
                    location: value.get("in")?.as_str()?,
                    name: value.get("name")?.as_str()?,
                    value,
                    pointer,
                })
            })
            .collect()
    }

    /// The names of the component schemas that these parts of the document lead to.
    pub fn reachable<'a>(&'a self, roots: impl Iterator<Item = &'a Value>) -> HashSet<String> {
        let mut names = HashSet::new();
        let mut others = HashSet::new();
        let mut open: Vec<&Value> = roots.collect();
        while let Some(value) = open.pop() {
            match value {
                Value::Object(map) => {
                    let reference = map.get("$ref").and_then(Value::as_str);
                    let pointer = reference.and_then(|reference| reference.strip_prefix('#'));
                    let schema = pointer.and_then(|p| p.strip_prefix("/components/schemas/"));
                    let is_known = match (pointer, schema) {
                        (_, Some(name)) => !names.insert(name.to_owned()),
                        (Some(pointer), None) => !others.insert(pointer),
                        (None, None) => true,
                    };
                    match pointer {
                        Some(pointer) if !is_known => open.extend(self.value.pointer(pointer)),
                        Some(_) => {}
                        // Examples are data, whatever they look like.
                        None => open.extend(
                            map.iter()
                                .filter(|(key, _)| !matches!(key.as_str(), "example" | "examples"))
                                .map(|(_, value)| value),
                        ),
                    }
                }
                Value::Array(list) => open.extend(list),
                _ => {}
            }
        }
        names
    }

    /// What a `$ref` points to; the value itself if it is none or points to nothing.
    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        value
            .get("$ref")
            .and_then(Value::as_str)
            .and_then(|reference| reference.strip_prefix('#'))
            .and_then(|pointer| self.value.pointer(pointer))
            .unwrap_or(value)
    }
}

/// The schema of a JSON body: of a request body, a response or the like.
pub fn json_schema(body: &Value) -> Option<&Value> {
    json_content(body)?.get("schema")
}

/// The `application/json` entry of a body's content.
pub fn json_content(body: &Value) -> Option<&Value> {
    body.get("content")?.get("application/json")
}

/// The examples of a JSON body, from `example` and `examples`.
pub fn json_examples(body: &Value) -> Vec<&Value> {
    let Some(content) = json_content(body) else {
        return Vec::new();
    };
    let many = members(content.get("examples")).filter_map(|(_, example)| example.get("value"));
    content.get("example").into_iter().chain(many).collect()
}

/// The name that a schema refers to: through `$ref`, or through a lone `$ref` within `allOf`.
pub fn reference_name(schema: &Value) -> Option<&str> {
    let reference = match schema.get("allOf").and_then(Value::as_array) {
        Some(all) if all.len() == 1 => all.first()?.get("$ref")?,
        Some(_) => return None,
        None => schema.get("$ref")?,
    };
    reference.as_str()?.strip_prefix("#/components/schemas/")
}

/// Whether this status is a success.
pub fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

/// A key as it stands in a JSON pointer.
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The members of an object; none if it is not one.
pub fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(Map::iter)
}

/// The elements of an array; none if it is not one.
pub fn elements(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}
