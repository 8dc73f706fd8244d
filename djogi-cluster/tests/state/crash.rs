//! Killed and raced: what is on the disk afterwards is the old state or the new one, and nothing acknowledged is
//! lost.

use std::collections::BTreeSet;
use std::fs;

use djogi_cluster::state::{LocalStore, Serial, Store};

use super::children::Child;
use super::support::{content, head, large_content, write};

#[tokio::test]
async fn a_killed_writer_loses_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    let mut acknowledged = 0;
    for round in 0..20 {
        let said = Child::new("publish_until_killed").dir(folder.path()).killed_after(1 + round % 4);
        acknowledged =
            said.iter().map(|serial| serial.parse::<u64>().unwrap()).chain([acknowledged]).max().unwrap();
        let found = head(&store).await.serial.get();
        assert!(
            found == acknowledged || found == acknowledged + 1,
            "round {round}: {found}, said {acknowledged}"
        );
        for serial in store.history().await.unwrap() {
            assert_eq!(store.revision(serial).await.unwrap().serial, serial);
        }
        acknowledged = found;
    }
    write(&store, content("after")).await;
    let left = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with(".tmp")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_sees_the_old_state_or_the_new_one_and_never_a_part() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    write(&store, content("first")).await;
    let writing = store.clone();
    let writer = tokio::spawn(async move {
        for revision in 0..20 {
            write(&writing, large_content(&format!("r{revision}"))).await;
        }
    });
    let mut seen = Serial::FIRST;
    while !writer.is_finished() {
        let serial = head(&store).await.serial;
        assert!(serial >= seen, "{serial} after {seen}");
        seen = serial;
    }
    writer.await.unwrap();
    assert_eq!(head(&store).await.serial, Serial::new(21));
}

#[tokio::test]
async fn sixteen_processes_make_one_history() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    write(&store, content("first")).await;
    let racers: Vec<_> = (0..16)
        .map(|_| {
            let child = Child::new("publish_ten").dir(folder.path());
            std::thread::spawn(move || child.output())
        })
        .collect();
    let said: Vec<String> = racers.into_iter().map(|racer| racer.join().unwrap()).collect();
    let serials: Vec<u64> =
        said.iter().flat_map(|text| text.lines()).map(|line| line.parse().unwrap()).collect();
    assert_eq!(serials.len(), 160);
    assert_eq!(serials.into_iter().collect::<BTreeSet<_>>(), (2..=161).collect());
    assert_eq!(head(&store).await.serial, Serial::new(161));
}

#[tokio::test]
async fn what_a_crash_before_the_rename_leaves_is_cleared_by_the_next_writer() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    write(&store, content("a")).await;
    let current = write(&store, content("b")).await;
    // Backup and history are written before the state is replaced.
    fs::copy(folder.path().join("state.json"), folder.path().join("history/2.json")).unwrap();
    fs::copy(folder.path().join("state.json"), folder.path().join("state.json.backup")).unwrap();
    let leftovers = [".tmp-a", "history/.tmp-b", "catalogs/.tmp-c", "recovery/.tmp-d", "approvals/.tmp-e"];
    for leftover in leftovers {
        let path = folder.path().join(leftover);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "{\"half\":").unwrap();
    }
    assert_eq!(store.read().await.unwrap(), current);
    assert_eq!(store.history().await.unwrap(), [1, 2].map(Serial::new));
    assert_eq!(store.backup().await.unwrap().unwrap().serial, Serial::FIRST);
    let third = write(&store, content("c")).await;
    assert_eq!(third.version.serial(), Some(Serial::new(3)));
    for leftover in leftovers {
        assert!(!folder.path().join(leftover).exists(), "{leftover}");
    }
}
