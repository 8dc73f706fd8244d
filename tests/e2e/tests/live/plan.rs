//! What a reviewer sees, and where there is no migration.

use e2e::{Project, on_each_server};
use serde_json::Value;

use super::{NAME, after, filled, project};

#[test]
fn the_steps_are_resources_with_their_gates() {
    on_each_server(|server| {
        let project = project(server);
        let plan = project.run(&["plan", "--json"]).ok().json();
        let changes = plan["resource_changes"].as_array().unwrap();
        let of = |phase: &str| -> &Value {
            let address = format!("step.main.{NAME}.{phase}");
            changes
                .iter()
                .find(|change| change["address"] == address)
                .unwrap_or_else(|| panic!("{address}: {plan:#}"))
        };
        let phases = ["expand", "dual_write", "backfill", "index", "constrain", "verify"];
        for phase in phases {
            assert_eq!(of(phase)["disposition"], "applied", "{phase}");
        }
        assert_eq!(of("cutover")["reason"], "later_phase");
        assert_eq!(of("contract")["reason"], "later_phase");
        let modes: Vec<&str> = plan["groups"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|group| group["transaction"].as_str())
            .collect();
        assert!(modes.contains(&"chunked") && modes.contains(&"outside"), "{modes:?}");
        project.run(&["apply", "--auto-approve"]).ok();
        let state = project.state();
        let resources = &state["targets"]["main"]["resources"];
        assert_eq!(resources[format!("step.main.{NAME}.verify")]["status"], "applied");
        let plan = project.run(&["plan", "--json"]).ok().json();
        let waiting: Vec<&str> = plan["resource_changes"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|change| change["reason"].as_str())
            .collect();
        assert_eq!(waiting, ["later_phase", "operator_gate"]);
    });
}

#[test]
fn what_a_migration_cannot_take_along_is_said() {
    on_each_server(|server| {
        let project = filled(server);
        project.database().run("CREATE VIEW big AS SELECT total FROM orders");
        project.declare(&after());
        project.run(&["plan"]).ok().says(&["blocked", "big"]).never_says(&["live.main"]);
        project.database().run("DROP VIEW big");
        project.run(&["plan"]).ok().says(&["live.main.orders_total_type"]);
        for (comes, goes, why) in [
            (
                "CREATE PUBLICATION sent FOR TABLE orders",
                "DROP PUBLICATION sent",
                "subscribers lack the new one",
            ),
            (
                "ALTER TABLE orders FORCE ROW LEVEL SECURITY",
                "ALTER TABLE orders NO FORCE ROW LEVEL SECURITY",
                "row level security is forced",
            ),
        ] {
            project.database().run(comes);
            project
                .run(&["plan"])
                .ok()
                .says(&["would keep readers or writers", why])
                .never_says(&["live.main"]);
            project.database().run(goes);
        }
        project
            .run(&["plan", "--accept-downtime", "table.main.public.orders"])
            .ok()
            .never_says(&["live.main"]);
        project.run(&["plan", "--online", "never"]).ok().never_says(&["live.main"]);
    });
}

#[test]
fn a_view_that_comes_meanwhile_stops_the_cutover() {
    on_each_server(|server| {
        let project = project(server);
        project.run(&["apply", "--auto-approve"]).ok();
        project.database().run("CREATE VIEW big AS SELECT total FROM orders");
        project.run(super::FINALIZE).expect(1).says(&["big uses it"]);
        project.database().run("DROP VIEW big");
        project.run(super::FINALIZE).ok();
    });
}

#[test]
fn a_key_that_may_have_nulls_is_none() {
    let declared = |data_type: &str| {
        format!(
            "CREATE TABLE t (id integer UNIQUE, a {data_type});
             ALTER TABLE t ADD CONSTRAINT id_is_there NOT NULL id NOT VALID"
        )
    };
    on_each_server(|server| {
        if server.major() < 18 {
            return;
        }
        let project = Project::declaring(server, "CREATE TABLE t (id integer UNIQUE, a integer)");
        project.apply();
        project
            .database()
            .run("INSERT INTO t SELECT NULLIF(n, 9), n FROM generate_series(1, 20000) AS n; ANALYZE");
        project.declare(&declared("integer"));
        project.apply();
        project.declare(&declared("bigint"));
        project.run(&["plan"]).says(&["no live migration of a", "no unique key without nulls"]);
    });
}

#[test]
fn a_table_without_a_key_has_none() {
    on_each_server(|server| {
        let project = Project::declaring(server, "CREATE TABLE t (a integer)");
        project.apply();
        project.database().run("INSERT INTO t SELECT n FROM generate_series(1, 20000) AS n; ANALYZE");
        project.declare("CREATE TABLE t (a bigint)");
        project
            .run(&["apply", "--auto-approve"])
            .expect(7)
            .says(&["no live migration of a", "no unique key"]);
    });
}
