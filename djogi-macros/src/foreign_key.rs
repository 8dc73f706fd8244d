//! Foreign keys: `foreign_key(...)` at the model, `references = ...` with its companions at a field.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::spanned::Spanned as _;
use syn::{Error, LitStr, Path, Result, Token, parenthesized};

use crate::attr::{Keys, equals, flag, line, name, string, text, word};
use crate::columns::{Columns, Overrides};
use crate::constraint::{Deferral, column_list};

/// One foreign key.
pub(crate) struct ForeignKey {
    pub(crate) span: Span,
    columns: Vec<Ident>,
    pub(crate) references: Option<Reference>,
    referenced_columns: Vec<Ident>,
    name: Option<LitStr>,
    on_delete: Option<Action>,
    on_update: Option<Action>,
    match_full: bool,
    period: bool,
    deferral: Deferral,
    not_enforced: bool,
    on_orphan: Option<&'static str>,
    comment: Option<LitStr>,
}

/// The referenced table.
pub(crate) enum Reference {
    Model(Path),
    Table(LitStr),
}

struct Action {
    word: &'static str,
    /// The columns of `set_null(...)` and `set_default(...)`.
    columns: Vec<Ident>,
}

const KEYS: Keys = Keys::new(
    "`foreign_key(...)`",
    &[
        "columns",
        "references",
        "references_columns",
        "name",
        "on_delete",
        "on_update",
        "match",
        "period",
        "deferrable",
        "initially_deferred",
        "not_enforced",
        "on_orphan",
        "comment",
    ],
);

const ACTIONS: &[&str] = &["cascade", "restrict", "no_action", "set_null", "set_default"];

const ON_ORPHAN: &[&str] = &["fail", "null", "delete", "quarantine"];

impl ForeignKey {
    pub(crate) fn new(span: Span, columns: Vec<Ident>) -> Self {
        Self {
            span,
            columns,
            references: None,
            referenced_columns: Vec::new(),
            name: None,
            on_delete: None,
            on_update: None,
            match_full: false,
            period: false,
            deferral: Deferral::default(),
            not_enforced: false,
            on_orphan: None,
            comment: None,
        }
    }

    /// `foreign_key(columns(a, b), references = Model, ...)`.
    pub(crate) fn of_model(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        let mut foreign_key = Self::new(key.span(), Vec::new());
        if !input.peek(syn::token::Paren) {
            return Err(Error::new(
                key.span(),
                "`foreign_key` takes a list: `foreign_key(columns(a, b), references = Model)`",
            ));
        }
        let content;
        parenthesized!(content in input);
        KEYS.parse(&content, &mut Vec::new(), |item, key, input| match item {
            "columns" => column_list(key, input).map(|columns| foreign_key.columns = columns),
            "comment" => text(key, input).map(|comment| foreign_key.comment = Some(comment)),
            "period" => flag(key, input).map(|()| foreign_key.period = true),
            _ => foreign_key.item(item, key, input),
        })?;
        if foreign_key.columns.is_empty() {
            return Err(Error::new(key.span(), "`foreign_key(...)` needs `columns(...)`"));
        }
        if foreign_key.references.is_none() {
            return Err(Error::new(key.span(), "`foreign_key(...)` needs `references = Model`"));
        }
        Ok(foreign_key)
    }

    /// Reads one item that model level and field level share.
    pub(crate) fn item(&mut self, item: &str, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match item {
            "references" => self.references(key, input)?,
            "references_columns" => {
                if !self.referenced_columns.is_empty() {
                    return Err(Error::new(key.span(), "the referenced column is already given"));
                }
                self.referenced_columns = column_list(key, input)?;
            }
            "name" => self.name = Some(name(key, input)?),
            "on_delete" => self.on_delete = Some(Action::parse(key, input)?),
            "on_update" => {
                let action = Action::parse(key, input)?;
                if let Some(column) = action.columns.first() {
                    let message = "PostgreSQL takes a column list for `on_delete` only";
                    return Err(Error::new(column.span(), message));
                }
                self.on_update = Some(action);
            }
            "on_orphan" => {
                equals(key, "fail", input)?;
                self.on_orphan = Some(word("`on_orphan`", ON_ORPHAN, input)?);
            }
            "match" => {
                equals(key, "full", input)?;
                self.match_full = word("`match`", &["simple", "full"], input)? == "full";
            }
            "deferrable" => {
                flag(key, input)?;
                self.deferral.deferrable = true;
            }
            "initially_deferred" => {
                flag(key, input)?;
                self.deferral.initially_deferred = true;
            }
            "not_enforced" => {
                flag(key, input)?;
                self.not_enforced = true;
            }
            other => unreachable!("`{other}` is not among the keys of a foreign key"),
        }
        Ok(())
    }

