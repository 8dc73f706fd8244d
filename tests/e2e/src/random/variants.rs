//! Objects that need none of the others: each there in one of several forms, or not at all.

use proptest::prelude::*;

/// What the forms presume on the server.
pub(super) const ROLES: &[&str] = &["djogi_reader", "djogi_writer"];

/// The statements of one form.
type Form = &'static [&'static str];

/// For each object its forms.
const FORMS: &[&[Form]] = &[
    &[
        &["CREATE COLLATION app.plain (provider = libc, locale = 'C')"],
        &["CREATE COLLATION app.plain (provider = libc, locale = 'POSIX')"],
    ],
    &[&["COMMENT ON SCHEMA app IS 'of the application'"], &["COMMENT ON SCHEMA app IS 'other'"]],
    PARTITIONED,
    SUB_PARTITIONED,
    INHERITED,
    PRIVILEGES,
    DEFAULT_PRIVILEGES,
    OWNERS,
    FOREIGN,
    PUBLICATIONS,
    EVENT_TRIGGERS,
    OPERATORS,
    OPERATOR_CLASSES,
    CASTS,
    TEXT_SEARCH,
    TEMPORAL,
    CONSTRAINTS,
    SEQUENCES,
    RULES,
    STATISTICS,
    VIEWS,
    COLUMN_PROPERTIES,
];

const PARTITIONED: &[Form] = &[
    &[
        "CREATE TABLE app.events (id bigint NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at)",
        "CREATE TABLE app.events_1 PARTITION OF app.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
        "CREATE INDEX events_note ON app.events (note)",
    ],
    &[
        "CREATE TABLE app.events (id bigint NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at)",
        "CREATE TABLE app.events_1 PARTITION OF app.events FOR VALUES FROM ('2024-01-01') TO ('2026-01-01')",
        "CREATE TABLE app.events_rest PARTITION OF app.events DEFAULT",
        "ALTER TABLE app.events ADD CONSTRAINT events_pkey PRIMARY KEY (id, at)",
    ],
    &[
        "CREATE TABLE app.events (id bigint NOT NULL, at date NOT NULL, note varchar(40) DEFAULT '-')
             PARTITION BY RANGE (at)",
        "CREATE TABLE app.events_1 (id bigint NOT NULL, at date NOT NULL, note varchar(40))",
        "ALTER TABLE app.events ATTACH PARTITION app.events_1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
        "CREATE UNIQUE INDEX events_1_id ON app.events_1 (id)",
        "ALTER TABLE app.events ADD CONSTRAINT events_id CHECK (id > 0)",
        "CREATE INDEX events_note ON app.events (note, at)",
    ],
    &[
        "CREATE TABLE app.events (id bigint NOT NULL, at date, note text)",
        "CREATE TABLE app.events_1 (id bigint PRIMARY KEY, at date NOT NULL, note text)",
    ],
    &[
        "CREATE TABLE app.events (id bigint, at date, note text) PARTITION BY HASH (id)",
        "CREATE TABLE app.events_1 PARTITION OF app.events FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
        "CREATE TABLE app.events_rest PARTITION OF app.events FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
        "CREATE INDEX events_rest_at ON app.events_rest (at)",
    ],
];

