//! Asks the database about the rows of foreign keys of whose orphans something is said.

use djogi_core::desired::Desired;
use djogi_core::migration::{Rules, orphans_to_ask_for};
use djogi_core::{Catalog, Ident};
use tokio_postgres::Client;

use crate::error::EngineError;
use crate::refused_rows::obstacle;

/// Notes on its rule why the rows of a foreign key cannot go.
///
/// # Errors
/// What PostgreSQL says.
pub(super) async fn ask(
    client: &Client,
    (target, desired, live): (&Ident, &Desired, &Catalog),
    rules: &mut Rules,
) -> Result<(), EngineError> {
    for question in orphans_to_ask_for(target, desired, live, rules) {
        let obstacle = obstacle(client, &question.rows).await?;
        if let (Some(why), Some(rule)) = (obstacle, rules.get_mut(&question.name)) {
            rule.refused = Some(why);
        }
    }
    Ok(())
}
