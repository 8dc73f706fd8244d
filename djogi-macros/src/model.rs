//! `#[derive(Model)]`: reads `#[model(...)]` and the fields, and writes one static descriptor with its
//! registration. All names in the output are absolute, behind one alias inside an anonymous constant.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::parse::ParseStream;
use syn::{Data, DeriveInput, Error, Fields, LitStr, Result};

use crate::attr::{Errors, Keys, flag, for_each, identifier, line, name, text};
use crate::case::snake_case;
use crate::columns::{Columns, Overrides};
use crate::constraint::{Check, Exclusion, PrimaryKey, Unique, optional};
use crate::field::ModelField;
use crate::foreign_key::ForeignKey;
use crate::grant::{self, Grant};
use crate::index::Index;
use crate::partition::Family;
use crate::security::{Policy, RowSecurity, TenantKey};
use crate::storage::Storage;
use crate::trigger::Trigger;
use crate::view::View;
use crate::{partition, storage, view};

/// What stands in `#[model(...)]`.
#[derive(Default)]
struct ModelAttributes {
    schema: Option<LitStr>,
    table: Option<LitStr>,
    comment: Option<LitStr>,
    renamed_from: Option<LitStr>,
    target: Option<LitStr>,
    primary_key: Option<PrimaryKey>,
    indexes: Vec<Index>,
    uniques: Vec<Unique>,
    checks: Vec<Check>,
    foreign_keys: Vec<ForeignKey>,
    exclusions: Vec<Exclusion>,
    row_security: Option<RowSecurity>,
    policies: Vec<Policy>,
    tenant_key: Option<TenantKey>,
    triggers: Vec<Trigger>,
    grants: Vec<Grant>,
    storage: Storage,
    family: Family,
    view: View,
    unmanaged: bool,
}

/// What a table that is not managed is known by.
const OF_UNMANAGED: [&str; 6] = ["schema", "table", "target", "pk", "unique", "unmanaged"];
const OF_UNMANAGED_FIELD: [&str; 5] = ["column", "type", "collate", "pk", "unique"];

const KEYS: Keys = Keys {
    place: "`#[model(...)]`",
    once: &[
        "schema",
        "table",
        "comment",
        "renamed_from",
        "target",
        "pk",
        "row_level_security",
        "tenant_key",
        "storage",
        "unlogged",
        "tablespace",
        "access_method",
        "replica_identity",
        "partition_by",
        "partition_of",
        "inherits",
        "view",
        "materialized_view",
        "security_invoker",
        "security_barrier",
        "check_option",
        "unmanaged",
    ],
    repeatable: &[
        "index",
        "unique",
        "check",
        "foreign_key",
        "exclude",
        "policy",
        "trigger",
        "grant",
        "partition",
    ],
};

impl ModelAttributes {
    fn item(&mut self, item: &str, key: &Ident, input: ParseStream<'_>) -> Result<()> {
        match item {
            "schema" => self.schema = Some(name(key, input)?),
            "table" => self.table = Some(name(key, input)?),
            "comment" => self.comment = Some(text(key, input)?),
            "renamed_from" => self.renamed_from = Some(text(key, input)?),
            "target" => self.target = Some(name(key, input)?),
            "pk" => self.primary_key = Some(PrimaryKey::of_model(key, input)?),
            "index" => self.indexes.push(Index::of_model(key, input)?),
            "unique" => self.uniques.push(Unique::of_model(key, input)?),
            "check" => self.checks.push(Check::parse(key, input)?),
            "foreign_key" => self.foreign_keys.push(ForeignKey::of_model(key, input)?),
            "exclude" => self.exclusions.push(Exclusion::parse(key, input)?),
            "row_level_security" => self.row_security = Some(RowSecurity::parse(key, input)?),
            "policy" => self.policies.push(Policy::parse(key, input)?),
            "tenant_key" => self.tenant_key = Some(TenantKey::parse(key, input)?),
            "trigger" => self.triggers.push(Trigger::parse(key, input)?),
            "unmanaged" => {
                flag(key, input)?;
                self.unmanaged = true;
            }
            "grant" => self.grants.push(Grant::parse(&grant::ON_RELATION, key, input)?),
            item if storage::KEYS.contains(&item) => self.storage.item(item, key, input)?,
            item if partition::KEYS.contains(&item) => self.family.item(item, key, input)?,
            item if view::KEYS.contains(&item) => self.view.item(item, key, input)?,
            other => unreachable!("`{other}` is not among the keys of a model"),
        }
        Ok(())
    }
}

