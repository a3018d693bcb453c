//! Typed mocks: what a request of each operation is like, and each of its documented answers.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use serde_json::Value;
use syn::Type;

use super::rewrite::{Argument, BuiltCall};
use super::{constant_name, doc, identifier, method_name, type_name};
use crate::lower::{Direction, Names};
use crate::spec::{Operation, Spec, SpecParameter, json_schema, members, reference_name};

/// The extension of httpmock's server, and a pair of types for each operation.
pub fn tokens(
    spec: &Spec,
    names: &Names,
    operations: &[Operation<'_>],
    calls: &[BuiltCall],
) -> TokenStream {
    let mocks: Vec<_> = operations
        .iter()
        .zip(calls)
        .map(|(operation, call)| Mock::new(spec, names, operation, call))
        .collect();
    let types = mocks.iter().map(Mock::types);
    let signatures = mocks.iter().map(Mock::signature);
    let methods = mocks.iter().map(Mock::method);
    let docs = doc("A method for each operation: a mock of it on httpmock's server.");
    let inner_docs = doc("What a request is like and what is answered, for each operation.");
    quote! {
        use super::operations as known;

        #inner_docs
        #[allow(missing_debug_implementations, reason = "httpmock's types have none")]
        pub mod operations {
            use super::known;
            use crate::mock::matching;
            use crate::types;

            #(#types)*
        }

        #docs
        pub trait MockServerExt {
            #(#signatures)*
        }

        impl MockServerExt for ::httpmock::MockServer {
            #(#methods)*
        }
    }
}

struct Mock<'a> {
    spec: &'a Spec,
    names: &'a Names,
    operation: &'a Operation<'a>,
    call: &'a BuiltCall,
    name: Ident,
    when: Ident,
    then: Ident,
}

impl<'a> Mock<'a> {
    fn new(
        spec: &'a Spec,
        names: &'a Names,
        operation: &'a Operation<'a>,
        call: &'a BuiltCall,
    ) -> Self {
        let builder = &call.builder;
        Self {
            spec,
            names,
            operation,
            call,
            name: format_ident!("{}", method_name(operation.id.unwrap_or_default())),
            when: format_ident!("{builder}When"),
            then: format_ident!("{builder}Then"),
        }
    }

    /// The trait's method without its body.
    fn head(&self) -> TokenStream {
        let Self {
            name, when, then, ..
        } = self;
        quote! {
            fn #name<F>(&self, config: F) -> ::httpmock::Mock<'_>
            where
                F: FnOnce(operations::#when, operations::#then)
        }
    }

    fn signature(&self) -> TokenStream {
        let head = self.head();
        let docs = doc(&format!(
            "Mocks [`Client::{0}`](crate::Client::{0}).",
            self.name
        ));
        quote! { #docs #head; }
    }

    fn method(&self) -> TokenStream {
        let head = self.head();
        let (when, then) = (&self.when, &self.then);
        quote! {
            #head
            {
                self.mock(|when, then| {
                    config(operations::#when::new(when), operations::#then::new(then));
                })
            }
        }
    }

    fn types(&self) -> TokenStream {
        let (when, then, name) = (&self.when, &self.then, &self.name);
        let constant = constant_name(&name.to_string());
        let about_when = doc(&format!(
            "What a request of [`Client::{name}`](crate::Client::{name}) is like; any, unless more is said."
        ));
        let about_then = doc(&format!(
            "What [`Client::{name}`](crate::Client::{name}) is answered."
        ));
        let conditions = self
            .call
            .arguments
            .iter()
            .map(|argument| self.condition(argument, &constant));
        let answers = members(self.operation.value.get("responses"))
            .map(|(status, response)| self.answer(status, self.spec.resolve(response)));
        let inner = doc("httpmock's own, for what these methods can't say.");
        let begin_when = doc("Any request of the operation.");
        let begin_then = doc("An answer of which nothing is said yet.");
        quote! {
            #about_when
            pub struct #when(::httpmock::When);

            impl #when {
                #begin_when
                pub fn new(inner: ::httpmock::When) -> Self {
                    Self(matching::operation(inner, &known::#constant))
                }

                #inner
                pub fn into_inner(self) -> ::httpmock::When {
                    self.0
                }

                #(#conditions)*
            }

            #about_then
            pub struct #then(::httpmock::Then);

            impl #then {
                #begin_then
                pub fn new(inner: ::httpmock::Then) -> Self {
                    Self(inner)
                }

                #inner
                pub fn into_inner(self) -> ::httpmock::Then {
                    self.0
                }

                #(#answers)*
            }
        }
    }

    /// The method that says what an argument of the call is.
    fn condition(&self, argument: &Argument, constant: &Ident) -> TokenStream {
        let (setter, ty) = (&argument.setter, &argument.ty);
        let parameters = self.spec.parameters(self.operation);
        let parameter = parameters
            .iter()
            .find(|parameter| identifier(parameter.name) == *setter);
        let Some(parameter) = parameter else {
            let docs = doc("The whole body, as JSON.");
            return quote! {
                #docs
                pub fn #setter(self, value: &#ty) -> Self {
                    Self(self.0.json_body_obj(value))
                }
            };
        };
        let wire_name = parameter.name;
        let docs = self.parameter_docs(parameter);
        let (generics, ty) = condition_type(ty);
        if parameter.location == "path" {
            return quote! {
                #docs
                pub fn #setter(self, value: &str) -> Self {
                    Self(matching::path_parameter(self.0, &known::#constant, #wire_name, value))
                }
            };
        }
        let matching = format_ident!("{}", parameter.location);
        quote! {
            #docs
            pub fn #setter #generics(self, value: impl Into<Option<#ty>>) -> Self {
                Self(matching::#matching(self.0, #wire_name, value.into()))
            }
        }
    }

    fn parameter_docs(&self, parameter: &SpecParameter<'_>) -> TokenStream {
        let said = parameter.value.get("description").and_then(Value::as_str);
        let mut text = said.unwrap_or_default().to_owned();
        if parameter.location != "path" {
            text.push_str("\n\n`None`: it is absent.");
        }
        doc(&text)
    }

    /// The method that gives a documented answer.
    fn answer(&self, status: &str, response: &Value) -> TokenStream {
        let Ok(code) = status.parse::<u16>() else {
            return TokenStream::new();
        };
        let reason = http::StatusCode::from_u16(code)
            .ok()
            .and_then(|code| code.canonical_reason());
        let name = match reason {
            Some(reason) => identifier(&reason.replace('\'', "")),
            None => format_ident!("status_{code}"),
        };
        let said = response.get("description").and_then(Value::as_str);
        let docs = doc(&format!("{status}: {}", said.unwrap_or_default()));
        let Some(schema) = json_schema(response) else {
            return quote! {
                #docs
                pub fn #name(self) -> Self {
                    Self(self.0.status(#code))
                }
            };
        };
        let ty = match reference_name(schema) {
            Some(name) => {
                let name = self.names.lowered(name, Direction::Answer);
                let name = format_ident!("{}", type_name(&name));
                quote! { types::#name }
            }
            None => quote! { ::serde_json::Value },
        };
        quote! {
            #docs
            pub fn #name(self, value: &#ty) -> Self {
                Self(self.0.status(#code).json_body_obj(value))
            }
        }
    }
}

/// How a method takes a value of a type: text is borrowed.
fn condition_type(ty: &Type) -> (TokenStream, TokenStream) {
    let text = quote! { #ty }.to_string().replace(' ', "");
    if text.ends_with("string::String") {
        (quote! { <'a> }, quote! { &'a str })
    } else {
        (TokenStream::new(), quote! { #ty })
    }
}
