//! Columns whose type is dropped and made anew: their values wait in another type meanwhile.

use super::uses::generated_column_using;
use super::{Context, Impossible, Step, set_default, set_property};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Column, ColumnProperties, ColumnPropertyAlteration};
use crate::safety::{CastPath, Verb, classify};

/// Gives the column the type `through`, so that nothing of it rests on its own type any more, its default neither.
pub(super) fn set_aside(
    table: &QualifiedName,
    live: &Column,
    (through, attributes): (&str, Option<&[Option<Ident>]>),
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
        match attributes {
            _ if ctx.is_foreign(table) => String::new(),
            None => format!(" USING {name}::{through}"),
            Some(attributes) => format!(" USING {}", row_of(name, attributes, through)),
        }
    );
    Ok(ctx.step_on_one(address, Verb::SetTypeRewrite, table, sql))
}

/// The value of a composite with other attributes. Nothing stays nothing, which a row of nothings is not.
fn row_of(column: &Ident, attributes: &[Option<Ident>], through: &str) -> String {
    let attributes = attributes.iter().map(|attribute| match attribute {
        Some(attribute) => format!("({column}).{attribute}"),
        None => "NULL".to_owned(),
    });
    let row = attributes.collect::<Vec<_>>().join(", ");
    format!("CASE WHEN {column} IS DISTINCT FROM NULL THEN ROW({row})::{through} END")
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
