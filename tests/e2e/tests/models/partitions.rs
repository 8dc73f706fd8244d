//! Partitioned tables, their partitions, and tables that inherit, as models declare them.
#![allow(
    clippy::duplicated_attributes,
    reason = "what several attributes say alike is said of different things"
)]

use djogi_core::Model;
use e2e::on_each_server;

use super::{apply, becomes, declare, is_converged, project, run};

mod tenants {
    #[derive(djogi_core::Model)]
    #[model(table = "tenants")]
    pub(super) struct Tenant {
        #[field(pk)]
        id: i64,
    }
}

/// Three states of one partitioned table.
mod before {
    use super::tenants::Tenant;

    #[derive(djogi_core::Model)]
    #[model(table = "events", pk(columns(id, at, kind)), partition_by(range, columns(at)))]
    #[model(partition(name = "events_2024", from("2024-01-01"), to("2025-01-01"), storage(fillfactor = 70)))]
    #[model(partition(name = "events_rest", default, comment = "Whatever comes"))]
    #[model(index(columns(kind, at desc), where = "LENGTH(kind) > 1"))]
    #[model(check = "id > 0")]
    pub(super) struct Event {
        id: i64,
        #[field(type = "date")]
        at: String,
        #[field(default = "none", storage = external)]
        kind: String,
        #[field(references = Tenant, on_delete = cascade)]
        tenant: i64,
    }

    #[derive(djogi_core::Model)]
    #[model(table = "events_2025", partition_of(Event, from("2025-01-01"), to("2026-01-01")))]
    #[model(partition_by(list, columns(kind)))]
    #[model(partition(name = "events_2025_web", in("web", "app")))]
    #[model(partition(name = "events_2025_null", in(null)))]
    #[model(index(columns(tenant)))]
    pub(super) struct EventOf2025 {
        id: i64,
        #[field(type = "date")]
        at: String,
        #[field(default = "new")]
        kind: String,
        tenant: i64,
    }
}

mod after {
    use super::tenants::Tenant;

    #[derive(djogi_core::Model)]
    #[model(table = "events", pk(columns(id, at, sort)), partition_by(range, columns(at)))]
    #[model(partition(name = "events_2024", from("2024-01-01"), to("2025-01-01"), storage(fillfactor = 70)))]
    #[model(partition(name = "events_2025", from("2025-01-01"), to("2026-01-01")))]
    #[model(index(columns(tenant)))]
    pub(super) struct Event {
        id: i64,
        #[field(type = "date")]
        at: String,
        #[field(default = "none", storage = external, renamed_from = "kind")]
        sort: String,
        #[field(references = Tenant, on_delete = cascade)]
        tenant: i64,
        note: Option<String>,
    }
}

const PARTITIONS: &str = "SELECT c.relname || ' ' || pg_get_expr(c.relpartbound, c.oid) FROM pg_class c \
                          WHERE c.relispartition AND c.relkind <> 'i' AND c.relkind <> 'I' ORDER BY 1";

#[test]
fn partitions_come_change_and_go_with_all_that_comes_down_to_them() {
    on_each_server(|server| {
        let tenant = tenants::Tenant::DESCRIPTOR;
        let project = project(server, &[tenant, before::Event::DESCRIPTOR, before::EventOf2025::DESCRIPTOR]);
        let created = apply(&project);
        created.says(&["events_2025_web"]);
        is_converged(&project);
        let database = project.database();
        assert_eq!(
            database.column(PARTITIONS),
            [
                "events_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
                "events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
                "events_2025_null FOR VALUES IN (NULL)",
                "events_2025_web FOR VALUES IN ('web', 'app')",
                "events_rest DEFAULT",
            ]
        );
        database.run("INSERT INTO tenants VALUES (1)");
        database.run("INSERT INTO events (id, at, tenant) VALUES (1, '2024-05-05', 1)");
        let indexes = "SELECT count(*) FROM pg_indexes WHERE tablename = 'events_2025_web'";
        assert_eq!(database.value(indexes), "3");
        declare(&project, &[tenant, after::Event::DESCRIPTOR]);
        let plan = run(&project, &["plan", "--json"]).ok().json();
        assert_eq!(plan["summary"]["blocked"], 0, "{plan:#}");
        becomes(&project, &[tenant, after::Event::DESCRIPTOR]);
        assert_eq!(database.value("SELECT sort FROM events_2024"), "none");
        becomes(&project, &[tenant]);
        assert!(database.column(PARTITIONS).is_empty());
    });
}

