//! What the generated mocks ask of httpmock.

use std::fmt::Display;

use httpmock::When;
use percent_encoding::utf8_percent_encode;

use crate::operation::Operation;
use crate::signer::RESERVED;

/// Any request of the operation.
pub(crate) fn operation(when: When, operation: &Operation) -> When {
    when.method(operation.method)
        .path_matches(pattern(operation, |_| None))
}

/// A request of the operation with this value of a path parameter.
pub(crate) fn path_parameter(
    when: When,
    operation: &Operation,
    parameter: &str,
    value: &str,
) -> When {
    let value = |name: &str| (name == parameter).then_some(value);
    when.path_matches(pattern(operation, value))
}

/// A query parameter with this value; `None`: none with this name.
pub(crate) fn query(when: When, name: &str, value: Option<impl Display>) -> When {
    match value {
        Some(value) => when.query_param(name, value.to_string()),
        None => when.query_param_missing(name),
    }
}

/// The same of a header.
#[allow(
    dead_code,
    reason = "generated code needs it for operations with header parameters"
)]
pub(crate) fn header(when: When, name: &str, value: Option<impl Display>) -> When {
    match value {
        Some(value) => when.header(name, value.to_string()),
        None => when.header_missing(name),
    }
}

/// The paths of an operation as a regular expression: each parameter is any segment, or the one
/// that is sent for its value.
fn pattern<'v>(operation: &Operation, value: impl Fn(&str) -> Option<&'v str>) -> String {
    let segments = operation.path.split('/').map(|segment| {
        let name = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'));
        match name {
            None => literally(segment),
            Some(name) => match value(name) {
                None => "[^/]+".to_owned(),
                Some(value) => literally(&utf8_percent_encode(value, RESERVED).to_string()),
            },
        }
    });
    format!("^{}$", segments.collect::<Vec<_>>().join("/"))
}

/// A regular expression that matches the text and nothing else.
fn literally(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        c if c.is_alphanumeric() || matches!(c, '_' | '%') => c.to_string(),
        c => format!("\\{c}"),
    });
    escaped.collect()
}
