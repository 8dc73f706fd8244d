//! What the embedded server refuses, and that each refusal names the thing and the way out.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use djogi_cluster::server::{BinarySearch, EmbeddedServer, ServerError};

use super::project::{
    Project, closed_tempdir, connect, installations, is_root, offline, open_tempdir, options, quiet,
};

/// An installation that says `version` and whose `initdb` is this shell script.
pub(crate) fn fake_installation(folder: &Path, version: &str, initdb: &str) {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).unwrap();
    let postgres = format!("echo 'postgres (PostgreSQL) {version}'");
    for (name, script) in [("postgres", postgres.as_str()), ("initdb", initdb)] {
        fs::write(bin.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(bin.join(name), Permissions::from_mode(0o755)).unwrap();
    }
}

#[tokio::test]
async fn data_of_another_major_names_both_versions_and_the_ways_out() {
    let project = Project::new(&installations()[0]);
    let major = {
        let server = project.acquire().await;
        server.major()
    };
    fs::write(project.data().join("PG_VERSION"), "99\n").unwrap();
    let refusal = project.refusal().await.to_string();
    for part in ["PostgreSQL 99", &format!("is PostgreSQL {major}"), "DJOGI_POSTGRES", "djogi db reset"] {
        assert!(refusal.contains(part), "{part} is not in: {refusal}");
    }
    fs::write(project.data().join("PG_VERSION"), format!("{major}\n")).unwrap();
    project.acquire().await;
}

#[tokio::test]
async fn asking_for_another_version_than_the_data_has_is_refused_running_or_not() {
    let mut project = Project::new(&installations()[0]);
    let server = project.acquire().await;
    project.options.search.major = Some(server.major() + 1);
    let refused = |error: &ServerError| matches!(error, ServerError::OtherMajor { asked: Some(_), .. });
    assert!(refused(&project.refusal().await));
    connect(&server.connect_config("shop")).await;
    server.release().unwrap();
    assert!(refused(&project.refusal().await));
}

#[tokio::test]
async fn binaries_of_the_datas_major_are_preferred_to_named_ones() {
    let installation = &installations()[0];
    let mut project = Project::new(installation);
    project.acquire().await.release().unwrap();
    let other = open_tempdir();
    fake_installation(other.path(), "98.1", "exit 1");
    let bin =
        if installation.join("postgres").exists() { installation.clone() } else { installation.join("bin") };
    project.options.search = BinarySearch {
        explicit: Some(other.path().to_owned()),
        well_known: vec![bin.to_str().unwrap().to_owned()],
        ..project.options.search.clone()
    };
    project.acquire().await.release().unwrap();
}

#[tokio::test]
async fn a_folder_with_other_things_in_it_is_not_touched() {
    let project = Project::new(&installations()[0]);
    fs::create_dir_all(project.data()).unwrap();
    fs::write(project.data().join("letters.txt"), "dear").unwrap();
    if is_root() {
        std::os::unix::fs::chown(project.data(), Some(65534), None).unwrap();
    }
    assert!(matches!(project.refusal().await, ServerError::NotDataDirectory { .. }));
    assert_eq!(fs::read_dir(project.data()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_full_disk_in_initdb_is_passed_on_and_leaves_nothing() {
    let full = open_tempdir();
    let complaint = "could not write to file \"pg_wal\": No space left on device";
    fake_installation(
        full.path(),
        "18.1",
        &format!("echo 'initdb: error: {complaint}' | sed s/x/x/ >&2; exit 1"),
    );
    let project = Project::new(full.path());
    let refusal = project.refusal().await;
    assert!(refusal.to_string().contains(complaint), "{refusal}");
    let left: Vec<_> =
        fs::read_dir(project.cluster_dir()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name.to_string_lossy().ends_with(".lock")), "{left:?}");
}

#[tokio::test]
async fn a_server_that_cannot_start_shows_the_end_of_its_log() {
    for installation in installations() {
        let project = Project::new(&installation);
        project.acquire().await.release().unwrap();
        let config = project.data().join("postgresql.conf");
        let good = fs::read_to_string(&config).unwrap();
        fs::write(&config, format!("{good}\nno_such_setting = 1\n")).unwrap();
        let refusal = project.refusal().await;
        assert!(refusal.to_string().contains("no_such_setting"), "{refusal}");
        fs::write(&config, good).unwrap();
        project.acquire().await.release().unwrap();
    }
}

#[tokio::test]
async fn named_binaries_that_are_none_or_too_old_are_refused() {
    let folder = open_tempdir();
    let refusal = Project::new(folder.path()).refusal().await;
    assert!(refusal.to_string().contains("DJOGI_POSTGRES="), "{refusal}");
    fake_installation(folder.path(), "14.9", "exit 1");
    let refusal = Project::new(folder.path()).refusal().await;
    assert!(refusal.to_string().contains("PostgreSQL 14.9"), "{refusal}");
}

#[tokio::test]
async fn named_binaries_that_roots_stand_in_cannot_reach_name_the_closed_folder() {
    if !is_root() {
        return;
    }
    let closed = closed_tempdir();
    let installation = closed.path().join("postgresql");
    fake_installation(&installation, "18.1", "exit 1");
    let refusal = Project::new(&installation).refusal().await;
    assert!(
        matches!(&refusal, ServerError::Unreachable { folder, .. } if folder == closed.path()),
        "{refusal}"
    );
}

#[tokio::test]
async fn data_of_another_user_is_refused_by_name() {
    if is_root() {
        return;
    }
    let dir = open_tempdir();
    // Root's own folder stands for somebody else's data.
    std::os::unix::fs::symlink("/usr", dir.path().join("data")).unwrap();
    let options = options(dir.path(), &installations()[0]);
    let refusal = EmbeddedServer::acquire(&options, &quiet).await.unwrap_err();
    assert!(matches!(refusal, ServerError::ForeignFolder { owner: 0, .. }), "{refusal}");
}

#[test]
fn without_any_source_the_error_lists_all_ways_out() {
    let search = BinarySearch { major: Some(77), ..offline() };
    let error = search.find(&quiet).unwrap_err().to_string();
    for way in ["PostgreSQL 77", "postgresql-77", "DJOGI_POSTGRES", "npm", "DJOGI_POSTGRES_MIRROR", "`url`"] {
        assert!(error.contains(way), "{way} is not in: {error}");
    }
}