#[test]
fn what_came_down_to_a_partition_is_told_at_its_model() {
    on_each_server(|server| {
        let models = [tenants::Tenant::DESCRIPTOR, before::Event::DESCRIPTOR];
        let project = project(server, &models);
        let plan = run(&project, &["plan", "--json"]).ok().json();
        let changes = plan["resource_changes"].as_array().unwrap();
        let key = "constraint.main.public.events_2024.events_2024_pkey";
        let key = changes.iter().find(|change| change["address"] == key).expect("it comes with the table");
        assert_eq!(key["disposition"], "derived");
        assert!(key["source"]["file"].as_str().unwrap().ends_with("partitions.rs"), "{key:#}");
    });
}

mod hashed {
    #[derive(djogi_core::Model)]
    #[model(table = "sessions", tenant_key = tenant, partition_by(hash, columns(tenant, "lower(name)")))]
    #[model(partition(name = "sessions_0", modulus = 2, remainder = 0))]
    #[model(partition(name = "sessions_1", modulus = 2, remainder = 1))]
    pub(super) struct Session {
        tenant: i32,
        name: String,
    }
}

#[test]
fn nobody_reaches_the_rows_of_tenants_past_the_partitioned_table() {
    on_each_server(|server| {
        let project = project(server, &[hashed::Session::DESCRIPTOR]);
        apply(&project);
        is_converged(&project);
        let guarded = "SELECT bool_and(relrowsecurity AND relforcerowsecurity) FROM pg_class \
                       WHERE relname LIKE 'sessions%' AND relkind IN ('r', 'p')";
        assert_eq!(project.database().value(guarded), "t");
    });
}

mod family {
    #[derive(djogi_core::Model)]
    #[model(table = "places", check(name = "places_named", sql = "length(name) > 0"))]
    pub(super) struct Place {
        #[field(pk, default = identity)]
        id: i64,
        #[field(default = "somewhere")]
        name: String,
    }

    #[derive(djogi_core::Model)]
    #[model(table = "towns", inherits(Place))]
    pub(super) struct Town {
        #[field(pk)]
        id: i64,
        #[field(default = "town", comment = "As on its sign")]
        name: String,
        people: Option<i32>,
    }

    #[derive(djogi_core::Model)]
    #[model(table = "capitals", inherits(Town, "public.seats"))]
    pub(super) struct Capital {
        id: i64,
        name: String,
        people: Option<i32>,
        since: Option<i32>,
    }
}

#[test]
fn tables_inherit_from_models_and_from_what_sql_files_make() {
    on_each_server(|server| {
        let mut project = project(server, &[]);
        project.configure_more("[sql]\nfiles = [\"schema.sql\"]");
        project.write("schema.sql", "CREATE TABLE seats (since integer);");
        let all = [family::Place::DESCRIPTOR, family::Town::DESCRIPTOR, family::Capital::DESCRIPTOR];
        becomes(&project, &all);
        let database = project.database();
        database.run("INSERT INTO capitals (id) VALUES (1)");
        assert_eq!(database.value("SELECT name FROM places"), "town");
        let checked = "SELECT string_agg(conrelid::regclass::text, ' ' ORDER BY conrelid::regclass::text) FROM pg_constraint \
                       WHERE conname = 'places_named'";
        assert_eq!(database.value(checked), "capitals places towns");
        becomes(&project, &all[..2]);
        becomes(&project, &all[..1]);
    });
}
