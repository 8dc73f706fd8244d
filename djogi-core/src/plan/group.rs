//! Cuts the ordered statements of a target into groups that commit together.
//!
//! Neighbours share a group, but for what must commit before others use it, what PostgreSQL refuses in a
//! transaction, and what would hold up the readers of a busy table while it does something else.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::address::Kind;
use crate::ident::{Ident, QualifiedName};
use crate::observation::TableSize;
use crate::plan::{Group, LockMode, Operation, TransactionMode};
use crate::safety::not_small;
use crate::sql::Step;

/// What grouping must know about its target.
#[derive(Clone, Copy, Debug)]
pub struct Grouping<'a> {
    pub target: &'a Ident,
    pub sizes: &'a BTreeMap<QualifiedName, TableSize>,
    pub lock_timeout_ms: u64,
    /// How many locks a transaction may hold; the lock table of the server is shared by all sessions.
    pub max_locks: usize,
    /// The number of the first group.
    pub first: usize,
}

/// What a group may take in besides its first statement.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Company {
    Any,
    /// Only further work on this busy relation.
    Busy(String),
    /// Only the rest of this stretch, which holds work on a busy relation.
    Stretch(usize),
    None,
}

/// Groups `steps`, which are in the order of execution. Those of a stretch in `unbroken` are one group, unless it would hold
/// too many locks.
pub fn group(steps: Vec<Step>, unbroken: &[Range<usize>], grouping: &Grouping<'_>) -> Vec<Group> {
    let busy = not_small(grouping.sizes);
    let mut companies: Vec<Company> = steps.iter().map(|step| company_of(step, &busy)).collect();
    for (number, stretch) in unbroken.iter().enumerate() {
        let within = &mut companies[stretch.clone()];
        if within.iter().any(|company| matches!(company, Company::Busy(_))) {
            within.fill(Company::Stretch(number));
        }
    }
    let mut groups: Vec<Group> = Vec::new();
    let mut company = Company::None;
    let mut locks = 0;
    for (step, wanted) in steps.into_iter().zip(companies) {
        let cost = locks_of(&step.operation);
        let joins = company == wanted && wanted != Company::None && locks + cost <= grouping.max_locks;
        match groups.last_mut().filter(|_| joins) {
            Some(group) => {
                group.operations.push(step.operation);
                locks += cost;
            }
            None => {
                groups.push(Group {
                    id: format!("g{}", grouping.first + groups.len()),
                    target: grouping.target.clone(),
                    transaction: TransactionMode::In,
                    lock_timeout_ms: match step.transaction {
                        TransactionMode::In | TransactionMode::Barrier | TransactionMode::Chunked => {
                            grouping.lock_timeout_ms
                        }
                        // It would end the waiting for older transactions as well, and leave half the work.
                        TransactionMode::Outside => 0,
                    },
                    operations: vec![step.operation],
                });
                locks = cost;
            }
        }
        let group = groups.last_mut().expect("a group was just extended or made");
        group.transaction = step.transaction;
        company = match step.transaction {
            TransactionMode::In => wanted,
            TransactionMode::Barrier | TransactionMode::Outside | TransactionMode::Chunked => Company::None,
        };
    }
    groups
}

fn company_of(step: &Step, busy: &BTreeSet<String>) -> Company {
    match step.transaction {
        _ if step.is_alone => return Company::None,
        TransactionMode::Outside | TransactionMode::Chunked => return Company::None,
        TransactionMode::In | TransactionMode::Barrier => {}
    }
    match &step.operation.lock {
        Some(lock) if lock.mode == LockMode::AccessExclusive && busy.contains(&lock.relation) => {
            Company::Busy(lock.relation.clone())
        }
        Some(_) | None => Company::Any,
    }
}

/// Every object that goes with a table is locked by itself: its types, indexes, defaults, constraints and triggers.
/// An ordinary table has about half as many.
const LOCKS_OF_DROPPED_TABLE: usize = 32;

