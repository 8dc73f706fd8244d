//! Open sessions under their run locks: where every command that writes begins.

use std::collections::BTreeMap;

use djogi_core::Ident;
use futures_util::future::try_join_all;

use crate::cluster::Cluster;
use crate::error::EngineError;
use crate::event::{Event, Reporter};
use crate::identity::{Lineage, RunId};
use crate::inputs::{Look, look};
use crate::leave::leave_to_the_end;
use crate::ledger::{Fence, LedgerVersion, preflight_ledger};
use crate::lock::RunLock;
use crate::session::Session;
use crate::state::{
    Content, Damage, Published, Serial, Snapshot, State, Store, StoreError, UnusedCatalogs, Version,
    WrittenBy, publish_under,
};

/// All targets of a cluster, locked, with the state and what they hold as it is under the locks.
#[derive(Debug)]
pub(crate) struct Locked<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) run: RunId,
    pub(crate) store: Box<dyn Store>,
    pub(crate) snapshot: Snapshot,
    pub(crate) sessions: Vec<Session<'a>>,
    /// What the history says of what this run writes.
    command: &'static str,
    /// What every session has seen first; taken by who thinks about it.
    pub(crate) looks: Vec<Look>,
    /// What number the next transaction that writes would have got before anything was looked at; `None` where one was
    /// at work.
    pub(crate) next_transactions: BTreeMap<Ident, Option<u64>>,
    pub(crate) locks: Vec<RunLock>,
}

impl<'a> Locked<'a> {
    /// Opens, locks and looks at every target, in the order of their names, so that two runs cannot wait for each
    /// other.
    ///
    /// # Errors
    /// When a target cannot be reached, another run has a lock for longer than the patience lasts, or the state
    /// cannot be read. Nothing was written then.
    pub(crate) async fn open(
        cluster: &'a Cluster,
        run: RunId,
        command: &'static str,
        reporter: &dyn Reporter,
    ) -> Result<Self, EngineError> {
        let (sessions, locks) = lock(cluster, |_| true, run, reporter).await?;
        let store = cluster.store();
        let (snapshot, looks) = futures_util::join!(read(store.as_ref()), look(&sessions, reporter));
        let (snapshot, looks) = (snapshot?, looks?);
        let next_transactions = sessions
            .iter()
            .zip(&looks)
            .map(|(session, look)| (session.target.clone(), look.next_transaction()));
        let next_transactions = next_transactions.collect();
        Ok(Self { cluster, run, store, snapshot, sessions, looks, next_transactions, command, locks })
    }

    /// Opens and locks the targets that are `wanted`, without looking at what they hold.
    ///
    /// # Errors
    /// As [`Locked::open`].
    pub(crate) async fn open_some(
        cluster: &'a Cluster,
        wanted: impl Fn(&Ident) -> bool,
        run: RunId,
        command: &'static str,
        reporter: &dyn Reporter,
    ) -> Result<Self, EngineError> {
        let (sessions, locks) = lock(cluster, wanted, run, reporter).await?;
        let store = cluster.store();
        let snapshot = read(store.as_ref()).await?;
        let (looks, next_transactions) = (Vec::new(), BTreeMap::new());
        Ok(Self { cluster, run, store, snapshot, sessions, looks, next_transactions, command, locks })
    }

    /// As [`Locked::open_some`], for who has another state to put in the place of one that cannot be read: with what is
    /// wrong with that, it counts as none.
    ///
    /// # Errors
    /// As [`Locked::open`]. A state that a newer djogi has written is not damaged.
    pub(crate) async fn open_to_mend(
        cluster: &'a Cluster,
        wanted: impl Fn(&Ident) -> bool,
        run: RunId,
        command: &'static str,
        reporter: &dyn Reporter,
    ) -> Result<(Self, Option<Damage>), EngineError> {
        let (sessions, locks) = lock(cluster, wanted, run, reporter).await?;
        let store = cluster.store();
        let (snapshot, damage) = match read(store.as_ref()).await {
            Err(StoreError::Damaged { damage, .. }) if !matches!(damage, Damage::Newer { .. }) => {
                (Snapshot { state: None, version: Version::ABSENT }, Some(damage))
            }
            snapshot => (snapshot?, None),
        };
        let (looks, next_transactions) = (Vec::new(), BTreeMap::new());
        let locked =
            Self { cluster, run, store, snapshot, sessions, looks, next_transactions, command, locks };
        Ok((locked, damage))
    }

    /// Puts `content` in the place of a state that cannot be read, under a serial after `serial`. Gives the place where
    /// the bytes of that are kept.
    ///
    /// # Errors
    /// When the state can be read by now, or cannot be written.
    pub(crate) async fn replace_damaged(
        &mut self,
        (lineage, serial): (Lineage, Serial),
        content: Content,
        reporter: &dyn Reporter,
    ) -> Result<String, EngineError> {
        let next = State { lineage, serial, written_by: self.written_by(), content };
        let (snapshot, place) = self.store.replace_damaged(next).await?;
        self.take(Published::Written(snapshot), reporter);
        Ok(place)
    }

    /// Makes this run the one that may write, as [`Locked::preflight`] and [`Locked::bump_epochs`] together.
    ///
    /// # Errors
    /// When a store or a database cannot be written to, or belongs to another state.
    pub(crate) async fn take_epochs(&mut self, reporter: &dyn Reporter) -> Result<Vec<Fence>, EngineError> {
        let ledgers = self.preflight(reporter).await?;
        self.bump_epochs(&ledgers, reporter).await
    }

