//! Contract against spec: every fact that the two state differently.

use serde_json::{Map, Value, json};

use super::notation::notation;
use super::{
    Operation, Spec, escape, json_content, json_examples, json_schema, members, reference_name,
};
use crate::contract::{Body, Contract, Field, Location, Parameter};

/// A fact on which page and spec disagree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The documented id of the operation.
    pub operation: String,
    /// The place in the spec, also where something is missing.
    pub pointer: String,
    /// What the page says; null for nothing.
    pub page_says: Value,
    /// What the spec says; null for nothing.
    pub spec_says: Value,
    /// The line of the page, 0 if it is not known.
    pub line: usize,
}

/// The header that the chain maps to a security scheme.
pub const TOKEN_HEADER: &str = "X-Auth-Token";

/// All differences between one contract and the spec, in page order.
pub fn compare(contract: &Contract, spec: &Spec) -> Vec<Difference> {
    let id = contract.operation_id.as_deref();
    let operation = id.and_then(|id| spec.operation(id));
    compare_with(contract, operation.as_ref(), spec)
}

/// The same for who has looked up the contract's operation already.
pub fn compare_with(
    contract: &Contract,
    operation: Option<&Operation<'_>>,
    spec: &Spec,
) -> Vec<Difference> {
    let mut comparison = Comparison {
        id: contract.operation_id.as_deref().unwrap_or_default(),
        spec,
        found: Vec::new(),
    };
    comparison.operation(contract, operation);
    comparison.found
}

struct Comparison<'a> {
    id: &'a str,
    spec: &'a Spec,
    found: Vec<Difference>,
}

impl<'a> Comparison<'a> {
    fn operation(&mut self, contract: &Contract, operation: Option<&Operation<'_>>) {
        let line = contract.origin.line;
        let page_says = json!(format!("{} {}", contract.method, contract.path));
        let Some(operation) = operation else {
            return self.differ("/paths".to_owned(), page_says, Value::Null, line);
        };
        let method = operation.method.to_uppercase();
        let spec_says = json!(format!("{method} {}", operation.path));
        if page_says != spec_says {
            self.differ(operation.pointer.clone(), page_says, spec_says, line);
        }
        self.parameters(&contract.parameters, operation);
        self.request_body(contract, operation);
        self.responses(contract, operation);
    }

    fn parameters(&mut self, documented: &[Parameter], operation: &Operation<'_>) {
        let declared = self.spec.parameters(operation);
        for parameter in documented {
            let found = declared
                .iter()
                .find(|p| p.location == location(parameter.location) && p.name == parameter.name);
            match found {
                Some(found) => {
                    let schema = found.value.get("schema").unwrap_or(&Value::Null);
                    let pointer = format!("{}/schema", found.pointer);
                    self.type_of(
                        &pointer,
                        &parameter.type_name,
                        schema,
                        parameter.origin.line,
                    );
                    let required = found.value.get("required").and_then(Value::as_bool);
                    let pointer = format!("{}/required", found.pointer);
                    self.required(
                        &pointer,
                        parameter.required,
                        required,
                        parameter.origin.line,
                    );
                }
                None if is_token(parameter) => self.token_scheme(operation, parameter),
                None => self.differ(
                    format!("{}/parameters", operation.pointer),
                    json!(format!(
                        "{} {}",
                        location(parameter.location),
                        parameter.name
                    )),
                    Value::Null,
                    parameter.origin.line,
                ),
            }
        }
        for parameter in &declared {
            let known = documented
                .iter()
                .any(|p| location(p.location) == parameter.location && p.name == parameter.name);
            if !known {
                let spec_says = json!(format!("{} {}", parameter.location, parameter.name));
                self.differ(parameter.pointer.clone(), Value::Null, spec_says, 0);
            }
        }
    }

    fn token_scheme(&mut self, operation: &Operation<'_>, parameter: &Parameter) {
        let schemes = self.spec.value.pointer("/components/securitySchemes");
        let is_token_scheme = |name: &str| {
            let scheme = schemes.and_then(|schemes| schemes.get(name));
            scheme.and_then(|s| s.get("name")).and_then(Value::as_str) == Some(TOKEN_HEADER)
        };
        let security = operation
            .value
            .get("security")
            .or_else(|| self.spec.value.get("security"));
        let offered = super::elements(security)
            .flat_map(|requirement| members(Some(requirement)))
            .any(|(name, _)| is_token_scheme(name));
        if !offered {
            let pointer = format!("{}/security", operation.pointer);
            let page_says = json!(format!("header {TOKEN_HEADER}"));
            self.differ(pointer, page_says, Value::Null, parameter.origin.line);
        }
    }

