//! How a relation and its columns are stored: `storage(...)`, `unlogged`, `tablespace`, and the like.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, Lit, LitStr, Result, Token};

use crate::attr::{Keys, equals, flag, identifier, integer, name, string, word};
use crate::columns::Overrides;
use crate::constraint::options;

/// What is said of a relation.
#[derive(Default)]
pub(crate) struct Storage {
    parameters: Vec<(String, String)>,
    unlogged: bool,
    tablespace: Option<LitStr>,
    access_method: Option<LitStr>,
    replica_identity: Option<TokenStream>,
}

/// The keys of a model that are about its storage.
pub(crate) const KEYS: [&str; 5] = ["storage", "unlogged", "tablespace", "access_method", "replica_identity"];

impl Storage {
    pub(crate) fn item(&mut self, item: &str, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match item {
            "storage" => self.parameters = parameters(key, input)?,
            "unlogged" => {
                flag(key, input)?;
                self.unlogged = true;
            }
            "tablespace" => self.tablespace = Some(name(key, input)?),
            "access_method" => self.access_method = Some(name(key, input)?),
            _ => self.replica_identity = Some(replica_identity(key, input)?),
        }
        Ok(())
    }

    pub(crate) fn tokens(&self) -> Option<TokenStream> {
        let mut overrides = Overrides::default();
        if !self.parameters.is_empty() {
            let parameters = self.parameters.iter().map(|(name, value)| quote!((#name, #value)));
            overrides.set("parameters", quote!(&[#(#parameters),*]));
        }
        overrides.when("unlogged", self.unlogged);
        overrides.some("tablespace", self.tablespace.as_ref());
        overrides.some("access_method", self.access_method.as_ref());
        if let Some(identity) = &self.replica_identity {
            overrides.set("replica_identity", identity);
        }
        let ty = quote!(__d::StorageDescriptor);
        overrides.any().then(|| overrides.over(&ty, &quote!(#ty::DEFAULT)))
    }
}

/// The storage parameters of tables (manual, reference page of CREATE TABLE).
const PARAMETERS: Keys = Keys::new(
    "`storage(...)`",
    &[
        "fillfactor",
        "toast_tuple_target",
        "parallel_workers",
        "autovacuum_enabled",
        "vacuum_index_cleanup",
        "vacuum_truncate",
        "autovacuum_vacuum_threshold",
        "autovacuum_vacuum_max_threshold",
        "autovacuum_vacuum_scale_factor",
        "autovacuum_vacuum_insert_threshold",
        "autovacuum_vacuum_insert_scale_factor",
        "autovacuum_analyze_threshold",
        "autovacuum_analyze_scale_factor",
        "autovacuum_vacuum_cost_delay",
        "autovacuum_vacuum_cost_limit",
        "autovacuum_freeze_min_age",
        "autovacuum_freeze_max_age",
        "autovacuum_freeze_table_age",
        "autovacuum_multixact_freeze_min_age",
        "autovacuum_multixact_freeze_max_age",
        "autovacuum_multixact_freeze_table_age",
        "log_autovacuum_min_duration",
        "vacuum_max_eager_freeze_failure_rate",
        "user_catalog_table",
        "toast",
    ],
);

/// Of them, those that a TOAST table has.
const TOAST: Keys = Keys::new(
    "`toast(...)`",
    &[
        "autovacuum_enabled",
        "vacuum_index_cleanup",
        "vacuum_truncate",
        "autovacuum_vacuum_threshold",
        "autovacuum_vacuum_max_threshold",
        "autovacuum_vacuum_scale_factor",
        "autovacuum_vacuum_insert_threshold",
        "autovacuum_vacuum_insert_scale_factor",
        "autovacuum_vacuum_cost_delay",
        "autovacuum_vacuum_cost_limit",
        "autovacuum_freeze_min_age",
        "autovacuum_freeze_max_age",
        "autovacuum_freeze_table_age",
        "autovacuum_multixact_freeze_min_age",
        "autovacuum_multixact_freeze_max_age",
        "autovacuum_multixact_freeze_table_age",
        "log_autovacuum_min_duration",
        "vacuum_max_eager_freeze_failure_rate",
    ],
);

/// `storage(fillfactor = 70, toast(autovacuum_enabled = off))`.
fn parameters(key: &Ident, input: ParseStream<'_>) -> Result<Vec<(String, String)>> {
    let mut parameters = Vec::new();
    options(&PARAMETERS, key, input, |item, key, input| {
        if item == "toast" {
            return options(&TOAST, key, input, |item, key, input| {
                parameters.push((format!("toast.{item}"), value(key, input)?));
                Ok(())
            });
        }
        parameters.push((item.to_owned(), value(key, input)?));
        Ok(())
    })?;
    if parameters.is_empty() {
        return Err(Error::new(key.span(), format!("`{key}` must not be empty")));
    }
    Ok(parameters)
}

/// A number with its sign, or a word.
fn value(key: &Ident, input: ParseStream<'_>) -> Result<String> {
    equals(key, "70", input)?;
    let sign = if input.parse::<Option<Token![-]>>()?.is_some() { "-" } else { "" };
    if sign.is_empty() && input.peek(syn::Ident::peek_any) && !input.peek(Lit) {
        let words = &["on", "off", "auto"];
        return word(&format!("`{key}`"), words, input).map(str::to_owned);
    }
    let wrong = |span| Error::new(span, format!("`{key}` takes a number, `on`, `off`, `true` or `false`"));
    let literal: Lit = input.parse().map_err(|error| wrong(error.span()))?;
    match &literal {
        Lit::Int(int) if int.suffix().is_empty() => Ok(format!("{sign}{}", int.base10_digits())),
        Lit::Float(float) if float.suffix().is_empty() => Ok(format!("{sign}{}", float.base10_digits())),
        Lit::Bool(value) if sign.is_empty() => Ok(value.value.to_string()),
        other => Err(wrong(other.span())),
    }
}

/// `replica_identity = full`, `nothing` or the name of a unique index.
fn replica_identity(key: &Ident, input: ParseStream<'_>) -> Result<TokenStream> {
    equals(key, "full", input)?;
    if input.peek(LitStr) {
        let index = string("the name of an index", input)?;
        identifier(&index.value(), index.span())?;
        return Ok(quote!(__d::ReplicaIdentityDescriptor::Index(#index)));
    }
    Ok(match word("`replica_identity`", &["full", "nothing"], input)? {
        "full" => quote!(__d::ReplicaIdentityDescriptor::Full),
        _ => quote!(__d::ReplicaIdentityDescriptor::Nothing),
    })
}

/// What is said of a column.
#[derive(Default)]
pub(crate) struct ColumnStorage {
    storage: Option<&'static str>,
    compression: Option<&'static str>,
    statistics: Option<i32>,
}

/// The keys of a field that are about its storage.
pub(crate) const COLUMN_KEYS: [&str; 3] = ["storage", "compression", "statistics"];

impl ColumnStorage {
    pub(crate) fn item(&mut self, item: &str, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match item {
            "storage" => {
                equals(key, "external", input)?;
                let known = &["plain", "external", "extended", "main"];
                self.storage = Some(word("`storage`", known, input)?);
            }
            "compression" => {
                equals(key, "lz4", input)?;
                self.compression = Some(word("`compression`", &["pglz", "lz4"], input)?);
            }
            _ => {
                let value = integer(key, input)?;
                let wrong = || Error::new(key.span(), "`statistics` is between 0 and 10000");
                let value = i32::try_from(value).ok().filter(|value| (0..=10_000).contains(value));
                self.statistics = Some(value.ok_or_else(wrong)?);
            }
        }
        Ok(())
    }

    pub(crate) fn tokens(&self) -> Option<TokenStream> {
        let mut overrides = Overrides::default();
        for (name, value) in [("storage", self.storage), ("compression", self.compression)] {
            if let Some(value) = value {
                overrides.set(name, quote!(::core::option::Option::Some(#value)));
            }
        }
        if let Some(statistics) = self.statistics {
            overrides.set("statistics", quote!(::core::option::Option::Some(#statistics)));
        }
        let ty = quote!(__d::ColumnStorageDescriptor);
        overrides.any().then(|| overrides.over(&ty, &quote!(#ty::DEFAULT)))
    }
}
