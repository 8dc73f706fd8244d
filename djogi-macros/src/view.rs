//! `view = "..."` and `materialized_view = "..."`: a model whose rows are what a query gives.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Error, LitStr, Result};

use crate::attr::{Errors, equals, flag, text, word};
use crate::columns::Overrides;
use crate::field::ModelField;

/// What is said of a view.
#[derive(Default)]
pub(crate) struct View {
    query: Option<(Sort, LitStr)>,
    options: Vec<(&'static str, &'static str)>,
    options_span: Option<Span>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Plain,
    Materialized,
}

/// The keys of a model that are about views.
pub(crate) const KEYS: [&str; 5] =
    ["view", "materialized_view", "security_invoker", "security_barrier", "check_option"];

/// The keys of a model that a view may have besides, and those that a materialized view may have.
const OF_VIEW: &[&str] = &["schema", "table", "comment", "renamed_from", "target", "trigger", "grant"];
const OF_MATERIALIZED: &[&str] = &[
    "schema",
    "table",
    "comment",
    "renamed_from",
    "target",
    "grant",
    "index",
    "storage",
    "tablespace",
    "access_method",
];

/// The keys of a field that a column of a view may have.
const OF_FIELD: &[&str] = &["column", "type", "comment"];

impl View {
    pub(crate) fn item(&mut self, item: &str, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match item {
            "view" | "materialized_view" => {
                let sort = if item == "view" { Sort::Plain } else { Sort::Materialized };
                let query = text(key, input)?;
                if query.value().trim_end().ends_with(';') {
                    return Err(Error::new(query.span(), "a query ends without a semicolon"));
                }
                if self.query.replace((sort, query)).is_some() {
                    let message = "a model is either a `view` or a `materialized_view`";
                    return Err(Error::new(key.span(), message));
                }
            }
            "check_option" => {
                equals(key, "local", input)?;
                let option = word("`check_option`", &["local", "cascaded"], input)?;
                self.options.push(("check_option", option));
                self.options_span = Some(key.span());
            }
            _ => {
                flag(key, input)?;
                let known = KEYS.iter().copied().find(|known| *known == item);
                self.options.extend(known.map(|known| (known, "true")));
                self.options_span = Some(key.span());
            }
        }
        Ok(())
    }

    /// Whether the model is no table.
    pub(crate) fn is_any(&self) -> bool {
        self.query.is_some()
    }

    /// Whether it is a view that stores nothing.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self.query, Some((Sort::Plain, _)))
    }

    /// Refuses what only a table has: `seen` are the keys of the model.
    pub(crate) fn check(&self, seen: &[Ident], fields: &[ModelField], errors: &mut Errors) {
        let Some((sort, _)) = &self.query else {
            if let Some(span) = self.options_span {
                errors.at(span, "this needs `view = \"...\"`");
            }
            return;
        };
        let (what, allowed) = match sort {
            Sort::Plain => ("a view", OF_VIEW),
            Sort::Materialized => ("a materialized view", OF_MATERIALIZED),
        };
        if let (Sort::Materialized, Some(span)) = (sort, self.options_span) {
            errors.at(span, "a materialized view has no such option");
        }
        let refused = |key: &&Ident| !allowed.iter().chain(&KEYS).any(|known| *key == known);
        for key in seen.iter().filter(refused) {
            errors.at(key.span(), format!("{what} has no `{key}`; the tables that it is made from have"));
        }
        let of_field = |key: &&Ident| {
            let indexed = *sort == Sort::Materialized && *key == "index";
            !indexed && !OF_FIELD.iter().any(|known| *key == known)
        };
        for key in fields.iter().flat_map(|field| &field.seen).filter(of_field) {
            errors.at(key.span(), format!("the columns of {what} come from its query, without `{key}`"));
        }
    }

    /// `None` is a table.
    pub(crate) fn tokens(&self) -> Option<TokenStream> {
        let (sort, query) = self.query.as_ref()?;
        Some(match sort {
            Sort::Materialized => quote!(__d::RelationDescriptor::MaterializedView { query: #query }),
            Sort::Plain => {
                let mut overrides = Overrides::default();
                if !self.options.is_empty() {
                    let options = self.options.iter().map(|(name, value)| quote!((#name, #value)));
                    overrides.set("options", quote!(&[#(#options),*]));
                }
                let ty = quote!(__d::ViewDescriptor);
                let view = overrides.over(&ty, &quote!(#ty::new(#query)));
                quote!(__d::RelationDescriptor::View(#view))
            }
        })
    }
}
