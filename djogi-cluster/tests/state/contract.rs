//! The promises of every store backend. A backend implements [`Backend`] and calls [`contract_tests!`].

use std::collections::BTreeSet;

use djogi_cluster::identity::{Lineage, OpId, RunId};
use djogi_cluster::state::{
    Content, HISTORY_LENGTH, Published, Serial, State, Store, StoreError, UnusedCatalogs, Version, publish,
    publish_under,
};
use djogi_core::Digest;

use super::support::{approval, catalog, content, head, large_content, sidecar, write, written_by};

/// A place for one state, to which any number of stores can be opened.
pub(crate) trait Backend: Sized {
    async fn create() -> Self;
    async fn open(&self) -> Box<dyn Store>;
}

macro_rules! contract_tests {
    ($backend:ty: $($promise:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $promise() {
                $crate::contract::$promise(&<$backend as $crate::contract::Backend>::create().await).await;
            }
        )*
    };
    ($backend:ty) => {
        $crate::contract::contract_tests!($backend:
            an_unused_store_has_no_state_and_no_history,
            what_is_written_is_read,
            the_replaced_state_is_the_backup,
            a_stale_writer_loses_and_changes_nothing,
            the_digest_counts_and_not_only_the_serial,
            only_the_successor_may_follow,
            nothing_new_is_nothing_written,
            twenty_revisions_are_kept,
            a_saved_backup_stays_whatever_follows,
            another_lineage_takes_over_only_when_asked,
            a_catalog_reads_back_under_its_digest,
            catalogs_go_when_nothing_that_is_kept_refers_to_them,
            no_collection_takes_a_catalog_from_under_a_writer,
            the_preflight_leaves_the_state_alone,
            sixteen_racing_writers_lose_nothing,
            sixteen_racing_firsts_make_one_lineage,
            a_sidecar_is_there_until_it_is_retired,
            a_quarantined_sidecar_is_no_longer_listed,
            an_approval_is_kept_with_what_became_of_it,
            sixteen_racing_sidecars_do_not_meet,
            a_reader_sees_the_state_before_or_after_a_swap,
            a_state_moves_with_its_lineage_serial_and_history,
            what_was_put_aside_is_no_state,
        );
    };
}
pub(crate) use contract_tests;

pub(crate) async fn an_unused_store_has_no_state_and_no_history(backend: &impl Backend) {
    let store = backend.open().await;
    let snapshot = store.read().await.unwrap();
    assert_eq!((snapshot.state, snapshot.version), (None, Version::ABSENT));
    assert_eq!(store.history().await.unwrap(), []);
    assert_eq!(store.backup().await.unwrap(), None);
    assert!(matches!(store.revision(Serial::FIRST).await, Err(StoreError::NoSuchRevision { .. })));
}

pub(crate) async fn what_is_written_is_read(backend: &impl Backend) {
    let store = backend.open().await;
    let next = State::first(Lineage::generate(), content("a"), written_by());
    let version = store.swap(&Version::ABSENT, &next, UnusedCatalogs::Keep).await.unwrap();
    let snapshot = backend.open().await.read().await.unwrap();
    assert_eq!((snapshot.state, snapshot.version), (Some(next), version));
}

pub(crate) async fn the_replaced_state_is_the_backup(backend: &impl Backend) {
    let store = backend.open().await;
    let mut revisions = Vec::new();
    for name in ["a", "b", "c"] {
        revisions.push(write(&*store, content(name)).await.state.unwrap());
    }
    assert_eq!(store.backup().await.unwrap().as_ref(), Some(&revisions[1]));
    let serials = store.history().await.unwrap();
    assert_eq!(serials, [1, 2, 3].map(Serial::new));
    for (serial, revision) in serials.into_iter().zip(revisions) {
        assert_eq!(store.revision(serial).await.unwrap(), revision);
    }
}

