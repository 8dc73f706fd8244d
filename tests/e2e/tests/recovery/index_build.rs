//! Rows I1 to I7, planted: CREATE INDEX CONCURRENTLY.

use djogi_cluster::state::{OutsideOperation, Sidecar};
use djogi_core::kind::Resource;
use djogi_core::{Address, Digest};
use e2e::{Project, Server, on_each_server};

use super::plant::{backend_of, oid, pending, plant, remembered, sidecars, statement};

const TABLE: &str = "CREATE TABLE goods (id integer PRIMARY KEY, a integer);";
const INDEX: &str = "CREATE TABLE goods (id integer PRIMARY KEY, a integer); CREATE INDEX by_a ON goods (a);";
const ONLINE: &[&str] = &["apply", "--auto-approve", "--online", "always"];
const ADDRESS: &str = "index.main.public.by_a";

/// A project whose index is declared and not yet there, and the sidecar of its interrupted build.
fn interrupted(server: &'static Server) -> (Project, Sidecar) {
    let project = Project::declaring(server, TABLE);
    project.apply();
    project.declare(INDEX);
    let address: Address = ADDRESS.parse().unwrap();
    let declarations = project.declarations(INDEX);
    let Resource::Index(index) = &*declarations.resources[&address].resource else { panic!("an index") };
    let mut sidecar = statement(&project, OutsideOperation::IndexCreate, ADDRESS);
    sidecar.after_digest = Some(Digest::of(&Resource::Index(index.clone())));
    sidecar.before_oids = [("table.main.public.goods".parse().unwrap(), oid(&project, "goods"))].into();
    (project, sidecar)
}

/// Leaves the index as an interrupted build does.
fn carcass(project: &Project, definition: &str) {
    project.database().run(definition);
    project.database().run("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_a'::regclass");
}

fn valid(project: &Project) -> String {
    project.database().value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_a'::regclass")
}

#[test]
fn i1_an_index_that_is_not_there_is_planned_again() {
    on_each_server(|server| {
        let (project, sidecar) = interrupted(server);
        plant(&project, &sidecar);
        assert_eq!(pending(&project), ["I1"]);
        project.run(&["plan", "--format", "sql"]).ok().says(&["CREATE INDEX by_a"]);
        project.apply();
        assert_eq!(remembered(&project), ["I1"]);
        assert_eq!(sidecars(&project), 0);
        project.is_converged();
        project.matches(INDEX);
    });
}

#[test]
fn i2_an_index_that_was_built_is_recorded_and_not_built_again() {
    on_each_server(|server| {
        let (project, sidecar) = interrupted(server);
        project.database().run("CREATE INDEX by_a ON goods (a)");
        let built = oid(&project, "by_a");
        plant(&project, &sidecar);
        assert_eq!(pending(&project), ["I2"]);
        // The plan sees what apply will have recorded.
        project.run(&["plan"]).ok().never_says(&["CREATE INDEX", "by_a "]);
        project.apply();
        assert_eq!((remembered(&project), sidecars(&project)), (vec!["I2".to_owned()], 0));
        assert_eq!(oid(&project, "by_a"), built);
        let row = format!("SELECT kind FROM djogi.op WHERE op_id = '{}'", sidecar.op_id);
        assert_eq!(project.database().value(&row), "concurrent");
        let recorded = &project.state()["targets"]["main"]["resources"][ADDRESS];
        assert_eq!(
            (&recorded["status"], &recorded["op"]),
            (&"applied".into(), &sidecar.op_id.to_string().into())
        );
        project.is_converged();
    });
}

#[test]
fn i3_a_build_that_goes_on_is_waited_for_and_never_judged() {
    on_each_server(|server| {
        let (project, mut sidecar) = interrupted(server);
        carcass(&project, "CREATE INDEX by_a ON goods (a)");
        let mut builder = project.database().connect();
        sidecar.backend = Some(backend_of(&mut builder));
        plant(&project, &sidecar);
        assert_eq!(pending(&project), ["I3"]);
        project.run(&["plan"]).ok().says(&["is still working", "(I3)"]);
        for command in [&["apply", "--auto-approve"][..], &["refresh"], &["import", "--all"]] {
            let refused = project.run(&[command, &["--lock-timeout", "0s"]].concat()).expect(6);
            refused.says(&["recovery_inflight", "is still at work"]);
        }
        assert_eq!((valid(&project).as_str(), sidecars(&project)), ("f", 1));
        // Whoever has the patience gets on as soon as it is over.
        let apply = project.start(&["apply", "--auto-approve", "--lock-timeout", "5m"]);
        drop(builder);
        let output: e2e::Output = apply.wait_with_output().unwrap().into();
        output.ok();
        assert_eq!(remembered(&project), ["I4"]);
        project.is_converged();
        project.matches(INDEX);
    });
}

