//! The signals by which people, terminals and service managers end a command.

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::exit::Exit;

/// SIGINT, SIGTERM and SIGHUP, each where it was not ignored when the process began: `nohup` and shells that start
/// something in the background say so in this way.
#[derive(Debug)]
pub(super) struct Signals {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    /// The terminal was closed.
    hang_up: Option<Signal>,
}

impl Signals {
    /// Catches them from now on. One that cannot be caught ends the process, as if nobody had asked. For the inside of
    /// a runtime.
    pub(super) fn catch() -> Self {
        let ignored = ignored();
        let caught = |kind: SignalKind, number: Number| {
            let is_ignored = ignored >> (number.as_raw() - 1) & 1 == 1;
            if is_ignored { None } else { signal(kind).ok() }
        };
        Self {
            interrupt: caught(SignalKind::interrupt(), Number::INT),
            terminate: caught(SignalKind::terminate(), Number::TERM),
            hang_up: caught(SignalKind::hangup(), Number::HUP),
        }
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Exit {
        tokio::select! {
            () = arrival(&mut self.interrupt) => Exit::Interrupted,
            () = arrival(&mut self.terminate) => Exit::Terminated,
            () = arrival(&mut self.hang_up) => Exit::Terminated,
        }
    }
}

async fn arrival(signal: &mut Option<Signal>) {
    let arrived = match signal {
        Some(signal) => signal.recv().await,
        None => None,
    };
    if arrived.is_none() {
        std::future::pending::<()>().await;
    }
}

/// The signals that this process was told to ignore, as Linux shows them: bit n - 1 stands for signal n. None where
/// nobody shows them.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
