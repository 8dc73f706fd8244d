//! Waiting for conditions; tests never sleep for luck.

use std::time::{Duration, Instant};

/// Looks every few milliseconds until it is true; a minute means never.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(60), "never: {what}");
        std::thread::sleep(Duration::from_millis(3));
    }
}
