//! A contract that is stored as JSON.

use std::collections::HashSet;

use serde_json::Value;

use crate::contract::{Contract, Field};

use super::{PageError, types, uri};

/// Reads a contract and checks what the JSON's shape cannot.
pub fn contract(text: &str) -> Result<Contract, PageError> {
    if text.trim_start().starts_with('[') {
        return Err(PageError {
            line: 1,
            message: "this is an array, and a contract file holds one contract: store each of them in a file of its own".to_owned(),
        });
    }
    let contract = parse(text)?;
    match fault(&contract) {
        Some((needle, message)) => Err(PageError { line: line_of(text, &needle), message }),
        None => Ok(contract),
    }
}

/// An operation without a page may have `"title": null`, which is an empty title here.
fn parse(text: &str) -> Result<Contract, PageError> {
    let not_a_contract = |error: serde_json::Error| PageError {
        line: error.line().max(1),
        message: format!("this is no contract: {error}"),
    };
    let error = match serde_json::from_str(text) {
        Ok(contract) => return Ok(contract),
        Err(error) => error,
    };
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(mut object)) if object.get("title").is_some_and(Value::is_null) => {
            object.insert("title".to_owned(), Value::from(""));
            serde_json::from_value(Value::Object(object)).map_err(not_a_contract)
        }
        _ => Err(not_a_contract(error)),
    }
}

/// What is wrong, and a piece of the text that stands in its line.
fn fault(contract: &Contract) -> Option<(String, String)> {
    if let Some(id) = contract.operation_id.as_deref().filter(|id| !is_id(id)) {
        return Some((quoted(id), format!("`{id}` is no operation id: letters, digits and `_` only, a letter first")));
    }
    if !uri::is_method(&contract.method) {
        return Some(("\"method\"".to_owned(), format!("`{}` is no HTTP method in upper case, such as POST", contract.method)));
    }
    if !contract.path.starts_with('/') {
        return Some(("\"path\"".to_owned(), format!("the path `{}` does not start with `/`", contract.path)));
    }
    let statuses = contract.responses.keys().chain(contract.examples.responses.keys());
    if let Some(status) = statuses.into_iter().find(|status| !is_status(status)) {
        return Some((quoted(status), format!("`{status}` is no status of three digits, such as 200")));
    }
    fault_in_parameters(contract).or_else(|| {
        let bodies = contract.request_body.iter().chain(contract.responses.values().flatten());
        bodies.map(|body| body.fields.as_slice()).find_map(fault_in_fields)
    })
}

fn fault_in_parameters(contract: &Contract) -> Option<(String, String)> {
    let mut seen = HashSet::new();
    contract.parameters.iter().find_map(|parameter| {
        if !seen.insert((format!("{:?}", parameter.location), parameter.name.as_str())) {
            return Some((quoted(&parameter.name), format!("the parameter `{}` stands twice", parameter.name)));
        }
        fault_in_type(&parameter.name, &parameter.type_name)
    })
}

fn fault_in_fields(fields: &[Field]) -> Option<(String, String)> {
    let mut seen = HashSet::new();
    fields.iter().find_map(|field| {
        if !seen.insert(field.name.as_str()) {
            return Some((quoted(&field.name), format!("the field `{}` stands twice", field.name)));
        }
        if field.recursive && field.fields.is_some() {
            return Some((quoted(&field.name), format!("the field `{}` has both `recursive` and `fields`: keep one", field.name)));
        }
        fault_in_type(&field.name, &field.type_name).or_else(|| fault_in_fields(field.fields.as_deref().unwrap_or_default()))
    })
}

fn fault_in_type(name: &str, kind: &str) -> Option<(String, String)> {
    let message = || format!("the type `{kind}` of `{name}` is not well formed: write it like `string`, `array<Secret>` or `map<string>`");
    (!types::is_well_formed(kind)).then(|| (format!("\"type\": {}", quoted(kind)), message()))
}

fn is_id(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_status(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit()) && text.starts_with(|c| ('1'..='5').contains(&c))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn line_of(text: &str, needle: &str) -> usize {
    text.lines().position(|line| line.contains(needle)).map_or(1, |at| at + 1)
}
