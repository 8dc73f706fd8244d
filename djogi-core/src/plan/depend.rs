//! What a resource needs before it can exist, read from the catalog model.
//!
//! A sequence's owner is not among it: the sequence comes first, its default next, `OWNED BY` last.

use std::collections::BTreeMap;

use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, Constraint, ConstraintDefinition, IndexKey, Resource, Table};
use crate::names::{column_names, qualified_names};

/// Finds dependencies within one catalog.
#[derive(Debug)]
pub struct Dependencies<'a> {
    target: &'a Ident,
    resources: BTreeMap<&'a Address, &'a Resource>,
    requirements: Option<&'a BTreeMap<Ident, Vec<Ident>>>,
    /// What makes the columns of a table unique: a foreign key needs one of them.
    keys: BTreeMap<QualifiedName, Vec<(&'a Address, Vec<&'a Ident>)>>,
}

impl<'a> Dependencies<'a> {
    pub fn new(target: &'a Ident, resources: impl Iterator<Item = (&'a Address, &'a Resource)>) -> Self {
        let resources: BTreeMap<_, _> = resources.collect();
        let mut keys: BTreeMap<QualifiedName, Vec<_>> = BTreeMap::new();
        for (address, resource) in &resources {
            if let Some((table, columns)) = key_columns(resource) {
                keys.entry(table).or_default().push((*address, columns));
            }
        }
        Self { target, resources, requirements: None, keys }
    }

    /// Knows what extensions need of each other, too.
    #[must_use]
    pub fn with_extension_requirements(self, requirements: &'a BTreeMap<Ident, Vec<Ident>>) -> Self {
        Self { requirements: Some(requirements), ..self }
    }

    /// The addresses that `resource` needs: schemas and relations whether they are known or not, types and
    /// sequences only when they are resources, and columns as members of their tables.
    pub fn of(&self, resource: &Resource) -> Vec<Address> {
        let mut needs = match resource {
            Resource::Schema(_) => Vec::new(),
            Resource::Extension(extension) => {
                let requirements =
                    self.requirements.and_then(|all| all.get(&extension.name)).into_iter().flatten();
                let schema = extension.schema.iter().map(|schema| Address::schema(self.target, schema));
                schema.chain(requirements.map(|name| Address::extension(self.target, name))).collect()
            }
            Resource::Enum(r) => vec![Address::schema(self.target, &r.schema)],
            Resource::Sequence(r) => vec![Address::schema(self.target, &r.schema)],
            Resource::Table(table) => {
                let mut needs = vec![Address::schema(self.target, &table.schema)];
                needs.extend(table.columns.iter().flat_map(|column| self.of_column(column)));
                needs
            }
            Resource::Constraint(constraint) => self.of_constraint(constraint),
            Resource::Index(index) => self.of_table_part(&index.table_name(), resource),
        };
        needs.sort();
        needs.dedup();
        needs
    }

    /// The types and sequences that a column needs.
    pub fn of_column(&self, column: &Column) -> Vec<Address> {
        let expressions = column.default.iter().chain(column.generated.as_ref().map(|g| &g.expression));
        let texts = std::iter::once(column.data_type.as_str()).chain(expressions.map(|e| e.as_str()));
        texts.filter(|text| text.contains('.')).flat_map(|text| self.named_in(text)).collect()
    }

    /// The key of the referenced table on which a foreign key rests.
    pub fn key_of(&self, constraint: &Constraint) -> Option<&'a Address> {
        let ConstraintDefinition::ForeignKey(key) = &constraint.definition else { return None };
        let candidates = self.keys.get(&key.references)?;
        let same = |columns: &[&Ident]| {
            columns.len() == key.referenced_columns.len()
                && key.referenced_columns.iter().all(|column| columns.contains(&column))
        };
        candidates.iter().find(|(_, columns)| same(columns)).map(|(address, _)| *address)
    }

    fn of_constraint(&self, constraint: &Constraint) -> Vec<Address> {
        let mut needs =
            self.of_table_part(&constraint.table_name(), &Resource::Constraint(constraint.clone()));
        if let ConstraintDefinition::ForeignKey(key) = &constraint.definition {
            needs.push(Address::table(self.target, &key.references));
            let columns = key.referenced_columns.iter();
            needs.extend(columns.map(|column| Address::column(self.target, &key.references, column)));
            needs.extend(self.key_of(constraint).cloned());
            // Its two sides cannot change their type at once, so it rests on the types of its columns too.
            let table = self.resources.get(&Address::table(self.target, &constraint.table_name()));
            if let Some(Resource::Table(table)) = table {
                let columns = key.columns.iter().filter_map(|column| table.column(column));
                needs.extend(columns.flat_map(|column| self.of_column(column)));
            }
        }
        needs
    }

    fn of_table_part(&self, table: &QualifiedName, part: &Resource) -> Vec<Address> {
        let mut needs = vec![Address::table(self.target, table)];
        let columns = self.columns_of_part(table, part);
        needs.extend(columns.iter().map(|column| Address::column(self.target, table, column)));
        let expressions = expressions_of(part);
        needs.extend(expressions.iter().filter(|e| e.contains('.')).flat_map(|e| self.named_in(e)));
        needs
    }

    fn columns_of_part(&self, table: &QualifiedName, part: &Resource) -> Vec<Ident> {
        match self.resources.get(&Address::table(self.target, table)) {
            Some(Resource::Table(table)) => columns_used(table, part),
            _ => Vec::new(),
        }
    }

    fn named_in(&self, text: &str) -> Vec<Address> {
        let candidates = qualified_names(text)
            .into_iter()
            .flat_map(|name| [Address::enum_type(self.target, &name), Address::sequence(self.target, &name)]);
        candidates.filter(|address| self.resources.contains_key(address)).collect()
    }
}

