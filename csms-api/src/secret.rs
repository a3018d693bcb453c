//! Values that do not show and whose memory is cleared.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Secret text: a password, a secret's value, a backup.
///
/// Printed, it is `<redacted>`; [`expose`](Self::expose) gives the text. Serialised, it is the
/// text, since requests have to carry it. The memory is cleared on drop.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SecretText(String);

impl SecretText {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for SecretText {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::from(text))
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self)
    }
}

/// A JSON value that is secret as a whole.
///
/// Printed, it is `<redacted>`; [`expose`](Self::expose) gives the value. The memory of its texts
/// is cleared on drop.
#[derive(Clone, Default, PartialEq)]
pub struct SecretJson(Value);

impl SecretJson {
    /// The secret itself.
    pub fn expose(&self) -> &Value {
        &self.0
    }
}

#[cfg(feature = "cli")]
impl SecretJson {
    /// The secret itself, to be changed.
    #[doc(hidden)]
    pub fn expose_mut(&mut self) -> &mut Value {
        &mut self.0
    }
}

impl Drop for SecretJson {
    fn drop(&mut self) {
        clear(&mut self.0);
    }
}

fn clear(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(list) => list.iter_mut().for_each(clear),
        Value::Object(map) => {
            for (mut key, mut value) in std::mem::take(map) {
                key.zeroize();
                clear(&mut value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => *value = Value::Null,
    }
}

impl fmt::Debug for SecretJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

impl From<Value> for SecretJson {
    fn from(value: Value) -> Self {
        Self(value)
    }
}

impl Serialize for SecretJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SecretJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self)
    }
}

#[cfg(feature = "schemars")]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{SecretJson, SecretText};

    impl JsonSchema for SecretText {
        fn schema_name() -> Cow<'static, str> {
            "SecretText".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "string", "format": "password" })
        }
    }

    impl JsonSchema for SecretJson {
        fn schema_name() -> Cow<'static, str> {
            "SecretJson".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({ "type": "object" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SecretJson, SecretText};

    #[test]
    fn debug_shows_neither_text_nor_json() {
        let text = SecretText::from("hunter2");
        let json = SecretJson::from(serde_json::json!({ "hunter2": ["hunter2"] }));
        assert_eq!(format!("{text:?} {text:#?}"), "<redacted> <redacted>");
        assert_eq!(format!("{json:?} {json:#?}"), "<redacted> <redacted>");
    }
}