    fn request_body(&mut self, contract: &Contract, operation: &Operation<'_>) {
        let pointer = format!("{}/requestBody", operation.pointer);
        let declared = operation
            .value
            .get("requestBody")
            .map(|b| self.spec.resolve(b));
        self.body(&pointer, contract.request_body.as_ref(), declared);
        self.examples(&pointer, &contract.examples.request, declared);
    }

    fn responses(&mut self, contract: &Contract, operation: &Operation<'_>) {
        let declared = operation.value.get("responses");
        for (status, body) in &contract.responses {
            let pointer = format!("{}/responses/{}", operation.pointer, escape(status));
            let Some(response) = declared.and_then(|r| r.get(status)) else {
                let line = contract.statuses.get(status).map_or(0, |o| o.line);
                self.differ(
                    pointer,
                    json!(format!("status {status}")),
                    Value::Null,
                    line,
                );
                continue;
            };
            let response = self.spec.resolve(response);
            self.body(&pointer, body.as_ref(), Some(response));
            let none = Vec::new();
            let examples = contract.examples.responses.get(status).unwrap_or(&none);
            self.examples(&pointer, examples, Some(response));
        }
        for (status, _) in members(declared) {
            if !contract.responses.contains_key(status) {
                let pointer = format!("{}/responses/{}", operation.pointer, escape(status));
                self.differ(pointer, Value::Null, json!(format!("status {status}")), 0);
            }
        }
    }

    fn body(&mut self, pointer: &str, documented: Option<&Body>, declared: Option<&Value>) {
        let schema = declared.and_then(json_schema);
        match (documented, schema) {
            (None, None) => {}
            (Some(body), None) => {
                let line = body.fields.first().map_or(0, |f| f.origin.line);
                self.differ(
                    format!("{pointer}/content"),
                    body_name(body),
                    Value::Null,
                    line,
                );
            }
            (None, Some(schema)) => {
                let spec_says = json!(notation(self.spec, schema));
                self.differ(format!("{pointer}/content"), Value::Null, spec_says, 0);
            }
            (Some(body), Some(schema)) => {
                let pointer = format!("{pointer}/content/application~1json/schema");
                if let Some(name) = &body.schema {
                    let spec_says = notation(self.spec, schema);
                    if *name != spec_says {
                        let line = body.fields.first().map_or(0, |f| f.origin.line);
                        self.differ(pointer.clone(), json!(name), json!(spec_says), line);
                    }
                }
                self.object(&pointer, &body.fields, schema);
            }
        }
    }

    /// Compares the rows of a table with the properties of the object that a schema stands for.
    fn object(&mut self, pointer: &str, fields: &[Field], schema: &Value) {
        let (pointer, object) = self.object_of(pointer, schema);
        let empty = Map::new();
        let properties = object
            .get("properties")
            .and_then(Value::as_object)
            .unwrap_or(&empty);
        for field in fields {
            let at = format!("{pointer}/properties/{}", escape(&field.name));
            let Some(property) = properties.get(&field.name) else {
                self.differ(at, json!(field.type_name), Value::Null, field.origin.line);
                continue;
            };
            self.type_of(&at, &field.type_name, property, field.origin.line);
            let required = super::elements(object.get("required")).any(|r| *r == field.name);
            self.required(&at, field.required, Some(required), field.origin.line);
            // A property of another type is one difference, not one for each of its fields; of a
            // type that nobody knows, the spec can't say what its fields are.
            let is_same = notation(self.spec, property) == field.type_name;
            let (_, core) = self.object_of(&at, property);
            if let (Some(fields), true) = (&field.fields, is_same)
                && core.get("x-documented-type").is_none()
            {
                self.object(&at, fields, property);
            }
        }
        for (name, property) in properties {
            if !fields.iter().any(|field| field.name == *name) {
                let at = format!("{pointer}/properties/{}", escape(name));
                let spec_says = json!(notation(self.spec, property));
                self.differ(at, Value::Null, spec_says, 0);
            }
        }
    }

