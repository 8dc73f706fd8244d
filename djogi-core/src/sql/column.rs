//! DDL of columns. What a change costs depends on what uses the column, so this is where the live catalog is
//! consulted.

mod alter_type;
pub(super) mod filled;
mod heirs;
mod remake;
mod tighten;
mod uses;

use super::foreign_option::Clause;
use super::migration::in_place;
use super::parameters::parameter_actions;
use super::sequence::{Within, changed_options, created_options};
use super::{Context, Impossible, Step, comment_sql, suffixed};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Column, ColumnAlteration, ColumnOrigin, ColumnProperties, ColumnPropertyAlteration, Expression,
    Generated, GeneratedStorage, Identity, IdentityMode, NotNull, NotNullAlteration, SequenceType, not_null,
};
use crate::lexis::in_parentheses;
use crate::safety::{Verb, is_volatile, since};

pub(super) use alter_type::recollated;
pub(super) use uses::foreign_key_neighbours;

/// `name type ...` as it stands in `CREATE TABLE` and after `ADD COLUMN`.
pub(super) fn definition_sql(column: &Column, table: &QualifiedName, ctx: &Context<'_>) -> String {
    let options = Clause::of(&column.properties.foreign_options);
    let mut sql = format!("{} {}{}", column.name, column.data_type, options.sql);
    if let Some(collation) = &column.collation {
        sql += &format!(" COLLATE {collation}");
    }
    if column.has_no_nulls() {
        sql += &not_null_sql(column, table, ctx);
    }
    if let Some(default) = &column.default {
        sql += &format!(" DEFAULT {default}");
    }
    if let Some(generated) = &column.generated {
        sql += &generated_sql(generated);
    }
    if let Some(identity) = &column.identity {
        sql += &format!(" {}", identity_sql(identity, &column.data_type, table));
    }
    sql
}

/// `name ...` as it stands in `PARTITION OF`: what the column of a partition has that the partitioned table does not.
/// Nothing when there is no such thing.
pub(super) fn override_sql(
    column: &Column,
    parent: Option<&Column>,
    table: &QualifiedName,
    ctx: &Context<'_>,
) -> Option<String> {
    let mut sql = String::new();
    let is_own = match column.not_null_constraint.origin {
        // Before PostgreSQL 18 nobody knows.
        ColumnOrigin::Own => !parent.is_some_and(|parent| parent.not_null),
        ColumnOrigin::Inherited => false,
        ColumnOrigin::Merged => true,
    };
    if column.not_null && is_own {
        sql += &not_null_sql(column, table, ctx);
    }
    match (&column.default, parent.and_then(|parent| parent.default.as_ref())) {
        (own, usual) if own.as_ref() == usual => {}
        (Some(own), _) => sql += &format!(" DEFAULT {own}"),
        (None, _) => sql += " DEFAULT NULL",
    }
    if let Some(generated) = &column.generated
        && parent.and_then(|parent| parent.generated.as_ref()) != Some(generated)
    {
        sql += &generated_sql(generated);
    }
    if let Some(identity) = &column.identity {
        sql += &format!(" {}", identity_sql(identity, &column.data_type, table));
    }
    (!sql.is_empty()).then(|| format!("{}{sql}", column.name))
}

fn generated_sql(generated: &Generated) -> String {
    let storage = match generated.storage {
        GeneratedStorage::Stored => "STORED",
        GeneratedStorage::Virtual => "VIRTUAL",
    };
    format!(" GENERATED ALWAYS AS {} {storage}", in_parentheses(generated.expression.as_str()))
}

/// ` NOT NULL` as a column has it.
fn not_null_sql(column: &Column, table: &QualifiedName, ctx: &Context<'_>) -> String {
    let constraint = &column.not_null_constraint;
    let name = constraint.name.clone().or_else(|| default_of_another(column, table, ctx));
    let name = name.map(|name| format!(" CONSTRAINT {name}")).unwrap_or_default();
    format!("{name} NOT NULL{}", no_inherit_sql(constraint))
}

/// The default name, said where somebody has chosen it for another: PostgreSQL would number it.
fn default_of_another(column: &Column, table: &QualifiedName, ctx: &Context<'_>) -> Option<Ident> {
    if ctx.chosen_names.is_empty() {
        return None;
    }
    let name = not_null::default_name(&table.name, Some(&column.name));
    ctx.chosen_names.contains(&QualifiedName::new(table.schema.clone(), name.clone())).then_some(name)
}

fn no_inherit_sql(constraint: &NotNull) -> &'static str {
    if constraint.no_inherit { " NO INHERIT" } else { "" }
}

