//! Keys of indexes and exclusion constraints: `placed_at desc nulls last`, `"lower(email)"`,
//! `title opclass("gin_trgm_ops")`.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, LitStr, Result, Token, parenthesized};

use crate::attr::{string, unknown, word};
use crate::columns::{Columns, Overrides};

/// One key.
pub(crate) struct Key {
    on: On,
    collation: Option<LitStr>,
    opclass: Option<LitStr>,
    descending: bool,
    nulls_first: Option<bool>,
}

enum On {
    Column(Ident),
    Expression(LitStr),
}

const WORDS: &[&str] = &["asc", "desc", "nulls", "collate", "opclass"];

impl Key {
    pub(crate) fn column(field: &Ident) -> Self {
        Self::on(On::Column(field.clone()))
    }

    pub(crate) fn expression(sql: LitStr) -> Self {
        Self::on(On::Expression(sql))
    }

    fn on(on: On) -> Self {
        Self { on, collation: None, opclass: None, descending: false, nulls_first: None }
    }

    /// Reads a field name or a string with an expression, then its options up to a comma or `with`.
    pub(crate) fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut key = if input.peek(LitStr) {
            Self::expression(string("an expression", input)?)
        } else {
            let ident = input.call(Ident::parse_any).map_err(|error| {
                Error::new(error.span(), "a key is a field name, or an SQL expression in a string")
            })?;
            Self::on(On::Column(ident))
        };
        while !input.is_empty() && !input.peek(Token![,]) && !next_is_with(input) {
            key.option(input)?;
        }
        Ok(key)
    }

    fn option(&mut self, input: ParseStream<'_>) -> Result<()> {
        let ident = input.call(Ident::parse_any)?;
        match ident.to_string().as_str() {
            "asc" => self.descending = false,
            "desc" => self.descending = true,
            "nulls" => self.nulls_first = Some(word("`nulls`", &["first", "last"], input)? == "first"),
            "collate" => self.collation = Some(in_parentheses(&ident, input)?),
            "opclass" => self.opclass = Some(in_parentheses(&ident, input)?),
            other => return Err(unknown("word", other, "a key", WORDS.iter().copied(), ident.span())),
        }
        Ok(())
    }

    /// The operator class that stands for all keys which name none.
    pub(crate) fn default_opclass(&mut self, opclass: &LitStr) {
        self.opclass.get_or_insert_with(|| opclass.clone());
    }

    /// The field that it is, rather than an expression.
    pub(crate) fn field(&self) -> Option<&Ident> {
        match &self.on {
            On::Column(field) => Some(field),
            On::Expression(_) => None,
        }
    }

    /// Whether an order is given.
    pub(crate) fn is_ordered(&self) -> bool {
        self.descending || self.nulls_first.is_some()
    }

    pub(crate) fn tokens(&self, columns: &Columns) -> Result<TokenStream> {
        let constructor = match &self.on {
            On::Column(field) => {
                let column = columns.resolve(field)?;
                quote!(__d::KeyDescriptor::column(#column))
            }
            On::Expression(sql) => {
                let sql = sql.value();
                quote!(__d::KeyDescriptor::expression(#sql))
            }
        };
        let mut overrides = Overrides::default();
        overrides.some("collation", self.collation.as_ref());
        overrides.some("opclass", self.opclass.as_ref());
        overrides.when("descending", self.descending);
        if let Some(first) = self.nulls_first {
            overrides.set("nulls_first", quote!(::core::option::Option::Some(#first)));
        }
        Ok(overrides.over(&quote!(__d::KeyDescriptor), &constructor))
    }
}

fn next_is_with(input: ParseStream<'_>) -> bool {
    input.fork().call(Ident::parse_any).is_ok_and(|ident| ident == "with")
}

fn in_parentheses(key: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(key.span(), format!("`{key}` takes a name: `{key}(\"...\")`")));
    }
    let content;
    parenthesized!(content in input);
    string("a name in a string", &content)
}
