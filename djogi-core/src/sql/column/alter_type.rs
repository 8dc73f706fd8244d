//! `ALTER COLUMN ... TYPE`: the way the values take, the default that stands in the way, and the price.

use super::uses::{Uses, foreign_key_neighbours};
use super::{Context, Impossible, Step, set_default};
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::{CastContext, CastMethod, Column, Resource};
use crate::lexis::in_parentheses;
use crate::migration::Conversion;
use crate::safety::{CastPath, Storage, TypeChange, Verb, classify};

pub(super) fn alter_type(
    table: &QualifiedName,
    live: &Column,
    desired: &Column,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Step, Impossible> {
    let (from, to) = (&live.data_type, &desired.data_type);
    let column = || Address::column(ctx.target, table, &desired.name);
    if ctx.is_foreign(table) {
        return Ok(ctx.step_on_one(
            address,
            Verb::SetTypeInPlace,
            table,
            of_foreign_table(table, live, desired),
        ));
    }
    if let Some(conversion) = ctx.conversions.get(&column()) {
        return convert(table, live, desired, conversion, ctx, address);
    }
    let Some(change) = made_cast(from, to, ctx).or_else(|| classify(from, to)) else {
        return Err(Impossible::NoCast { column: column(), from: from.clone(), to: to.clone() });
    };
    if live.generated.is_some() && change.path != CastPath::Assignment {
        // PostgreSQL takes no USING for a generated column.
        return Err(Impossible::NeedsNewColumn { column: column() });
    }
    let sql = format!("ALTER TABLE {table} {}", actions(live, desired, change).join(", "));
    let verb = verb(table, live, desired, change, ctx);
    let neighbours = foreign_key_neighbours(table, &live.name, ctx);
    let mut step = ctx.step_on(address, verb, table, &neighbours, sql);
    if change.narrowing {
        step = step.with_hazard(format!("fails or loses something where a value does not fit {to}"));
    }
    if zone(from).zip(zone(to)).is_some_and(|(from, to)| from != to) {
        step = step.with_hazard("values are converted in the time zone of the session");
    }
    Ok(step)
}

/// By what somebody has said that becomes of the values.
fn convert(
    table: &QualifiedName,
    live: &Column,
    desired: &Column,
    conversion: &Conversion,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Step, Impossible> {
    let column = || Address::column(ctx.target, table, &desired.name);
    if live.generated.is_some() {
        return Err(Impossible::NeedsNewColumn { column: column() });
    }
    let up = &conversion.migration.up;
    if let Some(why) = &conversion.refused {
        let migration = conversion.migration.name.clone();
        return Err(Impossible::NotConverted { column: column(), migration, why: why.clone() });
    }
    let using = format!("{} USING {}", set_type(desired), in_parentheses(up.as_str()));
    let sql = format!("ALTER TABLE {table} {}", around_default(live, desired, using).join(", "));
    let neighbours = foreign_key_neighbours(table, &live.name, ctx);
    let step = ctx.step_on(address, Verb::SetTypeNarrowing, table, &neighbours, sql);
    Ok(step.with_hazard(format!("each value of {} becomes {up}", live.name)))
}

/// There are no values to convert, and PostgreSQL takes no `USING`; the default may need a cast that there is no syntax for.
fn of_foreign_table(table: &QualifiedName, live: &Column, desired: &Column) -> String {
    let assigned =
        TypeChange { path: CastPath::Assignment, storage: Storage::KeptIndexesRebuilt, narrowing: false };
    let name = &desired.name;
    let mut actions = actions(live, desired, assigned);
    if let Some(default) = &live.default {
        actions.insert(0, format!("ALTER COLUMN {name} DROP DEFAULT"));
        if desired.default.as_ref() == Some(default) {
            actions.push(format!("ALTER COLUMN {name} {}", set_default(default)));
        }
    }
    format!("ALTER TABLE {table} {}", actions.join(", "))
}

/// The way that a cast of the database's own opens. Nobody knows what its function keeps of a value.
fn made_cast(from: &str, to: &str, ctx: &Context<'_>) -> Option<TypeChange> {
    let address = Address::cast(ctx.target, &format!("{from}, {to}"));
    let Some(Resource::Cast(cast)) = ctx.live.get(&address) else { return None };
    let path = match cast.context {
        CastContext::Explicit => CastPath::Explicit,
        CastContext::Assignment | CastContext::Implicit => CastPath::Assignment,
    };
    Some(match cast.method {
        CastMethod::Binary => TypeChange { path, storage: Storage::KeptIndexesRebuilt, narrowing: false },
        CastMethod::Function(_) | CastMethod::InOut => {
            TypeChange { path, storage: Storage::Rewritten, narrowing: true }
        }
    })
}

/// Whether a type of dates or times, or of ranges of them, knows a time zone; `None` for all other types.
fn zone(data_type: &str) -> Option<bool> {
    let is_range_of =
        |sort: &str| ["range", "multirange"].iter().any(|range| data_type == format!("{sort}{range}"));
    let knows = data_type.contains(" with time zone") || is_range_of("tstz");
    let has_none = data_type == "date" || data_type.contains(" without time zone");
    (knows || has_none || is_range_of("date") || is_range_of("ts")).then_some(knows)
}

/// The actions of one statement. PostgreSQL runs `DROP DEFAULT` before the change of the type and `SET DEFAULT`
/// after it.
fn actions(live: &Column, desired: &Column, change: TypeChange) -> Vec<String> {
    let name = &desired.name;
    let mut type_action = set_type(desired);
    match change.path {
        CastPath::Assignment => return vec![type_action],
        CastPath::Explicit => type_action += &format!(" USING {name}::{}", desired.data_type),
        CastPath::ThroughText => {
            let text = if live.data_type.ends_with("[]") { "text[]" } else { "text" };
            type_action += &format!(" USING {name}::{text}::{}", desired.data_type);
        }
    }
    around_default(live, desired, type_action)
}

fn set_type(desired: &Column) -> String {
    let collation = desired.collation.as_ref().map(|name| format!(" COLLATE {name}")).unwrap_or_default();
    format!("ALTER COLUMN {} TYPE {}{collation}", desired.name, desired.data_type)
}

/// The default needs the same cast, for which there is no syntax. A new default is a change of its own.
fn around_default(live: &Column, desired: &Column, type_action: String) -> Vec<String> {
    let name = &desired.name;
    let Some(default) = &live.default else { return vec![type_action] };
    let mut actions = vec![format!("ALTER COLUMN {name} DROP DEFAULT"), type_action];
    if desired.default.as_ref() == Some(default) {
        actions.push(format!("ALTER COLUMN {name} {}", set_default(default)));
    }
    actions
}

fn verb(
    table: &QualifiedName,
    live: &Column,
    desired: &Column,
    change: TypeChange,
    ctx: &Context<'_>,
) -> Verb {
    if change.storage == Storage::Rewritten {
        return if change.narrowing { Verb::SetTypeNarrowing } else { Verb::SetTypeRewrite };
    }
    let uses = Uses::of(table, &live.name, ctx);
    let indexes_lost = change.storage == Storage::KeptIndexesRebuilt || live.collation != desired.collation;
    if uses.in_index_expression || (indexes_lost && uses.indexed) {
        Verb::SetTypeReindexed
    } else if uses.in_check {
        Verb::SetTypeVerified
    } else {
        Verb::SetTypeInPlace
    }
}

/// What it costs that columns of `table` are sorted otherwise.
pub(in crate::sql) fn recollated(table: &QualifiedName, columns: &[&Column], ctx: &Context<'_>) -> Verb {
    let uses: Vec<Uses> = columns.iter().map(|column| Uses::of(table, &column.name, ctx)).collect();
    if uses.iter().any(|uses| uses.indexed || uses.in_index_expression) {
        Verb::SetTypeReindexed
    } else if uses.iter().any(|uses| uses.in_check) {
        Verb::SetTypeVerified
    } else {
        Verb::SetTypeInPlace
    }
}
