//! What comes before and after objects that are replaced under their users, or that are used without being named.

use super::{Item, Work};
use crate::address::{Address, Kind};
use crate::diff::Action;
use crate::diff::making_way::is_renewed;
use crate::plan::lower::Phase;

/// A key that is built anew because a class goes would be built with it as long as it is there.
pub(super) fn class_goes_before_keys_come(work: &Work<'_>) -> Vec<(usize, usize)> {
    let going = work.nodes.iter().enumerate().filter(|(_, node)| {
        let address = &work.items[node.item].change.address;
        address.kind() == Kind::OperatorClass && node.phase == Phase::Down
    });
    let mut pairs = Vec::new();
    for (class, node) in going {
        let address = &work.items[node.item].change.address;
        let keys = work.nodes.iter().enumerate().filter(|(_, key)| {
            let item = &work.items[key.item];
            key.phase == Phase::Up
                && matches!(item.change.action, Action::Replace(None))
                && matches!(item.change.address.kind(), Kind::Table | Kind::Constraint | Kind::Index)
                && item.needs.live.contains(address)
        });
        pairs.extend(keys.map(|(key, _)| (class, key)));
    }
    pairs
}

pub(super) fn replaced_under_its_users(work: &Work<'_>) -> Vec<(usize, usize)> {
    let is_replaced = |item: &&Item<'_>| {
        is_renewed(item.change.address.kind()) && matches!(item.change.action, Action::Replace(_))
    };
    let mut pairs = Vec::new();
    for item in work.items.iter().filter(is_replaced) {
        let Some(replaced) = work.node(&item.change.address, Phase::Up) else { continue };
        for (node, at) in work.nodes.iter().enumerate() {
            let other = &work.items[at.item];
            let is_code = other.change.address.kind().is_code();
            let moves = |need: &Address| item.takes_along.contains(need);
            if is_code && other.needs.desired.iter().any(moves) && at.phase == Phase::Up {
                pairs.push((replaced, node));
            }
            if is_code && other.needs.live.iter().any(moves) && at.phase == Phase::Down {
                pairs.push((node, replaced));
            }
            if matches!(other.change.action, Action::Replace(Some(_))) {
                let rests_on_it = |need: &Address| moves(need) || *need == item.change.address;
                match at.phase {
                    Phase::Down if other.needs.live.iter().any(rests_on_it) => pairs.push((node, replaced)),
                    Phase::Up if other.needs.desired.iter().any(rests_on_it) => pairs.push((replaced, node)),
                    _ => {}
                }
                continue;
            }
            if !other.needs.live.contains(&item.change.address) {
                continue;
            }
            match (other.change.address.kind(), at.phase) {
                (Kind::Table, Phase::Down) if matches!(other.change.action, Action::Replace(_)) => {
                    pairs.push((node, replaced));
                }
                // Foreign keys on its columns stand in the way, and expressions that name it.
                (Kind::Constraint | Kind::Index | Kind::Statistics, Phase::Down) => {
                    pairs.push((node, replaced));
                }
                (Kind::Table | Kind::Column, Phase::Rename) => pairs.push((node, replaced)),
                (Kind::Table | Kind::Column, Phase::Down | Phase::Up | Phase::Attach) => {
                    pairs.push((replaced, node));
                }
                (Kind::Domain | Kind::Composite | Kind::Range, Phase::Down) => pairs.push((node, replaced)),
                (kind, Phase::Down) if kind.is_code() => pairs.push((node, replaced)),
                _ => {}
            }
        }
    }
    pairs
}
