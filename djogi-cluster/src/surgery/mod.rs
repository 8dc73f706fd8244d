//! `djogi state`: looks at the state and moves it by hand. No object of a database is ever changed here.
//!
//! Every command that writes goes one way ([`Edit`]): lock the targets, keep a copy of what is there, publish by
//! compare-and-swap, tell what the next plan makes of it. A crash leaves the old state or the new one, and at most one
//! copy too many.

mod backup;
mod error;
mod list;
mod migrate;
mod mv;
mod pull;
mod push;
mod restore;
mod rm;
mod select;

use std::collections::BTreeSet;

use djogi_core::Ident;
use djogi_core::plan::PlanOptions;

use crate::apply::Stop;
use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::{Event, Reporter};
use crate::identity::{Lineage, RunId};
use crate::inputs::{Survey, gather, look};
use crate::interrupt::{is_stopped, until_stopped};
use crate::ledger::{Since, ops_since};
use crate::locked::Locked;
use crate::plan::{Planned, plan_gathered};
use crate::state::{Content, Damage, Serial, State, UnusedCatalogs};
use crate::sweep::pending;

pub use backup::backup;
pub use error::SurgeryError;
pub use list::{Listed, Listing, list};
pub use migrate::{Migrated, migrate};
pub use mv::{Moved, mv};
pub use pull::pull;
pub use push::{Force, push};
pub use restore::{Source, restore};
pub use rm::{Forgotten, rm};
pub use select::Selection;

/// Whether a command tells what the next plan will make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outlook {
    Plan,
    /// The declarations cannot be had, so nobody knows.
    None,
}

/// What every command that moves the state has done.
#[derive(Debug)]
pub struct Edited {
    /// `None`: there was no state.
    pub before: Option<Serial>,
    /// The same as before when there was nothing to change.
    pub serial: Option<Serial>,
    /// Where the copy of the state before is; `None` when nothing was there, or nothing has changed.
    pub backup: Option<String>,
    /// Targets that the state has and this configuration does not, so that nobody could lock them.
    pub unlocked: Vec<Ident>,
    /// The plan as the next `djogi plan` will find it, of the targets that were locked; `None` when nobody asked, or
    /// somebody stopped it.
    pub next_plan: Option<Result<Planned, EngineError>>,
}

impl Edited {
    pub fn is_changed(&self) -> bool {
        self.before != self.serial
    }
}

/// A change of the state in the making, under the run locks of its targets.
struct Edit<'a> {
    locked: Locked<'a>,
    /// What is wrong with the state that is there; only a whole other one can take its place.
    damage: Option<Damage>,
    before: Option<Serial>,
    backup: Option<String>,
    unlocked: Vec<Ident>,
}

impl<'a> Edit<'a> {
    /// Locks those of `targets` that this configuration has, and reads the state.
    ///
    /// # Errors
    /// As [`Locked::open`], and [`EngineError::Interrupted`].
    async fn begin(
        cluster: &'a Cluster,
        targets: BTreeSet<Ident>,
        command: &'static str,
        stop: &Stop,
        reporter: &dyn Reporter,
    ) -> Result<Self, EngineError> {
        let wanted = |target: &Ident| targets.contains(target);
        let opened = Locked::open_some(cluster, wanted, RunId::generate(), command, reporter);
        Ok(Self::of(until_stopped(stop, opened).await?, &targets, None))
    }

    /// As [`Edit::begin`], for who has a whole state to put in the place of one that may be damaged.
    ///
    /// # Errors
    /// As [`Edit::begin`].
    async fn begin_to_mend(
        cluster: &'a Cluster,
        targets: BTreeSet<Ident>,
        command: &'static str,
        stop: &Stop,
        reporter: &dyn Reporter,
    ) -> Result<Self, EngineError> {
        let wanted = |target: &Ident| targets.contains(target);
        let opened = Locked::open_to_mend(cluster, wanted, RunId::generate(), command, reporter);
        let (locked, damage) = until_stopped(stop, opened).await?;
        Ok(Self::of(locked, &targets, damage))
    }

    fn of(locked: Locked<'a>, targets: &BTreeSet<Ident>, damage: Option<Damage>) -> Self {
        let before = locked.snapshot.version.serial();
        let unlocked = targets.iter().filter(|target| !locked.cluster.targets.contains_key(*target));
        let unlocked = unlocked.cloned().collect();
        Self { locked, damage, before, backup: None, unlocked }
    }

