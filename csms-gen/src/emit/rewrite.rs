//! What is changed in progenitor's output, one named function for each change.
//!
//! A rewrite counts what it changed and fails when that is not what the spec makes necessary, so
//! that a newer progenitor can't silently undo one. `CONTRIBUTING.md` lists what each is for.

use std::collections::HashMap;

use proc_macro2::Span;
use quote::{ToTokens, format_ident, quote};
use serde_json::Value;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Expr, File, FnArg, Ident, ImplItem, ImplItemFn, Item, ItemImpl, ItemMod, ItemStruct,
    Stmt, Token, Type, parse_quote,
};

use super::{constant_name, doc_lines};
use crate::lint::placeholders;
use crate::spec::{Operation, Spec};

/// progenitor's output, taken apart and rewritten.
#[derive(Debug)]
pub struct Rewritten {
    /// `impl Client`, with a method for each operation.
    pub methods: ItemImpl,
    /// The module `types`.
    pub types: File,
    /// The module `builder`.
    pub builders: File,
    /// The number of structs in `types`.
    pub types_count: usize,
    /// The builder of each operation, in the order of the operations.
    pub calls: Vec<BuiltCall>,
    /// The fields of each type.
    pub fields: FieldTypes,
}

/// Type to field to the field's type.
pub type FieldTypes = HashMap<String, HashMap<String, Type>>;

/// The builder of an operation.
#[derive(Debug)]
pub struct BuiltCall {
    /// Its name.
    pub builder: Ident,
    /// What it can be given.
    pub arguments: Vec<Argument>,
    /// The type of the answer's body; `()` if none is documented.
    pub answer: Type,
}

/// Something that an operation's builder has a setter for.
#[derive(Debug)]
pub struct Argument {
    /// The setter; `body` for the whole body.
    pub setter: Ident,
    /// The type of its value.
    pub ty: Type,
}