/// The columns of `table` that a generated column of it is computed from; none for any other column.
pub fn generated_from(table: &Table, column: &Column) -> Vec<Ident> {
    let Some(generated) = &column.generated else { return Vec::new() };
    let mut columns = column_names(generated.expression.as_str());
    columns.retain(|name| table.column(name).is_some());
    columns.sort();
    columns.dedup();
    columns
}

/// The columns of `table` that a constraint or index of it names, in expressions too.
pub fn columns_used(table: &Table, part: &Resource) -> Vec<Ident> {
    let mut columns: Vec<Ident> = match part {
        Resource::Constraint(constraint) => constraint.columns().into_iter().cloned().collect(),
        Resource::Index(index) => index.columns().cloned().collect(),
        Resource::Schema(_)
        | Resource::Extension(_)
        | Resource::Enum(_)
        | Resource::Sequence(_)
        | Resource::Table(_) => Vec::new(),
    };
    let mentioned = expressions_of(part).into_iter().flat_map(column_names);
    columns.extend(mentioned.filter(|name| table.column(name).is_some()));
    columns.sort();
    columns.dedup();
    columns
}

/// The expressions of a constraint or index.
fn expressions_of(part: &Resource) -> Vec<&str> {
    let (elements, predicate): (Vec<_>, _) = match part {
        Resource::Index(index) => (index.elements.iter().collect(), index.predicate.as_ref()),
        Resource::Constraint(constraint) => match &constraint.definition {
            ConstraintDefinition::Check { expression, .. } => (Vec::new(), Some(expression)),
            ConstraintDefinition::Exclusion(exclusion) => {
                (exclusion.elements.iter().map(|e| &e.element).collect(), exclusion.predicate.as_ref())
            }
            ConstraintDefinition::PrimaryKey { .. }
            | ConstraintDefinition::Unique { .. }
            | ConstraintDefinition::ForeignKey(_) => (Vec::new(), None),
        },
        Resource::Schema(_)
        | Resource::Extension(_)
        | Resource::Enum(_)
        | Resource::Sequence(_)
        | Resource::Table(_) => (Vec::new(), None),
    };
    let keys = elements.into_iter().filter_map(|element| match &element.key {
        IndexKey::Column(_) => None,
        IndexKey::Expression(expression) => Some(expression),
    });
    keys.chain(predicate).map(|expression| expression.as_str()).collect()
}

/// The table and columns of what a foreign key can refer to.
fn key_columns(resource: &Resource) -> Option<(QualifiedName, Vec<&Ident>)> {
    match resource {
        Resource::Constraint(constraint) => match &constraint.definition {
            ConstraintDefinition::PrimaryKey { columns, .. }
            | ConstraintDefinition::Unique { columns, .. } => {
                Some((constraint.table_name(), columns.iter().collect()))
            }
            ConstraintDefinition::Check { .. }
            | ConstraintDefinition::ForeignKey(_)
            | ConstraintDefinition::Exclusion(_) => None,
        },
        Resource::Index(index) if index.unique && index.predicate.is_none() => {
            let columns: Option<Vec<_>> = index.elements.iter().map(|element| element.column()).collect();
            Some((index.table_name(), columns?))
        }
        Resource::Index(_)
        | Resource::Schema(_)
        | Resource::Extension(_)
        | Resource::Enum(_)
        | Resource::Sequence(_)
        | Resource::Table(_) => None,
    }
}
