//! What the flags of `plan` and `apply` promise.

use std::io::Write as _;
use std::process::{Command, Stdio};

use e2e::{Database, Project, fingerprint, on_each_server};

const BEFORE: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer);";
const AFTER: &str = "CREATE TYPE mood AS ENUM ('ok');
    CREATE TABLE goods (id integer PRIMARY KEY, price bigint NOT NULL DEFAULT 0);
    CREATE TABLE part (id integer PRIMARY KEY, goods integer CONSTRAINT part_goods_fkey REFERENCES goods, mood mood);
    CREATE INDEX part_goods_idx ON part (goods);
    CREATE TABLE other (id integer);";

fn changed(server: &'static e2e::Server) -> Project {
    let project = Project::declaring(server, BEFORE);
    project.apply();
    project.declare(AFTER);
    project
}

#[test]
fn the_detailed_exit_code_tells_whether_there_are_changes() {
    on_each_server(|server| {
        let project = changed(server);
        project.run(&["plan"]).ok();
        project.run(&["plan", "--detailed-exitcode"]).expect(2);
        project.apply();
        project.run(&["plan", "--detailed-exitcode"]).ok();
    });
}

#[test]
fn only_takes_addresses_and_what_they_depend_on() {
    on_each_server(|server| {
        let project = changed(server);
        let only = ["apply", "--auto-approve", "--only", "index.main.public.part_goods_idx"];
        project.run(&only).ok();
        let exists =
            |name: &str| project.database().value(&format!("SELECT to_regclass('{name}') IS NOT NULL"));
        assert_eq!(["part", "part_goods_idx", "other"].map(exists), ["t", "t", "f"]);
        let rest = project.run(&["plan", "--json"]).ok().json();
        let rest: Vec<&str> = rest["resource_changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["address"].as_str().unwrap())
            .collect();
        assert!(
            rest.contains(&"table.main.public.other") && !rest.contains(&"table.main.public.part"),
            "{rest:?}"
        );
        project.apply();
        project.is_converged();
        project.matches(AFTER);
        project.run(&["plan", "--only", "table.main.public.nonsense"]).expect(1).says(&["nonsense"]);
    });
}

#[test]
fn explain_says_why_a_change_stands_where_it_stands() {
    on_each_server(|server| {
        let project = changed(server);
        project
            .run(&["plan", "--explain", "constraint.main.public.part.part_goods_fkey"])
            .ok()
            .says(&["constraint.main.public.part.part_goods_fkey", "table.main.public.part"]);
        project.run(&["plan", "--explain", "table.main.public.nonsense"]).expect(1).says(&["nonsense"]);
    });
}

/// As `djogi plan --format sql | psql` does it; where there is no psql, without the commands that are for it alone.
fn run_script(database: &Database, script: &str) {
    let psql = Command::new("psql")
        .args(["-X", "-q", "-d", &database.url()])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut psql) = psql else {
        let statements = script.lines().filter(|line| !line.starts_with('\\'));
        return database.run(&statements.collect::<Vec<_>>().join("\n"));
    };
    psql.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = psql.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_sql_format_is_a_script_that_makes_the_same_database() {
    on_each_server(|server| {
        let project = changed(server);
        let script = project.run(&["plan", "--format", "sql"]).ok().stdout;
        let by_script = Database::create(server);
        by_script.run(BEFORE);
        run_script(&by_script, &script);
        project.apply();
        assert_eq!(fingerprint(&by_script, "public"), fingerprint(project.database(), "public"));
        let nothing = project.run(&["plan", "--format", "sql"]).ok().stdout;
        assert!(nothing.contains("-- No statement is to be run."), "{nothing}");
    });
}

#[test]
fn the_json_plan_tells_of_every_change_once() {
    on_each_server(|server| {
        let project = changed(server);
        let plan = project.run(&["plan", "--json"]).ok().json();
        let again = project.run(&["plan", "--format", "json"]).ok().json();
        assert_eq!(again["digest"], plan["digest"]);
        let changes = plan["resource_changes"].as_array().unwrap();
        let addresses: std::collections::BTreeSet<&str> =
            changes.iter().map(|change| change["address"].as_str().unwrap()).collect();
        assert_eq!(addresses.len(), changes.len());
        assert_eq!(plan["converged"], false);
        assert_eq!(plan["base"]["serial"], project.serial());
        project.apply();
        assert_eq!(project.run(&["plan", "--json"]).ok().json()["converged"], true);
    });
}

#[test]
fn an_apply_that_nobody_confirms_does_nothing() {
    on_each_server(|server| {
        let project = changed(server);
        let (files, schema) = (project.files(), fingerprint(project.database(), "public"));
        project.run(&["apply"]).expect(1).says(&["--auto-approve"]);
        assert_eq!((project.files(), fingerprint(project.database(), "public")), (files, schema));
    });
}
