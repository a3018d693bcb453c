//! The table of commands that the binary `csms` interprets.

use std::collections::{BTreeSet, HashSet};

use heck::ToKebabCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;

use super::{constant_name, doc, method_name};
use crate::spec::{
    Operation, Spec, SpecParameter, elements, is_success, json_schema, members, reference_name,
};

/// The schemas of what must not show.
pub(super) const SECRET_TEXT: &str = "SecretText";
pub(super) const SECRET_JSON: &str = "SecretJson";

/// The unit of a number that is a point in time.
const TIME_UNIT: &str = "milliseconds";

/// Flags that every command has, and that no parameter can have.
const RESERVED: [&str; 9] = [
    "endpoint",
    "help",
    "json-body",
    "output",
    "profile",
    "project-id",
    "region",
    "show-secrets",
    "verbose",
];

/// An entry for each operation, and the names of fields that are shown in a way of their own.
pub fn tokens(spec: &Spec, operations: &[Operation<'_>]) -> Result<TokenStream, String> {
    let commands = operations
        .iter()
        .map(|operation| command(spec, operation))
        .collect::<Result<Vec<_>, _>>()?;
    let secrets = named_properties(spec, &|schema| reference_name(schema) == Some(SECRET_TEXT));
    let times = named_properties(spec, &|schema| text(schema, "x-unit") == TIME_UNIT);
    let command_docs = doc("Every operation as a command, in the order of the list of operations.");
    let secret_docs = doc("The names of all fields that hold secret text.");
    let time_docs = doc("The names of all fields that hold a time, in milliseconds since 1970.");
    Ok(quote! {
        use super::operations;
        use crate::command::{Command, Kind, Parameter, Place, Table};

        #command_docs
        pub static COMMANDS: &[Command] = &[#(#commands),*];

        #secret_docs
        pub static SECRETS: &[&str] = &[#(#secrets),*];

        #time_docs
        pub static TIMES: &[&str] = &[#(#times),*];
    })
}

fn command(spec: &Spec, operation: &Operation<'_>) -> Result<TokenStream, String> {
    let id = operation.id.unwrap_or_default();
    let constant = constant_name(&method_name(id));
    let description = text(operation.value, "description");
    let body = operation.value.get("requestBody");
    let has_body = body.is_some();
    let body = body.and_then(|body| json_schema(spec.resolve(body)));
    let parameters = with_flags(parameters(spec, operation, body))
        .map_err(|flag| format!("{id}: two parameters have the flag --{flag}"))?;
    let answer = answer(spec, operation);
    let has_answer = answer.is_some();
    let secrets = secret_objects(spec, answer);
    let tables = tables(spec, answer);
    Ok(quote! {
        Command {
            operation: &operations::#constant,
            description: #description,
            parameters: &[#(#parameters),*],
            has_body: #has_body,
            has_answer: #has_answer,
            secrets: &[#(#secrets),*],
            tables: &[#(#tables),*],
        }
    })
}

/// A parameter or a field of the body.
struct Input<'a> {
    place: &'static str,
    name: &'a str,
    value: &'a Value,
    schema: &'a Value,
    required: bool,
    default: Option<String>,
    type_: Type<'a>,
}

/// Path parameters in the order of the path, then those of query and header, then the body's
/// fields.
fn parameters<'a>(
    spec: &'a Spec,
    operation: &Operation<'a>,
    body: Option<&'a Value>,
) -> Vec<Input<'a>> {
    let paging = operation.value.get("x-paging");
    let declared = spec.parameters(operation);
    let in_path = path_names(operation.path).filter(|name| *name != "project_id");
    let of_path = in_path.filter_map(|name| {
        let parameter = declared
            .iter()
            .find(|parameter| parameter.location == "path" && parameter.name == name);
        parameter.and_then(|parameter| input(spec, parameter, paging))
    });
    let others = declared.iter().filter(|p| p.location != "path");
    let others = others.filter_map(|parameter| input(spec, parameter, paging));
    let body = body.map(|schema| resolved(spec, schema));
    let required: HashSet<&str> = elements(body.and_then(|body| body.get("required")))
        .filter_map(Value::as_str)
        .collect();
    let fields =
        members(body.and_then(|body| body.get("properties"))).map(|(name, schema)| Input {
            place: "Body",
            name,
            value: schema,
            schema,
            required: required.contains(name.as_str()),
            default: None,
            type_: type_of(spec, schema),
        });
    of_path.chain(others).chain(fields).collect()
}

fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn input<'a>(
    spec: &'a Spec,
    parameter: &SpecParameter<'a>,
    paging: Option<&Value>,
) -> Option<Input<'a>> {
    let schema = parameter.value.get("schema")?;
    let required = parameter.value.get("required") == Some(&Value::Bool(true));
    let literal = parameter.value.get("x-literal").and_then(Value::as_str);
    let is = |key: &str| paging.is_some_and(|paging| text(paging, key) == parameter.name);
    // Where all pages are read, nobody has to say where they begin and how long they are.
    let default = match literal {
        Some(literal) => Some(literal.to_owned()),
        None if required && is("position") => Some("0".to_owned()),
        None if required && is("size") => schema.get("maximum").map(Value::to_string),
        None => None,
    };
    Some(Input {
        place: match parameter.location {
            "path" => "Path",
            "query" => "Query",
            "header" => "Header",
            _ => return None,
        },
        name: parameter.name,
        value: parameter.value,
        schema,
        required,
        default,
        type_: type_of(spec, schema),
    })
}

/// Gives each input its flag. A body's field whose name is taken is called as in the typed client.
fn with_flags(inputs: Vec<Input<'_>>) -> Result<Vec<TokenStream>, String> {
    let mut taken: HashSet<String> = RESERVED.map(str::to_owned).into();
    let mut entries = Vec::new();
    for input in inputs {
        let name = input.name.to_kebab_case();
        let flag = if taken.contains(&name) {
            format!("{}-{name}", input.place.to_lowercase())
        } else {
            name
        };
        if !taken.insert(flag.clone()) {
            return Err(flag);
        }
        entries.push(input.tokens(&flag));
    }
    Ok(entries)
}

impl Input<'_> {
    fn tokens(&self, flag: &str) -> TokenStream {
        let (name, required) = (self.name, self.required);
        let place = format_ident!("{}", self.place);
        let kind = format_ident!("{}", self.type_.kind);
        let (is_list, is_secret) = (self.type_.is_list, self.type_.is_secret);
        let help = match text(self.value, "description") {
            "" => text(self.schema, "description"),
            help => help,
        };
        let values = self.type_.values.iter();
        let default = match &self.default {
            Some(default) => quote! { Some(#default) },
            None => quote! { None },
        };
        quote! {
            Parameter {
                name: #name,
                flag: #flag,
                place: Place::#place,
                kind: Kind::#kind,
                is_list: #is_list,
                is_required: #required,
                is_secret: #is_secret,
                default: #default,
                help: #help,
                values: &[#(#values),*],
            }
        }
    }
}

struct Type<'a> {
    kind: &'static str,
    is_list: bool,
    is_secret: bool,
    values: Vec<&'a str>,
}

fn type_of<'a>(spec: &'a Spec, schema: &'a Value) -> Type<'a> {
    let own = resolved(spec, schema);
    let is_list = text(own, "type") == "array";
    let element = match own.get("items") {
        Some(items) if is_list => resolved(spec, items),
        _ => own,
    };
    let kind = match text(element, "type") {
        "string" => "Text",
        "integer" => "Integer",
        "number" => "Number",
        "boolean" => "Boolean",
        _ => "Json",
    };
    let reached = spec.reachable([schema].into_iter());
    Type {
        kind,
        is_list,
        is_secret: reached.contains(SECRET_TEXT) || reached.contains(SECRET_JSON),
        values: elements(element.get("enum"))
            .filter_map(Value::as_str)
            .collect(),
    }
}

/// The schema of a successful answer, if there is one.
fn answer<'a>(spec: &'a Spec, operation: &Operation<'a>) -> Option<&'a Value> {
    members(operation.value.get("responses"))
        .filter(|(status, _)| is_success(status))
        .find_map(|(_, answer)| json_schema(spec.resolve(answer)))
}

/// The names of the fields of an answer that are secret as a whole.
fn secret_objects(spec: &Spec, answer: Option<&Value>) -> BTreeSet<String> {
    let reached = spec.reachable(answer.into_iter());
    let schemas = spec.schemas().filter(|(name, _)| reached.contains(*name));
    schemas
        .flat_map(|(_, schema)| members(schema.get("properties")))
        .filter(|(_, schema)| reference_name(schema) == Some(SECRET_JSON))
        .map(|(name, _)| name.clone())
        .collect()
}

/// The lists of objects within an answer, with the fields that fit in a cell.
fn tables(spec: &Spec, answer: Option<&Value>) -> Vec<TokenStream> {
    let answer = answer.map(|answer| resolved(spec, answer));
    let properties = members(answer.and_then(|answer| answer.get("properties")));
    properties
        .filter_map(|(name, schema)| {
            let list = resolved(spec, schema);
            let item = resolved(spec, list.get("items")?);
            let columns = columns(spec, item);
            (!columns.is_empty()).then(|| {
                quote! {
                    Table { name: #name, columns: &[#(#columns),*] }
                }
            })
        })
        .collect()
}

fn columns<'a>(spec: &'a Spec, item: &'a Value) -> Vec<&'a String> {
    let is_cell = |schema: &Value| {
        let type_ = type_of(spec, schema);
        !type_.is_secret && type_.kind != "Json"
    };
    members(item.get("properties"))
        .filter(|(_, schema)| is_cell(schema))
        .map(|(name, _)| name)
        .collect()
}

/// The names of all properties whose schema is like this.
pub(super) fn named_properties(spec: &Spec, is_meant: &dyn Fn(&Value) -> bool) -> BTreeSet<String> {
    spec.schemas()
        .flat_map(|(_, schema)| members(schema.get("properties")))
        .filter(|(_, schema)| is_meant(schema))
        .map(|(name, _)| name.clone())
        .collect()
}

/// The schema that a reference leads to, through `$ref` or a lone `allOf`.
fn resolved<'a>(spec: &'a Spec, schema: &'a Value) -> &'a Value {
    reference_name(schema)
        .and_then(|name| spec.schema(name))
        .unwrap_or(schema)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::tokens;
    use crate::spec::Spec;

    /// The flags of an operation with these parameters and fields, each with its default.
    fn flags(paging: serde_json::Value, fields: serde_json::Value) -> Result<Vec<String>, String> {
        let text = json!({ "type": "string" });
        let page = json!({ "type": "integer", "maximum": 100 });
        let spec = json!({
            "paths": { "/v1/{project_id}/{kind}/{name}": { "get": {
                "operationId": "List",
                "x-paging": paging,
                "parameters": [
                    { "in": "path", "name": "name", "required": true, "schema": text },
                    { "in": "path", "name": "project_id", "required": true, "schema": text },
                    {
                        "in": "path", "name": "kind", "required": true, "schema": text,
                        "x-literal": "all",
                    },
                    { "in": "query", "name": "region", "schema": text },
                    { "in": "query", "name": "offset", "required": true, "schema": page },
                    { "in": "query", "name": "limit", "required": true, "schema": page },
                ],
                "requestBody": { "content": { "application/json": { "schema": {
                    "type": "object",
                    "properties": fields,
                } } } },
            } } },
        });
        let spec = Spec::parse("spec.json", &spec.to_string()).unwrap();
        let operations: Vec<_> = spec.operations().collect();
        let table = tokens(&spec, &operations)?.to_string();
        let entries = table.split("flag : \"").skip(1).map(|entry| {
            let (flag, rest) = entry.split_once('"').unwrap();
            let (_, default) = rest.split_once("default : ").unwrap();
            let (default, _) = default.split_once(" ,").unwrap();
            format!("{flag}: {default}")
        });
        Ok(entries.collect())
    }

    #[test]
    fn taken_names_tell_their_place() {
        let fields = json!({ "name": { "type": "string" }, "sizeLimit": { "type": "string" } });
        let expected = [
            "kind: Some (\"all\")",
            "name: None",
            "query-region: None",
            "offset: None",
            "limit: None",
            "body-name: None",
            "size-limit: None",
        ];
        assert_eq!(flags(json!(null), fields).unwrap(), expected);
    }

    #[test]
    fn pages_that_must_be_named_begin_at_the_first_and_are_as_long_as_may_be() {
        let paging = json!({ "position": "offset", "size": "limit" });
        let flags = flags(paging, json!({})).unwrap();
        assert_eq!(
            flags[3..],
            ["offset: Some (\"0\")", "limit: Some (\"100\")"]
        );
    }

    #[test]
    fn two_parameters_with_one_flag_are_an_error() {
        let fields = json!({ "name": { "type": "string" }, "Name": { "type": "string" } });
        let error = flags(json!(null), fields).unwrap_err();
        assert_eq!(error, "List: two parameters have the flag --body-name");
    }
}
