//! Adds to the spec what a contract states and the spec does not have yet, as drafts.
//!
//! A merge only adds. Where page and spec disagree it leaves the spec as it is:
//! [`compare`](Merger::compare) tells afterwards.

use std::collections::{BTreeSet, HashMap, HashSet};

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::compare::{Difference, TOKEN_HEADER, compare_with};
use super::corrections::Corrections;
use super::notation::{documented_name, notation, schema, schema_name};
use super::{Operation, Spec, elements, escape, is_success, json_schema, members, reference_name};
use crate::contract::{Body, Contract, Field, Location, Parameter};
use crate::lint::SENSITIVE_STRINGS;

/// Where a description of an operation is published, but for its id.
const EXPLORER: &str = "https://console.huaweicloud.com/apiexplorer/#/openapi/CSMS/doc?api=";

/// Merges contracts into a spec, one after the other, each of them wholly or not at all.
#[derive(Debug)]
pub struct Merger<'a> {
    spec: &'a mut Spec,
    left_out: HashSet<(&'a str, &'a str)>,
    index: Index,
    users: Option<Users>,
    undo: Vec<Step>,
    /// The schemas that were there before the last merge and have changed in it.
    changed: BTreeSet<String>,
    /// Whether a new schema is being filled, so that nothing that was there changes.
    is_drafting: bool,
}

/// Look-ups that would otherwise walk the whole spec for each page.
#[derive(Debug, Default)]
struct Index {
    /// Path and method of each operation.
    operations: HashMap<String, (String, String)>,
    /// What a person has written about each path parameter.
    path_parameters: HashMap<String, Value>,
    /// The schemas by what pages call them.
    schemas: HashMap<String, Vec<String>>,
    /// The schemas by the names of their fields, each with its place in the document.
    shapes: HashMap<Shape, BTreeSet<(usize, String)>>,
    /// The place of each schema in the document.
    places: HashMap<String, usize>,
    /// The schemas that a request body leads to.
    in_requests: HashSet<String>,
}

/// Names of fields, sorted.
type Shape = Vec<String>;

/// The operations that each schema is used by, and perhaps more.
#[derive(Debug)]
struct Users(HashMap<String, BTreeSet<String>>);

/// Something to be taken back.
#[derive(Debug)]
enum Step {
    /// What was at a pointer.
    Value(String, Option<Value>),
    /// An operation that came into the index.
    Operation(String),
    /// A schema that came into the index under what pages call it.
    Schema(String),
    /// A schema that came into the index under the names of its fields.
    Shape(Shape, (usize, String)),
    /// A schema that came to be sent.
    InRequests(String),
}

/// Where a body stands.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    operation: &'a str,
    /// `RequestBody`, `ResponseBody` or `ErrorBody`.
    role: &'static str,
}

impl Place<'_> {
    fn is_request(self) -> bool {
        self.role == "RequestBody"
    }
}

impl<'a> Merger<'a> {
    /// A merger into `spec`; what a correction leaves out is not added.
    pub fn new(spec: &'a mut Spec, corrections: &'a Corrections) -> Self {
        let index = Index::of(spec);
        Self {
            spec,
            left_out: corrections.left_out(),
            index,
            users: None,
            undo: Vec::new(),
            changed: BTreeSet::new(),
            is_drafting: false,
        }
    }

    /// The spec as merged so far.
    pub fn spec(&self) -> &Spec {
        self.spec
    }

    /// All differences between a contract and the spec as merged so far, in page order.
    pub fn compare(&self, contract: &Contract) -> Vec<Difference> {
        let id = contract.operation_id.as_deref();
        let operation = id.and_then(|id| self.operation(id));
        compare_with(contract, operation.as_ref(), self.spec)
    }

    /// Adds what `contract` states beyond the spec. Returns the other operations whose contracts
    /// may be affected, since a schema of theirs has changed.
    pub fn merge(&mut self, contract: &Contract) -> BTreeSet<String> {
        self.undo.clear();
        self.changed.clear();
        let Some(id) = contract.operation_id.clone() else {
            return BTreeSet::new();
        };
        if self.operation(&id).is_none() && !self.draft_operation(&id, contract) {
            return BTreeSet::new();
        }
        let Some(pointer) = self.operation(&id).map(|o| o.pointer) else {
            return BTreeSet::new();
        };
        self.parameters(&id, &pointer, &contract.parameters);
        self.request_body(&id, &pointer, contract);
        self.responses(&id, &pointer, contract);
        self.affected(&id)
    }

