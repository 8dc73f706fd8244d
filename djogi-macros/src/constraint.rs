//! `pk(...)`, `unique(...)`, `check(...)` and `exclude(...)`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Error, LitStr, Result, parenthesized};

use crate::attr::{Keys, flag, line, list, name, string, text};
use crate::columns::{Columns, Overrides};
use crate::index::method;
use crate::key::Key;

/// The content of `key(...)`, which must be there.
pub(crate) fn options(
    keys: &Keys,
    key: &Ident,
    input: ParseStream<'_>,
    take: impl FnMut(&str, &Ident, ParseStream<'_>) -> Result<()>,
) -> Result<()> {
    if !input.peek(syn::token::Paren) {
        return Err(Error::new(key.span(), format!("`{key}` takes a list: `{key}(...)`")));
    }
    let content;
    parenthesized!(content in input);
    keys.parse(&content, &mut Vec::new(), take)
}

/// `columns(a, b)`.
pub(crate) fn column_list(key: &Ident, input: ParseStream<'_>) -> Result<Vec<Ident>> {
    list(key, "a, b", input, |input| {
        input
            .call(Ident::parse_any)
            .map_err(|error| Error::new(error.span(), "a field name is expected here"))
    })
}

/// `deferrable` and `initially_deferred`; the second implies the first, as in SQL.
#[derive(Clone, Copy, Default)]
pub(crate) struct Deferral {
    pub(crate) deferrable: bool,
    pub(crate) initially_deferred: bool,
}

impl Deferral {
    pub(crate) fn override_in(self, overrides: &mut Overrides) {
        if self.initially_deferred || self.deferrable {
            overrides.set("deferral", self.tokens());
        }
    }

    pub(crate) fn tokens(self) -> TokenStream {
        match (self.initially_deferred, self.deferrable) {
            (true, _) => quote!(__d::Deferral::InitiallyDeferred),
            (false, true) => quote!(__d::Deferral::InitiallyImmediate),
            (false, false) => quote!(__d::Deferral::NotDeferrable),
        }
    }
}

/// The primary key.
#[derive(Clone)]
pub(crate) struct PrimaryKey {
    pub(crate) span: Span,
    pub(crate) columns: Vec<Ident>,
    pub(crate) name: Option<LitStr>,
    rest: KeyRest,
    comment: Option<LitStr>,
}

/// What a primary key and a unique constraint can say alike.
#[derive(Clone, Default)]
struct KeyRest {
    include: Vec<Ident>,
    without_overlaps: bool,
}

impl KeyRest {
    /// Whether the item is one of these.
    fn item(&mut self, item: &str, key: &Ident, input: ParseStream<'_>) -> Result<bool> {
        match item {
            "include" => self.include = column_list(key, input)?,
            "without_overlaps" => {
                flag(key, input)?;
                self.without_overlaps = true;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn override_in(&self, overrides: &mut Overrides, columns: &Columns) -> Result<()> {
        if !self.include.is_empty() {
            overrides.set("include", columns.list(&self.include)?);
        }
        overrides.when("without_overlaps", self.without_overlaps);
        Ok(())
    }
}

impl PrimaryKey {
    /// `pk(columns(a, b), name = "...")`.
    pub(crate) fn of_model(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let (columns, rest) = (Vec::new(), KeyRest::default());
        let mut primary_key = Self { span: key.span(), columns, name: None, rest, comment: None };
        let keys = Keys::new("`pk(...)`", &["columns", "include", "without_overlaps", "name", "comment"]);
        options(&keys, key, input, |item, key, input| {
            if primary_key.rest.item(item, key, input)? {
                return Ok(());
            }
            match item {
                "columns" => primary_key.columns = column_list(key, input)?,
                "comment" => primary_key.comment = Some(text(key, input)?),
                _ => primary_key.name = Some(name(key, input)?),
            }
            Ok(())
        })?;
        needs_columns(key, &primary_key.columns)?;
        Ok(primary_key)
    }

    /// `pk` or `pk(name = "...")` at a field.
    pub(crate) fn of_field(field: &Ident, key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let (columns, rest) = (vec![field.clone()], KeyRest::default());
        let mut primary_key = Self { span: key.span(), columns, name: None, rest, comment: None };
        if !input.peek(syn::token::Paren) {
            flag(key, input)?;
            return Ok(primary_key);
        }
        let keys = Keys::new("`pk(...)` of a field", &["include", "name", "comment"]);
        options(&keys, key, input, |item, key, input| {
            if primary_key.rest.item(item, key, input)? {
                return Ok(());
            }
            match item {
                "comment" => primary_key.comment = Some(text(key, input)?),
                _ => primary_key.name = Some(name(key, input)?),
            }
            Ok(())
        })?;
        Ok(primary_key)
    }

    pub(crate) fn tokens(&self, all: &Columns) -> Result<TokenStream> {
        let columns = all.list(&self.columns)?;
        let mut overrides = Overrides::default();
        overrides.some("name", self.name.as_ref());
        self.rest.override_in(&mut overrides, all)?;
        overrides.some("comment", self.comment.as_ref());
        let ty = quote!(__d::PrimaryKeyDescriptor);
        Ok(overrides.over(&ty, &quote!(#ty::new(#columns))))
    }
}

/// A unique constraint.
pub(crate) struct Unique {
    pub(crate) span: Span,
    pub(crate) columns: Vec<Ident>,
    name: Option<LitStr>,
    rest: KeyRest,
    nulls_not_distinct: bool,
    deferral: Deferral,
    comment: Option<LitStr>,
}

const UNIQUE_OF_MODEL: Keys = Keys::new(
    "`unique(...)`",
    &[
        "columns",
        "include",
        "without_overlaps",
        "name",
        "nulls_not_distinct",
        "deferrable",
        "initially_deferred",
        "comment",
    ],
);
const UNIQUE_OF_FIELD: Keys = Keys::new(
    "`unique(...)` of a field",
    &["include", "name", "nulls_not_distinct", "deferrable", "initially_deferred", "comment"],
);

impl Unique {
    fn new(span: Span, columns: Vec<Ident>) -> Self {
        let (name, rest, comment) = (None, KeyRest::default(), None);
        Self { span, columns, name, rest, nulls_not_distinct: false, deferral: Deferral::default(), comment }
    }

    pub(crate) fn of_model(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let unique = Self::options(&UNIQUE_OF_MODEL, Vec::new(), key, input)?;
        needs_columns(key, &unique.columns)?;
        Ok(unique)
    }

    pub(crate) fn of_field(field: &Ident, key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let columns = vec![field.clone()];
        if input.peek(syn::token::Paren) {
            return Self::options(&UNIQUE_OF_FIELD, columns, key, input);
        }
        flag(key, input)?;
        Ok(Self::new(key.span(), columns))
    }

    fn options(keys: &Keys, columns: Vec<Ident>, key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let mut unique = Self::new(key.span(), columns);
        options(keys, key, input, |item, key, input| {
            if unique.rest.item(item, key, input)? {
                return Ok(());
            }
            match item {
                "columns" => unique.columns = column_list(key, input)?,
                "name" => unique.name = Some(name(key, input)?),
                "comment" => unique.comment = Some(text(key, input)?),
                "nulls_not_distinct" => {
                    flag(key, input)?;
                    unique.nulls_not_distinct = true;
                }
                "deferrable" => {
                    flag(key, input)?;
                    unique.deferral.deferrable = true;
                }
                _ => {
                    flag(key, input)?;
                    unique.deferral.initially_deferred = true;
                }
            }
            Ok(())
        })?;
        Ok(unique)
    }

    pub(crate) fn tokens(&self, all: &Columns) -> Result<TokenStream> {
        let columns = all.list(&self.columns)?;
        let mut overrides = Overrides::default();
        overrides.some("name", self.name.as_ref());
        self.rest.override_in(&mut overrides, all)?;
        overrides.when("nulls_not_distinct", self.nulls_not_distinct);
        overrides.some("comment", self.comment.as_ref());
        self.deferral.override_in(&mut overrides);
        let ty = quote!(__d::UniqueDescriptor);
        Ok(overrides.over(&ty, &quote!(#ty::new(#columns))))
    }
}

/// A check constraint.
pub(crate) struct Check {
    name: Option<LitStr>,
    sql: LitStr,
    not_enforced: bool,
    no_inherit: bool,
    comment: Option<LitStr>,
}

impl Check {
    /// `check = "..."` or `check(name = "...", sql = "...")`.
    pub(crate) fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        if !input.peek(syn::token::Paren) {
            return Ok(Self {
                name: None,
                sql: text(key, input)?,
                not_enforced: false,
                no_inherit: false,
                comment: None,
            });
        }
        let (mut check_name, mut sql, mut comment) = (None, None, None);
        let (mut not_enforced, mut no_inherit) = (false, false);
        let keys = Keys::new("`check(...)`", &["name", "sql", "not_enforced", "no_inherit", "comment"]);
        options(&keys, key, input, |item, key, input| {
            match item {
                "not_enforced" => {
                    flag(key, input)?;
                    not_enforced = true;
                }
                "no_inherit" => {
                    flag(key, input)?;
                    no_inherit = true;
                }
                "name" => check_name = Some(name(key, input)?),
                "comment" => comment = Some(text(key, input)?),
                _ => sql = Some(text(key, input)?),
            }
            Ok(())
        })?;
        let sql = sql.ok_or_else(|| Error::new(key.span(), "`check(...)` needs `sql = \"...\"`"))?;
        Ok(Self { name: check_name, sql, not_enforced, no_inherit, comment })
    }

    pub(crate) fn tokens(&self) -> TokenStream {
        let sql = self.sql.value();
        let mut overrides = Overrides::default();
        overrides.some("name", self.name.as_ref());
        overrides.when("not_enforced", self.not_enforced);
        overrides.when("no_inherit", self.no_inherit);
        overrides.some("comment", self.comment.as_ref());
        let ty = quote!(__d::CheckDescriptor);
        overrides.over(&ty, &quote!(#ty::new(#sql)))
    }
}

/// An exclusion constraint.
pub(crate) struct Exclusion {
    span: Span,
    name: Option<LitStr>,
    method: Option<&'static str>,
    elements: Vec<(Key, LitStr)>,
    predicate: Option<LitStr>,
    deferral: Deferral,
    comment: Option<LitStr>,
}

const EXCLUDE: Keys = Keys::new(
    "`exclude(...)`",
    &["method", "elements", "where", "name", "opclass", "deferrable", "initially_deferred", "comment"],
);

impl Exclusion {
    /// `exclude(elements(room with "=", during with "&&"), method = gist, ...)`.
    pub(crate) fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let mut exclusion = Self {
            span: key.span(),
            name: None,
            method: None,
            elements: Vec::new(),
            predicate: None,
            deferral: Deferral::default(),
            comment: None,
        };
        let mut opclass = None;
        options(&EXCLUDE, key, input, |item, key, input| {
            match item {
                "method" => exclusion.method = Some(method(key, input)?),
                "elements" => exclusion.elements = list(key, "room with \"=\"", input, element)?,
                "where" => exclusion.predicate = Some(text(key, input)?),
                "name" => exclusion.name = Some(name(key, input)?),
                "comment" => exclusion.comment = Some(text(key, input)?),
                "opclass" => opclass = Some(text(key, input)?),
                "deferrable" => {
                    flag(key, input)?;
                    exclusion.deferral.deferrable = true;
                }
                _ => {
                    flag(key, input)?;
                    exclusion.deferral.initially_deferred = true;
                }
            }
            Ok(())
        })?;
        if let Some(opclass) = &opclass {
            exclusion.elements.iter_mut().for_each(|(key, _)| key.default_opclass(opclass));
        }
        if exclusion.elements.is_empty() {
            return Err(Error::new(key.span(), "`exclude(...)` needs `elements(room with \"=\")`"));
        }
        Ok(exclusion)
    }

    pub(crate) fn tokens(&self, columns: &Columns) -> Result<TokenStream> {
        let mut elements = Vec::with_capacity(self.elements.len());
        for (key, operator) in &self.elements {
            let (key, operator) = (key.tokens(columns)?, operator.value());
            elements.push(quote!((#key, #operator)));
        }
        let line = line(self.span);
        let mut overrides = Overrides::default();
        overrides.some("name", self.name.as_ref());
        if let Some(method) = self.method {
            overrides.set("method", method);
        }
        overrides.some("predicate", self.predicate.as_ref());
        overrides.some("comment", self.comment.as_ref());
        self.deferral.override_in(&mut overrides);
        let ty = quote!(__d::ExclusionDescriptor);
        Ok(overrides.over(&ty, &quote!(#ty::new(#line, &[#(#elements),*]))))
    }
}

/// `room with "="`.
fn element(input: ParseStream<'_>) -> Result<(Key, LitStr)> {
    let key = Key::parse(input)?;
    let with = input.call(Ident::parse_any).ok().filter(|word| word == "with");
    if with.is_none() {
        return Err(Error::new(input.span(), "an element names its operator: `room with \"=\"`"));
    }
    Ok((key, string("an operator in a string: `with \"&&\"`", input)?))
}

fn needs_columns(key: &Ident, columns: &[Ident]) -> Result<()> {
    if columns.is_empty() {
        return Err(Error::new(key.span(), format!("`{key}(...)` needs `columns(...)`")));
    }
    Ok(())
}

/// `Some("text")` or `None`.
pub(crate) fn optional(text: Option<&LitStr>) -> TokenStream {
    match text.map(LitStr::value) {
        Some(text) => quote!(::core::option::Option::Some(#text)),
        None => quote!(::core::option::Option::None),
    }
}
