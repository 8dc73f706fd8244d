//! How many keys a chunk takes: as many as fit into the time that a writer may have to wait.
//!
//! A chunk of n keys takes about a + b * n, of which a is the round trips and the wait for the disk. Both are fitted to
//! what was seen last. Making chunks smaller helps only against b: on a busy machine nearly all of it is a, and a chunk
//! that is made smaller and smaller ends up as fixed cost alone. So it stays large enough that a is a third at most.

use std::time::Duration;

/// How much the last chunk counts against all before it.
const WEIGHT: f64 = 0.4;
const GROWTH: f64 = 1.2;
/// Chunks are never planned to take more than this many times what was asked for, however large their fixed cost is.
const STRETCH: f64 = 4.0;
const FIRST: f64 = 1000.0;
const LEAST: f64 = 200.0;
const MOST: f64 = 20_000.0;

/// The size of the next chunk.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    size: f64,
    /// Averages of n, t, n * n and n * t.
    seen: Option<[f64; 4]>,
    /// Milliseconds of a chunk that do not depend on its keys.
    fixed: f64,
    /// Does not grow until a chunk has gone through that failed before.
    holds: bool,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { size: FIRST, seen: None, fixed: 0.0, holds: false }
    }

    /// How many keys the next chunk is to have.
    pub(super) fn size(&self) -> i64 {
        // In range by its bounds.
        self.size as i64
    }

    /// A chunk of `keys` has taken `time`, and is to take `target`.
    pub(super) fn took(&mut self, keys: i64, time: Duration, target: Duration) {
        let (n, t) = (keys.max(1) as f64, time.as_secs_f64() * 1000.0);
        let new = [n, t, n * n, n * t];
        let seen = match self.seen {
            None => new,
            Some(old) => std::array::from_fn(|at| old[at] + WEIGHT * (new[at] - old[at])),
        };
        self.seen = Some(seen);
        if self.holds {
            return;
        }
        self.fixed = fixed(seen, self.fixed);
        let wanted = best(seen, self.fixed, target.as_secs_f64() * 1000.0);
        self.size = wanted.min(self.size * GROWTH).clamp(LEAST, MOST);
    }

    /// A chunk did not go through: the next one has half its keys, whatever it costs.
    pub(super) fn failed(&mut self) {
        self.size = (self.size / 2.0).max(1.0);
    }

    /// Keeps the size from growing, or lets it grow again.
    pub(super) fn hold(&mut self, holds: bool) {
        self.holds = holds;
    }
}

/// What a fit to these averages says that a chunk takes without any keys. Chunks of one size say nothing about it: then
/// what was `known` counts less each time, until sizes differ enough again.
fn fixed([n, t, nn, nt]: [f64; 4], known: f64) -> f64 {
    const FORGETTING: f64 = 0.98;
    const TELLING: f64 = 0.02;
    let variance = nn - n * n;
    let slope = (nt - n * t) / variance;
    let says_something = variance > (TELLING * n).powi(2) && slope > 0.0;
    let fixed = if says_something { t - slope * n } else { known * FORGETTING };
    fixed.clamp(0.0, t * 0.95)
}

/// The size for which `target` milliseconds go by.
fn best([n, t, ..]: [f64; 4], fixed: f64, target: f64) -> f64 {
    let slope = ((t - fixed) / n).max(1e-6);
    let aimed = (target - fixed) / slope;
    let floor = (2.0 * fixed / slope).min((STRETCH * target - fixed) / slope);
    aimed.max(floor)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: Duration = Duration::from_millis(50);

    /// The size after many chunks that take `fixed + each * n` milliseconds.
    fn settled(fixed: f64, each: f64) -> f64 {
        let mut pace = Pace::new();
        for _ in 0..60 {
            let n = pace.size();
            pace.took(n, Duration::from_secs_f64((fixed + each * n as f64) / 1000.0), TARGET);
        }
        pace.size() as f64
    }

    #[test]
    fn chunks_come_to_take_the_time_that_was_asked_for() {
        for (fixed, each) in [(0.0, 0.01), (5.0, 0.01), (10.0, 0.02)] {
            let time = fixed + each * settled(fixed, each);
            assert!((40.0..60.0).contains(&time), "{time} ms of a chunk with {fixed} + {each} n");
        }
    }

    #[test]
    fn a_high_fixed_cost_does_not_make_chunks_collapse() {
        let size = settled(45.0, 0.01);
        assert!(size >= 4000.0, "{size}");
    }

    #[test]
    fn a_chunk_grows_by_a_fifth_at_most_and_stays_in_its_bounds() {
        let mut pace = Pace::new();
        pace.took(1000, Duration::from_millis(1), TARGET);
        assert_eq!(pace.size(), 1200);
        assert_eq!(settled(0.0, 0.000_001), MOST);
        assert_eq!(settled(0.0, 100.0), LEAST);
    }

    #[test]
    fn a_failed_chunk_is_halved_down_to_one_key_and_held_there() {
        let mut pace = Pace::new();
        pace.hold(true);
        for _ in 0..20 {
            pace.failed();
        }
        pace.took(1, Duration::from_millis(1), TARGET);
        assert_eq!(pace.size(), 1);
        pace.hold(false);
        pace.took(1, Duration::from_millis(1), TARGET);
        assert_eq!(pace.size(), LEAST as i64);
    }
}
