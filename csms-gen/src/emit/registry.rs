//! The hidden registry that lets tests cover every body of every operation.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;

use super::{constant_name, doc, method_name};
use crate::lower::{Direction, Names};
use crate::spec::{Operation, Spec, json_schema, members, reference_name};

/// One entry per operation and body.
pub fn tokens(spec: &Spec, names: &Names, operations: &[Operation<'_>]) -> TokenStream {
    let entries = operations.iter().flat_map(|operation| {
        let constant = constant_name(&method_name(operation.id.unwrap_or_default()));
        bodies(spec, operation).into_iter().filter_map(move |(status, direction, body)| {
            let name = names.lowered(reference_name(json_schema(body)?)?, direction);
            let ident = format_ident!("{name}");
            let status = match status {
                Some(status) => quote! { Some(#status) },
                None => quote! { None },
            };
            Some(quote! {
                Body::of::<types::#ident>(&operations::#constant, #status, #name)
            })
        })
    });
    let docs = doc("Every JSON body of every operation, with its Rust type.");
    quote! {
        use super::{operations, types};
        use crate::registry::Body;

        #docs
        pub static BODIES: &[Body] = &[#(#entries),*];
    }
}

fn bodies<'a>(
    spec: &'a Spec,
    operation: &Operation<'a>,
) -> Vec<(Option<&'a String>, Direction, &'a Value)> {
    let request = operation
        .value
        .get("requestBody")
        .map(|body| (None, Direction::Request, spec.resolve(body)));
    let responses = members(operation.value.get("responses"))
        .map(|(status, body)| (Some(status), Direction::Answer, spec.resolve(body)));
    request.into_iter().chain(responses).collect()
}