/// What of a new column's `NOT NULL` cannot be said with the column.
pub(super) fn finish_not_null(
    table: &QualifiedName,
    column: &Column,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    if !column.not_null || column.not_null_constraint == NotNull::default() {
        return Vec::new();
    }
    let later = (!column.not_null_constraint.validated).then(|| set_not_null(table, column, ctx, address));
    later.into_iter().chain(comment_on_not_null(table, column, ctx, address)).collect()
}

/// The name that the constraint has, or will have.
fn not_null_name(table: &QualifiedName, column: &Column) -> Ident {
    column.not_null_constraint.name_on(&table.name, &column.name)
}

fn set_not_null(table: &QualifiedName, column: &Column, ctx: &Context<'_>, address: &Address) -> Step {
    let (name, constraint) = (&column.name, &column.not_null_constraint);
    let plain = NotNull { comment: constraint.comment.clone(), ..NotNull::default() };
    let sql = if *constraint == plain {
        format!("ALTER TABLE {table} ALTER COLUMN {name} SET NOT NULL")
    } else {
        let valid = if constraint.validated { "" } else { " NOT VALID" };
        let rest = format!("{}{valid}", no_inherit_sql(constraint));
        let constraint = not_null_name(table, column);
        format!("ALTER TABLE {table} ADD CONSTRAINT {constraint} NOT NULL {name}{rest}")
    };
    if !constraint.validated {
        return ctx.step_on_one(address, Verb::AddNotNullNotValid, table, sql);
    }
    let proved = uses::is_proved_not_null(table, name, ctx);
    let verb = if proved { Verb::SetNotNullProved } else { Verb::SetNotNull };
    let step = ctx.step_on_one(address, verb, table, sql);
    if ctx.has_rows_here(table) { step.with_hazard("fails if the column holds a null") } else { step }
}

/// Where the column is known to hold no null: it has it from its parents already, or a check proves it.
pub(super) fn keep_not_null(
    table: &QualifiedName,
    column: &Ident,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let sql = format!("ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL");
    ctx.step_on_one(address, Verb::SetNotNullProved, table, sql)
}

fn comment_on_not_null(
    table: &QualifiedName,
    column: &Column,
    ctx: &Context<'_>,
    address: &Address,
) -> Option<Step> {
    let comment = column.not_null_constraint.comment.as_deref()?;
    let object = format!("CONSTRAINT {} ON {table}", not_null_name(table, column));
    Some(ctx.step(address, Verb::Comment, comment_sql(&object, Some(comment))))
}

fn alter_not_null(
    table: &QualifiedName,
    (live, desired): (&Column, &Column),
    alteration: &NotNullAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let (old, name) = (not_null_name(table, live), not_null_name(table, desired));
    let aside = suffixed(&old, "__djogi_old");
    let alter =
        |verb, action: String| ctx.step_on_one(address, verb, table, format!("ALTER TABLE {table} {action}"));
    let rename = |from, to| alter(Verb::RenameConstraint, format!("RENAME CONSTRAINT {from} TO {to}"));
    vec![match alteration {
        NotNullAlteration::Rename if heirs::have_other_not_null(table, live, ctx) => {
            let drop = alter(Verb::DropNotNull, format!("ALTER COLUMN {} DROP NOT NULL", desired.name));
            return [drop, set_not_null(table, desired, ctx, address)]
                .into_iter()
                .chain(comment_on_not_null(table, desired, ctx, address))
                .collect();
        }
        NotNullAlteration::Rename => rename(&old, &name),
        NotNullAlteration::LeaveName => rename(&old, &aside),
        NotNullAlteration::TakeName => rename(&aside, &name),
        NotNullAlteration::SetNoInherit(no_inherit) => {
            let word = if *no_inherit { "NO INHERIT" } else { "INHERIT" };
            alter(Verb::SetConstraintInherit, format!("ALTER CONSTRAINT {name} {word}"))
        }
        NotNullAlteration::Validate => tighten::validate(table, &desired.name, &name, ctx, address),
        NotNullAlteration::SetComment(comment) => {
            let object = format!("CONSTRAINT {name} ON {table}");
            ctx.step(address, Verb::Comment, comment_sql(&object, comment.as_deref()))
        }
    }]
}

fn mode_sql(mode: IdentityMode) -> &'static str {
    match mode {
        IdentityMode::Always => "ALWAYS",
        IdentityMode::ByDefault => "BY DEFAULT",
    }
}

