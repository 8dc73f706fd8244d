//! How long the tries of a group wait for their locks, and how long it rests between them. Numbers only.
//!
//! Whoever waits for a lock on a table stops everybody who comes after. So the first tries are short, they get longer
//! only as they fail, and between them everybody else has the table. Chance keeps two who wait for each other from doing
//! so in step.

use std::time::Duration;

const RUNGS: [Duration; 6] = [
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1500),
];

/// Less is over before the lock manager was asked; and to PostgreSQL, zero is for ever.
const SHORTEST_WAIT: Duration = Duration::from_millis(10);

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The tries of one group.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    longest_wait: Duration,
    budget: Duration,
    tries: u32,
}

impl Ladder {
    /// Without a `budget` there is one try, which waits as long as `longest_wait`.
    pub(super) fn new(longest_wait: Duration, budget: Duration) -> Self {
        // For ever is no rung.
        let budget = if longest_wait.is_zero() { Duration::ZERO } else { budget };
        Self { longest_wait, budget, tries: 0 }
    }

    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    pub(super) fn longest_wait(&self) -> Duration {
        self.longest_wait
    }

    /// Zero where there is one try.
    pub(super) fn budget(&self) -> Duration {
        self.budget
    }

    /// What is left of the budget; `None` when nothing is.
    pub(super) fn left(&self, spent: Duration) -> Option<Duration> {
        self.budget.checked_sub(spent).filter(|left| !left.is_zero())
    }

    /// Begins the next try: how long each of its statements may wait for a lock. `chance` is from 0 to 1.
    pub(super) fn next_wait(&mut self, chance: f64) -> Duration {
        self.tries = self.tries.saturating_add(1);
        if self.budget.is_zero() {
            return self.longest_wait;
        }
        let rung = RUNGS.get(self.tries as usize - 1).copied().unwrap_or(self.top());
        let wait = if self.tries == 1 { rung } else { rung.mul_f64(chance).max(SHORTEST_WAIT) };
        wait.min(self.longest_wait)
    }

    /// As [`Ladder::next_wait`], for a holder that gives way to those who wait long enough.
    pub(super) fn next_long_wait(&mut self) -> Duration {
        self.tries = self.tries.saturating_add(1);
        self.top().min(self.longest_wait)
    }

    /// How long to rest after the try before the next one.
    pub(super) fn pause(&self, chance: f64) -> Duration {
        let doubled = self.tries.saturating_sub(1).min(16);
        (FIRST_PAUSE * 2_u32.pow(doubled)).min(LONGEST_PAUSE).mul_f64(chance.max(0.1))
    }

    fn top(&self) -> Duration {
        RUNGS[RUNGS.len() - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    fn waits(longest: Duration, budget: Duration, chance: f64) -> Vec<Duration> {
        let mut ladder = Ladder::new(longest, budget);
        (0..8).map(|_| ladder.next_wait(chance)).collect()
    }

    #[test]
    fn tries_wait_longer_and_longer_but_never_longer_than_they_may() {
        let all = [50, 100, 200, 400, 800, 1500, 1500, 1500];
        assert_eq!(waits(ms(2000), ms(60_000), 1.0), all.map(ms));
        let some = [50, 100, 200, 300, 300, 300, 300, 300];
        assert_eq!(waits(ms(300), ms(60_000), 1.0), some.map(ms));
        assert_eq!(waits(ms(20), ms(60_000), 1.0), [20; 8].map(ms));
    }

    #[test]
    fn chance_shortens_every_wait_but_the_first_and_none_to_nothing() {
        let half = [50, 50, 100, 200, 400, 750, 750, 750];
        assert_eq!(waits(ms(2000), ms(60_000), 0.5), half.map(ms));
        let least = [50, 10, 10, 10, 10, 10, 10, 10];
        assert_eq!(waits(ms(2000), ms(60_000), 0.0), least.map(ms));
        assert_eq!(waits(ms(3), ms(60_000), 0.0), [3; 8].map(ms));
    }

    #[test]
    fn without_a_budget_there_is_one_try_of_the_whole_length() {
        let mut ladder = Ladder::new(ms(2000), Duration::ZERO);
        assert_eq!(ladder.next_wait(0.0), ms(2000));
        assert_eq!(ladder.left(Duration::ZERO), None);
        // PostgreSQL takes zero for ever, which is tried once.
        let mut ladder = Ladder::new(Duration::ZERO, ms(60_000));
        assert_eq!((ladder.next_wait(1.0), ladder.left(Duration::ZERO)), (Duration::ZERO, None));
    }

    #[test]
    fn pauses_double_up_to_half_a_minute_whatever_chance_says() {
        let mut ladder = Ladder::new(ms(2000), ms(60_000));
        let mut pauses = |chance| {
            ladder.tries = 0;
            let pause = |ladder: &mut Ladder| {
                ladder.next_wait(chance);
                ladder.pause(chance)
            };
            (0..9).map(|_| pause(&mut ladder)).collect::<Vec<_>>()
        };
        let whole = [200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000];
        assert_eq!(pauses(1.0), whole.map(ms));
        assert_eq!(pauses(0.0), whole.map(|whole| ms(whole / 10)));
        ladder.tries = u32::MAX;
        assert_eq!(ladder.pause(1.0), LONGEST_PAUSE);
    }

    #[test]
    fn the_budget_is_used_up_to_its_end() {
        let ladder = Ladder::new(ms(2000), ms(1000));
        assert_eq!(ladder.left(ms(0)), Some(ms(1000)));
        assert_eq!(ladder.left(ms(999)), Some(ms(1)));
        assert_eq!(ladder.left(ms(1000)), None);
        assert_eq!(ladder.left(ms(5000)), None);
    }

    #[test]
    fn who_gives_way_after_a_while_is_waited_for_as_long_as_may_be() {
        let mut ladder = Ladder::new(ms(2000), ms(60_000));
        assert_eq!(ladder.next_long_wait(), ms(1500));
        assert_eq!(ladder.tries(), 1);
        assert_eq!(Ladder::new(ms(400), ms(60_000)).next_long_wait(), ms(400));
    }
}