impl ModelAttributes {
    /// Of what is not managed, nothing is said that djogi would make.
    fn check_unmanaged(&self, seen: &[Ident], fields: &[ModelField], errors: &mut Errors) {
        if !self.unmanaged {
            return;
        }
        let at_model = seen.iter().filter(|key| !OF_UNMANAGED.iter().any(|known| key == known));
        let of_fields = fields.iter().flat_map(|field| &field.seen);
        let at_field = of_fields.filter(|key| !OF_UNMANAGED_FIELD.iter().any(|known| key == known));
        for key in at_model.chain(at_field) {
            let message = format!(
                "`{key}` is for what djogi makes, and `unmanaged` says that it makes nothing of this table"
            );
            errors.at(key.span(), message);
        }
    }

    /// A policy that nobody heeds looks like protection and is none.
    fn check_security(&self, fields: &[ModelField], errors: &mut Errors) {
        if let Some(tenant_key) = &self.tenant_key {
            if let Some(row_security) = &self.row_security {
                errors.catch(row_security.with_tenant_key());
            }
            if fields.iter().any(|field| field.ident == tenant_key.column && field.is_option()) {
                let message = "a row without a tenant would be nobody's; take the `Option` off its field";
                errors.at(tenant_key.column.span(), message);
            }
        } else if let (Some(policy), None) = (self.policies.first(), &self.row_security) {
            let message =
                "nobody heeds this policy: add `row_level_security(enable)`, or `(disable)` to say so";
            errors.at(policy.span(), message);
        }
    }
}

impl ModelAttributes {
    /// PostgreSQL keeps rows apart by keys only within partitions: each key has the partition key in it.
    fn check_partition_key(&self, fields: &[ModelField], columns: &Columns, errors: &mut Errors) {
        if self.family.is_partition()
            && let Some(primary_key) = &self.primary_key
        {
            errors.at(primary_key.span, "a partition has the primary key of its partitioned table");
        }
        let Some(partition_key) = self.family.key_columns() else { return };
        let uniques = fields.iter().filter_map(|field| field.unique.as_ref()).chain(&self.uniques);
        let uniques = uniques.map(|unique| (unique.span, "unique constraint", &unique.columns));
        let primary_key = self.primary_key.iter().map(|key| (key.span, "primary key", &key.columns));
        let column = |field: &Ident| columns.resolve(field).ok();
        for (span, what, fields) in primary_key.chain(uniques) {
            let has = |key: &Ident| fields.iter().any(|field| column(field) == column(key));
            let missing = partition_key.iter().find(|key| key.is_none_or(|key| !has(key)));
            let message = match missing {
                None => continue,
                Some(Some(key)) => {
                    format!("the {what} of a partitioned table has the partition key in it: add `{key}`")
                }
                Some(None) => format!("where the partition key is an expression, PostgreSQL has no {what}"),
            };
            errors.at(span, message);
        }
    }
}

