//! Names, labels and comments of every sort go to the database and come back as they are, and none of them reaches a
//! terminal as anything but text.

use e2e::{Project, on_each_server};

/// Keywords, quotes, dots, backslashes, blanks, capitals, other alphabets, and 63 bytes of each kind.
fn names() -> Vec<String> {
    let odd = [
        "select",
        "user",
        "Order \"Lines\"",
        "a.b",
        "it's",
        "back\\slash",
        "$1",
        "1st",
        "with space",
        "über",
        "注文テーブル",
        "Tab\there",
    ];
    let longest = ["x".repeat(63), format!("{}x", "é".repeat(31))];
    odd.iter().map(|&name| name.to_owned()).chain(longest).collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

const SCHEMA: &str = "My \"Schema\".x";

fn ddl() -> String {
    let comment = literal("it's \\ a\nline \u{1b}[31mred\u{1b}[0m \u{202e}");
    let mut ddl = format!("CREATE SCHEMA {};", quoted(SCHEMA));
    for (number, name) in names().iter().enumerate() {
        let (table, column) = (format!("{}.{}", quoted(SCHEMA), quoted(name)), quoted(name));
        let (key, check) = (quoted(&format!("key {number}\"")), quoted(&format!("chk.{number}")));
        let (index, label) = (quoted(&format!("Idx {number}")), literal(name));
        let kind = format!("{}.{}", quoted(SCHEMA), quoted(&format!("Kind \"{number}\"")));
        ddl.push_str(&format!(
            "CREATE TYPE {kind} AS ENUM ({label}, ' ', 'a\"b', 'c\\d', 'don''t');
             CREATE TABLE {table} (id bigint CONSTRAINT {key} PRIMARY KEY, {column} text DEFAULT {label}::text,
                 \"Kind\" {kind} DEFAULT 'don''t'::{kind}, parent bigint REFERENCES {table},
                 CONSTRAINT {check} CHECK ({column} <> 'a\\b'));
             CREATE INDEX {index} ON {table} ({column}, lower({column})) WHERE {column} IS NOT NULL;
             COMMENT ON TABLE {table} IS {comment};
             COMMENT ON COLUMN {table}.{column} IS {comment};
             COMMENT ON TYPE {kind} IS {comment};"
        ));
    }
    ddl
}

#[test]
fn any_name_that_postgresql_takes_converges() {
    on_each_server(|server| {
        let project = Project::new(server).managing(&["public", SCHEMA]);
        project.declare(&ddl());
        project.apply();
        project.is_converged();
        project.matches(&ddl());
    });
}

#[test]
fn what_could_control_a_terminal_is_escaped() {
    on_each_server(|server| {
        let project = Project::new(server).managing(&["public", SCHEMA]);
        project.declare(&ddl());
        let is_plain = |arguments: &[&str]| {
            let said = project.run(arguments).all();
            let bad = said.chars().find(|&c| c.is_control() && c != '\n' || c == '\u{202e}');
            assert_eq!(bad, None, "{arguments:?}:\n{said}");
        };
        is_plain(&["plan"]);
        project.apply();
        let table = format!("table.main.{}.\"Tab\there\"", quoted(SCHEMA));
        project.run(&["show", &table]).ok().says(&["\\u{1b}[31mred", "Tab\\there"]);
        for arguments in [&["show", &table][..], &["show"], &["status"], &["history"], &["plan"]] {
            is_plain(arguments);
        }
        project.database().run(&format!("ALTER TABLE {}.\"Tab\there\" DROP parent", quoted(SCHEMA)));
        for arguments in [&["plan"][..], &["status"], &["refresh"], &["refresh", "--check"], &["status"]] {
            is_plain(arguments);
        }
    });
}

#[test]
fn an_error_of_the_server_cannot_control_the_terminal_either() {
    on_each_server(|server| {
        let project = Project::declaring(server, "CREATE TABLE t (x text);");
        project.apply();
        project.database().run("INSERT INTO t VALUES (E'\\x1b[31mred')");
        project.declare("CREATE TABLE t (x text, UNIQUE (x)); ");
        project.database().run("INSERT INTO t SELECT x FROM t");
        let said = project.run(&["apply", "--auto-approve"]).expect(1).says(&["23505", "\\u{1b}[31mred"]);
        assert!(!said.all().contains('\u{1b}'), "{said}");
    });
}

#[test]
fn wide_tables_and_many_indexes_converge() {
    on_each_server(|server| {
        let columns =
            |count: usize| (0..count).map(|i| format!("c{i} integer")).collect::<Vec<_>>().join(", ");
        let mut ddl =
            format!("CREATE TABLE wide ({}); CREATE TABLE widest ({});", columns(200), columns(1600));
        for i in 0..500 {
            ddl.push_str(&format!("CREATE INDEX wide_{i} ON wide (c{}, c{});", i % 200, (i * 7 + 1) % 200));
        }
        let project = Project::declaring(server, &ddl);
        project.apply();
        project.is_converged();
    });
}
