//! One test for each row of the table of changes, and for each rule beside it.

use crate::diff::Adoption;
use crate::fixtures::*;
use crate::kind::Resource;
use crate::plan::PlanError;

fn orders() -> Resource {
    table("orders", &["id bigint", "total integer"])
}

#[test]
fn what_is_only_desired_is_created() {
    let mut world = World::new();
    world.desired(orders());
    assert_eq!(world.changes(), ["create table.main.public.orders: applied"]);
    assert_eq!(world.sql(), ["CREATE TABLE public.orders (\n    id bigint,\n    total integer\n)"]);
}

#[test]
fn what_somebody_dropped_is_created_again_and_said_to_be_drift() {
    let mut world = World::new();
    world.converged([orders()]).gone("table.main.public.orders");
    let plan = world.plan();
    assert_eq!(world.changes(), ["create table.main.public.orders: applied"]);
    assert!(plan.resource_changes[0].drift);
    assert_eq!(plan.resource_changes[0].notes, ["it was dropped behind djogi's back"]);
    assert_eq!(plan.resource_drift.len(), 1);
}

#[test]
fn an_equal_object_is_adopted_without_a_statement() {
    let mut world = World::new();
    world.desired(orders()).live(orders());
    assert_eq!(world.changes(), ["adopt table.main.public.orders: applied"]);
    assert!(world.plan().groups.is_empty());
}

#[test]
fn a_different_unmanaged_object_is_a_conflict_until_adopted() {
    let mut world = World::new();
    world.desired(table("orders", &["id bigint", "total integer", "note text"])).live(orders());
    assert_eq!(world.changes(), ["update table.main.public.orders: blocked/unmanaged_conflict"]);
    assert!(world.plan().groups.is_empty());
    world.options.adopt = Adoption::These([address("table.main.public.orders")].into());
    assert_eq!(world.changes(), ["update table.main.public.orders: applied"]);
}

#[test]
fn an_update_names_its_fields() {
    let mut world = World::new();
    world.converged([orders()]);
    world.desired(table("orders", &["id bigint", "total bigint"]));
    let change = &world.plan().resource_changes[0];
    assert_eq!(change.fields.len(), 1);
    assert_eq!(change.fields[0].path, "columns.total.type");
    assert_eq!((&change.fields[0].before, &change.fields[0].after), (&"integer".into(), &"bigint".into()));
    assert!(!change.drift);
}

#[test]
fn what_is_desired_no_more_is_deleted_behind_its_gate() {
    let mut world = World::new();
    world.converged([orders(), table("other", &["id bigint"])]).undesired("table.main.public.orders");
    assert_eq!(world.changes(), ["delete table.main.public.orders: blocked/approval_required"]);
    assert_eq!(world.plan().approvals[0].address, address("table.main.public.orders"));
}

#[test]
fn what_is_gone_already_is_forgotten() {
    let mut world = World::new();
    world.recorded(orders());
    assert_eq!(world.changes(), ["forget table.main.public.orders: applied"]);
    assert!(world.plan().groups.is_empty());
}

#[test]
fn an_unmanaged_object_is_counted_and_left_alone() {
    let mut world = World::new();
    world.converged([orders()]).live(table("theirs", &["id bigint"]));
    let plan = world.plan();
    assert!(plan.converged);
    assert_eq!((plan.unmanaged.count, plan.unmanaged.resources.len()), (1, 0));
    world.options.unmanaged = true;
    assert_eq!(world.plan().unmanaged.resources, [address("table.main.public.theirs")]);
}

#[test]
fn a_declared_rename_carries_everything_that_refers_to_the_old_name() {
    let mut world = World::new();
    for resource in [
        orders(),
        primary_key("orders", &["id"]),
        check("orders", "orders_total_check", "(total > 0)"),
        index("orders", "orders_total_idx", &["total"]),
        table("lines", &["order_id bigint"]),
        foreign_key("lines", "order_id", "orders", "id"),
    ] {
        world.owned(resource);
    }
    world
        .renamed(table("purchases", &["id bigint", "sum integer"]), "table.main.public.orders")
        .renamed_column("table.main.public.purchases", "total", "sum")
        .renamed(primary_key("purchases", &["id"]), "constraint.main.public.orders.orders_pkey")
        .renamed(
            check("purchases", "purchases_sum_check", "(sum > 0)"),
            "constraint.main.public.orders.orders_total_check",
        )
        .renamed(index("purchases", "purchases_sum_idx", &["sum"]), "index.main.public.orders_total_idx")
        .desired(table("lines", &["order_id bigint"]))
        .desired(foreign_key("lines", "order_id", "purchases", "id"));
    assert_eq!(
        world.changes(),
        [
            "rename table.main.public.purchases: applied",
            "rename column.main.public.purchases.sum: applied",
            "rename constraint.main.public.purchases.purchases_pkey: applied",
            "rename constraint.main.public.purchases.purchases_sum_check: applied",
            "rename index.main.public.purchases_sum_idx: applied",
        ]
    );
    assert_eq!(
        world.sql(),
        [
            "ALTER TABLE public.orders RENAME TO purchases",
            "ALTER TABLE public.purchases RENAME COLUMN total TO sum",
            "ALTER TABLE public.purchases RENAME CONSTRAINT orders_pkey TO purchases_pkey",
            "ALTER TABLE public.purchases RENAME CONSTRAINT orders_total_check TO purchases_sum_check",
            "ALTER INDEX public.orders_total_idx RENAME TO purchases_sum_idx",
        ]
    );
    let plan = world.plan();
    assert_eq!(plan.resource_drift, []);
    let pkey = &plan.resource_changes[2];
    assert_eq!(pkey.previous_address, Some(address("constraint.main.public.orders.orders_pkey")));
    assert!(pkey.before_oid.is_some() && pkey.before_digest.is_some());
}

