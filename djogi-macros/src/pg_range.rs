//! `#[derive(PgRange)]`: a newtype over a range of Rust as a range type.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{DeriveInput, LitStr, Result};

use crate::attr::{Errors, Keys, for_each, name, text};
use crate::columns::Overrides;
use crate::pg_type::Newtype;
use crate::type_head::{self, TypeHead};

const KEYS: Keys = Keys::new(
    "`#[pg_range(...)]`",
    &[
        "schema",
        "name",
        "comment",
        "renamed_from",
        "subtype",
        "multirange",
        "opclass",
        "collate",
        "subtype_diff",
    ],
);

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let newtype = Newtype::read(input, "PgRange")?;
    let (mut errors, mut head, mut seen) = (Errors::default(), TypeHead::default(), Vec::new());
    let (mut subtype, mut overrides): (Option<LitStr>, _) = (None, Overrides::default());
    for_each(&input.attrs, "pg_range", &mut errors, |input| {
        KEYS.parse(input, &mut seen, |item, key, input| {
            match item {
                item if type_head::KEYS.contains(&item) => head.item(item, key, input)?,
                "subtype" => subtype = Some(text(key, input)?),
                "multirange" => overrides.some("multirange", Some(&name(key, input)?)),
                "opclass" => overrides.some("opclass", Some(&text(key, input)?)),
                "collate" => overrides.some("collation", Some(&text(key, input)?)),
                _ => overrides.some("subtype_diff", Some(&text(key, input)?)),
            }
            Ok(())
        })
    });
    let (ident, ty) = (&input.ident, newtype.ty);
    let subtype = match &subtype {
        Some(sql) => quote!(__d::FieldType::Sql(#sql)),
        None => quote_spanned!(ty.span()=> __d::FieldType::Mapped(<#ty as __d::PgBounds>::BOUND)),
    };
    let head = head.tokens(ident, &mut errors);
    let descriptor_type = quote!(__d::RangeDescriptor);
    let descriptor = overrides.over(&descriptor_type, &quote!(#descriptor_type::new(#head, #subtype)));
    let uses = newtype.uses(ident);
    errors.finish(type_head::declare(ident, &quote!(Range), &descriptor_type, &descriptor, &uses))
}
