//! Constraints as resources.

use std::collections::HashMap;

use djogi_core::Resource;
use djogi_core::kind::{
    Constraint, ConstraintDefinition, Exclusion, ExclusionElement, Expression, ForeignKey, ParentConstraint,
};

use super::{Assembled, Context, TableParts};
use crate::introspect::constraint::{self, ConstraintRow};
use crate::introspect::error::IntrospectError;
use crate::introspect::index::IndexRow;
use crate::introspect::lookup::class;

pub(super) fn add_constraints(
    out: &mut Assembled,
    context: &mut Context,
    rows: Vec<ConstraintRow>,
    indexes: &HashMap<u32, IndexRow>,
) -> Result<(), IntrospectError> {
    for mut row in rows {
        let Some(table) = out.tables.get(&row.table) else { continue };
        let index = indexes.get(&row.index);
        let owns_index = matches!(row.kind, 'p' | 'u' | 'x');
        let definition = define(&mut row, table, index, out, context)?;
        let own_index = index.filter(|_| owns_index);
        let parent = row.parent.take().or_else(|| part_of_index(table, own_index));
        let (schema, table_name) = (table.schema.clone(), table.row.name.clone());
        if owns_index {
            out.index_owners.insert(row.index, row.oid);
        }
        let constraint = Constraint {
            schema,
            table: table_name,
            name: row.name,
            definition,
            derived: !row.no_inherit && (owns_index || row.kind == 'f' && parent.is_some()),
            parent,
            deferrable: row.deferrable,
            // What is not enforced was never checked, and nothing is left to validate.
            validated: row.validated || !row.enforced,
            enforced: row.enforced,
            period: row.period,
            options: own_index.map(IndexRow::options).unwrap_or_default(),
            tablespace: own_index.and_then(|index| index.tablespace.clone()),
            comment: context.comment(class::CONSTRAINT, row.oid),
            index_comment: own_index.and_then(|_| context.comment(class::RELATION, row.index)),
        };
        out.insert(row.oid, Resource::Constraint(constraint));
    }
    Ok(())
}

/// A key whose index is a part of one that no constraint owns.
fn part_of_index(table: &TableParts, index: Option<&IndexRow>) -> Option<ParentConstraint> {
    let name = index?.parent.as_ref()?.name.clone();
    let table = table.row.lineage.parents().first()?.clone();
    Some(ParentConstraint { table, name })
}

fn define(
    row: &mut ConstraintRow,
    table: &TableParts,
    index: Option<&IndexRow>,
    out: &Assembled,
    context: &Context,
) -> Result<ConstraintDefinition, IntrospectError> {
    let own_index = || index.ok_or(IntrospectError::Vanished { what: "index of constraint", oid: row.oid });
    match row.kind {
        'p' => Ok(ConstraintDefinition::PrimaryKey {
            columns: table.column_names(&row.columns)?,
            include: own_index()?.included(table)?,
        }),
        'u' => Ok(ConstraintDefinition::Unique {
            columns: table.column_names(&row.columns)?,
            include: own_index()?.included(table)?,
            nulls_not_distinct: own_index()?.nulls_not_distinct,
        }),
        'c' => Ok(ConstraintDefinition::Check {
            expression: Expression::new(row.expression.take().unwrap_or_default()),
            no_inherit: row.no_inherit,
        }),
        'f' => foreign_key(row, table, out, context).map(ConstraintDefinition::ForeignKey),
        'x' => {
            let index = own_index()?;
            let elements = index.elements(table, &context.keys, &context.lookup)?;
            let operators = row.operators.take().unwrap_or_default();
            Ok(ConstraintDefinition::Exclusion(Exclusion {
                method: context.lookup.method(index.method)?.clone(),
                elements: elements
                    .into_iter()
                    .zip(operators)
                    .map(|(element, operator)| ExclusionElement { element, operator })
                    .collect(),
                predicate: index.predicate.clone().map(Expression::new),
            }))
        }
        other => Err(constraint::unknown("kind of constraint", other)),
    }
}

fn foreign_key(
    row: &ConstraintRow,
    table: &TableParts,
    out: &Assembled,
    context: &Context,
) -> Result<ForeignKey, IntrospectError> {
    let (references, referenced_columns) = match out.tables.get(&row.referenced_table) {
        Some(referenced) => (referenced.qualified_name(), referenced.column_names(&row.referenced_columns)?),
        None => {
            let vanished =
                || IntrospectError::Vanished { what: "referenced table", oid: row.referenced_table };
            let find = |number: &i16| context.elsewhere.get(&(row.referenced_table, *number));
            let columns = row.referenced_columns.iter().map(find);
            let columns: Vec<_> = columns.collect::<Option<_>>().ok_or_else(vanished)?;
            let name = columns.first().ok_or_else(vanished)?.table_name.clone();
            (name, columns.into_iter().map(|column| column.name.clone()).collect())
        }
    };
    Ok(ForeignKey {
        columns: table.column_names(&row.columns)?,
        references,
        referenced_columns,
        on_delete: row.on_delete()?,
        on_update: row.on_update()?,
        on_delete_columns: table.column_names(&row.on_delete_columns)?,
        match_type: row.match_type()?,
    })
}
