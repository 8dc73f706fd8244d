//! Short ways to say what the golden script is made of.

use std::collections::BTreeMap;

use crate::ident::{Ident, QualifiedName};
use crate::kind::*;

pub(super) fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

pub(super) fn name(schema: &str, name: &str) -> QualifiedName {
    QualifiedName::new(ident(schema), ident(name))
}

pub(super) fn idents(names: &[&str]) -> Vec<Ident> {
    names.iter().map(|name| ident(name)).collect()
}

pub(super) fn column(name: &str, data_type: &str) -> Column {
    Column {
        name: ident(name),
        data_type: data_type.to_owned(),
        collation: None,
        origin: Default::default(),
        not_null: false,
        not_null_constraint: NotNull::default(),
        default: None,
        identity: None,
        properties: ColumnProperties::default(),
        generated: None,
        comment: None,
    }
}

pub(super) fn not_null(column: Column) -> Column {
    Column { not_null: true, ..column }
}

pub(super) fn defaulted(column: Column, default: &str) -> Column {
    Column { default: Some(Expression::new(default)), ..column }
}

pub(super) fn generated(column: Column, expression: &str, storage: GeneratedStorage) -> Column {
    Column { generated: Some(Generated { expression: Expression::new(expression), storage }), ..column }
}

pub(super) fn commented(column: Column, comment: &str) -> Column {
    Column { comment: Some(comment.to_owned()), ..column }
}

pub(super) fn identity(column: Column, mode: IdentityMode, options: SequenceOptions) -> Column {
    Column { identity: Some(Identity { mode, options, sequence: None, comment: None }), ..not_null(column) }
}

pub(super) fn table(table: &str, columns: Vec<Column>) -> Table {
    Table {
        schema: ident("app"),
        name: ident(table),
        columns,
        partition_by: None,
        foreign: None,
        lineage: Default::default(),
        properties: TableProperties::default(),
        comment: None,
    }
}

pub(super) fn constraint(table: &str, name: &str, definition: ConstraintDefinition) -> Constraint {
    Constraint {
        schema: ident("app"),
        table: ident(table),
        name: ident(name),
        definition,
        parent: None,
        derived: false,
        deferrable: Deferrable::NotDeferrable,
        validated: true,
        enforced: true,
        period: false,
        options: BTreeMap::new(),
        tablespace: None,
        index_comment: None,
        comment: None,
    }
}

pub(super) fn primary_key(table: &str, name: &str, columns: &[&str]) -> Constraint {
    let definition = ConstraintDefinition::PrimaryKey { columns: idents(columns), include: Vec::new() };
    constraint(table, name, definition)
}

pub(super) fn check(table: &str, name: &str, expression: &str) -> Constraint {
    let expression = Expression::new(expression);
    constraint(table, name, ConstraintDefinition::Check { expression, no_inherit: false })
}

pub(super) fn foreign_key(columns: &[&str], references: &str) -> ForeignKey {
    ForeignKey {
        columns: idents(columns),
        references: name("app", references),
        referenced_columns: idents(&["id"]),
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
        on_delete_columns: Vec::new(),
        match_type: MatchType::Simple,
    }
}

pub(super) fn key(name: &str) -> IndexElement {
    IndexElement {
        key: IndexKey::Column(ident(name)),
        collation: None,
        operator_class: None,
        descending: false,
        nulls_first: false,
    }
}

pub(super) fn expression_key(expression: &str) -> IndexElement {
    IndexElement { key: IndexKey::Expression(Expression::new(expression)), ..key("unused") }
}

pub(super) fn index(table: &str, name: &str, elements: Vec<IndexElement>) -> Index {
    Index {
        statistics: BTreeMap::new(),
        schema: ident("app"),
        name: ident(name),
        table: ident(table),
        parent: None,
        unique: false,
        nulls_not_distinct: false,
        method: ident("btree"),
        elements,
        include: Vec::new(),
        predicate: None,
        options: BTreeMap::new(),
        tablespace: None,
        valid: true,
        comment: None,
    }
}

pub(super) fn mood(labels: &[&str]) -> EnumType {
    EnumType {
        schema: ident("app"),
        name: ident("Mood"),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        comment: Some("how it's going".to_owned()),
    }
}

pub(super) fn sequence(sequence: &str, data_type: SequenceType, options: SequenceOptions) -> Sequence {
    Sequence {
        schema: ident("app"),
        name: ident(sequence),
        data_type,
        options,
        owned_by: None,
        comment: None,
    }
}

pub(super) fn bigint() -> SequenceOptions {
    SequenceOptions::default_for(SequenceType::Bigint)
}
