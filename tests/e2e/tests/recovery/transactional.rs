//! Rows T1 to T7 and V1: groups in transactions. Each is reached by killing a run; what somebody else does then is done
//! by hand.

use djogi_cluster::state::SidecarGroup;
use e2e::{Project, Server, eventually, on_each_server};

use super::plant::{pending, plant, remembered, run, sidecars};
use super::stop::{apply_until, die, no_session_left};

const BEFORE: &str = "CREATE TABLE a (id integer); CREATE TABLE z (id integer);";
const AFTER: &str = "CREATE TABLE a (id integer, note text); CREATE TABLE z (id integer, stop_here text);";

/// A project whose one group was interrupted.
fn interrupted(server: &'static Server) -> Project {
    let project = Project::declaring(server, BEFORE);
    project.apply();
    project.declare(AFTER);
    let (apply, holder) = apply_until(&project, "stop_here");
    die(&project, apply, holder);
    assert_eq!(sidecars(&project), 1, "the run has left its sidecar");
    project
}

/// A project of whose groups the first was committed and the second interrupted.
fn half_done(server: &'static Server) -> Project {
    let mut project = Project::declaring(server, BEFORE);
    project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
    project.apply();
    // Tables with many rows have groups of their own.
    let fill = "INSERT INTO a SELECT generate_series(1, 150000); INSERT INTO z SELECT * FROM a; ANALYZE a, z";
    project.database().run(fill);
    project.declare("CREATE TABLE a (id integer, note text); CREATE TABLE z (id integer, note text);");
    let mut other = project.database().connect();
    other.batch_execute("BEGIN; LOCK TABLE z IN ACCESS SHARE MODE").unwrap();
    let mut apply = project.start(&["apply", "--auto-approve"]);
    let waits = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'z'::regclass";
    eventually("the apply waits for z", || project.database().value(waits) == "1");
    apply.kill().unwrap();
    apply.wait().unwrap();
    other.batch_execute("ROLLBACK").unwrap();
    no_session_left(&project);
    project
}

