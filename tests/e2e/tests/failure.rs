//! A statement that PostgreSQL refuses is told in full, and leaves nothing half done.

use e2e::{Project, fingerprint, on_each_server};

const GOODS: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer);";

/// A new table, and then an index that the data do not allow.
const REFUSED: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer, note text);
    CREATE UNIQUE INDEX goods_price_idx ON goods (price);";

#[test]
fn the_whole_answer_of_the_server_is_shown() {
    on_each_server(|server| {
        let project = Project::declaring(server, GOODS);
        project.apply();
        // Refuses like an extension or a policy of the house would.
        project.database().run(
            "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
                 RAISE EXCEPTION 'no indexes on Fridays'
                     USING ERRCODE = 'P4711', DETAIL = 'it is Friday', HINT = 'come back on Monday';
             END $$;
             CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION refuse();",
        );
        project.declare(REFUSED);
        project.run(&["apply", "--auto-approve"]).expect(1).says(&[
            "P4711",
            "no indexes on Fridays",
            "it is Friday",
            "come back on Monday",
            "CREATE UNIQUE INDEX goods_price_idx ON public.goods",
            "index.main.public.goods_price_idx",
        ]);
        let failed = project.run(&["apply", "--auto-approve", "--json"]).expect(1).json_lines();
        let failure = &failed.iter().find(|event| event["event"] == "group_failed").unwrap()["failure"];
        assert_eq!(failure["sqlstate"], "P4711");
        assert_eq!(failure["detail"], "it is Friday");
        assert_eq!(failure["hint"], "come back on Monday");
        assert_eq!(failure["address"], "index.main.public.goods_price_idx");
        assert_eq!(failed.last().unwrap()["event"], "summary");
    });
}

#[test]
fn a_failed_group_leaves_nothing_behind_and_is_done_once_the_reason_is_gone() {
    on_each_server(|server| {
        let project = Project::declaring(server, GOODS);
        project.apply();
        let database = project.database();
        database.run("INSERT INTO goods VALUES (1, 5), (2, 5)");
        let (schema, ledger) = (fingerprint(database, "public"), "SELECT count(*) FROM djogi.op");
        let operations = database.value(ledger);

        project.declare(REFUSED);
        let refused = project.run(&["apply", "--auto-approve"]).expect(1);
        refused.says(&["23505", "could not create unique index", "Key (price)=(5) is duplicated."]);
        assert_eq!(fingerprint(database, "public"), schema);
        assert_eq!(database.value(ledger), operations);
        project.run(&["status"]).ok().says(&["error: table.main.public.goods", "failed"]);

        database.run("UPDATE goods SET price = id");
        project.apply();
        project.is_converged();
        project.matches(REFUSED);
    });
}

#[test]
fn what_does_not_depend_on_a_failed_group_goes_on() {
    on_each_server(|server| {
        let project =
            Project::declaring(server, &format!("{GOODS} CREATE TABLE other (id integer PRIMARY KEY);"));
        project.apply();
        let database = project.database();
        // Busy tables are worked on in groups of their own.
        database.run("INSERT INTO goods SELECT n, -n FROM generate_series(1, 20000) AS n; ANALYZE goods");
        project.declare(
            "CREATE TABLE goods (id integer PRIMARY KEY, price integer, CONSTRAINT positive CHECK (price > 0));
             CREATE TABLE other (id bigint PRIMARY KEY);",
        );
        project
            .run(&["apply", "--auto-approve"])
            .expect(1)
            .says(&["20000 rows stand in its way", "positive"]);
        let kind = "SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'other'::regclass AND attname = 'id'";
        assert_eq!(database.value(kind), "bigint");
        project
            .run(&["plan", "--detailed-exitcode"])
            .expect(2)
            .says(&["positive"])
            .never_says(&["public.other"]);
    });
}

#[test]
fn a_wrong_expression_is_refused_before_anything_is_done() {
    on_each_server(|server| {
        let project = Project::new(server);
        let right = "CREATE TABLE goods (id integer, CONSTRAINT goods_check CHECK (id > 4711));";
        let text = serde_json::to_string(&project.declarations(right)).unwrap();
        project.write("catalog.json", &text.replace("4711", "no_such_column"));
        for command in [&["plan"][..], &["apply", "--auto-approve"]] {
            project.run(command).expect(1).says(&["42703", "no_such_column", "goods_check", "schema.sql"]);
        }
        assert_eq!(project.database().value("SELECT count(*) FROM pg_class WHERE relname = 'goods'"), "0");
        assert!(!project.root().join(".djogi/state.json").exists());
    });
}
