//! `#[derive(PgDomain)]`: a newtype as a domain, a type with constraints.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{DeriveInput, Error, LitStr, Result};

use crate::attr::{Errors, Keys, flag, for_each, text};
use crate::columns::Overrides;
use crate::constraint::Check;
use crate::pg_type::Newtype;
use crate::type_head::{self, TypeHead};
use crate::value::Default as DefaultValue;

const KEYS: Keys = Keys {
    place: "`#[pg_domain(...)]`",
    once: &["schema", "name", "comment", "renamed_from", "type", "collate", "default", "not_null"],
    repeatable: &["check"],
};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let newtype = Newtype::read(input, "PgDomain")?;
    let (mut errors, mut head) = (Errors::default(), TypeHead::default());
    let (mut sql_type, mut collation, mut default, mut not_null): (Option<LitStr>, _, _, _) =
        (None, None, None, false);
    let (mut checks, mut seen) = (Vec::new(), Vec::new());
    for_each(&input.attrs, "pg_domain", &mut errors, |input| {
        KEYS.parse(input, &mut seen, |item, key, input| {
            match item {
                item if type_head::KEYS.contains(&item) => head.item(item, key, input)?,
                "type" => sql_type = Some(text(key, input)?),
                "collate" => collation = Some(text(key, input)?),
                "default" => {
                    let value = DefaultValue::parse(key, input)?;
                    if matches!(value, DefaultValue::Identity | DefaultValue::Heeranjid) {
                        return Err(Error::new(
                            key.span(),
                            "only a column of a table counts: write it there",
                        ));
                    }
                    default = Some(value);
                }
                "check" => checks.push(Check::parse(key, input)?.tokens()),
                _ => {
                    flag(key, input)?;
                    not_null = true;
                }
            }
            Ok(())
        })
    });
    let (ident, ty) = (&input.ident, newtype.ty);
    let base = match &sql_type {
        Some(sql) => quote!(__d::FieldType::Sql(#sql)),
        None => quote_spanned!(ty.span()=> __d::FieldType::Mapped(<#ty as __d::PgType>::TYPE)),
    };
    let mut overrides = Overrides::default();
    overrides.some("collation", collation.as_ref());
    overrides.when("not_null", not_null);
    let mut uses = newtype.uses(ident);
    if let Some(default) = default {
        let (value, check) = default.tokens(ty);
        overrides.set("default", value);
        uses.extend(check);
    }
    if !checks.is_empty() {
        overrides.set("checks", quote!(&[#(#checks),*]));
    }
    let head = head.tokens(ident, &mut errors);
    let descriptor_type = quote!(__d::DomainDescriptor);
    let descriptor = overrides.over(&descriptor_type, &quote!(#descriptor_type::new(#head, #base)));
    errors.finish(type_head::declare(ident, &quote!(Domain), &descriptor_type, &descriptor, &uses))
}
