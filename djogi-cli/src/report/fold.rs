//! Long plans: like changes in one line, so that the few unlike ones are seen.

use std::collections::BTreeMap;

use djogi_core::disposition::Verdict;

use super::block::{self, Block, INDENT, Setting, at_the_right};
use super::line::{Line, columns};
use super::style::{self, Tone};

/// Plans with more changes are folded, unless `-v`.
pub(crate) const FOLD_ABOVE: usize = 200;
/// So few like changes are shown one by one.
const SMALL: usize = 3;
/// So many dangerous ones are still shown one by one.
const SMALL_DANGEROUS: usize = 20;

/// Blocks that are shown together.
pub(crate) enum Item<'a> {
    Single(Block<'a>),
    Folded(Vec<Block<'a>>),
}

/// Puts like blocks together, in the order of the first of each.
pub(crate) fn fold(blocks: Vec<Block<'_>>) -> Vec<Item<'_>> {
    let mut order = Vec::new();
    let mut sets: BTreeMap<_, Vec<Block<'_>>> = BTreeMap::new();
    for block in blocks {
        let change = block.change;
        let key = (change.kind, block.action(), change.disposition, change.reason, change.way_out.as_deref());
        let set = sets.entry(key).or_default();
        if set.is_empty() {
            order.push(key);
        }
        set.push(block);
    }
    let mut items = Vec::new();
    for key in order {
        let set = sets.remove(&key).unwrap_or_default();
        let dangerous = set.iter().any(|block| {
            block.change.disposition == Verdict::Blocked || block.change.reversibility.is_destructive()
        });
        if set.len() <= if dangerous { SMALL_DANGEROUS } else { SMALL } {
            items.extend(set.into_iter().map(Item::Single));
        } else {
            items.push(Item::Folded(set));
        }
    }
    items
}

impl Item<'_> {
    pub(crate) fn lines(&self, setting: &Setting<'_>) -> Vec<Line> {
        match self {
            Item::Single(block) => block.lines(setting),
            Item::Folded(blocks) => folded(blocks, setting),
        }
    }

    pub(crate) fn is_folded(&self) -> bool {
        matches!(self, Item::Folded(_))
    }
}

fn folded(blocks: &[Block<'_>], setting: &Setting<'_>) -> Vec<Line> {
    let Some(first) = blocks.first() else { return Vec::new() };
    let width = setting.view.width;
    let action = first.action();
    let verdict = first.change.disposition;
    let addresses = blocks
        .iter()
        .flat_map(|block| std::iter::once(block.change).chain(block.members.iter().copied()))
        .map(|change| &change.address);
    let cost = setting.costs.sum(addresses);

    let mut head = Line::new(format!("{:>3} ", action.mark()), action.tone());
    head.push(style::count(blocks.len(), first.change.kind.as_str()), Tone::Strong);
    let members: usize = blocks.iter().map(|block| block.members.len()).sum();
    if members > 0 {
        head.push(format!(" with {members} constraints and indexes"), Tone::Plain);
    }
    if verdict != Verdict::Applied {
        head.push("  ", Tone::Plain);
        head.push(verdict.as_str(), Tone::of_verdict(verdict));
    }
    let mut right = Line::default();
    let dearest = cost.without_relation();
    if !dearest.is_empty() {
        right.push("up to ", Tone::Faint);
        right.append(&dearest);
    }
    let mut lines = at_the_right(head, &right, width);
    lines.push(names(blocks, width));
    if let Some(reason) = first.change.reason {
        lines.extend(block::standing(reason, None, first.change.way_out.as_deref(), width));
    }
    lines
}

/// As many names as fit in one line, then how many more there are.
fn names(blocks: &[Block<'_>], width: usize) -> Line {
    let mut line = Line::indented(INDENT);
    for (i, block) in blocks.iter().enumerate() {
        let name = block.change.address.name().to_string();
        let rest = blocks.len() - i;
        let more = format!("... {rest} more");
        let is_last = rest == 1;
        let needed = columns(&name) + if is_last { 0 } else { 2 + more.len() };
        if i > 0 && line.width() + needed > width {
            line.push(more, Tone::Faint);
            break;
        }
        line.push(name, Tone::Plain);
        if !is_last {
            line.push(", ", Tone::Faint);
        }
    }
    line
}
