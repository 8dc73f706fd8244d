//! `#[derive(PgEnum)]`: a Rust enum without data as a PostgreSQL enum type.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Data, DeriveInput, Error, Expr, ExprLit, Fields, Lit, LitStr, Meta, Result, Variant};

use crate::attr::{Errors, Keys, for_each, identifier, line, name, text, unknown};
use crate::case::{CASES, rename, snake_case};
use crate::constraint::optional;
use crate::model::source;

const KEYS: Keys =
    Keys::new("`#[pg_enum(...)]`", &["schema", "name", "rename_all", "comment", "renamed_from"]);

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let (mut schema, mut type_name, mut case) = (None, None, "snake_case".to_owned());
    let (mut comment, mut renamed_from) = (None, None);
    let mut seen = Vec::new();
    for_each(&input.attrs, "pg_enum", &mut errors, |input| {
        KEYS.parse(input, &mut seen, |item, key, input| {
            match item {
                "schema" => schema = Some(name(key, input)?),
                "name" => type_name = Some(name(key, input)?),
                "comment" => comment = Some(text(key, input)?),
                "renamed_from" => renamed_from = Some(text(key, input)?),
                _ => case = rename_all(key, input)?,
            }
            Ok(())
        })
    });
    let ident = &input.ident;
    let rust_name = ident.to_string();
    let type_name = type_name.as_ref().map_or_else(|| snake_case(&rust_name), LitStr::value);
    errors.catch(identifier(&type_name, ident.span()));
    let variants = variants(input, &case, &mut errors)?;
    let labelled = variant_idents(input);
    let count = labelled.len();
    let (schema, comment) = (optional(schema.as_ref()), optional(comment.as_ref()));
    let (renamed_from, source) = (optional(renamed_from.as_ref()), source(line(ident.span())));
    errors.finish(quote! {
        const _: () = {
            use ::djogi_core::__private as __d;
            static DESCRIPTOR: __d::EnumDescriptor = __d::EnumDescriptor {
                rust_name: #rust_name,
                source: #source,
                schema: #schema,
                name: #type_name,
                comment: #comment,
                renamed_from: #renamed_from,
                variants: &[#(#variants),*],
            };
            impl __d::PgType for #ident {
                const TYPE: &'static __d::TypeDescriptor = &__d::TypeDescriptor::Enum(&DESCRIPTOR);
            }
            impl __d::PgEnum for #ident {
                const ENUM: &'static __d::EnumDescriptor = &DESCRIPTOR;
            }
            // A label is in use although the program may never construct its variant.
            const _: fn() -> [#ident; #count] = || [#(#ident::#labelled),*];
        };
    })
}

/// The variants that can be constructed from their name.
fn variant_idents(input: &DeriveInput) -> Vec<&Ident> {
    let Data::Enum(data) = &input.data else { return Vec::new() };
    data.variants.iter().map(|variant| &variant.ident).collect()
}

fn rename_all(key: &Ident, input: syn::parse::ParseStream<'_>) -> Result<String> {
    let literal = text(key, input)?;
    let case = literal.value();
    if CASES.contains(&case.as_str()) {
        return Ok(case);
    }
    Err(unknown("case", &case, "`rename_all`", CASES.iter().copied(), literal.span()))
}

fn variants(input: &DeriveInput, case: &str, errors: &mut Errors) -> Result<Vec<TokenStream>> {
    let wrong = |message| Err(Error::new(input.ident.span(), message));
    let Data::Enum(data) = &input.data else {
        return wrong("`PgEnum` is derived on an enum");
    };
    if !input.generics.params.is_empty() {
        return wrong("an enum type has no type parameters");
    }
    if data.variants.is_empty() {
        return wrong("an enum type needs at least one label");
    }
    let mut labels: Vec<(String, &Ident)> = Vec::with_capacity(data.variants.len());
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            errors.at(variant.ident.span(), "a label holds no data, so its variant has none");
        }
        let (label, span) = match errors.catch(label(variant)).flatten() {
            Some(label) => (label.value(), label.span()),
            None => (rename(&variant.ident.unraw().to_string(), case), variant.ident.span()),
        };
        errors.catch(identifier(&label, span));
        if let Some((_, other)) = labels.iter().find(|(known, _)| *known == label) {
            errors.at(span, format!("`{other}` already has the label `{label}`"));
        }
        labels.push((label, &variant.ident));
    }
    let descriptor = |(label, ident): &(String, &Ident)| {
        let name = ident.unraw().to_string();
        quote!(__d::VariantDescriptor { name: #name, label: #label })
    };
    Ok(labels.iter().map(descriptor).collect())
}

/// `#[label = "..."]` of a variant.
fn label(variant: &Variant) -> Result<Option<LitStr>> {
    let mut attrs = variant.attrs.iter().filter(|attr| attr.path().is_ident("label"));
    let Some(attr) = attrs.next() else { return Ok(None) };
    if let Some(second) = attrs.next() {
        return Err(Error::new_spanned(second, "a variant has one label"));
    }
    let wrong =
        |what: &dyn quote::ToTokens| Error::new_spanned(what, "a label is written `#[label = \"...\"]`");
    let Meta::NameValue(pair) = &attr.meta else { return Err(wrong(&attr.meta)) };
    match &pair.value {
        Expr::Lit(ExprLit { lit: Lit::Str(label), .. }) if !label.value().is_empty() => {
            crate::attr::refuse_nul(label, &label.value())?;
            Ok(Some(label.clone()))
        }
        other => Err(wrong(other)),
    }
}
