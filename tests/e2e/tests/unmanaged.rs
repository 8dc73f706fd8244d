//! What djogi does not own is never changed or dropped, and is counted.

use e2e::{Project, on_each_server};

const GOODS: &str =
    "CREATE TABLE kept (); CREATE TABLE goods (id integer PRIMARY KEY, price integer, name text);";
const CHANGED: &str =
    "CREATE TABLE kept (); CREATE TABLE goods (id integer PRIMARY KEY, price numeric, name text NOT NULL, note text);
    CREATE INDEX goods_price_idx ON goods (price);";

/// What somebody else has made around a managed table.
const FOREIGN: &str = "
    CREATE TABLE audit (id integer PRIMARY KEY, goods integer REFERENCES goods);
    CREATE INDEX goods_name_idx ON goods (name);
    ALTER TABLE goods ADD CONSTRAINT goods_foreign_check CHECK (name <> 'x');
    CREATE FUNCTION noop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER goods_audit BEFORE INSERT ON goods FOR EACH ROW EXECUTE FUNCTION noop();
    GRANT SELECT (name) ON goods TO pg_monitor;
    CREATE TYPE foreign_enum AS ENUM ('a');
    CREATE SEQUENCE foreign_sequence;
    CREATE VIEW names AS SELECT name FROM goods;
    CREATE SCHEMA elsewhere CREATE TABLE things (id integer);";

#[test]
fn foreign_objects_survive_every_change_and_are_counted() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, GOODS);
        project.set_target("destructive = \"allow\"");
        project.apply();
        let database = project.database();
        database.run("INSERT INTO goods VALUES (1, 2, 'n')");
        database.run(FOREIGN);

        project.is_converged();
        let listed = project.run(&["plan", "--unmanaged"]).ok();
        listed.says(&[
            "audit",
            "goods_name_idx",
            "goods_foreign_check",
            "goods_audit",
            "name",
            "foreign_enum",
            "foreign_sequence",
            "names",
            "noop",
        ]);
        let status = project.run(&["status", "--json"]).ok().json();
        let before = status["targets"]["main"]["unmanaged"].as_u64().unwrap();
        assert!(before >= 10, "{before}");

        project.declare(CHANGED);
        project.apply();
        project.is_converged();
        project.declare(GOODS);
        project.apply();
        project.is_converged();
        let status = project.run(&["status", "--json"]).ok().json();
        assert_eq!(status["targets"]["main"]["unmanaged"], before);
        project.matches(&format!("{GOODS}{FOREIGN}"));
        assert_eq!(database.value("SELECT count(*) FROM elsewhere.things"), "0");
    });
}

#[test]
fn nothing_is_dropped_that_a_foreign_object_needs() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, GOODS);
        project.set_target("destructive = \"allow\"");
        project.apply();
        project.database().run("CREATE VIEW names AS SELECT name FROM goods");
        project.declare("CREATE TABLE kept ();");
        project.run(&["apply", "--auto-approve"]).expect(3).says(&[
            "table.main.public.goods",
            "an object that djogi does not manage depends on it",
            "names",
        ]);
        assert_eq!(project.database().value("SELECT count(*) FROM names"), "0");

        project.database().run("DROP VIEW names");
        project.apply();
        project.is_converged();
    });
}

#[test]
fn an_existing_object_is_adopted_when_equal_and_left_alone_when_it_differs() {
    on_each_server(|server| {
        let project = Project::declaring(server, GOODS);
        project
            .database()
            .run("CREATE TABLE goods (id integer PRIMARY KEY, price integer, name varchar(9));");
        let files = project.files();
        project.run(&["apply", "--auto-approve"]).expect(3).says(&[
            "table.main.public.goods",
            "an object that djogi does not manage has this name",
            "import",
        ]);
        let kind = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute
                     WHERE attrelid = 'goods'::regclass AND attname = 'name'";
        assert_eq!(project.database().value(kind), "character varying(9)");
        assert_eq!(project.read("djogi.toml").as_bytes(), files[&project.root().join("djogi.toml")].0);

        project.database().run("ALTER TABLE goods ALTER name TYPE text");
        project.apply();
        project.is_converged();
        project.matches(GOODS);
    });
}

#[test]
fn imported_objects_are_managed_from_then_on() {
    on_each_server(|server| {
        let project = Project::declaring(server, GOODS);
        project
            .database()
            .run("CREATE TABLE goods (id integer PRIMARY KEY, price integer, name varchar(9));");
        project.run(&["import", "table.main.public.goods"]).ok();
        project.run(&["plan", "--detailed-exitcode"]).expect(2);
        project.apply();
        project.is_converged();
        project.matches(GOODS);
    });
}
