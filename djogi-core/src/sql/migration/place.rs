//! What one column takes over from the other when they change their names.

use crate::address::Address;
use crate::ident::{DollarQuoted, Ident, Literal, QualifiedName};
use crate::kind::{
    Alteration, Column, ColumnAlteration, ColumnComparison, Identity, Index, NotNull, Resource,
    SequenceOwner, Table, TableAlteration,
};
use crate::migration::names;
use crate::sql::{Context, alter};

/// A column that leaves its name to another.
pub(super) struct Leaving<'a> {
    /// As it was.
    pub(super) column: &'a Column,
    /// What it is called then.
    pub(super) aside: &'a Ident,
}

impl Leaving<'_> {
    /// What would refuse a value of it, or fill one in. An identity goes when its numbers have been taken over.
    pub(super) fn let_go(&self, table: &QualifiedName, ctx: &Context<'_>) -> Vec<String> {
        let Column { name, default, not_null, not_null_constraint, identity, .. } = self.column;
        let of = |what: &str| format!("ALTER TABLE {table} ALTER COLUMN {name} {what}");
        let default = default.is_some().then(|| of("DROP DEFAULT"));
        let not_null = (*not_null && identity.is_none()).then(|| of("DROP NOT NULL"));
        // An identity keeps its column `NOT NULL` for a while; from PostgreSQL 18 on, that has a name, which is wanted.
        let named = identity.is_some() && ctx.version.major() >= 18;
        let aside = named.then(|| {
            let name = not_null_constraint.name_on(&table.name, name);
            rename_constraint(table, &name, &names::retired(&name))
        });
        default.into_iter().chain(not_null).chain(aside).collect()
    }
}

/// `NOT NULL` for the column `wanted` of `table`, which the check `proof` shows to hold, so that no row is read.
pub(super) fn not_null(
    table: &QualifiedName,
    wanted: &Column,
    proof: &Ident,
    ctx: &Context<'_>,
) -> Vec<String> {
    let name = &wanted.name;
    let mut sql = vec![
        format!("ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL"),
        format!("ALTER TABLE {table} DROP CONSTRAINT {proof}"),
    ];
    // PostgreSQL 18 chooses a name; another one may be declared.
    if let Some(chosen) = wanted.not_null_constraint.name.as_ref().filter(|_| ctx.version.major() >= 18) {
        let usual = NotNull::default().name_on(&table.name, name);
        if usual != *chosen {
            sql.push(rename_constraint(table, &usual, chosen));
        }
    }
    sql
}

/// Default, numbers and properties of the column `wanted` of the table `declared`, which has taken the name.
pub(super) fn take_over(
    leaving: &Leaving<'_>,
    wanted: &Column,
    declared: &Table,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<String> {
    let (table, name) = (declared.qualified_name(), &wanted.name);
    let fresh = Column { default: None, identity: None, properties: Default::default(), ..wanted.clone() };
    let new_identity = |alteration: &ColumnAlteration| matches!(alteration, ColumnAlteration::AddIdentity(_));
    let mut sql = Vec::new();
    if let Some(identity) = &leaving.column.identity {
        let sequence = |identity: &Identity| {
            QualifiedName::new(table.schema.clone(), identity.sequence_on(&table.name, name))
        };
        let mut body = vec![
            format!("SELECT last_value, is_called INTO at, called FROM {}", sequence(identity)),
            format!("ALTER TABLE {table} ALTER COLUMN {} DROP IDENTITY", leaving.aside),
        ];
        body.extend(differences(&fresh, wanted, declared, ctx, address, new_identity));
        if let Some(wanted) = &wanted.identity {
            let sequence = sequence(wanted).to_string();
            body.push(format!("PERFORM pg_catalog.setval({}, at, called)", Literal(&sequence)));
        }
        let body: String = body.iter().map(|statement| format!("  {statement};\n")).collect();
        let body = format!(" DECLARE at bigint; called boolean; BEGIN\n{body}END ");
        sql.push(format!("DO {}", DollarQuoted(&body)));
        sql.push(format!("ALTER TABLE {table} ALTER COLUMN {} DROP NOT NULL", leaving.aside));
    }
    let owned = ctx.live.iter().filter_map(|(_, resource)| match resource {
        Resource::Sequence(sequence) => Some(sequence),
        _ => None,
    });
    let is_own = |owner: &SequenceOwner| owner.table == table && owner.column == *name;
    let owned = owned.filter(|sequence| sequence.owned_by.as_ref().is_some_and(is_own));
    sql.extend(
        owned.map(|sequence| format!("ALTER SEQUENCE {} OWNED BY {table}.{name}", sequence.qualified_name())),
    );
    let has_been_made = leaving.column.identity.is_some();
    let rest = |alteration: &ColumnAlteration| !(has_been_made && new_identity(alteration));
    sql.extend(differences(&fresh, wanted, declared, ctx, address, rest));
    sql
}

/// The statements that make the column `from` like the column `to`, of those alterations that are `wanted`.
fn differences(
    from: &Column,
    to: &Column,
    table: &Table,
    ctx: &Context<'_>,
    address: &Address,
    wanted: impl Fn(&ColumnAlteration) -> bool,
) -> Vec<String> {
    let ColumnComparison::InPlace(alterations) = from.compare(to, false) else { return Vec::new() };
    let resource = Resource::Table(table.clone());
    let steps = alterations.into_iter().filter(|alteration| wanted(alteration)).flat_map(|alteration| {
        let alteration = TableAlteration::AlterColumn { column: to.name.clone(), alteration };
        alter(&resource, &resource, &Alteration::Table(alteration), ctx, address).unwrap_or_default()
    });
    steps.map(|step| step.operation.sql).collect()
}

pub(super) fn rename_column(table: &QualifiedName, from: &Ident, to: &Ident) -> String {
    format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}")
}

pub(super) fn rename_index(schema: &Ident, from: &Ident, to: &Ident) -> String {
    format!("ALTER INDEX {schema}.{from} RENAME TO {to}")
}

/// The columns of an index keep the names that those of the table had when it was built.
pub(super) fn rename_index_column(index: &Index, from: &Ident, to: &Ident) -> Option<String> {
    let has_it = index.columns().any(|name| name == from);
    has_it.then(|| format!("ALTER TABLE {} RENAME COLUMN {from} TO {to}", index.qualified_name()))
}

pub(super) fn rename_constraint(table: &QualifiedName, from: &Ident, to: &Ident) -> String {
    format!("ALTER TABLE {table} RENAME CONSTRAINT {from} TO {to}")
}