fn identity_sql(identity: &Identity, data_type: &str, table: &QualifiedName) -> String {
    let data_type = SequenceType::of_column(data_type).unwrap_or(SequenceType::Bigint);
    let mut options = created_options(&identity.options, data_type);
    if let Some(sequence) = &identity.sequence {
        options.insert(
            0,
            format!("SEQUENCE NAME {}", QualifiedName::new(table.schema.clone(), sequence.clone())),
        );
    }
    let mut sql = format!("GENERATED {} AS IDENTITY", mode_sql(identity.mode));
    if !options.is_empty() {
        sql += &format!(" ({})", options.join(" "));
    }
    sql
}

/// Whether the server has columns of this sort.
pub(super) fn require_support(
    column: &Column,
    table: &QualifiedName,
    ctx: &Context<'_>,
) -> Result<(), Impossible> {
    match column.generated.as_ref().map(|generated| generated.storage) {
        Some(GeneratedStorage::Virtual) => {
            let address = Address::column(ctx.target, table, &column.name);
            ctx.require(Verb::AddColumnVirtualGenerated, "a virtual generated column", &address)
        }
        Some(GeneratedStorage::Stored) | None => Ok(()),
    }
}

pub(super) fn add(
    table: &QualifiedName,
    column: &Column,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    require_support(column, table, ctx)?;
    if let Some(filling) = ctx.fills.get(&Address::column(ctx.target, table, &column.name)) {
        let mut steps = filled::add(table, column, filling, ctx, address);
        steps.extend(besides(table, column, ctx, address));
        return Ok(steps);
    }
    let verb = adding_verb(column);
    let sql = format!("ALTER TABLE {table} ADD COLUMN {}", definition_sql(column, table, ctx));
    let mut step = ctx.step_on_one(address, verb, table, sql);
    step.operation.secrets = Clause::of(&column.properties.foreign_options).secrets;
    if verb == Verb::AddColumnNotNull && ctx.has_rows_here(table) {
        let size = ctx.sizes.get(table).copied().unwrap_or_default();
        if size.holds_rows.unwrap_or(size.rows.is_some_and(|rows| rows > 0)) {
            let column = Address::column(ctx.target, table, &column.name);
            return Err(Impossible::NoValueForRows { column });
        }
        let is_empty = size.holds_rows == Some(false) || (size.rows, size.bytes) == (Some(0), 0);
        if !is_empty {
            step = step.with_hazard("fails if the table has rows: the column has no default");
        }
    }
    let mut steps = vec![step];
    steps.extend(finish_not_null(table, column, ctx, address));
    steps.extend(besides(table, column, ctx, address));
    Ok(steps)
}

/// What of a new column cannot be said with it.
fn besides(table: &QualifiedName, column: &Column, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let foreign_options = column.properties.foreign_options.clone();
    let stated = ColumnProperties { foreign_options, ..ColumnProperties::default() };
    let unusual = stated.alterations(&column.properties, false);
    let mut steps: Vec<Step> =
        unusual.iter().flat_map(|alteration| set_property(table, column, alteration, ctx, address)).collect();
    if column.comment.is_some() {
        steps.push(set_comment(table, &column.name, column.comment.as_deref(), ctx, address));
    }
    steps.extend(new_comment_on_sequence(table, column, ctx, address));
    steps
}

fn adding_verb(column: &Column) -> Verb {
    match (&column.generated, &column.identity, &column.default) {
        (Some(Generated { storage: GeneratedStorage::Stored, .. }), _, _) => Verb::AddColumnStoredGenerated,
        (Some(Generated { storage: GeneratedStorage::Virtual, .. }), _, _) if column.not_null => {
            Verb::AddColumnVirtualGeneratedNotNull
        }
        (Some(Generated { storage: GeneratedStorage::Virtual, .. }), _, _) => Verb::AddColumnVirtualGenerated,
        (None, Some(_), _) => Verb::AddColumnIdentity,
        (None, None, Some(default)) if is_volatile(default) => Verb::AddColumnVolatileDefault,
        (None, None, Some(_)) => Verb::AddColumnConstantDefault,
        (None, None, None) if column.not_null => Verb::AddColumnNotNull,
        (None, None, None) => Verb::AddColumnNullable,
    }
}

