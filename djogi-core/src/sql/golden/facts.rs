//! What is known of a statement depends on the live database: one test for each such fact.

use super::super::*;
use super::fixtures::*;
use super::script::Script;
use crate::kind::*;
use crate::plan::{Effect, LockMode};

fn two_tables() -> Script {
    let mut script = Script::new(180_004);
    let columns =
        || vec![not_null(column("id", "bigint")), column("parent", "bigint"), column("code", "text")];
    script.create_table(table("parents", columns()), &[primary_key("parents", "parents_pkey", &["id"])]);
    script.create_table(table("children", columns()), &[]);
    script.time_passes(Some(500), 65_536);
    script
}

fn parent_key() -> Resource {
    let key = ConstraintDefinition::ForeignKey(foreign_key(&["parent"], "parents"));
    Resource::Constraint(constraint("children", "children_parent_fkey", key))
}

fn only_step(steps: Result<Vec<Step>, Impossible>) -> Step {
    let steps = steps.unwrap();
    assert_eq!(steps.len(), 1, "{steps:?}");
    steps.into_iter().next().unwrap()
}

fn alter_children(script: &Script, desired: Column) -> Result<Vec<Step>, Impossible> {
    let live = script.live.table(&script.target, &name("app", "children")).unwrap().clone();
    let mut table = live.clone();
    table.columns.retain(|column| column.name != desired.name);
    table.columns.push(desired);
    let (live, desired) = (Resource::Table(live), Resource::Table(table));
    let address = desired.address(&script.target);
    let Comparison::InPlace(alterations) = live.compare(&desired) else {
        panic!("tables are altered in place")
    };
    let [alteration] = alterations.as_slice() else { panic!("one change at a time: {alterations:?}") };
    alter(&live, &desired, alteration, &script.context(), &address)
}

#[test]
fn a_foreign_key_of_a_new_table_locks_only_the_table_it_refers_to() {
    let mut script = two_tables();
    script.new_tables.insert(name("app", "children"));
    let key = parent_key();
    let step = only_step(create(&key, &script.context(), &key.address(&script.target)));
    let lock = step.operation.lock.unwrap();
    assert_eq!((lock.mode, lock.relation.as_str()), (LockMode::ShareRowExclusive, "app.parents"));
    assert_eq!(step.operation.effect, Effect::Catalog);
    assert_eq!(step.operation.hazards, Vec::<String>::new());
}

#[test]
fn nothing_on_a_new_table_takes_a_lock_or_reads_rows() {
    let mut script = two_tables();
    script.new_tables.insert(name("app", "children"));
    let index = Resource::Index(index("children", "children_code", vec![key("code")]));
    let step = only_step(create(&index, &script.context(), &index.address(&script.target)));
    assert_eq!(step.operation.lock, None);
    assert_eq!(
        (step.operation.effect, step.operation.rows, step.operation.bytes),
        (Effect::Catalog, None, None)
    );
}

#[test]
fn a_validated_check_spares_the_scan_of_set_not_null() {
    let mut script = two_tables();
    let effect = |script: &Script| {
        only_step(alter_children(script, not_null(column("code", "text")))).operation.effect
    };
    assert_eq!(effect(&script), Effect::Scan);
    let proof = Constraint { validated: false, ..check("children", "code_check", "(code IS NOT NULL)") };
    script.create(Resource::Constraint(proof.clone()));
    assert_eq!(effect(&script), Effect::Scan);
    script.create(Resource::Constraint(Constraint { validated: true, ..proof }));
    assert_eq!(effect(&script), Effect::Catalog);
}

#[test]
fn what_uses_a_column_decides_what_a_type_change_in_place_costs() {
    let effect = |dependent: Option<Resource>| {
        let mut script = two_tables();
        if let Some(dependent) = dependent {
            script.create(dependent);
        }
        only_step(alter_children(&script, column("code", "character varying"))).operation.effect
    };
    let indexed = |elements| Resource::Index(index("children", "children_code", elements));
    assert_eq!(effect(None), Effect::Catalog);
    assert_eq!(effect(Some(indexed(vec![key("code")]))), Effect::Catalog);
    assert_eq!(effect(Some(indexed(vec![expression_key("lower(code)")]))), Effect::Build);
    let check = check("children", "code_check", "(code <> ''::text)");
    assert_eq!(effect(Some(Resource::Constraint(check))), Effect::Scan);
}

