//! Why interrupted work keeps a command from going on.

use crate::identity::{Lineage, OpId};
use crate::state::{Damage, StoreError};

/// Each needs an operator, or patience.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(
        "{} cannot be read, so nobody knows what was interrupted: {}",
        if .sidecars.len() == 1 { "a sidecar" } else { "sidecars" },
        .sidecars.iter().map(|(_, place, damage)| format!("`{place}`: {damage}")).collect::<Vec<_>>().join("; ")
    )]
    Unreadable { sidecars: Vec<(String, String, Damage)> },
    #[error("sidecars cannot be listed, so nobody knows what was interrupted: {0}")]
    Unlistable(#[source] Box<StoreError>),
    #[error("the sidecar `{location}` belongs to the state with lineage {sidecar}, not to {state}")]
    OtherLineage { location: String, sidecar: Lineage, state: Lineage },
    #[error("an earlier run is not over: {told}")]
    InFlight { op: OpId, told: String },
}

impl SweepError {
    pub(super) fn unlistable(error: StoreError) -> Self {
        Self::Unlistable(Box::new(error))
    }

    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            SweepError::Unreadable { .. } | SweepError::Unlistable(_) => "recovery_unreadable",
            SweepError::OtherLineage { .. } => "lineage_mismatch",
            SweepError::InFlight { .. } => "recovery_inflight",
        }
    }

    /// What to do next.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            SweepError::Unreadable { sidecars } => {
                let newer = sidecars.iter().any(|(_, _, damage)| matches!(damage, Damage::Newer { .. }));
                let first = if newer { "install the djogi that wrote it; or " } else { "" };
                let commands: Vec<String> = sidecars
                    .iter()
                    .map(|(name, _, _)| format!("`djogi recover --quarantine {name}`"))
                    .collect();
                format!(
                    "{first}look at what it was about, then put it aside: {}; `djogi plan` shows what is left to do",
                    commands.join(", ")
                )
            }
            SweepError::Unlistable(error) => return error.help(),
            SweepError::OtherLineage { location, .. } => {
                let name = location.rsplit(['/', '\\']).next().unwrap_or(location);
                format!(
                    "use the project and `--env` that it belongs to; if it was put here by mistake, `djogi recover \
                     --quarantine {name}`"
                )
            }
            SweepError::InFlight { .. } => {
                "wait for it (`--lock-timeout 10m`), or end it with `SELECT pg_terminate_backend(PID);`, then run the \
                 command again"
                    .to_owned()
            }
        })
    }
}
