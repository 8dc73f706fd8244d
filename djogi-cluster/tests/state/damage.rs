//! Damaged states: each kind is refused by name, with the file, the backup and the next command, and left as it
//! was found.

use std::fs;
use std::process::Command;

use djogi_cluster::state::{LocalStore, Serial, Store, StoreError, UnusedCatalogs, Version};
use tempfile::TempDir;

use super::support::{content, head, tree, write, written_by};

/// A store with three revisions, the current one damaged by `damage`.
async fn damaged(damage: impl Fn(&str) -> Vec<u8>) -> (TempDir, LocalStore) {
    let folder = tempfile::Builder::new().prefix("ana's shop ").tempdir().unwrap();
    let store = LocalStore::new(folder.path());
    for name in ["a", "b", "c"] {
        write(&store, content(name)).await;
    }
    let path = folder.path().join("state.json");
    fs::write(&path, damage(&fs::read_to_string(&path).unwrap())).unwrap();
    (folder, store)
}

async fn is_refused(code: &str, says: &str, damage: impl Fn(&str) -> Vec<u8>) {
    let (folder, store) = damaged(damage).await;
    let before = tree(folder.path());
    let refused = store.read().await.unwrap_err();
    assert_eq!(refused.code(), code, "{refused}");
    let (message, help) = (refused.to_string(), refused.help().unwrap());
    assert!(message.contains(&folder.path().join("state.json").display().to_string()), "{message}");
    assert!(message.contains(says), "{message}");
    if code == "state_newer" {
        assert!(help.contains("install"), "{help}");
    } else {
        assert!(help.contains("/state.json.backup`: `cp ") && help.contains("djogi refresh"), "{help}");
    }
    let next = djogi_cluster::state::State::first(
        djogi_cluster::identity::Lineage::generate(),
        content("new"),
        written_by(),
    );
    let overwritten = store.swap(&Version::ABSENT, &next, UnusedCatalogs::Keep).await;
    assert!(matches!(overwritten, Err(StoreError::Damaged { .. })), "{overwritten:?}");
    assert_eq!(tree(folder.path()), before);
}

#[tokio::test]
async fn zero_bytes_are_corruption_and_not_a_new_project() {
    is_refused("state_empty", "zero bytes", |_| Vec::new()).await;
}

#[tokio::test]
async fn a_torn_state_is_refused() {
    is_refused("state_torn", "ends in the middle", |text| text.as_bytes()[..text.len() / 2].to_vec()).await;
}

#[tokio::test]
async fn a_flipped_bit_is_refused() {
    let flip = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        let at = text.find("16401").unwrap();
        bytes[at] ^= 2;
        bytes
    };
    is_refused("state_altered", "does not match its digest", flip).await;
}

#[tokio::test]
async fn a_state_edited_by_hand_is_refused() {
    is_refused("state_altered", "edited", |text| text.replace("\"applied\"", "\"pending\"").into_bytes())
        .await;
    is_refused("state_altered", "edited", |text| text.replace("\"serial\":3", "\"serial\":2").into_bytes())
        .await;
    is_refused("state_malformed", "not JSON", |text| {
        text.replace("\"serial\":3,", "\"serial\":3,,").into_bytes()
    })
    .await;
}

#[tokio::test]
async fn a_newer_format_is_refused_and_not_to_be_replaced() {
    is_refused("state_newer", "djogi-state/2", |text| {
        text.replace("djogi-state/1", "djogi-state/2").into_bytes()
    })
    .await;
}

#[tokio::test]
async fn an_unknown_field_is_refused_by_its_name() {
    let add = |text: &str| text.replace("\"serial\":3", "\"serial\":3,\"owner\":\"ana\"").into_bytes();
    is_refused("state_unknown_field", "\"owner\"", add).await;
}

#[tokio::test]
async fn another_json_file_is_refused() {
    let terraform = |_: &str| br#"{"format":"4","terraform_version":"1.9.0","serial":3}"#.to_vec();
    is_refused("state_unknown_format", "format is \"4\"", terraform).await;
    is_refused("state_invalid_value", "missing field", |_| b"{}".to_vec()).await;
}

#[tokio::test]
async fn a_serial_beyond_64_bits_is_refused() {
    let huge = |text: &str| text.replace("\"serial\":3", "\"serial\":18446744073709551616").into_bytes();
    is_refused("state_invalid_value", "`serial`", huge).await;
}

#[tokio::test]
async fn the_command_in_the_help_brings_the_previous_revision_back() {
    let (_folder, store) = damaged(|_| Vec::new()).await;
    let help = store.read().await.unwrap_err().help().unwrap();
    let copy = help.split('`').find(|part| part.starts_with("cp ")).unwrap();
    assert!(Command::new("sh").args(["-c", copy]).status().unwrap().success());
    assert_eq!(head(&store).await.serial, Serial::new(2));
}

#[tokio::test]
async fn a_damaged_backup_is_not_recommended() {
    let (folder, store) = damaged(|_| Vec::new()).await;
    let backup = folder.path().join("state.json.backup");
    fs::write(&backup, "").unwrap();
    fs::write(folder.path().join("history/2.json"), "{").unwrap();
    let help = store.read().await.unwrap_err().help().unwrap();
    assert!(help.contains("serial 1 is intact") && help.contains("history/1.json"), "{help}");
    fs::remove_dir_all(folder.path().join("history")).unwrap();
    let help = store.read().await.unwrap_err().help().unwrap();
    assert!(help.contains("no intact older revision"), "{help}");
}

#[test]
fn the_last_serial_has_no_successor() {
    let first = djogi_cluster::state::State::first(
        djogi_cluster::identity::Lineage::generate(),
        content("a"),
        written_by(),
    );
    let last = djogi_cluster::state::State { serial: Serial::new(u64::MAX), ..first };
    assert!(last.successor(content("b"), written_by()).is_err());
}
