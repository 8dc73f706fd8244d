//! What a target is told to leave alone is neither managed nor compared nor listed.

use e2e::{Project, on_each_server};

fn project(server: &'static e2e::Server, ddl: &str) -> Project {
    let mut project = Project::declaring(server, ddl);
    project.set_target("ignore = [\"table.*.tmp_*\", \"function.public.old_?\"]");
    project
}

#[test]
fn what_is_ignored_is_not_there_for_djogi() {
    on_each_server(|server| {
        let ddl = "CREATE TABLE orders (id integer PRIMARY KEY);";
        let project = project(server, ddl);
        project.database().run(
            "CREATE TABLE tmp_import (id serial PRIMARY KEY, note text);
             CREATE INDEX an_index ON tmp_import (note);
             CREATE FUNCTION old_a() RETURNS integer LANGUAGE sql AS 'SELECT 1';
             CREATE TABLE mine (id integer);",
        );
        project.apply();
        let unmanaged = project.run(&["plan", "--unmanaged"]).ok();
        unmanaged.says(&["mine"]).never_says(&["tmp_import", "an_index", "old_a"]);
        let imported = project.run(&["import", "--all", "--write-sql", "written"]).ok();
        imported.says(&["table.main.public.mine"]).never_says(&["tmp_import", "an_index", "old_a"]);
        project.run(&["dump"]).ok().says(&["CREATE TABLE public.mine"]).never_says(&["tmp_import", "old_a"]);
        project.run(&["import", "table.main.public.tmp_import"]).expect(1).says(&["is left to others"]);
        // It changes without being drift.
        project.database().run("ALTER TABLE tmp_import ADD more integer; DROP FUNCTION old_a()");
        project.run(&["refresh", "--check"]).ok();
    });
}

#[test]
fn what_was_managed_is_let_go_and_stays() {
    on_each_server(|server| {
        let mut project = Project::declaring(
            server,
            "CREATE TABLE orders (id integer); CREATE TABLE tmp_a (id integer PRIMARY KEY);",
        );
        project.apply();
        project.set_target("ignore = [\"table.*.tmp_*\"]");
        project.run(&["plan"]).expect(1).says(&[
            "declared_ignored",
            "table.main.public.tmp_a is declared, and ignored by `table.*.tmp_*`",
        ]);
        project.declare("CREATE TABLE orders (id integer);");
        project.apply();
        project.is_converged();
        assert_eq!(project.database().value("SELECT count(*) FROM tmp_a"), "0");
    });
}

#[test]
fn nothing_is_dropped_under_what_is_ignored() {
    on_each_server(|server| {
        let mut project =
            Project::declaring(server, "CREATE TABLE orders (id integer PRIMARY KEY, total integer);");
        project.set_target("destructive = \"allow\"\nignore = [\"view.**\"]");
        project.apply();
        project.database().run("CREATE VIEW v AS SELECT total FROM orders");
        project.declare("CREATE TABLE orders (id integer PRIMARY KEY);");
        project.run(&["apply", "--auto-approve"]).expect(3).says(&["public.v", "depends on it"]);
        assert_eq!(project.database().value("SELECT count(*) FROM v"), "0");
    });
}

#[test]
fn a_foreign_key_may_refer_to_what_is_ignored() {
    on_each_server(|server| {
        let project = project(server, "CREATE TABLE orders (id integer PRIMARY KEY, of integer);");
        project.database().run("CREATE TABLE tmp_import (id integer PRIMARY KEY)");
        project.apply();
        let mut declarations = project.declarations(
            "CREATE TABLE tmp_import (id integer PRIMARY KEY);
             CREATE TABLE orders (id integer PRIMARY KEY, of integer REFERENCES tmp_import);",
        );
        declarations.resources.retain(|address, _| !address.to_string().contains(".tmp_import"));
        project.declare_all(&declarations);
        project.apply();
        project.is_converged();
        let key = "SELECT confrelid::regclass::text FROM pg_constraint WHERE conname = 'orders_of_fkey'";
        assert_eq!(project.database().value(key), "tmp_import");
        project.declare("CREATE TABLE orders (id integer PRIMARY KEY, of integer);");
        project.apply();
        project.is_converged();
        assert_eq!(project.database().value("SELECT count(*) FROM tmp_import"), "0");
    });
}

#[test]
fn a_pattern_that_is_none_is_told() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, "");
        project.set_target("ignore = [\"tables.*\"]");
        project.run(&["plan"]).expect(1).says(&["djogi.toml", "tables.*", "the kinds are schema"]);
    });
}
