//! Asks whether rows stand in the way of a group before anything of it is done: a constraint that is not valid would stay
//! on the table, and refuse every update of such a row.

use djogi_core::Address;
use djogi_core::plan::{Group, Precheck};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::execute::Obstacle;
use crate::connect::DatabaseError;

/// How many rows a message names.
const NAMED: usize = 5;

/// `is_shown` says whether the keys of rows may be named.
///
/// # Errors
/// When there are such rows, or the connection is lost. What a question itself stumbles over is left to the statement,
/// which PostgreSQL judges.
pub(super) async fn ask_rows(client: &Client, group: &Group, is_shown: bool) -> Result<(), Obstacle> {
    for operation in &group.operations {
        let Some(precheck) = &operation.precheck else { continue };
        let found = found(client, precheck).await;
        let left = client.batch_execute("ROLLBACK").await;
        match (found, left) {
            (Ok(None), Ok(())) => {}
            (Ok(Some(rows)), Ok(())) => return Err(refusal(&rows, precheck, is_shown, &operation.address)),
            (Err(error), _) | (_, Err(error)) => {
                let error = DatabaseError::new(&error).in_statement(&precheck.rows);
                if error.connection_lost()
                    || error.sqlstate.as_deref() == Some(SqlState::QUERY_CANCELED.code())
                {
                    return Err(Obstacle::Statement { error, address: Some(operation.address.clone()) });
                }
            }
        }
    }
    Ok(())
}

/// Rows in the way.
struct Rows {
    count: i64,
    keys: Vec<String>,
}

async fn found(client: &Client, precheck: &Precheck) -> Result<Option<Rows>, tokio_postgres::Error> {
    client.batch_execute("BEGIN READ ONLY; SET LOCAL lock_timeout = '1s'").await?;
    // A first row is found fast where there is one; only then is it worth while to count.
    let some = format!("{} LIMIT {NAMED}", precheck.rows);
    let rows = client.query_typed(&some, &[]).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let keys = rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default()).collect();
    let count = format!("SELECT count(*) FROM ({}) AS rows", precheck.rows);
    let count = client.query_typed_one(&count, &[]).await?.get(0);
    Ok(Some(Rows { count, keys }))
}

fn refusal(Rows { count, keys }: &Rows, precheck: &Precheck, is_shown: bool, address: &Address) -> Obstacle {
    let rows = if *count == 1 { "1 row stands" } else { &format!("{count} rows stand") };
    let more = if *count > NAMED as i64 { ", ..." } else { "" };
    let which =
        if is_shown { format!(", with {} {}{more}", precheck.key, keys.join(", ")) } else { String::new() };
    let message = format!("{rows} in its way{which}");
    let said =
        precheck.rule.iter().map(|rule| format!(", say what becomes of them by {rule}")).collect::<String>();
    let hint = format!("mend the rows{said}, or change the declaration, then djogi apply");
    Obstacle::Rows { message, hint, address: address.clone() }
}
