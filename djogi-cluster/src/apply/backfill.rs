//! Executes a group whose rows are written chunk by chunk: compare, write until every row is, and only then the ledger row.
//!
//! Each chunk commits by itself, with the cursor that says how far it is; a killed run goes on behind the last one. Workers
//! of other processes may write the same rows at the same time (`djogi live worker`).

use std::collections::BTreeSet;
use std::time::Instant;

use djogi_core::plan::{Group, Operation, PlanDiagnostic};
use djogi_core::{Digest, QualifiedName};

use super::execute::{Backing, Execution, Obstacle};
use crate::backfill::{BackfillError, Limits, Notice, Outcome, begin, run};
use crate::error::EngineError;
use crate::event::{Event, millis_since};
use crate::ledger::{Fence, OpKind};
use crate::session::Session;

impl Execution<'_> {
    pub(super) async fn run_in_chunks(
        &self,
        session: &Session<'_>,
        fenced: &Fence,
        number: u32,
        group: &Group,
        backing: &mut Backing<'_, '_>,
        relations: &BTreeSet<QualifiedName>,
    ) -> Result<(), Obstacle> {
        let client = session.connection.client();
        let [Operation { address, sql, backfill: Some(backfill), .. }] = group.operations.as_slice() else {
            let what = format!("group {} is to run in chunks, but says not of which rows", group.id);
            return Err(EngineError::Stale(vec![what]).into());
        };
        self.compare_before(session, fenced, group, relations).await?;
        let began = Instant::now();
        let told = |event: Event| self.reporter().report(&event);
        told(Event::OperationStarted {
            target: group.target.clone(),
            group: group.id.clone(),
            address: address.clone(),
            number: 1,
            sql: sql.clone(),
        });
        let (op, name) = (backing.armed.group(group).op_id, backfill.migration.as_str());
        begin(client, &group.target, op, Digest::of(backfill), backfill).await?;
        let tell = |notice: &Notice| match notice {
            Notice::Progress(at) => told(Event::OperationProgress {
                target: group.target.clone(),
                group: group.id.clone(),
                address: address.clone(),
                number: 1,
                phase: at.throttle.clone(),
                done: at.rows_done,
                total: Some(at.rows),
                elapsed_ms: millis_since(began),
            }),
            _ => {
                if let Some(warning) = notice.warning() {
                    let address = Some(address.clone());
                    told(Event::Diagnostic(PlanDiagnostic { address, ..warning }));
                }
            }
        };
        let limits = Limits::default();
        let ran = run(&session.parameters, &group.target, name, &limits, self.stop(), &tell).await;
        let outcome = match ran {
            // Told as of any other statement, with what is hidden of it.
            Err(EngineError::Backfill(BackfillError::Row { key, mut error, table, .. })) => {
                if self.shows_rows(&group.target, relations) {
                    error.hint.get_or_insert_with(|| format!("it is the row of {table} with {key}"));
                }
                return Err(Obstacle::Statement { error, address: Some(address.clone()) });
            }
            ran => ran?,
        };
        let message = match outcome {
            Outcome::Done { .. } => None,
            Outcome::Paused { reason } => Some(format!("live migration `{name}` is paused: {reason}")),
            Outcome::Stopped => Some(format!("live migration `{name}` goes on with the next apply")),
            Outcome::Gone => Some(format!("live migration `{name}` was given up meanwhile")),
        };
        if let Some(message) = message {
            let hint = Some("djogi live status; djogi live resume goes on with a paused one");
            return Err(Obstacle::Outcome { message, hint, address: address.clone() });
        }
        let note = (number, OpKind::Backfill, None);
        self.note_after(session, fenced, note, group, backing, relations).await?;
        told(Event::OperationFinished {
            target: group.target.clone(),
            group: group.id.clone(),
            address: address.clone(),
            number: 1,
            elapsed_ms: millis_since(began),
        });
        Ok(())
    }
}
