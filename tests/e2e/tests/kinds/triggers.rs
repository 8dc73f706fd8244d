//! Triggers, rules and policies.

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
}
