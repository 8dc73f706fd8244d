//! Partitioned tables, partitions, and tables that inherit.

use e2e::{Project, Server, on_each_server};

/// A project of one SQL file, in which a table and its parents are read together.
fn project(server: &'static Server) -> Project {
    let mut project = Project::new(server);
    project.set_target("destructive = \"allow\"");
    project.configure("[sql]\nfiles = [\"schema.sql\"]\n");
    project.set_variable("SCRATCH_URL", &server.url("postgres"));
    project
}

#[track_caller]
fn run(project: &Project, arguments: &[&str]) -> e2e::Output {
    project.run(&[&["--scratch-url", "env:SCRATCH_URL"], arguments].concat()).ok()
}

/// Brings the database to what `ddl` makes, in one apply.
#[track_caller]
fn becomes(project: &Project, ddl: &str) {
    project.write("schema.sql", ddl);
    run(project, &["apply", "--auto-approve"]);
    run(project, &["plan", "--detailed-exitcode"]).says(&["Nothing to do."]);
    project.matches(ddl);
}

/// Goes through `states` and back, on each server.
#[track_caller]
fn passes(states: &[&str]) {
    on_each_server(|server| {
        let project = project(server);
        for state in states.iter().chain(states.iter().rev().skip(1)) {
            becomes(&project, &format!("CREATE TABLE stays (); {state}"));
        }
    });
}

/// As [`passes`], and an empty database at both ends.
#[track_caller]
fn comes_and_goes(states: &[&str]) {
    let all: Vec<&str> = std::iter::once("").chain(states.iter().copied()).collect();
    passes(&all);
}

const EVENTS: &str = "CREATE TABLE events (id integer NOT NULL, at date NOT NULL, note text DEFAULT 'n') PARTITION BY RANGE (at);
     CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
     CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');";

#[test]
fn partitions_come_and_go_with_all_that_they_share() {
    comes_and_goes(&[
        EVENTS,
        &format!(
            "{EVENTS}
             CREATE TABLE events_rest PARTITION OF events DEFAULT;
             ALTER TABLE events ADD CONSTRAINT events_key PRIMARY KEY (id, at);
             ALTER TABLE events ADD CONSTRAINT positive CHECK (id > 0);
             CREATE INDEX events_note ON events (note);
             CREATE INDEX events_2_local ON events_2 (id);"
        ),
        "CREATE TABLE events (id bigint NOT NULL, at date NOT NULL, note text DEFAULT 'm', more integer DEFAULT 7)
             PARTITION BY RANGE (at);
         CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
         CREATE TABLE events_3 PARTITION OF events (note DEFAULT 'own', more NOT NULL)
             FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
         CREATE INDEX events_note ON events (more, note);",
    ]);
}

#[test]
fn a_partition_leaves_and_joins_with_its_rows() {
    on_each_server(|server| {
        let project = project(server);
        let alone = "CREATE TABLE stays ();
             CREATE TABLE events (id integer NOT NULL, at date NOT NULL, note text DEFAULT 'n') PARTITION BY RANGE (at);
             CREATE INDEX events_id ON events (id);
             CREATE TABLE events_1 (id integer NOT NULL, at date NOT NULL, note text DEFAULT 'n');
             CREATE INDEX events_1_id_idx ON events_1 (id);";
        let joined = "CREATE TABLE stays ();
             CREATE TABLE events (id integer NOT NULL, at date NOT NULL, note text DEFAULT 'n') PARTITION BY RANGE (at);
             CREATE INDEX events_id ON events (id);
             CREATE TABLE events_1 (id integer NOT NULL, at date NOT NULL, note text DEFAULT 'n');
             CREATE INDEX events_1_id_idx ON events_1 (id);
             ALTER TABLE events ATTACH PARTITION events_1 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');";
        let moved = joined.replace("'2024-01-01'", "'2023-01-01'");
        becomes(&project, alone);
        project.database().run("INSERT INTO events_1 VALUES (1, '2024-06-01')");
        for state in [joined, &moved, alone, joined] {
            becomes(&project, state);
        }
        let rows: i64 =
            project.database().connect().query_one("SELECT count(*) FROM events", &[]).unwrap().get(0);
        assert_eq!(rows, 1);
    });
}

