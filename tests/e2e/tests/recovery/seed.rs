//! Row S1: seeds whose rows are written in several transactions, planted, and reached by a real kill.

use djogi_cluster::identity::OpId;
use djogi_cluster::state::SidecarGroup;
use e2e::{Project, Server, eventually, on_each_server};

use super::plant::{pending, plant, remembered, run, sidecars};
use super::stop::no_session_left;

const TABLE: &str = "CREATE TABLE codes (code text PRIMARY KEY, name text);";
const ROWS: usize = 25_000;

/// A project with a table and a file for it that takes three transactions; nothing of it is written.
fn project(server: &'static Server) -> Project {
    let mut project = Project::declaring(server, TABLE);
    project.apply();
    project.configure_more("[seed.codes]\ntable = \"codes\"\nkey = [\"code\"]\nfile = \"codes.csv\"");
    let rows: String = (0..ROWS).map(|row| format!("r{row:05},name {row}\n")).collect();
    project.write("codes.csv", &format!("code,name\n{rows}"));
    project
}

fn count(project: &Project) -> String {
    project.database().value("SELECT count(*) FROM codes")
}

#[test]
fn many_rows_are_written_in_transactions_of_their_own() {
    on_each_server(|server| {
        let project = project(server);
        let plan = project.run(&["plan", "--json"]).ok().json();
        assert_eq!(plan["groups"].as_array().unwrap().len(), 3);
        assert_eq!(plan["resource_changes"][0]["rows"]["inserted"], ROWS);
        project.apply();
        project.is_converged();
        assert_eq!(count(&project), ROWS.to_string());
        assert_eq!(
            project.database().value("SELECT count(*) FROM djogi.seed_row WHERE written"),
            ROWS.to_string()
        );
    });
}

#[test]
fn s1_a_seed_that_was_killed_half_way_is_finished_and_no_row_is_written_twice() {
    on_each_server(|server| {
        let project = project(server);
        // Somewhere in the second transaction the server waits.
        project.database().run(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS
                 'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NEW; END';
             CREATE TRIGGER wait BEFORE INSERT ON codes FOR EACH ROW WHEN (NEW.code = 'r15000') EXECUTE FUNCTION wait()",
        );
        let mut holder = project.database().connect();
        holder.batch_execute("SELECT pg_advisory_lock(42)").unwrap();
        let mut apply = project.start(&["apply", "--auto-approve"]);
        let waits =
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted";
        eventually("the second transaction waits", || project.database().value(waits) == "1");
        apply.kill().unwrap();
        apply.wait().unwrap();
        project.database().run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND application_name LIKE 'djogi/%'",
        );
        no_session_left(&project);
        assert_eq!(count(&project), "10000", "one transaction is committed, another one is not");
        project
            .database()
            .run("DROP FUNCTION wait CASCADE; CREATE TABLE was AS SELECT xmin::text AS by, code FROM codes");
        assert!(pending(&project).contains(&"S1".to_owned()), "{:?}", pending(&project));
        project.run(&["recover"]).ok().says(&["10000 of the 25000 rows of seed.main.codes are written"]);
        project.run(&["plan"]).ok().says(&["~ seed.main.codes", "15000 rows inserted in public.codes"]);
        project.apply();
        assert!(remembered(&project).contains(&"S1".to_owned()), "{:?}", remembered(&project));
        assert_eq!(sidecars(&project), 0);
        assert_eq!(count(&project), ROWS.to_string());
        let again = "SELECT count(*) FROM codes c JOIN was USING (code) WHERE c.xmin::text <> was.by";
        assert_eq!(project.database().value(again), "0");
        project.is_converged();
    });
}

#[test]
fn s1_planted_the_ledger_says_how_far_a_seed_is() {
    on_each_server(|server| {
        let project = project(server);
        project.apply();
        let ops = "SELECT op_id FROM djogi.op ORDER BY op_id DESC LIMIT 1";
        assert!(!project.database().value(ops).is_empty());
        let group = SidecarGroup {
            approvals: Vec::new(),
            addresses: vec!["seed.main.codes".parse().unwrap()],
            after_digest: None,
            before_digest: None,
            group_no: 1,
            op_id: OpId::generate(),
            xid: None,
        };
        let sidecar = run(&project, vec![group.clone()]);
        plant(&project, &sidecar);
        assert_eq!(pending(&project), ["T1"], "a seed that is whole was not interrupted");
        // As the first of three transactions leaves it.
        project.database().run(&format!(
            "UPDATE djogi.lease SET epoch = {2};
             DELETE FROM codes WHERE code >= 'r10000'; DELETE FROM djogi.seed_row WHERE key[1] >= 'r10000';
             UPDATE djogi.seed SET content = '', position = 10000;
             INSERT INTO djogi.op (op_id, run_id, target, epoch, group_no, kind, addresses)
             VALUES ('{0}', '{1}', 'main', {2}, 1, 'group', ARRAY['seed.main.codes'])",
            group.op_id, sidecar.run_id, sidecar.epoch
        ));
        assert_eq!(pending(&project), ["S1"]);
        project.run(&["refresh"]).ok();
        assert_eq!((remembered(&project), sidecars(&project)), (vec!["S1".to_owned()], 0));
        project.run(&["plan"]).ok().says(&["15000 rows inserted in public.codes"]);
        project.apply();
        project.is_converged();
        assert_eq!(count(&project), ROWS.to_string());
    });
}
