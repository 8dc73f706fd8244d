//! Topological order with remembered reasons: every edge knows its rule, ties are broken by a key, and a cycle
//! is reported by the rules that make it.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// `from` comes before `to`, because of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub rule: &'static str,
}

/// The edges of a cycle, in its direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cycle(pub Vec<Edge>);

/// Orders the nodes `0..keys.len()`; of those that may come next, the one with the least key does.
pub fn sort<K: Ord>(keys: &[K], edges: &[Edge]) -> Result<Vec<usize>, Cycle> {
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); keys.len()];
    let mut waiting_for = vec![0_usize; keys.len()];
    for edge in edges {
        followers[edge.from].push(edge.to);
        waiting_for[edge.to] += 1;
    }
    let mut ready: BinaryHeap<Reverse<(&K, usize)>> = (0..keys.len())
        .filter(|&node| waiting_for[node] == 0)
        .map(|node| Reverse((&keys[node], node)))
        .collect();
    let mut order = Vec::with_capacity(keys.len());
    while let Some(Reverse((_, node))) = ready.pop() {
        order.push(node);
        for &next in &followers[node] {
            waiting_for[next] -= 1;
            if waiting_for[next] == 0 {
                ready.push(Reverse((&keys[next], next)));
            }
        }
    }
    if order.len() == keys.len() { Ok(order) } else { Err(find_cycle(&waiting_for, edges)) }
}

/// Follows waiting nodes backwards until one comes up again.
fn find_cycle(waiting_for: &[usize], edges: &[Edge]) -> Cycle {
    let is_stuck = |node: usize| waiting_for[node] > 0;
    let blocker = |node: usize| edges.iter().find(|edge| edge.to == node && is_stuck(edge.from));
    let mut path: Vec<Edge> = Vec::new();
    let mut seen = BTreeSet::new();
    let mut next = (0..waiting_for.len()).find(|&node| is_stuck(node)).and_then(blocker);
    while let Some(edge) = next.filter(|edge| seen.insert(edge.to)) {
        path.push(*edge);
        next = blocker(edge.from);
    }
    // The walk may have entered the cycle from outside: keep what lies on it.
    let start = next.and_then(|edge| path.iter().position(|e| e.to == edge.to)).unwrap_or(0);
    path.drain(..start);
    path.reverse();
    Cycle(path)
}

/// All edges that `nodes` come after, directly or not, in the order in which a reader wants them: nearest
/// causes last.
pub fn causes(nodes: &[usize], edges: &[Edge]) -> Vec<Edge> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<usize> = nodes.iter().copied().collect();
    let mut frontier: Vec<usize> = nodes.to_vec();
    while !frontier.is_empty() {
        let layer: Vec<Edge> = edges.iter().filter(|edge| frontier.contains(&edge.to)).copied().collect();
        frontier = layer.iter().map(|edge| edge.from).filter(|&from| seen.insert(from)).collect();
        found.splice(0..0, layer);
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edge(from: usize, to: usize) -> Edge {
        Edge { from, to, rule: "test" }
    }

    #[test]
    fn ties_are_broken_by_key() {
        assert_eq!(sort(&["c", "a", "b"], &[]), Ok(vec![1, 2, 0]));
        assert_eq!(sort(&["c", "a", "b"], &[edge(0, 1)]), Ok(vec![2, 0, 1]));
    }

    #[test]
    fn a_cycle_is_reported_without_what_leads_to_it() {
        let edges = [edge(1, 2), edge(2, 3), edge(3, 1), edge(3, 0)];
        let Err(Cycle(mut cycle)) = sort(&[0, 1, 2, 3], &edges) else { panic!("there is a cycle") };
        assert!(cycle.windows(2).all(|pair| pair[0].to == pair[1].from));
        cycle.sort();
        assert_eq!(cycle, edges[..3]);
    }

    #[test]
    fn causes_are_listed_from_the_root_to_the_node() {
        let edges = [edge(2, 1), edge(1, 0), edge(3, 4)];
        assert_eq!(causes(&[0], &edges), [edge(2, 1), edge(1, 0)]);
    }

    proptest! {
        #[test]
        fn the_order_keeps_every_edge(pairs in proptest::collection::vec((0..20_usize, 0..20_usize), 0..60)) {
            let edges: Vec<_> = pairs.into_iter().filter(|(a, b)| a < b).map(|(a, b)| edge(b, a)).collect();
            let order = sort(&[0; 20], &edges).unwrap();
            let position = |node| order.iter().position(|&n| n == node).unwrap();
            for edge in edges {
                prop_assert!(position(edge.from) < position(edge.to));
            }
        }
    }
}