#[test]
fn t1_a_group_that_was_rolled_back_is_planned_again() {
    on_each_server(|server| {
        let project = interrupted(server);
        assert_eq!(pending(&project), ["T1"]);
        project.run(&["plan"]).ok().says(&["stop_here"]).never_says(&["recovery_pending"]);
        project.apply();
        assert_eq!((remembered(&project), sidecars(&project)), (vec!["T1".to_owned()], 0));
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn t2_a_group_that_was_committed_is_recorded() {
    on_each_server(|server| {
        for command in [&["apply", "--auto-approve"][..], &["refresh"], &["import", "--all"]] {
            let project = half_done(server);
            assert_eq!(pending(&project), ["T2", "T1"]);
            let plan = project.run(&["plan", "--json"]).ok().json();
            let addresses: Vec<_> = plan["resource_changes"].as_array().unwrap().iter().collect();
            assert_eq!(addresses.len(), 1, "what was committed is not planned again: {plan:#}");
            assert_eq!(plan["resource_drift"].as_array().unwrap().len(), 0);
            project.run(&["refresh", "--check"]).ok();
            project.run(command).ok();
            assert_eq!((remembered(&project), sidecars(&project)), (vec!["T2".into(), "T1".into()], 0));
            let last = "SELECT op_id FROM djogi.op ORDER BY epoch DESC, group_no DESC LIMIT 1";
            if command != ["apply", "--auto-approve"] {
                let state = project.state();
                assert_eq!(state["targets"]["main"]["last_op"], project.database().value(last));
                project.apply();
            }
            project.is_converged();
            assert_eq!(project.state()["targets"]["main"]["last_op"], project.database().value(last));
        }
    });
}

/// A sidecar that speaks of the last group in the ledger.
fn about_the_last_group(project: &Project) -> SidecarGroup {
    let last = "SELECT op_id FROM djogi.op ORDER BY epoch DESC, group_no DESC LIMIT 1";
    SidecarGroup {
        approvals: Vec::new(),
        addresses: vec!["table.main.public.a".parse().unwrap()],
        after_digest: None,
        before_digest: None,
        group_no: 1,
        op_id: project.database().value(last).parse().unwrap(),
        xid: None,
    }
}

#[test]
fn t3_a_group_that_is_recorded_leaves_nothing_to_do() {
    on_each_server(|server| {
        let project = Project::declaring(server, BEFORE);
        project.apply();
        plant(&project, &run(&project, vec![about_the_last_group(&project)]));
        assert_eq!(pending(&project), ["T3"]);
        project.apply();
        assert_eq!((remembered(&project), sidecars(&project)), (vec!["T3".to_owned()], 0));
        project.is_converged();
    });
}

#[test]
fn t4_a_transaction_that_has_not_ended_is_waited_for() {
    on_each_server(|server| {
        let project = Project::declaring(server, BEFORE);
        project.apply();
        let mut open = project.database().connect();
        open.batch_execute("BEGIN").unwrap();
        let xid: String = open.query_one("SELECT pg_current_xact_id()::text", &[]).unwrap().get(0);
        let group = SidecarGroup {
            op_id: djogi_cluster::identity::OpId::generate(),
            xid: Some(xid.parse().unwrap()),
            ..about_the_last_group(&project)
        };
        plant(&project, &run(&project, vec![group]));
        assert_eq!(pending(&project), ["T4"]);
        let refused = project.run(&["apply", "--auto-approve", "--lock-timeout", "0s"]).expect(6);
        refused.says(&["recovery_inflight", "has not ended"]);
        open.batch_execute("ROLLBACK").unwrap();
        project.apply();
        assert_eq!((remembered(&project), sidecars(&project)), (vec!["T1".to_owned()], 0));
    });
}

#[test]
fn t5_what_somebody_has_changed_after_the_commit_is_drift() {
    on_each_server(|server| {
        let project = half_done(server);
        project.database().run("ALTER TABLE a ALTER COLUMN note SET DEFAULT 'x'");
        assert_eq!(pending(&project), ["T5", "T1"]);
        project.run(&["refresh"]).ok();
        assert_eq!(remembered(&project), ["T5", "T1"]);
        assert_eq!(
            project.state()["targets"]["main"]["resources"]["table.main.public.a"]["status"],
            "drifted"
        );
        project.apply();
        project.is_converged();
        project.matches("CREATE TABLE a (id integer, note text); CREATE TABLE z (id integer, note text);");
    });
}

#[test]
fn t6_what_somebody_else_has_made_meanwhile_is_not_claimed_as_ours() {
    on_each_server(|server| {
        let project = interrupted(server);
        project.database().run("ALTER TABLE a ADD COLUMN note text; ALTER TABLE z ADD COLUMN stop_here text");
        assert_eq!(pending(&project), ["T6"]);
        project.run(&["recover"]).ok().says(&["foreign_convergence"]);
        project.run(&["refresh"]).ok();
        assert_eq!((remembered(&project), sidecars(&project)), (vec!["T6".to_owned()], 0));
        project.apply();
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn t7_what_is_neither_as_before_nor_as_planned_blocks_until_refresh_takes_it() {
    on_each_server(|server| {
        let project = interrupted(server);
        project.database().run("ALTER TABLE z ADD COLUMN stop_here integer");
        assert_eq!(pending(&project), ["T7"]);
        let way_out = "look at it, then `djogi refresh` takes it as it is";
        for arguments in [&["plan"][..], &["plan", "--format", "sql"], &["apply", "--auto-approve"]] {
            let output = project.run(arguments);
            let fix = output.all();
            let fix: Vec<_> = fix.lines().filter_map(|line| line.split_once("fix: ")).collect();
            assert!(!fix.is_empty() && fix.iter().all(|(_, fix)| *fix == way_out), "{arguments:?} {output}");
            output.says(&["left work to finish first"]);
        }
        project.run(&["apply", "--auto-approve"]).expect(3).says(&["(T7)"]);
        let plan = project.run(&["plan", "--json"]).ok().json();
        assert_eq!(plan["recoveries"][0]["way_out"], way_out);
        for change in plan["resource_changes"].as_array().unwrap() {
            assert_eq!(
                (&change["reason"], &change["way_out"]),
                (&"recovery_pending".into(), &way_out.into())
            );
        }
        assert_eq!(sidecars(&project), 1);
        project.run(&["refresh"]).ok();
        assert_eq!((remembered(&project), sidecars(&project)), (vec!["T7".to_owned()], 0));
        project.database().run("ALTER TABLE z DROP COLUMN stop_here");
        project.apply();
        project.is_converged();
        project.matches(AFTER);
    });
}

#[test]
fn v1_a_constraint_that_was_committed_and_not_validated_is_resumed() {
    on_each_server(|server| {
        let project = Project::declaring(server, "CREATE TABLE a (id integer);");
        project.apply();
        let after = "CREATE TABLE a (id integer, CONSTRAINT positive CHECK (id > 0));";
        project.declare(after);
        let group = SidecarGroup {
            approvals: Vec::new(),
            addresses: vec!["constraint.main.public.a.positive".parse().unwrap()],
            op_id: djogi_cluster::identity::OpId::generate(),
            ..about_the_last_group(&project)
        };
        let sidecar = run(&project, vec![group.clone()]);
        plant(&project, &sidecar);
        assert_eq!(pending(&project), ["T1"]);
        project.database().run(&format!(
            "UPDATE djogi.lease SET epoch = {2};
             ALTER TABLE a ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;
             INSERT INTO djogi.op (op_id, run_id, target, epoch, group_no, kind, addresses)
             VALUES ('{0}', '{1}', 'main', {2}, 1, 'group', ARRAY['constraint.main.public.a.positive'])",
            group.op_id, sidecar.run_id, sidecar.epoch
        ));
        assert_eq!(pending(&project), ["V1"]);
        project.run(&["plan", "--format", "sql"]).ok().says(&["VALIDATE CONSTRAINT"]);
        project.apply();
        assert_eq!((remembered(&project), sidecars(&project)), (vec!["V1".to_owned()], 0));
        project.is_converged();
        project.matches(after);
    });
}
