//! What a caller asks for.

use reqwest::Url;
use serde::de::DeserializeOwned;

use super::answer::Refusal;

/// A call of an operation.
pub(super) struct Call<'a> {
    pub(super) parameters: Vec<(&'static str, String)>,
    pub(super) query: Vec<(String, String)>,
    pub(super) body: &'a [u8],
    /// In milliseconds, as all times of the service.
    pub(super) now: i64,
}

impl Call<'_> {
    /// What stands in the path; empty for what the path has not.
    pub(super) fn parameter(&self, name: &str) -> &str {
        let found = self.parameters.iter().find(|(given, _)| *given == name);
        found.map_or("", |(_, value)| value)
    }

    /// What stands in the query; empty is as not given.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(given, _)| given == name);
        found
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Refusal> {
        parse(self.body)
    }
}

/// Reads a body. The message of a refusal names the place, never what stands there.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Refusal::body("the body is no JSON object"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let reason = error.into_inner();
        if !reason.is_data() {
            return Refusal::body("the body is no JSON");
        }
        let text = reason.to_string();
        let told = [
            ("missing field ", "is missing"),
            ("duplicate field ", "is there twice"),
        ];
        let told = told.iter().find_map(|(start, what)| {
            let field = text.strip_prefix(start)?.split(" at ").next()?;
            Some(format!("the field {field} {what}"))
        });
        let told = told.unwrap_or_else(|| "another type is expected".to_owned());
        Refusal::body(format!("at {path}: {told}"))
    })?;
    json.end()
        .map_err(|_| Refusal::body("the body is no JSON"))?;
    Ok(parsed)
}

/// Names and values of a query, decoded.
pub(super) fn query_pairs(query: Option<&str>) -> Vec<(String, String)> {
    let Ok(mut url) = Url::parse("http://service") else {
        return Vec::new();
    };
    url.set_query(query);
    url.query_pairs().into_owned().collect()
}

#[cfg(test)]
mod tests {
    use crate::types::{CreateSecretRequestBody, CreateSecretTagRequestBody};

    use super::parse;

    fn reason(body: &str) -> String {
        parse::<CreateSecretRequestBody>(body.as_bytes())
            .unwrap_err()
            .message
    }

    #[test]
    fn what_is_wrong_with_a_body_is_told_without_its_values() {
        for (body, expected) in [
            ("", "the body is no JSON object"),
            ("[\"hunter2\"]", "the body is no JSON object"),
            ("{\"name\": \"hunter2\"", "the body is no JSON"),
            ("{\"name\": \"demo\"} x", "the body is no JSON"),
            ("{}", "at .: the field `name` is missing"),
            (
                "{\"name\": \"hunter2\", \"name\": \"demo\"}",
                "at .: the field `name` is there twice",
            ),
            (
                "{\"name\": {\"hunter2\": 1}}",
                "at name: another type is expected",
            ),
            (
                "{\"name\": \"demo\", \"auto_rotation\": \"hunter2\"}",
                "at auto_rotation: another type is expected",
            ),
        ] {
            assert_eq!(reason(body), expected, "{body}");
        }
        let tag = parse::<CreateSecretTagRequestBody>(br#"{"tag": {"value": "v"}}"#);
        assert_eq!(
            tag.unwrap_err().message,
            "at tag: the field `key` is missing"
        );
    }
}
