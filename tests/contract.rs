//! Contract → spec → code: what a page documents is what the generated type holds.

use csms_api::registry::Body;
use csms_gen::contract::{Body as Documented, Contract, Field};
use csms_gen::spec::notation::{Type, parse};
use serde_json::{Value, json};
use tests::chain::{CONTRACTS, CORRECTIONS, SPEC, body, id, is_corrected};
use tests::json_schema::validator;
use tests::sample::{request_schema, response_schema, without_nulls};

/// Every documented body with the type that is generated for it.
fn documented_bodies()
-> impl Iterator<Item = (&'static Contract, Option<&'static str>, &'static Documented)> {
    CONTRACTS.iter().flat_map(|contract| {
        let request = contract.request_body.as_ref().map(|body| (None, body));
        let responses = contract
            .responses
            .iter()
            .filter_map(|(status, body)| Some((Some(status.as_str()), body.as_ref()?)));
        request
            .into_iter()
            .chain(responses)
            .map(move |(status, body)| (contract, status, body))
    })
}

/// Every documented example of a JSON body.
fn documented_examples()
-> impl Iterator<Item = (&'static Contract, Option<&'static str>, &'static Value)> {
    CONTRACTS.iter().flat_map(|contract| {
        let requests = contract
            .examples
            .request
            .iter()
            .map(|example| (None, example));
        let responses = contract
            .examples
            .responses
            .iter()
            .flat_map(|(status, examples)| {
                examples
                    .iter()
                    .map(|example| (Some(status.as_str()), example))
            });
        requests
            .chain(responses)
            .map(move |(status, example)| (contract, status, example))
    })
}

