//! What the spec must fulfil before code is made of it. Every finding names operation and place.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use openapiv3::OpenAPI;
use serde::Deserialize;
use serde_json::Value;

use crate::emit::{method_name, type_name};
use crate::lower::{Direction, Names};
use crate::problem::Problem;
use crate::spec::{
    METHODS, Operation, Spec, SpecParameter, elements, escape, is_success, json_schema, members,
    reference_name,
};

/// Names of fields whose text is a secret wherever they occur.
pub const SENSITIVE_STRINGS: [&str; 5] = [
    "secret_string",
    "secret_binary",
    "secret_blob",
    "password",
    "old_password",
];

/// Operation and name of fields whose whole JSON value is a secret, in request and answer.
pub const SENSITIVE_OBJECTS: [(&str, &str); 1] = [("CheckSecrets", "data")];

/// Methods of the client that are written by hand.
const METHODS_OF_CLIENT: [&str; 17] = [
    "attempt_timeout",
    "backup_to_file",
    "builder",
    "context",
    "credentials",
    "default_project_id",
    "endpoint",
    "from_env",
    "get_secret_value",
    "host",
    "http",
    "known_project_id",
    "looked_up_project",
    "restore_from_file",
    "retry",
    "with_retry",
    "with_timeout",
];

/// Commands of `csms` that are written by hand.
const COMMANDS_BY_HAND: [&str; 8] = [
    "backup",
    "completions",
    "doctor",
    "get",
    "man",
    "mock",
    "restore",
    "run",
];

/// All findings, in document order.
pub fn lint(spec: &Spec) -> Vec<Problem> {
    let mut lint = Lint {
        spec,
        owners: owners(spec),
        commands: HashMap::new(),
        problems: Vec::new(),
    };
    if !lint.version() {
        return lint.problems;
    }
    lint.operation_ids();
    for operation in spec.operations() {
        lint.operation(&operation);
    }
    lint.path_items();
    lint.components();
    lint.type_names();
    lint.references(&spec.value, "");
    lint.sensitive_objects();
    // Only when nothing above tells it more precisely.
    if lint.problems.is_empty() {
        lint.openapi();
    }
    lint.problems
}

/// For each component schema, the first operation that uses it.
fn owners(spec: &Spec) -> HashMap<String, String> {
    let mut owners = HashMap::new();
    for operation in spec.operations() {
        let shared = operation.item.get("parameters");
        for name in spec.reachable(shared.into_iter().chain([operation.value])) {
            let id = operation.id.unwrap_or_default();
            owners.entry(name).or_insert_with(|| id.to_owned());
        }
    }
    owners
}

struct Lint<'a> {
    spec: &'a Spec,
    owners: HashMap<String, String>,
    commands: HashMap<String, String>,
    problems: Vec<Problem>,
}