    /// Makes a whole state, which had `serial` where it comes from, the current one.
    ///
    /// # Errors
    /// As [`Edit::write`].
    async fn write_whole(
        &mut self,
        (lineage, serial): (Lineage, Serial),
        content: Content,
        stop: &Stop,
        reporter: &dyn Reporter,
    ) -> Result<(), EngineError> {
        if self.damage.is_none() {
            return self.write(lineage, content, stop, reporter).await;
        }
        is_stopped(stop)?;
        self.locked.store.preflight_writable().await?;
        self.backup = Some(self.locked.replace_damaged((lineage, serial), content, reporter).await?);
        Ok(())
    }

    fn state(&self) -> Result<&State, EngineError> {
        self.locked.snapshot.state.as_ref().ok_or_else(|| no_state(&self.locked.store.location()))
    }

    /// Refuses while the state does not know yet what a run has committed: by the ledger, the next plan would take it
    /// for djogi's all the same.
    async fn refuse_unrecorded(&self, targets: &BTreeSet<Ident>) -> Result<(), EngineError> {
        let state = self.state()?;
        for session in self.locked.sessions.iter().filter(|session| targets.contains(session.target)) {
            let Some(recorded) = state.content.targets.get(session.target) else { continue };
            let since = ops_since(session.connection.client(), session.target, recorded.last_op).await?;
            if let Since::Ops(ops) = since
                && let Some(op) = ops.first()
            {
                let (target, run) = (session.target.clone(), op.record.run);
                return Err(SurgeryError::Unrecorded { target, run }.into());
            }
        }
        Ok(())
    }

    /// Makes `content` the state, after a copy of the one before was kept. Nothing is written when nothing changes.
    async fn write(
        &mut self,
        lineage: Lineage,
        content: Content,
        stop: &Stop,
        reporter: &dyn Reporter,
    ) -> Result<(), EngineError> {
        // From here on a stop comes too late: it is a matter of milliseconds.
        is_stopped(stop)?;
        let Locked { store, snapshot, run, .. } = &self.locked;
        if let Some(state) = &snapshot.state {
            if state.lineage == lineage && state.content == content {
                return Ok(());
            }
            store.preflight_writable().await?;
            self.backup = Some(store.save_backup(state, *run).await?);
        }
        self.locked.publish_under(lineage, content, UnusedCatalogs::Keep, reporter).await
    }

    /// Gives the locks back, and tells what there is now.
    async fn end(self, outlook: Outlook, stop: &Stop) -> Result<Edited, EngineError> {
        let Self { locked, damage: _, before, backup, unlocked } = self;
        let next_plan = match outlook {
            Outlook::Plan => foresee(&locked, stop).await,
            Outlook::None => None,
        };
        let serial = locked.snapshot.version.serial();
        locked.close().await?;
        Ok(Edited { before, serial, backup, unlocked, next_plan })
    }

    /// Gives the locks back after a refusal.
    async fn give_up(self, error: EngineError) -> EngineError {
        self.locked.close().await.err().unwrap_or(error)
    }
}

/// Plans on what is there now. What goes wrong is an answer too: it will go wrong for the next plan.
async fn foresee(locked: &Locked<'_>, stop: &Stop) -> Option<Result<Planned, EngineError>> {
    let Locked { cluster, store, snapshot, sessions, .. } = locked;
    let quiet = |_: &Event| {};
    let planning = async {
        let (at, seen) = ((store.as_ref(), snapshot), (sessions.as_slice(), look(sessions, &quiet).await?));
        let pending = pending::look(store.as_ref(), snapshot, sessions).await?;
        let options = PlanOptions::default();
        let gathered = gather(cluster, at, seen, pending, Survey::Declared, options, &quiet).await?;
        plan_gathered(gathered, cluster, at, &quiet).await
    };
    match until_stopped(stop, planning).await {
        Err(EngineError::Interrupted(_)) => None,
        planned => Some(planned),
    }
}

/// All targets that this configuration has, and those of `state`.
fn all_targets(cluster: &Cluster, state: Option<&State>) -> BTreeSet<Ident> {
    let recorded = state.iter().flat_map(|state| state.content.targets.keys());
    cluster.targets.keys().chain(recorded).cloned().collect()
}

fn no_state(location: &str) -> EngineError {
    SurgeryError::NoState { location: location.to_owned() }.into()
}