#[test]
fn a_type_change_under_a_foreign_key_locks_both_tables() {
    let mut script = two_tables();
    script.create(parent_key());
    let step = only_step(alter_children(&script, column("parent", "integer")));
    assert_eq!(step.operation.lock.unwrap().relation, "app.children");
    assert!(step.operation.hazards.contains(&"also locks app.parents in ACCESS EXCLUSIVE mode".to_owned()));
    assert!(step.reversibility.is_destructive());
}

#[test]
fn a_column_that_must_not_be_null_goes_only_into_an_empty_table() {
    let mut script = two_tables();
    let children = name("app", "children");
    let mut add = |rows, bytes, holds_rows| {
        script.sizes.insert(children.clone(), TableSize { rows, bytes, holds_rows, ..TableSize::default() });
        alter_children(&script, not_null(column("added", "text")))
    };
    assert!(matches!(add(Some(500), 65_536, None), Err(Impossible::NoValueForRows { .. })));
    assert!(only_step(add(Some(0), 0, None)).operation.hazards.is_empty());
    assert_eq!(only_step(add(None, 0, None)).operation.hazards.len(), 1);
    assert_eq!(only_step(add(Some(0), 8192, None)).operation.hazards.len(), 1);
    // What is known exactly counts.
    assert!(only_step(add(Some(500), 65_536, Some(false))).operation.hazards.is_empty());
    assert!(matches!(add(None, 0, Some(true)), Err(Impossible::NoValueForRows { .. })));
}

#[test]
fn a_virtual_expression_beside_a_check_needs_a_new_column() {
    let mut script = two_tables();
    let half = |expression| generated(column("half", "bigint"), expression, GeneratedStorage::Virtual);
    script.alter_column(&name("app", "children"), half("(parent / 2)"));
    assert!(alter_children(&script, half("(parent / 3)")).is_ok());
    script.create(Resource::Constraint(check("children", "code_check", "(code <> ''::text)")));
    assert!(matches!(alter_children(&script, half("(parent / 3)")), Err(Impossible::NeedsNewColumn { .. })));
}

#[test]
fn the_retired_name_of_a_long_enum_stays_within_the_limit() {
    let script = two_tables();
    let live = EnumType { name: ident(&"ü".repeat(31)), comment: None, ..mood(&["a", "b"]) };
    let desired = EnumType { labels: vec!["b".to_owned()], ..live.clone() };
    let address = Resource::Enum(live.clone()).address(&script.target);
    let steps = replace_enum(&live, &desired, &[], &script.context(), &address).unwrap();
    assert!(steps[0].operation.sql.ends_with("ü__djogi_old\""), "{}", steps[0].operation.sql);
}

#[test]
fn a_sequence_keeps_within_its_bounds_or_begins_again() {
    let mut script = Script::new(180_004);
    let bounded =
        |start, max| SequenceOptions { start, max, ..SequenceOptions::default_for(SequenceType::Bigint) };
    let live = sequence("numbers", SequenceType::Bigint, bounded(30, 100));
    let desired = sequence("numbers", SequenceType::Bigint, bounded(3, 9));
    let address = Address::sequence(&script.target, &live.qualified_name());
    let mut stands_at = |position: Option<(i64, bool)>| {
        script.sequence_positions = position
            .map(|(last_value, is_called)| (address.clone(), SequencePosition { last_value, is_called }))
            .into_iter()
            .collect();
        let (live, desired) = (Resource::Sequence(live.clone()), Resource::Sequence(desired.clone()));
        let Comparison::InPlace(alterations) = live.compare(&desired) else { panic!("it changes in place") };
        alter(&live, &desired, &alterations[0], &script.context(), &address).map(|mut steps| {
            let operation = steps.remove(0).operation;
            (operation.sql, operation.hazards.len())
        })
    };
    let changed = "ALTER SEQUENCE app.numbers START WITH 3 MAXVALUE 9".to_owned();
    assert_eq!(stands_at(Some((9, true))), Ok((changed.clone(), 0)));
    assert_eq!(stands_at(Some((30, false))), Ok((format!("{changed} RESTART WITH 3"), 0)));
    assert!(matches!(stands_at(Some((30, true))), Err(Impossible::OutOfBounds { value: 30, .. })));
    // Somebody has set it.
    assert!(matches!(stands_at(Some((50, false))), Err(Impossible::OutOfBounds { value: 50, .. })));
    assert_eq!(stands_at(None), Ok((changed, 1)));
}
