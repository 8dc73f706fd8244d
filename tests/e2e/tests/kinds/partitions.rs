//! Partitioned tables, partitions, and tables that inherit.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported, passes};

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
        let project = Project::new(server);
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
        project.declare(alone);
        project.apply();
        project.database().run("INSERT INTO events_1 VALUES (1, '2024-06-01')");
        for state in [joined, &moved, alone, joined] {
            project.declare(state);
            project.apply();
            project.is_converged();
            project.matches(state);
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
    is_imported(
        "CREATE TABLE t (a integer NOT NULL, b text DEFAULT 'x', UNIQUE (a, b)) PARTITION BY RANGE (a);
         CREATE TABLE t_1 PARTITION OF t (b NOT NULL) FOR VALUES FROM (1) TO (10) PARTITION BY LIST (b);
         CREATE TABLE t_1_x PARTITION OF t_1 (b DEFAULT 'y') FOR VALUES IN ('x');
         CREATE TABLE t_2 (b text DEFAULT 'x', a integer NOT NULL);
         ALTER TABLE t ATTACH PARTITION t_2 FOR VALUES FROM (MINVALUE) TO (1);
         CREATE INDEX t_lower ON t (lower(b));
         CREATE TABLE c (LIKE t) ; CREATE TABLE d (more integer) INHERITS (c);",
    );
}
