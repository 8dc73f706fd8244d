//! `#[derive(PgType)]`: a newtype is stored as what it wraps.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Member, Result, Type};

/// A struct with one field.
pub(crate) struct Newtype<'a> {
    member: Member,
    pub(crate) ty: &'a Type,
}

impl<'a> Newtype<'a> {
    pub(crate) fn read(input: &'a DeriveInput, derive: &str) -> Result<Self> {
        let wrong = || {
            let message = format!(
                "`{derive}` is derived on a struct with one field; other types write \
                 `#[field(type = \"...\")]` where they are used"
            );
            Error::new(input.ident.span(), message)
        };
        let Data::Struct(data) = &input.data else { return Err(wrong()) };
        let (mut fields, mut members) = (data.fields.iter(), data.fields.members());
        let (Some(field), Some(member), None) = (fields.next(), members.next(), fields.next()) else {
            return Err(wrong());
        };
        if !input.generics.params.is_empty() {
            let message = "a newtype with parameters has no one PostgreSQL type";
            return Err(Error::new(input.ident.span(), message));
        }
        Ok(Self { member, ty: &field.ty })
    }

    /// An item that reads the field, which the program may never do.
    pub(crate) fn uses(&self, ident: &Ident) -> TokenStream {
        let member = &self.member;
        quote! {
            const _: fn(&#ident) = |value| {
                let _ = &value.#member;
            };
        }
    }
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let newtype = Newtype::read(input, "PgType")?;
    let (ident, ty, uses) = (&input.ident, newtype.ty, newtype.uses(&input.ident));
    let mapped = quote_spanned!(ty.span()=> <#ty as ::djogi_core::__private::PgType>::TYPE);
    Ok(quote! {
        impl ::djogi_core::__private::PgType for #ident {
            const TYPE: &'static ::djogi_core::__private::TypeDescriptor = #mapped;
        }
        #uses
    })
}
