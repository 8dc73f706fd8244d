//! Keys that heeranjid generates in the database, and its tables and functions as one extension.

use djogi_core::Model;
use djogi_core::heeranjid::VERSION;
use e2e::on_each_server;
use heeranjid::postgres_schema as sql;
use heeranjid::{HeerId, HeerIdDesc, RanjId, RanjIdDesc};

use super::{apply, becomes, declare, is_converged, project, run};

#[derive(djogi_core::Model)]
#[model(table = "orders")]
struct Order {
    #[field(pk, default = heeranjid)]
    id: HeerId,
    #[field(default = heeranjid)]
    newest_first: HeerIdDesc,
    #[field(default = heeranjid, unique)]
    public_id: RanjId,
    #[field(default = heeranjid)]
    public_newest_first: RanjIdDesc,
    #[field(default = sql("heeranjid.heerid_next() + 0"))]
    computed: i64,
    other: Option<HeerId>,
}

/// Something of the package stays declared, or its end would be taken for a mistake.
#[derive(djogi_core::Model)]
#[model(table = "kept")]
struct Kept {
    id: i64,
}

const NODE: &str = "SET heer.node_id = '1'; SET heer.ranj_node_id = '1';";
const EXTENSION: &str = "extension.main.heeranjid";

#[test]
fn keys_are_generated_by_what_is_installed_with_them_and_goes_after_them() {
    on_each_server(|server| {
        let project = project(server, &[Order::DESCRIPTOR]);
        run(&project, &["plan"]).ok().says(&[EXTENSION, &format!("version {VERSION}")]);
        apply(&project);
        is_converged(&project);
        let database = project.database();
        database
            .run(&format!("{NODE} INSERT INTO orders DEFAULT VALUES; INSERT INTO orders DEFAULT VALUES;"));
        let ordered =
            "SELECT bool_and(a.id < b.id AND a.newest_first > b.newest_first AND a.public_id < b.public_id
                AND a.public_newest_first > b.public_newest_first)
            FROM orders a JOIN orders b ON a.computed < b.computed";
        assert_eq!(database.value(ordered), "t");
        // What the generator was configured for is no drift.
        database.run("SELECT heeranjid.heer_configure()");
        is_converged(&project);
        database.run(&format!("{NODE} INSERT INTO orders DEFAULT VALUES"));

        becomes(&project, &[Kept::DESCRIPTOR]);
        assert_eq!(database.value("SELECT count(*) FROM pg_namespace WHERE nspname = 'heeranjid'"), "0");
    });
}

#[test]
fn what_was_changed_in_it_is_drift_and_an_older_version_is_upgraded() {
    on_each_server(|server| {
        let project = project(server, &[Order::DESCRIPTOR]);
        apply(&project);
        let database = project.database();
        database.run(
            "CREATE OR REPLACE FUNCTION heeranjid.heerid_next() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
        );
        run(&project, &["plan"]).ok().says(&[EXTENSION, &format!("{VERSION}+changed"), "drift"]);
        apply(&project);
        is_converged(&project);

        database.run("COMMENT ON SCHEMA heeranjid IS 'heeranjid 0.4.9'; DROP FUNCTION heeranjid.generate_ids_desc(integer)");
        run(&project, &["plan"]).ok().says(&[EXTENSION, "0.4.9", VERSION]);
        apply(&project);
        is_converged(&project);
        let restored = "SELECT count(*) FROM pg_proc WHERE proname = 'generate_ids_desc'";
        assert_eq!(database.value(restored), "3");
        assert!(project.read(".djogi/state.json").contains("heeranjid"));

        database.run("COMMENT ON SCHEMA heeranjid IS 'heeranjid 99.1.0'");
        run(&project, &["plan"]).ok().says(&[EXTENSION, "version 99.1.0 is installed"]);
    });
}

#[test]
fn it_stays_while_something_uses_it() {
    on_each_server(|server| {
        let project = project(server, &[Order::DESCRIPTOR, Kept::DESCRIPTOR]);
        apply(&project);
        let database = project.database();
        database.run("CREATE TABLE notes (id bigint DEFAULT heeranjid.heerid_next())");
        declare(&project, &[Kept::DESCRIPTOR]);
        run(&project, &["plan"]).ok().says(&["table.main.public.notes depends on it"]);
        database.run(
            "DROP TABLE notes; CREATE SCHEMA far; CREATE TABLE far.notes (id bigint DEFAULT heeranjid.heerid_next())",
        );
        // What is in a schema that djogi does not read, PostgreSQL knows.
        run(&project, &["apply", "--auto-approve"]).expect(1).says(&[EXTENSION, "2BP01"]);
        assert_eq!(database.value("SELECT count(*) FROM heeranjid.heer_nodes"), "1");
    });
}

#[test]
fn sql_files_use_it_beside_models() {
    on_each_server(|server| {
        let mut project = project(server, &[]);
        project.configure_more("[sql]\nfiles = [\"schema.sql\"]");
        project.write(
            "schema.sql",
            "CREATE TABLE notes (id bigint PRIMARY KEY DEFAULT heeranjid.heerid_next());
             CREATE VIEW ascending AS SELECT heeranjid.heerid_to_asc(newest_first) AS id FROM orders;",
        );
        becomes(&project, &[Order::DESCRIPTOR]);
        let database = project.database();
        database.run(&format!("{NODE} INSERT INTO orders DEFAULT VALUES; INSERT INTO notes DEFAULT VALUES;"));
        assert_eq!(database.value("SELECT n.id > a.id FROM notes n, ascending a"), "t");
    });
}

#[test]
fn what_is_installed_is_the_crate_s() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../djogi-core/heeranjid/");
    for (file, text) in [
        ("schema", sql::SCHEMA_SQL),
        ("session", sql::SESSION_SQL),
        ("generate_heerid", sql::GENERATE_HEERID_SQL),
        ("generate_ranjid", sql::GENERATE_RANJID_SQL),
        ("configure", sql::CONFIGURE_SQL),
        ("desc_flip", sql::DESC_FLIP_SQL),
        ("desc_generators", sql::DESC_GENERATORS_SQL),
        ("bulk_backfill", sql::BULK_BACKFILL_SQL),
        ("seed", sql::SEED_SQL),
    ] {
        let ours = std::fs::read_to_string(format!("{directory}{file}.sql")).unwrap();
        assert_eq!(ours, text, "{file}.sql is not that of the crate");
    }
}
