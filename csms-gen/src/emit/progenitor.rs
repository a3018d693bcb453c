//! Runs progenitor, and finds the operation when it fails.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use openapiv3::OpenAPI;
use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use serde_json::Value;

use super::type_name;
use crate::lower::Lowered;
use crate::problem::Problem;
use crate::spec::{Operation, Spec};

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
    let document: OpenAPI = serde_json::from_value(document.clone())
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
    let mut document = document.clone();
    let kept = document
        .pointer(&operation.pointer)
        .cloned()
        .unwrap_or(Value::Null);
    let used = spec.reachable([operation.value, operation.item].into_iter());
    if let Some(schemas) = document
        .pointer_mut("/components/schemas")
        .and_then(Value::as_object_mut)
    {
        schemas.retain(|name, _| {
            let sent = name.strip_suffix("Request");
            used.contains(name) || sent.is_some_and(|name| used.contains(name))
        });
    }
    if let Some(paths) = document.get_mut("paths") {
        *paths = serde_json::json!({ operation.path: { operation.method: kept } });
    }
    document
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
