//! `#[derive(PgComposite)]`: a struct as a composite type.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Result};

use crate::attr::{Errors, Keys, for_each};
use crate::field::ModelField;
use crate::model::columns;
use crate::type_head::{self, TypeHead};

const KEYS: Keys = Keys::new("`#[pg_composite(...)]`", &["schema", "name", "comment", "renamed_from"]);

/// The keys of a field that an attribute of a type may have.
const OF_FIELD: &[&str] = &["column", "type", "collate", "comment"];

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let wrong = |message| Err(Error::new(input.ident.span(), message));
    let Data::Struct(data) = &input.data else {
        return wrong("`PgComposite` is derived on a struct with named fields");
    };
    let named = match &data.fields {
        Fields::Named(named) if !named.named.is_empty() => named,
        Fields::Named(_) | Fields::Unnamed(_) | Fields::Unit => {
            return wrong("a composite type needs named fields, which become its attributes");
        }
    };
    if !input.generics.params.is_empty() {
        return wrong("a composite type has no type parameters or lifetimes");
    }
    let (mut errors, mut head, mut seen) = (Errors::default(), TypeHead::default(), Vec::new());
    for_each(&input.attrs, "pg_composite", &mut errors, |input| {
        KEYS.parse(input, &mut seen, |item, key, input| head.item(item, key, input))
    });
    let with_names = named.named.iter().filter_map(|field| Some((field, field.ident.as_ref()?)));
    let fields: Vec<_> =
        with_names.map(|(field, ident)| ModelField::parse(field, ident, &mut errors)).collect();
    for key in fields.iter().flat_map(|field| &field.seen) {
        if !OF_FIELD.iter().any(|known| key == known) {
            let message = format!("an attribute of a type has no `{key}`; a column of that type has");
            errors.at(key.span(), message);
        }
    }
    columns(&fields, &mut errors);
    let attributes = fields.iter().map(|field| field.tokens().0);
    let (ident, idents) = (&input.ident, fields.iter().map(|field| &field.ident));
    let uses = quote! {
        use ::djogi_core::__private::NotNull as _;
        const _: fn(&#ident) = |value| {
            let _ = (#(&value.#idents,)*);
        };
    };
    let head = head.tokens(ident, &mut errors);
    let descriptor_type = quote!(__d::CompositeDescriptor);
    let descriptor = quote!(#descriptor_type { head: #head, attributes: &[#(#attributes),*] });
    errors.finish(type_head::declare(ident, &quote!(Composite), &descriptor_type, &descriptor, &uses))
}
