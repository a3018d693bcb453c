//! Hidden: every JSON body with its Rust type, so that tests can be general.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::operation::Operation;

pub use crate::generated::registry::BODIES;

/// A JSON body of an operation.
#[derive(Debug, Clone, Copy)]
pub struct Body {
    /// Whose body it is.
    pub operation: &'static Operation,
    /// The status of an answer; `None` for the request.
    pub status: Option<&'static str>,
    /// The name of its Rust type in `types`.
    pub type_name: &'static str,
    schema: fn() -> Schema,
    round_trip: fn(&[u8]) -> Result<Value, String>,
}

impl Body {
    pub(crate) const fn of<T: JsonSchema + Serialize + DeserializeOwned>(
        operation: &'static Operation,
        status: Option<&'static str>,
        type_name: &'static str,
    ) -> Self {
        Self {
            operation,
            status,
            type_name,
            schema: schema::<T>,
            round_trip: round_trip::<T>,
        }
    }

    /// The JSON schema of the Rust type.
    pub fn schema(&self) -> Schema {
        (self.schema)()
    }

    /// Decodes as the client does, and encodes again.
    pub fn round_trip(&self, body: &[u8]) -> Result<Value, String> {
        (self.round_trip)(body)
    }
}

fn schema<T: JsonSchema>() -> Schema {
    SchemaGenerator::default().into_root_schema_for::<T>()
}

fn round_trip<T: Serialize + DeserializeOwned>(body: &[u8]) -> Result<Value, String> {
    let value: T = crate::rt::decode(body)?;
    serde_json::to_value(value).map_err(|error| error.to_string())
}
