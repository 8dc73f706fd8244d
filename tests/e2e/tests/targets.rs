//! Several targets in one project, and environments with a state of their own.

use djogi_core::declared::Declarations;
use e2e::{Database, Project, Server, declarations, on_each_server};

const MAIN: &str = "CREATE TABLE goods (id integer PRIMARY KEY);";
const STATISTICS: &str = "CREATE TABLE visit (id bigint PRIMARY KEY, at timestamptz DEFAULT now());";

/// A project with a second target `statistics`, and that one's database.
fn with_two_targets(server: &'static Server) -> (Project, Database) {
    let mut project = Project::new(server);
    let second = Database::create(server);
    project.set_variable("STATISTICS_URL", &second.url());
    project.configure_more("[target.statistics]\nurl = \"env:STATISTICS_URL\"");
    let by_hand = Database::create(server);
    by_hand.run(STATISTICS);
    let mut all: Declarations = project.declarations(MAIN);
    all.resources.extend(declarations(&by_hand, "statistics", &["public"]).resources);
    project.declare_all(&all);
    (project, second)
}

#[test]
fn every_target_gets_what_is_declared_for_it() {
    on_each_server(|server| {
        let (project, statistics) = with_two_targets(server);
        project.apply();
        project.is_converged();
        project.matches(MAIN);
        assert_eq!(
            statistics.column(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            ),
            ["visit"]
        );
        statistics.run("ALTER TABLE visit ALTER at DROP DEFAULT");
        project.run(&["refresh", "--check"]).expect(2).says(&["table.statistics.public.visit"]);
        project.apply();
        project.is_converged();
    });
}

#[test]
fn one_target_can_be_chosen() {
    on_each_server(|server| {
        let (project, statistics) = with_two_targets(server);
        project.run(&["apply", "--auto-approve", "--target", "statistics"]).ok();
        let tables =
            "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace";
        assert_eq!(statistics.value(tables), "1");
        assert_eq!(project.database().value(tables), "0");
        project.run(&["plan", "--detailed-exitcode", "--target", "statistics"]).ok();
        project.run(&["plan", "--detailed-exitcode"]).expect(2).says(&["table.main.public.goods"]);
        project.apply();
        project.is_converged();
        project.run(&["plan", "--target", "nonsense"]).expect(1).says(&["nonsense", "main", "statistics"]);
    });
}

#[test]
fn an_environment_has_a_state_and_a_database_of_its_own() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, MAIN);
        let production = Database::create(server);
        project.set_variable("PRODUCTION_URL", &production.url());
        project.configure_more("[env.production]\ntarget.main.url = \"env:PRODUCTION_URL\"");
        project.run(&["apply", "--auto-approve", "--env", "production"]).ok();
        assert!(project.root().join(".djogi/env/production/state.json").exists());
        assert!(!project.root().join(".djogi/state.json").exists());
        assert_eq!(production.value("SELECT count(*) FROM goods"), "0");
        project.run(&["plan", "--detailed-exitcode", "--env", "production"]).ok();
        project.run(&["plan", "--detailed-exitcode"]).expect(2);
        project.apply();
        project.is_converged();
        project.set_variable("DJOGI_ENV", "production");
        project.run(&["status"]).ok().says(&["production"]);
        project.set_variable("DJOGI_ENV", "staging");
        project.run(&["status"]).expect(1).says(&["staging", "production"]);
    });
}

#[test]
fn a_state_of_another_database_is_refused() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, MAIN);
        project.apply();
        let other = Database::create(server);
        project.set_variable("DATABASE_URL", &other.url());
        for command in [&["plan"][..], &["apply", "--auto-approve"], &["refresh"]] {
            project.run(command).expect(1).says(&["lineage_mismatch"]);
        }
        assert_eq!(other.value("SELECT count(*) FROM pg_class WHERE relname = 'goods'"), "0");
    });
}
