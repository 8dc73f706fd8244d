//! What the plots declare, and what others have in the database.

/// Eight tables with what tables have.
macro_rules! before {
    () => {
        "
    CREATE TYPE mood AS ENUM ('low', 'high');
    CREATE TABLE customer (id integer PRIMARY KEY, name text NOT NULL, mood mood NOT NULL DEFAULT 'low');
    CREATE TABLE goods (id integer PRIMARY KEY, price integer, label text, CHECK (price > 0));
    CREATE TABLE stock (goods integer PRIMARY KEY REFERENCES goods, amount integer NOT NULL DEFAULT 0);
    CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer integer REFERENCES customer);
    CREATE TABLE line (orders bigint REFERENCES orders, goods integer REFERENCES goods, amount integer,
        PRIMARY KEY (orders, goods));
    CREATE TABLE ledger (id integer PRIMARY KEY, note text);
    CREATE TABLE obsolete (id integer PRIMARY KEY, x text);
    CREATE TABLE log (id integer, said text, extra text);
    CREATE INDEX goods_label ON goods (label);
    CREATE INDEX log_said ON log (lower(said)) WHERE id > 0;
    CREATE INDEX log_id ON log (id);
    CREATE INDEX log_extra ON log (id, extra);
    COMMENT ON TABLE goods IS 'what is sold';"
    };
}

pub(super) const BEFORE: &str = before!();

/// `BEFORE` with a label more, two renames, new and changed columns, constraints and indexes, and two drops.
pub(super) const AFTER: &str = "
    CREATE TYPE mood AS ENUM ('low', 'middle', 'high');
    CREATE TABLE customer (id integer PRIMARY KEY, full_name text NOT NULL, mood mood NOT NULL DEFAULT 'low',
        email text CONSTRAINT customer_email_key UNIQUE);
    CREATE TABLE goods (id integer PRIMARY KEY, price integer, label text NOT NULL, weight numeric(8,2) DEFAULT 1,
        CHECK (price > 0), CONSTRAINT goods_weight CHECK (weight > 0));
    CREATE TABLE stock (goods integer PRIMARY KEY REFERENCES goods ON DELETE CASCADE,
        amount integer NOT NULL DEFAULT 0);
    CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer integer REFERENCES customer,
        placed timestamptz NOT NULL DEFAULT now());
    CREATE TABLE line (orders bigint REFERENCES orders, goods integer REFERENCES goods, amount bigint,
        PRIMARY KEY (orders, goods));
    CREATE TABLE journal (id integer PRIMARY KEY, note text);
    CREATE TABLE log (id integer, said text);
    CREATE TABLE part (id integer PRIMARY KEY, goods integer REFERENCES goods);
    CREATE INDEX goods_label ON goods (label);
    CREATE INDEX goods_price ON goods (price) WHERE price > 10;
    CREATE INDEX log_said ON log (lower(said)) WHERE id > 0;
    CREATE INDEX log_id ON log (id, said);
    CREATE INDEX part_goods ON part (goods);
    COMMENT ON TABLE goods IS 'what is for sale';";

pub(super) const RENAMES: &[(&str, &str)] = &[
    ("table.main.public.ledger", "table.main.public.journal"),
    ("column.main.public.customer.name", "column.main.public.customer.full_name"),
];

/// Objects that djogi does not manage, with something in them.
macro_rules! foreign {
    () => {
        "CREATE SCHEMA theirs;
         CREATE TABLE theirs.thing (id integer PRIMARY KEY, x text);
         INSERT INTO theirs.thing SELECT n, 'x' || n FROM generate_series(1, 50) AS n;
         CREATE FUNCTION theirs.f() RETURNS integer LANGUAGE sql AS 'SELECT 1';
         CREATE TABLE public.not_ours (id integer PRIMARY KEY, x text CHECK (x <> ''));
         INSERT INTO public.not_ours SELECT n, 'x' || n FROM generate_series(1, 50) AS n;
         CREATE INDEX not_ours_x ON public.not_ours (x);
         CREATE VIEW public.not_our_view AS SELECT id FROM public.not_ours;"
    };
}

/// Tables with many rows are worked on in groups of their own.
macro_rules! data {
    () => {
        "INSERT INTO customer SELECT n, 'name ' || n FROM generate_series(1, 100) AS n;
         INSERT INTO goods SELECT n, n, 'label ' || n FROM generate_series(1, 12000) AS n;
         INSERT INTO stock SELECT n, n FROM generate_series(1, 100) AS n;
         INSERT INTO orders (customer) SELECT n FROM generate_series(1, 100) AS n;
         INSERT INTO line SELECT n, n, n FROM generate_series(1, 100) AS n;
         INSERT INTO ledger SELECT n, 'note' FROM generate_series(1, 100) AS n;
         INSERT INTO log SELECT n, 'said' FROM generate_series(1, 12000) AS n;
         ANALYZE;"
    };
}

pub(super) const FOREIGN: &str = foreign!();

pub(super) const FOREIGN_AND_DATA: &str = concat!(foreign!(), data!());

