//! `djogi revert`: a plan toward an earlier revision, with the gates of every plan.

use std::fs;

use e2e::{Project, on_each_server, servers};

const FIRST: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer);
    CREATE INDEX goods_price_idx ON goods (price);";
const SECOND: &str = "CREATE TABLE wares (id integer, price bigint, note text);
    ALTER TABLE wares ADD CONSTRAINT goods_pkey PRIMARY KEY (id);
    CREATE TABLE part (id integer PRIMARY KEY, goods integer REFERENCES wares);";

/// A project at `SECOND`, and the serial at which it was as `FIRST`.
fn project(server: &'static e2e::Server, destructive: &str) -> (Project, String) {
    let mut project = Project::declaring(server, FIRST);
    project.set_target("destructive = \"allow\"");
    project.apply();
    let serial = project.serial().to_string();
    project.database().run("INSERT INTO goods VALUES (1, 2)");
    project.declare_renamed(SECOND, &[("table.main.public.goods", "table.main.public.wares")]);
    project.apply();
    project.matches(SECOND);
    project.set_target_only(&format!("destructive = \"{destructive}\""));
    (project, serial)
}

#[test]
fn a_revision_comes_back_and_the_plan_leads_forward_again() {
    on_each_server(|server| {
        let (project, serial) = project(server, "allow");
        let before = project.files();
        let shown = project.run(&["revert", "--to", &serial]).ok();
        shown.says(&["Back to serial", "djogi apply", "table.main.public.goods", "table.main.public.part"]);
        assert!(project.files() == before, "revert wrote something");

        project
            .run(&["revert", "--to", &serial, "--out", "back.plan"])
            .ok()
            .says(&["djogi apply", "back.plan"]);
        project.run(&["apply", "back.plan"]).ok();
        project.matches(FIRST);
        // The table was renamed, and not made anew.
        assert_eq!(project.database().value("SELECT price FROM goods"), "2");
        let converged = project.state()["config_digest"].clone();
        let plan = project.run(&["plan", "--json"]).ok().json();
        assert_ne!(converged, plan["config"]["digest"], "the configuration is not what is there");

        project.run(&["plan", "--detailed-exitcode"]).expect(2).says(&["table.main.public.part"]);
        project.apply();
        project.is_converged();
        project.matches(SECOND);
    });
}

#[test]
fn what_leads_back_is_approved_for_the_way_back() {
    on_each_server(|server| {
        let (project, serial) = project(server, "approve");
        let part = "table.main.public.part";
        let fix = format!("djogi approve {part} --revert-to {serial} --reason REASON");
        let shown = project.run(&["revert", "--to", &serial, "--format", "json"]).ok().json();
        let waits: Vec<String> = shown["resource_changes"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|change| change["reason"] == "approval_required")
            .map(|change| change["address"].as_str().unwrap().to_owned())
            .collect();
        assert!(waits.contains(&part.to_owned()), "{waits:?}");
        project.run(&["revert", "--to", &serial]).ok().says(&[&fix]);
        project.run(&["approve", part, "--reason", "x"]).expect(1).says(&["nothing_to_approve"]);
        let mut approve = vec!["approve", "--revert-to", &serial, "--reason", "back"];
        approve.extend(waits.iter().map(String::as_str));
        project.run(&approve).ok().says(&["djogi revert --to", "back.plan"]);
        project
            .run(&["revert", "--to", &serial, "--out", "back.plan"])
            .ok()
            .says(&["approved by tester@e2e"]);
        project.run(&["apply", "back.plan"]).ok().says(&["(back), now spent"]);
        project.matches(FIRST);
        let spent = project.database().value("SELECT count(*) FROM djogi.approval_use");
        assert_eq!(spent, waits.len().to_string());
    });
}

