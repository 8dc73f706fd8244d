//! The rule table as text, and plans that only come out right when its rules hold.

use crate::fixtures::*;
use crate::order::RULES;
use crate::plan::classify::DestructivePolicy;
use crate::plan::{TransactionMode, explain};
use crate::safety::Online;

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

/// A table `t` with an index on `a`, and with so many rows that nothing may lock it for long.
fn large_table() -> World {
    let mut world = World::new();
    world.converged([table("t", &["a bigint", "b bigint"]), index("t", "i", &["a"])]).rows("t", 1_000_000);
    world
}

#[test]
fn work_on_the_indexes_of_a_large_table_waits_until_all_that_fits_into_a_transaction_is_done() {
    let mut world = large_table();
    world.policy(DestructivePolicy::Allow).owned(index("t", "old", &["b"]));
    world.desired(table("t", &["a bigint", "c bigint"])).desired(index("t", "j", &["c"]));
    world.desired(table("new", &["id bigint"])).desired(index("new", "k", &["id"]));
    let sql = world.sql();
    let expected = [
        "CREATE TABLE public.new (\n    id bigint\n)",
        "--",
        "ALTER TABLE public.t ADD COLUMN c bigint",
        "--",
        "CREATE INDEX k ON public.new USING btree (id)",
        "--",
        "CREATE INDEX CONCURRENTLY j ON public.t USING btree (c)",
        "--",
        "ALTER TABLE public.t DROP COLUMN b",
    ];
    assert_eq!(sql, expected, "{sql:#?}");
}

#[test]
fn an_index_is_built_anew_beside_the_old_one() {
    let mut world = large_table();
    world.desired(index("t", "i", &["b"]));
    let expected = [
        "CREATE INDEX CONCURRENTLY i__djogi_new ON public.t USING btree (b)",
        "--",
        "DROP INDEX CONCURRENTLY public.i",
        "--",
        "ALTER INDEX public.i__djogi_new RENAME TO i",
    ];
    assert_eq!(world.sql(), expected);
    let plan = world.plan();
    let outside = plan.groups.iter().filter(|g| g.transaction == TransactionMode::Outside);
    assert!(outside.clone().all(|group| group.operations.len() == 1 && group.lock_timeout_ms == 0));
    let objects: Vec<_> = outside
        .map(|group| group.operations[0].concurrently.as_ref().unwrap())
        .map(|concurrently| format!("{:?} {}", concurrently.verb, concurrently.object))
        .collect();
    assert_eq!(objects, ["IndexCreate index.main.public.i__djogi_new", "IndexDrop index.main.public.i"]);
}

#[test]
fn an_exchange_goes_on_where_an_earlier_one_was_stopped() {
    let mut world = large_table();
    let renamed = |name: &str, columns| index("t", name, columns);
    world.desired(index("t", "i", &["b"])).live(renamed("i__djogi_new", &["b"]));
    let rest = ["DROP INDEX CONCURRENTLY public.i", "--", "ALTER INDEX public.i__djogi_new RENAME TO i"];
    assert_eq!(world.sql(), rest);
    world.gone("index.main.public.i");
    assert_eq!(world.sql(), rest[2..]);

    // What was built for another definition, or is not valid, is left alone.
    let mut world = large_table();
    world.desired(index("t", "i", &["b"])).live(renamed("i__djogi_new", &["a"]));
    assert!(world.sql()[0].starts_with("CREATE INDEX CONCURRENTLY i__djogi_new2 "), "{:?}", world.sql());
    let mut invalid = renamed("i__djogi_new", &["b"]);
    if let crate::Resource::Index(index) = &mut invalid {
        index.valid = false;
    }
    world.live(invalid);
    assert!(world.sql()[0].starts_with("CREATE INDEX CONCURRENTLY i__djogi_new2 "), "{:?}", world.sql());
}

#[test]
fn an_index_whose_column_changes_is_gone_meanwhile_unless_it_is_unique() {
    let unique = |columns: &[&str]| {
        let mut unique = index("t", "i", columns);
        if let crate::Resource::Index(index) = &mut unique {
            index.unique = true;
        }
        unique
    };
    let mut world = large_table();
    world.desired(table("t", &["a bigint", "b text"])).desired(index("t", "i", &["a", "b"]));
    world.options.accept_downtime = vec!["table.main.public.t".parse().unwrap()];
    let sql = world.sql();
    assert_order(
        &sql,
        &["DROP INDEX CONCURRENTLY public.i", "ALTER COLUMN b TYPE text", "CREATE INDEX CONCURRENTLY i "],
    );
    world.converged([unique(&["a"])]).desired(unique(&["a", "b"]));
    world.options.accept_downtime.push("index.main.public.i".parse().unwrap());
    let sql = world.sql();
    assert_order(&sql, &["DROP INDEX public.i", "ALTER COLUMN b TYPE text", "CREATE UNIQUE INDEX i "]);
    assert!(!sql.contains(&"--".to_owned()), "{sql:#?}");
}