pub(super) const DRIFT: &str = concat!(
    foreign!(),
    data!(),
    "ALTER TABLE goods ALTER price SET DEFAULT 5; DROP INDEX goods_label; COMMENT ON TABLE goods IS 'changed';"
);

macro_rules! more {
    () => {
        "CREATE TABLE more (id integer PRIMARY KEY, x text);"
    };
}

pub(super) const FOREIGN_AND_MORE: &str = concat!(foreign!(), data!(), more!());

pub(super) const WITH_MORE: &str = concat!(before!(), more!());

/// A table with a key, a check, a reference to itself, and two indexes.
macro_rules! table {
    ($name:literal) => {
        concat!(
            "CREATE TABLE ",
            $name,
            " (id integer CONSTRAINT ",
            $name,
            "_pk PRIMARY KEY, parent integer,
                x text CONSTRAINT ",
            $name,
            "_x CHECK (x <> ''),
                CONSTRAINT ",
            $name,
            "_parent FOREIGN KEY (parent) REFERENCES ",
            $name,
            ");
             CREATE INDEX ",
            $name,
            "_by_x ON ",
            $name,
            " (x);
             CREATE INDEX ",
            $name,
            "_by_parent ON ",
            $name,
            " (parent, x);"
        )
    };
}

pub(super) const CROWDED: &str = concat!(
    table!("a"),
    table!("b"),
    table!("c"),
    table!("d"),
    table!("e"),
    table!("f"),
    table!("g"),
    table!("h"),
    table!("i"),
    table!("j")
);

/// A table that is worked on concurrently and by nothing else: without and with an index.
macro_rules! bare {
    () => {
        "CREATE TABLE goods (id integer PRIMARY KEY, label text);"
    };
}

pub(super) const BARE: &str = bare!();

pub(super) const INDEXED: &str = concat!(bare!(), "CREATE INDEX goods_label ON goods (label);");

pub(super) const PARTED: &str = concat!(
    bare!(),
    "CREATE TABLE journey (day integer, note text) PARTITION BY RANGE (day);
     CREATE TABLE journey_1 PARTITION OF journey FOR VALUES FROM (0) TO (10);
     CREATE TABLE journey_2 PARTITION OF journey FOR VALUES FROM (10) TO (20);"
);

/// `PARTED`, with a partition less.
pub(super) const PARTED_NO_MORE: &str = concat!(
    bare!(),
    "CREATE TABLE journey (day integer, note text) PARTITION BY RANGE (day);
     CREATE TABLE journey_1 (day integer, note text);
     CREATE TABLE journey_2 PARTITION OF journey FOR VALUES FROM (10) TO (20);"
);

pub(super) const UNIQUE: &str = concat!(bare!(), "CREATE UNIQUE INDEX goods_label ON goods (label);");

macro_rules! labels {
    () => {
        "INSERT INTO goods SELECT n, 'label ' || n FROM generate_series(1, 100) AS n;"
    };
}

pub(super) const FOREIGN_AND_LABELS: &str = concat!(foreign!(), labels!());

/// A label twice, so that a unique index cannot be built.
pub(super) const FOREIGN_AND_A_LABEL_TWICE: &str =
    concat!(foreign!(), labels!(), "UPDATE goods SET label = 'label 2' WHERE id = 1;");

pub(super) const A_LABEL_ONCE: &str = "UPDATE goods SET label = 'label 1' WHERE id = 1;";

/// An index that serves nobody, as a server that lost it to a collation leaves it.
pub(super) const FOREIGN_AND_AN_INVALID_INDEX: &str = concat!(
    foreign!(),
    labels!(),
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'goods_label'::regclass;"
);

/// A table whose partitions somebody else looks after.
pub(super) const FOREIGN_AND_PARTITIONS: &str = concat!(
    foreign!(),
    labels!(),
    "CREATE SCHEMA events;
     CREATE TABLE events.log (day integer) PARTITION BY RANGE (day);
     CREATE TABLE events.old PARTITION OF events.log FOR VALUES FROM (0) TO (10);
     CREATE TABLE events.new PARTITION OF events.log FOR VALUES FROM (10) TO (20);"
);

/// `BARE` and a table that is to go.
pub(super) const WITH_OBSOLETE: &str =
    concat!(bare!(), "CREATE TABLE obsolete (id integer PRIMARY KEY, x text);");

/// A column with an index and constraints, whose type changes beside its writers.
macro_rules! priced {
    ($type:literal) => {
        concat!(
            "CREATE TABLE goods (id integer PRIMARY KEY, price ",
            $type,
            " NOT NULL DEFAULT 1 CONSTRAINT priced CHECK (price > 0)); CREATE INDEX goods_price ON goods (price);"
        )
    };
}

pub(super) const PRICED: &str = priced!("integer");

pub(super) const REPRICED: &str = priced!("bigint");

pub(super) const FOREIGN_AND_PRICES: &str =
    concat!(foreign!(), "INSERT INTO goods SELECT n, n FROM generate_series(1, 3000) AS n; ANALYZE;");
