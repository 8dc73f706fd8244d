//! Carries new names into everything that refers to the old ones, as PostgreSQL does by itself when it
//! executes a rename.

mod inherit;

use std::collections::BTreeMap;

use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::ident::{Ident, QualifiedName};
use crate::kind::routine::attributes;
use crate::kind::{
    CastMethod, Column, ConstraintDefinition, Expression, FamilyMember, IndexElement, IndexKey, NotNull,
    Resource, Securable, not_null,
};
use crate::names::{replace_columns, replace_names};

/// Names that change at once, old to new.
#[derive(Clone, Debug, Default)]
pub(super) struct NewNames {
    pub(super) schemas: BTreeMap<Ident, Ident>,
    pub(super) tables: BTreeMap<QualifiedName, QualifiedName>,
    pub(super) sequences: BTreeMap<QualifiedName, QualifiedName>,
    pub(super) types: BTreeMap<QualifiedName, QualifiedName>,
    /// By index name; the schema follows the table.
    pub(super) indexes: BTreeMap<QualifiedName, Ident>,
    /// The new schemas of indexes whose tables move to them.
    index_schemas: BTreeMap<QualifiedName, Ident>,
    /// By table and constraint name.
    pub(super) constraints: BTreeMap<(QualifiedName, Ident), Ident>,
    /// By table, old column to new column.
    pub(super) columns: BTreeMap<QualifiedName, BTreeMap<Ident, Ident>>,
    /// Operators, and what text search literals name.
    called: BTreeMap<QualifiedName, QualifiedName>,
    /// What no other text is rewritten for: PostgreSQL prints it anew, which is compared with what is declared.
    others: BTreeMap<Address, Address>,
    /// The major version of the server, which says whether a `NOT NULL` has a name; it keeps its own.
    pub(super) major: u32,
}

/// `resource` as it is where `from`, a column of `table`, is called `to`.
pub(crate) fn with_column_renamed(
    resource: &Resource,
    target: &Ident,
    table: &QualifiedName,
    (from, to): (&Ident, &Ident),
) -> Resource {
    let columns = BTreeMap::from([(table.clone(), BTreeMap::from([(from.clone(), to.clone())]))]);
    NewNames { columns, ..NewNames::default() }.rewrite(target, resource)
}

impl NewNames {
    pub(super) fn is_empty(&self) -> bool {
        let Self {
            schemas,
            tables,
            sequences,
            types,
            indexes,
            // They follow from the tables.
            index_schemas: _,
            constraints,
            columns,
            called: _,
            others,
            major: _,
        } = self;
        schemas.is_empty()
            && tables.is_empty()
            && sequences.is_empty()
            && types.is_empty()
            && indexes.is_empty()
            && constraints.is_empty()
            && columns.is_empty()
            && others.is_empty()
    }

    /// Indexes move to the schema to which their tables move, and what names them by their own names alone follows.
    pub(super) fn take_indexes_along(&mut self, catalog: &Catalog) {
        let moves = |old: &QualifiedName, new: &QualifiedName| old.schema != new.schema;
        if !self.tables.iter().any(|(old, new)| moves(old, new)) {
            return;
        }
        for (_, resource) in catalog.iter() {
            let Resource::Index(index) = resource else { continue };
            let table = index.table_name();
            if let Some(new) = self.tables.get(&table).filter(|new| moves(&table, new)) {
                self.index_schemas.insert(index.qualified_name(), new.schema.clone());
            }
        }
    }

    /// Gives one object another name; both addresses are of one kind.
    pub(super) fn rename(&mut self, from: &Address, to: &Address) {
        let (Some(old), Some(new)) = (from.relation(), to.relation()) else {
            self.others.insert(from.clone(), to.clone());
            return;
        };
        match from.kind() {
            Kind::Table | Kind::View | Kind::MaterializedView => {
                self.tables.insert(old, new);
            }
            Kind::Sequence => {
                self.sequences.insert(old, new);
            }
            kind if kind.is_type() => {
                self.types.insert(old, new);
            }
            Kind::Index => {
                self.indexes.insert(old, to.name().clone());
            }
            Kind::Constraint => {
                self.constraints.insert((old, from.name().clone()), to.name().clone());
            }
            kind => {
                if matches!(kind, Kind::Operator | Kind::TextSearchConfiguration | Kind::TextSearchDictionary)
                {
                    self.called.insert(old, new);
                }
                self.others.insert(from.clone(), to.clone());
            }
        }
    }

