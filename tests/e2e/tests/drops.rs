//! What would destroy data is blocked by name until the configuration allows it.

use e2e::{Project, on_each_server};

const BEFORE: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE TYPE unused AS ENUM ('x');
    CREATE SEQUENCE number;
    CREATE TABLE goods (id integer PRIMARY KEY, price integer, note text, mood mood, CONSTRAINT dear CHECK (price > 9));
    CREATE INDEX goods_price_idx ON goods (price);
    CREATE TABLE part (id integer PRIMARY KEY, goods integer REFERENCES goods);
    CREATE TABLE kept (id integer PRIMARY KEY);";
const AFTER: &str = "
    CREATE TYPE mood AS ENUM ('sad');
    CREATE TABLE goods (id integer PRIMARY KEY, price smallint, mood mood, extra text);
    CREATE TABLE kept (id integer PRIMARY KEY);";
const DATA: &str = "INSERT INTO goods VALUES (1, 10, 'n', 'sad'); INSERT INTO part VALUES (1, 1);";

#[test]
fn drops_are_blocked_by_default_and_the_rest_goes_on() {
    on_each_server(|server| {
        let project = Project::declaring(server, BEFORE);
        project.apply();
        let database = project.database();
        database.run(DATA);
        project.declare(AFTER);
        let said = project.run(&["apply", "--auto-approve"]).expect(3);
        said.says(&[
            "would destroy or narrow data",
            "table.main.public.part",
            "column.main.public.goods.note",
            "column.main.public.goods.price",
            "enum.main.public.mood",
            "djogi approve table.main.public.part --reason REASON",
        ]);
        assert_eq!(database.rows("SELECT price, note, extra FROM goods"), [["10", "n", "NULL"]]);
        assert_eq!(database.value("SELECT goods FROM part"), "1");
        assert_eq!(database.value("SELECT 'happy'::mood"), "happy");
        // Asking again changes nothing.
        let files = project.files();
        project.run(&["apply", "--auto-approve"]).expect(3);
        assert_eq!(project.files(), files);
    });
}

#[test]
fn drops_are_done_when_the_configuration_allows_them() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, BEFORE);
        project.apply();
        project.database().run(DATA);
        project.declare(AFTER);
        project.set_target("destructive = \"allow\"");
        project.apply();
        project.is_converged();
        project.matches(AFTER);
        let last = "CREATE TABLE kept (id integer PRIMARY KEY);";
        project.declare(last);
        project.apply();
        project.is_converged();
        project.matches(last);
    });
}

#[test]
fn drops_are_refused_where_the_configuration_denies_them() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, BEFORE);
        project.set_target("destructive = \"deny\"");
        project.apply();
        project.database().run(DATA);
        project.declare(AFTER);
        project.run(&["apply", "--auto-approve"]).expect(7).says(&["table.main.public.part"]);
        assert_eq!(project.database().value("SELECT goods FROM part"), "1");
    });
}

#[test]
fn tables_in_a_circle_are_dropped() {
    on_each_server(|server| {
        let mut project = Project::declaring(
            server,
            "CREATE TABLE a (id integer PRIMARY KEY, b integer); CREATE TABLE b (id integer PRIMARY KEY, a integer);
             ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b; ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a;
             CREATE TABLE kept ();",
        );
        project.set_target("destructive = \"allow\"");
        project.apply();
        project.declare("CREATE TABLE kept ();");
        project.apply();
        project.is_converged();
        project.matches("CREATE TABLE kept ();");
    });
}

#[test]
fn models_that_vanish_wholesale_are_a_mistake_and_no_drop() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, BEFORE);
        project.set_target("destructive = \"allow\"");
        project.apply();
        project.declare("");
        let files = project.files();
        project.run(&["apply", "--auto-approve"]).expect(1).says(&["packages_vanished", "e2e"]);
        assert_eq!(project.files(), files);
        project.matches(BEFORE);
    });
}
