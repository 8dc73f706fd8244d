//! What is there, as sources: `dump` and `import --write-sql`. Loaded into an empty database they make the same again.

use e2e::{Database, Project, on_each_server};

/// Two schemas with what refers to each other across them, in circles, and under names that no file can have.
const SHOP: &str = r#"
    CREATE SCHEMA app;
    COMMENT ON SCHEMA app IS 'the shop''s';
    CREATE TYPE app.status AS ENUM ('open', 'paid');
    CREATE DOMAIN app.email AS text CHECK (VALUE LIKE '%@%');
    CREATE TABLE app.customers (
        id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        email  app.email NOT NULL UNIQUE,
        latest integer
    );
    CREATE TABLE app.orders (
        id       serial PRIMARY KEY,
        customer integer NOT NULL REFERENCES app.customers ON DELETE CASCADE,
        status   app.status NOT NULL DEFAULT 'open',
        net      numeric(12,2) CHECK (net >= 0),
        gross    numeric(12,2) GENERATED ALWAYS AS (net * 1.2) STORED,
        note     text DEFAULT E'a\\b''c'
    );
    ALTER TABLE app.customers ADD FOREIGN KEY (latest) REFERENCES app.orders;
    CREATE INDEX orders_open ON app.orders (customer) WHERE status = 'open';
    COMMENT ON COLUMN app.orders.net IS 'before; taxes';
    COMMENT ON INDEX app.orders_open IS 'what is due';
    ALTER TABLE app.orders ENABLE ROW LEVEL SECURITY;
    CREATE POLICY mine ON app.orders USING (customer = 1);
    CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER touch BEFORE UPDATE ON app.orders FOR EACH ROW EXECUTE FUNCTION app.touch();
    CREATE FUNCTION app.total(integer) RETURNS bigint LANGUAGE sql STABLE
        AS 'SELECT count(*) FROM app.orders WHERE customer = $1';
    CREATE FUNCTION app.total(text) RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 1::bigint -- one';
    CREATE TABLE "Odd/Name" (id integer, "From" text);
    CREATE TABLE "odd/name" (id integer REFERENCES app.customers);
    CREATE VIEW app.due AS SELECT o.id, c.email FROM app.orders o JOIN app.customers c ON c.id = o.customer;
    CREATE MATERIALIZED VIEW due_by_customer AS SELECT email, count(*) AS n FROM app.due GROUP BY email;
    CREATE UNIQUE INDEX ON due_by_customer (email);
"#;

const FILES: &str = "[sql]\nfiles = [\"schema/**/*.sql\"]\n";

/// A project over a database that holds the shop.
fn shop(server: &'static e2e::Server) -> Project {
    let project = Project::new(server).managing(&["public", "app"]);
    project.database().run(SHOP);
    project
}

/// Fails unless the script makes the shop in an empty database.
#[track_caller]
fn makes_the_shop(server: &'static e2e::Server, script: &str) {
    let mut again = Project::in_database(Database::create(server)).managing(&["public", "app"]);
    again.database().run(script);
    // What the script has set holds for its own session.
    again.database().run("RESET search_path");
    again.matches(SHOP);
    again.configure(FILES);
    again.write("schema/all.sql", script);
    again.run(&["import", "--all"]).ok();
    again.is_converged();
}

#[test]
fn a_dump_makes_the_same_again() {
    on_each_server(|server| {
        let project = shop(server);
        let before = project.files();
        let dumped = project.run(&["dump"]).ok();
        assert_eq!(dumped.stderr, "");
        assert_eq!(project.files(), before, "nothing is written");
        makes_the_shop(server, &dumped.stdout);
        assert_eq!(project.run(&["dump"]).ok().stdout, dumped.stdout);
        project.run(&["dump", "--output", "shop.sql"]).ok();
        assert_eq!(project.read("shop.sql"), dumped.stdout);
    });
}

#[test]
fn what_is_declared_is_dumped_without_any_target() {
    on_each_server(|server| {
        let mut project = shop(server);
        let live = project.run(&["dump"]).ok().stdout;
        project.write("schema/all.sql", &live);
        project.configure(FILES);
        let version = server.major().to_string();
        project.set_variable("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nowhere");
        let declared = project.run(&["dump", "--desired", "--postgres-version", &version]).ok().stdout;
        makes_the_shop(server, &declared);
    });
}

#[test]
fn a_dump_of_some_objects_has_all_their_parts_and_nothing_else() {
    on_each_server(|server| {
        let project = shop(server);
        let dumped = project.run(&["dump", "table.main.app.orders", "--json"]).ok().json();
        let statements = dumped["statements"].as_array().unwrap();
        let made = |start: &str| statements.iter().any(|one| one["sql"].as_str().unwrap().starts_with(start));
        for part in [
            "CREATE SEQUENCE app.orders_id_seq",
            "CREATE TABLE app.orders",
            "CREATE INDEX orders_open",
            "CREATE POLICY mine",
            "CREATE TRIGGER touch",
            "COMMENT ON COLUMN app.orders.net",
        ] {
            assert!(made(part), "{part}");
        }
        for other in ["CREATE TABLE app.customers", "CREATE VIEW", "CREATE FUNCTION", "CREATE TYPE"] {
            assert!(!made(other), "{other}");
        }
        let schema = project.run(&["dump", "schema.main.app"]).ok();
        assert!(schema.stdout.contains("app.due") && !schema.stdout.contains("Odd/Name"));
        project
            .run(&["dump", "table.main.app.none"])
            .expect(1)
            .says(&["table.main.app.none", "does not exist"]);
    });
}