#[test]
fn an_index_that_a_foreign_key_rests_on_is_exchanged_in_one_transaction() {
    let unique = |columns: &[&str], options: &[(&str, &str)]| {
        let mut unique = index("t", "i", columns);
        if let crate::Resource::Index(index) = &mut unique {
            index.unique = true;
            index.options = options.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            index.nulls_not_distinct = !options.is_empty();
        }
        unique
    };
    let mut world = large_table();
    world.converged([unique(&["a"], &[]), table("u", &["a bigint"]), foreign_key("u", "a", "t", "a")]);
    world.desired(unique(&["a"], &[("fillfactor", "70")]));
    world.options.accept_downtime = vec!["index.main.public.i".parse().unwrap()];
    let sql = world.sql();
    assert_order(
        &sql,
        &[
            "DROP CONSTRAINT u_a_fkey",
            "DROP INDEX public.i",
            "CREATE UNIQUE INDEX i",
            "ADD CONSTRAINT u_a_fkey",
        ],
    );
}

#[test]
fn an_invalid_index_is_rebuilt() {
    let mut world = large_table();
    let mut invalid = index("t", "i", &["a"]);
    if let crate::Resource::Index(index) = &mut invalid {
        index.valid = false;
    }
    world.live(invalid);
    assert_eq!(world.sql(), ["REINDEX INDEX CONCURRENTLY public.i"]);
    let plan = world.plan();
    assert!(plan.resource_changes[0].drift, "{:?}", plan.resource_changes);
    world.options.online = Online::Never;
    assert_eq!(world.sql(), ["REINDEX INDEX public.i"]);
}

/// A view of one column, with what PostgreSQL says that it needs.
fn view_on(world: &mut World, name: &str, column: &str, data_type: &str, needs: &[&str]) {
    let resource = crate::Resource::View(crate::kind::View {
        schema: id("public"),
        name: id(name),
        columns: vec![crate::kind::ViewColumn {
            name: id(column),
            data_type: data_type.to_owned(),
            collation: None,
            default: None,
            comment: None,
        }],
        definition: crate::kind::Expression::new(format!("SELECT {column}")),
        options: Default::default(),
        comment: None,
    });
    let at = resource.address(&id("main"));
    let needs: std::collections::BTreeSet<_> = needs.iter().map(|need| address(need)).collect();
    world.desired(resource.clone());
    world.inputs.desired.get_mut(&at).unwrap().needs = needs.clone();
    if !world.inputs.live.catalog.contains(&at) {
        world.owned(resource);
        world.inputs.live.dependencies.insert(at, needs);
    }
}

#[test]
fn views_make_way_for_the_new_type_of_their_column_and_come_back_with_those_on_them() {
    let mut world = World::new();
    world.converged([table("t", &["a integer", "b integer"])]);
    let on_a = ["table.main.public.t", "column.main.public.t.a"];
    for data_type in ["integer", "bigint"] {
        view_on(&mut world, "v", "a", data_type, &on_a);
        view_on(&mut world, "w", "a", data_type, &["view.main.public.v"]);
    }
    view_on(&mut world, "other", "b", "integer", &["table.main.public.t", "column.main.public.t.b"]);
    world.desired(table("t", &["a bigint", "b integer"]));
    let sql = world.sql();
    assert_order(
        &sql,
        &[
            "DROP VIEW public.w",
            "DROP VIEW public.v",
            "ALTER COLUMN a TYPE bigint",
            "CREATE VIEW public.v",
            "CREATE VIEW public.w",
        ],
    );
    assert!(!sql.iter().any(|sql| sql.contains("public.other")), "{sql:#?}");
}

#[test]
fn a_view_of_somebody_else_keeps_the_type_of_its_column() {
    let mut world = World::new();
    world.converged([table("t", &["a integer", "b integer"])]);
    view_on(&mut world, "v", "a", "integer", &["table.main.public.t", "column.main.public.t.a"]);
    let at = address("view.main.public.v");
    world.inputs.recorded.resources.remove(&at);
    world.inputs.recorded.catalog.remove(&at);
    world.inputs.desired.remove(&at);
    world.desired(table("t", &["a bigint", "b bigint"]));
    assert_eq!(
        world.changes(),
        ["update table.main.public.t: applied", "update column.main.public.t.a: blocked/unmanaged_dependent",]
    );
}
