//! Who holds the locks that a group could not have: words for the message of a failure.

use std::collections::BTreeSet;

use djogi_core::QualifiedName;
use djogi_core::plan::{Group, LockMode};

use super::patience::{Spent, in_the_way_of};
use crate::event::Failure;
use crate::lock_holder::{LockHolder, lock_holders};
use crate::session::Session;

/// So many are named.
const NAMED: usize = 5;

/// Says what waited for which lock, and who has it as far as it can still be seen. `spent` is `None` for a group that was
/// tried once.
pub(super) async fn tell_who_waited(
    session: &Session<'_>,
    group: &Group,
    relations: &BTreeSet<QualifiedName>,
    spent: Option<Spent>,
    failure: &mut Failure,
) {
    let (within, setting) = match spent {
        None => (format!("within {} ms", group.lock_timeout_ms), "lock_timeout or lock_budget"),
        Some(Spent { tries, budget, longest_wait }) => {
            let tries = if tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") };
            let (budget, wait) = (in_words(budget.as_millis()), in_words(longest_wait.as_millis()));
            (format!("within its lock_budget of {budget}, in {tries} of at most {wait} each"), "lock_budget")
        }
    };
    failure.message = format!("the lock was not to be had {within} ({})", failure.message);
    let holders = holders(session, group, relations).await;
    let detail = holders.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>().join("; ");
    failure.detail = Some(detail).filter(|detail| !detail.is_empty()).or(failure.detail.take());
    failure.hint = Some(match holders.first() {
        Some(holder) => format!(
            "apply again when it is done, end it with {}, or raise {setting} of the target",
            holder.way_out()
        ),
        None => format!("apply again, or raise {setting} of the target"),
    });
}

/// Those in the way of what the plan says of the locks; where nobody is, those who have any lock on what it is about. Only
/// words of the message depend on it.
async fn holders(
    session: &Session<'_>,
    group: &Group,
    relations: &BTreeSet<QualifiedName>,
) -> Vec<LockHolder> {
    let client = session.connection.client();
    let found = lock_holders(client, &in_the_way_of(group)).await.unwrap_or_default();
    if !found.is_empty() {
        return found;
    }
    let any = |relation: &QualifiedName| LockMode::ALL.map(|mode| (relation.to_string(), mode));
    let all: BTreeSet<_> = relations.iter().flat_map(any).collect();
    lock_holders(client, &all).await.unwrap_or_default()
}

/// As a setting is written, in the largest unit that says it all.
fn in_words(milliseconds: u128) -> String {
    let units = [("h", 3_600_000), ("min", 60_000), ("s", 1_000)];
    match units.into_iter().find(|(_, each)| milliseconds > 0 && milliseconds.is_multiple_of(*each)) {
        Some((unit, each)) => format!("{} {unit}", milliseconds / each),
        None => format!("{milliseconds} ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_said_as_they_were_set() {
        let all = [0, 50, 1_000, 1_500, 90_000, 1_800_000, 7_200_000].map(in_words);
        assert_eq!(all, ["0 ms", "50 ms", "1 s", "1500 ms", "90 s", "30 min", "2 h"]);
    }
}