#[test]
fn what_djogi_cannot_write_is_named() {
    on_each_server(|server| {
        let project = Project::new(server);
        project.database().run(
            "CREATE TABLE t (id integer); CREATE OPERATOR === (LEFTARG = box, RIGHTARG = box, FUNCTION = box_eq);
             CREATE SCHEMA other; CREATE TABLE other.k (id integer PRIMARY KEY);
             ALTER TABLE t ADD FOREIGN KEY (id) REFERENCES other.k",
        );
        let dumped = project.run(&["dump"]).ok();
        assert!(dumped.stdout.contains("ADD CONSTRAINT t_id_fkey"));
        for said in [&dumped.stdout, &dumped.stderr] {
            assert!(
                said.contains("needed, and not written since its schema is not managed: table.main.other.k")
            );
        }
    });
}

#[test]
fn written_files_are_what_is_there() {
    on_each_server(|server| {
        let mut project = shop(server);
        project.configure(FILES);
        project
            .run(&["import", "--all", "--write-sql", "schema"])
            .ok()
            .says(&["Imported", "Wrote", "[sql] files = [\"schema/**/*.sql\"]"])
            .never_says(&["declared nowhere"]);
        project.is_converged();
        for file in
            ["app/schema", "app/tables/orders", "app/functions/total", "app/views/due", "app/enums/status"]
        {
            project.read(&format!("schema/{file}.sql"));
        }
        let orders = project.read("schema/app/tables/orders.sql");
        for part in
            ["CREATE TABLE app.orders", "orders_open", "POLICY mine", "TRIGGER touch", "before; taxes"]
        {
            assert!(orders.contains(part), "{part}:\n{orders}");
        }
        let before = project.files();
        project
            .run(&["import", "--all", "--write-sql", "schema"])
            .ok()
            .says(&["Nothing to import", "Wrote 0 files"]);
        assert_eq!(project.files(), before);
    });
}

#[test]
fn a_file_follows_its_object_until_somebody_writes_in_it() {
    on_each_server(|server| {
        let mut project = shop(server);
        project.configure(FILES);
        let import = ["import", "--all", "--write-sql", "schema"];
        project.run(&import).ok();
        project
            .database()
            .run("DROP MATERIALIZED VIEW due_by_customer; ALTER TABLE app.orders DROP COLUMN note");
        project.run(&import).ok().says(&["Wrote 1 file;", "1 removed"]);
        assert!(!project.root().join("schema/public/materialized_views/due_by_customer.sql").exists());

        let edited = project.read("schema/app/tables/orders.sql") + "-- by hand\n";
        project.write("schema/app/tables/orders.sql", &edited);
        project.database().run("ALTER TABLE app.orders DROP COLUMN gross; DROP VIEW app.due");
        let before = project.files();
        project.run(&import).expect(1).says(&[
            "schema/app/tables/orders.sql",
            "not written by djogi, or edited since",
            "--force",
        ]);
        let files = |files: e2e::Files| -> Vec<_> {
            files.into_iter().filter(|(path, _)| path.extension().is_some_and(|it| it == "sql")).collect()
        };
        assert_eq!(files(project.files()), files(before), "nothing is written when something cannot be");
        project.run(&["import", "--all", "--write-sql", "schema", "--force"]).ok();
        assert!(!project.read("schema/app/tables/orders.sql").contains("by hand"));
    });
}

#[test]
fn what_models_declare_is_not_written_again() {
    on_each_server(|server| {
        let mut project = shop(server);
        project.declare("CREATE TABLE \"Odd/Name\" (id integer, \"From\" text);");
        project.configure_more(FILES);
        project.run(&["import", "--all", "--write-sql", "schema"]).ok();
        project.is_converged();
        let written = project.files().into_keys().filter(|path| path.to_string_lossy().contains("Odd_Name"));
        assert_eq!(written.count(), 0);
    });
}

#[test]
fn what_has_secret_values_is_left_alone_until_somebody_declares_it() {
    const SECRET: &str = "CREATE SERVER locked FOREIGN DATA WRAPPER w OPTIONS (host 'a', api_token 'hush-1');
         CREATE FOREIGN TABLE far (id integer) SERVER locked;
         COMMENT ON FOREIGN TABLE far IS 'of a locked server';
         CREATE VIEW near AS SELECT id FROM far;
         CREATE USER MAPPING FOR PUBLIC SERVER open OPTIONS (\"user\" 'me', password 'hush-2');
         CREATE SUBSCRIPTION s CONNECTION 'host=nowhere password=hush-3' PUBLICATION p WITH (connect = false);";
    on_each_server(|server| {
        let mut project = Project::new(server);
        project.configure(FILES);
        project.database().run(
            "CREATE TABLE t (id integer); CREATE FOREIGN DATA WRAPPER w; CREATE SERVER open FOREIGN DATA WRAPPER w;",
        );
        project.database().run(SECRET);
        let left = [
            "foreign_server.main.locked",
            "table.main.public.far",
            "view.main.public.near",
            "user_mapping.main.open.public",
            "subscription.main.s",
        ];
        let imported = project.run(&["import", "--all", "--write-sql", "schema"]).ok();
        imported
            .says(&["foreign_server.main.open", "Not imported, since it could not be written"])
            .says(&left);
        for (path, (content, _)) in project.files() {
            assert!(!String::from_utf8_lossy(&content).contains("hush"), "{}", path.display());
        }
        project.is_converged();
        project.write("schema/by_hand.sql", SECRET);
        let planned = project.run(&["plan"]).ok();
        planned.says(&["Plan: 5 to adopt"]).never_says(&["hush"]);
        project.apply();
        project.is_converged();
    });
}
