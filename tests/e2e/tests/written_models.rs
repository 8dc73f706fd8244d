//! `import --write-models`: what is there as Rust that compiles, the rest as SQL, and both together plan to nothing.

use e2e::{Database, Package, Project, on_each_server, servers};

const SHOP: &str = r#"
    CREATE SCHEMA app;
    COMMENT ON SCHEMA app IS 'the shop''s';
    CREATE TYPE app.status AS ENUM ('open', 'on its way', 'Paid', 'self');
    CREATE TYPE unused AS ENUM ('a');
    CREATE DOMAIN app.email AS text CHECK (VALUE LIKE '%@%');
    CREATE SEQUENCE app.invoice AS integer START 1000 INCREMENT 5;
    COMMENT ON SEQUENCE app.invoice IS 'numbers';
    CREATE TABLE app.customers (
        id     bigint GENERATED ALWAYS AS IDENTITY (START 10 CACHE 5) PRIMARY KEY,
        email  app.email NOT NULL,
        name   varchar(20) DEFAULT 'it''s "x"' COLLATE "C",
        tags   text[] NOT NULL DEFAULT '{}',
        moods  app.status[],
        latest integer,
        CONSTRAINT one_address UNIQUE (email)
    );
    CREATE TABLE app.orders (
        id         serial PRIMARY KEY,
        customer   bigint NOT NULL REFERENCES app.customers ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        status     app.status NOT NULL DEFAULT 'on its way',
        net        numeric(12,2) DEFAULT 0 CHECK (net >= 0),
        gross      numeric(12,2) GENERATED ALWAYS AS (net * 1.2) STORED,
        placed_at  timestamptz NOT NULL DEFAULT now(),
        due        date DEFAULT CURRENT_DATE + 14,
        invoice    integer DEFAULT nextval('app.invoice'),
        "Type"     text,
        type       text,
        "self"     boolean NOT NULL DEFAULT true,
        raw        bytea,
        UNIQUE NULLS NOT DISTINCT (customer, invoice)
    );
    COMMENT ON TABLE app.orders IS E'what is "due"\nor paid';
    COMMENT ON COLUMN app.orders.net IS 'before taxes';
    ALTER TABLE app.customers ADD FOREIGN KEY (latest) REFERENCES app.orders ON DELETE SET NULL;
    CREATE INDEX orders_open ON app.orders (customer, placed_at DESC NULLS LAST) INCLUDE (net) WHERE status = 'open';
    CREATE UNIQUE INDEX ON app.orders (lower("Type") text_pattern_ops, type COLLATE "C") WITH (fillfactor = 70);
    CREATE INDEX ON app.orders USING hash (type);
    CREATE TABLE app.lines (
        order_id integer REFERENCES app.orders,
        line     smallint,
        during   tsrange,
        PRIMARY KEY (order_id, line),
        CONSTRAINT no_overlap EXCLUDE USING gist (during WITH &&) WHERE (line > 0)
    );
    CREATE TABLE "Odd Name" (id integer PRIMARY KEY, "From" text, parent integer REFERENCES "Odd Name");
    CREATE TABLE option (id integer);
    CREATE TABLE kept_apart (id integer) WITH (fillfactor = 50);
    CREATE VIEW app.due AS SELECT id FROM app.orders WHERE status <> 'Paid';
    CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
    CREATE TRIGGER touch BEFORE UPDATE ON app.orders FOR EACH ROW EXECUTE FUNCTION app.touch();
"#;

#[test]
fn written_models_compile_and_plan_to_nothing() {
    let server = &servers()[0];
    let package = Package::scaffold(server, "attic");
    let database = Database::create(server);
    database.run(SHOP);
    let configuration = |rest: &str| {
        let url = database.url();
        let text = format!(
            "[cluster]\nname = \"attic\"\n[target.main]\nurl = {url:?}\nschemas = [\"public\", \"app\"]\n\
             [sql]\nfiles = [\"schema/**/*.sql\"]\n{rest}"
        );
        package.write("djogi.toml", &text);
    };
    configuration("");
    let import = ["import", "--all", "--write-models", "src/models.rs", "--write-sql", "schema"];
    package.djogi(&import).expect(1).says(&["src/models.rs", "not written by djogi", "--force"]);
    let forced: Vec<&str> = import.into_iter().chain(["--force"]).collect();
    package.djogi(&forced).ok().says(&["`mod models;`"]);
    let models = package.read("src/models.rs");
    for said in [
        "pub struct Orders {",
        "#[derive(Debug, djogi_core::Model)]",
        "#[model(pk(columns(order_id, line)))]",
        "pub r#type: Option<String>",
        "#[label = \"on its way\"]",
        "default = Status::OnItsWay",
        "pub customer: i64,",
        "references = Customers",
        "djogi_core::sequence!(schema = \"app\", name = \"invoice\"",
    ] {
        assert!(models.contains(said), "{said}\n{models}");
    }
    assert!(!models.contains("KeptApart"), "no model can say its storage parameter\n{models}");
    configuration("[models]\npackage = \"attic\"\n");
    package.cargo_run(&["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
}

#[test]
fn what_models_cannot_say_is_named() {
    on_each_server(|server| {
        let project = Project::new(server);
        project.database().run(
            "CREATE TABLE a (id integer PRIMARY KEY); CREATE VIEW v AS SELECT id FROM a;
             CREATE TABLE c (id integer) WITH (fillfactor = 50);",
        );
        project.run(&["import", "--all", "--write-models", "models.rs"]).ok().says(&[
            "2 resources cannot be said by models; add --write-sql DIR",
            "view.main.public.v",
            "table.main.public.c",
        ]);
        let models = project.read("models.rs");
        assert!(models.contains("pub struct A {\n    #[field(pk)]\n    pub id: i32,\n}\n"), "{models}");
    });
}