pub(crate) fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let mut errors = Errors::default();
    let mut attributes = ModelAttributes::default();
    let mut seen = Vec::new();
    for_each(&input.attrs, "model", &mut errors, |input| {
        KEYS.parse(input, &mut seen, |item, key, input| attributes.item(item, key, input))
    });
    let fields = fields(input, &mut errors)?;
    adopt_field_primary_key(&mut attributes, &fields, &mut errors);
    attributes.view.check(&seen, &fields, &mut errors);
    attributes.check_unmanaged(&seen, &fields, &mut errors);
    attributes.check_security(&fields, &mut errors);
    attributes.family.check(&seen, &mut errors);
    for trigger in &attributes.triggers {
        errors.catch(trigger.check_relation(attributes.view.is_plain()));
    }
    let columns = columns(&fields, &mut errors);
    attributes.check_partition_key(&fields, &columns, &mut errors);
    let model = expand(input, &attributes, &fields, &columns, &mut errors);
    errors.finish(model)
}

fn fields(input: &DeriveInput, errors: &mut Errors) -> Result<Vec<ModelField>> {
    let wrong = |message| Err(Error::new(input.ident.span(), message));
    if !input.generics.params.is_empty() {
        return wrong("a model stands for one table, so it has no type parameters or lifetimes");
    }
    let named = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !fields.named.is_empty() => &fields.named,
            Fields::Named(_) | Fields::Unit => return wrong("a model needs at least one field"),
            Fields::Unnamed(_) => return wrong("a model needs named fields, which become its columns"),
        },
        Data::Enum(_) => {
            return wrong("an enum is no model; `#[derive(djogi_core::PgEnum)]` makes it a type");
        }
        Data::Union(_) => return wrong("a union is no model"),
    };
    let with_names = named.iter().filter_map(|field| Some((field, field.ident.as_ref()?)));
    Ok(with_names.map(|(field, ident)| ModelField::parse(field, ident, errors)).collect())
}

/// Takes `pk` from the one field that carries it.
fn adopt_field_primary_key(attributes: &mut ModelAttributes, fields: &[ModelField], errors: &mut Errors) {
    for field in fields {
        let Some(primary_key) = &field.primary_key else { continue };
        if attributes.primary_key.is_some() {
            let message =
                "the primary key is already given; several columns are `#[model(pk(columns(a, b)))]`";
            errors.at(primary_key.span, message);
            continue;
        }
        attributes.primary_key = Some(primary_key.clone());
    }
    for column in attributes.primary_key.iter().flat_map(|primary_key| &primary_key.columns) {
        let at_model = fields.iter().find(|field| field.ident == *column && field.primary_key.is_none());
        if at_model.is_some_and(ModelField::is_option) {
            errors.at(column.span(), "a primary key column is never null; take the `Option` off its field");
        }
    }
}

/// The columns of the fields, of which no two have one name.
pub(crate) fn columns(fields: &[ModelField], errors: &mut Errors) -> Columns {
    let mut columns: Vec<(String, String)> = Vec::with_capacity(fields.len());
    for field in fields {
        let column = field.column_name();
        if let Some((other, _)) = columns.iter().find(|(_, known)| *known == column) {
            errors.at(field.column_span(), format!("`{other}` is already stored in column `{column}`"));
        }
        columns.push((field.name(), column));
    }
    Columns(columns)
}