    /// Follows references, arrays and maps down to the object with properties.
    fn object_of<'v>(&self, pointer: &str, schema: &'v Value) -> (String, &'v Value)
    where
        'a: 'v,
    {
        let mut pointer = pointer.to_owned();
        let mut schema = schema;
        // The longest real chain is array → reference; the bound keeps a circular one finite.
        for _ in 0..16 {
            if let Some(name) = reference_name(schema) {
                let Some(target) = self.spec.schema(name) else {
                    break;
                };
                pointer = format!("/components/schemas/{}", escape(name));
                schema = target;
            } else if let Some(items) = schema.get("items") {
                pointer.push_str("/items");
                schema = items;
            } else if let Some(values) =
                schema.get("additionalProperties").filter(|v| v.is_object())
            {
                pointer.push_str("/additionalProperties");
                schema = values;
            } else {
                break;
            }
        }
        (pointer, schema)
    }

    fn type_of(&mut self, pointer: &str, documented: &str, schema: &Value, line: usize) {
        let declared = notation(self.spec, schema);
        if declared != documented {
            self.differ(
                format!("{pointer}/type"),
                json!(documented),
                json!(declared),
                line,
            );
        }
    }

    fn required(
        &mut self,
        pointer: &str,
        documented: Option<bool>,
        declared: Option<bool>,
        line: usize,
    ) {
        let declared = declared.unwrap_or(false);
        if documented.is_some_and(|documented| documented != declared) {
            let page_says = documented.map_or("", requirement);
            let pointer = format!("{}/required", pointer.trim_end_matches("/required"));
            self.differ(
                pointer,
                json!(page_says),
                json!(requirement(declared)),
                line,
            );
        }
    }

    /// Compares the examples of a body; the spec has no place for those of a body that it lacks,
    /// which is a difference of its own if the page has it.
    fn examples(&mut self, pointer: &str, documented: &[Value], declared: Option<&Value>) {
        if declared.and_then(json_content).is_none() {
            return;
        }
        let declared = declared.map(json_examples).unwrap_or_default();
        for (i, example) in documented.iter().enumerate() {
            match declared.get(i) {
                Some(declared) => {
                    let at = format!("{pointer}/content/application~1json/example");
                    self.example(&at, example, declared);
                }
                None => self.differ(
                    format!("{pointer}/content/application~1json/example"),
                    example.clone(),
                    Value::Null,
                    0,
                ),
            }
        }
        for extra in declared.iter().skip(documented.len()) {
            let at = format!("{pointer}/content/application~1json/example");
            self.differ(at, Value::Null, (*extra).clone(), 0);
        }
    }

    /// Descends to the values that differ, so that a correction can name just one of them.
    fn example(&mut self, pointer: &str, documented: &Value, declared: &Value) {
        match (documented, declared) {
            (Value::Object(a), Value::Object(b)) => {
                for (key, value) in a {
                    let at = format!("{pointer}/{}", escape(key));
                    self.example(&at, value, b.get(key).unwrap_or(&Value::Null));
                }
                for (key, value) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
                    let at = format!("{pointer}/{}", escape(key));
                    self.example(&at, &Value::Null, value);
                }
            }
            (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
                for (i, (a, b)) in a.iter().zip(b).enumerate() {
                    self.example(&format!("{pointer}/{i}"), a, b);
                }
            }
            (a, b) if a == b => {}
            (a, b) => self.differ(pointer.to_owned(), a.clone(), b.clone(), 0),
        }
    }

    fn differ(&mut self, pointer: String, page_says: Value, spec_says: Value, line: usize) {
        let difference = Difference {
            operation: self.id.to_owned(),
            pointer,
            page_says,
            spec_says,
            line,
        };
        let known = self.found.iter().any(|known| {
            known.pointer == difference.pointer
                && known.page_says == difference.page_says
                && known.spec_says == difference.spec_says
        });
        if !known {
            self.found.push(difference);
        }
    }
}

fn body_name(body: &Body) -> Value {
    json!(body.schema.as_deref().unwrap_or("a JSON body"))
}

fn is_token(parameter: &Parameter) -> bool {
    parameter.location == Location::Header && parameter.name.eq_ignore_ascii_case(TOKEN_HEADER)
}

fn location(location: Location) -> &'static str {
    match location {
        Location::Path => "path",
        Location::Query => "query",
        Location::Header => "header",
    }
}

fn requirement(required: bool) -> &'static str {
    if required { "required" } else { "optional" }
}
