//! Columns that take the place of others, under the code that uses them.

use super::{Item, Work};
use crate::plan::lower::Phase;

/// What prepares the way back of a migration takes its time, in which nobody shall miss what goes and comes back.
pub(super) fn prepared_before_code_leaves(work: &Work<'_>) -> Vec<(usize, usize)> {
    let of = |is_one: fn(&Item<'_>) -> bool| {
        let items = work.items.iter().filter(move |item| is_one(item));
        items.filter_map(|item| work.node(&item.change.address, Phase::Down))
    };
    let code: Vec<usize> = of(|item| item.change.goes_and_comes_back()).collect();
    of(|item| item.change.exchanges.is_some())
        .flat_map(|prepared| code.iter().map(move |leaves| (prepared, *leaves)))
        .collect()
}