    /// The address under the new names; `moved` are those of resources.
    pub(super) fn address(&self, moved: &BTreeMap<Address, Address>, address: &Address) -> Address {
        let Some(table) = address.relation().filter(|_| address.kind() == Kind::Column) else {
            return moved.get(address).unwrap_or(address).clone();
        };
        let column = self.columns.get(&table).and_then(|columns| columns.get(address.name()));
        let column = column.unwrap_or(address.name());
        Address::column(address.target(), self.tables.get(&table).unwrap_or(&table), column)
    }

    /// `resource` as it will be under the new names.
    pub(super) fn rewrite(&self, target: &Ident, resource: &Resource) -> Resource {
        let mut resource = resource.clone();
        if !self.others.is_empty()
            && let Some(new) = self.others.get(&resource.address(target))
        {
            resource = resource.renamed(new);
        }
        match &mut resource {
            Resource::Schema(schema) => self.rename_schema(&mut schema.name),
            Resource::Extension(extension) => {
                if let Some(schema) = &mut extension.schema {
                    self.rename_schema(schema);
                }
            }
            Resource::Enum(r) => rename_qualified(&self.types, &mut r.schema, &mut r.name),
            Resource::Sequence(r) => {
                rename_qualified(&self.sequences, &mut r.schema, &mut r.name);
                if let Some(owner) = &mut r.owned_by {
                    self.rename_column(&owner.table, &mut owner.column);
                    self.rename_table(&mut owner.table);
                }
            }
            Resource::Table(table) => {
                let name = table.qualified_name();
                let old_names: Vec<Ident> = table.columns.iter().map(|column| column.name.clone()).collect();
                for column in &mut table.columns {
                    self.rewrite_column(&name, column);
                }
                if let Some(key) = &mut table.partition_by {
                    self.rewrite_expression(&name, &mut key.elements);
                }
                if let Some(source) = &mut table.foreign {
                    self.rename_object(Kind::ForeignServer, target, &mut source.server);
                }
                for parent in table.lineage.parents_mut() {
                    self.rename_table(parent);
                }
                for index in table.properties.named_indexes_mut() {
                    let of_index = self.indexes.get(&QualifiedName::new(name.schema.clone(), index.clone()));
                    let of_constraint = || self.constraints.get(&(name.clone(), index.clone()));
                    if let Some(new) = of_index.or_else(of_constraint) {
                        *index = new.clone();
                    }
                }
                rename_qualified(&self.tables, &mut table.schema, &mut table.name);
                for (column, old_name) in table.columns.iter_mut().zip(old_names) {
                    let is_renamed = table.name != name.name || column.name != old_name;
                    if column.not_null && is_renamed && self.major >= 18 {
                        let (old, new) = ((&name.name, Some(&old_name)), (&table.name, Some(&column.name)));
                        keep_name(&mut column.not_null_constraint, old, new);
                    }
                    if is_renamed {
                        column.identity = column.identity.take().map(|identity| {
                            let sequence = identity.sequence_on(&name.name, &old_name);
                            identity.called(sequence, &table.name, &column.name)
                        });
                    }
                }
            }
            Resource::Constraint(constraint) => {
                let table = constraint.table_name();
                self.rewrite_definition(&table, &mut constraint.definition);
                if let Some(parent) = &mut constraint.parent {
                    if let Some(new) = self.constraints.get(&(parent.table.clone(), parent.name.clone())) {
                        parent.name = new.clone();
                    }
                    self.rename_table(&mut parent.table);
                }
                if let Some(new) = self.constraints.get(&(table, constraint.name.clone())) {
                    constraint.name = new.clone();
                }
                rename_qualified(&self.tables, &mut constraint.schema, &mut constraint.table);
            }
            Resource::Index(index) => {
                let table = index.table_name();
                for element in &mut index.elements {
                    self.rewrite_element(&table, element);
                }
                for column in &mut index.include {
                    self.rename_column(&table, column);
                }
                if let Some(predicate) = &mut index.predicate {
                    self.rewrite_expression(&table, predicate);
                }
                if let Some(parent) = &mut index.parent {
                    self.rename_index(parent);
                }
                if let Some(new) = self.indexes.get(&index.qualified_name()) {
                    index.name = new.clone();
                }
                rename_qualified(&self.tables, &mut index.schema, &mut index.table);
            }
            Resource::Domain(r) => {
                let old_name = r.name.clone();
                rename_qualified(&self.types, &mut r.schema, &mut r.name);
                if r.not_null && r.name != old_name && self.major >= 17 {
                    keep_name(&mut r.not_null_constraint, (&old_name, None), (&r.name, None));
                }
                r.data_type = self.replace_qualified(&r.data_type);
                for constraint in &mut r.constraints {
                    constraint.expression.0 = self.replace_qualified(constraint.expression.as_str());
                }
            }
            Resource::Composite(r) => {
                rename_qualified(&self.types, &mut r.schema, &mut r.name);
                for attribute in &mut r.attributes {
                    attribute.data_type = self.replace_qualified(&attribute.data_type);
                }
            }
            Resource::Range(r) => {
                rename_qualified(&self.types, &mut r.schema, &mut r.name);
                r.subtype = self.replace_qualified(&r.subtype);
            }
            Resource::View(r) => rename_qualified(&self.tables, &mut r.schema, &mut r.name),
            Resource::MaterializedView(r) => rename_qualified(&self.tables, &mut r.schema, &mut r.name),
            Resource::Statistics(r) => self.rename_table(&mut r.table),
            Resource::Seed(r) => {
                let columns = r.key.iter_mut().chain(&mut r.columns);
                columns.for_each(|column| self.rename_column(&r.table, column));
                self.rename_table(&mut r.table);
            }
            Resource::Migration(r) => {
                let (_, table, column) = r.names_mut();
                self.rename_column(table, column);
                self.rename_table(table);
            }
            Resource::MigrationStep(r) => {
                self.rename_table(&mut r.table);
                for key in &mut r.referring {
                    if let Resource::Constraint(renamed) =
                        self.rewrite(target, &Resource::Constraint(key.clone()))
                    {
                        *key = renamed;
                    }
                }
            }
            Resource::Trigger(r) => {
                rename_qualified(&self.tables, &mut r.schema, &mut r.table);
                r.action = self.replace_qualified(&r.action);
                if let Some(parent) = &mut r.parent {
                    self.rename_table(&mut parent.table);
                }
            }
            Resource::ForeignDataWrapper(r) => {
                r.handler
                    .iter_mut()
                    .chain(&mut r.validator)
                    .for_each(|function| self.rename_function(function));
            }
            Resource::ForeignServer(r) => {
                self.rename_object(Kind::ForeignDataWrapper, target, &mut r.wrapper);
            }
            Resource::UserMapping(r) => self.rename_object(Kind::ForeignServer, target, &mut r.server),
            Resource::EventTrigger(r) => self.rename_routine(&mut r.function),
            Resource::Publication(r) => {
                r.schemas.iter_mut().for_each(|schema| self.rename_schema(schema));
                for published in &mut r.tables {
                    let table = published.table.clone();
                    for column in &mut published.columns {
                        self.rename_column(&table, column);
                    }
                    published.columns.sort();
                    if let Some(filter) = &mut published.filter {
                        self.rewrite_expression(&table, filter);
                    }
                    self.rename_table(&mut published.table);
                }
                r.tables.sort_by(|a, b| a.table.cmp(&b.table));
            }
            Resource::Rule(r) => rename_qualified(&self.tables, &mut r.schema, &mut r.table),
            Resource::Policy(r) => {
                let table = r.table_name();
                let expressions = r.using.iter_mut().chain(&mut r.check);
                expressions.for_each(|expression| self.rewrite_expression(&table, expression));
                rename_qualified(&self.tables, &mut r.schema, &mut r.table);
            }
            Resource::Routine(r) => {
                for text in
                    [&mut r.arguments, &mut r.signature, &mut r.parameters].into_iter().chain(&mut r.returns)
                {
                    *text = self.replace_qualified(text);
                }
                let attributes = attributes(&r.definition);
                r.definition =
                    format!("{}{}", self.replace_qualified(attributes), &r.definition[attributes.len()..]);
            }
            Resource::Aggregate(r) => {
                for text in [&mut r.arguments, &mut r.parameters, &mut r.returns] {
                    *text = self.replace_qualified(text);
                }
            }
            Resource::Grant(r) => {
                if let Some(table) = r.on.relation_name() {
                    r.columns.iter_mut().for_each(|column| self.rename_column(table, &mut column.name));
                }
                self.rename_securable(target, &mut r.on);
            }
            // A role keeps its name, and publications of others are none of ours.
            Resource::Role(_) | Resource::RoleGrant(_) | Resource::Subscription(_) => {}
            Resource::DefaultPrivilege(r) => {
                r.schema.iter_mut().for_each(|schema| self.rename_schema(schema));
            }
            Resource::Operator(r) => {
                for text in r.left.iter_mut().chain([&mut r.right, &mut r.function]) {
                    *text = self.replace_qualified(text);
                }
                for companion in r.commutator.iter_mut().chain(&mut r.negator) {
                    if let Some(new) = self.called.get(companion) {
                        *companion = new.clone();
                    }
                }
            }
            Resource::OperatorFamily(r) => self.rewrite_members(&mut r.members),
            Resource::OperatorClass(r) => {
                let family = Address::routine(Kind::OperatorFamily, target, &r.family, r.method.as_str());
                self.rename_other(&family, &mut r.family);
                r.data_type = self.replace_qualified(&r.data_type);
                if let Some(storage) = &mut r.storage {
                    *storage = self.replace_qualified(storage);
                }
                self.rewrite_members(&mut r.members);
            }
            Resource::Conversion(r) => self.rename_function(&mut r.function),
            Resource::Language(r) => {
                let others = r.inline.iter_mut().chain(&mut r.validator);
                others.chain([&mut r.handler]).for_each(|function| self.rename_function(function));
            }
            Resource::Transform(r) => {
                self.rename_object(Kind::Language, target, &mut r.language);
                for text in r.from_sql.iter_mut().chain(&mut r.to_sql).chain([&mut r.data_type]) {
                    *text = self.replace_qualified(text);
                }
            }
            Resource::Cast(r) => {
                let function = match &mut r.method {
                    CastMethod::Function(function) => Some(function),
                    CastMethod::InOut | CastMethod::Binary => None,
                };
                for text in [&mut r.source, &mut r.target].into_iter().chain(function) {
                    *text = self.replace_qualified(text);
                }
            }
            Resource::TextSearchConfiguration(r) => {
                let parser = Address::of_schema(Kind::TextSearchParser, target, &r.parser);
                self.rename_other(&parser, &mut r.parser);
                for dictionary in r.mappings.values_mut().flatten() {
                    let address = Address::of_schema(Kind::TextSearchDictionary, target, dictionary);
                    self.rename_other(&address, dictionary);
                }
            }
            Resource::TextSearchDictionary(r) => {
                let template = Address::of_schema(Kind::TextSearchTemplate, target, &r.template);
                self.rename_other(&template, &mut r.template);
            }
            Resource::Collation(_) | Resource::TextSearchParser(_) | Resource::TextSearchTemplate(_) => {}
        }
        resource
    }

