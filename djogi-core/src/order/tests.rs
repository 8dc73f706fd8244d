//! The rule table as text, and plans that only come out right when its rules hold.

use crate::fixtures::*;
use crate::order::RULES;
use crate::plan::classify::DestructivePolicy;
use crate::plan::explain;

#[test]
fn the_rules_read_like_this() {
    let text: String = RULES
        .iter()
        .map(|rule| format!("{:<29} {:<10} {}\n", rule.name, rule.strength(), rule.why))
        .collect();
    insta::assert_snapshot!(text);
}

fn position(sql: &[String], part: &str) -> usize {
    sql.iter().position(|s| s.contains(part)).unwrap_or_else(|| panic!("{part:?} is not in {sql:#?}"))
}

fn assert_order(sql: &[String], parts: &[&str]) {
    let positions: Vec<_> = parts.iter().map(|part| position(sql, part)).collect();
    assert!(positions.is_sorted(), "{parts:?} are not in this order: {sql:#?}");
}

#[test]
fn mutual_foreign_keys_are_created_after_both_tables_and_dropped_before_them() {
    let resources = || {
        [
            table("a", &["id bigint", "b_id bigint"]),
            table("b", &["id bigint", "a_id bigint"]),
            primary_key("a", &["id"]),
            primary_key("b", &["id"]),
            foreign_key("a", "b_id", "b", "id"),
            foreign_key("b", "a_id", "a", "id"),
        ]
    };
    let mut world = World::new();
    for resource in resources() {
        world.desired(resource);
    }
    let sql = world.sql();
    assert_order(&sql, &["CREATE TABLE public.a", "CREATE TABLE public.b", "a_b_id_fkey", "b_a_id_fkey"]);
    assert_eq!(sql.len(), 4);

    let mut world = World::new();
    world.converged([table("stays", &["id bigint"])]).policy(DestructivePolicy::Allow);
    for resource in resources() {
        world.owned(resource);
    }
    let sql = world.sql();
    assert_order(&sql, &["DROP CONSTRAINT a_b_id_fkey", "DROP TABLE public.a"]);
    assert_order(&sql, &["DROP CONSTRAINT b_a_id_fkey", "DROP TABLE public.a"]);
    assert_eq!(sql.len(), 4);
}

#[test]
fn an_owned_sequence_comes_first_and_is_attached_last() {
    let mut world = World::new();
    world.desired(sequence("orders_id_seq", Some(("orders", "id"))));
    let id = with_default("id", "bigint", "nextval('public.orders_id_seq'::regclass)");
    world.desired(table_of("orders", vec![id]));
    assert_order(&world.sql(), &["CREATE SEQUENCE", "CREATE TABLE", "OWNED BY"]);
}

#[test]
fn an_enum_label_commits_before_its_use() {
    let mut world = World::new();
    world.converged([enum_type("mood", &["sad"]), table("t", &["mood public.mood"])]);
    world.desired(enum_type("mood", &["sad", "glad"]));
    let column = with_default("mood", "public.mood", "'glad'::public.mood");
    world.desired(table_of("t", vec![column]));
    let sql = world.sql();
    assert_eq!(sql.len(), 3, "{sql:#?}");
    assert!(sql[0].contains("ADD VALUE") && sql[1] == "--" && sql[2].contains("SET DEFAULT"));
}

#[test]
fn a_type_is_dropped_after_its_last_column_has_left_it() {
    let mut world = World::new();
    world.converged([table("t", &["mood public.mood"])]).owned(enum_type("mood", &["sad"]));
    world.desired(table("t", &["mood text"]));
    assert_order(&world.sql(), &["TYPE text", "DROP TYPE public.mood"]);
}

#[test]
fn a_replaced_key_takes_its_foreign_keys_out_and_back_in() {
    let mut world = World::new();
    let mut wanted = primary_key("a", &["id"]);
    world.converged([
        table("a", &["id bigint", "more bigint"]),
        wanted.clone(),
        table("b", &["a_id bigint"]),
        foreign_key("b", "a_id", "a", "id"),
    ]);
    if let crate::Resource::Constraint(key) = &mut wanted {
        let columns = vec![id("id")];
        key.definition = crate::kind::ConstraintDefinition::PrimaryKey { columns, include: vec![id("more")] };
    }
    world.desired(wanted);
    let sql = world.sql();
    assert_order(
        &sql,
        &[
            "DROP CONSTRAINT b_a_id_fkey",
            "DROP CONSTRAINT a_pkey",
            "ADD CONSTRAINT a_pkey",
            "ADD CONSTRAINT b_a_id_fkey",
        ],
    );
}

#[test]
fn a_name_is_taken_only_after_it_is_free() {
    let mut world = World::new();
    world.owned(table("user", &["id bigint"]));
    world.renamed(table("users", &["id bigint"]), "table.main.public.user");
    world.desired(table("user", &["name text"]));
    assert_order(&world.sql(), &["RENAME TO users", "CREATE TABLE public.\"user\""]);
}

#[test]
fn destruction_comes_last() {
    let mut world = World::new();
    world.policy(DestructivePolicy::Allow).converged([table("t", &["a bigint", "b bigint"])]);
    world.owned(table("old", &["id bigint"]));
    world.desired(table("t", &["a bigint", "c bigint"])).desired(table("new", &["id bigint"]));
    let sql = world.sql();
    assert_order(&sql, &["CREATE TABLE public.new", "DROP COLUMN b"]);
    assert_order(&sql, &["ADD COLUMN c", "DROP TABLE public.old"]);
}

#[test]
fn an_explanation_is_the_chain_of_rules_from_its_roots() {
    let mut world = World::new();
    world.desired(table("a", &["id bigint", "b_id bigint"])).desired(table("b", &["id bigint"]));
    world.desired(primary_key("b", &["id"])).desired(foreign_key("a", "b_id", "b", "id"));
    let reasons = explain(&world.inputs(), &address("constraint.main.public.a.a_b_id_fkey")).unwrap();
    let text: Vec<_> = reasons.iter().map(ToString::to_string).collect();
    assert_eq!(
        text,
        [
            "up table.main.public.a before up constraint.main.public.a.a_b_id_fkey (dependency_before_dependent)",
            "up table.main.public.b before up constraint.main.public.a.a_b_id_fkey (dependency_before_dependent)",
        ]
    );
    assert!(explain(&world.inputs(), &address("table.main.public.none")).is_err());
}

#[test]
fn extensions_come_after_what_they_require_and_go_before_it() {
    let world = || {
        let mut world = World::new();
        world.policy(DestructivePolicy::Allow).converged([table("t", &["id bigint"])]);
        world.inputs.live.extension_requirements =
            [(id("a"), vec![id("c"), id("b")]), (id("b"), vec![id("c")])].into();
        world
    };
    let mut coming = world();
    coming.desired(extension("a")).desired(extension("b")).desired(extension("c"));
    assert_order(&coming.sql(), &["EXTENSION c", "EXTENSION b", "EXTENSION a"]);
    let mut going = world();
    going.owned(extension("a")).owned(extension("b")).owned(extension("c"));
    assert_order(&going.sql(), &["EXTENSION a", "EXTENSION b", "EXTENSION c"]);
    let mut alone = world();
    alone.desired(extension("b"));
    assert_eq!(alone.changes(), ["create extension.main.b: blocked/dependency_not_applied"]);
}
