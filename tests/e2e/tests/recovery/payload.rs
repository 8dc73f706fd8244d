//! Rows P1 and P2: stored catalogs that are damaged or gone, and those that nothing refers to.

use std::collections::BTreeSet;

use djogi_core::Digest;
use e2e::{Project, on_each_server};

use super::plant::{pending, remembered};
use super::stop::{apply_until, die};

#[test]
fn p1_a_damaged_catalog_is_written_anew_by_refresh() {
    on_each_server(|server| {
        for damage in ["{}", ""] {
            let project = Project::declaring(server, "CREATE TABLE a (id integer);");
            project.apply();
            let digest = project.state()["targets"]["main"]["catalog"].as_str().unwrap().to_owned();
            let file = format!(".djogi/catalogs/{}.json", digest.trim_start_matches("sha256:"));
            let whole = project.read(&file);
            if damage.is_empty() {
                std::fs::remove_file(project.root().join(&file)).unwrap();
            } else {
                project.write(&file, damage);
            }
            project.database().run("COMMENT ON TABLE a IS 'drift'");
            project.run(&["plan"]).expect(1).says(&["djogi refresh"]);
            project.database().run("COMMENT ON TABLE a IS NULL");
            project.run(&["refresh"]).ok();
            assert_eq!(project.read(&file), whole);
            project.is_converged();
        }
    });
}

fn catalogs(project: &Project) -> BTreeSet<String> {
    let entries = std::fs::read_dir(project.root().join(".djogi/catalogs")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn p2_what_nothing_refers_to_is_removed_and_what_the_history_needs_stays() {
    on_each_server(|server| {
        let project = Project::declaring(server, "CREATE TABLE a (id integer);");
        project.apply();
        project.declare("CREATE TABLE a (id integer); CREATE TABLE b (id integer);");
        project.apply();
        let used = catalogs(&project);
        assert_eq!(used.len(), 2);
        // As runs leave them that die before they can publish, or in the middle of a file.
        let orphan = "{}";
        let orphan_file = format!("{}.json", Digest::of_bytes(orphan.as_bytes()).hex());
        project.write(&format!(".djogi/catalogs/{orphan_file}"), orphan);
        project.write(".djogi/catalogs/.tmp-abcdef", "{");
        // It is in nobody's way.
        assert_eq!(pending(&project), [""; 0]);
        project.is_converged();
        project.declare(
            "CREATE TABLE a (id integer); CREATE TABLE b (id integer); CREATE TABLE c (id integer);",
        );
        let (apply, holder) = apply_until(&project, "CREATE TABLE public.c");
        die(&project, apply, holder);
        project.apply();
        assert_eq!(remembered(&project), ["T1", "P2"]);
        let left = catalogs(&project);
        assert!(!left.contains(&orphan_file) && left.is_superset(&used), "{left:?}");
        assert!(left.iter().all(|name| !name.starts_with('.')), "{left:?}");
        let history = project.run(&["history", "--json"]).ok().json();
        for entry in history["history"].as_array().unwrap() {
            let serial = entry["serial"].as_u64().unwrap().to_string();
            project.run(&["show", "--revision", &serial]).ok();
            project.run(&["revert", "--to", &serial]).ok();
        }
        project.is_converged();
    });
}
