//! What a documentation page states about one operation: facts only, no prose.
//!
//! Serialised, a [`Contract`] is a file of `openapi/contracts/`. In memory each fact also knows
//! its [`Origin`], so that the merge can draft descriptions and messages can name lines.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One operation, as its page documents it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// The documented id, such as `CreateSecret`; `None` if the page has neither link nor title
    /// that names it.
    pub operation_id: Option<String>,
    /// The page's title, without anchors and without the operation id; `None` for an operation
    /// that has no page.
    pub title: Option<String>,
    /// The HTTP method in upper case.
    pub method: String,
    /// The path template, such as `/v1/{project_id}/secrets`.
    pub path: String,
    /// Path, query and header parameters, in page order.
    pub parameters: Vec<Parameter>,
    /// The request's JSON body.
    pub request_body: Option<Body>,
    /// Status to body; `None` for a status without a body table.
    pub responses: IndexMap<String, Option<Body>>,
    /// The examples that are JSON.
    pub examples: Examples,
    /// What the page says the operation does; not serialised.
    #[serde(skip)]
    pub origin: Origin,
    /// What the page says of each status; not serialised.
    #[serde(skip)]
    pub statuses: IndexMap<String, Origin>,
}

/// Where a fact stands on its page, and the page's own words about it.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The line, counted from 1; 0 when the fact comes from a stored contract.
    pub line: usize,
    /// The page's description, whitespace collapsed.
    pub text: String,
}

/// Where a parameter travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// In the path template.
    Path,
    /// In the query string.
    Query,
    /// In a header.
    Header,
}

/// A row of a parameter table.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Where it travels.
    #[serde(rename = "in")]
    pub location: Location,
    /// Its name on the wire.
    pub name: String,
    /// Its type, in the contract's notation.
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether it must be given; `None` when the table does not say.
    pub required: Option<bool>,
    /// Not serialised.
    #[serde(skip)]
    pub origin: Origin,
}

/// A JSON body.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// The schema's name from the table's anchor; `None` matches any name.
    pub schema: Option<String>,
    /// The rows of the body's table.
    pub fields: Vec<Field>,
}

/// A row of a body table or of the table of a named schema.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name on the wire.
    pub name: String,
    /// Its type, in the contract's notation: `string`, `array<Secret>`, …
    #[serde(rename = "type")]
    pub type_name: String,
    /// Whether it must be given; `None` when the table does not say.
    pub required: Option<bool>,
    /// The fields of the schema that the type names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Field>>,
    /// Set instead of `fields` for a schema inside itself.
    #[serde(default, skip_serializing_if = "is_false")]
    pub recursive: bool,
    /// Not serialised.
    #[serde(skip)]
    pub origin: Origin,
}

/// The documented examples.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Examples {
    /// Request bodies.
    pub request: Vec<Value>,
    /// Status to response bodies.
    pub responses: IndexMap<String, Vec<Value>>,
}

fn is_false(value: &bool) -> bool {
    !*value
}