pub(crate) async fn a_stale_writer_loses_and_changes_nothing(backend: &impl Backend) {
    let store = backend.open().await;
    let stale = write(&*store, content("a")).await;
    let current = write(&*store, content("b")).await;
    let late = stale.state.unwrap().successor(content("c"), written_by()).unwrap();
    let lost = backend.open().await.swap(&stale.version, &late, UnusedCatalogs::Keep).await.unwrap_err();
    assert!(matches!(&lost, StoreError::Conflict { found, .. } if **found == current.version), "{lost}");
    let first = State::first(Lineage::generate(), content("c"), written_by());
    let lost = store.swap(&Version::ABSENT, &first, UnusedCatalogs::Keep).await.unwrap_err();
    assert!(matches!(lost, StoreError::Conflict { .. }), "{lost}");
    assert_eq!(store.read().await.unwrap(), current);
    assert_eq!(store.history().await.unwrap().len(), 2);
}

pub(crate) async fn the_digest_counts_and_not_only_the_serial(backend: &impl Backend) {
    let store = backend.open().await;
    let current = write(&*store, content("a")).await;
    let other = Version::of(Serial::FIRST, Digest::of_bytes(b"another state with serial 1"));
    let next = current.state.as_ref().unwrap().successor(content("b"), written_by()).unwrap();
    assert!(matches!(
        store.swap(&other, &next, UnusedCatalogs::Keep).await,
        Err(StoreError::Conflict { .. })
    ));
    assert_eq!(store.read().await.unwrap(), current);
}

pub(crate) async fn only_the_successor_may_follow(backend: &impl Backend) {
    let store = backend.open().await;
    let current = write(&*store, content("a")).await;
    let mut next = current.state.as_ref().unwrap().successor(content("b"), written_by()).unwrap();
    for serial in [1, 3, 0, u64::MAX] {
        next.serial = Serial::new(serial);
        let refused = store.swap(&current.version, &next, UnusedCatalogs::Keep).await.unwrap_err();
        assert!(matches!(refused, StoreError::NotASuccessor { .. }), "{refused}");
    }
    assert_eq!(store.read().await.unwrap(), current);
}

pub(crate) async fn nothing_new_is_nothing_written(backend: &impl Backend) {
    let store = backend.open().await;
    let base = write(&*store, content("a")).await;
    let same = base.state.as_ref().unwrap().content.clone();
    let again = publish(&*store, &base, Lineage::generate(), same, written_by()).await.unwrap();
    assert_eq!(again, Published::Unchanged(base.clone()));
    assert_eq!(store.read().await.unwrap(), base);
}

pub(crate) async fn twenty_revisions_are_kept(backend: &impl Backend) {
    let store = backend.open().await;
    for revision in 0..HISTORY_LENGTH + 4 {
        write(&*store, content(&format!("r{revision}"))).await;
    }
    let expected: Vec<_> = (4..=HISTORY_LENGTH as u64 + 4).map(Serial::new).collect();
    assert_eq!(store.history().await.unwrap(), expected);
    let gone = store.revision(Serial::new(3)).await.unwrap_err();
    assert!(gone.to_string().contains("the revisions from 4 to 24 are kept"), "{gone}");
}

pub(crate) async fn a_saved_backup_stays_whatever_follows(backend: &impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.saved_backups().await.unwrap(), [""; 0]);
    let run = RunId::generate();
    let first = write(&*store, content("a")).await.state.unwrap();
    store.save_backup(&first, run).await.unwrap();
    for number in 0..HISTORY_LENGTH + 2 {
        write(&*store, content(&format!("b{number}"))).await;
    }
    let name = format!("1-{run}");
    let other = backend.open().await;
    assert_eq!(other.saved_backups().await.unwrap(), [name.as_str()]);
    assert_eq!(other.saved_backup(&name).await.unwrap(), first);
    for missing in ["1", "../state", ""] {
        let error = other.saved_backup(missing).await.unwrap_err();
        assert!(matches!(error, StoreError::NoSuchBackup { .. }), "{missing}: {error}");
    }
}

