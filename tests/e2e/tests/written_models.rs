//! `import --write-models`: what is there as Rust that compiles, the rest as SQL, and both together plan to nothing.

use e2e::{Database, Package, Project, on_each_server, servers};

const SHOP: &str = r#"
    CREATE SCHEMA app;
    COMMENT ON SCHEMA app IS 'the shop''s';
    CREATE TYPE app.status AS ENUM ('open', 'on its way', 'Paid', 'self');
    CREATE TYPE unused AS ENUM ('a');
    CREATE DOMAIN app.email AS text COLLATE "C" DEFAULT 'a@b' NOT NULL CHECK (VALUE LIKE '%@%')
        CONSTRAINT "Short" CHECK (length(VALUE) < 100);
    COMMENT ON DOMAIN app.email IS 'where to';
    COMMENT ON CONSTRAINT "Short" ON DOMAIN app.email IS 'as mails go';
    CREATE DOMAIN app.state AS app.status DEFAULT 'open';
    CREATE DOMAIN app.amount AS numeric(12,2);
    CREATE TYPE app.size AS (width integer, "Height" app.amount, notes text[] COLLATE "C", "self" app.email);
    COMMENT ON TYPE app.size IS 'of a parcel';
    COMMENT ON COLUMN app.size.width IS 'in millimetres';
    CREATE TYPE app.weights AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi);
    CREATE TYPE "Letters" AS RANGE (SUBTYPE = text, COLLATION = "C", SUBTYPE_OPCLASS = text_pattern_ops,
        MULTIRANGE_TYPE_NAME = many_letters);
    COMMENT ON TYPE "Letters" IS 'from a to z';
    CREATE FUNCTION app.apart(a app.amount, b app.amount) RETURNS float8 IMMUTABLE LANGUAGE sql
        AS 'SELECT (a - b)::float8';
    CREATE TYPE app.prices AS RANGE (SUBTYPE = app.amount, SUBTYPE_DIFF = app.apart);
    CREATE DOMAIN app.kept_apart AS integer;
    ALTER DOMAIN app.kept_apart ADD CONSTRAINT alone CHECK (VALUE > 0) NOT VALID;
    CREATE SEQUENCE app.invoice AS integer START 1000 INCREMENT 5;
    COMMENT ON SEQUENCE app.invoice IS 'numbers';
    CREATE TABLE app.customers (
        id     bigint GENERATED ALWAYS AS IDENTITY (START 10 CACHE 5) PRIMARY KEY,
        email  app.email NOT NULL,
        name   varchar(20) DEFAULT 'it''s "x"' COLLATE "C",
        tags   text[] NOT NULL DEFAULT '{}',
        moods  app.status[],
        latest integer,
        size   app.size,
        sizes  app.size[] NOT NULL,
        weight app.weights,
        letter "Letters" NOT NULL,
        letters many_letters,
        prices app.prices,
        state  app.state,
        during int8range,
        kept   app.kept_apart,
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
    CREATE TABLE packed (id integer, body text) WITH (fillfactor = 50, toast.autovacuum_enabled = off);
    ALTER TABLE packed ALTER COLUMN body SET STORAGE EXTERNAL, ALTER COLUMN body SET STATISTICS 500;
    ALTER TABLE packed REPLICA IDENTITY FULL, ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON packed FOR UPDATE TO pg_monitor USING (body = CURRENT_USER) WITH CHECK (id > 0);
    CREATE POLICY few ON packed AS RESTRICTIVE USING (id < 1000);
    GRANT SELECT, UPDATE (body, id) ON packed TO pg_monitor;
    GRANT SELECT, DELETE ON packed TO pg_read_all_data WITH GRANT OPTION;
    GRANT USAGE ON SCHEMA app TO pg_monitor;
    GRANT USAGE ON SEQUENCE app.invoice TO PUBLIC;
    CREATE TABLE app.events (
        id   bigint NOT NULL,
        at   date NOT NULL,
        kind text DEFAULT 'none' CHECK (kind <> ''),
        who  bigint REFERENCES app.customers,
        PRIMARY KEY (id, at)
    ) PARTITION BY RANGE (at);
    CREATE INDEX ON app.events (kind);
    CREATE TABLE app.events_2024 PARTITION OF app.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')
        WITH (fillfactor = 70);
    CREATE TABLE app.events_2025 PARTITION OF app.events (kind DEFAULT 'new')
        FOR VALUES FROM ('2025-01-01') TO (MAXVALUE);
    CREATE INDEX ON app.events_2025 (who);
    CREATE TABLE app.events_rest PARTITION OF app.events DEFAULT PARTITION BY HASH (id, at);
    CREATE TABLE places (id integer NOT NULL, name text DEFAULT 'somewhere', CONSTRAINT named CHECK (name <> ''));
    CREATE TABLE towns (people integer, PRIMARY KEY (id)) INHERITS (places);
    ALTER TABLE towns ADD CONSTRAINT free CHECK (people > 0) NO INHERIT, ADD UNIQUE (name) INCLUDE (people);
    CREATE TABLE kept_apart (id integer, mail app.email);
    ALTER TABLE kept_apart ADD CONSTRAINT alone CHECK (id > 0) NOT VALID;
    CREATE VIEW app.due WITH (security_barrier) AS
        SELECT id, "Type", status FROM app.orders WHERE status <> 'Paid' AND "Type" <> '"';
    GRANT SELECT ON app.due TO pg_monitor;
    COMMENT ON COLUMN app.due.id IS 'of the order';
    CREATE MATERIALIZED VIEW app.counts WITH (fillfactor = 80) AS SELECT status, count(*) AS n FROM app.orders GROUP BY 1;
    CREATE UNIQUE INDEX ON app.counts (status);
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
        "grant(usage, to(public))",
        "djogi_core::schema!(app, comment = \"the shop's\", grant(usage, to(pg_monitor)))",
        "storage(fillfactor = 50, toast(autovacuum_enabled = off)), replica_identity = full",
        "storage = external, statistics = 500",
        "policy(name = \"own\", for = update, to(pg_monitor), using =",
        "grant(select, delete, to(pg_read_all_data), with_grant_option)",
        "#[model(partition_by(range, columns(at)))]",
        "partition(name = \"events_2024\", from(\"2024-01-01\"), to(\"2025-01-01\"), storage(fillfactor = 70))",
        "partition_of(Events, from(\"2025-01-01\"), to(maxvalue))",
        "inherits(Places)",
        "security_barrier)]",
        "#[model(index(columns(status), unique))]",
        "pub n: Option<i64>",
        "#[model(trigger(name = \"touch\", before(update), for_each = row, execute = \"app.touch()\"))]",
        "check(name = \"free\", sql = \"(people > 0)\", no_inherit)",
        "unique(include(people))",
        "#[pg_domain(schema = \"app\", collate = \"pg_catalog.\\\"C\\\"\", default = \"a@b\", not_null, comment = \"where to\")]",
        "#[pg_domain(check(name = \"Short\", sql = \"(length(VALUE) < 100)\", comment = \"as mails go\"))]",
        "pub struct Email(pub String);",
        "#[pg_domain(schema = \"app\", default = Status::Open)]\npub struct State(pub Status);",
        "#[pg_domain(schema = \"app\", type = \"numeric(12,2)\")]\npub struct Amount(pub String);",
        "#[pg_composite(schema = \"app\", comment = \"of a parcel\")]\npub struct Size {",
        "#[field(comment = \"in millimetres\")]\n    pub width: i32,",
        "#[field(column = \"Height\")]\n    pub height: Amount,",
        "#[pg_range(schema = \"app\", subtype_diff = \"pg_catalog.float8mi\")]\npub struct Weights(pub std::ops::Range<f64>);",
        "multirange = \"many_letters\", comment = \"from a to z\")]\npub struct Letters(pub std::ops::Range<String>);",
        "pub struct Prices(pub std::ops::Range<Amount>);",
        "pub sizes: Vec<Size>,",
        "pub during: Option<std::ops::Range<i64>>,",
        "type = \"public.many_letters\"",
        "type = \"app.kept_apart\"",
    ] {
        assert!(models.contains(said), "{said}\n{models}");
    }
    assert!(!models.contains("alone"), "no model can say that a check is not valid\n{models}");
    configuration("[models]\npackage = \"attic\"\n");
    package.cargo_run(&["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
}

#[test]
fn what_models_cannot_say_is_named() {
    on_each_server(|server| {
        let project = Project::new(server);
        project.database().run(
            "CREATE TABLE a (id integer PRIMARY KEY); CREATE VIEW v AS SELECT id FROM a; CREATE RULE quiet AS ON INSERT TO v DO INSTEAD NOTHING;
             CREATE TABLE c (id integer) WITH (fillfactor = 50); ALTER TABLE c ALTER COLUMN id SET (n_distinct = 5);",
        );
        project.run(&["import", "--all", "--write-models", "models.rs"]).ok().says(&[
            "2 resources cannot be said by models; add --write-sql DIR",
            "rule.main.public.v.quiet",
            "table.main.public.c",
        ]);
        let models = project.read("models.rs");
        assert!(models.contains("pub struct A {\n    #[field(pk)]\n    pub id: i32,\n}\n"), "{models}");
    });
}
