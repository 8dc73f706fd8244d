//! Rows G1 to G6: what state, ledger and sidecars know of each other.

use djogi_cluster::identity::Lineage;
use djogi_cluster::state::Sidecar;
use e2e::{Project, on_each_server};

use super::plant::{plant, remembered, run, sidecars};

const BEFORE: &str = "CREATE TABLE a (id integer);";
const AFTER: &str = "CREATE TABLE a (id integer, note text);";
const WRITERS: [&[&str]; 3] = [&["apply", "--auto-approve"], &["refresh"], &["import", "--all"]];

#[test]
fn g1_a_sidecar_of_another_state_refuses_everything_that_writes() {
    on_each_server(|server| {
        let project = Project::declaring(server, BEFORE);
        project.apply();
        let foreign = Sidecar { lineage: Lineage::generate(), ..run(&project, Vec::new()) };
        plant(&project, &foreign);
        for command in WRITERS {
            project.run(command).expect(6).says(&["lineage_mismatch", "--quarantine"]);
        }
        project.run(&["recover", "--quarantine", &format!("{}.json", foreign.op_id)]).ok();
        assert_eq!(sidecars(&project), 0);
        project.apply();
    });
}

#[test]
fn g2_a_database_that_was_put_back_is_taken_by_refresh_alone() {
    on_each_server(|server| {
        let project = Project::declaring(server, BEFORE);
        project.apply();
        project.database().run(
            "CREATE TABLE saved AS SELECT * FROM djogi.op; CREATE TABLE lease AS SELECT * FROM djogi.lease",
        );
        project.declare(AFTER);
        project.apply();
        // As a restore of the first state of the database would have it.
        project.database().run(
            "ALTER TABLE a DROP COLUMN note; DELETE FROM djogi.op; INSERT INTO djogi.op SELECT * FROM saved;
             DELETE FROM djogi.lease; INSERT INTO djogi.lease SELECT * FROM lease; DROP TABLE saved, lease",
        );
        for command in [&["plan"][..], &["apply", "--auto-approve"], &["import", "--all"]] {
            project.run(command).expect(6).says(&["catalog_regressed", "djogi refresh"]);
        }
        project.run(&["refresh"]).ok();
        project.apply();
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn g3_a_state_that_was_put_back_goes_on_from_the_ledger() {
    on_each_server(|server| {
        let project = Project::declaring(server, BEFORE);
        project.apply();
        let state = project.read(".djogi/state.json");
        project.declare(AFTER);
        project.apply();
        project.write(".djogi/state.json", &state);
        let plan = project.run(&["plan", "--json"]).ok().json();
        assert_eq!(plan["recoveries"][0]["row"], "G3", "{plan:#}");
        assert_eq!(plan["resource_changes"].as_array().unwrap().len(), 0, "{plan:#}");
        project.run(&["refresh", "--check"]).ok();
        project.apply();
        assert_eq!(remembered(&project), ["G3"]);
        project.is_converged();
        let serial = project.serial();
        project.apply();
        assert_eq!(project.serial(), serial, "once is enough");
    });
}

#[test]
fn g4_a_state_that_others_have_gone_on_without_is_refused() {
    on_each_server(|server| {
        let project = Project::declaring(server, BEFORE);
        project.apply();
        project.declare(AFTER);
        project.apply();
        // The database was put back, and another copy of the state has gone on from there.
        project.database().run(
            "UPDATE djogi.op SET op_id = '01JZZZZZZZZZZZZZZZZZZZZZZZ'
              WHERE (epoch, group_no) = (SELECT epoch, group_no FROM djogi.op ORDER BY 1 DESC, 2 DESC LIMIT 1)",
        );
        for command in [&["plan"][..], &["apply", "--auto-approve"], &["refresh"], &["import", "--all"]] {
            project.run(command).expect(6).says(&["state_forked"]);
        }
        // The database is what counts: its ledger gives a new state.
        std::fs::rename(project.root().join(".djogi/state.json"), project.root().join("old.json")).unwrap();
        project.run(&["refresh"]).ok();
        project.apply();
        project.is_converged();
    });
}

#[test]
fn g6_a_sidecar_that_cannot_be_read_refuses_everything_that_writes_and_says_the_way_out() {
    on_each_server(|server| {
        let project = Project::declaring(server, BEFORE);
        project.apply();
        let sidecar = run(&project, Vec::new());
        let name = format!("{}.json", sidecar.op_id);
        let path = format!(".djogi/recovery/{name}");
        plant(&project, &sidecar);
        let whole = project.read(&path);
        let damages = [
            String::new(),
            whole[..whole.len() / 2].to_owned(),
            whole.replacen("main", "mail", 1),
            whole.replacen("djogi-sidecar/1", "djogi-sidecar/2", 1),
            "{}".to_owned(),
        ];
        project.declare(AFTER);
        for damage in damages {
            project.write(&path, &damage);
            let files = project.files();
            for command in WRITERS {
                let refused = project.run(command).expect(6);
                refused.says(&["recovery_unreadable", &name, "djogi recover --quarantine"]);
            }
            project.run(&["plan"]).expect(6).says(&[&name]);
            project.run(&["recover"]).expect(6).says(&["G6", &name]);
            project.run(&["status"]).ok().says(&["G6", &name]);
            assert_eq!(project.files(), files);
        }
        project.run(&["recover", "--quarantine", "no-such.json"]).expect(1).says(&["no_such_sidecar"]);
        project.run(&["recover"]).expect(6).never_says(&["put aside"]);
        project.run(&["recover", "--quarantine", &name]).ok().says(&["quarantine"]);
        let place = format!(".djogi/recovery/quarantine/{name}");
        project.run(&["recover"]).ok().says(&["Nothing was interrupted.", "1 sidecar put aside", &place]);
        let quarantined = &project.run(&["recover", "--json"]).ok().json()["quarantined"];
        assert_eq!((quarantined.as_array().unwrap().len(), &quarantined[0]["name"]), (1, &name.into()));
        assert!(quarantined[0]["location"].as_str().unwrap().ends_with(&place), "{quarantined}");
        project.apply();
        project.is_converged();
    });
}

#[test]
fn a_lost_state_is_made_anew_from_the_ledger_and_what_is_there() {
    on_each_server(|server| {
        let project = Project::declaring(server, AFTER);
        project.apply();
        let before = project.state();
        std::fs::remove_file(project.root().join(".djogi/state.json")).unwrap();
        for command in [&["plan"][..], &["apply", "--auto-approve"]] {
            project.run(command).expect(1).says(&["lineage_mismatch", "holds no state", "djogi refresh"]);
        }
        project.run(&["refresh"]).ok();
        let after = project.state();
        assert_eq!(after["lineage"], before["lineage"]);
        assert_eq!(after["targets"]["main"]["resources"], before["targets"]["main"]["resources"]);
        assert_eq!(after["targets"]["main"]["last_op"], before["targets"]["main"]["last_op"]);
        project.is_converged();
        project.declare(BEFORE);
        project.set_and_apply();
    });
}

trait SetAndApply {
    /// Drops what is declared no more: it is managed again.
    fn set_and_apply(self);
}

impl SetAndApply for Project {
    fn set_and_apply(mut self) {
        self.set_target("destructive = \"allow\"");
        self.apply();
        self.matches(BEFORE);
    }
}