#[test]
fn every_strategy_is_known_down_to_partitions_of_partitions() {
    comes_and_goes(&[
        "CREATE TABLE l (a text, b integer, c integer) PARTITION BY LIST (lower(a) COLLATE \"C\" text_pattern_ops);
         CREATE TABLE l_1 PARTITION OF l FOR VALUES IN ('a', 'b') PARTITION BY HASH (b);
         CREATE TABLE l_1_0 PARTITION OF l_1 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE l_1_1 PARTITION OF l_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         CREATE TABLE l_rest PARTITION OF l DEFAULT;
         CREATE INDEX l_b ON l (b);",
        "CREATE TABLE l (a text, b integer, c integer) PARTITION BY LIST (lower(a) COLLATE \"C\" text_pattern_ops);
         CREATE TABLE l_1 PARTITION OF l FOR VALUES IN ('a', 'b', 'c') PARTITION BY HASH (b);
         CREATE TABLE l_1_0 PARTITION OF l_1 FOR VALUES WITH (MODULUS 4, REMAINDER 0);
         CREATE TABLE l_1_1 PARTITION OF l_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         CREATE TABLE l_1_2 PARTITION OF l_1 FOR VALUES WITH (MODULUS 4, REMAINDER 2);
         CREATE TABLE l_other PARTITION OF l DEFAULT;
         CREATE INDEX l_b ON l (b, c);",
    ]);
}

#[test]
fn a_table_becomes_a_partitioned_one_and_gets_another_key() {
    passes(&[
        "CREATE TABLE t (id serial, a integer NOT NULL, b integer NOT NULL);
         CREATE TABLE u (id integer PRIMARY KEY); CREATE INDEX t_a ON t (a);
         CREATE VIEW v AS SELECT a FROM t;",
        "CREATE TABLE t (id serial, a integer NOT NULL, b integer NOT NULL) PARTITION BY LIST (a);
         CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
         CREATE TABLE u (id integer PRIMARY KEY); CREATE INDEX t_a ON t (a);
         CREATE VIEW v AS SELECT a FROM t;",
        "CREATE TABLE t (id serial, a integer NOT NULL, b integer NOT NULL) PARTITION BY LIST (b);
         CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
         CREATE TABLE u (id integer PRIMARY KEY); CREATE INDEX t_a ON t (a);
         CREATE VIEW v AS SELECT a FROM t;",
    ]);
}

#[test]
fn foreign_keys_lead_from_and_to_partitioned_tables() {
    comes_and_goes(&[
        "CREATE TABLE p (id integer PRIMARY KEY) PARTITION BY HASH (id);
         CREATE TABLE p_0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE p_1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         CREATE TABLE c (id integer NOT NULL, p integer) PARTITION BY LIST (id);
         CREATE TABLE c_1 PARTITION OF c FOR VALUES IN (1);",
        "CREATE TABLE p (id integer PRIMARY KEY) PARTITION BY HASH (id);
         CREATE TABLE p_0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE p_1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         CREATE TABLE c (id integer NOT NULL, p integer REFERENCES p ON DELETE CASCADE) PARTITION BY LIST (id);
         CREATE TABLE c_1 PARTITION OF c FOR VALUES IN (1);
         CREATE TABLE c_2 PARTITION OF c FOR VALUES IN (2);",
    ]);
}

#[test]
fn triggers_rules_policies_and_statistics_stand_on_partitions_too() {
    const TABLES: &str = "CREATE TABLE t (a integer, b integer) PARTITION BY LIST (a);
         CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
         CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';";
    comes_and_goes(&[
        TABLES,
        &format!(
            "{TABLES}
             CREATE TRIGGER of_all BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
             CREATE TRIGGER of_one BEFORE UPDATE ON t_1 FOR EACH ROW EXECUTE FUNCTION f();
             CREATE RULE quiet AS ON DELETE TO t_1 DO INSTEAD NOTHING;
             ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER TABLE t_1 FORCE ROW LEVEL SECURITY;
             CREATE POLICY of_all ON t USING (a > 0); CREATE POLICY of_one ON t_1 USING (b > 0);
             CREATE STATISTICS t_ab ON a, b FROM t;
             COMMENT ON TABLE t_1 IS 'one'; COMMENT ON COLUMN t_1.b IS 'b of one';
             ALTER TABLE t_1 REPLICA IDENTITY FULL; ALTER TABLE t_1 SET (fillfactor = 70);"
        ),
    ]);
}