impl<'a> Lint<'a> {
    fn report(&mut self, operation: Option<&str>, pointer: &str, message: impl Into<String>) {
        let problem = Problem::new(&self.spec.file, message).at(operation, pointer);
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn version(&mut self) -> bool {
        let version = self.spec.value.get("openapi").and_then(Value::as_str);
        let is_known = version.is_some_and(|version| version.starts_with("3.0."));
        if !is_known {
            let found = version.map_or("nothing".to_owned(), |v| format!("\"{v}\""));
            let message =
                format!("the spec must be OpenAPI 3.0.x, which progenitor reads; found {found}");
            self.report(None, "/openapi", message);
        }
        is_known
    }

    fn openapi(&mut self) {
        if let Err(error) = OpenAPI::deserialize(&self.spec.value) {
            self.report(None, "", format!("not a valid OpenAPI document: {error}"));
        }
    }

    fn operation_ids(&mut self) {
        let mut first: BTreeMap<String, String> = BTreeMap::new();
        let operations: Vec<_> = self.spec.operations().collect();
        for operation in &operations {
            let at = format!("{}/operationId", operation.pointer);
            let Some(id) = operation.id.filter(|id| !id.is_empty()) else {
                let message = "the operation has no operationId; give it the documented one";
                self.report(None, &at, message);
                continue;
            };
            if !is_identifier(&method_name(id)) || !is_identifier(&type_name(id)) {
                let message =
                    format!("operationId {id} makes no name of a method; begin it with a letter");
                self.report(Some(id), &at, message);
            }
            if METHODS_OF_CLIENT.contains(&method_name(id).as_str()) {
                let message = format!(
                    "operationId {id} would be the method {}, which the client has already",
                    method_name(id)
                );
                self.report(Some(id), &at, message);
            }
            // Ids that differ only in case or separators become one method name.
            let method: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
            match first.get(&method.to_lowercase()) {
                Some(other) => {
                    let message = format!("operationId {id} is a duplicate of the one at {other}");
                    self.report(Some(id), &at, message);
                }
                None => {
                    first.insert(method.to_lowercase(), at);
                }
            }
        }
    }

    fn operation(&mut self, operation: &Operation<'a>) {
        let id = operation.id;
        self.described(id, &operation.pointer, operation.value, "operation");
        if operation
            .value
            .get("summary")
            .and_then(Value::as_str)
            .is_none_or(str::is_empty)
        {
            let at = format!("{}/summary", operation.pointer);
            self.report(id, &at, "the operation has no summary; write one line");
        }
        self.parameters(operation);
        self.responses(operation);
        self.extensions(operation);
        if let Some(body) = operation.value.get("requestBody") {
            let body = self.spec.resolve(body);
            self.content(id, &format!("{}/requestBody", operation.pointer), body);
        }
    }

    fn extensions(&mut self, operation: &Operation<'a>) {
        let repeat = operation.value.get("x-safe-to-repeat");
        if repeat.and_then(Value::as_bool).is_none() {
            let at = format!("{}/x-safe-to-repeat", operation.pointer);
            let message = "say true or false: may the client send it again when it can't know \
                           whether the service acted on it";
            self.report(operation.id, &at, message);
        }
        self.command(operation);
        if let Some(paging) = operation.value.get("x-paging") {
            self.paging(operation, paging);
        }
    }

    fn command(&mut self, operation: &Operation<'a>) {
        let words = elements(operation.value.get("x-command")).filter_map(Value::as_str);
        let command = words.collect::<Vec<_>>().join(" ");
        let at = format!("{}/x-command", operation.pointer);
        if command.is_empty() {
            let message = "name the operation's command, such as [\"secret\", \"list\"]";
            return self.report(operation.id, &at, message);
        }
        let first = command.split(' ').next().unwrap_or_default();
        if COMMANDS_BY_HAND.contains(&first) {
            let message = format!("the command `{first}` is written by hand; choose other words");
            self.report(operation.id, &at, message);
        }
        let is_within = |inner: &str, outer: &str| inner.starts_with(&format!("{outer} "));
        let related = self
            .commands
            .iter()
            .find(|(other, _)| is_within(other, &command) || is_within(&command, other));
        if let Some((other, other_at)) = related {
            let message = format!(
                "of the commands `{command}` and `{other}`, the one at {other_at}, one is the \
                 group of the other"
            );
            self.report(operation.id, &at, message);
        }
        if let Some(other) = self.commands.insert(command.clone(), at.clone()) {
            let message = format!("the command `{command}` is taken by the one at {other}");
            self.report(operation.id, &at, message);
        }
    }

    fn paging(&mut self, operation: &Operation<'a>, paging: &Value) {
        let at = format!("{}/x-paging", operation.pointer);
        let text = |key: &str| paging.get(key).and_then(Value::as_str);
        let in_body = text("in") == Some("body");
        if !matches!(text("in"), Some("query" | "body")) {
            self.report(
                operation.id,
                &format!("{at}/in"),
                "must be \"query\" or \"body\"",
            );
        }
        if !matches!(text("style"), Some("marker" | "page" | "index")) {
            let message = "must be \"marker\", \"page\" or \"index\"";
            self.report(operation.id, &format!("{at}/style"), message);
        }
        let request = operation.value.get("requestBody").and_then(json_schema);
        let properties = request
            .and_then(reference_name)
            .and_then(|name| self.spec.schema(name)?.get("properties"));
        let parameters = self.spec.parameters(operation);
        for key in ["position", "size"] {
            let name = text(key).unwrap_or_default();
            let exists = if in_body {
                properties.is_some_and(|properties| properties.get(name).is_some())
            } else {
                parameters
                    .iter()
                    .any(|p| p.location == "query" && p.name == name)
            };
            if !exists {
                let message = format!("the request has no \"{name}\" to page by");
                self.report(operation.id, &format!("{at}/{key}"), message);
            }
        }
        let mut answered = vec![("items", text("items"))];
        if text("style") == Some("marker") {
            answered.push(("next", text("next")));
        }
        for (key, pointer) in answered {
            let pointer = pointer.unwrap_or_default();
            if !self.answers(operation, pointer) {
                let message = format!("the answer has no field \"{pointer}\"");
                self.report(operation.id, &format!("{at}/{key}"), message);
            }
        }
    }

    /// Whether the successful answer has a field at this JSON pointer.
    fn answers(&self, operation: &Operation<'a>, pointer: &str) -> bool {
        let success = crate::lower::success_response(self.spec, operation.value);
        let mut schema = success.and_then(json_schema);
        let names = pointer.split('/').skip(1);
        for name in names {
            schema = schema
                .and_then(reference_name)
                .and_then(|reference| self.spec.schema(reference)?.get("properties")?.get(name));
        }
        pointer.starts_with('/') && schema.is_some()
    }

    fn parameters(&mut self, operation: &Operation<'a>) {
        let id = operation.id;
        let placeholders: BTreeSet<&str> = placeholders(operation.path).collect();
        let parameters = self.spec.parameters(operation);
        self.path_template(operation);
        self.setters(operation, &parameters);
        let mut seen = HashSet::new();
        for parameter in &parameters {
            let kind = format!("{} parameter {}", parameter.location, parameter.name);
            self.described(id, &parameter.pointer, parameter.value, &kind);
            if !seen.insert((parameter.location, parameter.name)) {
                let message = format!("{kind} is declared twice; remove one");
                self.report(id, &parameter.pointer, message);
            }
            if let Some(schema) = parameter.value.get("schema") {
                self.sendable(id, parameter, schema);
                self.schema(id, &format!("{}/schema", parameter.pointer), schema, false);
            }
            if let Some(literal) = parameter.value.get("x-literal")
                && (parameter.location != "path" || !literal.is_string())
            {
                let at = format!("{}/x-literal", parameter.pointer);
                let message = "x-literal is the text that a path parameter always is";
                self.report(id, &at, message);
            }
            if parameter.location == "path" {
                if !placeholders.contains(parameter.name) {
                    let message = format!(
                        "path parameter {} is not in the path {}",
                        parameter.name, operation.path
                    );
                    self.report(id, &parameter.pointer, message);
                }
                if parameter.value.get("required") != Some(&Value::Bool(true)) {
                    let at = format!("{}/required", parameter.pointer);
                    self.report(id, &at, "a path parameter must have \"required\": true");
                }
            }
        }
        for placeholder in placeholders {
            let declared = parameters
                .iter()
                .any(|p| p.location == "path" && p.name == placeholder);
            if !declared {
                let at = format!("{}/parameters", operation.pointer);
                let message = format!(
                    "path parameter {placeholder} of {} is missing; declare it",
                    operation.path
                );
                self.report(id, &at, message);
            }
        }
    }

    /// A parameter is text on the wire: a list may stand in the query, an object nowhere.
    fn sendable(&mut self, id: Option<&str>, parameter: &SpecParameter<'a>, schema: &Value) {
        let resolved = reference_name(schema).and_then(|name| self.spec.schema(name));
        let schema = resolved.unwrap_or(schema);
        let is_sendable = match schema.get("type").and_then(Value::as_str) {
            Some("string" | "integer" | "number" | "boolean") => true,
            Some("array") => parameter.location == "query",
            _ => false,
        };
        if !is_sendable {
            let message = format!("a {} parameter can't be of this type", parameter.location);
            self.report(id, &format!("{}/schema", parameter.pointer), message);
        }
    }

    /// The path must have a place for each parameter, once.
    fn path_template(&mut self, operation: &Operation<'a>) {
        let path = operation.path;
        let names: Vec<&str> = placeholders(path).collect();
        let braces = path.matches(['{', '}']).count();
        let is_repeated =
            (1..names.len()).any(|i| names.iter().take(i).any(|n| names.get(i) == Some(n)));
        let fault = if !path.starts_with('/') {
            "must begin with a slash"
        } else if path.contains(['?', '#']) {
            "must not have a query or a fragment: declare query parameters"
        } else if braces != names.len() * 2 || names.contains(&"") {
            "has a brace without its partner, or nothing between two"
        } else if is_repeated {
            "names a parameter twice"
        } else {
            return;
        };
        self.report(
            operation.id,
            &operation.pointer,
            format!("the path {path} {fault}"),
        );
    }

    /// Each parameter must have a setter of its own on the operation's builder.
    fn setters(&mut self, operation: &Operation<'a>, parameters: &[SpecParameter<'a>]) {
        const TAKEN: [&str; 7] = [
            "new", "send", "body", "body_map", "pages", "stream", "client",
        ];
        let mut setters: Vec<(String, &str)> = Vec::new();
        for parameter in parameters {
            let setter = method_name(parameter.name);
            let other = setters
                .iter()
                .find(|(other, _)| *other == setter)
                .map(|(_, name)| *name);
            let fault = match other {
                _ if !setter.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    Some("makes no name of a setter".to_owned())
                }
                _ if TAKEN.contains(&setter.as_str()) => Some(format!(
                    "would have the setter {setter}, which every builder has"
                )),
                Some(other) if other != parameter.name => {
                    Some(format!("and {other} would have one setter, {setter}"))
                }
                Some(_) => Some(format!(
                    "is declared in two places; both would have the setter {setter}"
                )),
                None => None,
            };
            if let Some(fault) = fault {
                let message = format!("parameter \"{}\" {fault}", parameter.name);
                self.report(operation.id, &parameter.pointer, message);
            }
            setters.push((setter, parameter.name));
        }
    }

    fn responses(&mut self, operation: &Operation<'a>) {
        let id = operation.id;
        let at = format!("{}/responses", operation.pointer);
        let mut successes = 0;
        let mut success_schemas = BTreeSet::new();
        for (status, response) in members(operation.value.get("responses")) {
            let pointer = format!("{at}/{}", escape(status));
            if status == "default" {
                let message = "a default response can't be told from a success; name the statuses";
                self.report(id, &pointer, message);
                continue;
            }
            let response = self.spec.resolve(response);
            self.content(id, &pointer, response);
            if is_success(status) {
                successes += 1;
                success_schemas.extend(json_schema(response).map(ToString::to_string));
            }
        }
        if successes == 0 {
            self.report(id, &at, "no 2xx response; add the status of success");
        }
        if success_schemas.len() > 1 {
            let message = format!(
                "two success schemas ({}); a method returns one type: use one schema for both",
                success_schemas
                    .into_iter()
                    .collect::<Vec<_>>()
                    .join(" and ")
            );
            self.report(id, &at, message);
        }
    }

    fn content(&mut self, operation: Option<&str>, pointer: &str, body: &Value) {
        for (media_type, content) in members(body.get("content")) {
            let at = format!("{pointer}/content/{}", escape(media_type));
            if media_type != "application/json" {
                let message = format!("{media_type} is not supported; only application/json is");
                self.report(operation, &at, message);
            }
            match content.get("schema") {
                Some(schema) => {
                    let at = format!("{at}/schema");
                    self.body_schema(operation, &at, schema);
                    self.schema(operation, &at, schema, false);
                }
                None => self.report(operation, &at, "the body has no schema"),
            }
        }
    }

    fn body_schema(&mut self, operation: Option<&str>, pointer: &str, schema: &Value) {
        let Some(name) = reference_name(schema) else {
            let message = "a body's schema must be a $ref to a component schema, else its type \
                           has no documented name";
            return self.report(operation, pointer, message);
        };
        let is_object = self.spec.schema(name).is_none_or(|target| {
            target.get("type").and_then(Value::as_str) == Some("object")
                && target.get("properties").is_some()
        });
        if !is_object {
            let message = format!("a body must be an object with properties, {name} is none");
            self.report(operation, pointer, message);
        }
    }

    fn path_items(&mut self) {
        for (path, item) in members(self.spec.value.get("paths")) {
            for (key, _) in members(Some(item)) {
                let is_known = METHODS.contains(&key.as_str())
                    || key.starts_with("x-")
                    || matches!(
                        key.as_str(),
                        "parameters" | "summary" | "description" | "servers"
                    );
                if !is_known {
                    let at = format!("/paths/{}/{}", escape(path), escape(key));
                    self.report(
                        None,
                        &at,
                        format!("{key} is no HTTP method that OpenAPI knows"),
                    );
                }
            }
        }
    }

    fn components(&mut self) {
        let names: Vec<(&String, &Value)> = self.spec.schemas().collect();
        for (name, schema) in names {
            let pointer = format!("/components/schemas/{}", escape(name));
            let owner = self.owners.get(name).cloned();
            if owner.is_none() {
                let message = format!("schema {name} is unused; remove it or refer to it");
                self.report(None, &pointer, message);
            }
            self.endless(name, &pointer, owner.as_deref());
            self.described(owner.as_deref(), &pointer, schema, "schema");
            self.schema(owner.as_deref(), &pointer, schema, true);
        }
    }

    /// Two schemas must not become one Rust type, nor may one become no type at all.
    fn type_names(&mut self) {
        let names = Names::of(self.spec);
        let mut taken: HashMap<String, String> = HashMap::new();
        let schemas: Vec<&String> = self.spec.schemas().map(|(name, _)| name).collect();
        for name in schemas {
            let pointer = format!("/components/schemas/{}", escape(name));
            let both = [Direction::Answer, Direction::Request];
            let mut lowered: Vec<String> = both.map(|d| names.lowered(name, d)).into();
            lowered.dedup();
            for lowered in lowered {
                let type_name = type_name(&lowered);
                let owner = self.owners.get(name).cloned();
                if !is_identifier(&type_name) {
                    let message = format!("{name} is no name for a type; begin it with a letter");
                    self.report(owner.as_deref(), &pointer, message);
                } else if let Some(other) = taken.insert(type_name.clone(), name.clone()) {
                    let message =
                        format!("{name} and {other} both become the type {type_name}; rename one");
                    self.report(owner.as_deref(), &pointer, message);
                }
            }
        }
    }

    /// A schema that leads to itself without an object in between describes nothing.
    fn endless(&mut self, name: &str, pointer: &str, owner: Option<&str>) {
        let mut seen = HashSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(next) = open.pop() {
            let Some(schema) = self.spec.schema(&next) else {
                continue;
            };
            for target in aliases(schema) {
                if target == name {
                    let message = format!("{name} leads to itself and never to a type");
                    return self.report(owner, pointer, message);
                }
                if seen.insert(target.to_owned()) {
                    open.push(target.to_owned());
                }
            }
        }
    }

    /// Checks a schema and all that it holds; `named` is whether it is a component itself.
    fn schema(&mut self, operation: Option<&str>, pointer: &str, schema: &Value, named: bool) {
        if schema.get("enum").is_some() && !named {
            let message = "an inline enum becomes a closed type with a made-up name; make it a \
                           named schema and refer to it";
            self.report(operation, &format!("{pointer}/enum"), message);
        }
        if elements(schema.get("enum")).any(|value| !value.is_string() && !value.is_null()) {
            let message = "only texts can be enumerated";
            self.report(operation, &format!("{pointer}/enum"), message);
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix("#/components/schemas/");
            if name.is_none_or(|name| name.contains('/')) {
                let message =
                    format!("a schema must refer to a component schema, not to {reference}");
                self.report(operation, pointer, message);
            }
        }
        if schema.get("properties").is_some() && !named {
            let message = "an inline object becomes a type with a made-up name; make it a named \
                           schema and refer to it";
            self.report(operation, &format!("{pointer}/properties"), message);
        }
        self.fields(operation, pointer, schema);
        for (name, property) in members(schema.get("properties")) {
            let at = format!("{pointer}/properties/{}", escape(name));
            self.described(operation, &at, property, &format!("field {name}"));
            self.sensitive_string(operation, &at, name, property);
            self.schema(operation, &at, property, false);
        }
        for key in ["items", "additionalProperties", "not"] {
            if let Some(inner) = schema.get(key).filter(|inner| inner.is_object()) {
                self.schema(operation, &format!("{pointer}/{key}"), inner, false);
            }
        }
        for key in ["oneOf", "anyOf"] {
            if schema.get(key).is_some() {
                let at = format!("{pointer}/{key}");
                let message = format!("{key} becomes an enum that can't grow; use one schema");
                self.report(operation, &at, message);
            }
        }
        if let Some(all) = schema.get("allOf") {
            let at = format!("{pointer}/allOf");
            if all.as_array().is_none_or(|all| all.len() != 1) {
                let message = "allOf may hold exactly one $ref, to give it a description";
                self.report(operation, &at, message);
            }
            for (i, inner) in elements(Some(all)).enumerate() {
                self.schema(operation, &format!("{at}/{i}"), inner, false);
            }
        }
    }

    /// The properties of an object must make a struct.
    fn fields(&mut self, operation: Option<&str>, pointer: &str, schema: &Value) {
        let Some(properties) = schema.get("properties") else {
            return;
        };
        let mut taken: HashMap<String, &String> = HashMap::new();
        for (name, _) in members(Some(properties)) {
            let at = format!("{pointer}/properties/{}", escape(name));
            let field = method_name(name);
            if let Some(other) = taken.insert(field.clone(), name) {
                let message = format!("{name} and {other} would both be the field {field}");
                self.report(operation, &at, message);
            }
        }
        for name in elements(schema.get("required")).filter_map(Value::as_str) {
            if properties.get(name).is_none() {
                let message = format!("{name} is required and no property");
                self.report(operation, &format!("{pointer}/required"), message);
            }
        }
        if schema
            .get("additionalProperties")
            .is_some_and(|values| *values != Value::Bool(true))
        {
            let at = format!("{pointer}/additionalProperties");
            let message = "an object has either properties or values of one type; an answer may \
                           always have more than is documented";
            self.report(operation, &at, message);
        }
    }

    fn sensitive_string(
        &mut self,
        operation: Option<&str>,
        pointer: &str,
        name: &str,
        property: &Value,
    ) {
        let is_protected = matches!(reference_name(property), Some("SecretText" | "SecretJson"));
        // `password` as an object or a flag is something else than the secret itself.
        let type_name = property.get("type").and_then(Value::as_str);
        let may_hold_text = !matches!(type_name, Some("boolean" | "integer" | "number"));
        if SENSITIVE_STRINGS.contains(&name) && may_hold_text && !is_protected {
            let message =
                format!("field {name} is sensitive: refer to SecretText, so that it never shows");
            self.report(operation, pointer, message);
        }
    }

    fn sensitive_objects(&mut self) {
        for (id, field) in SENSITIVE_OBJECTS {
            let Some(operation) = self.spec.operation(id) else {
                continue;
            };
            let reachable = self.spec.reachable([operation.value].into_iter());
            for (name, schema) in self.spec.schemas() {
                let is_its = reachable.contains(name);
                let property = schema.get("properties").and_then(|p| p.get(field));
                let Some(property) = property.filter(|_| is_its) else {
                    continue;
                };
                if reference_name(property) != Some("SecretJson") {
                    let at = format!(
                        "/components/schemas/{}/properties/{}",
                        escape(name),
                        escape(field)
                    );
                    let message = format!(
                        "field {field} is sensitive: refer to SecretJson, so that it never shows"
                    );
                    self.report(Some(id), &at, message);
                }
            }
        }
    }

    /// A description in English that a person has written or approved.
    fn described(&mut self, operation: Option<&str>, pointer: &str, value: &Value, kind: &str) {
        if value.get("x-draft").is_some() {
            let message = format!(
                "the {kind} is a draft: write its description in English and remove x-draft"
            );
            self.report(operation, &format!("{pointer}/x-draft"), message);
            return;
        }
        let at = format!("{pointer}/description");
        match value.get("description").and_then(Value::as_str) {
            None => self.report(operation, &at, format!("the {kind} has no description")),
            Some(text) if text.trim().is_empty() => {
                self.report(
                    operation,
                    &at,
                    format!("the {kind} has an empty description"),
                );
            }
            Some(_) => {}
        }
        for key in ["description", "summary"] {
            let text = value.get(key).and_then(Value::as_str).unwrap_or_default();
            if text.chars().any(is_chinese) {
                let at = format!("{pointer}/{key}");
                let message = format!("the {key} of the {kind} is in Chinese; write it in English");
                self.report(operation, &at, message);
            }
        }
    }

    /// References that lead nowhere, and what stands beside one: openapiv3 drops it silently.
    fn references(&mut self, value: &Value, pointer: &str) {
        match value {
            Value::Object(map) => {
                let reference = map.get("$ref").and_then(Value::as_str);
                if let Some(reference) = reference {
                    let target = reference
                        .strip_prefix('#')
                        .and_then(|p| self.spec.value.pointer(p));
                    if target.is_none() {
                        let operation = self.owner_of(pointer);
                        let message = format!("$ref to nothing: {reference}");
                        self.report(operation.as_deref(), pointer, message);
                    }
                    if map.len() > 1 {
                        let operation = self.owner_of(pointer);
                        let message = "what stands beside $ref is ignored; write \
                                       {\"allOf\": [{\"$ref\": …}], \"description\": …}";
                        self.report(operation.as_deref(), pointer, message);
                    }
                }
                for (key, value) in map {
                    if !matches!(key.as_str(), "example" | "examples") {
                        self.references(value, &format!("{pointer}/{}", escape(key)));
                    }
                }
            }
            Value::Array(list) => {
                for (i, value) in list.iter().enumerate() {
                    self.references(value, &format!("{pointer}/{i}"));
                }
            }
            _ => {}
        }
    }

    fn owner_of(&self, pointer: &str) -> Option<String> {
        if let Some(rest) = pointer.strip_prefix("/components/schemas/") {
            return self.owners.get(rest.split('/').next()?).cloned();
        }
        self.spec
            .operations()
            .find(|o| pointer.starts_with(&o.pointer))
            .and_then(|o| o.id.map(str::to_owned))
    }
}

/// The component schemas that a schema is only another name, a list or a map of.
fn aliases(schema: &Value) -> Vec<&str> {
    let inner = ["items", "additionalProperties"]
        .iter()
        .filter_map(|key| schema.get(key));
    let all = elements(schema.get("allOf"));
    let direct = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|reference| reference.strip_prefix("#/components/schemas/"));
    direct
        .into_iter()
        .chain(inner.chain(all).flat_map(aliases))
        .collect()
}

/// Whether Rust takes this as a name.
fn is_identifier(name: &str) -> bool {
    name != "Self" && name.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// The names in braces of a path template.
pub fn placeholders(path: &str) -> impl Iterator<Item = &str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('}')?.0))
}

fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3000}'..='\u{303f}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}')
}