    /// Makes sure that this run can write: the databases let this role write a ledger, the store is proved to be
    /// writable, and a first state is there before the first ledger that names its lineage. Gives what each database has
    /// of a ledger.
    ///
    /// # Errors
    /// When a store or a database cannot be written to.
    pub(crate) async fn preflight(
        &mut self,
        reporter: &dyn Reporter,
    ) -> Result<Vec<LedgerVersion>, EngineError> {
        let ledgers = self.sessions.iter().map(|session| preflight_ledger(session.connection.client()));
        // One after the other: who may not write in a database gets no folder for a state either.
        let ledgers = try_join_all(ledgers).await?;
        self.store.preflight_writable().await?;
        if self.snapshot.state.is_none() {
            self.publish(Content::default(), reporter).await?;
        }
        Ok(ledgers)
    }

    /// Takes the next epoch of every target; `ledgers` is what [`Locked::preflight`] has found.
    ///
    /// # Errors
    /// When a database belongs to another state.
    pub(crate) async fn bump_epochs(
        &self,
        ledgers: &[LedgerVersion],
        reporter: &dyn Reporter,
    ) -> Result<Vec<Fence>, EngineError> {
        let state = self.snapshot.state.as_ref();
        let lineage = state.map(|state| state.lineage).expect("a first state is written before");
        let mut fences = Vec::with_capacity(self.sessions.len());
        for ((session, lock), found) in self.sessions.iter().zip(&self.locks).zip(ledgers) {
            let (client, actor) = (session.connection.client(), &self.cluster.actor);
            crate::failpoint!("lock.before_epoch_bump");
            let fence = lock.take_epoch(client, lineage, actor, self.run, self.command, *found).await?;
            crate::failpoint!("lock.after_epoch_bump");
            reporter.report(&Event::EpochTaken { target: fence.target.clone(), epoch: fence.epoch });
            fences.push(fence);
        }
        Ok(fences)
    }

    /// Makes `content` the current state, if it changes anything.
    ///
    /// # Errors
    /// When the state has been moved by somebody else or cannot be written.
    pub(crate) async fn publish(
        &mut self,
        content: Content,
        reporter: &dyn Reporter,
    ) -> Result<(), EngineError> {
        self.publish_under(self.lineage(), content, UnusedCatalogs::Keep, reporter).await
    }

    fn lineage(&self) -> Lineage {
        self.snapshot.state.as_ref().map_or_else(Lineage::generate, |state| state.lineage)
    }

    /// As [`Locked::publish`], and what nothing refers to any more is removed from the store.
    ///
    /// # Errors
    /// As [`Locked::publish`].
    pub(crate) async fn publish_and_collect(
        &mut self,
        content: Content,
        reporter: &dyn Reporter,
    ) -> Result<(), EngineError> {
        self.publish_under(self.lineage(), content, UnusedCatalogs::Remove, reporter).await
    }

    /// As [`Locked::publish`], and the state becomes one of `lineage`; with a say in what becomes of `unused` catalogs.
    ///
    /// # Errors
    /// As [`Locked::publish`].
    pub(crate) async fn publish_under(
        &mut self,
        lineage: Lineage,
        content: Content,
        unused: UnusedCatalogs,
        reporter: &dyn Reporter,
    ) -> Result<(), EngineError> {
        let (base, written_by) = (&self.snapshot, self.written_by());
        let published =
            publish_under(self.store.as_ref(), base, lineage, content, written_by, unused).await?;
        self.take(published, reporter);
        Ok(())
    }

    /// What was published is what this run goes on from.
    fn take(&mut self, published: Published, reporter: &dyn Reporter) {
        if let Published::Written(snapshot) = published {
            self.snapshot = snapshot;
            if let (Some(serial), Some(digest)) =
                (self.snapshot.version.serial(), self.snapshot.version.digest())
            {
                reporter.report(&Event::StateWritten { serial, digest });
            }
        }
    }

    /// Signs what this run writes.
    pub(crate) fn written_by(&self) -> WrittenBy {
        WrittenBy::now(self.cluster.actor.clone(), self.run).during(self.command)
    }

    /// Gives the locks back and ends the sessions.
    ///
    /// # Errors
    /// When an embedded server does not stop.
    pub(crate) async fn close(self) -> Result<(), EngineError> {
        crate::failpoint!(infallible "lock.before_release");
        for (session, lock) in self.sessions.iter().zip(self.locks) {
            // A lock that cannot be released is gone with its session, which ends here.
            let _ = lock.release(session.connection.client()).await;
        }
        leave_to_the_end(self.snapshot);
        Session::close_all(self.sessions).await
    }
}

async fn lock<'a>(
    cluster: &'a Cluster,
    wanted: impl Fn(&Ident) -> bool,
    run: RunId,
    reporter: &dyn Reporter,
) -> Result<(Vec<Session<'a>>, Vec<RunLock>), EngineError> {
    let sessions = Session::open_some(cluster, wanted, run, reporter).await?;
    let mut locks = Vec::with_capacity(sessions.len());
    for session in &sessions {
        let client = session.connection.client();
        crate::failpoint!("lock.before_try");
        locks.push(RunLock::acquire(client, session.target, cluster.lock_patience, reporter).await?);
    }
    crate::failpoint!("lock.after_acquire");
    Ok((sessions, locks))
}

async fn read(store: &dyn Store) -> Result<Snapshot, StoreError> {
    let snapshot = store.read().await?;
    crate::failpoint!("state.after_read");
    Ok(snapshot)
}
