//! DDL of tables.

use std::collections::BTreeSet;

use super::foreign_option::Clause;
use super::parameters::{options_clause, parameter_actions};
use super::{Context, Impossible, Step, column, comment_sql, constraint, lineage, migration, move_sql};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Constraint, ConstraintDefinition, Lineage, PropertyAlteration, ReplicaIdentity, Resource, Table,
    TableAlteration, TableProperties,
};
use crate::safety::Verb;

pub(super) fn create(table: &Table, ctx: &Context<'_>, address: &Address) -> Result<Vec<Step>, Impossible> {
    create_with(table, &[], ctx, address)
}

/// With the constraints `inline` in the same statement.
pub(super) fn create_with(
    table: &Table,
    inline: &[&Constraint],
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let name = table.qualified_name();
    let mut lines = Vec::with_capacity(table.columns.len() + inline.len());
    let mut comments = Vec::new();
    if table.comment.is_some() {
        comments.push(set_comment(table, table.comment.as_deref(), ctx, address));
    }
    let family = lineage::Family::of(table, ctx, address);
    for column in &table.columns {
        column::require_support(column, &name, ctx)?;
        lines.extend(family.column_sql(column, ctx));
        if column.comment.is_some() {
            let comment = column.comment.as_deref();
            comments.push(column::set_comment(&name, &column.name, comment, ctx, address));
        }
        comments.extend(column::new_comment_on_sequence(&name, column, ctx, address));
    }
    for inline in inline {
        let address = Address::constraint(ctx.target, &name, &inline.name);
        constraint::require_support(inline, ctx, &address)?;
        lines.push(constraint::definition_sql(inline));
        comments.extend(constraint::comments(inline, ctx, &address));
    }
    let properties = &table.properties;
    let kind = if properties.unlogged { "UNLOGGED TABLE" } else { table.word() };
    let lines = match (lines.is_empty(), family.partition_of()) {
        (true, Some(_)) => String::new(),
        (true, None) => " ()".to_owned(),
        (false, _) => format!(" (\n    {}\n)", lines.join(",\n    ")),
    };
    let mut sql = format!("CREATE {kind} {name}");
    match family.partition_of() {
        Some((parent, bound)) => sql += &format!(" PARTITION OF {parent}{lines} {}", bound.as_sql()),
        None => sql += &lines,
    }
    if let Lineage::Inherits(parents) = &table.lineage {
        let parents: Vec<String> = parents.iter().map(ToString::to_string).collect();
        sql += &format!(" INHERITS ({})", parents.join(", "));
    }
    if let Some(key) = &table.partition_by {
        sql += &format!(" PARTITION BY {}", key.as_sql());
    }
    if let Some(method) = &properties.access_method {
        sql += &format!(" USING {method}");
    }
    sql += &options_clause(&properties.options);
    if let Some(tablespace) = &properties.tablespace {
        sql += &format!(" TABLESPACE {tablespace}");
    }
    let mut secrets = Vec::new();
    if let Some(source) = &table.foreign {
        let options = Clause::of(&source.options);
        sql += &format!(" SERVER {}{}", source.server, options.sql);
        secrets.extend(table.columns.iter().flat_map(|column| family.stated_options(column).secrets));
        secrets.extend(options.secrets);
    }
    let stated = TableProperties {
        row_security: false,
        force_row_security: false,
        replica_identity: ReplicaIdentity::Default,
        cluster_on: None,
        ..properties.clone()
    };
    let rest = stated.alterations(properties);
    let rest = rest.iter().filter(|alteration| !alteration.names_index());
    let mut rest: Vec<Step> =
        rest.flat_map(|alteration| set_property(&name, alteration, ctx, address)).collect();
    for column in &table.columns {
        rest.extend(column::finish_not_null(&name, column, ctx, address));
        rest.extend(family.own_of_inherited(column, ctx, address));
        let unusual = family.usual_properties(column).alterations(&column.properties, false);
        let steps = unusual.iter().flat_map(|a| column::set_property(&name, column, a, ctx, address));
        rest.extend(steps);
    }
    comments.splice(0..0, rest);
    for comment in &mut comments {
        comment.operation.lock = None;
    }
    let mut created = family.creation(sql, ctx, address);
    created.operation.secrets = secrets;
    let mut steps = vec![created];
    steps.append(&mut comments);
    Ok(steps)
}

/// What names indexes, which exist only now, and the place of a partition that was made apart.
pub(super) fn attach(table: &Table, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let mut steps = lineage::attach_new(table, ctx, address);
    let properties = TableProperties::default().alterations(&table.properties);
    let waiting = properties.iter().filter(|alteration| alteration.names_index());
    steps.extend(waiting.flat_map(|it| set_property(&table.qualified_name(), it, ctx, address)));
    steps
}

/// What the declared `table` says of its index, or constraint, `index`, which was made anew.
pub(super) fn renew_uses_of_index(
    table: &QualifiedName,
    index: &Ident,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let Some(declared) = ctx.declared_table(table) else { return Vec::new() };
    let uses = declared.properties.of_index(index);
    uses.iter().flat_map(|alteration| set_property(table, alteration, ctx, address)).collect()
}

