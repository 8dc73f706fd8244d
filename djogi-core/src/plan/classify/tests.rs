//! Each gate, and what a closed one means for others.

use super::DestructivePolicy;
use crate::fixtures::*;
use crate::kind::{Generated, GeneratedStorage};
use crate::observation::ServerVersion;
use crate::plan::PlanError;

#[test]
fn destructive_policy_decides_about_data_loss() {
    let mut world = World::new();
    world.converged([table("t", &["a bigint", "b text"])]).desired(table("t", &["a bigint"]));
    let change = |disposition: &str| [format!("delete column.main.public.t.b: {disposition}")];
    assert_eq!(world.changes(), change("blocked/approval_required"));
    assert!(world.plan().diagnostics.is_empty());
    world.policy(DestructivePolicy::Deny);
    assert_eq!(world.changes(), change("blocked/approval_required"));
    assert_eq!(world.plan().diagnostics[0].code, "destructive_denied");
    world.policy(DestructivePolicy::Allow);
    assert_eq!(world.changes(), change("applied"));
    assert_eq!(world.sql(), ["ALTER TABLE public.t DROP COLUMN b"]);
}

#[test]
fn a_narrowing_column_is_blocked_and_the_rest_of_its_table_goes_on() {
    let mut world = World::new();
    world.converged([table("t", &["a bigint", "b text"])]);
    world.desired(table("t", &["a smallint", "b text", "c text"]));
    assert_eq!(
        world.changes(),
        ["update table.main.public.t: applied", "update column.main.public.t.a: blocked/approval_required",]
    );
    let plan = world.plan();
    assert_eq!(plan.resource_changes[0].fields.len(), 1);
    assert_eq!(plan.resource_changes[0].fields[0].path, "columns.c");
    assert_eq!(plan.resource_changes[0].after_digest, None);
    assert_eq!(plan.resource_changes[1].fields[0].path, "type");
    assert_eq!(world.sql(), ["ALTER TABLE public.t ADD COLUMN c text"]);
}

#[test]
fn a_removed_label_is_a_blocked_replacement_and_the_rest_goes_on() {
    let mut world = World::new();
    world.converged([enum_type("mood", &["sad", "glad"]), table("t", &["mood public.mood"])]);
    world.desired(enum_type("mood", &["glad"])).desired(table("t", &["mood public.mood", "note text"]));
    assert_eq!(
        world.changes(),
        [
            "delete+create enum.main.public.mood: blocked/approval_required",
            "update table.main.public.t: applied"
        ]
    );
    world.policy(DestructivePolicy::Allow);
    assert!(world.sql().iter().any(|sql| sql.contains("__djogi_old")));
}

#[test]
fn parts_of_a_dropped_table_go_with_it_or_wait_with_it() {
    let mut world = World::new();
    world.converged([table("stays", &["id bigint"])]);
    for resource in [table("t", &["id bigint"]), primary_key("t", &["id"]), index("t", "t_idx", &["id"])] {
        world.owned(resource);
    }
    world.owned(sequence("t_seq", Some(("t", "id"))));
    let changes = |of_table: &str, of_parts: &str| {
        [
            format!("delete sequence.main.public.t_seq: {of_parts}"),
            format!("delete table.main.public.t: {of_table}"),
            format!("delete constraint.main.public.t.t_pkey: {of_parts}"),
            format!("delete index.main.public.t_idx: {of_parts}"),
        ]
    };
    assert_eq!(world.changes(), changes("blocked/approval_required", "blocked/dependency_not_applied"));
    world.policy(DestructivePolicy::Allow);
    assert_eq!(world.changes(), changes("applied", "derived/owned_by_parent"));
    assert_eq!(world.sql(), ["DROP TABLE public.t"]);
}

#[test]
fn parts_of_a_dropped_column_go_with_it() {
    let mut world = World::new();
    world.policy(DestructivePolicy::Allow).converged([table("t", &["a bigint", "b bigint"])]);
    world.owned(index("t", "b_idx", &["b"])).owned(check("t", "c", "((a + b) > 0)"));
    world.desired(table("t", &["a bigint"]));
    assert_eq!(
        world.changes(),
        [
            "delete column.main.public.t.b: applied",
            "delete constraint.main.public.t.c: derived/owned_by_parent",
            "delete index.main.public.b_idx: derived/owned_by_parent",
        ]
    );
}

#[test]
fn an_unmanaged_dependent_blocks_by_name() {
    let mut world = World::new();
    world.policy(DestructivePolicy::Allow).converged([table("t", &["a integer", "b text", "c text"])]);
    world.live(index("t", "theirs", &["c"])).view_on("column.main.public.t.a", "public.report");
    world.desired(table("t", &["a bigint", "b text", "d text"]));
    let plan = world.plan();
    assert_eq!(
        world.changes(),
        [
            "update table.main.public.t: applied",
            "update column.main.public.t.a: blocked/unmanaged_dependent",
            "delete column.main.public.t.c: blocked/unmanaged_dependent",
        ]
    );
    assert_eq!(plan.resource_changes[1].notes, ["view public.report depends on it"]);
    let note = plan.resource_changes[2].notes.last().unwrap();
    assert_eq!(note, "index.main.public.theirs depends on it");
}

