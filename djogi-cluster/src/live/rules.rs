//! What is said of live migrations: by whom, of any that there can be, and whether PostgreSQL takes it.

use std::collections::BTreeSet;

use djogi_core::Ident;
use djogi_core::desired::Desired;
use djogi_core::kind::{Expression, Retype};
use djogi_core::migration::{
    Rule, Rules, conversions_to_ask_for, name_of_fill, name_of_orphans, name_of_retype, possible_names,
    values_to_fill_with,
};
use djogi_core::observation::Observation;
use djogi_core::plan::TargetInputs;
use tokio_postgres::Client;

use super::referring;
use crate::connect::DatabaseError;
use crate::declared::Configured;
use crate::error::EngineError;

/// `[live.NAME]` of a name that no migration can have.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "`[live.{name}]` is about no live migration: none of the declared columns and foreign keys would have one of this name"
)]
pub struct UnknownRule {
    pub name: Ident,
}

impl UnknownRule {
    pub(crate) fn help(&self) -> String {
        "one that fills a column is called <table>_<column>_fill, one that changes a type <table>_<column>_type, and that of a \
         foreign key <table>_<columns>_orphans, with the schema before it where that is not `public`: \
         [live.users_email_fill]"
            .to_owned()
    }
}

/// What is said of the migrations of `target`: by the configuration, and by models where that says nothing.
pub(crate) fn of_target(configured: &Configured, target: &Ident) -> Rules {
    let mut rules = configured.live.clone();
    for (table, column, Rule { backfill, up, down, on_orphan, .. }) in configured.declarations.rules(target) {
        if let Some(backfill) = backfill {
            let rule = rules.entry(name_of_fill(&table, column)).or_default();
            rule.backfill.get_or_insert_with(|| backfill.clone());
        }
        // One goes with the other.
        if let Some(up) = up {
            let rule = rules.entry(name_of_retype(&table, column)).or_default();
            if rule.up.is_none() {
                (rule.up, rule.down) = (Some(up.clone()), down.clone());
            }
        }
        if let Some(policy) = on_orphan {
            let rule = rules.entry(name_of_orphans(&table, column)).or_default();
            rule.on_orphan.get_or_insert(*policy);
        }
    }
    rules
}

/// Asks the database about the expressions that the plan would fill columns with, and about rows that would go.
///
/// # Errors
/// When the connection is lost. What PostgreSQL does not take is noted on its rule.
pub(crate) async fn ask(
    client: &Client,
    (target, desired, live): (&Ident, &Desired, &Observation),
    rules: &mut Rules,
) -> Result<(), EngineError> {
    // Where rows are chosen neither aggregates nor sets are taken, and nothing is computed.
    let fills = values_to_fill_with(target, desired, live, rules).into_iter().map(|(name, table, value)| {
        let sql = format!("EXPLAIN SELECT FROM {table} WHERE ({value}) IS NULL");
        (name, value, sql)
    });
    let conversions =
        conversions_to_ask_for(target, desired, live, rules).into_iter().flat_map(|conversion| {
            let Retype { name, table, column, from, to, up, down, .. } = conversion;
            let forth = format!("EXPLAIN SELECT FROM {table} WHERE {} IS NULL", assigned(&up, &to));
            let back = down.map(|down| {
                let sql = format!(
                    "EXPLAIN SELECT FROM (SELECT NULL::{to} AS {column} OFFSET 0) AS {} WHERE {} IS NULL",
                    table.name,
                    assigned(&down, &from)
                );
                (name.clone(), down, sql)
            });
            [(name, up, forth)].into_iter().chain(back)
        });
    let questions: Vec<(Ident, Expression, String)> = fills.chain(conversions).collect();
    for (name, value, sql) in questions {
        // One statement and no more, whatever stands in the expression.
        let refused = match client.query_typed(&sql, &[]).await {
            Ok(_) => continue,
            Err(error) => DatabaseError::new(&error),
        };
        if refused.connection_lost() {
            return Err(EngineError::Sql(refused));
        }
        if let Some(rule) = rules.get_mut(&name) {
            const OTHER_TYPE: &str = "42804";
            rule.refused = Some(match refused.sqlstate.as_deref() {
                Some(OTHER_TYPE) => format!("{value} is of another type: cast it"),
                _ => {
                    let hint = refused.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
                    format!("PostgreSQL does not take {value} for it: {}{hint}", refused.message)
                }
            });
        }
    }
    referring::ask(client, (target, desired, &live.catalog), rules).await
}

/// A value that is assigned, as far as a query can: it stands beside one of the type. Strings take any.
fn assigned(value: &Expression, data_type: &str) -> String {
    if ["text", "character", "name"].iter().any(|string| data_type.starts_with(string)) {
        return format!("({value})");
    }
    format!("(SELECT v FROM (VALUES (NULL::{data_type}), ({value})) AS one (v) LIMIT 1)")
}

/// For all targets of a configuration.
///
/// # Errors
/// The first rule that is about nothing.
pub(crate) fn check_names(rules: &Rules, targets: &[TargetInputs]) -> Result<(), UnknownRule> {
    if rules.is_empty() {
        return Ok(());
    }
    let declared = targets.iter().flat_map(|target| [&target.desired, &target.postponed.declared]);
    let known: BTreeSet<Ident> = declared.flat_map(possible_names).collect();
    match rules.keys().find(|name| !known.contains(*name)) {
        Some(name) => Err(UnknownRule { name: name.clone() }),
        None => Ok(()),
    }
}
