//! `#[field(...)]`: one column, and the constraints and indexes written at it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::spanned::Spanned as _;
use syn::{Error, Field, LitStr, Result, Type};

use crate::attr::{Errors, Keys, flag, for_each, identifier, line, name, text};
use crate::columns::Overrides;
use crate::constraint::{Check, PrimaryKey, Unique};
use crate::conversion::Conversion;
use crate::foreign_key::ForeignKey;
use crate::index::Index;
use crate::storage::{self, ColumnStorage};
use crate::value::{Default as DefaultValue, identity};

/// One field of a model.
pub(crate) struct ModelField {
    pub(crate) ident: Ident,
    ty: Type,
    column: Option<LitStr>,
    sql_type: Option<LitStr>,
    collation: Option<LitStr>,
    value: Option<Value>,
    stored: bool,
    comment: Option<LitStr>,
    renamed_from: Option<LitStr>,
    sensitive: bool,
    backfill: Option<LitStr>,
    live: Option<Conversion>,
    pub(crate) primary_key: Option<PrimaryKey>,
    pub(crate) unique: Option<Unique>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) checks: Vec<Check>,
    pub(crate) foreign_key: Option<ForeignKey>,
    storage: ColumnStorage,
    /// The keys that are given.
    pub(crate) seen: Vec<Ident>,
}

enum Value {
    Default(DefaultValue),
    Identity(TokenStream),
    Generated(LitStr),
}

const KEYS: Keys = Keys {
    place: "`#[field(...)]`",
    once: &[
        "pk",
        "column",
        "type",
        "collate",
        "default",
        "identity",
        "generated",
        "stored",
        "virtual",
        "unique",
        "references",
        "references_columns",
        "on_delete",
        "on_update",
        "match",
        "deferrable",
        "initially_deferred",
        "not_enforced",
        "on_orphan",
        "comment",
        "storage",
        "compression",
        "statistics",
        "sensitive",
        "backfill",
        "live",
        "renamed_from",
    ],
    repeatable: &["index", "check"],
};

impl ModelField {
    pub(crate) fn parse(field: &Field, ident: &Ident, errors: &mut Errors) -> Self {
        let mut parsed = Self {
            ident: ident.clone(),
            ty: field.ty.clone(),
            column: None,
            sql_type: None,
            collation: None,
            value: None,
            stored: false,
            comment: None,
            renamed_from: None,
            sensitive: false,
            backfill: None,
            live: None,
            primary_key: None,
            unique: None,
            indexes: Vec::new(),
            checks: Vec::new(),
            foreign_key: None,
            storage: ColumnStorage::default(),
            seen: Vec::new(),
        };
        let (mut seen, mut own) = (Vec::new(), Errors::default());
        for_each(&field.attrs, "field", &mut own, |input| {
            KEYS.parse(input, &mut seen, |item, key, input| parsed.item(item, key, input))
        });
        // A rejected attribute would only draw errors about what it was to say.
        match own.finish(()) {
            Ok(()) => parsed.check(&seen, errors),
            Err(error) => errors.push(error),
        }
        parsed.seen = seen;
        parsed
    }

    fn item(&mut self, item: &str, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match item {
            "pk" => self.primary_key = Some(PrimaryKey::of_field(&self.ident, key, input)?),
            "column" => self.column = Some(name(key, input)?),
            "type" => self.sql_type = Some(text(key, input)?),
            "collate" => self.collation = Some(text(key, input)?),
            "default" => {
                let default = DefaultValue::parse(key, input)?;
                self.set_value(key, Value::Default(default))?;
            }
            "identity" => {
                let identity = identity(key, input)?;
                self.set_value(key, Value::Identity(identity))?;
            }
            "generated" => {
                let expression = text(key, input)?;
                self.set_value(key, Value::Generated(expression))?;
            }
            "stored" | "virtual" => {
                flag(key, input)?;
                self.stored = item == "stored";
            }
            "sensitive" => {
                flag(key, input)?;
                self.sensitive = true;
            }
            "unique" => self.unique = Some(Unique::of_field(&self.ident, key, input)?),
            "index" => self.indexes.push(Index::of_field(&self.ident, key, input)?),
            "check" => self.checks.push(Check::parse(key, input)?),
            "backfill" => self.backfill = Some(text(key, input)?),
            "live" => self.live = Some(Conversion::parse(key, input)?),
            "comment" => self.comment = Some(text(key, input)?),
            "renamed_from" => self.renamed_from = Some(name(key, input)?),
            item if storage::COLUMN_KEYS.contains(&item) => self.storage.item(item, key, input)?,
            foreign_key_item => {
                let columns = || ForeignKey::new(key.span(), vec![self.ident.clone()]);
                self.foreign_key.get_or_insert_with(columns).item(foreign_key_item, key, input)?;
            }
        }
        Ok(())
    }