fn expand(
    input: &DeriveInput,
    attributes: &ModelAttributes,
    fields: &[ModelField],
    columns: &Columns,
    errors: &mut Errors,
) -> TokenStream {
    let ident = &input.ident;
    let (rust_name, line) = (ident.to_string(), line(ident.span()));
    let schema = optional(attributes.schema.as_ref());
    let table = attributes.table.as_ref().map_or_else(|| snake_case(&rust_name), LitStr::value);
    errors.catch(identifier(&table, ident.span()));

    let mut overrides = Overrides::default();
    overrides.some("target", attributes.target.as_ref());
    overrides.when("unmanaged", attributes.unmanaged);
    overrides.some("comment", attributes.comment.as_ref());
    overrides.some("renamed_from", attributes.renamed_from.as_ref());
    let (descriptors, checks): (Vec<_>, Vec<_>) = fields.iter().map(ModelField::tokens).unzip();
    overrides.set("fields", quote!(&[#(#descriptors),*]));
    if let Some(primary_key) = &attributes.primary_key
        && let Some(tokens) = errors.catch(primary_key.tokens(columns))
    {
        overrides.set("primary_key", quote!(::core::option::Option::Some(#tokens)));
    }
    if let Some(relation) = attributes.view.tokens() {
        overrides.set("relation", relation);
    }
    if let Some(storage) = attributes.storage.tokens() {
        overrides.set("storage", storage);
    }
    attributes.family.set(&mut overrides, columns, errors);
    if let Some(row_security) = attributes.row_security.as_ref().and_then(RowSecurity::tokens) {
        overrides.set("row_security", row_security);
    }
    if let Some(tenant_key) = &attributes.tenant_key
        && let Some(tokens) = errors.catch(tenant_key.tokens(columns))
    {
        overrides.set("tenant_key", tokens);
    }
    let uniques = fields.iter().filter_map(|field| field.unique.as_ref()).chain(&attributes.uniques);
    let field_checks = fields.iter().flat_map(|field| &field.checks);
    let foreign_keys = fields.iter().filter_map(|field| field.foreign_key.as_ref());
    let indexes = fields.iter().flat_map(|field| &field.indexes).chain(&attributes.indexes);
    for (name, list) in [
        ("uniques", uniques.map(|unique| unique.tokens(columns)).collect::<Vec<_>>()),
        ("checks", field_checks.chain(&attributes.checks).map(|check| Ok(check.tokens())).collect()),
        (
            "foreign_keys",
            foreign_keys.chain(&attributes.foreign_keys).map(|key| key.tokens(columns)).collect(),
        ),
        ("exclusions", attributes.exclusions.iter().map(|exclusion| exclusion.tokens(columns)).collect()),
        ("indexes", indexes.map(|index| index.tokens(columns)).collect()),
        ("policies", attributes.policies.iter().map(|policy| Ok(policy.tokens())).collect()),
        ("grants", attributes.grants.iter().map(|grant| grant.tokens(columns)).collect()),
        ("triggers", attributes.triggers.iter().map(|trigger| trigger.tokens(columns)).collect()),
    ] {
        let list: Vec<_> = list.into_iter().filter_map(|tokens| errors.catch(tokens)).collect();
        if !list.is_empty() {
            overrides.set(name, quote!(&[#(#list),*]));
        }
    }

    let idents = fields.iter().map(|field| &field.ident);
    let ty = quote!(__d::ModelDescriptor);
    let source = source(line);
    let constructor = quote!(#ty::new(#rust_name, #source, <#ident as __d::Model>::TABLE));
    let descriptor = overrides.over(&ty, &constructor);
    let referenced = (!attributes.view.is_any()).then(|| quote!(impl __d::Referenced for #ident {}));
    quote! {
        const _: () = {
            use ::djogi_core::__private as __d;
            use ::djogi_core::__private::NotNull as _;
            // Who says everything of a part leaves nothing to be taken from the defaults.
            #[allow(clippy::needless_update)]
            static DESCRIPTOR: __d::ModelDescriptor = #descriptor;
            impl __d::Model for #ident {
                const TABLE: __d::TableName = __d::TableName::new(#schema, #table);
                const DESCRIPTOR: &'static __d::ModelDescriptor = &DESCRIPTOR;
            }
            #referenced
            __d::inventory::submit! { __d::Registration(&DESCRIPTOR) }
            // A column is in use although the program may never read its field.
            const _: fn(&#ident) = |model| {
                let _ = (#(&model.#idents,)*);
            };
            #(#checks)*
        };
    }
}

/// The `Source` of the derive input; the file is known only to the compiler.
pub(crate) fn source(line: u32) -> TokenStream {
    quote! {
        __d::Source { package: ::core::env!("CARGO_PKG_NAME"), file: ::core::file!(), line: #line }
    }
}
