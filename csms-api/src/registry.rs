//! Hidden: every JSON body with its Rust type and every operation as a function of JSON values,
//! so that tests can be general.

use std::future::Future;
use std::pin::Pin;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::client::Client;
use crate::error::Error;
use crate::operation::Operation;
use crate::response::ResponseValue;

pub use crate::generated::registry::{BODIES, CALLS};

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

/// An operation that can be called without knowing its builder.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// The operation.
    pub operation: &'static Operation,
    send: Send,
}

type Send = for<'a> fn(&'a Client, Arguments) -> Answer<'a>;

type Answer<'a> =
    Pin<Box<dyn Future<Output = Result<ResponseValue<Value>, Error>> + std::marker::Send + 'a>>;

impl Call {
    pub(crate) const fn new(operation: &'static Operation, send: Send) -> Self {
        Self { operation, send }
    }

    /// Calls the operation. `values` has parameters by the names of their setters, and the body
    /// under `body`.
    pub async fn send(
        &self,
        client: &Client,
        values: Map<String, Value>,
    ) -> Result<ResponseValue<Value>, Error> {
        let arguments = Arguments {
            operation: self.operation,
            values,
        };
        (self.send)(client, arguments).await
    }
}

/// JSON values for the setters of a builder.
#[derive(Debug)]
pub struct Arguments {
    operation: &'static Operation,
    values: Map<String, Value>,
}

impl Arguments {
    /// The value of this name, if there is one.
    pub(crate) fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Error> {
        let Some(value) = self.values.remove(name) else {
            return Ok(None);
        };
        match serde_json::from_value(value) {
            Ok(value) => Ok(Some(value)),
            Err(_) => {
                let reason = format!("the value given for {name} is not of its type");
                Err(Error::usage(self.operation.id, reason))
            }
        }
    }

    /// Fails if there is a value that the builder has no setter for.
    pub(crate) fn finish(self) -> Result<(), Error> {
        match self.values.keys().next() {
            None => Ok(()),
            Some(name) => Err(Error::usage(
                self.operation.id,
                format!("there is no parameter {name}"),
            )),
        }
    }
}

impl<T: Serialize> ResponseValue<T> {
    pub(crate) fn into_json(self) -> Result<ResponseValue<Value>, Error> {
        let (status, headers) = (self.status(), self.headers().clone());
        // Types of bodies have no map with keys other than text: nothing here can fail.
        let body = serde_json::to_value(self.into_inner()).unwrap_or_default();
        Ok(ResponseValue::new(body, status, headers))
    }
}