    fn rewrite_members(&self, members: &mut [FamilyMember]) {
        for member in members.iter_mut() {
            member.name = self.replace_qualified(&member.name);
            member.value = self.replace_qualified(&member.value);
        }
        members.sort();
    }

    /// Follows the rename of the object at `address`, if there is one.
    fn rename_other(&self, address: &Address, name: &mut QualifiedName) {
        if let Some(new) = self.others.get(address).and_then(Address::relation) {
            *name = new;
        }
    }

    fn rewrite_definition(&self, table: &QualifiedName, definition: &mut ConstraintDefinition) {
        match definition {
            ConstraintDefinition::PrimaryKey { columns, include }
            | ConstraintDefinition::Unique { columns, include, .. } => {
                columns.iter_mut().chain(include).for_each(|column| self.rename_column(table, column));
            }
            ConstraintDefinition::Check { expression, .. } => self.rewrite_expression(table, expression),
            ConstraintDefinition::ForeignKey(key) => {
                let own = key.columns.iter_mut().chain(&mut key.on_delete_columns);
                own.for_each(|column| self.rename_column(table, column));
                for column in &mut key.referenced_columns {
                    self.rename_column(&key.references, column);
                }
                self.rename_table(&mut key.references);
            }
            ConstraintDefinition::Exclusion(exclusion) => {
                for element in &mut exclusion.elements {
                    self.rewrite_element(table, &mut element.element);
                }
                if let Some(predicate) = &mut exclusion.predicate {
                    self.rewrite_expression(table, predicate);
                }
            }
        }
    }

