//! Whatever is wrong with what djogi is given is said by name, with exit code 1, and nothing is written.

use std::fs;

use e2e::{Files, Project, Server, fingerprint, servers};

const MODELS: &str = "CREATE TABLE t (id bigint PRIMARY KEY, x text);";

fn server() -> &'static Server {
    &servers()[0]
}

/// The project's files and its database, but for the configuration that a test spoils.
fn everything(project: &Project) -> (Files, Vec<String>, String) {
    let schemas = "SELECT string_agg(nspname, ' ' ORDER BY 1) FROM pg_namespace WHERE nspname !~ '^pg_temp'";
    (project.files(), fingerprint(project.database(), "public"), project.database().value(schemas))
}

/// Fails unless every command that looks at the project says `parts`, ends with 1 and leaves no trace.
#[track_caller]
fn is_refused(project: &Project, parts: &[&str]) {
    let before = everything(project);
    for arguments in [&["plan"][..], &["apply", "--auto-approve"], &["refresh"], &["import", "--all"]] {
        project.run(arguments).expect(1).says(parts);
        assert_eq!(everything(project), before, "after {arguments:?}");
    }
    let events = project.run(&["apply", "--auto-approve", "--json"]).expect(1).json_lines();
    assert_eq!(events.last().expect("a summary")["event"], "summary");
    assert_eq!(everything(project), before);
}

#[test]
fn an_unknown_key_of_the_configuration() {
    let mut project = Project::declaring(server(), MODELS);
    project.set_target("lock_timeot = \"2s\"");
    is_refused(&project, &["unknown_key", "djogi.toml:7:1", "did you mean `lock_timeout`?"]);
}

#[test]
fn a_server_that_cannot_be_reached() {
    let mut project = Project::declaring(server(), MODELS);
    project.set_variable("DATABASE_URL", "postgres://postgres:hunter2@127.0.0.1:1/shop");
    is_refused(&project, &["unreachable", "127.0.0.1 port 1", "is the server running"]);
    let said = project.run(&["plan"]);
    said.never_says(&["hunter2"]);
}

#[test]
fn a_database_and_a_role_that_do_not_exist() {
    let mut project = Project::declaring(server(), MODELS);
    project.set_variable("DATABASE_URL", &server().url("no_such_db"));
    is_refused(&project, &["3D000", "`CREATE DATABASE \"no_such_db\"`"]);
    let url = project.database().url().replace("user=postgres", "user=nobody_here");
    project.set_variable("DATABASE_URL", &url);
    is_refused(&project, &["28000", "nobody_here", "pg_hba.conf"]);
}

#[test]
fn an_environment_a_target_and_addresses_that_nobody_knows() {
    let mut project = Project::declaring(server(), MODELS);
    project.configure_more("[env.staging]\ntarget.main.url = \"env:STAGING_URL\"");
    let before = everything(&project);
    for (arguments, parts) in [
        (&["plan", "--env", "stagin"][..], &["unknown_environment", "staging"][..]),
        (&["plan", "--env", "staging"], &["url_unresolved", "STAGING_URL"]),
        (&["plan", "--target", "mian"], &["unknown_target", "main"]),
        (&["plan", "--only", "table.main.public.nope"], &["unknown_address", "table.main.public.nope"]),
        (&["plan", "--only", "tables.main.public.t"], &["bad_address", "is not a kind"]),
        (&["plan", "--explain", "table.main.public.nope"], &["unknown_address"]),
        (&["import", "table.main.public.nope"], &["not_found", "plan --unmanaged"]),
        (&["import", "table.other.public.t"], &["unknown_target"]),
        (&["apply", "nope.plan"], &["plan_unreadable", "nope.plan"]),
        (&["apply", "catalog.json"], &["plan_format"]),
        (&["apply"], &["confirmation_needed", "--auto-approve"]),
        (&["show", "--revision", "9"], &["no_such_revision"]),
    ] {
        project.run(arguments).expect(1).says(parts);
        assert_eq!(everything(&project), before, "after {arguments:?}");
    }
}

#[test]
fn models_that_are_nowhere() {
    let mut project = Project::declaring(server(), MODELS);
    project.configure("[models]\ncatalog = \"exported.json\"\n");
    is_refused(&project, &["catalog_unreadable", "exported.json", "-- catalog --out catalog.json"]);
    for (text, code) in [("", "catalog_invalid"), ("{}", "catalog_invalid"), ("[", "catalog_invalid")] {
        project.write("exported.json", text);
        is_refused(&project, &[code, "exported.json"]);
    }
    let newer = project.read("catalog.json").replace("djogi-catalog/1", "djogi-catalog/9");
    project.write("exported.json", &newer);
    is_refused(&project, &["catalog_format", "djogi-catalog/9"]);
}

#[test]
fn a_package_that_does_not_exist_or_is_no_djogi_binary() {
    let mut project = Project::declaring(server(), MODELS);
    project.write("Cargo.toml", "[package]\nname = \"impostor\"\nedition = \"2024\"\n[workspace]\n");
    project.write("src/main.rs", "fn main() { println!(\"hello\"); }");
    project.configure("[models]\npackage = \"nobody\"\n");
    let plan = project.run(&["plan"]).expect(1);
    plan.says(&["models_unavailable", "package `nobody`", "djogi_main!", "[models] catalog"]);
    project.configure("[models]\npackage = \"impostor\"\n");
    project.run(&["plan"]).expect(1).says(&["catalog_invalid", "cargo run -p impostor"]);
    let apply = project.run(&["apply", "--auto-approve"]).expect(1);
    apply.says(&["catalog_invalid"]);
    assert!(!project.root().join(".djogi").exists());
}

#[test]
fn models_that_vanish_wholesale_are_refused_by_crate_and_nothing_is_dropped() {
    let project = Project::new(server());
    let mut declared = project.declarations("CREATE TABLE kept (id int); CREATE TABLE invoices (id int);");
    let invoices = "table.main.public.invoices".parse().expect("an address");
    declared.resources.get_mut(&invoices).expect("it is declared").package = "billing".to_owned();
    project.declare_all(&declared);
    project.apply();
    declared.resources.remove(&invoices);
    project.declare_all(&declared);
    let before = everything(&project);
    for arguments in [&["plan"][..], &["apply", "--auto-approve"]] {
        project.run(arguments).expect(1).says(&["packages_vanished", "billing", "djogi_main!(billing);"]);
        assert_eq!(everything(&project), before);
    }
}

#[test]
fn names_that_postgresql_would_cut() {
    let project = Project::declaring(server(), MODELS);
    let long = "x".repeat(64);
    let text =
        project.read("catalog.json").replace("table.main.public.t\"", &format!("table.main.public.{long}\""));
    project.write("catalog.json", &text);
    is_refused(&project, &["catalog_invalid", &long, "64 bytes", "allows 63"]);
}

#[test]
fn a_folder_that_holds_a_project_is_not_scaffolded() {
    let project = Project::declaring(server(), MODELS);
    let before = project.files();
    project.run(&["init"]).expect(1).says(&["file_exists", "djogi.toml", "nothing was written"]);
    assert_eq!(project.files(), before);
}

#[test]
fn a_folder_that_cannot_be_written() {
    let project = Project::declaring(server(), MODELS);
    // Modes do not stop root; a file where the folder should be stops everybody.
    fs::write(project.root().join(".djogi"), "").expect("a file");
    let before = everything(&project);
    project.run(&["apply", "--auto-approve"]).expect(1).says(&[".djogi"]);
    assert_eq!(everything(&project), before);
}