    /// The other operations that use a schema that the merge of `id` has changed.
    fn affected(&mut self, id: &str) -> BTreeSet<String> {
        if self.changed.is_empty() && self.users.is_none() {
            return BTreeSet::new();
        }
        let users = self.users.get_or_insert_with(|| Users::of(self.spec));
        let changed = self.changed.iter().filter_map(|schema| users.0.get(schema));
        let mut affected: BTreeSet<String> = changed.flatten().cloned().collect();
        affected.insert(id.to_owned());
        // A changed schema may lead to others now.
        for id in &affected {
            if let Some(operation) = self.index.operation(self.spec, id) {
                users.note(self.spec, &operation, id);
            }
        }
        affected.remove(id);
        affected
    }

    fn operation(&self, id: &str) -> Option<Operation<'_>> {
        self.index.operation(self.spec, id)
    }

    /// Whether a correction keeps what the page of `operation` has at `pointer` out of the spec.
    fn leave_out(&self, operation: &str, pointer: &str) -> bool {
        self.left_out.contains(&(operation, pointer))
    }

    /// Takes the last [`merge`](Self::merge) back.
    pub fn undo(&mut self) {
        while let Some(step) = self.undo.pop() {
            match step {
                Step::Value(pointer, before) => self.put_back(&pointer, before),
                Step::Operation(id) => {
                    self.index.operations.remove(&id);
                }
                Step::Schema(documented) => {
                    let names = self.index.schemas.get_mut(&documented);
                    if let Some(name) = names.and_then(Vec::pop) {
                        self.index.places.remove(&name);
                    }
                }
                Step::Shape(shape, schema) => {
                    if let Some(schemas) = self.index.shapes.get_mut(&shape) {
                        schemas.remove(&schema);
                    }
                }
                Step::InRequests(name) => {
                    self.index.in_requests.remove(&name);
                }
            }
        }
    }

    fn put_back(&mut self, pointer: &str, before: Option<Value>) {
        let Some((parent, key)) = pointer.rsplit_once('/') else {
            return;
        };
        let key = key.replace("~1", "/").replace("~0", "~");
        if let Some(Value::Object(map)) = self.spec.value.pointer_mut(parent) {
            match before {
                Some(value) => map.insert(key, value),
                None => map.shift_remove(&key),
            };
        }
    }

    /// Sets `parent/key`, keeping what was there for [`undo`](Self::undo).
    fn set(&mut self, parent: &str, key: &str, value: Value) {
        let pointer = format!("{parent}/{}", escape(key));
        let before = self.spec.value.pointer(&pointer).cloned();
        if let Some(Value::Object(map)) = self.spec.value.pointer_mut(parent) {
            map.insert(key.to_owned(), value);
            self.undo.push(Step::Value(pointer, before));
        }
    }

    /// Makes sure that `parent/key` is an object.
    fn ensure_object(&mut self, parent: &str, key: &str) {
        let pointer = format!("{parent}/{}", escape(key));
        if self.spec.value.pointer(&pointer).is_none() {
            self.set(parent, key, json!({}));
        }
    }

    fn draft_operation(&mut self, id: &str, contract: &Contract) -> bool {
        let method = contract.method.to_lowercase();
        self.ensure_object("", "paths");
        self.ensure_object("/paths", &contract.path);
        let item = format!("/paths/{}", escape(&contract.path));
        if self
            .spec
            .value
            .pointer(&format!("{item}/{method}"))
            .is_some()
        {
            return false;
        }
        let tag = draft_tag(&contract.path);
        self.ensure_tag(&tag);
        let operation = json!({
            "operationId": id,
            "tags": [tag],
            "summary": contract.title.as_deref().unwrap_or(id),
            "description": contract.origin.text,
            "x-draft": true,
            "x-safe-to-repeat": matches!(method.as_str(), "get" | "put" | "delete" | "head"),
            "x-command": draft_command(id),
            "externalDocs": {"url": format!("{EXPLORER}{id}")},
            "parameters": [],
            "responses": {},
        });
        self.set(&item, &method, operation);
        let place = (contract.path.clone(), method);
        self.index.operations.insert(id.to_owned(), place);
        self.undo.push(Step::Operation(id.to_owned()));
        true
    }

    fn ensure_tag(&mut self, tag: &str) {
        let known = elements(self.spec.value.get("tags"))
            .any(|t| t.get("name").and_then(Value::as_str) == Some(tag));
        if !known {
            let mut tags = self.spec.value.get("tags").cloned().unwrap_or(json!([]));
            if let Some(tags) = tags.as_array_mut() {
                tags.push(json!({"name": tag}));
            }
            self.set("", "tags", tags);
        }
    }

    fn parameters(&mut self, id: &str, pointer: &str, documented: &[Parameter]) {
        for parameter in documented {
            let is_token = parameter.location == Location::Header
                && parameter.name.eq_ignore_ascii_case(TOKEN_HEADER);
            let known = self.operation(id).is_some_and(|operation| {
                self.spec.parameters(&operation).iter().any(|p| {
                    json!(p.location) == json!(parameter.location) && p.name == parameter.name
                })
            });
            if is_token || known || self.leave_out(id, &format!("{pointer}/parameters")) {
                continue;
            }
            let mut draft = Map::new();
            draft.insert("in".to_owned(), json!(parameter.location));
            draft.insert("name".to_owned(), json!(parameter.name));
            let required = parameter
                .required
                .unwrap_or(parameter.location == Location::Path);
            draft.insert("required".to_owned(), json!(required));
            match self.curated_path_parameter(parameter) {
                Some(description) => {
                    draft.insert("description".to_owned(), description);
                }
                None => describe(&mut draft, &parameter.origin.text, &parameter.name),
            }
            draft.insert("schema".to_owned(), schema(&parameter.type_name, None));
            let at = format!("{pointer}/parameters");
            let mut list = self.spec.value.pointer(&at).cloned().unwrap_or(json!([]));
            if let Some(list) = list.as_array_mut() {
                list.push(Value::Object(draft));
            }
            self.set(pointer, "parameters", list);
        }
    }

    /// A path parameter of one name means the same everywhere (`project_id`, …): what a person
    /// has written about it once serves again.
    fn curated_path_parameter(&self, parameter: &Parameter) -> Option<Value> {
        let is_in_path = parameter.location == Location::Path;
        let description = self.index.path_parameters.get(&parameter.name);
        description.filter(|_| is_in_path).cloned()
    }

    fn request_body(&mut self, id: &str, pointer: &str, contract: &Contract) {
        let Some(body) = &contract.request_body else {
            return;
        };
        let place = Place {
            operation: id,
            role: "RequestBody",
        };
        let at = format!("{pointer}/requestBody");
        if self.leave_out(id, &format!("{at}/content")) {
            return;
        }
        if self.spec.value.pointer(&at).is_none() {
            self.set(pointer, "requestBody", json!({"required": true}));
        }
        self.content(place, &at, body);
        self.examples(&at, &contract.examples.request);
    }

    fn responses(&mut self, id: &str, pointer: &str, contract: &Contract) {
        self.ensure_object(pointer, "responses");
        let all = format!("{pointer}/responses");
        for (status, body) in &contract.responses {
            let at = format!("{all}/{}", escape(status));
            if self.leave_out(id, &at) {
                continue;
            }
            if self.spec.value.pointer(&at).is_none() {
                self.set(&all, status, json!({"description": reason_phrase(status)}));
            }
            if let Some(body) = body {
                let role = if is_success(status) {
                    "ResponseBody"
                } else {
                    "ErrorBody"
                };
                if !self.leave_out(id, &format!("{at}/content")) {
                    self.content(
                        Place {
                            operation: id,
                            role,
                        },
                        &at,
                        body,
                    );
                }
            }
            if let Some(examples) = contract.examples.responses.get(status) {
                self.examples(&at, examples);
            }
        }
    }

    fn content(&mut self, place: Place<'_>, pointer: &str, body: &Body) {
        let declared = self
            .spec
            .value
            .pointer(pointer)
            .and_then(json_schema)
            .cloned();
        match declared.as_ref().and_then(reference_name) {
            Some(name) => {
                let name = name.to_owned();
                self.fill(place, &name, &body.fields);
            }
            None if declared.is_none() => {
                let name = self.place_schema(place, body.schema.as_deref(), &body.fields);
                let reference = json!({"$ref": format!("#/components/schemas/{name}")});
                let content = json!({"application/json": {"schema": reference}});
                self.set(pointer, "content", content);
            }
            // An inline schema was written by hand: lint and compare speak about it.
            None => {}
        }
    }

    /// The name of a component schema with these fields: one that is there, or a new draft.
    fn place_schema(
        &mut self,
        place: Place<'_>,
        documented: Option<&str>,
        fields: &[Field],
    ) -> String {
        let fitting = match documented {
            Some(documented) => self
                .index
                .schemas
                .get(documented)
                .and_then(|names| names.iter().find(|name| self.fits(name, fields))),
            // A page without anchors does not name its bodies; error bodies repeat, others don't.
            None if place.role == "ErrorBody" => {
                let shape = shape(fields.iter().map(|field| &field.name));
                let alike = self.index.shapes.get(&shape).into_iter().flatten();
                alike
                    .map(|(_, name)| name)
                    .find(|name| self.fits(name, fields))
            }
            None => None,
        };
        if let Some(name) = fitting.cloned() {
            self.adopt_required(place, &name, fields);
            return name;
        }
        let name = self.new_name(place, documented);
        self.ensure_object("", "components");
        self.ensure_object("/components", "schemas");
        let mut draft = json!({
            "type": "object",
            "description": documented.unwrap_or(&name),
            "x-draft": true,
            "properties": {},
        });
        if let (Some(documented), Value::Object(map)) = (documented, &mut draft)
            && documented != name
        {
            map.insert("x-documented-name".to_owned(), json!(documented));
        }
        self.set("/components/schemas", &name, draft);
        let documented = documented.unwrap_or(&name).to_owned();
        let names = self.index.schemas.entry(documented.clone()).or_default();
        names.push(name.clone());
        // Never a place that was taken before: what is undone is at the end.
        let place_in_document = self.index.places.len();
        self.index.places.insert(name.clone(), place_in_document);
        self.undo.push(Step::Schema(documented));
        let before = std::mem::replace(&mut self.is_drafting, true);
        self.fill(place, &name, fields);
        self.is_drafting = before;
        self.note_shape(&name);
        name
    }

    fn new_name(&self, place: Place<'_>, documented: Option<&str>) -> String {
        let own = format!("{}{}", place.operation, documented.unwrap_or(place.role));
        let directed = format!(
            "{own}{}",
            if place.is_request() {
                "Input"
            } else {
                "Output"
            }
        );
        let first = documented.map(str::to_owned);
        let numbered = (2..).map(|n| format!("{own}{n}"));
        first
            .into_iter()
            .chain([own.clone(), directed])
            .chain(numbered)
            .find(|name| self.spec.schema(name).is_none())
            .unwrap_or(own)
    }

    /// Whether the schema has exactly these fields.
    fn fits(&self, name: &str, fields: &[Field]) -> bool {
        let Some(object) = self.spec.schema(name) else {
            return false;
        };
        let Some(properties) = object.get("properties").and_then(Value::as_object) else {
            return false;
        };
        let requiredness_known = self.index.in_requests.contains(name);
        properties.len() == fields.len()
            && fields.iter().all(|field| {
                let Some(property) = properties.get(&field.name) else {
                    return false;
                };
                let required = elements(object.get("required")).any(|r| *r == field.name);
                let nested = field.fields.as_ref().is_none_or(|fields| {
                    core_name(property).is_some_and(|name| self.fits(name, fields))
                });
                notation(self.spec, property) == field.type_name
                    && nested
                    && (!requiredness_known || field.required.is_none_or(|r| r == required))
            })
    }

    /// A schema that only answers used so far learns from a request what is required.
    fn adopt_required(&mut self, place: Place<'_>, name: &str, fields: &[Field]) {
        if !place.is_request() || !self.note_in_requests(name) {
            return;
        }
        let required: Vec<&str> = fields
            .iter()
            .filter(|field| field.required == Some(true))
            .map(|field| field.name.as_str())
            .collect();
        if !required.is_empty() {
            self.set(
                &format!("/components/schemas/{}", escape(name)),
                "required",
                json!(required),
            );
            self.changed.insert(name.to_owned());
        }
        for field in fields {
            let property = self
                .spec
                .schema(name)
                .and_then(|s| s.get("properties")?.get(&field.name));
            let nested = property.and_then(core_name).map(str::to_owned);
            if let (Some(nested), Some(fields)) = (nested, &field.fields) {
                self.adopt_required(place, &nested, fields);
            }
        }
    }

    /// Adds the fields that the component schema lacks.
    fn fill(&mut self, place: Place<'_>, name: &str, fields: &[Field]) {
        let schema_pointer = format!("/components/schemas/{}", escape(name));
        if self.spec.value.pointer(&schema_pointer).is_none() {
            return;
        }
        if place.is_request() {
            self.note_in_requests(name);
        }
        self.ensure_object(&schema_pointer, "properties");
        let at = format!("{schema_pointer}/properties");
        let mut has_grown = false;
        for field in fields {
            let pointer = format!("{at}/{}", escape(&field.name));
            match self.spec.value.pointer(&pointer) {
                Some(property) => {
                    let nested = core_name(property).map(str::to_owned);
                    if let (Some(nested), Some(fields)) = (nested, &field.fields) {
                        self.fill(place, &nested, fields);
                    }
                }
                None if self.leave_out(place.operation, &pointer) => {}
                None => {
                    let property = self.draft_property(place, field);
                    self.set(&at, &field.name, property);
                    self.require(&schema_pointer, field);
                    has_grown = true;
                }
            }
        }
        if has_grown && !self.is_drafting {
            self.changed.insert(name.to_owned());
            self.note_shape(name);
        }
    }

    /// Notes what fields a schema has now. That it had fewer stays noted: who looks checks.
    fn note_shape(&mut self, name: &str) {
        let properties = self.spec.schema(name).and_then(|s| s.get("properties"));
        let shape = shape(members(properties).map(|(field, _)| field));
        let Some(place) = self.index.places.get(name) else {
            return;
        };
        let schema = (*place, name.to_owned());
        let schemas = self.index.shapes.entry(shape.clone()).or_default();
        if schemas.insert(schema.clone()) {
            self.undo.push(Step::Shape(shape, schema));
        }
    }

    /// Notes that a schema is sent; gives whether that is new.
    fn note_in_requests(&mut self, name: &str) -> bool {
        let is_new = self.index.in_requests.insert(name.to_owned());
        if is_new {
            self.undo.push(Step::InRequests(name.to_owned()));
        }
        is_new
    }

    fn require(&mut self, schema_pointer: &str, field: &Field) {
        if field.required != Some(true) {
            return;
        }
        let pointer = format!("{schema_pointer}/required");
        let mut list = self
            .spec
            .value
            .pointer(&pointer)
            .cloned()
            .unwrap_or(json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(json!(field.name));
        }
        self.set(schema_pointer, "required", list);
    }

    fn draft_property(&mut self, place: Place<'_>, field: &Field) -> Value {
        let reference = schema_name(&field.type_name).map(|documented| {
            self.place_schema(
                place,
                Some(documented),
                field.fields.as_deref().unwrap_or(&[]),
            )
        });
        let is_secret =
            field.type_name == "string" && SENSITIVE_STRINGS.contains(&field.name.as_str());
        let value = if is_secret {
            json!({"$ref": "#/components/schemas/SecretText"})
        } else {
            schema(&field.type_name, reference.as_deref())
        };
        let mut draft = match value {
            Value::Object(map) if map.contains_key("$ref") => {
                Map::from_iter([("allOf".to_owned(), json!([map]))])
            }
            Value::Object(map) => map,
            _ => Map::new(),
        };
        describe(&mut draft, &field.origin.text, &field.name);
        Value::Object(draft)
    }

    fn examples(&mut self, pointer: &str, examples: &[Value]) {
        let at = format!("{pointer}/content/application~1json");
        let Some(content) = self.spec.value.pointer(&at) else {
            return;
        };
        if content.get("example").is_some() || content.get("examples").is_some() {
            return;
        }
        match examples {
            [] => {}
            [one] => self.set(&at, "example", one.clone()),
            many => {
                let named = many
                    .iter()
                    .enumerate()
                    .map(|(i, example)| (format!("example{}", i + 1), json!({"value": example})));
                self.set(&at, "examples", Value::Object(named.collect()));
            }
        }
    }
}

