//! The public list of operations.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use super::commands::{SECRET_JSON, SECRET_TEXT, named_properties};
use super::{constant_name, doc, method_name};
use crate::spec::{Operation, Spec, elements, reference_name};

/// A constant for each operation, the list of all, and the names of fields that are secret.
pub fn tokens(spec: &Spec, operations: &[Operation<'_>]) -> TokenStream {
    let names: Vec<_> = operations
        .iter()
        .map(|operation| constant_name(&method_name(operation.id.unwrap_or_default())))
        .collect();
    let constants = operations.iter().zip(&names).map(|(operation, name)| {
        let id = operation.id.unwrap_or_default();
        let method = operation.method.to_uppercase();
        let path = operation.path;
        let text = |key: &str| {
            operation
                .value
                .get(key)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let summary = text("summary");
        let docs = doc(summary);
        let safe = operation.value.get("x-safe-to-repeat") == Some(&Value::Bool(true));
        let tag = elements(operation.value.get("tags"))
            .next()
            .and_then(Value::as_str)
            .unwrap_or_default();
        let paging = paging(operation.value.get("x-paging"));
        let command = elements(operation.value.get("x-command")).filter_map(Value::as_str);
        quote! {
            #docs
            pub const #name: Operation = Operation {
                id: #id,
                method: #method,
                path: #path,
                tag: #tag,
                summary: #summary,
                safe_to_repeat: #safe,
                command: &[#(#command),*],
                paging: #paging,
            };
        }
    });
    let docs = doc("Every operation of the service, in the order of the spec.");
    let secret_docs = doc("The names of all fields that hold secret text or JSON.");
    let secrets = secret_fields(spec);
    quote! {
        use crate::operation::{Operation, Paging, PagingStyle};

        #(#constants)*

        #docs
        pub static OPERATIONS: &[Operation] = &[#(#names),*];

        #secret_docs
        pub(crate) static SECRET_FIELDS: &[&str] = &[#(#secrets),*];
    }
}

fn secret_fields(spec: &Spec) -> BTreeSet<String> {
    let is_secret =
        |schema: &Value| matches!(reference_name(schema), Some(SECRET_TEXT | SECRET_JSON));
    named_properties(spec, &|schema| {
        is_secret(schema) || schema.get("items").is_some_and(is_secret)
    })
}

fn paging(paging: Option<&Value>) -> TokenStream {
    let Some(paging) = paging else {
        return quote! { None };
    };
    let text = |key: &str| paging.get(key).and_then(Value::as_str).unwrap_or_default();
    let style = match text("style") {
        "marker" => quote! { Marker },
        "page" => quote! { Page },
        _ => quote! { Index },
    };
    let in_body = text("in") == "body";
    let (position, size, items) = (text("position"), text("size"), text("items"));
    let next = match paging.get("next").and_then(Value::as_str) {
        Some(next) => quote! { Some(#next) },
        None => quote! { None },
    };
    quote! {
        Some(Paging {
            style: PagingStyle::#style,
            in_body: #in_body,
            position: #position,
            size: #size,
            next: #next,
            items: #items,
        })
    }
}