    /// `= Model`, `= Model.field` or `= "schema.table"`.
    fn references(&mut self, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        let expected = "Model`, `references = Model.field` or `references = \"schema.table\"";
        equals(key, expected, input)?;
        let reference = Reference::parse(input)
            .map_err(|error| Error::new(error.span(), format!("`{key}` takes `references = {expected}`")))?;
        let is_model = matches!(reference, Reference::Model(_));
        self.references = Some(reference);
        if is_model && input.parse::<Option<Token![.]>>()?.is_some() {
            let column = input.call(Ident::parse_any)?;
            if !self.referenced_columns.is_empty() {
                return Err(Error::new(column.span(), "the referenced column is already given"));
            }
            self.referenced_columns = vec![column];
        }
        Ok(())
    }

    pub(crate) fn tokens(&self, columns: &Columns) -> Result<TokenStream> {
        if !self.referenced_columns.is_empty() && self.referenced_columns.len() != self.columns.len() {
            let (own, other) = (self.columns.len(), self.referenced_columns.len());
            let message = format!("{own} columns reference {other}");
            return Err(Error::new(self.span, message));
        }
        let own = columns.list(&self.columns)?;
        let reference = match &self.references {
            Some(reference) => reference.tokens(),
            None => return Err(Error::new(self.span, "this needs `references = Model`")),
        };
        let referenced = self.referenced_columns.iter().map(|column| column.unraw().to_string());
        let line = line(self.span);
        let mut overrides = Overrides::default();
        overrides.some("name", self.name.as_ref());
        for (field, action) in [("on_delete", &self.on_delete), ("on_update", &self.on_update)] {
            if let Some(action) = action {
                overrides.set(field, action.tokens(columns)?);
            }
        }
        overrides.when("match_full", self.match_full);
        overrides.when("period", self.period);
        overrides.some("comment", self.comment.as_ref());
        overrides.when("not_enforced", self.not_enforced);
        if let Some(policy) = self.on_orphan {
            let policy = match policy {
                "null" => quote!(Null),
                "delete" => quote!(Delete),
                "quarantine" => quote!(Quarantine),
                _ => quote!(Fail),
            };
            overrides.set("on_orphan", quote!(::core::option::Option::Some(__d::OnOrphan::#policy)));
        }
        self.deferral.override_in(&mut overrides);
        let ty = quote!(__d::ForeignKeyDescriptor);
        Ok(overrides.over(&ty, &quote!(#ty::new(#line, #own, #reference, &[#(#referenced),*]))))
    }
}

impl Reference {
    /// A model's path, or a table's name in a string.
    pub(crate) fn parse(input: ParseStream<'_>) -> Result<Self> {
        if input.peek(LitStr) {
            return Ok(Self::Table(string("a table name", input)?));
        }
        input.call(Path::parse_mod_style).map(Self::Model)
    }

    pub(crate) fn tokens(&self) -> TokenStream {
        match self {
            Self::Model(path) => {
                let table = quote_spanned!(path.span()=> <#path as __d::Referenced>::TABLE);
                quote!(__d::ReferenceDescriptor::Model(#table))
            }
            Self::Table(table) => {
                let table = table.value();
                quote!(__d::ReferenceDescriptor::Table(#table))
            }
        }
    }
}

impl Action {
    fn parse(key: &Ident, input: ParseStream<'_>) -> Result<Self> {
        equals(key, "cascade", input)?;
        let word = word(&format!("`{key}`"), ACTIONS, input)?;
        let columns = if input.peek(syn::token::Paren) && matches!(word, "set_null" | "set_default") {
            column_list(key, input)?
        } else {
            Vec::new()
        };
        Ok(Self { word, columns })
    }

    fn tokens(&self, columns: &Columns) -> Result<TokenStream> {
        let list = if self.columns.is_empty() { quote!(&[]) } else { columns.list(&self.columns)? };
        Ok(match self.word {
            "cascade" => quote!(__d::ReferentialAction::Cascade),
            "restrict" => quote!(__d::ReferentialAction::Restrict),
            "set_null" => quote!(__d::ReferentialAction::SetNull(#list)),
            "set_default" => quote!(__d::ReferentialAction::SetDefault(#list)),
            _ => quote!(__d::ReferentialAction::NoAction),
        })
    }
}
