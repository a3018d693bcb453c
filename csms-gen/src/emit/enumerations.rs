//! Open enumerations: a variant for each documented value, and room for any other.

use heck::ToPascalCase;
use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use serde_json::Value;

use super::{doc, type_name};
use crate::lower::Lowered;
use crate::spec::Spec;

/// The file with all enumerations of the spec.
pub fn tokens(spec: &Spec, lowered: &Lowered) -> TokenStream {
    let enumerations = lowered.enumerations.iter().map(|(name, values)| {
        let schema = spec.schema(name).unwrap_or(&Value::Null);
        enumeration(name, values, schema)
    });
    quote! {
        #(#enumerations)*
    }
}

fn enumeration(name: &str, values: &[String], schema: &Value) -> TokenStream {
    let ident = format_ident!("{}", type_name(name));
    let docs = doc(schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default());
    let names = schema.get("x-enum-varnames").and_then(Value::as_array);
    let descriptions = schema.get("x-enum-descriptions").and_then(Value::as_array);
    let text_at = |list: Option<&Vec<Value>>, i: usize| {
        list.and_then(|list| list.get(i))
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let mut taken = vec!["Unknown".to_owned(), "Self".to_owned()];
    let mut variants = Vec::new();
    let mut mapping = Vec::new();
    for (i, value) in values.iter().enumerate() {
        let mut name = variant_name(&text_at(names, i).unwrap_or_else(|| value.clone()));
        while taken.contains(&name) {
            name.push('_');
        }
        taken.push(name.clone());
        let name = format_ident!("{name}");
        let text = match text_at(descriptions, i) {
            Some(text) => format!("{text}\n\nOn the wire: `{value}`."),
            None => format!("`{value}`"),
        };
        let docs = doc(&text);
        variants.push(quote! { #docs #name });
        mapping.push(quote! { #name => #value });
    }
    let openness = doc(
        "\nThe enumeration is open: a value that is not listed here is kept as it is, see \
         [`as_str`](Self::as_str), and any text converts into it.",
    );
    let unknown = doc("A value that is not listed here.");
    quote! {
        #docs
        #openness
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum #ident {
            #(#variants,)*
            #unknown
            Unknown(crate::UnknownValue),
        }
        crate::open_enum::open_enum! { #ident { #(#mapping,)* } }
    }
}

/// `PENDING_DELETE` → `PendingDelete`, `RDS-FG` → `RdsFg`.
fn variant_name(value: &str) -> String {
    let plain = value.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let name = plain.to_pascal_case();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        format!("Value{name}")
    }
}
