//! The local backend: the contract, and what users see in `.djogi/`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use djogi_cluster::state::{Damage, LocalStore, Serial, Store, StoreError};
use tempfile::TempDir;

use super::children::Child;
use super::contract::{Backend, contract_tests};
use super::support::{approval, catalog, content, head, sidecar, tree, write};

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
    store.sidecars().await.unwrap();
    store.approvals().await.unwrap();
    store.retire_sidecar(sidecar().op_id).await.unwrap();
    store.quarantine_sidecar("none.json").await.unwrap_err();
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
    let (sidecar, approval) = (sidecar(), approval());
    store.put_sidecar(&sidecar).await.unwrap();
    store.put_approval(&approval).await.unwrap();
    let names: Vec<_> = tree(folder.path())
        .into_iter()
        .map(|(path, _)| path[folder.path().display().to_string().len() + 1..].to_owned())
        .collect();
    let blob = format!("catalogs/{}.json", digest.hex());
    let (recovery, approval) =
        (format!("recovery/{}.json", sidecar.op_id), format!("approvals/{}.json", approval.id));
    let history = ["history", "history/1.json", "lock", "recovery"];
    let expected = [&["approvals", &approval, "catalogs", &blob][..], &history, &[&recovery]].concat();
    let expected = [&expected[..], &["state.json", "state.json.backup"]].concat();
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
    for inner in ["history", "catalogs", "recovery"] {
        let folder = tempfile::tempdir().unwrap();
        Child::new("preflight").dir(folder.path()).umask("000").output();
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

/// What a sidecar with a file of this name and text is found to be.
async fn sidecar_damage(name: &str, bytes: &[u8]) -> Option<Damage> {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    let intact = sidecar();
    store.put_sidecar(&intact).await.unwrap();
    let path = folder.path().join("recovery").join(name);
    fs::write(&path, bytes).unwrap();
    let before = tree(folder.path());
    let found = store.sidecars().await.unwrap();
    assert_eq!(tree(folder.path()), before);
    assert_eq!(found.iter().filter(|found| found.sidecar.as_ref() == Ok(&intact)).count(), 1);
    let damaged = found.into_iter().find(|found| found.name == name)?;
    assert_eq!(damaged.location, path.display().to_string());
    let place = store.quarantine_sidecar(name).await.unwrap();
    assert_eq!(fs::read(place).unwrap(), bytes);
    assert_eq!(store.sidecars().await.unwrap().len(), 1);
    Some(damaged.sidecar.unwrap_err())
}

#[tokio::test]
async fn a_damaged_sidecar_is_listed_by_name_and_can_be_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    let sidecar = sidecar();
    LocalStore::new(folder.path()).put_sidecar(&sidecar).await.unwrap();
    let name = format!("{}.json", sidecar.op_id);
    let text = fs::read_to_string(folder.path().join("recovery").join(&name)).unwrap();
    let of = async |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        sidecar_damage(&name, text.replacen(from, to, 1).as_bytes()).await.unwrap()
    };
    assert_eq!(sidecar_damage(&name, b"").await, Some(Damage::Empty));
    let half = &text.as_bytes()[..text.len() / 2];
    assert_eq!(sidecar_damage(&name, half).await, Some(Damage::Torn { bytes: half.len() }));
    let newer = of("djogi-sidecar/1", "djogi-sidecar/2").await;
    assert!(
        matches!(&newer, Damage::Newer { format, known: "djogi-sidecar/1" } if format == "djogi-sidecar/2")
    );
    let unknown = of("\"epoch\":7", "\"epoch\":7,\"fast\":true").await;
    assert!(matches!(&unknown, Damage::UnknownField { field, .. } if field == "fast"), "{unknown}");
    let value = of("\"epoch\":7", "\"epoch\":-7").await;
    assert!(matches!(&value, Damage::InvalidValue { path, .. } if path == "epoch"), "{value}");
    assert_eq!(of("\"epoch\":7", "\"epoch\":8").await, Damage::Altered);
    let copy = sidecar_damage("copy.json", text.as_bytes()).await;
    assert_eq!(copy, Some(Damage::OtherName { expected: name.clone() }));
    assert!(matches!(sidecar_damage("notes.txt", b"call ana").await, Some(Damage::Malformed { .. })));
    assert_eq!(sidecar_damage(".tmp-x", half).await, None, "what a killed writer leaves is no sidecar");
}

#[tokio::test]
async fn sidecars_that_cannot_be_listed_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("recovery"), "").unwrap();
    let store = LocalStore::new(folder.path());
    assert!(matches!(store.sidecars().await, Err(StoreError::Io { .. })));
}

#[tokio::test]
async fn a_damaged_approval_is_listed_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    let approval = approval();
    store.put_approval(&approval).await.unwrap();
    let path = folder.path().join(format!("approvals/{}.json", approval.id));
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("\"delete\"", "\"update\"")).unwrap();
    let found = store.approvals().await.unwrap().remove(0);
    assert_eq!((found.approval, found.location), (Err(Damage::Altered), path.display().to_string()));
}
