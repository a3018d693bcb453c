//! The hidden registry that lets tests cover every body and every call of every operation.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;

use super::rewrite::BuiltCall;
use super::{constant_name, doc, method_name, type_name};
use crate::lower::{Direction, Names};
use crate::spec::{Operation, Spec, json_schema, members, reference_name};

/// One entry per operation and body.
pub fn tokens(
    spec: &Spec,
    names: &Names,
    operations: &[Operation<'_>],
    calls: &[BuiltCall],
) -> TokenStream {
    let entries = operations.iter().flat_map(|operation| {
        let constant = constant_name(&method_name(operation.id.unwrap_or_default()));
        bodies(spec, operation)
            .into_iter()
            .filter_map(move |(status, direction, body)| {
                let name = names.lowered(reference_name(json_schema(body)?)?, direction);
                let name = type_name(&name);
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
    let calls = operations
        .iter()
        .zip(calls)
        .map(|(operation, built)| call(operation, built));
    let bodies = doc("Every JSON body of every operation, with its Rust type.");
    let all_calls = doc("Every operation, callable with JSON values.");
    quote! {
        use super::{operations, types};
        use crate::registry::{Arguments, Body, Call};

        #bodies
        pub static BODIES: &[Body] = &[#(#entries),*];

        #all_calls
        pub static CALLS: &[Call] = &[#(#calls),*];
    }
}

fn call(operation: &Operation<'_>, built: &BuiltCall) -> TokenStream {
    let name = method_name(operation.id.unwrap_or_default());
    let constant = constant_name(&name);
    let method = format_ident!("{name}");
    let setters = built.arguments.iter().map(|argument| {
        let (setter, ty) = (&argument.setter, &argument.ty);
        let name = setter.to_string();
        quote! {
            if let Some(value) = arguments.take::<#ty>(#name)? {
                call = call.#setter(value);
            }
        }
    });
    quote! {
        Call::new(&operations::#constant, |client, mut arguments: Arguments| {
            Box::pin(async move {
                let mut call = client.#method();
                #(#setters)*
                arguments.finish()?;
                call.send().await?.into_json()
            })
        })
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
