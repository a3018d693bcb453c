//! A contract that is stored as JSON.

use std::collections::HashSet;

use serde_json::Value;

use crate::contract::{Contract, Field};

use super::assemble::is_operation_id;
use super::{PageError, Warning, types, uri};

/// Reads a contract and checks what the JSON's shape cannot.
pub fn contract(text: &str, warnings: &mut Vec<Warning>) -> Result<Contract, PageError> {
    if text.trim_start().starts_with('[') {
        return Err(PageError {
            line: 1,
            message: "this is an array, and a contract file holds one contract: store each of them in a file of its own".to_owned(),
        });
    }
    let contract = parse(text)?;
    if let Some((needle, message)) = fault(&contract) {
        return Err(PageError {
            line: line_of(text, &needle),
            message,
        });
    }
    warnings.extend(odd_types(&contract).into_iter().map(|(name, kind)| Warning {
        line: line_of(text, &format!("\"type\": {}", quoted(kind))),
        message: format!("the type `{kind}` of `{name}` is not well formed: write it like `string`, `array<Secret>` or `map<string>`"),
    }));
    Ok(contract)
}

fn parse(text: &str) -> Result<Contract, PageError> {
    serde_json::from_str(text).map_err(|error: serde_json::Error| PageError {
        line: error.line().max(1),
        message: format!("this is no contract: {error}"),
    })
}

/// What is wrong, and a piece of the text that stands in its line.
fn fault(contract: &Contract) -> Option<(String, String)> {
    if let Some(id) = contract
        .operation_id
        .as_deref()
        .filter(|id| !is_operation_id(id))
    {
        return Some((
            quoted(id),
            format!("`{id}` is no operation id: letters, digits and `_` only, a letter first"),
        ));
    }
    if !uri::is_method(&contract.method) {
        return Some((
            "\"method\"".to_owned(),
            format!(
                "`{}` is no HTTP method in upper case, such as POST",
                contract.method
            ),
        ));
    }
    if !contract.path.starts_with('/') {
        return Some((
            "\"path\"".to_owned(),
            format!("the path `{}` does not start with `/`", contract.path),
        ));
    }
    let statuses = contract
        .responses
        .keys()
        .chain(contract.examples.responses.keys());
    if let Some(status) = statuses.into_iter().find(|status| !is_status(status)) {
        return Some((
            quoted(status),
            format!("`{status}` is no status of three digits, such as 200"),
        ));
    }
    fault_in_parameters(contract).or_else(|| {
        let bodies = contract
            .request_body
            .iter()
            .chain(contract.responses.values().flatten());
        bodies
            .map(|body| body.fields.as_slice())
            .find_map(fault_in_fields)
    })
}

fn fault_in_parameters(contract: &Contract) -> Option<(String, String)> {
    let mut seen = HashSet::new();
    let twice = contract.parameters.iter().find(|parameter| {
        !seen.insert((format!("{:?}", parameter.location), parameter.name.clone()))
    })?;
    Some((
        quoted(&twice.name),
        format!("the parameter `{}` stands twice", twice.name),
    ))
}

fn fault_in_fields(fields: &[Field]) -> Option<(String, String)> {
    let mut seen = HashSet::new();
    fields.iter().find_map(|field| {
        if !seen.insert(field.name.as_str()) {
            return Some((
                quoted(&field.name),
                format!("the field `{}` stands twice", field.name),
            ));
        }
        if field.recursive && field.fields.is_some() {
            return Some((
                quoted(&field.name),
                format!(
                    "the field `{}` has both `recursive` and `fields`: keep one",
                    field.name
                ),
            ));
        }
        fault_in_fields(field.fields.as_deref().unwrap_or_default())
    })
}

/// The names and types that a page may have had, but that say nothing certain.
fn odd_types(contract: &Contract) -> Vec<(&str, &str)> {
    let parameters = contract
        .parameters
        .iter()
        .map(|parameter| (parameter.name.as_str(), parameter.type_name.as_str()));
    let mut all: Vec<(&str, &str)> = parameters.collect();
    for body in contract
        .request_body
        .iter()
        .chain(contract.responses.values().flatten())
    {
        types_of(&body.fields, &mut all);
    }
    all.retain(|(_, kind)| !types::is_well_formed(kind));
    all
}

fn types_of<'a>(fields: &'a [Field], all: &mut Vec<(&'a str, &'a str)>) {
    for field in fields {
        all.push((&field.name, &field.type_name));
        types_of(field.fields.as_deref().unwrap_or_default(), all);
    }
}

fn is_status(text: &str) -> bool {
    text.len() == 3
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.starts_with(|c| ('1'..='5').contains(&c))
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

fn line_of(text: &str, needle: &str) -> usize {
    text.lines()
        .position(|line| line.contains(needle))
        .map_or(1, |at| at + 1)
}