#[test]
fn i4_our_own_leftover_is_dropped_and_built_again() {
    on_each_server(|server| {
        let (project, sidecar) = interrupted(server);
        carcass(&project, "CREATE INDEX by_a ON goods (a)");
        let left = oid(&project, "by_a");
        plant(&project, &sidecar);
        assert_eq!(pending(&project), ["I4"]);
        let plan = project.run(&["plan", "--json"]).ok().json();
        assert_eq!(plan["resource_changes"][0]["reason"], "recovery_pending", "{plan:#}");
        assert_eq!(plan["recoveries"][0]["row"], "I4");
        project.run(&["status"]).ok().says(&["I4"]);
        project.run(&["show", ADDRESS]).expect(1).says(&["not managed", "I4", "left invalid"]);
        project.apply();
        assert_eq!((remembered(&project), sidecars(&project)), (vec!["I4".to_owned()], 0));
        assert_ne!(oid(&project, "by_a"), left);
        project.is_converged();
        project.matches(INDEX);
    });
}

#[test]
fn i5_an_invalid_index_that_is_not_ours_stays() {
    on_each_server(|server| {
        let definitions = ["CREATE INDEX by_a ON goods (a)", "CREATE INDEX by_a ON goods (a DESC)"];
        for (number, definition) in definitions.into_iter().enumerate() {
            let (project, mut sidecar) = interrupted(server);
            carcass(&project, definition);
            let left = oid(&project, "by_a");
            if number == 0 {
                // It was there before the build.
                sidecar.before_oids.insert(ADDRESS.parse().unwrap(), left);
            }
            plant(&project, &sidecar);
            assert_eq!(pending(&project), ["I5"]);
            project.run(&["show", ADDRESS]).expect(1).says(&["I5", "way out: drop it by hand"]);
            let apply = project.run(&["apply", "--auto-approve"]).expect(3);
            apply.says(&["is not djogi's own", "(I5)", "DROP INDEX CONCURRENTLY"]);
            assert_eq!((oid(&project, "by_a"), sidecars(&project)), (left, 1));
            project.database().run("DROP INDEX by_a");
            project.apply();
            assert_eq!((remembered(&project), sidecars(&project)), (vec!["I1".to_owned()], 0));
            project.is_converged();
            project.matches(INDEX);
        }
    });
}

#[test]
fn i6_a_valid_index_of_another_definition_blocks_until_somebody_decides() {
    on_each_server(|server| {
        let (project, sidecar) = interrupted(server);
        project.database().run("CREATE INDEX by_a ON goods (a DESC)");
        let foreign = oid(&project, "by_a");
        plant(&project, &sidecar);
        assert_eq!(pending(&project), ["I6"]);
        let files = project.files();
        project.run(&["apply", "--auto-approve"]).expect(3).says(&["left work to finish first", "(I6)"]);
        assert_eq!(project.files(), files, "what stays blocked is not written down again");
        project.run(&["refresh"]).ok();
        assert_eq!((oid(&project, "by_a"), sidecars(&project)), (foreign, 0));
        project.run(&["plan"]).ok().says(&["does not manage has this name"]);
    });
}

/// A project whose unique index cannot be built, and has just failed.
fn violated(server: &'static Server) -> (Project, &'static str) {
    let project = Project::declaring(server, TABLE);
    project.apply();
    project.database().run("INSERT INTO goods VALUES (1, 7), (2, 7)");
    let unique = "CREATE TABLE goods (id integer PRIMARY KEY, a integer);
        CREATE UNIQUE INDEX by_a ON goods (a);";
    project.declare(unique);
    project.run(ONLINE).expect(1).says(&["Key (a)=(7) is duplicated", "I7"]);
    let left = "SELECT count(*) FROM pg_class WHERE relname LIKE 'by\\_a%'";
    assert_eq!(project.database().value(left), "0");
    assert_eq!((remembered(&project), sidecars(&project)), (vec!["I7".to_owned()], 0));
    (project, unique)
}

#[test]
fn i7_a_build_that_rows_violate_leaves_nothing_and_waits_until_they_are_mended() {
    on_each_server(|server| {
        let (project, unique) = violated(server);
        let ledger = "SELECT count(*) FROM djogi.op";
        let (files, rows) = (project.files(), project.database().value(ledger));
        for _ in 0..2 {
            let again = project.run(ONLINE).expect(3);
            let told = ["rows violate its uniqueness", "2 rows have (7)", "(I7)", "mend the rows"];
            again.says(&told).never_says(&["duplicated"]);
            project.run(&["plan"]).ok().says(&["2 rows have (7)"]);
            assert_eq!((project.files(), project.database().value(ledger)), (files.clone(), rows.clone()));
        }
        project.run(&["show", ADDRESS]).expect(1).says(&["I7", "mend the rows"]);
        project.database().run("DELETE FROM goods WHERE id = 2");
        project.run(ONLINE).ok();
        project.is_converged();
        project.matches(unique);
    });
}

#[test]
fn i7_a_build_goes_on_when_its_declaration_has_changed() {
    on_each_server(|server| {
        let (project, _) = violated(server);
        // NULLs and rows that the predicate leaves out are no violation.
        project.database().run("INSERT INTO goods VALUES (3, NULL), (4, NULL)");
        let mended = "CREATE TABLE goods (id integer PRIMARY KEY, a integer);
            CREATE UNIQUE INDEX by_a ON goods (a) WHERE id > 1;";
        project.declare(mended);
        project.run(ONLINE).ok();
        project.is_converged();
        project.matches(mended);
    });
}