#[test]
fn an_index_takes_in_what_partitions_have_already() {
    const TABLES: &str = "CREATE TABLE t (a integer NOT NULL, b integer) PARTITION BY LIST (a);
         CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
         CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2);";
    comes_and_goes(&[
        &format!("{TABLES} CREATE INDEX mine ON t_1 (b);"),
        &format!(
            "{TABLES} CREATE INDEX mine ON t_1 (b); CREATE INDEX t_b ON ONLY t (b); ALTER INDEX t_b ATTACH PARTITION mine;"
        ),
        &format!(
            "{TABLES} CREATE INDEX mine ON t_1 (b); CREATE INDEX t_b ON ONLY t (b); ALTER INDEX t_b ATTACH PARTITION mine;
             CREATE INDEX yours ON t_2 (b); ALTER INDEX t_b ATTACH PARTITION yours;"
        ),
        &format!("{TABLES} CREATE INDEX t_b ON t (b);"),
    ]);
}

#[test]
fn tables_inherit_from_several_parents() {
    comes_and_goes(&[
        "CREATE TABLE a (id integer NOT NULL, name text DEFAULT 'a', CONSTRAINT positive CHECK (id > 0));
         CREATE TABLE b (at date);
         CREATE TABLE c (own integer) INHERITS (a, b);",
        "CREATE TABLE a (id bigint NOT NULL, name text DEFAULT 'b', more integer);
         CREATE TABLE b (at date, CONSTRAINT late CHECK (at > '2000-01-01'));
         CREATE TABLE c (own integer NOT NULL) INHERITS (a, b);
         CREATE TABLE d () INHERITS (c);",
    ]);
}

#[test]
fn existing_families_are_taken_over() {
    let ddl = "CREATE TABLE t (a integer NOT NULL, b text DEFAULT 'x', UNIQUE (a, b)) PARTITION BY RANGE (a);
         CREATE TABLE t_1 PARTITION OF t (b NOT NULL) FOR VALUES FROM (1) TO (10) PARTITION BY LIST (b);
         CREATE TABLE t_1_x PARTITION OF t_1 (b DEFAULT 'y') FOR VALUES IN ('x');
         CREATE TABLE t_2 (b text DEFAULT 'x', a integer NOT NULL);
         ALTER TABLE t ATTACH PARTITION t_2 FOR VALUES FROM (MINVALUE) TO (1);
         CREATE INDEX t_lower ON t (lower(b));
         CREATE TABLE c (LIKE t) ; CREATE TABLE d (more integer) INHERITS (c);";
    on_each_server(|server| {
        let project = project(server);
        project.database().run(ddl);
        project.write("schema.sql", ddl);
        run(&project, &["import", "--all"]);
        run(&project, &["plan", "--detailed-exitcode"]).says(&["Nothing to do."]);
        project.matches(ddl);
    });
}

#[test]
fn a_family_follows_its_partitioned_table_into_another_schema() {
    on_each_server(|server| {
        let mut project = project(server).managing(&["public", "archive"]);
        let ddl = |schema: &str| {
            format!(
                "CREATE SCHEMA archive;
                 CREATE TABLE {schema}.t (a integer NOT NULL, b text, PRIMARY KEY (a)) PARTITION BY LIST (a);
                 CREATE TABLE public.t_1 PARTITION OF {schema}.t FOR VALUES IN (1);
                 CREATE INDEX t_b ON {schema}.t (b);"
            )
        };
        project.write("schema.sql", &ddl("public"));
        run(&project, &["apply", "--auto-approve"]);
        project.database().run("INSERT INTO t VALUES (1, 'x')");
        let indexes =
            "SELECT relname, oid::text FROM pg_class WHERE relname IN ('t_b', 't_1_b_idx') ORDER BY 1";
        let before = project.database().rows(indexes);
        project.write("schema.sql", &ddl("archive"));
        project.configure_more("[[moved]]\nfrom = \"table.main.public.t\"\nto = \"table.main.archive.t\"");
        run(&project, &["apply", "--auto-approve"]);
        // The state learns the new place of an index with the next apply, which has nothing else to do.
        run(&project, &["apply", "--auto-approve"]);
        run(&project, &["plan", "--detailed-exitcode"]).says(&["Nothing to do."]);
        assert_eq!(project.database().rows(indexes), before);
        assert_eq!(project.database().rows("SELECT b FROM archive.t"), [["x"]]);
    });
}

