//! What the derives of all types of the user's own share: schema, name, comment and earlier name.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{LitStr, Result};

use crate::attr::{Errors, identifier, line, name, text};
use crate::case::snake_case;
use crate::columns::Overrides;
use crate::constraint::optional;
use crate::model::source;

#[derive(Default)]
pub(crate) struct TypeHead {
    schema: Option<LitStr>,
    name: Option<LitStr>,
    comment: Option<LitStr>,
    renamed_from: Option<LitStr>,
}

/// The keys of the head.
pub(crate) const KEYS: [&str; 4] = ["schema", "name", "comment", "renamed_from"];

impl TypeHead {
    pub(crate) fn item(&mut self, item: &str, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match item {
            "schema" => self.schema = Some(name(key, input)?),
            "name" => self.name = Some(name(key, input)?),
            "comment" => self.comment = Some(text(key, input)?),
            _ => self.renamed_from = Some(text(key, input)?),
        }
        Ok(())
    }

    pub(crate) fn tokens(&self, ident: &Ident, errors: &mut Errors) -> TokenStream {
        let rust_name = ident.to_string();
        let type_name = self.name.as_ref().map_or_else(|| snake_case(&rust_name), LitStr::value);
        errors.catch(identifier(&type_name, ident.span()));
        let (schema, source) = (optional(self.schema.as_ref()), source(line(ident.span())));
        let mut overrides = Overrides::default();
        overrides.some("comment", self.comment.as_ref());
        overrides.some("renamed_from", self.renamed_from.as_ref());
        let ty = quote!(__d::TypeHead);
        overrides.over(&ty, &quote!(#ty::new(#rust_name, #source, #schema, #type_name)))
    }
}

/// The items that make `ident` the type that `descriptor` describes.
pub(crate) fn declare(
    ident: &Ident,
    kind: &TokenStream,
    descriptor_type: &TokenStream,
    descriptor: &TokenStream,
    uses: &TokenStream,
) -> TokenStream {
    quote! {
        const _: () = {
            use ::djogi_core::__private as __d;
            // Who says everything leaves nothing to be taken from the defaults.
            #[allow(clippy::needless_update)]
            static DESCRIPTOR: #descriptor_type = #descriptor;
            impl __d::PgType for #ident {
                const TYPE: &'static __d::TypeDescriptor = &__d::TypeDescriptor::#kind(&DESCRIPTOR);
            }
            // The value is in use although the program may never read it.
            #uses
        };
    }
}