pub(crate) async fn another_lineage_takes_over_only_when_asked(backend: &impl Backend) {
    let store = backend.open().await;
    let base = write(&*store, content("a")).await;
    let (ours, other) = (base.state.as_ref().unwrap().lineage, Lineage::generate());
    let kept = publish(&*store, &base, other, content("b"), written_by()).await.unwrap().into_snapshot();
    assert_eq!(kept.state.as_ref().unwrap().lineage, ours);
    // The content stays: the lineage alone is a change.
    let content = kept.state.as_ref().unwrap().content.clone();
    let taken =
        publish_under(&*store, &kept, other, content, written_by(), UnusedCatalogs::Keep).await.unwrap();
    assert!(matches!(&taken, Published::Written(_)));
    let state = head(&*store).await;
    assert_eq!((state.lineage, state.serial), (other, Serial::new(3)));
}

pub(crate) async fn a_catalog_reads_back_under_its_digest(backend: &impl Backend) {
    let store = backend.open().await;
    let (one, two) = (catalog("one"), catalog("two"));
    let digests = (store.put_catalog(&one).await.unwrap(), store.put_catalog(&two).await.unwrap());
    assert_eq!(store.put_catalog(&one).await.unwrap(), digests.0);
    assert_eq!(store.catalog(&digests.0).await.unwrap(), one);
    assert_eq!(store.catalog(&digests.1).await.unwrap(), two);
    let absent = store.catalog(&Digest::of_bytes(b"never stored")).await.unwrap_err();
    assert!(matches!(&absent, StoreError::CatalogMissing { .. }), "{absent}");
    assert!(absent.help().unwrap().contains("djogi refresh"));
}

/// Publishes a state that refers to a catalog of its own, by `name`.
async fn write_with_catalog(store: &dyn Store, name: &str) -> Digest {
    let digest = store.put_catalog(&catalog(name)).await.unwrap();
    write(store, naming(name, digest)).await;
    digest
}

fn naming(name: &str, catalog: Digest) -> Content {
    let mut content = content(name);
    content.targets.values_mut().for_each(|target| target.catalog = catalog);
    content
}

pub(crate) async fn catalogs_go_when_nothing_that_is_kept_refers_to_them(backend: &impl Backend) {
    let store = backend.open().await;
    let mut digests = Vec::new();
    for revision in 0..2 * HISTORY_LENGTH {
        digests.push(write_with_catalog(&*store, &format!("r{revision}")).await);
        if revision == 1 {
            store.save_backup(&head(&*store).await, RunId::generate()).await.unwrap();
        }
    }
    // The last revision was one of those that look through everything.
    assert_eq!(store.unused_catalogs().await.unwrap(), BTreeSet::new());
    assert!(matches!(store.catalog(&digests[0]).await, Err(StoreError::CatalogMissing { .. })));
    assert_eq!(store.catalog(&digests[1]).await.unwrap(), catalog("r1"), "a copy of the state needs it");
    for serial in store.history().await.unwrap() {
        let target = store.revision(serial).await.unwrap().content.targets.into_values().next().unwrap();
        store.catalog(&target.catalog).await.unwrap();
    }
    // What a run leaves that dies before it publishes stays until somebody publishes and collects.
    let orphan = store.put_catalog(&catalog("orphan")).await.unwrap();
    write_with_catalog(&*store, "next").await;
    assert!(store.unused_catalogs().await.unwrap().contains(&orphan));
    let base = store.read().await.unwrap();
    let (lineage, own) = (base.state.as_ref().unwrap().lineage, digests[2 * HISTORY_LENGTH - 1]);
    publish_under(&*store, &base, lineage, naming("last", own), written_by(), UnusedCatalogs::Remove)
        .await
        .unwrap();
    assert!(matches!(store.catalog(&orphan).await, Err(StoreError::CatalogMissing { .. })));
    store.catalog(&own).await.unwrap();
}