#[test]
fn a_rename_carried_out_before_is_no_rename() {
    let mut world = World::new();
    world.converged([orders()]).renamed(orders(), "table.main.public.old_orders").renamed_column(
        "table.main.public.orders",
        "amount",
        "total",
    );
    assert!(world.plan().converged);
}

#[test]
fn a_rename_of_an_unmanaged_object_is_not_taken_and_says_why() {
    let mut world = World::new();
    world.live(table("old", &["id bigint"])).renamed(table("new", &["id bigint"]), "table.main.public.old");
    assert_eq!(world.changes(), ["create table.main.public.new: applied"]);
    assert!(world.plan().resource_changes[0].notes[0].contains("djogi import table.main.public.old"));
}

#[test]
fn what_looks_like_a_rename_is_said_and_never_done() {
    let mut world = World::new();
    world.converged([orders()]).desired(table("orders", &["id bigint", "sum integer"]));
    assert_eq!(
        world.changes(),
        [
            "update table.main.public.orders: applied",
            "delete column.main.public.orders.total: blocked/approval_required",
        ]
    );
    let plan = world.plan();
    assert!(plan.resource_changes[0].notes[0].contains("#[field(renamed_from = \"total\")]"));
    assert_eq!(plan.resource_changes[0].notes, plan.resource_changes[1].notes);
    assert_eq!(world.sql(), ["ALTER TABLE public.orders ADD COLUMN sum integer"]);
}

#[test]
fn settled_digests_silence_texts_that_differ() {
    let mut world = World::new();
    let declared = check("orders", "c", "total > 0");
    let observed = check("orders", "c", "(total > 0)");
    world.converged([orders(), declared]).live(observed.clone());
    assert!(!world.plan().converged);
    let at = address("constraint.main.public.orders.c");
    world.inputs.recorded.resources.get_mut(&at).unwrap().observed = crate::Digest::of(&observed);
    assert!(world.plan().converged);
}

#[test]
fn a_column_that_somebody_added_is_drift_and_its_healing_is_gated() {
    let mut world = World::new();
    world.converged([orders()]).live(table("orders", &["id bigint", "extra text", "total integer"]));
    let plan = world.plan();
    assert_eq!(world.changes(), ["delete column.main.public.orders.extra: blocked/approval_required"]);
    assert!(plan.resource_changes[0].drift);
    assert_eq!(plan.resource_drift[0].fields[0].path, "columns.extra");
    assert!(plan.groups.is_empty());
}

#[test]
fn drift_that_the_declaration_agrees_with_is_told_and_recorded_without_sql() {
    let mut world = World::new();
    world.recorded(orders()).live(table("orders", &["id bigint", "total bigint"]));
    world.desired(table("orders", &["id bigint", "total bigint"]));
    let plan = world.plan();
    assert_eq!(world.changes(), ["adopt table.main.public.orders: applied"]);
    assert!(plan.groups.is_empty());
    assert_eq!(plan.resource_drift.len(), 1);
    assert_eq!(plan.resource_drift[0].disposition, crate::disposition::Verdict::Applied);
}

#[test]
fn a_vanished_package_is_refused_by_name() {
    let mut world = World::new();
    world.owned(orders());
    assert_eq!(
        world.try_plan(),
        Err(PlanError::PackagesVanished { target: id("main"), packages: vec!["shop".to_owned()] })
    );
}

#[test]
fn new_columns_that_are_declared_further_up_are_noted_and_no_difference_afterwards() {
    let mut world = World::new();
    world
        .converged([orders()])
        .desired(table("orders", &["id bigint", "note text", "total integer", "paid boolean"]));
    let plan = world.plan();
    assert_eq!(
        plan.resource_changes[0].notes,
        ["`note` is declared further up, and stands last: PostgreSQL appends new columns"]
    );
    let mut world = World::new();
    world
        .converged([table("orders", &["id bigint", "total integer", "note text"])])
        .desired(table("orders", &["id bigint", "note text", "total integer"]));
    assert!(world.changes().is_empty());
}
