//! What a group does between two tries for its locks: it gives up what it has, looks who is in the way without queueing,
//! and waits until it is worth while to try again, or its budget is spent.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use djogi_core::plan::{Group, Lock, LockMode, Operation};

use super::execute::{Execution, Obstacle};
use super::ladder::Ladder;
use crate::error::EngineError;
use crate::event::{Event, millis_since};
use crate::lock_holder::{LockHolder, Nature, lock_holders};
use crate::session::Session;

/// A transaction of this age is no passing one: whoever queues behind it stops everybody else for nothing.
const OLD: Duration = Duration::from_secs(5);

/// How often to look whether such a transaction is over.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Whether rows stand in the way is asked again after this long, and after ten times as long as the question took.
const ROWS_STAND_FOR: Duration = Duration::from_secs(60);

/// The waiting of one group.
pub(super) struct Patience {
    ladder: Ladder,
    began: Instant,
    rows_asked: Option<Asked>,
    /// The locks that stand in the way of those that the group takes.
    in_the_way: BTreeSet<(String, LockMode)>,
    /// Since when transactions have been seen.
    seen: BTreeMap<String, Instant>,
    told: Option<LockHolder>,
    has_told: bool,
    gives_way: bool,
}

/// When it was asked which rows stand in the way, and how long it took.
struct Asked {
    at: Instant,
    took: Duration,
}

/// What the waiting has come to.
pub(super) enum Turn {
    Come,
    /// The budget is spent.
    Never,
}

/// What a group has spent on waiting.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    pub(super) tries: u32,
    pub(super) budget: Duration,
    pub(super) longest_wait: Duration,
}

/// The locks that conflict with those that the statements of `group` take.
pub(super) fn in_the_way_of(group: &Group) -> BTreeSet<(String, LockMode)> {
    in_the_way(group.operations.iter().flat_map(Operation::locks))
}

fn in_the_way(wanted: impl Iterator<Item = Lock>) -> BTreeSet<(String, LockMode)> {
    let conflicts = |mode: LockMode| LockMode::ALL.into_iter().filter(move |held| held.conflicts_with(mode));
    wanted.flat_map(|lock| conflicts(lock.mode).map(move |held| (lock.relation.clone(), held))).collect()
}

impl Patience {
    pub(super) fn new(budget: Duration, group: &Group) -> Self {
        Self {
            ladder: Ladder::new(Duration::from_millis(group.lock_timeout_ms), budget),
            began: Instant::now(),
            rows_asked: None,
            in_the_way: in_the_way_of(group),
            seen: BTreeMap::new(),
            told: None,
            has_told: false,
            gives_way: false,
        }
    }

    /// Whether it is not known, or not any more, if rows stand in the way.
    pub(super) fn asks_rows(&mut self) -> bool {
        let is_known = |asked: &Asked| asked.at.elapsed() < ROWS_STAND_FOR.max(asked.took * 10);
        let asks = !self.rows_asked.as_ref().is_some_and(is_known);
        if asks {
            self.rows_asked = Some(Asked { at: Instant::now(), took: Duration::ZERO });
        }
        asks
    }

    /// They do not.
    pub(super) fn has_asked_rows(&mut self) {
        if let Some(asked) = &mut self.rows_asked {
            *asked = Asked { at: Instant::now(), took: asked.at.elapsed() };
        }
        if self.ladder.tries() == 0 {
            self.began = Instant::now();
        }
    }

    /// How long each statement of the next try may wait for a lock.
    pub(super) fn next_wait(&mut self) -> Duration {
        if std::mem::take(&mut self.gives_way) {
            return self.ladder.next_long_wait();
        }
        self.ladder.next_wait(fastrand::f64())
    }

    /// Whether a failed try is not the end, but for what it has spent.
    pub(super) fn has_budget(&self) -> bool {
        !self.ladder.budget().is_zero()
    }

    /// After a try that was rolled back: waits, in no queue, until the next one may begin.
    ///
    /// # Errors
    /// When the run is to end, or the server cannot be asked.
    pub(super) async fn wait_for_turn(
        &mut self,
        execution: &Execution<'_>,
        session: &Session<'_>,
        group: &Group,
    ) -> Result<Turn, Obstacle> {
        let mut stop = execution.stop();
        tokio::select! {
            biased;
            Ok(_) = stop.wait_for(Option::is_some) => Err(Obstacle::Ended),
            turn = self.rest_and_look(execution, session, group) => turn.map_err(Obstacle::from),
        }
    }

