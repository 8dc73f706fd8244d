//! Loads a state of a pair into an empty database, without djogi where that can be.

use djogi_core::script::{Act, Script};
use postgres::Client;
use postgres::error::SqlState;

/// Loads `sql` whole; where the server refuses that, statement by statement, those that fail again as long as a round
/// brings anything. Roles belong to the server, and may be there from another pair.
pub(super) fn load(client: &mut Client, sql: &str) -> Result<(), String> {
    if client.batch_execute(sql).is_ok() {
        return Ok(());
    }
    // The text may have opened a transaction.
    let _ = client.batch_execute("ROLLBACK");
    let script = Script::read("", sql).map_err(|errors| format!("{}", errors[0]))?;
    let mut pending: Vec<_> = script.statements.iter().collect();
    loop {
        let mut failed = Vec::new();
        let mut first = None;
        let before = pending.len();
        for statement in pending {
            let Err(error) = client.batch_execute(script.sql(statement)) else { continue };
            if statement.act == Act::Role && error.code() == Some(&SqlState::DUPLICATE_OBJECT) {
                continue;
            }
            first.get_or_insert_with(|| {
                error.as_db_error().map_or_else(|| error.to_string(), |e| e.message().to_owned())
            });
            failed.push(statement);
        }
        match first {
            None => return Ok(()),
            Some(error) if failed.len() == before => return Err(error),
            Some(_) => pending = failed,
        }
    }
}
