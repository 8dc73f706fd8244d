//! Whether a state, a ledger and a database belong together.
//!
//! A state of another project, a restored database and a recreated one look like "everything is to be created"
//! to a tool that does not ask. The answer here is a refusal with a name; `plan` asks before it compares.

use djogi_core::Ident;
use djogi_core::disposition::Reason;
use djogi_core::observation::DatabaseIdentity;

use super::document::State;
use crate::identity::{Epoch, Lineage};
use crate::ledger::Lease;

/// How state, ledger and database contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misplaced {
    #[error(
        "the state in `{location}` describes database {:?} of cluster {} as target `{target}`, but the \
         connection leads to {:?} of cluster {}",
        .recorded.database, .recorded.system_identifier, .found.database, .found.system_identifier
    )]
    OtherDatabase {
        location: String,
        target: Ident,
        recorded: Box<DatabaseIdentity>,
        found: Box<DatabaseIdentity>,
    },
    #[error(
        "target `{target}` belongs to the state with lineage {ledger}, but `{location}` has lineage {state}"
    )]
    OtherState { location: String, target: Ident, state: Lineage, ledger: Lineage },
    #[error("target `{target}` belongs to the state with lineage {ledger}, but `{location}` holds no state")]
    StateMissing { location: String, target: Ident, ledger: Lineage },
    #[error(
        "the state in `{location}` knows epoch {recorded} of target `{target}`, but the database is at epoch \
         {found}: it was restored or made anew"
    )]
    Regressed { location: String, target: Ident, recorded: Epoch, found: Epoch },
    #[error(
        "the state in `{location}` knows target `{target}` up to a group of epoch {epoch} that the ledger does not \
         have, and the ledger goes on without it: the database was put back, and another copy of the state went on"
    )]
    Forked { location: String, target: Ident, epoch: Epoch },
}

impl Misplaced {
    /// What a command exits with: only an operator can say which of the two is to count.
    pub fn exit_code(&self) -> u8 {
        match self {
            Misplaced::OtherDatabase { .. }
            | Misplaced::OtherState { .. }
            | Misplaced::StateMissing { .. } => 1,
            Misplaced::Regressed { .. } | Misplaced::Forked { .. } => 6,
        }
    }

    /// The reason that plans and diagnostics show.
    pub fn reason(&self) -> Reason {
        match self {
            Misplaced::OtherDatabase { .. }
            | Misplaced::OtherState { .. }
            | Misplaced::StateMissing { .. } => Reason::LineageMismatch,
            Misplaced::Regressed { .. } => Reason::CatalogRegressed,
            Misplaced::Forked { .. } => Reason::StateForked,
        }
    }

    /// What to do next.
    pub fn help(&self) -> String {
        match self {
            Misplaced::OtherDatabase { target, .. } => format!(
                "check the url of target `{target}` and choose the environment it belongs to with `--env`; an \
                 embedded database that is gone for good is forgotten by `djogi db reset`"
            ),
            Misplaced::OtherState { .. } => {
                "use the project and `--env` that this database was made with".to_owned()
            }
            Misplaced::StateMissing { location, .. } => format!(
                "put the state back into `{location}` (`djogi state push FILE`, with a copy of it), or let `djogi \
                 refresh` make it anew from the ledger and what is there; if this is another project's database, use \
                 that project and its `--env`; an embedded database whose data may go is emptied by `djogi db reset`"
            ),
            Misplaced::Forked { location, .. } => format!(
                "put the state that went on into `{location}` (`djogi state restore`, `djogi state push`); or, if the \
                 database is what counts, move that file away and let `djogi refresh` make it anew"
            ),
            Misplaced::Regressed { .. } => {
                "`djogi refresh` records what the database holds now; then plan again".to_owned()
            }
        }
    }
}

/// Compares what the state says of `target` with the live database and its ledger (`None`: it has none).
/// `location` is [`super::Store::location`].
pub fn check_belonging(
    location: &str,
    state: Option<&State>,
    target: &Ident,
    found: &DatabaseIdentity,
    lease: Option<&Lease>,
) -> Result<(), Misplaced> {
    let (location, target_name) = (location.to_owned(), target.clone());
    let Some(state) = state else {
        return match lease {
            Some(lease) => {
                Err(Misplaced::StateMissing { location, target: target_name, ledger: lease.lineage })
            }
            None => Ok(()),
        };
    };
    let recorded = state.content.targets.get(target);
    // A dump restored elsewhere brings the ledger along, so the database comes first.
    if let Some(recorded) = recorded
        && (recorded.system_identifier != found.system_identifier || recorded.database != found.database)
    {
        return Err(Misplaced::OtherDatabase {
            location,
            target: target_name,
            recorded: Box::new(recorded.identity()),
            found: Box::new(found.clone()),
        });
    }
    if let Some(lease) = lease
        && lease.lineage != state.lineage
    {
        return Err(Misplaced::OtherState {
            location,
            target: target_name,
            state: state.lineage,
            ledger: lease.lineage,
        });
    }
    let (known, live) =
        (recorded.map_or(Epoch::default(), |r| r.epoch), lease.map_or(Epoch::default(), |l| l.epoch));
    if known > live {
        return Err(Misplaced::Regressed { location, target: target_name, recorded: known, found: live });
    }
    Ok(())
}
