//! The public list of operations.

use proc_macro2::TokenStream;
use quote::quote;
use serde_json::Value;

use super::{constant_name, doc, method_name};
use crate::spec::{Operation, elements};

/// A constant for each operation, and the list of all.
pub fn tokens(operations: &[Operation<'_>]) -> TokenStream {
    let names: Vec<_> = operations
        .iter()
        .map(|operation| constant_name(&method_name(operation.id.unwrap_or_default())))
        .collect();
    let constants = operations.iter().zip(&names).map(|(operation, name)| {
        let id = operation.id.unwrap_or_default();
        let method = operation.method.to_uppercase();
        let path = operation.path;
        let text = |key: &str| operation.value.get(key).and_then(Value::as_str).unwrap_or_default();
        let summary = text("summary");
        let docs = doc(summary);
        let safe = operation.value.get("x-safe-to-repeat") == Some(&Value::Bool(true));
        let tag = elements(operation.value.get("tags"))
            .next()
            .and_then(Value::as_str)
            .unwrap_or_default();
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
            };
        }
    });
    let docs = doc("Every operation of the service, in the order of the spec.");
    quote! {
        use crate::Operation;

        #(#constants)*

        #docs
        pub static OPERATIONS: &[Operation] = &[#(#names),*];
    }
}