const SUB_PARTITIONED: &[Form] = &[
    &[
        "CREATE TABLE app.sales (region text, at date, amount numeric) PARTITION BY LIST (region)",
        "CREATE TABLE app.sales_eu PARTITION OF app.sales FOR VALUES IN ('eu', 'uk') PARTITION BY RANGE (at)",
        "CREATE TABLE app.sales_eu_old PARTITION OF app.sales_eu FOR VALUES FROM (MINVALUE) TO ('2020-01-01')",
        "CREATE INDEX sales_amount ON app.sales (amount)",
    ],
    &[
        "CREATE TABLE app.sales (region text, at date, amount numeric) PARTITION BY LIST (region)",
        "CREATE TABLE app.sales_eu PARTITION OF app.sales FOR VALUES IN ('eu') PARTITION BY RANGE (at)",
        "CREATE TABLE app.sales_eu_old PARTITION OF app.sales_eu FOR VALUES FROM (MINVALUE) TO ('2020-01-01')",
        "CREATE TABLE app.sales_eu_new PARTITION OF app.sales_eu FOR VALUES FROM ('2020-01-01') TO (MAXVALUE)",
        "CREATE TABLE app.sales_other PARTITION OF app.sales DEFAULT",
        "ALTER TABLE app.sales ADD CONSTRAINT sales_positive CHECK (amount > 0)",
    ],
    &[
        "CREATE TABLE app.sales (region text, at date, amount numeric, currency text DEFAULT 'EUR')
             PARTITION BY LIST (region)",
        "CREATE TABLE app.sales_eu PARTITION OF app.sales FOR VALUES IN ('eu')",
        "CREATE INDEX sales_eu_at ON app.sales_eu (at)",
    ],
];

/// PostgreSQL has no statement by which a column that a table has of its own becomes merely inherited, so none does.
const INHERITED: &[Form] = &[
    &[
        "CREATE TABLE app.base (a integer NOT NULL, b text DEFAULT 'x', CHECK (a > 0))",
        "CREATE TABLE app.child (c integer) INHERITS (app.base)",
    ],
    &[
        "CREATE TABLE app.base (a bigint NOT NULL, b text, d date)",
        "CREATE TABLE app.child (c integer NOT NULL) INHERITS (app.base)",
        "CREATE TABLE app.grandchild (e date DEFAULT now()) INHERITS (app.child)",
        "CREATE INDEX grandchild_a ON app.grandchild (a)",
    ],
    &[
        "CREATE TABLE app.base (a integer, CONSTRAINT small CHECK (a < 10), CONSTRAINT own CHECK (a > 1) NO INHERIT)",
        "CREATE TABLE app.child (c integer) INHERITS (app.base)",
        "COMMENT ON COLUMN app.child.a IS 'of the base'",
    ],
];

const PRIVILEGES: &[Form] = &[
    &[
        "CREATE TABLE app.secret (a integer, b text)",
        "GRANT SELECT ON app.secret TO djogi_reader",
        "GRANT USAGE ON SCHEMA app TO djogi_reader, djogi_writer",
    ],
    &[
        "CREATE TABLE app.secret (a integer, b text)",
        "GRANT SELECT (a), UPDATE (b) ON app.secret TO djogi_reader WITH GRANT OPTION",
        "GRANT ALL ON app.secret TO djogi_writer",
        "GRANT CREATE ON SCHEMA app TO djogi_writer",
    ],
    &[
        "CREATE VIEW app.secret AS SELECT 1 AS a, 'x'::text AS b",
        "GRANT SELECT ON app.secret TO PUBLIC",
        "CREATE FUNCTION app.open() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        "REVOKE EXECUTE ON FUNCTION app.open FROM PUBLIC",
    ],
];

const DEFAULT_PRIVILEGES: &[Form] = &[
    &["ALTER DEFAULT PRIVILEGES FOR ROLE djogi_writer IN SCHEMA app GRANT SELECT ON TABLES TO djogi_reader"],
    &[
        "ALTER DEFAULT PRIVILEGES FOR ROLE djogi_writer IN SCHEMA app GRANT SELECT, INSERT ON TABLES TO djogi_reader",
        "ALTER DEFAULT PRIVILEGES FOR ROLE djogi_writer IN SCHEMA app GRANT EXECUTE ON FUNCTIONS TO djogi_reader",
    ],
    &[
        "ALTER DEFAULT PRIVILEGES FOR ROLE djogi_writer IN SCHEMA app GRANT USAGE ON SEQUENCES TO djogi_writer WITH GRANT OPTION",
    ],
];

