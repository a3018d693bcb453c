//! Lists that come in pages can be read page by page and item by item.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use serde_json::Value;
use syn::Type;

use super::rewrite::{BuiltCall, FieldTypes, generic_argument};
use super::{doc, identifier};
use crate::spec::Operation;

/// `Paged` for the builder of each operation that says how it is paged.
pub fn tokens(
    operations: &[Operation<'_>],
    calls: &[BuiltCall],
    fields: &FieldTypes,
) -> Result<TokenStream, String> {
    let blocks = operations
        .iter()
        .zip(calls)
        .filter_map(|(operation, call)| Some((operation, call, operation.value.get("x-paging")?)))
        .map(|(operation, call, paging)| {
            let paging = Paging {
                call,
                fields,
                paging,
            };
            paging.tokens().ok_or_else(|| {
                format!(
                    "{} can't be paged as its x-paging says",
                    operation.id.unwrap_or_default()
                )
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(quote! { #(#blocks)* })
}

struct Paging<'a> {
    call: &'a BuiltCall,
    fields: &'a FieldTypes,
    paging: &'a Value,
}

impl Paging<'_> {
    fn text(&self, key: &str) -> &str {
        self.paging
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn tokens(&self) -> Option<TokenStream> {
        let builder = &self.call.builder;
        let page = &self.call.answer;
        let (items, list) = self.member(page, self.text("items"))?;
        let item = outside(generic_argument(&list, "Vec")?);
        let next_page = match self.text("style") {
            "marker" => self.next_by_marker()?,
            style => self.next_by_number(style, &items)?,
        };
        let field = identifier(self.text("items").rsplit('/').next()?);
        let pages = doc(
            "The pages, from the position that is set. Each is requested when it is polled for.",
        );
        let stream = doc(
            "The items, from the position that is set. A page is requested when its first item \
             is polled for.",
        );
        Some(quote! {
            impl<'a> #builder<'a> {
                #pages
                pub fn pages(self) -> crate::Pages<'a, Self> {
                    crate::Pages::new(self)
                }

                #stream
                pub fn stream(self) -> crate::Items<'a, Self> {
                    crate::Items::new(self)
                }
            }

            impl<'a> crate::Paged<'a> for #builder<'a> {
                type Page = #page;
                type Item = #item;

                fn send_page(self) -> crate::PageFuture<'a, Self::Page> {
                    Box::pin(self.send())
                }

                fn next_page(self, page: &Self::Page) -> Option<(Self, String)> {
                    #next_page
                }

                fn into_items(page: Self::Page) -> Vec<Self::Item> {
                    page.#field.unwrap_or_default()
                }
            }
        })
    }

    /// The answer names the position that follows.
    fn next_by_marker(&self) -> Option<TokenStream> {
        let position = identifier(self.text("position"));
        let (next, _) = self.member(&self.call.answer, self.text("next"))?;
        Some(quote! {
            let marker = rt::next_marker(#next)?;
            Some((self.#position(marker.clone()), marker))
        })
    }

    /// The position that follows is counted.
    fn next_by_number(&self, style: &str, items: &TokenStream) -> Option<TokenStream> {
        let position = identifier(self.text("position"));
        let size = identifier(self.text("size"));
        let step = if style == "page" {
            quote! { 1 }
        } else {
            quote! { count }
        };
        let is_argument = |name: &Ident| self.call.arguments.iter().find(|a| a.setter == *name);
        let (given, ty) = if self.text("in") == "body" {
            let body = &is_argument(&format_ident!("body"))?.ty;
            let (_, ty) = self.member(body, &format!("/{}", self.text("position")))?;
            let given = quote! {
                let given: #body = self.body.clone().ok()?.try_into().ok()?;
                let (position, size) = (given.#position, given.#size);
            };
            (given, ty)
        } else {
            let given = quote! {
                let (position, size) = (self.#position.clone().ok()?, self.#size.clone().ok()?);
            };
            (given, is_argument(&position)?.ty.clone())
        };
        Some(quote! {
            let count = #items.map_or(0, |items| items.len());
            #given
            let next = rt::next_position(&position, &size, count, #step)?;
            Some((self.#position(<#ty as rt::PositionValue>::at(next)?), next.to_string()))
        })
    }

    /// The expression `Option<&T>` for a JSON pointer into `page`, and `T`.
    fn member(&self, root: &Type, pointer: &str) -> Option<(TokenStream, Type)> {
        let mut ty = root.clone();
        let mut expression = quote! { Some(page) };
        for name in pointer.strip_prefix('/')?.split('/') {
            let Type::Path(path) = &ty else {
                return None;
            };
            let field = identifier(name);
            let fields = self
                .fields
                .get(&path.path.segments.last()?.ident.to_string())?;
            ty = fields.get(&field.to_string())?.clone();
            expression = quote! { #expression.and_then(|object| object.#field.as_ref()) };
        }
        Some((expression, ty))
    }
}

/// A type of the module `types`, as it reads outside of it.
fn outside(ty: &Type) -> TokenStream {
    match ty {
        Type::Path(path) if path.path.get_ident().is_some() => quote! { types::#path },
        other => quote! { #other },
    }
}