/// Applies every rewrite.
pub fn rewrite(file: File, spec: &Spec, operations: &[Operation<'_>]) -> Result<Rewritten, String> {
    let mut parts = take_apart(file)?;
    let docs = field_docs(&parts.types);
    one_doc_attribute_per_line(&mut parts);
    put_schemars_behind_feature(&mut parts.types)?;
    make_types_non_exhaustive(&mut parts.types)?;
    document_type_builders(&mut parts.types, &docs)?;
    accept_optional_values(&mut parts.types)?;
    document_methods(&mut parts.methods, operations)?;
    explain_missing_fields(&mut parts.types);
    let type_builders = type_builders(&parts.types);
    let fields = field_types(&parts.types);
    let mut calls = Vec::new();
    let mut builders = pair_builders(&mut parts.builders, operations)?;
    for builder in &mut builders {
        calls.push(builder.call()?);
        builder.accept_optional_values()?;
        builder.default_project_id()?;
        builder.explain_missing_values()?;
        builder.document_setters(spec)?;
        builder.name_operation_in_errors()?;
        builder.refuse_ambiguous_path_segments()?;
        builder.drop_api_version_header()?;
        builder.leave_accept_to_client()?;
        builder.send_through_client()?;
        builder.execute_through_rt()?;
        builder.return_one_error_type()?;
        builder.resolve_project_id()?;
        builder.add_body_setters(&type_builders)?;
    }
    let types_count = structs(&parts.types).count();
    let mut types: File = parse_quote! {
        #[doc(inline)]
        pub use super::enumerations::*;
    };
    types.items.append(&mut parts.types);
    let mut builders: File = parse_quote! {
        use super::{operations, types};
        use crate::{Error, Operation, ResponseValue, rt};
    };
    builders.items.append(&mut parts.builders);
    Ok(Rewritten {
        methods: parts.methods,
        types,
        builders,
        types_count,
        calls,
        fields,
    })
}

/// What is kept of progenitor's file.
struct Parts {
    methods: ItemImpl,
    types: Vec<Item>,
    builders: Vec<Item>,
}

/// Keeps types, methods and builders. Drops the imports of progenitor-client, since `crate::rt`
/// and `crate::Error` stand in for it; the generated `Client`, which follows redirects and sends
/// its token along; its `ClientInfo`; the check for hooks; and the prelude.
fn take_apart(file: File) -> Result<Parts, String> {
    let (mut methods, mut types, mut builders) = (None, None, None);
    let mut dropped = Vec::new();
    for item in file.items {
        match item {
            Item::Mod(module) if module.ident == "types" => types = contents(module),
            Item::Mod(module) if module.ident == "builder" => builders = contents(module),
            Item::Impl(block) if is_method_block(&block) => methods = Some(block),
            Item::Use(_) => dropped.push("import"),
            Item::Struct(item) if item.ident == "Client" => dropped.push("client"),
            Item::Impl(block) if block.trait_.is_some() => dropped.push("client info"),
            Item::Impl(_) => dropped.push("constructors"),
            Item::Const(_) => dropped.push("hooks check"),
            Item::Mod(module) if module.ident == "prelude" => dropped.push("prelude"),
            other => return Err(unexpected("take_apart", &other)),
        }
    }
    dropped.sort_unstable();
    let expected = [
        "client",
        "client info",
        "constructors",
        "hooks check",
        "import",
        "import",
        "prelude",
    ];
    if dropped != expected {
        return Err(format!(
            "rewrite take_apart: found {dropped:?}, expected {expected:?}"
        ));
    }
    let missing = |what: &str| format!("rewrite take_apart: there is no {what}");
    let mut builders = builders.ok_or_else(|| missing("module builder"))?;
    let before = builders.len();
    builders.retain(|item| !matches!(item, Item::Use(_)));
    expect_count(
        "take_apart (imports of builder)",
        before - builders.len(),
        2,
    )?;
    Ok(Parts {
        methods: methods.ok_or_else(|| missing("impl Client with operations"))?,
        types: types.ok_or_else(|| missing("module types"))?,
        builders,
    })
}

fn contents(module: ItemMod) -> Option<Vec<Item>> {
    module.content.map(|(_, items)| items)
}

fn is_method_block(block: &ItemImpl) -> bool {
    block.trait_.is_none()
        && !block.items.iter().any(
            |item| matches!(item, ImplItem::Fn(method) if method.sig.ident == "new_with_client"),
        )
}

/// progenitor writes a text of several lines as one `/** */` block, whose indented lines and
/// fences rustdoc would run as code.
fn one_doc_attribute_per_line(parts: &mut Parts) {
    struct Split;
    impl VisitMut for Split {
        fn visit_attributes_mut(&mut self, attributes: &mut Vec<Attribute>) {
            *attributes = attributes
                .drain(..)
                .flat_map(|attribute| match doc_text(&attribute) {
                    Some(text) => doc_attributes(text.trim()),
                    None => vec![attribute],
                })
                .collect();
        }
    }
    for item in parts.types.iter_mut().chain(&mut parts.builders) {
        Split.visit_item_mut(item);
    }
}

/// `derive(schemars::JsonSchema)` is for those who turn the feature on.
fn put_schemars_behind_feature(types: &mut [Item]) -> Result<(), String> {
    let mut count = 0;
    for item in structs_mut(types) {
        for attribute in &mut item.attrs {
            if !attribute.path().is_ident("derive") {
                continue;
            }
            let derives = attribute
                .parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated)
                .map_err(|error| format!("rewrite put_schemars_behind_feature: {error}"))?;
            let kept: Vec<_> = derives
                .iter()
                .filter(|path| path.segments.last().is_none_or(|s| s.ident != "JsonSchema"))
                .collect();
            count += derives.len() - kept.len();
            *attribute = parse_quote! { #[derive(#(#kept),*)] };
        }
        item.attrs.push(parse_quote! {
            #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
        });
    }
    expect_count("put_schemars_behind_feature", count, structs(types).count())
}

/// A new field is no breaking change.
fn make_types_non_exhaustive(types: &mut [Item]) -> Result<(), String> {
    for item in structs_mut(types) {
        item.attrs.push(parse_quote! { #[non_exhaustive] });
    }
    Ok(())
}

/// Setters of a type's builder carry the documentation of the field that they set.
fn document_type_builders(
    types: &mut [Item],
    docs: &HashMap<String, HashMap<String, Vec<Attribute>>>,
) -> Result<(), String> {
    for item in types {
        match item {
            Item::Impl(block) if block.trait_.is_none() => {
                for method in functions(block).filter(|method| method.sig.ident == "builder") {
                    method.attrs = doc_attributes("Starts a builder with nothing set.");
                }
            }
            Item::Mod(module) if module.ident == "builder" => {
                let items = module.content.iter_mut().flat_map(|(_, items)| items);
                for item in items {
                    document_builder_item(item, docs)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn document_builder_item(
    item: &mut Item,
    docs: &HashMap<String, HashMap<String, Vec<Attribute>>>,
) -> Result<(), String> {
    match item {
        Item::Struct(item) => {
            let text = format!("Builder of [`{0}`](super::{0}).", item.ident);
            item.attrs.splice(0..0, doc_attributes(&text));
        }
        Item::Impl(block) if block.trait_.is_none() => {
            let name = type_ident(block).unwrap_or_default();
            let fields = docs
                .get(&name)
                .ok_or_else(|| format!("rewrite document_type_builders: no type {name}"))?;
            for setter in functions(block) {
                let field = setter.sig.ident.to_string();
                let text = fields.get(&field).ok_or_else(|| {
                    format!("rewrite document_type_builders: no field {name}.{field}")
                })?;
                setter.attrs.splice(0..0, text.clone());
            }
        }
        _ => {}
    }
    Ok(())
}

/// progenitor binds optional setters by `TryInto<Option<T>>`, which `"text"` does not satisfy.
fn accept_optional_values(types: &mut [Item]) -> Result<(), String> {
    let (mut count, mut expected) = (0, 0);
    let builder = types.iter_mut().find_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => module.content.as_mut(),
        _ => None,
    });
    // Without any object in the spec there is no builder, and no setter.
    let Some((_, items)) = builder else {
        return Ok(());
    };
    for item in items {
        match item {
            Item::Struct(item) => {
                let types = item.fields.iter().filter_map(|field| {
                    generic_argument(&field.ty, "Result")
                        .and_then(|t| generic_argument(t, "Option"))
                });
                expected += types.count();
            }
            Item::Impl(block) if block.trait_.is_none() => {
                for setter in functions(block) {
                    let inner =
                        setter_target(setter).and_then(|t| generic_argument(&t, "Option").cloned());
                    if let Some(inner) = inner {
                        take_optional(setter, &inner);
                        count += 1;
                    }
                }
            }
            _ => {}
        }
    }
    expect_count("accept_optional_values (types)", count, expected)
}

/// "no value supplied" becomes what the caller can do about it.
fn explain_missing_fields(types: &mut [Item]) {
    struct Explain;
    impl VisitMut for Explain {
        fn visit_lit_str_mut(&mut self, literal: &mut syn::LitStr) {
            if let Some(name) = literal.value().strip_prefix("no value supplied for ") {
                let text = format!("the required field {name} is missing");
                *literal = syn::LitStr::new(&text, literal.span());
            }
        }
    }
    let builders = types.iter_mut().filter_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => module.content.as_mut(),
        _ => None,
    });
    builders
        .flat_map(|(_, items)| items)
        .for_each(|item| Explain.visit_item_mut(item));
}

/// The setters of a type's builder, as they read outside of the module `types`.
fn body_setters(block: &ItemImpl) -> Vec<ImplItemFn> {
    struct Outside;
    impl VisitMut for Outside {
        fn visit_path_mut(&mut self, path: &mut syn::Path) {
            visit_mut::visit_path_mut(self, path);
            if let Some(first) = path
                .segments
                .first_mut()
                .filter(|first| first.ident == "super")
            {
                first.ident = format_ident!("types");
            }
        }
    }
    let mut block = block.clone();
    Outside.visit_item_impl_mut(&mut block);
    let setters = block.items.into_iter().filter_map(|item| match item {
        ImplItem::Fn(setter) => Some(setter),
        _ => None,
    });
    setters.collect()
}

/// The builder of each type, by the type's name.
fn type_builders(types: &[Item]) -> HashMap<String, &ItemImpl> {
    let builder = types.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => module.content.as_ref(),
        _ => None,
    });
    let items = builder.into_iter().flat_map(|(_, items)| items);
    items
        .filter_map(|item| match item {
            Item::Impl(block) if block.trait_.is_none() => Some((type_ident(block)?, block)),
            _ => None,
        })
        .collect()
}

/// The name of the type that a block implements.
fn type_ident(block: &ItemImpl) -> Option<String> {
    let Type::Path(path) = block.self_ty.as_ref() else {
        return None;
    };
    Some(path.path.segments.last()?.ident.to_string())
}

/// Makes a setter take whatever can become `Option<inner>`.
fn take_optional(setter: &mut ImplItemFn, inner: &Type) {
    let name = setter.sig.ident.clone();
    setter.sig.generics = parse_quote! { <V> };
    setter.sig.generics.where_clause = Some(parse_quote! { where V: crate::IntoOption<#inner> });
    if let Some(FnArg::Typed(argument)) = setter.sig.inputs.iter_mut().nth(1) {
        *argument.ty = parse_quote! { V };
    }
    setter.block = parse_quote! {{
        self.#name = Ok(value.into_option());
        self
    }};
}

/// The methods of `Client` say what the operation does, how it is sent and what it answers.
fn document_methods(methods: &mut ItemImpl, operations: &[Operation<'_>]) -> Result<(), String> {
    let count = functions(methods).count();
    expect_count("document_methods", count, operations.len())?;
    for (method, operation) in functions(methods).zip(operations) {
        check_pair(&method.sig.ident, operation)?;
        method.attrs = doc_attributes(&operation_docs(operation));
    }
    Ok(())
}

fn operation_docs(operation: &Operation<'_>) -> String {
    let text = |key: &str| {
        operation
            .value
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let id = operation.id.unwrap_or_default();
    let repeat = match operation.value.get("x-safe-to-repeat") {
        Some(Value::Bool(true)) => "safe to repeat",
        _ => "not safe to repeat when it may have been sent",
    };
    let method = operation.method.to_uppercase();
    let path = operation.path;
    let mut docs = format!(
        "{}\n\n{}\n\nSends `{method} {path}`; {repeat}.",
        text("summary"),
        text("description")
    );
    if let Some(paging) = operation.value.get("x-paging") {
        let text = |key: &str| paging.get(key).and_then(Value::as_str).unwrap_or_default();
        let how = match text("style") {
            "marker" => "the position is the marker of the answer before",
            "page" => "the position is the number of a page",
            _ => "the position is the index of an item",
        };
        docs.push_str(&format!(
            "\n\nPaged by `{}` and `{}`: {how}.",
            text("position"),
            text("size")
        ));
    }
    let url = operation
        .value
        .pointer("/externalDocs/url")
        .and_then(Value::as_str);
    if let Some(url) = url {
        docs.push_str(&format!(" Documented as [{id}]({url})."));
    }
    docs
}

/// A builder of an operation: its struct is at `structure`, its methods are in `block`.
struct Builder<'a, 'o> {
    operation: &'o Operation<'o>,
    structure: &'a mut ItemStruct,
    block: &'a mut ItemImpl,
    client: Ident,
}

fn pair_builders<'a, 'o>(
    items: &'a mut [Item],
    operations: &'o [Operation<'o>],
) -> Result<Vec<Builder<'a, 'o>>, String> {
    expect_count("pair_builders", items.len(), operations.len() * 2)?;
    let mut operations = operations.iter();
    let mut builders = Vec::new();
    let mut items = items.iter_mut();
    while let (Some(structure), Some(block), Some(operation)) =
        (items.next(), items.next(), operations.next())
    {
        let (Item::Struct(structure), Item::Impl(block)) = (structure, block) else {
            return Err("rewrite pair_builders: a builder is not struct and impl".to_owned());
        };
        check_pair(&structure.ident, operation)?;
        let client = structure
            .fields
            .iter()
            .next()
            .and_then(|field| field.ident.clone());
        builders.push(Builder {
            operation,
            structure,
            block,
            client: client.ok_or("rewrite pair_builders: a builder has no client")?,
        });
    }
    Ok(builders)
}

/// Names are compared without case and separators: only their order pairs them.
fn check_pair(ident: &Ident, operation: &Operation<'_>) -> Result<(), String> {
    let plain = |text: &str| -> String {
        text.chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect()
    };
    let id = operation.id.unwrap_or_default();
    if plain(&ident.to_string()) == plain(id) {
        Ok(())
    } else {
        Err(format!(
            "progenitor emitted {ident} where {id} was expected"
        ))
    }
}

impl Builder<'_, '_> {
    fn fail(&self, rewrite: &str, message: impl std::fmt::Display) -> String {
        let id = self.operation.id.unwrap_or_default();
        format!("rewrite {rewrite} of {id}: {message}")
    }

    fn expect(&self, rewrite: &str, count: usize, expected: usize) -> Result<(), String> {
        expect_count(rewrite, count, expected).map_err(|message| self.fail(rewrite, message))
    }

    fn function(&mut self, name: &str) -> Result<&mut ImplItemFn, String> {
        let message = self.fail(name, "the builder has no such method");
        functions(self.block)
            .find(|f| f.sig.ident == name)
            .ok_or(message)
    }

    fn placeholders(&self) -> Vec<&str> {
        placeholders(self.operation.path).collect()
    }

    /// The project that the client was built with is the default of every call.
    fn default_project_id(&mut self) -> Result<(), String> {
        struct Default {
            client: Ident,
            count: usize,
        }
        impl VisitMut for Default {
            fn visit_field_value_mut(&mut self, field: &mut syn::FieldValue) {
                if matches!(&field.member, syn::Member::Named(name) if name == "project_id") {
                    let client = &self.client;
                    field.expr = parse_quote! { #client.default_project_id() };
                    self.count += 1;
                }
            }
        }
        let expected = self
            .placeholders()
            .iter()
            .filter(|p| **p == "project_id")
            .count();
        if expected == 0 {
            return Ok(());
        }
        let client = format_ident!("client");
        let mut visitor = Default { client, count: 0 };
        let new = self.function("new")?;
        visitor.visit_block_mut(&mut new.block);
        self.expect("default_project_id", visitor.count, expected)
    }

    /// "was not initialized" and "conversion failed" become what the caller can do about it.
    fn explain_missing_values(&mut self) -> Result<(), String> {
        struct Explain(usize);
        impl VisitMut for Explain {
            fn visit_lit_str_mut(&mut self, literal: &mut syn::LitStr) {
                let text = literal.value();
                let explained = if let Some(name) = text.strip_suffix(" was not initialized") {
                    format!("{name} is missing: set it with .{name}(…)")
                } else if let Some(name) = text
                    .strip_suffix(" failed")
                    .and_then(|text| text.strip_prefix("conversion to "))
                    .and_then(|text| text.rsplit(' ').next())
                {
                    format!("the value given to .{name}(…) does not convert to its type")
                } else {
                    return;
                };
                self.0 += 1;
                *literal = syn::LitStr::new(&explained, literal.span());
            }
        }
        // One text for each setter of a required value, one for each required value's absence.
        let required = self.structure.fields.iter().filter(|field| {
            let inner = generic_argument(&field.ty, "Result");
            inner.is_some_and(|inner| generic_argument(inner, "Option").is_none())
        });
        let names: Vec<String> = required
            .filter_map(|field| Some(field.ident.as_ref()?.to_string()))
            .collect();
        let has_body = names.iter().any(|name| name == "body");
        let defaulted = usize::from(self.placeholders().contains(&"project_id"));
        let required = names.len() - usize::from(has_body);
        let mut visitor = Explain(0);
        visitor.visit_item_impl_mut(self.block);
        self.expect(
            "explain_missing_values",
            visitor.0,
            required * 2 - defaulted,
        )
    }

    /// Optional parameters take a value or an option of it.
    fn accept_optional_values(&mut self) -> Result<(), String> {
        let optional: HashMap<String, Type> = self
            .structure
            .fields
            .iter()
            .filter_map(|field| {
                let inner = generic_argument(generic_argument(&field.ty, "Result")?, "Option")?;
                Some((field.ident.as_ref()?.to_string(), inner.clone()))
            })
            .collect();
        let mut count = 0;
        for setter in functions(self.block) {
            if let Some(inner) = optional.get(&setter.sig.ident.to_string()) {
                take_optional(setter, inner);
                count += 1;
            }
        }
        self.expect("accept_optional_values", count, optional.len())
    }

    /// Setters carry the description of their parameter.
    fn document_setters(&mut self, spec: &Spec) -> Result<(), String> {
        let id = self.operation.id.unwrap_or_default();
        let method = functions(self.block).count();
        let mut described = 0;
        let parameters = spec.parameters(self.operation);
        let method_name = super::method_name(id);
        self.structure.attrs = self
            .structure
            .attrs
            .drain(..)
            .filter(|attribute| !attribute.path().is_ident("doc"))
            .collect();
        let text = format!(
            "Builder of a call of [`Client::{method_name}`](crate::Client::{method_name})."
        );
        self.structure.attrs.splice(0..0, doc_attributes(&text));
        let body = self
            .operation
            .value
            .get("requestBody")
            .map(|body| spec.resolve(body));
        let body_text = body
            .and_then(|body| body.get("description"))
            .and_then(Value::as_str)
            .unwrap_or("The whole JSON body of the request.")
            .to_owned();
        for function in functions(self.block) {
            let name = function.sig.ident.to_string();
            let text = match name.as_str() {
                "new" => {
                    function.vis = parse_quote! { pub(crate) };
                    "Starts a call with nothing set.".to_owned()
                }
                "send" => {
                    "Sends the request and waits for the answer.\n\n# Errors\n\nEvery answer \
                           other than 2xx, an answer that does not decode, a failed connection, a \
                           missing or ambiguous parameter: see [`Error`]."
                        .to_owned()
                }
                "body" => body_text.clone(),
                "body_map" => "Changes the body through its builder.".to_owned(),
                name => parameters
                    .iter()
                    .find(|p| plain_name(p.name) == plain_name(name))
                    .and_then(|p| p.value.get("description").and_then(Value::as_str))
                    .ok_or_else(|| {
                        format!("rewrite document_setters of {id}: no parameter {name}")
                    })?
                    .to_owned(),
            };
            function
                .attrs
                .retain(|attribute| !attribute.path().is_ident("doc"));
            function.attrs.splice(0..0, doc_attributes(&text));
            described += 1;
        }
        self.expect("document_setters", described, method)
    }

    /// A project that neither call nor client has is that of the credentials, or is looked up.
    fn resolve_project_id(&mut self) -> Result<(), String> {
        let expected = self
            .placeholders()
            .iter()
            .filter(|p| **p == "project_id")
            .count();
        let client = self.client.clone();
        let mut count = 0;
        for statement in &mut self.function("send")?.block.stmts {
            let Stmt::Local(local) = statement else {
                continue;
            };
            if matches!(&local.pat, syn::Pat::Ident(pattern) if pattern.ident == "project_id") {
                *statement = parse_quote! {
                    let project_id = rt::project_id(#client, OPERATION, project_id, call_started).await?;
                };
                count += 1;
            }
        }
        self.expect("resolve_project_id", count, expected)
    }

    /// What other parts of the compiler need to know of the builder.
    fn call(&mut self) -> Result<BuiltCall, String> {
        let message = self.fail("call", "send does not return a Result of ResponseValue");
        let output = &self.function("send")?.sig.output;
        let answer = match output {
            syn::ReturnType::Type(_, result) => generic_argument(result, "Result")
                .and_then(|value| generic_argument(value, "ResponseValue"))
                .cloned(),
            syn::ReturnType::Default => None,
        };
        Ok(BuiltCall {
            builder: self.structure.ident.clone(),
            arguments: self.arguments(),
            answer: answer.ok_or(message)?,
        })
    }

    /// What the builder's setters take.
    fn arguments(&self) -> Vec<Argument> {
        let fields = self.structure.fields.iter().skip(1);
        fields
            .filter_map(|field| {
                let inner = generic_argument(&field.ty, "Result")?;
                let ty = generic_argument(inner, "Option").unwrap_or(inner);
                let setter = field.ident.clone()?;
                let ty = if setter == "body" {
                    built_type(ty)
                } else {
                    ty.clone()
                };
                Some(Argument { setter, ty })
            })
            .collect()
    }

    /// The fields of a JSON body have setters on the operation's builder as well.
    ///
    /// A field that is named like a parameter gets the prefix `body_`.
    fn add_body_setters(
        &mut self,
        type_builders: &HashMap<String, &ItemImpl>,
    ) -> Result<(), String> {
        let body = self
            .structure
            .fields
            .iter()
            .find(|f| f.ident.as_ref().is_some_and(|i| i == "body"));
        let Some(body) = body else {
            return Ok(());
        };
        let name = generic_argument(&body.ty, "Result")
            .and_then(|ty| match ty {
                Type::Path(path) => path.path.segments.last(),
                _ => None,
            })
            .map(|segment| segment.ident.to_string())
            .unwrap_or_default();
        let Some(type_builder) = type_builders.get(&name) else {
            return Err(self.fail("add_body_setters", format!("{name} has no builder")));
        };
        let taken: Vec<String> = functions(self.block)
            .map(|function| function.sig.ident.to_string())
            .collect();
        for mut setter in body_setters(type_builder) {
            let field = setter.sig.ident.clone();
            if taken.contains(&field.to_string()) {
                setter.sig.ident = format_ident!("body_{field}");
                let text = format!(
                    "\n\nThis is the field `{field}` of the body; the parameter of the same name is set by [`{field}`](Self::{field})."
                );
                setter.attrs.extend(doc_attributes(&text));
            }
            setter.block = parse_quote! {{
                self.body = self.body.map(|body| body.#field(value));
                self
            }};
            self.block.items.push(ImplItem::Fn(setter));
        }
        Ok(())
    }

    /// Every error says which operation it is of.
    fn name_operation_in_errors(&mut self) -> Result<(), String> {
        struct Name {
            invalid: usize,
            builds: usize,
        }
        impl VisitMut for Name {
            fn visit_expr_mut(&mut self, expr: &mut Expr) {
                visit_mut::visit_expr_mut(self, expr);
                match expr {
                    Expr::Path(path) if is_path(&path.path, &["Error", "InvalidRequest"]) => {
                        *expr = parse_quote! { |reason| rt::invalid_request(OPERATION, reason) };
                        self.invalid += 1;
                    }
                    Expr::Try(attempt) => {
                        let Expr::MethodCall(call) = attempt.expr.as_ref() else {
                            return;
                        };
                        if call.method == "build" {
                            *expr = parse_quote! {
                                #call.map_err(|error| rt::unbuildable(OPERATION, error))?
                            };
                            self.builds += 1;
                        } else if call.method == "try_into" {
                            *expr = parse_quote! {
                                #call.map_err(|_| rt::invalid_header(OPERATION))?
                            };
                        }
                    }
                    _ => {}
                }
            }
        }
        let constant = constant_name(&super::method_name(self.operation.id.unwrap_or_default()));
        let values = self.structure.fields.len().saturating_sub(1);
        let mut visitor = Name {
            invalid: 0,
            builds: 0,
        };
        let send = self.function("send")?;
        visitor.visit_block_mut(&mut send.block);
        send.block.stmts.insert(
            0,
            parse_quote! { const OPERATION: &Operation = &operations::#constant; },
        );
        self.expect("name_operation_in_errors", visitor.invalid, values)?;
        self.expect("name_operation_in_errors", visitor.builds, 1)
    }

    /// An empty path parameter, `.` or `..` would address another resource; anything else is
    /// percent-encoded into one segment.
    fn refuse_ambiguous_path_segments(&mut self) -> Result<(), String> {
        let rewrite = "refuse_ambiguous_path_segments";
        let names: Vec<String> = self.placeholders().into_iter().map(str::to_owned).collect();
        let send = self.function("send")?;
        let mut count = 0;
        for statement in &mut send.block.stmts {
            let Stmt::Local(local) = statement else {
                continue;
            };
            let Some(init) = &mut local.init else {
                continue;
            };
            let Expr::Macro(format) = init.expr.as_mut() else {
                continue;
            };
            let arguments = format
                .mac
                .parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated)
                .map_err(|error| format!("rewrite {rewrite}: {error}"))?;
            let mut names = names.iter();
            let rewritten: Vec<Expr> = arguments
                .into_iter()
                .map(|argument| match encoded_value(&argument) {
                    Some(value) => {
                        count += 1;
                        let name = names.next();
                        parse_quote! { rt::path_segment(OPERATION, #name, &#value)? }
                    }
                    None => argument,
                })
                .collect();
            format.mac.tokens = quote! { #(#rewritten),* };
        }
        self.expect(rewrite, count, names.len())
    }

    /// The documentation knows no `api-version`.
    fn drop_api_version_header(&mut self) -> Result<(), String> {
        let send = self.function("send")?;
        let before = send.block.stmts.len();
        send.block.stmts.retain(|statement| {
            let name = appended_header(statement).map(|name| name.to_token_stream().to_string());
            !name.is_some_and(|name| name.contains("\"api-version\""))
        });
        let dropped = before - send.block.stmts.len();
        if !send
            .block
            .stmts
            .iter()
            .any(|s| appended_header(s).is_some())
        {
            drop_header_map(&mut send.block);
        }
        self.expect("drop_api_version_header", dropped, 1)
    }

    /// All requests accept the same: the client adds the header to each.
    fn leave_accept_to_client(&mut self) -> Result<(), String> {
        struct Drop(usize);
        impl VisitMut for Drop {
            fn visit_expr_mut(&mut self, expr: &mut Expr) {
                visit_mut::visit_expr_mut(self, expr);
                if let Expr::MethodCall(call) = expr
                    && call.method == "header"
                    && let Some(Expr::Path(name)) = call.args.first()
                    && is_path(&name.path, &["reqwest", "header", "ACCEPT"])
                {
                    self.0 += 1;
                    *expr = (*call.receiver).clone();
                }
            }
        }
        let mut drop = Drop(0);
        drop.visit_block_mut(&mut self.function("send")?.block);
        // An answer without a body is accepted as it is.
        self.expect("leave_accept_to_client", drop.0, drop.0.min(1))
    }

    /// The generated code holds no HTTP client of its own.
    fn send_through_client(&mut self) -> Result<(), String> {
        struct Fields {
            client: Ident,
            count: usize,
        }
        impl VisitMut for Fields {
            fn visit_expr_mut(&mut self, expr: &mut Expr) {
                visit_mut::visit_expr_mut(self, expr);
                let Expr::Field(field) = expr else {
                    return;
                };
                let is_client = matches!(field.base.as_ref(), Expr::Path(path) if path.path.is_ident(&self.client));
                let syn::Member::Named(member) = &field.member else {
                    return;
                };
                let client = &self.client;
                if is_client && member == "client" {
                    self.count += 1;
                    *expr = parse_quote! { #client.http() };
                } else if is_client && member == "baseurl" {
                    self.count += 1;
                    *expr = parse_quote! { #client.endpoint() };
                }
            }

            fn visit_macro_mut(&mut self, call: &mut syn::Macro) {
                let arguments =
                    call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
                if let Ok(mut arguments) = arguments {
                    arguments
                        .iter_mut()
                        .for_each(|argument| self.visit_expr_mut(argument));
                    call.tokens = quote! { #arguments };
                }
            }
        }
        let client = self.client.clone();
        let mut visitor = Fields { client, count: 0 };
        let send = self.function("send")?;
        visitor.visit_block_mut(&mut send.block);
        let is_super_client = self.structure.fields.iter_mut().next();
        if let Some(field) = is_super_client {
            field.ty = parse_quote! { &'a crate::Client };
        }
        let new = self.function("new")?;
        if let Some(FnArg::Typed(argument)) = new.sig.inputs.iter_mut().next() {
            *argument.ty = parse_quote! { &'a crate::Client };
        }
        self.expect("send_through_client", visitor.count, 2)
    }

    /// One function executes and judges the answer, instead of three hooks and a `match`.
    fn execute_through_rt(&mut self) -> Result<(), String> {
        let client = self.client.clone();
        let send = self.function("send")?;
        let tail_start = send.block.stmts.iter().position(|statement| {
            let Stmt::Local(local) = statement else {
                return false;
            };
            let value = local.init.as_ref().map(|init| init.expr.as_ref());
            matches!(value, Some(Expr::Struct(info)) if info.path.is_ident("OperationInfo"))
        });
        let tail: Vec<Stmt> = match tail_start {
            Some(start) => send.block.stmts.drain(start..).collect(),
            None => Vec::new(),
        };
        let text = quote! { #(#tail)* }.to_string();
        let decode = if text.contains("ResponseValue :: from_response") {
            quote! { decode }
        } else if text.contains("ResponseValue :: empty") {
            quote! { ignore_body }
        } else {
            return Err(self.fail(
                "execute_through_rt",
                "the answer is not handled as expected",
            ));
        };
        let request = send
            .block
            .stmts
            .iter_mut()
            .rev()
            .find_map(|statement| match statement {
                Stmt::Local(local) => match &mut local.pat {
                    syn::Pat::Ident(pattern) if pattern.mutability.is_some() => {
                        local.attrs.clear();
                        pattern.mutability = None;
                        Some(pattern.ident.clone())
                    }
                    _ => None,
                },
                _ => None,
            });
        let request = request.unwrap_or_else(|| format_ident!("request"));
        let span = format!("csms.{}", self.operation.id.unwrap_or_default());
        let send = self.function("send")?;
        let started = parse_quote! { let call_started = rt::now(); };
        send.block.stmts.insert(0, started);
        send.block.stmts.push(Stmt::Expr(
            parse_quote! {
                rt::traced!(#span, #client, rt::execute(#client, #request, OPERATION, call_started)).await?.#decode()
            },
            None,
        ));
        self.expect("execute_through_rt", tail.len(), 6)
    }

    /// `?` works in users' functions because every operation fails with the same type.
    fn return_one_error_type(&mut self) -> Result<(), String> {
        struct Plain(usize);
        impl VisitMut for Plain {
            fn visit_path_mut(&mut self, path: &mut syn::Path) {
                visit_mut::visit_path_mut(self, path);
                if is_path(path, &["Error"])
                    && let Some(segment) = path.segments.first_mut()
                    && !segment.arguments.is_none()
                {
                    segment.arguments = syn::PathArguments::None;
                    self.0 += 1;
                }
            }
        }
        let mut visitor = Plain(0);
        let send = self.function("send")?;
        visitor.visit_return_type_mut(&mut send.sig.output);
        self.expect("return_one_error_type", visitor.0, 1)
    }
}

/// `types::X` of `types::builder::X`.
fn built_type(builder: &Type) -> Type {
    let mut ty = builder.clone();
    if let Type::Path(path) = &mut ty {
        path.path.segments = path
            .path
            .segments
            .iter()
            .filter(|s| s.ident != "builder")
            .cloned()
            .collect();
    }
    ty
}

/// `x` of `header_map.append(x, …)`.
fn appended_header(statement: &Stmt) -> Option<&Expr> {
    let Stmt::Expr(Expr::MethodCall(call), _) = statement else {
        return None;
    };
    let is_map =
        matches!(call.receiver.as_ref(), Expr::Path(path) if path.path.is_ident("header_map"));
    call.args
        .first()
        .filter(|_| is_map && call.method == "append")
}

/// `x` of `let x = …` and `let mut x = …`.
fn local_name(local: &syn::Local) -> Option<&Ident> {
    match &local.pat {
        syn::Pat::Ident(pattern) => Some(&pattern.ident),
        _ => None,
    }
}

fn drop_header_map(block: &mut syn::Block) {
    struct Drop;
    impl VisitMut for Drop {
        fn visit_expr_mut(&mut self, expr: &mut Expr) {
            visit_mut::visit_expr_mut(self, expr);
            if let Expr::MethodCall(call) = expr
                && call.method == "headers"
            {
                *expr = (*call.receiver).clone();
            }
        }
    }
    block.stmts.retain(|statement| {
        !matches!(statement, Stmt::Local(local) if local_name(local).is_some_and(|name| name == "header_map"))
    });
    Drop.visit_block_mut(block);
}

/// `x` of `encode_path(&x.to_string())`.
fn encoded_value(argument: &Expr) -> Option<Expr> {
    let Expr::Call(call) = argument else {
        return None;
    };
    let Expr::Path(function) = call.func.as_ref() else {
        return None;
    };
    if !is_path(&function.path, &["encode_path"]) {
        return None;
    }
    let Expr::Reference(reference) = call.args.first()? else {
        return None;
    };
    match reference.expr.as_ref() {
        Expr::MethodCall(call) if call.method == "to_string" => Some((*call.receiver).clone()),
        _ => None,
    }
}

/// `T` of a bound `TryInto<T>` on the argument of a setter.
fn setter_target(setter: &ImplItemFn) -> Option<Type> {
    let clause = setter.sig.generics.where_clause.as_ref()?;
    clause.predicates.iter().find_map(|predicate| {
        let syn::WherePredicate::Type(predicate) = predicate else {
            return None;
        };
        predicate.bounds.iter().find_map(|bound| {
            let syn::TypeParamBound::Trait(bound) = bound else {
                return None;
            };
            let last = bound.path.segments.last()?;
            (last.ident == "TryInto").then(|| first_argument(&last.arguments).cloned())?
        })
    })
}

/// `X` of `…::name<X, …>`.
pub fn generic_argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else {
        return None;
    };
    let last = path.path.segments.last()?;
    if last.ident == name {
        first_argument(&last.arguments)
    } else {
        None
    }
}

fn first_argument(arguments: &syn::PathArguments) -> Option<&Type> {
    let syn::PathArguments::AngleBracketed(arguments) = arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        syn::GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

fn is_path(path: &syn::Path, names: &[&str]) -> bool {
    path.segments.len() == names.len()
        && path
            .segments
            .iter()
            .zip(names)
            .all(|(segment, name)| segment.ident == name)
}

fn functions(block: &mut ItemImpl) -> impl Iterator<Item = &mut ImplItemFn> {
    block.items.iter_mut().filter_map(|item| match item {
        ImplItem::Fn(function) => Some(function),
        _ => None,
    })
}

fn structs(items: &[Item]) -> impl Iterator<Item = &ItemStruct> {
    items.iter().filter_map(|item| match item {
        Item::Struct(item) => Some(item),
        _ => None,
    })
}

fn structs_mut(items: &mut [Item]) -> impl Iterator<Item = &mut ItemStruct> {
    items.iter_mut().filter_map(|item| match item {
        Item::Struct(item) => Some(item),
        _ => None,
    })
}

/// The types of the fields of each struct, without the `Option` around them.
fn field_types(types: &[Item]) -> FieldTypes {
    structs(types)
        .map(|item| {
            let fields = item.fields.iter().filter_map(|field| {
                let ty = generic_argument(&field.ty, "Option").unwrap_or(&field.ty);
                Some((field.ident.as_ref()?.to_string(), ty.clone()))
            });
            (item.ident.to_string(), fields.collect())
        })
        .collect()
}

/// Type to field to its documentation.
fn field_docs(types: &[Item]) -> HashMap<String, HashMap<String, Vec<Attribute>>> {
    structs(types)
        .map(|item| {
            let fields = item.fields.iter().filter_map(|field| {
                let text = field.attrs.iter().find_map(doc_text)?;
                Some((
                    field.ident.as_ref()?.to_string(),
                    doc_attributes(text.trim()),
                ))
            });
            (item.ident.to_string(), fields.collect())
        })
        .collect()
}

fn doc_text(attribute: &Attribute) -> Option<String> {
    let syn::Meta::NameValue(meta) = &attribute.meta else {
        return None;
    };
    match &meta.value {
        Expr::Lit(literal) if meta.path.is_ident("doc") => match &literal.lit {
            syn::Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

fn doc_attributes(text: &str) -> Vec<Attribute> {
    let attribute = |line: String| Attribute {
        pound_token: Default::default(),
        style: syn::AttrStyle::Outer,
        bracket_token: Default::default(),
        meta: syn::Meta::NameValue(syn::MetaNameValue {
            path: format_ident!("doc").into(),
            eq_token: Default::default(),
            value: Expr::Lit(syn::ExprLit {
                attrs: Vec::new(),
                lit: syn::LitStr::new(&line, Span::call_site()).into(),
            }),
        }),
    };
    doc_lines(text).map(attribute).collect()
}

/// A name without the marks that tell a Rust identifier from the name on the wire.
fn plain_name(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

fn expect_count(rewrite: &str, count: usize, expected: usize) -> Result<(), String> {
    if count == expected {
        Ok(())
    } else {
        Err(format!(
            "rewrite {rewrite} changed {count} places where it should change {expected}; \
             progenitor's output has changed, see CONTRIBUTING.md"
        ))
    }
}

fn unexpected(rewrite: &str, item: &Item) -> String {
    let text: String = item
        .to_token_stream()
        .to_string()
        .chars()
        .take(80)
        .collect();
    format!("rewrite {rewrite} does not know this item: {text}")
}