#[test]
fn every_documented_body_has_a_type_with_the_same_fields() {
    let mut found = Vec::new();
    for (contract, status, documented) in documented_bodies() {
        let id = id(contract);
        match body(id, status) {
            Some(body) => found.extend(differences(id, &documented.fields, body)),
            None => found.push(format!("{id} {status:?}: no type")),
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_type_has_a_documented_body() {
    for body in csms_api::registry::BODIES {
        let documented = documented_bodies().any(|(contract, status, _)| {
            id(contract) == body.operation.id && status == body.status
        });
        assert!(
            documented,
            "{} {:?}: {}",
            body.operation.id, body.status, body.type_name
        );
    }
}

#[test]
fn a_field_of_another_type_or_name_is_noticed() {
    let contract = CONTRACTS
        .iter()
        .find(|c| id(c) == "DownloadSecretBlob")
        .unwrap();
    let body = body("DownloadSecretBlob", Some("200")).unwrap();
    let mut fields = contract.responses["200"].clone().unwrap().fields;
    assert!(differences("DownloadSecretBlob", &fields, body).is_empty());
    fields[0].type_name = "int64".to_owned();
    assert_eq!(differences("DownloadSecretBlob", &fields, body).len(), 1);
    fields[0].name = "other".to_owned();
    assert_eq!(differences("DownloadSecretBlob", &fields, body).len(), 2);
}

#[test]
fn every_documented_example_survives_its_type() {
    let mut found = Vec::new();
    for (contract, status, example) in documented_examples() {
        let Some(body) = body(id(contract), status) else {
            found.push(format!(
                "{} {status:?}: an example without a type",
                id(contract)
            ));
            continue;
        };
        match body.round_trip(example.to_string().as_bytes()) {
            Ok(again) if without_nulls(&again) == without_nulls(example) => {}
            Ok(again) => found.push(format!(
                "{} {status:?}: {example} became {again}",
                id(contract)
            )),
            Err(reason) => found.push(format!("{} {status:?}: {reason}", id(contract))),
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_documented_example_is_valid_in_the_spec() {
    let mut found = Vec::new();
    for (contract, status, example) in documented_examples() {
        let schema = match status {
            None => request_schema(id(contract)),
            Some(status) => response_schema(id(contract), status),
        };
        let validator = validator(schema.expect("a body with an example has a schema"));
        for error in validator.iter_errors(example) {
            let at = error.instance_path().to_string();
            found.push(format!("{} {status:?} {at}: {error}", id(contract)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_spec_is_a_valid_openapi_document() {
    let schema: Value =
        serde_json::from_str(include_str!("fixtures/openapi-3.0.schema.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&SPEC.value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    let mut broken = SPEC.value.clone();
    broken["info"] = json!({});
    assert!(!validator.is_valid(&broken));
}

#[test]
fn every_correction_says_why() {
    for correction in &CORRECTIONS.entries {
        assert!(correction.reason.len() > 20, "{}", correction.name);
        assert!(!correction.source.is_empty(), "{}", correction.name);
    }
}

/// What a table and a generated type state differently, but for what is corrected.
fn differences(id: &str, fields: &[Field], body: &Body) -> Vec<String> {
    let root = body.schema().to_value();
    let mut found = Vec::new();
    compare(id, fields, &root, &root, body.type_name, &mut found);
    found
}

fn compare(
    id: &str,
    fields: &[Field],
    schema: &Value,
    root: &Value,
    at: &str,
    found: &mut Vec<String>,
) {
    let schema = innermost(schema, root);
    let none = serde_json::Map::new();
    let properties = schema
        .get("properties")
        .and_then(Value::as_object)
        .unwrap_or(&none);
    for field in fields {
        let at = format!("{at}.{}", field.name);
        let Some(property) = properties.get(&field.name) else {
            if !is_corrected(id, &field.name) {
                found.push(format!("{id}: {at} is missing"));
            }
            continue;
        };
        let (documented, generated) = (json_type(&field.type_name), shape(property, root));
        if documented != generated && !is_corrected(id, &field.name) {
            found.push(format!(
                "{id}: {at} is {generated}, documented as {documented}"
            ));
        } else if let Some(fields) = &field.fields {
            compare(id, fields, property, root, &at, found);
        }
    }
    for name in properties.keys() {
        if !fields.iter().any(|field| field.name == *name) && !is_corrected(id, name) {
            found.push(format!("{id}: {at}.{name} is not documented"));
        }
    }
}

/// The JSON type of a documented type.
fn json_type(type_name: &str) -> String {
    match parse(type_name) {
        Type::Scalar("int32" | "int64") => "integer".to_owned(),
        Type::Scalar("float" | "double") => "number".to_owned(),
        Type::Scalar("date" | "date-time") => "string".to_owned(),
        Type::Scalar(scalar) => scalar.to_owned(),
        Type::Array(item) => format!("array of {}", json_type(item)),
        Type::Map(item) => format!("map of {}", json_type(item)),
        Type::Named(_) => "object".to_owned(),
        Type::Unknown(text) => text.to_owned(),
    }
}

/// The JSON type of a schema that schemars has derived.
fn shape(schema: &Value, root: &Value) -> String {
    let schema = resolved(schema, root);
    let types = schema.get("type");
    let type_name = match types {
        Some(Value::Array(types)) => types
            .iter()
            .find(|name| *name != "null")
            .and_then(Value::as_str),
        other => other.and_then(Value::as_str),
    };
    match type_name {
        Some("array") => format!("array of {}", shape(&schema["items"], root)),
        Some("object") => match schema
            .get("additionalProperties")
            .filter(|values| values.is_object())
        {
            Some(values) => format!("map of {}", shape(values, root)),
            None => "object".to_owned(),
        },
        Some(name) => name.to_owned(),
        None => "any".to_owned(),
    }
}

/// Follows arrays and maps down to the schema with properties.
fn innermost<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let schema = resolved(schema, root);
    let inner = schema.get("items").or_else(|| {
        schema
            .get("additionalProperties")
            .filter(|values| values.is_object())
    });
    inner.map_or(schema, |inner| innermost(inner, root))
}

/// Follows references, and the optional ones that schemars writes as `anyOf`.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    if let Some(any) = schema.get("anyOf").and_then(Value::as_array) {
        let some = any.iter().find(|option| option["type"] != "null");
        return some.map_or(schema, |some| resolved(some, root));
    }
    match schema.get("$ref").and_then(Value::as_str) {
        Some("#") => root,
        Some(reference) => {
            let target = root.pointer(reference.trim_start_matches('#'));
            target.map_or(schema, |target| resolved(target, root))
        }
        None => schema,
    }
}
