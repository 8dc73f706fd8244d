//! Independent cases at the same time, each in a database of its own.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

/// Does `work` on all `items`, `jobs` at a time; what failed comes back as its message, in the order of `items`.
pub fn in_parallel<I: Send, T: Send>(
    items: Vec<I>,
    jobs: usize,
    work: impl Fn(I) -> T + Sync,
) -> Vec<Result<T, String>> {
    let length = items.len();
    let waiting: Mutex<VecDeque<(usize, I)>> = Mutex::new(items.into_iter().enumerate().collect());
    let done = Mutex::new((0..length).map(|_| None).collect::<Vec<Option<Result<T, String>>>>());
    let next = || waiting.lock().expect("work never panics with the lock").pop_front();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, length.max(1)) {
            scope.spawn(|| {
                while let Some((at, item)) = next() {
                    let result = catch_unwind(AssertUnwindSafe(|| work(item))).map_err(message);
                    done.lock().expect("nothing panics with the lock")[at] = Some(result);
                }
            });
        }
    });
    let done = done.into_inner().expect("all threads have ended");
    done.into_iter().map(|result| result.expect("every item was worked on")).collect()
}

/// What a panic said.
pub(crate) fn message(panic: Box<dyn std::any::Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(panic) => panic.downcast_ref::<&str>().map_or("a panic", |text| text).to_string(),
    }
}