pub(super) fn drop(
    table: &QualifiedName,
    column: &Column,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let verb = if column.generated.is_some() { Verb::DropGeneratedColumn } else { Verb::DropColumn };
    let neighbours = foreign_key_neighbours(table, &column.name, ctx);
    let sql = format!("ALTER TABLE {table} DROP COLUMN {}", column.name);
    let mut step = ctx.step_on(address, verb, table, &neighbours, sql);
    let members = uses::members(table, &column.name, ctx);
    if !members.is_empty() {
        step = step.with_hazard(format!("drops with it {}", members.join(", ")));
    }
    let let_go = heirs::let_go(table, column, ctx, address);
    let_go.into_iter().chain([step]).collect()
}

pub(super) fn rename(
    table: &QualifiedName,
    from: &Ident,
    to: &Ident,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    let sql = format!("ALTER TABLE {table} RENAME COLUMN {from} TO {to}");
    vec![ctx.step_on_one(address, Verb::RenameColumn, table, sql)]
}

pub(super) fn alter(
    table: &QualifiedName,
    live: &Column,
    desired: &Column,
    alteration: &ColumnAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let name = &desired.name;
    let step = |verb, action: String| {
        let sql = format!("ALTER TABLE {table} ALTER COLUMN {name} {action}");
        ctx.step_on_one(address, verb, table, sql)
    };
    let step = match alteration {
        ColumnAlteration::SetType { from: _, to: _, collation: _ } => {
            let step = alter_type::alter_type(table, live, desired, ctx, address)?;
            return heirs::around_retyping(step, table, (live, desired), ctx, address);
        }
        ColumnAlteration::SetAside { through, attributes } => {
            remake::set_aside(table, live, (through, attributes.as_deref()), ctx, address)?
        }
        ColumnAlteration::Remake { through, values, attributes: _ } => {
            return remake::bring_back(table, desired, (through, values.as_deref()), ctx, address);
        }
        ColumnAlteration::SetNotNull => {
            let mut steps = tighten::tighten(table, desired, ctx, address);
            steps.extend(comment_on_not_null(table, desired, ctx, address));
            return Ok(steps);
        }
        ColumnAlteration::AlterNotNull(alteration) => {
            return Ok(alter_not_null(table, (live, desired), alteration, ctx, address));
        }
        ColumnAlteration::KeepNotNull => keep_not_null(table, name, ctx, address),
        ColumnAlteration::DropNotNull => step(Verb::DropNotNull, "DROP NOT NULL".to_owned()),
        ColumnAlteration::SetDefault(default) => {
            let set = step(Verb::SetDefault, set_default(default));
            let value = in_place::at_once_of(table, name, ctx).filter(|_| !desired.not_null);
            value.map_or(set.clone(), |value| filled::before(set, table, name, value))
        }
        ColumnAlteration::DropDefault => step(Verb::DropDefault, "DROP DEFAULT".to_owned()),
        ColumnAlteration::AddIdentity(identity) => {
            let action = format!("ADD {}", identity_sql(identity, &desired.data_type, table));
            let mut step = step(Verb::AddIdentity, action);
            if !ctx.is_new(table) {
                step = step.with_hazard(format!(
                    "numbering begins at {}: set the sequence above the values that rows have already",
                    identity.options.start
                ));
            }
            return Ok([step]
                .into_iter()
                .chain(new_comment_on_sequence(table, desired, ctx, address))
                .collect());
        }
        ColumnAlteration::SetIdentity { from, to } => {
            let mode = (from.mode != to.mode).then(|| format!("SET GENERATED {}", mode_sql(to.mode)));
            let options = changed_options(&from.options, &to.options);
            let column = Address::column(ctx.target, table, name);
            let within = Within::bounds(&from.options, &to.options, &column, ctx)?;
            let mut words: Vec<String> =
                mode.into_iter().chain(options.into_iter().map(|option| format!("SET {option}"))).collect();
            words.extend(within.restart().map(|start| format!("RESTART WITH {start}")));
            let rename = rename_sequence(table, name, (from, to), ctx, address);
            let set = (!words.is_empty()).then(|| within.warn(step(Verb::SetIdentity, words.join(" "))));
            let comment =
                (from.comment != to.comment).then(|| comment_on_sequence(table, name, to, ctx, address));
            return Ok(rename.into_iter().chain(set).chain(comment).collect());
        }
        ColumnAlteration::DropIdentity => step(Verb::DropIdentity, "DROP IDENTITY".to_owned()),
        ColumnAlteration::SetGenerated(generated) => {
            let verb = match generated.storage {
                GeneratedStorage::Stored => Verb::SetStoredExpression,
                GeneratedStorage::Virtual => Verb::SetVirtualExpression,
            };
            // PostgreSQL 18 refuses it for a virtual column of a table with a check, whatever is checked.
            let refused = verb == Verb::SetVirtualExpression && uses::has_check(table, ctx);
            if refused || ctx.version.major() < since(verb) {
                let column = Address::column(ctx.target, table, name);
                return Err(Impossible::NeedsNewColumn { column });
            }
            step(verb, format!("SET EXPRESSION AS {}", in_parentheses(generated.expression.as_str())))
        }
        ColumnAlteration::DropGenerated => step(Verb::DropExpression, "DROP EXPRESSION".to_owned()),
        ColumnAlteration::SetProperty(alteration) => {
            return Ok(set_property(table, desired, alteration, ctx, address));
        }
        ColumnAlteration::SetComment(comment) => set_comment(table, name, comment.as_deref(), ctx, address),
    };
    Ok(vec![step])
}