#[test]
fn a_dropped_table_under_a_view_is_blocked_by_the_view_on_its_column() {
    let mut world = World::new();
    world.policy(DestructivePolicy::Allow).converged([table("stays", &["a bigint"])]);
    world.owned(table("t", &["a bigint"])).view_on("column.main.public.t.a", "public.report");
    assert_eq!(world.changes(), ["delete table.main.public.t: blocked/unmanaged_dependent"]);
}

#[test]
fn what_is_not_dropped_because_it_is_needed_holds_nobody_up() {
    let mut world = World::new();
    world.converged([table("t", &["a integer"])]).owned(schema("public")).desired(table("t", &["a bigint"]));
    assert_eq!(
        world.changes(),
        ["delete schema.main.public: blocked/dependency_not_applied", "update table.main.public.t: applied"]
    );
}

#[test]
fn what_needs_a_blocked_or_unmanaged_table_waits() {
    let mut world = World::new();
    world.live(table("theirs", &["id bigint"])).live(table("t", &["id bigint"]));
    world.desired(index("theirs", "i", &["id"])).desired(table("t", &["id integer"]));
    world.desired(index("t", "j", &["id"]));
    world.desired(table("u", &["t_id bigint"])).desired(foreign_key("u", "t_id", "theirs", "id"));
    assert_eq!(
        world.changes(),
        [
            "update table.main.public.t: blocked/unmanaged_conflict",
            "create table.main.public.u: applied",
            "create constraint.main.public.u.u_t_id_fkey: blocked/dependency_not_applied",
            "create index.main.public.i: blocked/dependency_not_applied",
            "create index.main.public.j: blocked/dependency_not_applied",
        ]
    );
    assert_eq!(world.plan().resource_changes[4].notes, ["waits for table.main.public.t"]);
}

#[test]
fn a_type_is_not_dropped_while_a_column_that_stays_uses_it() {
    let mut world = World::new();
    world.converged([table("t", &["a bigint", "mood public.mood"])]).owned(enum_type("mood", &["sad"]));
    world.desired(table("t", &["a bigint"]));
    assert_eq!(
        world.changes(),
        [
            "delete enum.main.public.mood: blocked/dependency_not_applied",
            "delete column.main.public.t.mood: blocked/approval_required",
        ]
    );
    world.policy(DestructivePolicy::Allow);
    assert_eq!(world.sql(), ["ALTER TABLE public.t DROP COLUMN mood", "DROP TYPE public.mood"]);
}

#[test]
fn only_takes_what_its_choice_needs_along() {
    let mut world = World::new();
    world.desired(table("a", &["id bigint"])).desired(primary_key("a", &["id"]));
    world.desired(table("b", &["a_id bigint"])).desired(foreign_key("b", "a_id", "a", "id"));
    world.desired(index("b", "b_idx", &["a_id"])).desired(table("c", &["id bigint"]));
    world.only(&["constraint.main.public.b.b_a_id_fkey"]);
    assert_eq!(
        world.changes(),
        [
            "create table.main.public.a: applied",
            "create table.main.public.b: applied",
            "create table.main.public.c: deferred/not_targeted",
            "create constraint.main.public.a.a_pkey: derived/owned_by_parent",
            "create constraint.main.public.b.b_a_id_fkey: applied",
            "create index.main.public.b_idx: deferred/not_targeted",
        ]
    );
    world.only(&["table.main.public.none"]);
    assert_eq!(world.try_plan(), Err(PlanError::UnknownAddress(address("table.main.public.none"))));
}

#[test]
fn what_an_old_server_cannot_do_is_deferred_with_the_remedy() {
    let mut world = World::new();
    world.inputs.live.identity.server_version = ServerVersion(150_010);
    let mut virtual_column = column("b", "text");
    let expression = crate::kind::Expression::new("lower(a)");
    virtual_column.generated = Some(Generated { expression, storage: GeneratedStorage::Virtual });
    world.desired(table_of("t", vec![column("a", "text"), virtual_column]));
    assert_eq!(world.changes(), ["create table.main.public.t: deferred/needs_newer_server"]);
    assert!(world.plan().resource_changes[0].notes[1].contains("PostgreSQL 18"));
}

#[test]
fn a_busy_table_is_locked_in_a_group_of_its_own() {
    let mut world = World::new();
    world.converged([table("big", &["a bigint"]), table("small", &["a bigint"])]).rows("big", 5_000_000);
    world.desired(table("big", &["a bigint", "b text"])).desired(table("small", &["a bigint", "b text"]));
    assert_eq!(
        world.sql(),
        ["ALTER TABLE public.big ADD COLUMN b text", "--", "ALTER TABLE public.small ADD COLUMN b text"]
    );
}