const OWNERS: &[Form] = &[
    &["CREATE TABLE app.owned (id serial PRIMARY KEY)", "ALTER TABLE app.owned OWNER TO djogi_writer"],
    &[
        "CREATE TABLE app.owned (id serial PRIMARY KEY, note text)",
        "ALTER TABLE app.owned OWNER TO djogi_reader",
        "CREATE VIEW app.owned_notes AS SELECT note FROM app.owned",
        "ALTER VIEW app.owned_notes OWNER TO djogi_writer",
    ],
];

const FOREIGN: &[Form] = &[
    &[
        "CREATE FOREIGN DATA WRAPPER app_wrapper OPTIONS (debug 'on')",
        "CREATE SERVER app_server FOREIGN DATA WRAPPER app_wrapper OPTIONS (host 'a')",
        "CREATE FOREIGN TABLE app.remote (id integer NOT NULL, note text) SERVER app_server OPTIONS (name 'r')",
    ],
    &[
        "CREATE FOREIGN DATA WRAPPER app_wrapper",
        "CREATE SERVER app_server TYPE 'x' VERSION '2' FOREIGN DATA WRAPPER app_wrapper OPTIONS (port '1')",
        "CREATE FOREIGN TABLE app.remote (id bigint OPTIONS (key 'true'), added date DEFAULT '2020-01-01')
             SERVER app_server",
        "GRANT USAGE ON FOREIGN SERVER app_server TO djogi_reader",
    ],
    &[
        "CREATE FOREIGN DATA WRAPPER app_wrapper",
        "CREATE SERVER app_server FOREIGN DATA WRAPPER app_wrapper",
        "CREATE USER MAPPING FOR djogi_reader SERVER app_server",
        "CREATE TABLE app.remote (id integer PRIMARY KEY, note text)",
    ],
];

const PUBLICATIONS: &[Form] = &[
    &[
        "CREATE TABLE app.published (id integer PRIMARY KEY, a text, b text)",
        "CREATE PUBLICATION app_changes FOR TABLE app.published (id, a) WITH (publish = 'insert')",
    ],
    &[
        "CREATE TABLE app.published (id bigint PRIMARY KEY, a text, c date)",
        "CREATE PUBLICATION app_changes FOR TABLE app.published WHERE (id > 10)",
    ],
    &["CREATE TABLE app.published (a text)", "CREATE PUBLICATION app_changes FOR TABLES IN SCHEMA app"],
];

const EVENT_TRIGGERS: &[Form] = &[
    &[
        "CREATE FUNCTION app.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "CREATE EVENT TRIGGER app_watch ON ddl_command_end WHEN TAG IN ('CREATE SERVER') EXECUTE FUNCTION app.watch()",
    ],
    &[
        "CREATE FUNCTION app.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN NULL; END'",
        "CREATE EVENT TRIGGER app_watch ON sql_drop EXECUTE FUNCTION app.watch()",
        "COMMENT ON EVENT TRIGGER app_watch IS 'sees what goes'",
    ],
];

const OPERATORS: &[Form] = &[
    &[
        "CREATE FUNCTION app.near(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) < 2'",
        "CREATE OPERATOR app.=~= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = app.near)",
    ],
    &[
        "CREATE FUNCTION app.near(integer, integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) < 3'",
        "CREATE OPERATOR app.=~= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = app.near, COMMUTATOR = OPERATOR(app.=~=))",
        "CREATE VIEW app.nearby AS SELECT 1 OPERATOR(app.=~=) 2 AS is_near",
    ],
];

const OPERATOR_CLASSES: &[Form] = &[
    &[
        "CREATE OPERATOR CLASS app.backwards FOR TYPE integer USING btree AS
             OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 app.compare(integer, integer)",
        "CREATE FUNCTION app.compare(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($2, $1)'",
    ],
    &[
        "CREATE OPERATOR CLASS app.backwards FOR TYPE integer USING btree AS
             OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 app.compare(integer, integer)",
        "CREATE FUNCTION app.compare(integer, integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT btint4cmp($2, $1)'",
        "CREATE TABLE app.ordered (a integer)",
        "CREATE INDEX ordered_a ON app.ordered (a app.backwards)",
    ],
    &["CREATE OPERATOR FAMILY app.backwards USING btree"],
];

