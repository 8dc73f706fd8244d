//! `index(...)` of a model or a field.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Error, LitInt, LitStr, Result, parenthesized};

use crate::attr::{Keys, equals, flag, integer, line, list, name, text, word};
use crate::columns::{Columns, Overrides};
use crate::key::Key;

/// One index.
pub(crate) struct Index {
    span: Span,
    name: Option<LitStr>,
    keys: Vec<Key>,
    method: Option<&'static str>,
    include: Vec<Ident>,
    unique: bool,
    nulls_not_distinct: bool,
    predicate: Option<LitStr>,
    /// Storage parameters.
    with: Vec<(String, String)>,
    comment: Option<LitStr>,
}

/// The index methods of PostgreSQL itself (manual chapter 11).
pub(crate) const METHODS: &[&str] = &["btree", "hash", "gist", "spgist", "gin", "brin"];

const MODEL_KEYS: Keys = Keys::new(
    "`index(...)`",
    &[
        "columns",
        "expr",
        "name",
        "method",
        "unique",
        "include",
        "where",
        "opclass",
        "nulls_not_distinct",
        "with",
        "comment",
    ],
);
const FIELD_KEYS: Keys = Keys::new(
    "`index(...)` of a field",
    &["name", "method", "unique", "include", "where", "opclass", "nulls_not_distinct", "with", "comment"],
);

impl Index {
    fn new(span: Span, keys: Vec<Key>) -> Self {
        let (name, method, predicate, comment) = (None, None, None, None);
        Self {
            span,
            name,
            keys,
            method,
            include: Vec::new(),
            unique: false,
            nulls_not_distinct: false,
            predicate,
            with: Vec::new(),
            comment,
        }
    }

    /// `index(columns(...), ...)` at the model.
    pub(crate) fn of_model(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let mut index = Self::new(key.span(), Vec::new());
        if !input.peek(syn::token::Paren) {
            return Err(Error::new(key.span(), "`index` takes a list: `index(columns(a, b desc))`"));
        }
        index.options(&MODEL_KEYS, input)?;
        if index.keys.is_empty() {
            return Err(Error::new(key.span(), "`index(...)` needs `columns(...)` or `expr = \"...\"`"));
        }
        Ok(index)
    }

    /// `index` or `index(...)` at a field, which is the index's one key.
    pub(crate) fn of_field(field: &Ident, key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let mut index = Self::new(key.span(), vec![Key::column(field)]);
        if input.peek(syn::token::Paren) {
            index.options(&FIELD_KEYS, input)?;
        } else {
            flag(key, input)?;
        }
        Ok(index)
    }

    fn options(&mut self, keys: &Keys, input: ParseStream<'_>) -> Result<()> {
        let content;
        parenthesized!(content in input);
        let mut opclass = None;
        keys.parse(&content, &mut Vec::new(), |item, key, input| {
            match item {
                "columns" => self.keys.extend(list(key, "a, b desc", input, Key::parse)?),
                "expr" => self.keys.push(Key::expression(text(key, input)?)),
                "name" => self.name = Some(name(key, input)?),
                "method" => self.method = Some(method(key, input)?),
                "unique" => {
                    flag(key, input)?;
                    self.unique = true;
                }
                "include" => self.include = list(key, "a, b", input, |input| input.parse())?,
                "where" => self.predicate = Some(text(key, input)?),
                "opclass" => opclass = Some(text(key, input)?),
                "with" => self.with = parameters(key, input)?,
                "comment" => self.comment = Some(text(key, input)?),
                "nulls_not_distinct" => {
                    flag(key, input)?;
                    self.nulls_not_distinct = true;
                }
                other => unreachable!("`{other}` is not among the keys of an index"),
            }
            Ok(())
        })?;
        if let Some(opclass) = &opclass {
            self.keys.iter_mut().for_each(|key| key.default_opclass(opclass));
        }
        if self.nulls_not_distinct && !self.unique {
            return Err(Error::new(self.span, "`nulls_not_distinct` needs `unique`"));
        }
        Ok(())
    }

    pub(crate) fn tokens(&self, columns: &Columns) -> Result<TokenStream> {
        let keys = self.keys.iter().map(|key| key.tokens(columns)).collect::<Result<Vec<_>>>()?;
        let line = line(self.span);
        let mut overrides = Overrides::default();
        overrides.some("name", self.name.as_ref());
        if let Some(method) = self.method {
            overrides.set("method", method);
        }
        if !self.include.is_empty() {
            overrides.set("include", columns.list(&self.include)?);
        }
        overrides.when("unique", self.unique);
        overrides.when("nulls_not_distinct", self.nulls_not_distinct);
        overrides.some("predicate", self.predicate.as_ref());
        if !self.with.is_empty() {
            let parameters = self.with.iter().map(|(name, value)| quote!((#name, #value)));
            overrides.set("options", quote!(&[#(#parameters),*]));
        }
        overrides.some("comment", self.comment.as_ref());
        let ty = quote!(__d::IndexDescriptor);
        Ok(overrides.over(&ty, &quote!(#ty::new(#line, &[#(#keys),*]))))
    }
}

/// The storage parameters of PostgreSQL's own index methods (manual, reference page of CREATE INDEX).
const PARAMETERS: Keys = Keys::new(
    "`with(...)`",
    &[
        "fillfactor",
        "deduplicate_items",
        "buffering",
        "fastupdate",
        "gin_pending_list_limit",
        "pages_per_range",
        "autosummarize",
    ],
);

/// `with(fillfactor = 90, fastupdate = off)`.
fn parameters(key: &Ident, input: ParseStream<'_>) -> Result<Vec<(String, String)>> {
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(key.span(), "`with` takes a list: `with(fillfactor = 90)`"));
    }
    let content;
    parenthesized!(content in input);
    let mut parameters = Vec::new();
    PARAMETERS.parse(&content, &mut Vec::new(), |item, key, input| {
        let value = if input.peek2(LitInt) {
            let value = integer(key, input)?;
            value.to_string()
        } else {
            equals(key, "90", input)?;
            word(&format!("`{key}`"), &["on", "off", "auto", "true", "false"], input)?.to_owned()
        };
        parameters.push((item.to_owned(), value));
        Ok(())
    })?;
    if parameters.is_empty() {
        return Err(Error::new(key.span(), "`with` must not be empty"));
    }
    Ok(parameters)
}

/// `method = gin`.
pub(crate) fn method(key: &Ident, input: ParseStream<'_>) -> Result<&'static str> {
    equals(key, "btree", input)?;
    word("`method`", METHODS, input)
}