pub(crate) async fn no_collection_takes_a_catalog_from_under_a_writer(backend: &impl Backend) {
    write(&*backend.open().await, content("first")).await;
    let mut writers = Vec::new();
    for writer in 0..WRITERS / 2 {
        let store = backend.open().await;
        writers.push(tokio::spawn(async move {
            for round in 0..ROUNDS {
                loop {
                    let base = store.read().await.unwrap();
                    // Whoever loses has stored what the winner's collection then finds unused.
                    let name = format!("round{round}");
                    let digest = store.put_catalog(&catalog(&name)).await.unwrap();
                    let lineage = base.state.as_ref().unwrap().lineage;
                    let next = naming(&format!("w{writer}{name}"), digest);
                    match publish_under(&*store, &base, lineage, next, written_by(), UnusedCatalogs::Remove)
                        .await
                    {
                        Ok(_) => {
                            store.catalog(&digest).await.unwrap();
                            break;
                        }
                        Err(StoreError::Conflict { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        }));
    }
    for writer in writers {
        writer.await.unwrap();
    }
}

pub(crate) async fn the_preflight_leaves_the_state_alone(backend: &impl Backend) {
    let store = backend.open().await;
    store.preflight_writable().await.unwrap();
    assert_eq!(store.read().await.unwrap().version, Version::ABSENT);
    let current = write(&*store, content("a")).await;
    store.preflight_writable().await.unwrap();
    assert_eq!(store.read().await.unwrap(), current);
}

const WRITERS: usize = 16;
const ROUNDS: usize = 4;

pub(crate) async fn sixteen_racing_writers_lose_nothing(backend: &impl Backend) {
    write(&*backend.open().await, content("first")).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let store = backend.open().await;
        writers.spawn(async move {
            let mut acknowledged = Vec::new();
            while acknowledged.len() < ROUNDS {
                let base = store.read().await.unwrap();
                let lineage = base.state.as_ref().unwrap().lineage;
                // Each adds to what it read: a lost update would be missing at the end.
                let mut next = base.state.as_ref().unwrap().content.clone();
                let name = format!("w{writer}_{}", acknowledged.len());
                let target = next.targets.values_mut().next().unwrap();
                target.resources.extend(content(&name).targets.into_values().next().unwrap().resources);
                match publish(&*store, &base, lineage, next, written_by()).await {
                    Ok(published) => acknowledged.push(published.into_snapshot().version.serial().unwrap()),
                    Err(StoreError::Conflict { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            acknowledged
        });
    }
    let acknowledged: Vec<Serial> = writers.join_all().await.into_iter().flatten().collect();
    let distinct: BTreeSet<_> = acknowledged.iter().collect();
    assert_eq!(distinct.len(), WRITERS * ROUNDS, "a serial was acknowledged twice");
    let last = head(&*backend.open().await).await;
    assert_eq!(last.serial.get() as usize, 1 + WRITERS * ROUNDS);
    assert_eq!(last.content.targets[&super::support::ident("main")].resources.len(), 1 + WRITERS * ROUNDS);
}

pub(crate) async fn sixteen_racing_firsts_make_one_lineage(backend: &impl Backend) {
    let mut writers = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        let store = backend.open().await;
        writers.spawn(async move {
            let first = State::first(Lineage::generate(), content("first"), written_by());
            (store.swap(&Version::ABSENT, &first, UnusedCatalogs::Keep).await.is_ok(), first)
        });
    }
    let results = writers.join_all().await;
    let winners: Vec<_> = results.into_iter().filter_map(|(won, state)| won.then_some(state)).collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(head(&*backend.open().await).await, winners[0]);
}

pub(crate) async fn a_sidecar_is_there_until_it_is_retired(backend: &impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.sidecars().await.unwrap(), []);
    store.retire_sidecar(OpId::generate()).await.unwrap();
    let mut sidecars = [sidecar(), sidecar(), sidecar()];
    sidecars.sort_by_key(|sidecar| sidecar.op_id);
    for sidecar in sidecars.iter().rev() {
        store.put_sidecar(sidecar).await.unwrap();
    }
    sidecars[1].xid = None;
    sidecars[1].groups.clear();
    store.put_sidecar(&sidecars[1]).await.unwrap();
    let listed = async || {
        let found = backend.open().await.sidecars().await.unwrap();
        assert!(found.iter().all(|found| found.location.contains(&found.name)), "{found:?}");
        found.into_iter().map(|found| found.sidecar.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(listed().await, sidecars);
    for _ in 0..2 {
        store.retire_sidecar(sidecars[1].op_id).await.unwrap();
        assert_eq!(listed().await, [sidecars[0].clone(), sidecars[2].clone()]);
    }
    assert_eq!(store.read().await.unwrap().version, Version::ABSENT, "a sidecar is no state");
}

pub(crate) async fn a_quarantined_sidecar_is_no_longer_listed(backend: &impl Backend) {
    let store = backend.open().await;
    let (ours, other) = (sidecar(), sidecar());
    let mut places = BTreeSet::new();
    assert_eq!(store.quarantined_sidecars().await.unwrap(), []);
    for _ in 0..3 {
        store.put_sidecar(&ours).await.unwrap();
        store.put_sidecar(&other).await.unwrap();
        let listed = store.sidecars().await.unwrap();
        let name = &listed.iter().find(|found| found.sidecar.as_ref() == Ok(&ours)).unwrap().name;
        assert!(places.insert(store.quarantine_sidecar(name).await.unwrap()), "one was overwritten");
        let left: Vec<_> = store.sidecars().await.unwrap().into_iter().map(|found| found.sidecar).collect();
        assert_eq!(left, [Ok(other.clone())]);
        let gone = store.quarantine_sidecar(name).await.unwrap_err();
        assert!(matches!(gone, StoreError::NoSuchSidecar { .. }), "{gone}");
    }
    let quarantined = backend.open().await.quarantined_sidecars().await.unwrap();
    let found: BTreeSet<String> = quarantined.iter().map(|found| found.location.clone()).collect();
    assert_eq!(found, places, "each is where it was put");
    let op = ours.op_id.to_string();
    assert!(quarantined.iter().all(|found| found.name.starts_with(&op)), "{quarantined:?}");
    for name in ["", "..", "../state.json", "quarantine"] {
        let refused = store.quarantine_sidecar(name).await.unwrap_err();
        assert!(matches!(refused, StoreError::NoSuchSidecar { .. }), "{name}: {refused}");
    }
}

pub(crate) async fn an_approval_is_kept_with_what_became_of_it(backend: &impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.approvals().await.unwrap(), []);
    let mut approvals = [approval(), approval()];
    approvals.sort_by_key(|approval| approval.id);
    approvals[0].spent = None;
    for approval in &approvals {
        store.put_approval(approval).await.unwrap();
    }
    approvals[0].spent = Some(OpId::generate());
    store.put_approval(&approvals[0]).await.unwrap();
    let found = backend.open().await.approvals().await.unwrap();
    let found: Vec<_> = found.into_iter().map(|found| found.approval.unwrap()).collect();
    assert_eq!(found, approvals);
    assert_eq!(store.sidecars().await.unwrap(), []);
}

pub(crate) async fn sixteen_racing_sidecars_do_not_meet(backend: &impl Backend) {
    let mut runs = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        let store = backend.open().await;
        runs.spawn(async move {
            let kept = sidecar();
            store.put_sidecar(&kept).await.unwrap();
            for _ in 0..ROUNDS {
                let brief = sidecar();
                store.put_sidecar(&brief).await.unwrap();
                let found = store.sidecars().await.unwrap();
                assert!(found.iter().all(|found| found.sidecar.is_ok()), "{found:?}");
                assert!(found.iter().any(|found| found.sidecar.as_ref() == Ok(&brief)));
                store.retire_sidecar(brief.op_id).await.unwrap();
            }
            kept.op_id
        });
    }
    let kept: BTreeSet<_> = runs.join_all().await.into_iter().collect();
    let found = backend.open().await.sidecars().await.unwrap();
    let found: BTreeSet<_> = found.into_iter().map(|found| found.sidecar.unwrap().op_id).collect();
    assert_eq!(found, kept);
}

pub(crate) async fn a_reader_sees_the_state_before_or_after_a_swap(backend: &impl Backend) {
    let (writing, reading) = (backend.open().await, backend.open().await);
    write(&*writing, content("first")).await;
    let writer = tokio::spawn(async move {
        for revision in 0..12 {
            write(&*writing, large_content(&format!("r{revision}"))).await;
        }
    });
    let mut seen = Serial::FIRST;
    while !writer.is_finished() {
        let serial = head(&*reading).await.serial;
        assert!(serial >= seen, "{serial} after {seen}");
        seen = serial;
    }
    writer.await.unwrap();
    assert_eq!(head(&*reading).await.serial, Serial::new(13));
}

/// A store with three revisions, and these.
async fn with_history(backend: &impl Backend) -> (Box<dyn Store>, Vec<State>) {
    let store = backend.open().await;
    let mut revisions = Vec::new();
    for name in ["a", "b", "c"] {
        revisions.push(write(&*store, content(name)).await.state.unwrap());
    }
    (store, revisions)
}

pub(crate) async fn a_state_moves_with_its_lineage_serial_and_history<B: Backend>(backend: &B) {
    let (source, revisions) = with_history(backend).await;
    let (other, third) = (B::create().await, &revisions[2]);
    let store = other.open().await;
    let version = store.take_over(third, &revisions[..2]).await.unwrap();
    let moved = other.open().await;
    assert_eq!(moved.read().await.unwrap(), source.read().await.unwrap());
    assert_eq!(moved.read().await.unwrap().version, version);
    assert_eq!(moved.history().await.unwrap(), [1, 2, 3].map(Serial::new));
    for revision in &revisions {
        assert_eq!(moved.revision(revision.serial).await.unwrap(), *revision);
    }
    let other_state = State::first(Lineage::generate(), content("other"), written_by());
    let refused = store.take_over(&other_state, &[]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict { .. }), "{refused}");
    assert_eq!(head(&*moved).await, *third);
    let fourth = write(&*moved, content("d")).await;
    assert_eq!(fourth.version.serial(), Some(Serial::new(4)));
    assert_eq!(moved.backup().await.unwrap().as_ref(), Some(third));
}

pub(crate) async fn what_was_put_aside_is_no_state(backend: &impl Backend) {
    let (store, revisions) = with_history(backend).await;
    let mut places = BTreeSet::new();
    for _ in 0..3 {
        store.put_sidecar(&sidecar()).await.unwrap();
        store.put_approval(&approval()).await.unwrap();
        store.save_backup(&revisions[0], RunId::generate()).await.unwrap();
        let digest = store.put_catalog(&catalog("one")).await.unwrap();
        let current = store.read().await.unwrap();
        let stale = Version::of(Serial::FIRST, Digest::of_bytes(b"another state with serial 1"));
        let refused = store.put_aside(&stale).await.unwrap_err();
        assert!(matches!(refused, StoreError::Conflict { .. }), "{refused}");
        assert_eq!(store.read().await.unwrap(), current);
        assert!(places.insert(store.put_aside(&current.version).await.unwrap()), "one was overwritten");
        let empty = backend.open().await;
        assert_eq!(empty.read().await.unwrap().version, Version::ABSENT);
        assert_eq!(empty.history().await.unwrap(), []);
        assert_eq!(empty.sidecars().await.unwrap(), []);
        assert_eq!(empty.approvals().await.unwrap(), []);
        assert_eq!(empty.saved_backups().await.unwrap(), Vec::<String>::new());
        assert!(matches!(empty.catalog(&digest).await, Err(StoreError::CatalogMissing { .. })));
        empty.take_over(&revisions[2], &revisions[..2]).await.unwrap();
        assert_eq!(store.history().await.unwrap().len(), 3);
    }
}
