//! What is written makes the catalog it was written from, in files that keep their names.

use std::collections::BTreeMap;

use super::*;
use crate::desired::Desired;
use crate::fixtures::*;
use crate::kind::Resource;
use crate::observation::ServerVersion;

const VERSION: ServerVersion = ServerVersion(180_004);

fn catalog(resources: Vec<Resource>) -> Desired {
    let mut world = World::new();
    for resource in resources {
        world.desired(resource);
    }
    world.inputs().targets.remove(0).desired
}

fn script(catalog: &Desired, selected: &[&str]) -> Script {
    let selected = |found: &crate::Address| selected.is_empty() || selected.contains(&&*found.to_string());
    write_script(&id("main"), VERSION, catalog, &selected).unwrap()
}

fn sql(script: &Script) -> Vec<&str> {
    script.statements.iter().map(|statement| statement.sql.as_str()).collect()
}

/// Two tables that refer to each other, one with a sequence and an index.
fn circle() -> Vec<Resource> {
    vec![
        schema("public"),
        sequence("a_id_seq", Some(("a", "id"))),
        table("a", &["id bigint", "b bigint"]),
        table("b", &["id bigint", "a bigint"]),
        primary_key("a", &["id"]),
        primary_key("b", &["id"]),
        foreign_key("a", "b", "b", "id"),
        foreign_key("b", "a", "a", "id"),
        index("a", "a_b_idx", &["b"]),
    ]
}

#[test]
fn tables_that_refer_to_each_other_are_made_before_their_foreign_keys() {
    let catalog = catalog(circle());
    let script = script(&catalog, &[]);
    let statements = sql(&script);
    let at = |start: &str| statements.iter().position(|sql| sql.starts_with(start)).unwrap();
    let keys = statements.iter().filter(|sql| sql.contains("FOREIGN KEY")).count();
    assert_eq!(keys, 2, "{statements:#?}");
    assert!(at("CREATE TABLE public.a") < at("ALTER TABLE public.a"), "{statements:#?}");
    assert!(at("CREATE TABLE public.b") < at("ALTER TABLE public.a"), "{statements:#?}");
    assert!(!statements.iter().any(|sql| sql.starts_with("CREATE SCHEMA")), "every database has public");
    assert!(script.left_out.is_empty() && script.presumed.is_empty());
}

#[test]
fn a_selected_table_comes_with_its_parts_and_alone() {
    let catalog = catalog(circle());
    let script = script(&catalog, &["table.main.public.a"]);
    let statements = sql(&script);
    assert!(statements.iter().all(|sql| !sql.contains("TABLE public.b ")), "{statements:#?}");
    for part in ["CREATE SEQUENCE", "a_pkey", "FOREIGN KEY", "CREATE INDEX"] {
        assert!(statements.iter().any(|sql| sql.contains(part)), "{part}: {statements:#?}");
    }
}

#[test]
fn what_is_not_managed_is_presumed_and_named() {
    let catalog = catalog(vec![table("a", &["id bigint"]), foreign_key("a", "id", "elsewhere", "id")]);
    let script = script(&catalog, &[]);
    assert_eq!(sql(&script).len(), 2);
    assert_eq!(script.presumed, [address("table.main.public.elsewhere")].into());
}

#[test]
fn one_file_an_object_with_all_its_parts() {
    let catalog = catalog(circle());
    let files = write_files(&script(&catalog, &[]).statements, &Paths::new(&catalog));
    assert_eq!(files.keys().collect::<Vec<_>>(), ["public/tables/a.sql", "public/tables/b.sql"]);
    insta::assert_snapshot!(files["public/tables/a.sql"]);
}

#[test]
fn names_become_names_of_files_that_nothing_else_has() {
    let names = ["orders", "Orders", "a/b", "a:b", "..", "con", "größe", "-x"];
    let tables = names.map(|name| table(name, &["id bigint"]));
    let catalog = catalog(tables.into_iter().collect());
    let files = write_files(&script(&catalog, &[]).statements, &Paths::new(&catalog));
    assert_eq!(files.len(), names.len());
    let mut folded: BTreeMap<String, &str> = BTreeMap::new();
    for path in files.keys() {
        let name = path.strip_prefix("public/tables/").and_then(|rest| rest.strip_suffix(".sql")).unwrap();
        assert!(!name.contains(['/', ':', '.']) && name != "con", "{name}");
        assert_eq!(folded.insert(name.to_lowercase(), name), None);
    }
    assert!(files.contains_key("public/tables/orders.sql"));
}

#[test]
fn a_file_that_somebody_wrote_in_is_told_from_our_own() {
    let ours = mark("CREATE TABLE t ();\n");
    assert!(is_untouched(&ours));
    assert!(!is_untouched(&ours.replace("()", "(id integer)")));
    assert!(!is_untouched(&format!("{ours}\n")));
    assert!(!is_untouched("CREATE TABLE t ();\n"));
}

#[test]
fn every_statement_ends_with_one_semicolon() {
    assert_eq!(terminated("SELECT 1"), "SELECT 1;");
    assert_eq!(terminated("SELECT 1 ;\n"), "SELECT 1;");
    assert_eq!(terminated("SELECT 1 -- one"), "SELECT 1 -- one\n;");
}
