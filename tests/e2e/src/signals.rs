//! What a test's programs do with signals must not depend on how the tests were started.

use std::sync::Once;

use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

static ONCE: Once = Once::new();

/// Programs that are started from now on do not ignore SIGINT, SIGTERM and SIGHUP, also where these tests were told to:
/// in the background, or under `nohup`. A handler of ours becomes the default again when a program is executed, while a
/// signal that is ignored stays so.
pub(crate) fn heeded_by_children() {
    ONCE.call_once(|| {
        let runtime = Builder::new_current_thread().enable_io().build().expect("a runtime");
        runtime.block_on(async {
            let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
            for kind in kinds.into_iter().filter(|kind| is_ignored(*kind)) {
                let _ = signal(kind).expect("these signals can be caught");
            }
        });
    });
}

/// As Linux shows it; nowhere else.
fn is_ignored(kind: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask >> (kind.as_raw_value() - 1) & 1 == 1
}
