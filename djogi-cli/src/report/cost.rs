//! What the statements of a change cost: strongest lock, dearest effect, rows and bytes.

use std::collections::BTreeMap;

use djogi_core::Address;
use djogi_core::plan::{Effect, Lock, LockMode, Operation, PlanDocument, TransactionMode};

use super::line::Line;
use super::style::{self, Tone};

/// The operations of a plan by the change they belong to.
pub(crate) struct Costs<'a> {
    operations: BTreeMap<&'a Address, Vec<(TransactionMode, &'a Operation)>>,
}

/// What one or several changes cost together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cost<'a> {
    lock: Option<&'a Lock>,
    effect: Option<Effect>,
    /// The lock under which the dearest effect is had, where the strongest is held only for an instant.
    apart: Option<LockMode>,
    rows: Option<u64>,
    bytes: Option<u64>,
    /// One sentence each, in the order of the statements.
    pub(crate) hazards: Vec<&'a str>,
}

impl<'a> Costs<'a> {
    pub(crate) fn of(document: &'a PlanDocument) -> Self {
        let mut operations: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for group in &document.groups {
            for operation in &group.operations {
                operations.entry(&operation.address).or_default().push((group.transaction, operation));
            }
        }
        Self { operations }
    }

    /// Of these changes together. Rows and bytes are those of the dearest statement: two statements on one
    /// table do not make it larger.
    pub(crate) fn sum<'b>(&self, addresses: impl IntoIterator<Item = &'b Address>) -> Cost<'a> {
        let mut cost = Cost::default();
        let mut done = Vec::new();
        for address in addresses {
            for &(mode, operation) in self.operations.get(address).into_iter().flatten() {
                done.push((operation.lock.as_ref().map(|lock| lock.mode), operation.effect));
                let Operation {
                    address: _,
                    sql: _,
                    lock,
                    // The hazards say it.
                    besides: _,
                    effect,
                    rows,
                    bytes,
                    hazards,
                    precheck: _,
                    concurrently: _,
                    backfill: _,
                    refused: _,
                    secrets: _,
                } = operation;
                if lock.as_ref().map(|lock| lock.mode) > cost.lock.map(|lock| lock.mode) {
                    cost.lock = lock.as_ref();
                }
                cost.effect = cost.effect.max(Some(*effect));
                cost.rows = cost.rows.max(*rows);
                cost.bytes = cost.bytes.max(*bytes);
                let hazards = hazards.iter().map(String::as_str);
                let not_transactional = match mode {
                    TransactionMode::In | TransactionMode::Barrier => None,
                    TransactionMode::Outside => Some("runs outside a transaction"),
                    TransactionMode::Chunked => Some("runs in many small transactions"),
                };
                for hazard in hazards.chain(not_transactional) {
                    if !cost.hazards.contains(&hazard) {
                        cost.hazards.push(hazard);
                    }
                }
            }
        }
        let strongest = cost.lock.map(|lock| lock.mode);
        let under_it = done.iter().filter(|(lock, _)| *lock == strongest).map(|(_, effect)| *effect).max();
        let dearest =
            done.iter().filter(|(_, effect)| Some(*effect) == cost.effect).map(|(lock, _)| *lock).max();
        cost.apart = dearest.flatten().filter(|_| under_it == Some(Effect::Catalog));
        cost
    }
}

impl Cost<'_> {
    /// `ACCESS EXCLUSIVE, rewrite, ~1.2 M rows, 92 MB`, or, where nothing long is done under the strongest lock,
    /// `ACCESS EXCLUSIVE for an instant, scan under SHARE UPDATE EXCLUSIVE`; empty when only new objects are touched. The
    /// locked relation is named when it is not the `own` one.
    pub(crate) fn line(&self, own: Option<&str>) -> Line {
        let mut line = self.without_relation();
        if let Some(lock) = self.lock.filter(|lock| own != Some(lock.relation.as_str())) {
            line.push(format!(" on {}", lock.relation), Tone::Faint);
        }
        line
    }

    /// The same for changes of several relations.
    pub(crate) fn without_relation(&self) -> Line {
        let mut line = Line::default();
        let is_long = self.effect.is_some_and(|effect| effect > Effect::Catalog);
        let mut add = |text: &str, tone| {
            if !line.is_empty() {
                line.push(", ", Tone::Faint);
            }
            line.push(text, tone);
        };
        if let Some(lock) = self.lock {
            let instant = if is_long && self.apart.is_some() { " for an instant" } else { "" };
            add(&format!("{}{instant}", lock.mode.as_sql()), Tone::of_lock(lock.mode));
        }
        if let Some(effect) = self.effect.filter(|_| is_long) {
            let under = self.apart.map(|mode| format!(" under {}", mode.as_sql())).unwrap_or_default();
            add(&format!("{}{under}", style::effect_word(effect)), Tone::of_effect(effect));
        }
        if let Some(rows) = self.rows {
            add(&format!("~{}", style::rows(rows)), Tone::Faint);
        }
        if let Some(bytes) = self.bytes {
            add(&style::bytes(bytes), Tone::Faint);
        }
        line
    }
}
