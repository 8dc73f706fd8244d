use proptest::prelude::*;

use super::*;

fn statements(text: &str) -> Vec<String> {
    let script = Script::read("schema.sql", text).unwrap_or_else(|errors| panic!("{errors:?}"));
    script.statements.iter().map(|statement| script.sql(statement).to_owned()).collect()
}

fn refusals(text: &str) -> Vec<(u32, u32, String)> {
    let errors = Script::read("schema.sql", text).expect_err(text);
    errors.iter().map(|error| (error.place.line, error.place.column, error.to_string())).collect()
}

fn created(text: &str) -> Option<(String, Option<String>, String, Option<String>)> {
    let script = Script::read("schema.sql", text).unwrap();
    let created = script.statements[0].created.clone()?;
    Some((created.kind, created.schema, created.name, created.table))
}

#[test]
fn an_alter_table_names_its_table() {
    let altered = |text: &str| Script::read("schema.sql", text).unwrap().statements[0].altered_table.clone();
    assert_eq!(altered("ALTER TABLE IF EXISTS ONLY app.\"Log\" ADD a int").as_deref(), Some("Log"));
    assert_eq!(altered("alter foreign table Log add a int").as_deref(), Some("log"));
    assert_eq!(altered("ALTER VIEW log RENAME TO logs"), None);
}

#[test]
fn semicolons_in_quotes_comments_and_parentheses_end_nothing() {
    let text = "create table a (b text default ';');\n-- ; --\n/* ; /* ; */ ; */ create table \"a;b\" ();;
        create rule r as on insert to a do also (select 1; select 2);
        select E'\\';', U&'\\0041;', $$;$$, $x$ ; $$ ; $x$, a$b$c";
    assert_eq!(
        statements(text),
        [
            "create table a (b text default ';')",
            "create table \"a;b\" ()",
            "create rule r as on insert to a do also (select 1; select 2)",
            "select E'\\';', U&'\\0041;', $$;$$, $x$ ; $$ ; $x$, a$b$c"
        ]
    );
}

#[test]
fn a_standard_body_is_one_statement_with_its_cases() {
    let text = "CREATE OR REPLACE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a > 0 THEN 1 END; \
                SELECT 2; END; BEGIN; CREATE TABLE t (); COMMIT";
    let found = statements(text);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found[0].ends_with("SELECT 2; END"), "{}", found[0]);
    assert_eq!(&found[1..], ["BEGIN", "CREATE TABLE t ()", "COMMIT"]);
}

#[test]
fn a_subscription_is_loaded_only_where_it_reaches_nobody() {
    const REFUSAL: &str = "the scratch database, into which files are loaded, must not reach a publisher";
    for text in [
        "CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p",
        "CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p WITH (connect = true)",
        "ALTER SUBSCRIPTION s ENABLE",
        "CREATE SUBSCRIPTION s CONNECTION 'connect=false' PUBLICATION connect WITH (binary = false)",
        "ALTER SUBSCRIPTION s REFRESH PUBLICATION",
        "ALTER SUBSCRIPTION s SET PUBLICATION q",
        "ALTER SUBSCRIPTION s ADD PUBLICATION q WITH (refresh = true)",
        "ALTER SUBSCRIPTION s SET (failover = true)",
        "DROP SUBSCRIPTION s",
    ] {
        assert_eq!(refusals(text), [(1, 1, REFUSAL.to_owned())], "{text}");
    }
    for text in [
        "CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p WITH (connect = false, slot_name = NONE)",
        "CREATE SUBSCRIPTION s CONNECTION 'host=a' PUBLICATION p WITH (binary = true, connect = 'off')",
        "ALTER SUBSCRIPTION s SET PUBLICATION q WITH (refresh = false)",
        "ALTER SUBSCRIPTION s SET (binary = true)",
        "ALTER SUBSCRIPTION s OWNER TO joe",
    ] {
        statements(text);
    }
}

#[test]
fn what_is_no_declaration_is_refused_at_its_place() {
    let text = "\\restrict abc\nCREATE TABLE a ();\n  \\i other.sql\nCOPY a FROM stdin;\nINSERT INTO a DEFAULT VALUES;\n\
                BEGIN; ROLLBACK; ALTER SYSTEM SET a = 1;\n\\unrestrict abc\n";
    assert_eq!(
        refusals(text),
        [
            (3, 3, "`\\i` is a command of psql, not of SQL".to_owned()),
            (4, 1, "the data of `COPY ... FROM stdin` are no SQL".to_owned()),
            (5, 1, "rows are no part of a schema".to_owned()),
            (6, 8, "what is rolled back is not declared".to_owned()),
            (6, 18, "this is done to a server, not to a schema".to_owned()),
        ]
    );
}

#[test]
fn what_has_no_end_is_told_where_it_begins() {
    for (text, what) in [
        ("\n 'abc", "this string has no end"),
        ("\n \"abc", "this name in quotes has no end"),
        ("\n $a$ abc $$", "this string in dollar quotes has no end"),
        ("\n /* /* */", "this comment has no end"),
    ] {
        assert_eq!(refusals(text), [(2, 2, what.to_owned())], "{text}");
    }
}

#[test]
fn what_a_statement_creates_is_told_by_its_words() {
    let is = |text: &str, kind: &str, schema: Option<&str>, name: &str, table: Option<&str>| {
        let expected =
            (kind.to_owned(), schema.map(str::to_owned), name.to_owned(), table.map(str::to_owned));
        assert_eq!(created(text), Some(expected), "{text}");
    };
    is(
        "create unlogged table if not exists App.\"Or\"\"ders\" (a int)",
        "table",
        Some("app"),
        "Or\"ders",
        None,
    );
    is("create or replace view v as select 1", "view", None, "v", None);
    is("create materialized view a.v as select 1", "materialized view", Some("a"), "v", None);
    is("create unique index concurrently if not exists i on only app.t (a)", "index", None, "i", Some("t"));
    is(
        "create constraint trigger g after insert on app.t execute function f()",
        "trigger",
        None,
        "g",
        Some("t"),
    );
    is("create rule r as on insert to t do nothing", "rule", None, "r", Some("t"));
    is("create function app.f(a int) returns int return 1", "function", Some("app"), "f", None);
    is("create schema authorization joe", "schema", None, "joe", None);
    is("create text search configuration c (copy = simple)", "text search configuration", None, "c", None);
    assert_eq!(created("create index on t (a)"), None);
    assert_eq!(created("alter table t add a int"), None);
}

#[test]
fn places_are_counted_in_characters() {
    let script = Script::read("schema.sql", "-- ä\n  create table ö (\n  é nope)").unwrap();
    assert_eq!(script.place_in(&script.statements[0], 22), Place { line: 3, column: 5 });
    assert_eq!(script.line(3), "  é nope)");
}

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "[ -~\n\tä'\"$\\\\;/*-]{0,80}") {
        if let Ok(script) = Script::read("schema.sql", text.clone()) {
            for statement in &script.statements {
                prop_assert!(!script.sql(statement).is_empty());
            }
        }
    }

    #[test]
    fn statements_are_found_again(names in prop::collection::vec("[a-z]{1,8}", 0..6)) {
        let each: Vec<String> = names.iter().map(|name| format!("create table {name} (a text default ';')")).collect();
        prop_assert_eq!(statements(&each.join(";\n")), each);
    }
}