/// PostgreSQL lets no partition go whose rows are referred to.
#[test]
fn a_partition_with_rows_that_are_referred_to_leaves_for_a_while() {
    let ddl = |own: &str| {
        format!(
            "CREATE TABLE t (a integer, b text NOT NULL, PRIMARY KEY (a)) PARTITION BY LIST (a);
             CREATE TABLE t_1 PARTITION OF t{own} FOR VALUES IN (1);
             CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2);
             CREATE TABLE u (a integer REFERENCES t);"
        )
    };
    on_each_server(|server| {
        let project = project(server);
        becomes(&project, &ddl(" (b CONSTRAINT own NOT NULL)"));
        project.database().run("INSERT INTO t VALUES (1, 'x'), (2, 'y'); INSERT INTO u VALUES (1), (2)");
        becomes(&project, &ddl(""));
        becomes(&project, &ddl(" (b CONSTRAINT own NOT NULL)"));
        assert_eq!(project.database().rows("SELECT a FROM u JOIN t USING (a) ORDER BY a"), [["1"], ["2"]]);
    });
}

/// Whether a column is a table's own besides its parents' is changed by leaving and joining them, or by nothing.
#[test]
fn what_a_table_has_for_itself_becomes_so_or_is_named() {
    on_each_server(|server| {
        let project = project(server);
        let inheriting = |columns: &str| {
            format!(
                "CREATE TABLE p (a integer, b integer); CREATE TABLE c ({columns}) INHERITS (p);
                 CREATE TABLE stays ();"
            )
        };
        becomes(&project, &inheriting(""));
        project.database().run("INSERT INTO c VALUES (1, 2)");
        becomes(&project, &inheriting("a integer, b integer"));
        for columns in ["", "a integer"] {
            project.write("schema.sql", &inheriting(columns));
            run(&project, &["apply", "--auto-approve"]);
            run(&project, &["plan", "--detailed-exitcode"]).says(&[
                "Nothing to do.",
                "inherited_otherwise",
                "column b is its own as well, and is declared as its parents' alone",
            ]);
        }
        assert_eq!(project.database().rows("SELECT a, b FROM p"), [["1", "2"]]);
    });
}

#[test]
fn what_a_plan_does_to_partitions_is_told_with_its_reason() {
    on_each_server(|server| {
        let project = project(server);
        let partitioned = |key: &str, more: &str| {
            format!(
                "CREATE TABLE t (a integer NOT NULL, b integer) PARTITION BY {key};
                 CREATE TABLE t_rest PARTITION OF t DEFAULT; {more}"
            )
        };
        becomes(&project, &partitioned("LIST (a)", ""));
        project.database().run("INSERT INTO t VALUES (1)");
        project.write(
            "schema.sql",
            &partitioned("LIST (a)", "CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1)"),
        );
        run(&project, &["plan"]).says(&["fails if public.t_rest, the default partition, holds a row of it"]);
        project.write("schema.sql", &partitioned("RANGE (a)", ""));
        run(&project, &["plan"]).says(&["PostgreSQL gives a partitioned table no other partition key"]);
        project.write("schema.sql", &partitioned("LIST (a)", "").replace("a integer", "a bigint"));
        run(&project, &["plan"]).says(&["PostgreSQL gives no other type to a column of the partition key"]);
    });
}

#[test]
fn what_only_the_partitioned_table_has_gets_its_parts_and_loses_them() {
    let state = |more: &str| {
        format!(
            "CREATE TABLE t (a integer NOT NULL, b integer) PARTITION BY LIST (a);
             CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
             CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2); {more}"
        )
    };
    passes(&[
        &state("ALTER TABLE ONLY t ADD CONSTRAINT k UNIQUE (a); CREATE INDEX i ON ONLY t (b);"),
        &state("ALTER TABLE t ADD CONSTRAINT k UNIQUE (a); CREATE INDEX i ON t (b);"),
        &state(
            "ALTER TABLE t ADD CONSTRAINT c CHECK (b > 0) NOT VALID; ALTER TABLE t_1 VALIDATE CONSTRAINT c;",
        ),
        &state("ALTER TABLE t ADD CONSTRAINT c CHECK (b > 0) NOT VALID;"),
    ]);
}