const CASTS: &[Form] = &[
    &[
        "CREATE TYPE app.pair AS (a integer, b integer)",
        "CREATE FUNCTION app.pair_to_text(app.pair) RETURNS text LANGUAGE sql AS 'SELECT ($1).a::text'",
        "CREATE CAST (app.pair AS text) WITH FUNCTION app.pair_to_text(app.pair) AS ASSIGNMENT",
    ],
    &[
        "CREATE TYPE app.pair AS (a integer, c text)",
        "CREATE CAST (app.pair AS text) WITH INOUT",
        "COMMENT ON CAST (app.pair AS text) IS 'as it is'",
    ],
];

const TEXT_SEARCH: &[Form] = &[
    &[
        "CREATE TEXT SEARCH DICTIONARY app.words (TEMPLATE = simple, stopwords = english)",
        "CREATE TEXT SEARCH CONFIGURATION app.search (PARSER = default)",
        "ALTER TEXT SEARCH CONFIGURATION app.search ADD MAPPING FOR word, asciiword WITH app.words, simple",
    ],
    &[
        "CREATE TEXT SEARCH DICTIONARY app.words (TEMPLATE = snowball, language = german)",
        "CREATE TEXT SEARCH CONFIGURATION app.search (COPY = english)",
        "CREATE TABLE app.texts (body text)",
        "CREATE INDEX texts_body ON app.texts USING gin (to_tsvector('app.search', body))",
    ],
];

const TEMPORAL: &[Form] = &[
    &[
        "CREATE TABLE app.stays (room int4range, during daterange, PRIMARY KEY (room, during WITHOUT OVERLAPS))",
        "CREATE TABLE app.guests (room int4range, during daterange,
             FOREIGN KEY (room, PERIOD during) REFERENCES app.stays (room, PERIOD during))",
    ],
    &["CREATE TABLE app.stays (room int4range, during daterange,
           CONSTRAINT one_stay UNIQUE (room, during WITHOUT OVERLAPS))"],
    &["CREATE TABLE app.stays (room int4range NOT NULL, during daterange NOT NULL,
           EXCLUDE USING gist (room WITH =, during WITH &&) WHERE (NOT isempty(during)))"],
];

const CONSTRAINTS: &[Form] = &[
    &["CREATE TABLE app.checked (a integer CONSTRAINT a_is_there NOT NULL, b integer CHECK (b > 0) NOT ENFORCED)"],
    &[
        "CREATE TABLE app.checked (a integer PRIMARY KEY, b integer CHECK (b > 0), c integer GENERATED ALWAYS AS (a + 1))",
        "ALTER TABLE app.checked ADD CONSTRAINT not_yet CHECK (a < 100) NOT VALID",
    ],
    &[
        "CREATE TABLE app.checked (a integer NOT NULL UNIQUE NULLS NOT DISTINCT, b integer UNIQUE DEFERRABLE INITIALLY DEFERRED)",
        "ALTER TABLE app.checked ADD CONSTRAINT to_itself FOREIGN KEY (b) REFERENCES app.checked (a) ON DELETE CASCADE
             DEFERRABLE NOT VALID",
    ],
];

const SEQUENCES: &[Form] = &[
    &["CREATE SEQUENCE app.numbers AS integer START 5 INCREMENT 5 MAXVALUE 1000"],
    &[
        "CREATE SEQUENCE app.numbers AS smallint MINVALUE -5 START -1 INCREMENT -1 CYCLE",
        "CREATE TABLE app.numbered (id integer GENERATED ALWAYS AS IDENTITY, other integer DEFAULT nextval('app.numbers'))",
    ],
    &[
        "CREATE TABLE app.numbered (id bigint GENERATED BY DEFAULT AS IDENTITY (START 100 CACHE 10), other integer)",
        "CREATE SEQUENCE app.numbers OWNED BY app.numbered.other",
    ],
];

