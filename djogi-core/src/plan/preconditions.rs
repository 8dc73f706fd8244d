//! What a plan rests on: the digests that must still hold when its statements run.

use std::collections::{BTreeMap, BTreeSet};

use super::ResourceChange;
use crate::address::{Address, Kind};
use crate::diff::Rebased;
use crate::digest::Digest;
use crate::disposition::Verdict;

/// Every object that the changes touch or need, under the address by which it is found before the first statement.
/// Columns are parts of their tables, unless they have changes of their own.
pub(super) fn preconditions(
    changes: &[ResourceChange],
    rebased: &Rebased<'_>,
) -> BTreeMap<Address, Option<Digest>> {
    let mut found = BTreeMap::new();
    let runs = |change: &&ResourceChange| {
        // Nothing is done to what is left to others, however it is by then.
        matches!(change.disposition, Verdict::Applied | Verdict::Derived)
            && !rebased.is_left_alone(&change.address)
    };
    for change in changes.iter().filter(runs) {
        let needs = change.depends_on.iter().filter(|need| need.kind() != Kind::Column);
        // What goes may rest on what nobody has read, in a schema that is not managed.
        let is_unread = |need: &Address| change.after_digest.is_none() && rebased.as_read(need).is_none();
        for need in needs.filter(|need| !rebased.is_left_alone(need) && !is_unread(need)) {
            let digest = || rebased.as_read(need).map(Digest::of);
            found.entry(rebased.origin(need).into_owned()).or_insert_with(digest);
        }
    }
    for change in changes.iter().filter(runs) {
        found.insert(rebased.origin(&change.address).into_owned(), change.before_digest);
    }
    // A new name must be free, unless it is the old one of something that gets another.
    let origins: BTreeSet<_> =
        changes.iter().filter(runs).map(|change| rebased.origin(&change.address)).collect();
    for change in changes.iter().filter(runs).filter(|change| !origins.contains(&change.address)) {
        found.insert(change.address.clone(), None);
    }
    found
}
