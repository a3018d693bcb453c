//! What the client reads survives the service moving on.

use csms_api::registry::{BODIES, Body};
use csms_gen::spec::reference_name;
use serde_json::{Value, json};
use tests::chain::SPEC;
use tests::sample::{full, response_schema};

/// Every body of an answer, with a value that has all its fields.
fn answers() -> impl Iterator<Item = (&'static Body, Value)> {
    BODIES.iter().filter_map(|body| {
        let schema = response_schema(body.operation.id, body.status?)?;
        Some((body, full(schema)))
    })
}

/// JSON pointers of every field of a value, at any depth.
fn fields(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let at = format!("{at}/{key}");
                fields(value, &at, found);
                found.push(at);
            }
        }
        Value::Array(list) => {
            for (i, value) in list.iter().enumerate() {
                fields(value, &format!("{at}/{i}"), found);
            }
        }
        _ => {}
    }
}

fn decode(body: &Body, value: &Value, what: &str) -> Value {
    let id = body.operation.id;
    body.round_trip(value.to_string().as_bytes())
        .unwrap_or_else(|reason| panic!("{id} {:?}, {what}: {reason}", body.status))
}

/// Decodes each answer once for each of its fields, changed by `change`.
fn each_field(what: &str, change: impl Fn(&mut serde_json::Map<String, Value>, &str)) {
    let mut count = 0;
    for (body, value) in answers() {
        let mut pointers = Vec::new();
        fields(&value, "", &mut pointers);
        for pointer in pointers {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            let mut changed = value.clone();
            change(
                changed
                    .pointer_mut(parent)
                    .unwrap()
                    .as_object_mut()
                    .unwrap(),
                key,
            );
            decode(body, &changed, &format!("{what} at {pointer}"));
            count += 1;
        }
    }
    assert!(count > 500, "only {count} fields were tried");
}

#[test]
fn a_full_answer_is_kept_as_it_is() {
    for (body, value) in answers() {
        assert_eq!(decode(body, &value, "full"), value, "{}", body.operation.id);
    }
}

#[test]
fn every_field_may_be_null() {
    each_field("null", |object, key| {
        object.insert(key.to_owned(), Value::Null);
    });
}

#[test]
fn every_field_may_be_missing() {
    each_field("missing", |object, key| {
        object.remove(key);
    });
}

#[test]
fn every_field_may_have_an_unknown_sibling() {
    each_field("an extra sibling", |object, _| {
        object.insert("x-new-field".to_owned(), json!({"nested": [1, null]}));
    });
}

#[test]
fn every_answer_may_be_an_empty_object() {
    for (body, _) in answers() {
        assert_eq!(decode(body, &json!({}), "empty"), json!({}));
    }
}

#[test]
fn unknown_values_of_enumerations_are_kept() {
    let mut count = 0;
    for (body, value) in answers() {
        let schema = response_schema(body.operation.id, body.status.unwrap()).unwrap();
        for pointer in enumerated(schema, "", 0) {
            let mut changed = value.clone();
            *changed.pointer_mut(&pointer).unwrap() = json!("SOMETHING_NEW");
            let decoded = decode(body, &changed, &pointer);
            assert_eq!(
                decoded.pointer(&pointer),
                Some(&json!("SOMETHING_NEW")),
                "{pointer}"
            );
            count += 1;
        }
    }
    assert!(count > 20, "only {count} enumerations were tried");
}

/// Pointers to all enumerated values of a value with all fields.
fn enumerated(schema: &Value, at: &str, depth: usize) -> Vec<String> {
    let schema = match reference_name(schema) {
        Some(name) => SPEC.schema(name).unwrap(),
        None => schema,
    };
    if schema.get("enum").is_some() {
        return vec![at.to_owned()];
    }
    if depth > 6 {
        return Vec::new();
    }
    if let Some(items) = schema.get("items") {
        return enumerated(items, &format!("{at}/0"), depth + 1);
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .flat_map(|(name, property)| enumerated(property, &format!("{at}/{name}"), depth + 1))
        .collect()
}

#[test]
fn values_beyond_documented_limits_decode() {
    for (body, value) in answers() {
        let mut pointers = Vec::new();
        fields(&value, "", &mut pointers);
        for pointer in pointers {
            let mut changed = value.clone();
            let field = changed.pointer_mut(&pointer).unwrap();
            match field {
                Value::String(text) => *text = "x".repeat(6_000),
                Value::Array(list) => *list = vec![list[0].clone(); 101],
                Value::Number(_) => *field = json!(-1),
                _ => continue,
            }
            decode(body, &changed, &format!("beyond limits at {pointer}"));
        }
    }
}

#[test]
fn an_array_is_no_answer() {
    for (body, _) in answers() {
        for text in ["[]", "[1]", "null", "\"text\"", "1", ""] {
            assert!(
                body.round_trip(text.as_bytes()).is_err(),
                "{}: {text}",
                body.operation.id
            );
        }
    }
}
