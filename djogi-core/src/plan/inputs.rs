//! What a plan is made from, and why none could be made.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::address::{Address, Kind};
use crate::desired::{Desired, NotModelled};
use crate::diff::Adoption;
use crate::ident::Ident;
use crate::migration::Postponed;
use crate::observation::Observation;
use crate::plan::classify::DestructivePolicy;
use crate::plan::prove::ProofError;
use crate::plan::{ConfigReference, GivenApproval, Recovery};
use crate::recorded::Recorded;
use crate::safety::Online;
use crate::seed::SeedWork;

/// Everything that goes into a plan: nothing else does.
#[derive(Clone, Debug)]
pub struct PlanInputs {
    pub config: ConfigReference,
    pub djogi_version: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// `None` before the first apply.
    pub lineage: Option<String>,
    pub serial: u64,
    pub targets: Vec<TargetInputs>,
    pub options: PlanOptions,
}

/// The three catalogs of one target, and its rules.
#[derive(Clone, Debug)]
pub struct TargetInputs {
    pub target: Ident,
    pub desired: Desired,
    /// What of the declarations waits for the cutover of a migration.
    pub postponed: Postponed,
    /// What is declared and cannot be managed.
    pub not_modelled: Vec<NotModelled>,
    pub recorded: Recorded,
    /// Interrupted work, as the next command that writes will find it.
    pub recoveries: Vec<Recovery>,
    pub live: Observation,
    /// What is to be done about the rows of the declared seeds.
    pub seeds: BTreeMap<Address, SeedWork>,
    pub epoch: u64,
    pub destructive: DestructivePolicy,
    /// Those that nothing has spent, oldest first.
    pub approvals: Vec<GivenApproval>,
    pub lock_timeout_ms: u64,
    /// How many locks one transaction may hold: well below the server's `max_locks_per_transaction` times
    /// `max_connections`.
    pub max_locks_per_group: usize,
}

#[derive(Clone, Debug, Default)]
pub struct PlanOptions {
    /// Plan these and what they need; empty means everything.
    pub only: Vec<Address>,
    pub adopt: Adoption,
    pub online: Online,
    /// Changes that may keep readers and writers waiting for long.
    pub accept_downtime: Vec<Address>,
    /// Migrations whose next gate is open.
    pub finalize: Vec<Ident>,
    /// How long the old values are kept after the cutover before they may go.
    pub retention: Duration,
    /// Migrations that are to be undone.
    pub abandon: Vec<Ident>,
    /// List unmanaged objects instead of only counting them.
    pub unmanaged: bool,
    /// No plan while anything, live or declared, is of a kind that djogi cannot manage.
    pub strict: bool,
}

impl PlanOptions {
    /// Whether a gate of a migration is to be passed, or a migration to be undone.
    pub fn asks_of_migrations(&self) -> bool {
        !(self.finalize.is_empty() && self.abandon.is_empty())
    }

    /// Everything as it is declared, whatever is asked of a migration now.
    #[must_use]
    pub fn without_asking(&self) -> Self {
        let (finalize, abandon, only) = (Vec::new(), Vec::new(), Vec::new());
        Self { finalize, abandon, only, ..self.clone() }
    }
}

/// The code of what is declared and cannot be managed.
pub const NOT_MODELLED: &str = "not_modelled";

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Dropping all that a package declared is hardly ever meant: most likely it was not linked.
    #[error("nothing is declared by {} any more, whose objects are managed in target {target}", .packages.join(", "))]
    PackagesVanished { target: Ident, packages: Vec<String> },
    /// `--only`, `--accept-downtime` or `--explain` names what no target knows.
    #[error("{0} is neither declared nor recorded")]
    UnknownAddress(Address),
    #[error("the changes of target {target} need each other: {}", .edges.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Cycle { target: Ident, edges: Vec<Because> },
    /// What is to be finalized or abandoned is not in the plan as that.
    #[error("live migration {migration} cannot be {what}: {why}")]
    NotAtItsGate { migration: Ident, what: &'static str, why: String },
    /// With `--strict`.
    #[error("target {target} has what djogi cannot manage: {}", .objects.join(", "))]
    NotModelled { target: Ident, objects: Vec<String> },
    /// A fault of djogi itself.
    #[error("the plan of target {target} is wrong, which is a fault of djogi: {error}")]
    Proof { target: Ident, error: ProofError },
}

impl PlanError {
    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            PlanError::PackagesVanished { .. } => "packages_vanished",
            PlanError::UnknownAddress(_) => "unknown_address",
            PlanError::Cycle { .. } => "dependency_cycle",
            PlanError::NotAtItsGate { .. } => "live_gate",
            PlanError::NotModelled { .. } => NOT_MODELLED,
            PlanError::Proof { .. } => "internal",
        }
    }

    /// What to do next; `None` when the message says it all.
    pub fn help(&self) -> Option<String> {
        match self {
            PlanError::PackagesVanished { packages, .. } => Some(format!(
                "link the crate into the binary, `djogi_cli::djogi_main!({});`; to keep the objects and manage them no \
                 more, `djogi state rm --package {}`; to drop everything of it, drop all models but one first",
                packages.join(", "),
                packages.join(" --package ")
            )),
            PlanError::UnknownAddress(address) if address.kind() == Kind::Migration => Some(
                "`djogi live status` lists those under way; what has come to its end is none any more"
                    .to_owned(),
            ),
            PlanError::UnknownAddress(_) => {
                Some("`djogi show` and `djogi plan` list the addresses".to_owned())
            }
            PlanError::NotAtItsGate { .. } => {
                Some("`djogi live status` says how far each migration is".to_owned())
            }
            PlanError::NotModelled { .. } => {
                Some("without --strict they are listed and left as they are".to_owned())
            }
            PlanError::Cycle { .. } | PlanError::Proof { .. } => None,
        }
    }
}

/// One reason in the order of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// `phase address`, as `up table.main.public.orders`.
    pub first: String,
    pub then: String,
    /// The name of the ordering rule.
    pub rule: &'static str,
}

impl std::fmt::Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} before {} ({})", self.first, self.then, self.rule)
    }
}
