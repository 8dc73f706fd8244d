//! The local backend: the contract, and what users see in `.djogi/`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use djogi_cluster::state::{LocalStore, Serial, Store, StoreError};
use tempfile::TempDir;

use super::children::Child;
use super::contract::{Backend, contract_tests};
use super::support::{catalog, content, head, tree, write};

struct Folder(TempDir);

impl Backend for Folder {
    async fn create() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    async fn open(&self) -> Box<dyn Store> {
        Box::new(LocalStore::new(self.0.path().join("project/.djogi")))
    }
}

contract_tests!(Folder);

#[tokio::test]
async fn reading_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path().join(".djogi"));
    store.read().await.unwrap();
    store.history().await.unwrap();
    store.backup().await.unwrap();
    assert_eq!(tree(folder.path()), []);
    write(&store, content("a")).await;
    let before = tree(folder.path());
    store.read().await.unwrap();
    store.history().await.unwrap();
    store.revision(Serial::FIRST).await.unwrap();
    assert_eq!(tree(folder.path()), before);
}

#[tokio::test]
async fn the_folder_holds_what_the_manual_says() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    let digest = store.put_catalog(&catalog("a")).await.unwrap();
    write(&store, content("a")).await;
    let first = fs::read(folder.path().join("state.json")).unwrap();
    write(&store, content("b")).await;
    let names: Vec<_> = tree(folder.path())
        .into_iter()
        .map(|(path, _)| path[folder.path().display().to_string().len() + 1..].to_owned())
        .collect();
    let blob = format!("catalogs/{}.json", digest.hex());
    let expected =
        ["catalogs", &blob, "history", "history/1.json", "lock", "state.json", "state.json.backup"];
    assert_eq!(names, expected);
    assert_eq!(fs::read(folder.path().join("state.json.backup")).unwrap(), first);
    assert_eq!(fs::read(folder.path().join("history/1.json")).unwrap(), first);
}

#[tokio::test]
async fn a_revision_put_back_by_hand_is_followed_by_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    for name in ["a", "b", "c"] {
        write(&store, content(name)).await;
    }
    fs::copy(folder.path().join("history/1.json"), folder.path().join("state.json")).unwrap();
    assert_eq!(store.history().await.unwrap(), [Serial::FIRST]);
    assert_eq!(store.backup().await.unwrap(), None);
    let second = write(&store, content("d")).await.state.unwrap();
    assert_eq!(second.serial, Serial::new(2));
    write(&store, content("e")).await;
    assert_eq!(store.revision(Serial::new(2)).await.unwrap(), second);
}

#[tokio::test]
async fn a_damaged_catalog_is_refused_and_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    let digest = store.put_catalog(&catalog("a")).await.unwrap();
    let path = folder.path().join(format!("catalogs/{}.json", digest.hex()));
    let intact = fs::read(&path).unwrap();
    for damaged in [&intact[..intact.len() / 2], &[], &intact.to_ascii_uppercase()] {
        fs::write(&path, damaged).unwrap();
        let refused = store.catalog(&digest).await.unwrap_err();
        assert!(matches!(refused, StoreError::CatalogDamaged { .. }), "{refused}");
        assert!(refused.to_string().contains(&path.display().to_string()), "{refused}");
        store.put_catalog(&catalog("a")).await.unwrap();
        assert_eq!(store.catalog(&digest).await.unwrap(), catalog("a"));
    }
}

#[test]
fn a_read_only_folder_is_refused_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let output = Child::new("preflight").dir(folder.path()).without_privileges().output();
    assert!(output.starts_with("state_not_writable\n"), "{output}");
    assert!(output.contains(&format!("{}", folder.path().display())), "{output}");
    assert!(output.contains("make `"), "{output}");
    assert_eq!(tree(folder.path()), []);
}

#[test]
fn a_read_only_folder_within_the_folder_is_refused_too() {
    for inner in ["history", "catalogs"] {
        let folder = tempfile::tempdir().unwrap();
        Child::new("publish_once").dir(folder.path()).umask("000").output();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        fs::set_permissions(folder.path().join(inner), fs::Permissions::from_mode(0o555)).unwrap();
        let output = Child::new("preflight").dir(folder.path()).without_privileges().output();
        assert!(output.starts_with("state_not_writable\n"), "{inner}: {output}");
        assert!(output.contains(inner), "{output}");
    }
}

#[test]
fn a_read_only_folder_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    Child::new("publish_once").dir(folder.path()).output();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let output = Child::new("read").dir(folder.path()).without_privileges().output();
    assert_eq!(output, "1\n");
}

#[test]
fn a_full_disk_is_refused_before_anything_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let output = Child::new("preflight").dir(folder.path()).file_size_limit_kib(64).output();
    assert!(output.starts_with("state_no_space\n"), "{output}");
    assert!(output.contains("free some space"), "{output}");
    let left = tree(folder.path());
    assert!(left.iter().all(|(_, content)| content.is_empty()), "{left:?}");
}

#[test]
fn a_disk_that_fills_up_during_the_write_leaves_the_old_state() {
    let folder = tempfile::tempdir().unwrap();
    Child::new("publish_once").dir(folder.path()).output();
    let before = fs::read(folder.path().join("state.json")).unwrap();
    let output = Child::new("publish_large").dir(folder.path()).file_size_limit_kib(64).output();
    assert!(output.starts_with("state_no_space\n"), "{output}");
    assert_eq!(fs::read(folder.path().join("state.json")).unwrap(), before);
}

#[test]
fn a_tiny_file_system_is_refused_as_full() {
    // Mounting takes a privilege that not every machine gives; the file size limit above covers those.
    let Some(output) = Child::new("preflight").on_a_tiny_file_system() else { return };
    assert!(output.starts_with("state_no_space\n"), "{output}");
}

#[test]
fn modes_are_what_the_umask_asks_for() {
    for (umask, file, folder_mode) in [("022", 0o644, 0o755), ("077", 0o600, 0o700)] {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join(".djogi");
        Child::new("publish_once").dir(&dir).umask(umask).output();
        let mode = |name: &str| fs::metadata(dir.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("state.json"), mode("history")), (file, folder_mode), "umask {umask}");
    }
}

#[tokio::test]
async fn a_file_where_the_folder_should_be_is_an_error_and_not_a_new_project() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".djogi");
    fs::write(&path, "").unwrap();
    let store = LocalStore::new(&path);
    assert!(matches!(store.read().await, Err(StoreError::Io { .. })));
    assert!(store.preflight_writable().await.is_err());
}

#[tokio::test]
async fn a_relative_folder_works() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let store = LocalStore::new(std::path::Path::new(folder.path().file_name().unwrap()).join(".djogi"));
    write(&store, content("a")).await;
    assert_eq!(head(&store).await.serial, Serial::FIRST);
}