    fn set_value(&mut self, key: &Ident, value: Value) -> Result<()> {
        if self.value.replace(value).is_some() {
            let message = "a column has one of `default`, `identity` and `generated`";
            return Err(Error::new(key.span(), message));
        }
        Ok(())
    }

    /// What only the attributes of a field together can get wrong.
    fn check(&self, seen: &[Ident], errors: &mut Errors) {
        let given = |name: &str| seen.iter().find(|key| *key == name).map(Ident::span);
        if let Some(foreign_key) = &self.foreign_key
            && foreign_key.references.is_none()
        {
            errors.at(foreign_key.span, "this needs `references = Model`");
        }
        match (given("generated"), given("stored"), given("virtual")) {
            (Some(_), Some(_), None) | (Some(_), None, Some(_)) | (None, None, None) => {}
            (Some(generated), None, None) => {
                errors
                    .at(generated, "say how the column is generated: `stored` or `virtual` (PostgreSQL 18)");
            }
            (_, Some(_), Some(second)) => errors.at(second, "`stored` and `virtual` exclude each other"),
            (None, Some(span), None) | (None, None, Some(span)) => {
                errors.at(span, "this needs `generated = \"...\"`");
            }
        }
        if is_option(&self.ty) {
            if let Some(primary_key) = &self.primary_key {
                errors.at(primary_key.span, "a primary key column is never null; take the `Option` off");
            }
            if self.is_identity() {
                let span = given("identity").or(given("default")).unwrap_or_else(Span::call_site);
                errors.at(span, "an identity column is never null; take the `Option` off");
            }
        }
        errors.catch(identifier(&self.column_name(), self.ident.span()));
    }

    fn is_identity(&self) -> bool {
        matches!(self.value, Some(Value::Identity(_) | Value::Default(DefaultValue::Identity)))
    }

    pub(crate) fn is_option(&self) -> bool {
        is_option(&self.ty)
    }

    /// The field's name, without `r#`.
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    pub(crate) fn column_name(&self) -> String {
        self.column.as_ref().map_or_else(|| self.name(), LitStr::value)
    }

    /// Where the column got its name.
    pub(crate) fn column_span(&self) -> Span {
        self.column.as_ref().map_or_else(|| self.ident.span(), LitStr::span)
    }

    /// The field's descriptor, and items that make the compiler check what it names.
    pub(crate) fn tokens(&self) -> (TokenStream, TokenStream) {
        let (name, line, ty) = (self.name(), line(self.ident.span()), &self.ty);
        let sql_type = match &self.sql_type {
            Some(sql) => {
                let sql = sql.value();
                quote!(__d::FieldType::Sql(#sql))
            }
            None => quote_spanned!(ty.span()=> __d::FieldType::Mapped(<#ty as __d::PgType>::TYPE)),
        };
        let mut overrides = Overrides::default();
        if let Some(column) = &self.column {
            overrides.set("column", column);
        }
        overrides.some("collation", self.collation.as_ref());
        let mut checks = TokenStream::new();
        match &self.value {
            None => {}
            Some(Value::Default(default)) => {
                let (value, check) = default.tokens(&self.ty);
                overrides.set("value", value);
                checks = check;
            }
            Some(Value::Identity(identity)) => {
                overrides.set("value", quote!(__d::ColumnValue::Identity(#identity)));
            }
            Some(Value::Generated(sql)) => {
                let (sql, stored) = (sql.value(), self.stored);
                let generated = quote!(__d::GeneratedDescriptor { sql: #sql, stored: #stored });
                overrides.set("value", quote!(__d::ColumnValue::Generated(#generated)));
            }
        }
        if let Some(storage) = self.storage.tokens() {
            overrides.set("storage", storage);
        }
        overrides.when("sensitive", self.sensitive);
        overrides.some("backfill", self.backfill.as_ref());
        if let Some(Conversion { up, down }) = &self.live {
            overrides.some("up", Some(up));
            overrides.some("down", down.as_ref());
        }
        overrides.some("comment", self.comment.as_ref());
        overrides.some("renamed_from", self.renamed_from.as_ref());
        let constructor = quote! {
            __d::FieldDescriptor::new(#name, #line, #sql_type, <__d::Nullability<#ty>>::NULLABLE)
        };
        (overrides.over(&quote!(__d::FieldDescriptor), &constructor), checks)
    }
}

/// Whether a type is written as an `Option`; good enough for an early error.
fn is_option(ty: &Type) -> bool {
    matches!(ty, Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Option"))
}