fn rename_sequence(
    table: &QualifiedName,
    column: &Ident,
    (from, to): (&Identity, &Identity),
    ctx: &Context<'_>,
    address: &Address,
) -> Option<Step> {
    let [old, new] = [from, to].map(|identity| identity.sequence_on(&table.name, column));
    let sequence = QualifiedName::new(table.schema.clone(), old.clone());
    let sql = format!("ALTER SEQUENCE {sequence} RENAME TO {new}");
    (old != new).then(|| ctx.step_on_one(address, Verb::RenameSequence, &sequence, sql))
}

/// The comment on the sequence of a new identity column.
pub(super) fn new_comment_on_sequence(
    table: &QualifiedName,
    column: &Column,
    ctx: &Context<'_>,
    address: &Address,
) -> Option<Step> {
    let identity = column.identity.as_ref().filter(|identity| identity.comment.is_some())?;
    Some(comment_on_sequence(table, &column.name, identity, ctx, address))
}

fn comment_on_sequence(
    table: &QualifiedName,
    column: &Ident,
    identity: &Identity,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let sequence = QualifiedName::new(table.schema.clone(), identity.sequence_on(&table.name, column));
    let sql = comment_sql(&format!("SEQUENCE {sequence}"), identity.comment.as_deref());
    ctx.step(address, Verb::Comment, sql)
}

pub(super) fn set_property(
    table: &QualifiedName,
    column: &Column,
    alteration: &ColumnPropertyAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Vec<Step> {
    use ColumnPropertyAlteration as Alter;
    let (verb, actions) = match alteration {
        Alter::SetStorage(storage) => {
            let storage = match storage {
                Some(storage) => storage.to_uppercase(),
                None if ctx.version.major() >= 16 => "DEFAULT".to_owned(),
                None => usual_storage(&column.data_type).to_owned(),
            };
            (Verb::SetColumnStorage, vec![format!("SET STORAGE {storage}")])
        }
        Alter::SetCompression(compression) => {
            let compression = compression.as_deref().unwrap_or("default");
            (Verb::SetColumnStorage, vec![format!("SET COMPRESSION {compression}")])
        }
        Alter::SetStatistics(target) => {
            (Verb::SetColumnStatistics, vec![format!("SET STATISTICS {}", target.unwrap_or(-1))])
        }
        Alter::SetOptions(change) => (Verb::SetColumnStatistics, parameter_actions(change)),
        Alter::SetForeignOptions(changes) => {
            let alter = format!("ALTER FOREIGN TABLE {table} ALTER COLUMN {}", column.name);
            return vec![Clause::of_changes(changes).step(ctx, address, Verb::AlterForeignTable, &alter)];
        }
    };
    let sql = |action: String| format!("ALTER TABLE {table} ALTER COLUMN {} {action}", column.name);
    actions.into_iter().map(|action| ctx.step_on_one(address, verb, table, sql(action))).collect()
}

/// What the built-in types of variable length have (`pg_type.typstorage`), which `SET STORAGE DEFAULT` says by itself from
/// PostgreSQL 16 on.
fn usual_storage(data_type: &str) -> &'static str {
    let is_main = ["numeric", "inet", "cidr"].iter().any(|main| {
        data_type == *main || data_type.strip_prefix(main).is_some_and(|rest| rest.starts_with('('))
    });
    if is_main { "MAIN" } else { "EXTENDED" }
}

fn set_default(default: &Expression) -> String {
    format!("SET DEFAULT {default}")
}

pub(super) fn set_comment(
    table: &QualifiedName,
    column: &Ident,
    comment: Option<&str>,
    ctx: &Context<'_>,
    address: &Address,
) -> Step {
    let sql = comment_sql(&format!("COLUMN {table}.{column}"), comment);
    ctx.step_on_one(address, Verb::CommentOnRelation, table, sql)
}