fn set_property(
    table: &QualifiedName,
    alteration: &PropertyAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    use PropertyAlteration as Alter;
    let or = |chosen: &Option<Ident>, default: &str| {
        chosen.as_ref().map_or_else(|| default.to_owned(), ToString::to_string)
    };
    let on_or_off = |on: bool, words: &str| if on { words.to_owned() } else { format!("NO {words}") };
    let (verb, actions) = match alteration {
        Alter::SetUnlogged(unlogged) => {
            let action = if *unlogged { "SET UNLOGGED" } else { "SET LOGGED" };
            (Verb::RewriteTable, vec![action.to_owned()])
        }
        Alter::SetAccessMethod(method) => {
            (Verb::RewriteTable, vec![format!("SET ACCESS METHOD {}", or(method, "heap"))])
        }
        Alter::SetTablespace(tablespace) => {
            (Verb::RewriteTable, vec![format!("SET TABLESPACE {}", or(tablespace, "pg_default"))])
        }
        Alter::SetOptions(change) => (Verb::SetTableOptions, parameter_actions(change)),
        Alter::SetReplicaIdentity(identity) => {
            let identity = match identity {
                ReplicaIdentity::Default => "DEFAULT".to_owned(),
                ReplicaIdentity::Nothing => "NOTHING".to_owned(),
                ReplicaIdentity::Full => "FULL".to_owned(),
                ReplicaIdentity::Index(index) => format!("USING INDEX {index}"),
            };
            (Verb::SetTableProperty, vec![format!("REPLICA IDENTITY {identity}")])
        }
        Alter::SetClusterOn(index) => {
            let action = index
                .as_ref()
                .map_or_else(|| "SET WITHOUT CLUSTER".to_owned(), |it| format!("CLUSTER ON {it}"));
            (Verb::SetClusterIndex, vec![action])
        }
        Alter::SetRowSecurity(on) => {
            let action = if *on { "ENABLE" } else { "DISABLE" };
            (Verb::SetTableProperty, vec![format!("{action} ROW LEVEL SECURITY")])
        }
        Alter::ForceRowSecurity(on) => {
            (Verb::SetTableProperty, vec![on_or_off(*on, "FORCE ROW LEVEL SECURITY")])
        }
    };
    let sql = |action: String| format!("ALTER TABLE {table} {action}");
    actions.into_iter().map(|action| ctx.step_on_one(address, verb, table, sql(action))).collect()
}

pub(super) fn drop(table: &Table, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let name = table.qualified_name();
    let mut neighbours = neighbours(&name, ctx, |_| true);
    neighbours.extend(table.lineage.parents().iter().cloned());
    let verb = if table.foreign.is_some() { Verb::DropForeignTable } else { Verb::DropTable };
    let dropped = format!("DROP {} {name}", table.word());
    let sql = migration::together(std::iter::once(dropped).chain(migration::remains(&name, ctx)));
    let step = ctx.step_on(address, verb, &name, &neighbours, sql);
    vec![lineage::with_partitions(step, table, ctx)]
}

pub(super) fn rename(from: &Table, to: &Table, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let statements = move_sql(from.word(), &from.qualified_name(), &to.qualified_name());
    let step = |sql| {
        let mut step = ctx.step_on_one(address, Verb::RenameTable, &from.qualified_name(), sql);
        if from.foreign.is_some() {
            // `LOCK TABLE` takes none.
            step.operation.lock = None;
        }
        step
    };
    statements.into_iter().map(step).collect()
}

pub(super) fn alter(
    live: &Table,
    desired: &Table,
    alteration: &TableAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let name = desired.qualified_name();
    match alteration {
        TableAlteration::SetLineage(alteration) => {
            Ok(vec![lineage::alter(desired, alteration, ctx, address)])
        }
        TableAlteration::AddColumn(column) => column::add(&name, column, ctx, address),
        TableAlteration::AlterColumn { column, alteration } => {
            let (Some(old), Some(new)) = (live.column(column), desired.column(column)) else {
                unreachable!("only a column that both tables have is altered: {address}, {column}");
            };
            column::alter(&name, old, new, alteration, ctx, address)
        }
        TableAlteration::ReplaceColumn(column) => {
            // First, so that a column that cannot be added is not dropped either.
            let add = column::add(&name, column, ctx, address)?;
            let mut steps = match live.column(&column.name) {
                Some(old) => column::drop(&name, old, ctx, address),
                None => Vec::new(),
            };
            steps.extend(add);
            Ok(steps)
        }
        TableAlteration::DropColumn(column) => {
            Ok(live.column(column).map_or_else(Vec::new, |old| column::drop(&name, old, ctx, address)))
        }
        TableAlteration::SetProperty(alteration) => Ok(set_property(&name, alteration, ctx, address)),
        TableAlteration::SetForeignOptions(changes) => {
            let alter = format!("ALTER FOREIGN TABLE {name}");
            Ok(vec![Clause::of_changes(changes).step(ctx, address, Verb::AlterForeignTable, &alter)])
        }
        TableAlteration::SetComment(comment) => {
            Ok(vec![set_comment(desired, comment.as_deref(), ctx, address)])
        }
    }
}

fn set_comment(table: &Table, comment: Option<&str>, ctx: &Context<'_>, address: &Address) -> Step {
    let name = table.qualified_name();
    let sql = comment_sql(&format!("{} {name}", table.word()), comment);
    ctx.step_on_one(address, Verb::CommentOnRelation, &name, sql)
}

/// The tables that live foreign keys of or to `table` connect it with, as far as `concerned` says.
pub(super) fn neighbours(
    table: &QualifiedName,
    ctx: &Context<'_>,
    concerned: impl Fn(&Constraint) -> bool,
) -> BTreeSet<QualifiedName> {
    let mut found = BTreeSet::new();
    for (_, resource) in ctx.live.iter() {
        let Resource::Constraint(constraint) = resource else { continue };
        let ConstraintDefinition::ForeignKey(key) = &constraint.definition else { continue };
        let own = constraint.table_name();
        if own == *table && concerned(constraint) {
            found.insert(key.references.clone());
        } else if key.references == *table && concerned(constraint) {
            found.insert(own);
        }
    }
    found
}