const RULES: &[Form] = &[
    &[
        "CREATE TABLE app.ruled (a integer)",
        "CREATE RULE no_delete AS ON DELETE TO app.ruled DO INSTEAD NOTHING",
    ],
    &[
        "CREATE TABLE app.ruled (a integer, b text)",
        "CREATE RULE no_delete AS ON DELETE TO app.ruled DO ALSO NOTIFY gone",
        "ALTER TABLE app.ruled ENABLE ALWAYS RULE no_delete",
        "ALTER TABLE app.ruled ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY mine ON app.ruled FOR SELECT TO djogi_reader USING (b = current_user)",
    ],
];

const STATISTICS: &[Form] = &[
    &[
        "CREATE TABLE app.measured (a integer, b integer)",
        "CREATE STATISTICS app.jointly (dependencies, ndistinct) ON a, b FROM app.measured",
    ],
    &[
        "CREATE TABLE app.measured (a bigint, b integer)",
        "CREATE STATISTICS app.jointly ON a, (b / 2) FROM app.measured",
        "ALTER STATISTICS app.jointly SET STATISTICS 400",
    ],
];

const VIEWS: &[Form] = &[
    &[
        "CREATE TABLE app.viewed (a integer, b text)",
        "CREATE VIEW app.lower WITH (security_invoker = true) AS SELECT a, b FROM app.viewed",
        "CREATE MATERIALIZED VIEW app.upper AS SELECT a, count(*) AS n FROM app.lower GROUP BY a",
        "CREATE UNIQUE INDEX upper_a ON app.upper (a)",
    ],
    &[
        "CREATE TABLE app.viewed (a bigint, b text, c date)",
        "CREATE VIEW app.lower AS SELECT a, b, c FROM app.viewed WHERE a > 0 WITH LOCAL CHECK OPTION",
        "CREATE MATERIALIZED VIEW app.upper AS SELECT a, c FROM app.lower",
        "CREATE VIEW app.top AS SELECT * FROM app.upper",
        "GRANT SELECT ON app.top TO djogi_reader",
    ],
    &[
        "CREATE TABLE app.viewed (b text, a integer)",
        "CREATE MATERIALIZED VIEW app.lower AS SELECT a FROM app.viewed WITH NO DATA",
    ],
];

const COLUMN_PROPERTIES: &[Form] = &[
    &[
        "CREATE TABLE app.stored (a text STORAGE EXTERNAL, b text COMPRESSION pglz, c integer) WITH (fillfactor = 60)",
        "ALTER TABLE app.stored ALTER c SET STATISTICS 300",
    ],
    &[
        "CREATE UNLOGGED TABLE app.stored (a varchar(20) COLLATE \"C\", b text, c bigint)",
        "ALTER TABLE app.stored REPLICA IDENTITY FULL",
        "COMMENT ON COLUMN app.stored.a IS 'short'",
    ],
];

#[derive(Clone, Debug)]
pub(super) struct Variants(Vec<Option<u8>>);

impl Variants {
    pub(super) fn any() -> impl Strategy<Value = Self> {
        // A few at a time: what meets is what is to be found, and each costs time.
        prop::collection::vec(prop::option::weighted(0.3, any::<u8>()), FORMS.len()).prop_map(Self)
    }

    pub(super) fn write(&self, out: &mut Vec<String>) {
        for (forms, wish) in FORMS.iter().zip(&self.0) {
            if let Some(wish) = wish {
                let form = forms[usize::from(*wish) % forms.len()];
                out.extend(form.iter().map(|&statement| statement.to_owned()));
            }
        }
    }
}