impl Index {
    fn of(spec: &Spec) -> Self {
        let mut index = Self::default();
        for (name, schema) in spec.schemas() {
            index
                .schemas
                .entry(documented_name(name, schema).to_owned())
                .or_default()
                .push(name.clone());
            let place = index.places.len();
            index.places.insert(name.clone(), place);
            let shape = shape(members(schema.get("properties")).map(|(field, _)| field));
            let schemas = index.shapes.entry(shape).or_default();
            schemas.insert((place, name.clone()));
        }
        let bodies = spec.operations().filter_map(|o| o.value.get("requestBody"));
        index.in_requests = spec.reachable(bodies);
        for operation in spec.operations() {
            if let Some(id) = operation.id {
                let place = (operation.path.to_owned(), operation.method.to_owned());
                index.operations.entry(id.to_owned()).or_insert(place);
            }
            for parameter in spec.parameters(&operation) {
                let is_curated =
                    parameter.location == "path" && parameter.value.get("x-draft").is_none();
                let description = parameter.value.get("description");
                if let Some(description) = description.filter(|_| is_curated) {
                    let known = index.path_parameters.entry(parameter.name.to_owned());
                    known.or_insert_with(|| description.clone());
                }
            }
        }
        index
    }

    fn operation<'s>(&self, spec: &'s Spec, id: &str) -> Option<Operation<'s>> {
        let (path, method) = self.operations.get(id)?;
        spec.operation_at(path, method)
    }
}