    fn rewrite_column(&self, table: &QualifiedName, column: &mut Column) {
        self.rename_column(table, &mut column.name);
        column.data_type = self.replace_qualified(&column.data_type);
        if let Some(default) = &mut column.default {
            self.rewrite_expression(table, default);
        }
        if let Some(generated) = &mut column.generated {
            self.rewrite_expression(table, &mut generated.expression);
        }
    }

    fn rewrite_element(&self, table: &QualifiedName, element: &mut IndexElement) {
        match &mut element.key {
            IndexKey::Column(column) => self.rename_column(table, column),
            IndexKey::Expression(expression) => self.rewrite_expression(table, expression),
        }
    }

    fn rewrite_expression(&self, table: &QualifiedName, expression: &mut Expression) {
        let qualified = self.replace_qualified(&expression.0);
        expression.0 = match self.columns.get(table) {
            Some(columns) => replace_columns(&qualified, |name| columns.get(name)),
            None => qualified,
        };
    }

    fn replace_qualified(&self, text: &str) -> String {
        if !text.contains('.') {
            return text.to_owned();
        }
        let names = [&self.types, &self.sequences, &self.tables, &self.called];
        replace_names(text, &mut |name| names.iter().find_map(|names| names.get(name)).cloned())
    }

    fn rename_securable(&self, target: &Ident, object: &mut Securable) {
        let addresses = object.addresses(target);
        match object {
            Securable::Schema { name } => self.rename_schema(name),
            Securable::Table(name) => self.rename_table(name),
            Securable::Sequence { name, table } => {
                if let Some(new) = self.sequences.get(name) {
                    *name = new.clone();
                }
                table.iter_mut().for_each(|table| self.rename_table(table));
            }
            Securable::Type(name) => rename_qualified(&self.types, &mut name.schema, &mut name.name),
            Securable::Routine { name, arguments } => {
                let new = addresses.iter().find_map(|address| self.others.get(address)?.relation());
                *name = new.unwrap_or_else(|| name.clone());
                *arguments = self.replace_qualified(arguments);
            }
            Securable::Language { name } | Securable::Wrapper { name } | Securable::Server { name } => {
                if let Some(new) = addresses.iter().find_map(|address| self.others.get(address)) {
                    name.clone_from(new.name());
                }
            }
        }
    }

