//! Runs progenitor, and finds the operation when it fails.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use openapiv3::OpenAPI;
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::type_name;
use crate::lower::Lowered;
use crate::problem::Problem;
use crate::spec::{Operation, Spec, members};

/// progenitor's client for the lowered spec.
pub fn generate(spec: &Spec, lowered: &Lowered) -> Result<syn::File, Vec<Problem>> {
    let tokens = match run(&lowered.value, lowered) {
        Ok(tokens) => tokens,
        Err(reason) => return Err(blame(spec, lowered, &reason)),
    };
    syn::parse2(tokens).map_err(|error| {
        let message = format!("progenitor's output is not Rust: {error}");
        vec![Problem::new(&spec.file, message)]
    })
}

fn run(document: &Value, lowered: &Lowered) -> Result<TokenStream, String> {
    let document = OpenAPI::deserialize(document)
        .map_err(|error| format!("not a valid OpenAPI document: {error}"))?;
    let settings = settings(lowered);
    quietly(|| {
        Generator::new(&settings)
            .generate_tokens(&document)
            .map_err(|error| error.to_string())
    })
}

fn settings(lowered: &Lowered) -> GenerationSettings {
    let mut settings = GenerationSettings::default();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_hooks(HooksMode::Expected)
        .with_map_type("::std::collections::BTreeMap")
        .with_derive("schemars::JsonSchema")
        .with_replacement("SecretText", "crate::SecretText", std::iter::empty())
        .with_replacement("SecretJson", "crate::SecretJson", std::iter::empty());
    for (name, _) in &lowered.enumerations {
        let name = type_name(name);
        let path = format!("crate::types::{name}");
        settings.with_replacement(
            name,
            path,
            [TypeImpl::Display, TypeImpl::FromStr].into_iter(),
        );
    }
    settings
}

/// Generates operation by operation, then schema by schema, to name what progenitor stumbles on.
fn blame(spec: &Spec, lowered: &Lowered, reason: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for operation in spec.operations() {
        if let Err(reason) = run(&only_operation(spec, &lowered.value, &operation), lowered) {
            let message = format!("progenitor can't generate this operation: {reason}");
            let problem = Problem::new(&spec.file, message);
            problems.push(problem.at(operation.id, &operation.pointer));
        }
    }
    if problems.is_empty() {
        let message = format!("progenitor can't generate code: {reason}");
        problems.push(Problem::new(&spec.file, message));
    }
    problems
}

/// The document with this operation as the only one, and with all schemas that it uses, those of
/// its errors too.
fn only_operation(spec: &Spec, document: &Value, operation: &Operation<'_>) -> Value {
    let kept = document.pointer(&operation.pointer);
    let used = spec.reachable([operation.value, operation.item].into_iter());
    let is_used = |name: &str| {
        let sent = name.strip_suffix("Request");
        used.contains(name) || sent.is_some_and(|name| used.contains(name))
    };
    let schemas: Map<String, Value> = members(document.pointer("/components/schemas"))
        .filter(|(name, _)| is_used(name))
        .map(|(name, schema)| (name.clone(), schema.clone()))
        .collect();
    let others = members(Some(document))
        .filter(|(key, _)| !matches!(key.as_str(), "paths" | "components"))
        .map(|(key, value)| (key.clone(), value.clone()));
    let mut only: Map<String, Value> = others.collect();
    only.insert(
        "paths".to_owned(),
        json!({ operation.path: { operation.method: kept } }),
    );
    only.insert("components".to_owned(), json!({ "schemas": schemas }));
    Value::Object(only)
}

/// Runs `f`; a panic of it is an error with its message, and prints nothing.
pub fn quietly<T>(f: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    // The hook is one for the whole process: one run at a time may exchange it.
    static HOOK: Mutex<()> = Mutex::new(());
    let guard = HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let this_thread = std::thread::current().id();
    let previous: Arc<PanicHook> = Arc::from(std::panic::take_hook());
    let others = Arc::clone(&previous);
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() != this_thread {
            others(info);
        }
    }));
    let result = catch_unwind(AssertUnwindSafe(f));
    std::panic::set_hook(Box::new(move |info| previous(info)));
    drop(guard);
    result.unwrap_or_else(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        let message = text.unwrap_or_else(|| "it gave up without a message".to_owned());
        Err(message.replace('\n', " "))
    })
}

type PanicHook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{generate, quietly};
    use crate::lower::{Names, lower};
    use crate::spec::Spec;

    #[test]
    fn a_panic_is_told_by_its_message_alone() {
        let failed: Result<(), String> = quietly(|| panic!("no\nway"));
        assert_eq!(failed, Err("no way".to_owned()));
        let index = [0; 2].len();
        let failed: Result<i32, String> = quietly(|| Ok([1, 2][index]));
        assert!(failed.is_err_and(|message| message.contains("index out of bounds")));
        assert_eq!(quietly(|| Ok(1)), Ok(1));
    }

    #[test]
    fn what_progenitor_stumbles_on_is_blamed_on_its_operation() {
        let operation = |id: &str, schema: &str| {
            let schema = json!({"$ref": format!("#/components/schemas/{schema}")});
            let content = json!({"application/json": {"schema": schema}});
            let found = json!({"description": "D.", "content": content});
            json!({"get": {"operationId": id, "responses": {"200": found}}})
        };
        let odd = json!({"properties": {"odd": {"not": {"type": "string"}}}, "type": "object"});
        let value = json!({
            "openapi": "3.0.3",
            "info": {"title": "T", "version": "1"},
            "paths": {"/good": operation("Good", "Good"), "/bad": operation("Bad", "Bad")},
            "components": {"schemas": {
                "Good": {"type": "object", "properties": {}},
                "Bad": odd,
            }},
        });
        let spec = Spec {
            file: "spec.json".to_owned(),
            value,
        };
        let problems = generate(&spec, &lower(&spec, &Names::of(&spec)))
            .err()
            .unwrap();
        assert_eq!(problems.len(), 1);
        let message = problems[0].to_string();
        assert!(
            message.starts_with("spec.json: Bad: /paths/~1bad/get: "),
            "{message}"
        );
        assert!(!message.contains("panicked"), "{message}");
    }
}
