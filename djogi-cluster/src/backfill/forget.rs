//! Forgets what nobody wants any more: the rows of foreign keys that are withdrawn, validated otherwise, or about whose orphans
//! nothing is said by now. A worker would go on with them.

use djogi_core::Ident;
use djogi_core::plan::PlanDocument;
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::sql::Parameter;
use crate::error::EngineError;

/// Waits for chunks that are being written, which lock the same rows in the same order.
const FORGET: &str = r#"
WITH gone AS (
    DELETE FROM djogi.live
     WHERE target = $1 AND definition ? 'refused' AND name <> ALL ($2)
    RETURNING op_id)
DELETE FROM djogi.cursor AS c USING gone WHERE c.op_id = gone.op_id"#;

/// For the beginning of a run that executes `document`.
///
/// # Errors
/// When the database cannot be asked.
pub(crate) async fn forget_unwanted(
    client: &Client,
    target: &Ident,
    document: &PlanDocument,
) -> Result<(), EngineError> {
    let groups = document.groups.iter().filter(|group| group.target == *target);
    let backfills =
        groups.flat_map(|group| &group.operations).filter_map(|operation| operation.backfill.as_ref());
    let wanted: Vec<&str> = backfills.map(|backfill| backfill.migration.as_str()).collect();
    crate::failpoint!("backfill.before_forget");
    let parameters: [Parameter<'_>; 2] = [(&target.as_str(), Type::TEXT), (&wanted, Type::TEXT_ARRAY)];
    let forgotten = client.execute_typed(FORGET, &parameters).await;
    forgotten.map(drop).map_err(|error| EngineError::sql(&error, FORGET))
}