#[test]
fn a_column_that_was_renamed_is_renamed_back() {
    on_each_server(|server| {
        let before = "CREATE TABLE goods (id integer PRIMARY KEY, price integer, note text);";
        let after = "CREATE TABLE wares (id integer CONSTRAINT goods_pkey PRIMARY KEY, cost bigint, note text, more text);";
        let renames = [
            ("table.main.public.goods", "table.main.public.wares"),
            ("column.main.public.goods.price", "column.main.public.wares.cost"),
        ];
        let mut project = Project::declaring(server, before);
        project.set_target("destructive = \"allow\"");
        project.apply();
        let serial = project.serial().to_string();
        project.database().run("INSERT INTO goods VALUES (1, 2, 'x')");
        project.declare_renamed(after, &renames);
        project.apply();
        project.matches(after);
        let plan = project.run(&["revert", "--to", &serial, "--json"]).ok().json();
        assert_eq!(plan["summary"]["create"], 0, "{plan:#}");
        project.run(&["revert", "--to", &serial, "--out", "back.plan"]).ok();
        project.run(&["apply", "back.plan"]).ok();
        project.matches(before);
        assert_eq!(project.database().rows("SELECT id, price, note FROM goods"), [["1", "2", "x"]]);
    });
}

#[test]
fn a_column_is_not_taken_for_another_that_has_its_place() {
    let before = "CREATE TABLE goods (id integer PRIMARY KEY, price integer);";
    let after = "CREATE TABLE goods (id integer PRIMARY KEY, cost integer);";
    let mut project = Project::declaring(&servers()[0], before);
    project.set_target("destructive = \"allow\"");
    project.apply();
    let serial = project.serial().to_string();
    // Dropped and made anew, so what it holds was never a price.
    project.declare(after);
    project.apply();
    project.database().run("INSERT INTO goods VALUES (1, 2)");
    project.run(&["revert", "--to", &serial, "--out", "back.plan"]).ok();
    project.run(&["apply", "back.plan"]).ok();
    project.matches(before);
    assert_eq!(project.database().value("SELECT coalesce(price::text, 'none') FROM goods"), "none");
}

#[test]
fn what_was_made_since_is_blocked_until_it_is_approved() {
    on_each_server(|server| {
        let (project, serial) = project(server, "approve");
        let plan = project.run(&["revert", "--to", &serial, "--json"]).ok().json();
        let part = plan["resource_changes"].as_array().unwrap().iter();
        let part = part.clone().find(|change| change["address"] == "table.main.public.part").unwrap();
        assert_eq!(part["change"]["actions"], serde_json::json!(["delete"]));
        assert_eq!(part["reason"], "approval_required");
        project.run(&["revert", "--to", &serial, "--out", "back.plan"]).ok();
        project.run(&["apply", "back.plan"]).expect(3).says(&["table.main.public.part"]);
        assert_eq!(project.database().value("SELECT count(*) FROM part"), "0");
    });
}

#[test]
fn a_revision_that_is_not_kept_cannot_come_back() {
    let (project, serial) = project(&servers()[0], "allow");
    project.run(&["revert", "--to", "4711"]).expect(1).says(&["no_such_revision", "djogi history"]);
    let revision: serde_json::Value =
        serde_json::from_str(&project.read(&format!(".djogi/history/{serial}.json"))).unwrap();
    let digest = revision["targets"]["main"]["catalog"].as_str().unwrap().replace("sha256:", "");
    fs::remove_file(project.root().join(format!(".djogi/catalogs/{digest}.json"))).unwrap();
    let refused = project.run(&["revert", "--to", &serial]).expect(1);
    refused.says(&["catalog_missing", &digest, "djogi history"]);
}

#[test]
fn the_way_back_to_nothing_is_a_way_too() {
    let (project, _) = project(&servers()[0], "allow");
    // The first revision is the empty one that is written before the first epoch.
    project.run(&["revert", "--to", "1", "--out", "back.plan"]).ok();
    project.run(&["apply", "back.plan"]).ok();
    project.matches("");
    project.apply();
    project.is_converged();
    project.matches(SECOND);
}
