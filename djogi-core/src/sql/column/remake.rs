//! Columns whose type is dropped and made anew: their values wait in another type meanwhile.

use super::uses::generated_column_using;
use super::{Context, Impossible, Step, set_default, set_property};
use crate::address::Address;
use crate::ident::QualifiedName;
use crate::kind::{Column, ColumnProperties, ColumnPropertyAlteration};
use crate::safety::{CastPath, Verb, classify};

/// Gives the column the type `through`, so that nothing of it rests on its own type any more, its default neither.
pub(super) fn set_aside(
    table: &QualifiedName,
    live: &Column,
    through: &str,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Step, Impossible> {
    let name = &live.name;
    let used = Address::column(ctx.target, table, name).to_string();
    if live.generated.is_some() {
        let generated = Address::column(ctx.target, table, name);
        return Err(Impossible::UsedByGenerated { generated, used: live.data_type.clone() });
    }
    if let Some(generated) = generated_column_using(table, name, ctx) {
        return Err(Impossible::UsedByGenerated { generated, used });
    }
    let default = live.default.as_ref().map(|_| format!("ALTER COLUMN {name} DROP DEFAULT, "));
    let sql = format!(
        "ALTER TABLE {table} {}ALTER COLUMN {name} TYPE {through}{}",
        default.unwrap_or_default(),
        if ctx.is_foreign(table) { String::new() } else { format!(" USING {name}::{through}") }
    );
    Ok(ctx.step_on_one(address, Verb::SetTypeRewrite, table, sql))
}

/// Gives the column its type again, its default, and what PostgreSQL chooses anew with the type. The values of a domain are those of the type `over`; others are read
/// as text.
pub(super) fn bring_back(
    table: &QualifiedName,
    desired: &Column,
    (through, over): (&str, Option<&str>),
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    let name = &desired.name;
    let (path, narrowing) = match over.map(|over| classify(through, over)) {
        None => (CastPath::Explicit, false),
        Some(Some(change)) => (change.path, change.narrowing),
        Some(None) => {
            let (from, to) = (through.to_owned(), desired.data_type.clone());
            return Err(Impossible::NoCast { column: Address::column(ctx.target, table, name), from, to });
        }
    };
    let mut sql = format!("ALTER TABLE {table} ALTER COLUMN {name} TYPE {}", desired.data_type);
    if let Some(collation) = &desired.collation {
        sql += &format!(" COLLATE {collation}");
    }
    match path {
        _ if ctx.is_foreign(table) => {}
        CastPath::Assignment => {}
        CastPath::Explicit => sql += &format!(" USING {name}::{}", desired.data_type),
        CastPath::ThroughText => sql += &format!(" USING {name}::text::{}", desired.data_type),
    }
    if let Some(default) = &desired.default {
        sql += &format!(", ALTER COLUMN {name} {}", set_default(default));
    }
    let verb = if narrowing { Verb::SetTypeNarrowing } else { Verb::SetTypeRewrite };
    let what = format!("fails or loses something where a value does not fit {}", desired.data_type);
    let step = ctx.step_on_one(address, verb, table, sql);
    let mut steps = vec![if narrowing { step.with_hazard(what) } else { step }];
    for alteration in ColumnProperties::default().alterations(&desired.properties, true) {
        use ColumnPropertyAlteration::{SetCompression, SetStorage};
        if matches!(alteration, SetStorage(_) | SetCompression(_)) {
            steps.extend(set_property(table, desired, &alteration, ctx, address));
        }
    }
    Ok(steps)
}
