//! What is said of live migrations: by whom, of any that there can be, and whether PostgreSQL takes it.

use std::collections::BTreeSet;

use djogi_core::Ident;
use djogi_core::desired::Desired;
use djogi_core::migration::{Rules, name_of_fill, possible_names, values_to_fill_with};
use djogi_core::observation::Observation;
use djogi_core::plan::TargetInputs;
use tokio_postgres::Client;

use crate::connect::DatabaseError;
use crate::declared::Configured;
use crate::error::EngineError;

/// `[live.NAME]` of a name that no migration can have.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "`[live.{name}]` is about no live migration: none of the declared columns would have one of this name"
)]
pub struct UnknownRule {
    pub name: Ident,
}

impl UnknownRule {
    pub(crate) fn help(&self) -> String {
        "one that fills a column is called <table>_<column>_fill, with the schema before it where that is not `public`: \
         [live.users_email_fill]"
            .to_owned()
    }
}

/// What is said of the migrations of `target`: by the configuration, and by models where that says nothing.
pub(crate) fn of_target(configured: &Configured, target: &Ident) -> Rules {
    let mut rules = configured.live.clone();
    for (table, column, value) in configured.declarations.backfills(target) {
        let rule = rules.entry(name_of_fill(&table, column)).or_default();
        rule.backfill.get_or_insert_with(|| value.as_str().to_owned());
    }
    rules
}

/// Asks the database about the expressions that the plan would fill columns with.
///
/// # Errors
/// When the connection is lost. What PostgreSQL does not take is noted on its rule.
pub(crate) async fn ask(
    client: &Client,
    (target, desired, live): (&Ident, &Desired, &Observation),
    rules: &mut Rules,
) -> Result<(), EngineError> {
    for (name, table, value) in values_to_fill_with(target, desired, live, rules) {
        // Where rows are chosen neither aggregates nor sets are taken, and nothing is computed.
        let sql = format!("EXPLAIN SELECT FROM {table} WHERE ({value}) IS NULL");
        let refused = match client.batch_execute(&sql).await {
            Ok(()) => continue,
            Err(error) => DatabaseError::new(&error),
        };
        if refused.connection_lost() {
            return Err(EngineError::Sql(Box::new(refused)));
        }
        if let Some(rule) = rules.get_mut(&name) {
            let hint = refused.hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
            rule.refused =
                Some(format!("PostgreSQL does not take {value} for it: {}{hint}", refused.message));
        }
    }
    Ok(())
}

/// For all targets of a configuration.
///
/// # Errors
/// The first rule that is about nothing.
pub(crate) fn check_names(rules: &Rules, targets: &[TargetInputs]) -> Result<(), UnknownRule> {
    if rules.is_empty() {
        return Ok(());
    }
    let known: BTreeSet<Ident> = targets.iter().flat_map(|target| possible_names(&target.desired)).collect();
    match rules.keys().find(|name| !known.contains(*name)) {
        Some(name) => Err(UnknownRule { name: name.clone() }),
        None => Ok(()),
    }
}