impl Users {
    fn of(spec: &Spec) -> Self {
        let mut users = Self(HashMap::new());
        for operation in spec.operations() {
            users.note(spec, &operation, operation.id.unwrap_or_default());
        }
        users
    }

    fn note(&mut self, spec: &Spec, operation: &Operation<'_>, id: &str) {
        for schema in spec.reachable([operation.value].into_iter()) {
            self.0.entry(schema).or_default().insert(id.to_owned());
        }
    }
}

fn shape<'a>(names: impl Iterator<Item = &'a String>) -> Shape {
    let mut names: Shape = names.cloned().collect();
    names.sort_unstable();
    names
}

/// The component schema at the core of a property: of an array's items, of a map's values.
fn core_name(property: &Value) -> Option<&str> {
    reference_name(property)
        .or_else(|| core_name(property.get("items")?))
        .or_else(|| {
            core_name(
                property
                    .get("additionalProperties")
                    .filter(|v| v.is_object())?,
            )
        })
}

fn describe(draft: &mut Map<String, Value>, text: &str, name: &str) {
    let text = if text.is_empty() { name } else { text };
    draft.insert("description".to_owned(), json!(text));
    draft.insert("x-draft".to_owned(), json!(true));
}

fn reason_phrase(status: &str) -> &'static str {
    StatusCode::from_bytes(status.as_bytes())
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Unlisted status")
}

/// The first fixed segment of the path behind version and project.
fn draft_tag(path: &str) -> String {
    path.split('/')
        .filter(|segment| !segment.is_empty() && !segment.starts_with('{'))
        .find(|segment| !is_version(segment) && *segment != "csms")
        .unwrap_or("other")
        .to_owned()
}

fn is_version(segment: &str) -> bool {
    segment
        .strip_prefix('v')
        .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// `ListWidgets` → `["widgets", "list"]`: the rest of the id, then its verb.
fn draft_command(id: &str) -> Value {
    let mut words: Vec<String> = Vec::new();
    for c in id.chars() {
        match words.last_mut() {
            Some(word) if !c.is_ascii_uppercase() => word.push(c),
            _ => words.push(c.to_ascii_lowercase().to_string()),
        }
    }
    match words.split_first() {
        Some((verb, [])) => json!([verb]),
        Some((verb, rest)) => json!([rest.join("-"), verb]),
        None => json!([]),
    }
}