    async fn rest_and_look(
        &mut self,
        execution: &Execution<'_>,
        session: &Session<'_>,
        group: &Group,
    ) -> Result<Turn, EngineError> {
        let mut pause = self.ladder.pause(fastrand::f64());
        let mut has_rested = false;
        loop {
            let holders = lock_holders(session.connection.client(), &self.in_the_way).await;
            let holders = holders.map_err(|error| EngineError::sql(&error, "look who has locks"))?;
            let is_kept_off = self.is_kept_off(&holders);
            self.tell(&holders, execution, group);
            if has_rested && !is_kept_off {
                self.gives_way = holders.iter().any(|holder| holder.nature == Nature::Autovacuum);
                return Ok(Turn::Come);
            }
            let Some(left) = self.ladder.left(self.began.elapsed()) else { return Ok(Turn::Never) };
            tokio::time::sleep(pause.min(left)).await;
            (pause, has_rested) = (LOOK_AGAIN, true);
        }
    }

    /// Whether it is of no use to queue.
    fn is_kept_off(&mut self, holders: &[LockHolder]) -> bool {
        let now = Instant::now();
        let before = std::mem::take(&mut self.seen);
        for holder in holders {
            let since = before.get(&holder.virtual_transaction).copied().unwrap_or(now);
            self.seen.insert(holder.virtual_transaction.clone(), since);
        }
        holders.iter().any(|holder| {
            let seen_for =
                self.seen.get(&holder.virtual_transaction).map_or(Duration::ZERO, Instant::elapsed);
            keeps_off(holder, seen_for)
        })
    }

    /// Once for each change of who is waited for: the one with the oldest transaction.
    fn tell(&mut self, holders: &[LockHolder], execution: &Execution<'_>, group: &Group) {
        let holder = holders.iter().find(|holder| holder.nature != Nature::Autovacuum).or(holders.first());
        let is_news = match (holder, &self.told) {
            (Some(holder), Some(told)) => !holder.is(told),
            (Some(_), None) => true,
            // It may just have ended; who fails again and sees nobody says so.
            (None, _) => !self.has_told && self.ladder.tries() > 1,
        };
        if !is_news {
            return;
        }
        self.has_told = true;
        self.told = holder.cloned();
        if let Some(pid) = holder.and_then(|holder| holder.backend_pid) {
            execution.progress().tells_of(pid);
        }
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        execution.reporter().report(&Event::GroupWaiting {
            target: group.target.clone(),
            group: group.id.clone(),
            tries: self.ladder.tries(),
            waited_ms: millis_since(self.began),
            budget_ms: milliseconds(self.ladder.budget()),
            holder: holder.cloned().map(Box::new),
        });
    }

    /// What is told of an obstacle that outlasted the budget.
    pub(super) fn at_its_end(&self, obstacle: Obstacle) -> Obstacle {
        let spent = Spent {
            tries: self.ladder.tries(),
            budget: self.ladder.budget(),
            longest_wait: self.ladder.longest_wait(),
        };
        match obstacle {
            Obstacle::Statement { error, address } => Obstacle::Contended { error, address, spent },
            other => other,
        }
    }
}

/// `seen_for`: the age of a transaction is hidden from roles that may not read all statistics.
fn keeps_off(holder: &LockHolder, seen_for: Duration) -> bool {
    match holder.nature {
        Nature::Wraparound => true,
        Nature::Autovacuum => false,
        Nature::Transaction => Duration::from_millis(holder.transaction_ms.unwrap_or(0)).max(seen_for) >= OLD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder(nature: Nature, transaction_ms: Option<u64>) -> LockHolder {
        LockHolder {
            backend_pid: Some(1),
            prepared: None,
            table: "t".to_owned(),
            mode: "AccessShareLock".to_owned(),
            role: None,
            application: None,
            since: None,
            transaction_ms,
            nature,
            virtual_transaction: "3/7".to_owned(),
        }
    }

    #[test]
    fn old_transactions_and_what_gives_way_to_nobody_keep_off() {
        let none = Duration::ZERO;
        assert!(!keeps_off(&holder(Nature::Transaction, Some(4_999)), none));
        assert!(keeps_off(&holder(Nature::Transaction, Some(5_000)), none));
        assert!(keeps_off(&holder(Nature::Wraparound, Some(0)), none));
        assert!(!keeps_off(&holder(Nature::Autovacuum, Some(3_600_000)), none));
    }

    #[test]
    fn whose_age_is_hidden_is_as_old_as_it_was_seen() {
        let hidden = holder(Nature::Transaction, None);
        assert!(!keeps_off(&hidden, Duration::from_secs(4)));
        assert!(keeps_off(&hidden, Duration::from_secs(5)));
    }

    #[test]
    fn only_what_conflicts_is_in_the_way() {
        let lock = |mode, relation: &str| Lock { mode, relation: relation.to_owned() };
        let wanted = [lock(LockMode::AccessExclusive, "a"), lock(LockMode::ShareUpdateExclusive, "b")];
        let found = in_the_way(wanted.into_iter());
        let of = |name: &str| found.iter().filter(|(relation, _)| relation == name).count();
        assert_eq!((of("a"), of("b")), (8, 5));
        assert!(!found.contains(&("b".to_owned(), LockMode::RowExclusive)));
    }
}
