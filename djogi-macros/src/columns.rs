//! Column names in attributes. A model writes the names of its fields; the descriptor holds columns.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::{Error, Result};

use crate::nearest::nearest;

/// The columns of one model by field name.
pub(crate) struct Columns(pub(crate) Vec<(String, String)>);

impl Columns {
    /// The column behind a field name; a column name is understood as well.
    pub(crate) fn resolve(&self, ident: &Ident) -> Result<&str> {
        let name = ident.unraw().to_string();
        let by_field = self.0.iter().find(|(field, _)| *field == name);
        let found = by_field.or_else(|| self.0.iter().find(|(_, column)| *column == name));
        found.map(|(_, column)| column.as_str()).ok_or_else(|| {
            let help = nearest(&name, self.0.iter().map(|(field, _)| field.as_str()))
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            Error::new(ident.span(), format!("`{name}` is not a field of this model{help}"))
        })
    }

    /// `&["a", "b"]`, refusing a column that is named twice.
    pub(crate) fn list(&self, idents: &[Ident]) -> Result<TokenStream> {
        let mut columns = Vec::with_capacity(idents.len());
        for ident in idents {
            let column = self.resolve(ident)?;
            if columns.contains(&column) {
                return Err(Error::new(ident.span(), format!("`{ident}` is named twice")));
            }
            columns.push(column);
        }
        Ok(quote!(&[#(#columns),*]))
    }
}

/// The fields of a struct expression that differ from its constructor's, as `name: value,` pairs.
#[derive(Default)]
pub(crate) struct Overrides(TokenStream);

impl Overrides {
    pub(crate) fn some(&mut self, field: &str, value: Option<&syn::LitStr>) {
        if let Some(value) = value {
            let text = value.value();
            self.set(field, quote!(::core::option::Option::Some(#text)));
        }
    }

    pub(crate) fn when(&mut self, field: &str, condition: bool) {
        if condition {
            self.set(field, quote!(true));
        }
    }

    pub(crate) fn set(&mut self, field: &str, value: impl quote::ToTokens) {
        let field = Ident::new(field, proc_macro2::Span::call_site());
        self.0.extend(quote!(#field: #value,));
    }

    pub(crate) fn any(&self) -> bool {
        !self.0.is_empty()
    }

    /// `Type { overridden, ..Type::new(args) }`, or the constructor alone.
    pub(crate) fn over(self, ty: &TokenStream, constructor: &TokenStream) -> TokenStream {
        let overrides = self.0;
        if overrides.is_empty() {
            return constructor.clone();
        }
        quote!(#ty { #overrides ..#constructor })
    }
}