    fn rename_column(&self, table: &QualifiedName, column: &mut Ident) {
        if let Some(new) = self.columns.get(table).and_then(|columns| columns.get(column)) {
            *column = new.clone();
        }
    }

    fn rename_schema(&self, schema: &mut Ident) {
        if let Some(new) = self.schemas.get(schema) {
            *schema = new.clone();
        }
    }

    /// An index lives where its table lives, to which it is renamed before.
    fn rename_index(&self, index: &mut QualifiedName) {
        let schema = self.index_schemas.get(index);
        if let Some(new) = self.indexes.get(index) {
            index.name = new.clone();
        }
        if let Some(schema) = schema {
            index.schema = schema.clone();
        }
    }

    /// Of a handler or a validator, which has its arguments from what it is for.
    fn rename_function(&self, function: &mut QualifiedName) {
        let is_it = |old: &Address| old.kind() == Kind::Function && old.relation().as_ref() == Some(function);
        let renamed = self.others.iter().find(|(old, _)| is_it(old));
        if let Some(new) = renamed.and_then(|(_, new)| new.relation()) {
            *function = new;
        }
    }

    /// Of something that belongs to the database.
    fn rename_object(&self, kind: Kind, target: &Ident, name: &mut Ident) {
        if let Some(new) = self.others.get(&Address::of_database(kind, target, name)) {
            name.clone_from(new.name());
        }
    }

    /// Of a routine without arguments.
    fn rename_routine(&self, routine: &mut QualifiedName) {
        let is_it = |old: &Address| old.arguments() == Some("") && old.relation().as_ref() == Some(routine);
        let renamed = self.others.iter().find(|(old, _)| is_it(old));
        if let Some(new) = renamed.and_then(|(_, new)| new.relation()) {
            *routine = new;
        }
    }

    fn rename_table(&self, table: &mut QualifiedName) {
        if let Some(new) = self.tables.get(table) {
            *table = new.clone();
        }
    }
}

/// A `NOT NULL` keeps its name when what it is on gets another; both are names of relation and column.
fn keep_name(constraint: &mut NotNull, old: (&Ident, Option<&Ident>), new: (&Ident, Option<&Ident>)) {
    let name = constraint.name.take().unwrap_or_else(|| not_null::default_name(old.0, old.1));
    constraint.name = (!not_null::is_default_name(&name, new.0, new.1)).then_some(name);
}

fn rename_qualified(names: &BTreeMap<QualifiedName, QualifiedName>, schema: &mut Ident, name: &mut Ident) {
    if let Some(new) = names.get(&QualifiedName::new(schema.clone(), name.clone())) {
        (*schema, *name) = (new.schema.clone(), new.name.clone());
    }
}