/// Roughly how many entries of the server's lock table a statement needs: the relation, its TOAST table and
/// index, and the indexes and sequences that come or go with it.
fn locks_of(operation: &Operation) -> usize {
    match operation.address.kind() {
        // The table of a new index has been counted where it is new, and is one of few where it is not.
        Kind::Index if operation.lock.is_none() => 1,
        Kind::Column | Kind::Index => 2,
        // A foreign key takes its four triggers with it.
        Kind::Constraint if operation.sql.contains(" DROP CONSTRAINT ") => 7,
        // Both tables; what the constraint is made of is new, and nobody else can lock it.
        Kind::Constraint => 2,
        Kind::Table if operation.sql.starts_with("DROP ") => LOCKS_OF_DROPPED_TABLE,
        Kind::Table => {
            3 + ["PRIMARY KEY", "UNIQUE", "IDENTITY"]
                .iter()
                .map(|word| operation.sql.matches(word).count())
                .sum::<usize>()
        }
        // With its rows' type, its TOAST table and its index.
        Kind::View | Kind::MaterializedView => 4,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Effect, Lock, Reversibility};

    fn step(transaction: TransactionMode, locked: Option<&str>) -> Step {
        Step {
            operation: Operation {
                address: "index.main.public.i".parse().unwrap(),
                sql: "SELECT".to_owned(),
                lock: locked
                    .map(|relation| Lock { mode: LockMode::AccessExclusive, relation: relation.to_owned() }),
                besides: Vec::new(),
                effect: Effect::Catalog,
                rows: None,
                bytes: None,
                hazards: Vec::new(),
                precheck: None,
                concurrently: None,
                backfill: None,
                refused: None,
                secrets: Vec::new(),
            },
            transaction,
            reversibility: Reversibility::Reversible,
            is_alone: false,
        }
    }

    fn sizes_of(steps: Vec<Step>, max_locks: usize) -> Vec<usize> {
        sizes_with(steps, &[], max_locks)
    }

    fn sizes_with(steps: Vec<Step>, unbroken: &[Range<usize>], max_locks: usize) -> Vec<usize> {
        let ident = |name: &str| Ident::new(name).unwrap();
        let target = ident("main");
        let big = QualifiedName::new(ident("public"), ident("big"));
        let sizes = BTreeMap::from([(
            big,
            TableSize { rows: Some(1_000_000), bytes: 1 << 30, ..TableSize::default() },
        )]);
        let grouping =
            Grouping { target: &target, sizes: &sizes, lock_timeout_ms: 2000, max_locks, first: 1 };
        let groups = group(steps, unbroken, &grouping);
        assert!(groups.iter().zip(1..).all(|(group, n)| group.id == format!("g{n}")));
        groups.iter().map(|group| group.operations.len()).collect()
    }

    #[test]
    fn a_barrier_ends_its_group_and_an_outsider_is_alone() {
        use TransactionMode::{Barrier, In, Outside};
        let steps = [In, Barrier, In, Outside, In, In].map(|mode| step(mode, None));
        assert_eq!(sizes_of(steps.to_vec(), 100), [2, 1, 1, 2]);
    }

    #[test]
    fn a_busy_table_is_locked_by_nothing_but_its_own_work() {
        let steps = [None, Some("public.big"), Some("public.big"), Some("public.small")];
        let steps = steps.map(|relation| step(TransactionMode::In, relation));
        assert_eq!(sizes_of(steps.to_vec(), 100), [1, 2, 1]);
    }

    #[test]
    fn what_goes_and_comes_back_is_never_missing() {
        let steps = [None, Some("public.view"), Some("public.big"), None, None];
        let steps = steps.map(|relation| step(TransactionMode::In, relation)).to_vec();
        assert_eq!(sizes_of(steps.clone(), 100), [2, 1, 2]);
        let unbroken = 1..4;
        assert_eq!(sizes_with(steps, std::slice::from_ref(&unbroken), 100), [1, 3, 1]);
    }

    #[test]
    fn a_group_holds_no_more_locks_than_allowed() {
        let on_new = vec![step(TransactionMode::In, None); 5];
        assert_eq!(sizes_of(on_new, 4), [4, 1]);
        let on_old = vec![step(TransactionMode::In, Some("public.small")); 5];
        assert_eq!(sizes_of(on_old, 4), [2, 2, 1]);
    }
}
