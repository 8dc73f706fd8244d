//! Triggers, rules and policies.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported};

const BASE: &str = "
    CREATE TABLE t (a integer, b text);
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE VIEW v AS SELECT a FROM t;";

fn on_base(states: &[&str]) {
    let states: Vec<String> = states.iter().map(|rest| format!("{BASE}\n{rest}")).collect();
    comes_and_goes(&states.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn triggers_of_all_forms() {
    on_base(&[
        "CREATE TRIGGER one BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();",
        "CREATE TRIGGER one BEFORE INSERT OR UPDATE OF a, b ON t FOR EACH ROW WHEN (NEW.a > 3)
             EXECUTE FUNCTION f('x', 'it''s');
         ALTER TABLE t DISABLE TRIGGER one; COMMENT ON TRIGGER one ON t IS 'c';
         CREATE TRIGGER two AFTER DELETE ON t REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION f();
         CREATE CONSTRAINT TRIGGER three AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
             EXECUTE FUNCTION f();
         CREATE TRIGGER four INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();",
        "CREATE TRIGGER one AFTER TRUNCATE ON t EXECUTE FUNCTION f(); ALTER TABLE t ENABLE ALWAYS TRIGGER one;
         CREATE CONSTRAINT TRIGGER three AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
         CREATE TRIGGER \"ON t\" INSTEAD OF DELETE ON v FOR EACH ROW EXECUTE FUNCTION f();",
    ]);
}

const DIVIDED: &str = "
    CREATE TABLE t (a integer, b text) PARTITION BY LIST (a);
    CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);
    CREATE TABLE a_2 PARTITION OF t FOR VALUES IN (2) PARTITION BY LIST (b);
    CREATE TABLE a_2_x PARTITION OF a_2 FOR VALUES IN ('x');
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';";

const ONE: &str = "CREATE TRIGGER one AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();";

fn on_partitions(states: &[&str]) {
    let states: Vec<String> = states.iter().map(|rest| format!("{DIVIDED}\n{rest}")).collect();
    comes_and_goes(&states.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn the_trigger_of_a_partition_fires_when_it_is_told_to() {
    on_partitions(&[
        ONE,
        &format!("{ONE} ALTER TABLE t_1 DISABLE TRIGGER one; ALTER TABLE a_2 ENABLE REPLICA TRIGGER one;"),
        // The whole of one fires otherwise, and parts of it as before, or by themselves.
        &format!(
            "{ONE} ALTER TABLE t ENABLE ALWAYS TRIGGER one; ALTER TABLE t_1 DISABLE TRIGGER one;
             ALTER TABLE a_2_x ENABLE TRIGGER one; COMMENT ON TRIGGER one ON a_2 IS 'of a part';"
        ),
        // It is defined anew, which makes all of it fire alike.
        "CREATE TRIGGER one BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
         ALTER TABLE t_1 DISABLE TRIGGER one; ALTER TABLE a_2 ENABLE REPLICA TRIGGER one;
         ALTER TABLE a_2_x ENABLE TRIGGER one;",
        // No statement replaces this one.
        "CREATE CONSTRAINT TRIGGER one AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
         ALTER TABLE t_1 DISABLE TRIGGER one; COMMENT ON TRIGGER one ON t_1 IS 'off';",
        "CREATE CONSTRAINT TRIGGER one AFTER DELETE ON t FOR EACH ROW EXECUTE FUNCTION f();
         ALTER TABLE t_1 DISABLE TRIGGER one; COMMENT ON TRIGGER one ON t_1 IS 'off';",
    ]);
}

#[test]
fn a_partition_that_comes_anew_has_its_trigger_as_it_was() {
    let state = |bound: &str, data_type: &str| {
        format!(
            "CREATE TABLE t (a {data_type}, b text) PARTITION BY LIST (b);
             CREATE TABLE t_1 PARTITION OF t FOR VALUES IN ('{bound}');
             CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER one AFTER INSERT ON t FOR EACH ROW WHEN (NEW.a > 3) EXECUTE FUNCTION f();
             ALTER TABLE t_1 DISABLE TRIGGER one; COMMENT ON TRIGGER one ON t_1 IS 'off';"
        )
    };
    let alone = "CREATE TABLE t (a bigint, b text) PARTITION BY LIST (b);
         CREATE TABLE t_1 (a bigint, b text);
         CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
         CREATE TRIGGER one AFTER INSERT ON t FOR EACH ROW WHEN (NEW.a > 3) EXECUTE FUNCTION f();";
    let own = format!(
        "{alone} CREATE TRIGGER one AFTER DELETE ON t_1 FOR EACH ROW EXECUTE FUNCTION f();
         ALTER TABLE t_1 ENABLE ALWAYS TRIGGER one;"
    );
    comes_and_goes(&[&state("x", "integer"), &state("y", "integer"), &state("y", "bigint"), alone, &own]);
}

#[test]
fn a_renamed_trigger_is_renamed_on_partitions_and_stays_off() {
    on_each_server(|server| {
        let state = |name: &str| {
            let made = ONE.replace("one", name);
            format!(
                "{DIVIDED} {made} ALTER TABLE a_2_x DISABLE TRIGGER {name}; COMMENT ON TRIGGER {name} ON a_2 IS 'c';"
            )
        };
        let project = Project::declaring(server, &state("one"));
        project.apply();
        let moved = ("trigger.main.public.t.one", "trigger.main.public.t.two");
        project.declare_renamed(&state("two"), &[moved]);
        let plan = project.run(&["plan"]).ok();
        assert!(!plan.stdout.contains("DISABLE"), "{}", plan.stdout);
        project.apply();
        // The state learns the new names on partitions with the next apply, which has nothing else to do.
        project.apply();
        project.is_converged();
        project.matches(&state("two"));
    });
}

#[test]
fn rules_of_all_forms() {
    on_base(&[
        "CREATE RULE r AS ON DELETE TO t DO INSTEAD NOTHING;",
        "CREATE RULE r AS ON DELETE TO t WHERE OLD.a > 3 DO ALSO (UPDATE t SET a = 1; DELETE FROM t);
         COMMENT ON RULE r ON t IS 'c'; ALTER TABLE t ENABLE REPLICA RULE r;
         CREATE RULE into_table AS ON INSERT TO v DO INSTEAD INSERT INTO t (a) VALUES (NEW.a);",
    ]);
}

#[test]
fn policies_come_with_their_expressions() {
    on_base(&[
        "CREATE POLICY p ON t USING (a > 0);",
        "CREATE POLICY p ON t TO pg_monitor, pg_read_all_data USING (a > 1) WITH CHECK (b IS NOT NULL);
         COMMENT ON POLICY p ON t IS 'c';",
        "CREATE POLICY p ON t AS RESTRICTIVE FOR INSERT WITH CHECK (a > 1);
         CREATE POLICY q ON t FOR SELECT USING (EXISTS (SELECT 1 FROM v WHERE v.a = t.a));",
    ]);
}

#[test]
fn a_column_gets_another_type_under_all_of_them() {
    let state = |data_type: &str| {
        format!(
            "CREATE TABLE t (a {data_type}, b text);
             CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
             CREATE TRIGGER one BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (NEW.a > 3) EXECUTE FUNCTION f();
             ALTER TABLE t DISABLE TRIGGER one;
             CREATE RULE r AS ON DELETE TO t WHERE OLD.a > 3 DO ALSO DELETE FROM t WHERE b = 'x';
             CREATE POLICY p ON t USING (a > 0);
             CREATE STATISTICS s ON a, b FROM t;"
        )
    };
    comes_and_goes(&[&state("integer"), &state("bigint")]);
}

#[test]
fn existing_ones_are_taken_over() {
    is_imported(&format!(
        "{BASE}
         CREATE TRIGGER \"Ä\" BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
         CREATE RULE \"r\"\"\" AS ON UPDATE TO t DO ALSO SELECT 1;
         CREATE POLICY \"p q\" ON t USING (b = CURRENT_USER);"
    ));
    is_imported(&format!("{DIVIDED} {ONE} ALTER TABLE a_2 DISABLE TRIGGER one;"));
}

#[test]
fn a_switched_off_trigger_of_a_constraint_is_named() {
    on_each_server(|server| {
        let project =
            Project::declaring(server, "CREATE TABLE t (a integer PRIMARY KEY, b integer REFERENCES t);");
        project.apply();
        project.run(&["plan", "--unmanaged"]).ok().never_says(&["trigger"]);
        project.database().run("ALTER TABLE t DISABLE TRIGGER ALL");
        let named = "disabled trigger of";
        project.run(&["plan", "--unmanaged"]).ok().says(&[named, "t_b_fkey on public.t"]);
        project.run(&["plan", "--strict"]).expect(1).says(&[named]);
    });
}
