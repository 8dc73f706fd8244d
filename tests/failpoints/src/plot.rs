//! What the disturbed runs are to do.

/// A beginning, and the command that is disturbed on its way to the end.
#[derive(Debug)]
pub struct Plot {
    pub name: &'static str,
    /// Declared and applied before; nothing was ever applied when empty.
    pub before: &'static str,
    /// Done by hand after that.
    pub by_hand: &'static str,
    /// Declared when the run begins.
    pub after: &'static str,
    /// Old and new addresses in `after`.
    pub renames: &'static [(&'static str, &'static str)],
    /// Where an earlier run of the command has died.
    pub dies_at: Option<&'static str>,
    /// Commands that come before the disturbed one.
    pub prelude: &'static [&'static [&'static str]],
    /// The disturbed command.
    pub command: &'static [&'static str],
    /// What brings a disturbed run to its end: each at most twice.
    pub again: &'static [&'static [&'static str]],
    /// A plan file that `command` writes.
    pub plan_file: Option<&'static str>,
}

const APPLY: &[&str] = &["apply", "--auto-approve"];
const ONLINE: &[&str] = &["apply", "--auto-approve", "--online", "always"];
const REFRESH: &[&str] = &["refresh"];
const IMPORT: &[&str] = &["import", "table.main.public.more"];

/// The plot with this name.
pub fn plot(name: &str) -> &'static Plot {
    PLOTS.iter().find(|plot| plot.name == name).unwrap_or_else(|| panic!("there is no plot {name}"))
}

/// Every plot of the matrix.
pub const PLOTS: &[Plot] = &[
    Plot {
        name: "first",
        before: "",
        by_hand: FOREIGN,
        after: BEFORE,
        renames: &[],
        dies_at: None,
        prelude: &[],
        command: APPLY,
        again: &[APPLY],
        plan_file: None,
    },
    Plot {
        name: "change",
        before: BEFORE,
        by_hand: FOREIGN_AND_DATA,
        after: AFTER,
        renames: RENAMES,
        dies_at: None,
        prelude: &[],
        command: APPLY,
        again: &[APPLY],
        plan_file: None,
    },
    Plot {
        name: "online",
        before: BEFORE,
        by_hand: FOREIGN_AND_DATA,
        after: AFTER,
        renames: RENAMES,
        dies_at: None,
        prelude: &[],
        command: ONLINE,
        again: &[ONLINE],
        plan_file: None,
    },
    Plot {
        name: "recover",
        before: BEFORE,
        by_hand: FOREIGN_AND_DATA,
        after: AFTER,
        renames: RENAMES,
        dies_at: Some("group.after_commit=kill@2"),
        prelude: &[],
        command: APPLY,
        again: &[APPLY],
        plan_file: None,
    },
    Plot {
        name: "recover online",
        before: BEFORE,
        by_hand: FOREIGN_AND_DATA,
        after: AFTER,
        renames: RENAMES,
        dies_at: Some("concurrent.before_op_row=kill"),
        prelude: &[],
        command: ONLINE,
        again: &[ONLINE],
        plan_file: None,
    },
    Plot {
        name: "save",
        before: BEFORE,
        by_hand: FOREIGN_AND_DATA,
        after: AFTER,
        renames: RENAMES,
        dies_at: None,
        prelude: &[],
        command: &["plan", "--out", "saved.plan"],
        again: &[APPLY],
        plan_file: Some("saved.plan"),
    },
    Plot {
        name: "saved",
        before: BEFORE,
        by_hand: FOREIGN_AND_DATA,
        after: AFTER,
        renames: RENAMES,
        dies_at: None,
        prelude: &[&["plan", "--out", "saved.plan"]],
        command: &["apply", "saved.plan"],
        again: &[APPLY],
        plan_file: None,
    },
    Plot {
        name: "refresh",
        before: BEFORE,
        by_hand: DRIFT,
        after: BEFORE,
        renames: &[],
        dies_at: None,
        prelude: &[],
        command: REFRESH,
        again: &[REFRESH, APPLY],
        plan_file: None,
    },
    Plot {
        name: "import",
        before: BEFORE,
        by_hand: FOREIGN_AND_MORE,
        after: WITH_MORE,
        renames: &[],
        dies_at: None,
        prelude: &[],
        command: IMPORT,
        again: &[IMPORT, APPLY],
        plan_file: None,
    },
];

/// Sixty objects, a third of them indexes that are built concurrently.
pub const CROWD: Plot = Plot {
    name: "crowd",
    before: "",
    by_hand: FOREIGN,
    after: CROWDED,
    renames: &[],
    dies_at: None,
    prelude: &[],
    command: ONLINE,
    again: &[ONLINE],
    plan_file: None,
};

/// The same in one transaction.
pub const CROWD_AT_ONCE: Plot = Plot { name: "crowd at once", command: APPLY, again: &[APPLY], ..CROWD };

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

const BEFORE: &str = before!();

/// `BEFORE` with a label more, two renames, new and changed columns, constraints and indexes, and two drops.
const AFTER: &str = "
    CREATE TYPE mood AS ENUM ('low', 'middle', 'high');
    CREATE TABLE customer (id integer PRIMARY KEY, full_name text NOT NULL, mood mood NOT NULL DEFAULT 'low',
        email text CONSTRAINT customer_email_key UNIQUE);
    CREATE TABLE goods (id integer PRIMARY KEY, price bigint, label text NOT NULL, weight numeric(8,2) DEFAULT 1,
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

const RENAMES: &[(&str, &str)] = &[
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

const FOREIGN: &str = foreign!();

const FOREIGN_AND_DATA: &str = concat!(foreign!(), data!());

const DRIFT: &str = concat!(
    foreign!(),
    data!(),
    "ALTER TABLE goods ALTER price SET DEFAULT 5; DROP INDEX goods_label; COMMENT ON TABLE goods IS 'changed';"
);

macro_rules! more {
    () => {
        "CREATE TABLE more (id integer PRIMARY KEY, x text);"
    };
}

const FOREIGN_AND_MORE: &str = concat!(foreign!(), data!(), more!());

const WITH_MORE: &str = concat!(before!(), more!());

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

const CROWDED: &str = concat!(
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
