//! `#[derive(PgType)]`: a newtype is stored as what it wraps.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Data, DeriveInput, Error, Result};

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let wrong = || {
        let message = "`PgType` is derived on a struct with one field; other types write \
                       `#[field(type = \"...\")]` where they are used";
        Error::new(input.ident.span(), message)
    };
    let Data::Struct(data) = &input.data else { return Err(wrong()) };
    let mut fields = data.fields.iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return Err(wrong()) };
    if !input.generics.params.is_empty() {
        return Err(Error::new(input.ident.span(), "a newtype with parameters has no one PostgreSQL type"));
    }
    let (ident, ty) = (&input.ident, &field.ty);
    let member = data.fields.members().next();
    let mapped = quote_spanned!(ty.span()=> <#ty as ::djogi_core::__private::PgType>::TYPE);
    Ok(quote! {
        impl ::djogi_core::__private::PgType for #ident {
            const TYPE: &'static ::djogi_core::__private::TypeDescriptor = #mapped;
        }
        // The value is in use although the program may never read it.
        const _: fn(&#ident) = |value| {
            let _ = &value.#member;
        };
    })
}
