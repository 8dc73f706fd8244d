//! Runs the engine's futures, and what signals do to them.
//!
//! A command that only reads is dropped at the first signal: dropping ends its sessions and stops a server that it
//! has started. A run that makes effects is asked to end; a second signal ends the process at once, which is a crash
//! and therefore safe.

mod signals;

use std::future::Future;

use djogi_cluster::apply::Stop;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, watch};

use crate::diagnostic::{CliError, Diagnostic};
use crate::exit::Exit;
use crate::terminal::Terminal;

use signals::Signals;

/// The runtime of one command.
#[derive(Debug)]
pub(crate) struct Engine {
    /// There until the end.
    runtime: Option<Runtime>,
    /// Caught from the start to the end, so that none is lost between two futures.
    signals: Mutex<Signals>,
    stop: watch::Sender<Option<u8>>,
}

impl Engine {
    /// # Errors
    /// When the operating system gives no resources.
    pub(crate) fn start() -> Result<Self, CliError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| {
            Diagnostic::error("runtime", format!("cannot start the asynchronous runtime: {error}"))
        })?;
        let signals = {
            let _entered = runtime.enter();
            Mutex::new(Signals::catch())
        };
        Ok(Self { runtime: Some(runtime), signals, stop: watch::Sender::new(None) })
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("the runtime ends with the engine")
    }

    /// Tells a run that it should end.
    pub(crate) fn stop(&self) -> Stop {
        self.stop.subscribe()
    }

    /// Runs a future that a signal may simply drop.
    ///
    /// # Errors
    /// The exit code of the signal, when one came.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> Result<T, CliError> {
        self.runtime().block_on(async {
            tokio::select! {
                value = future => Ok(value),
                exit = self.interruption() => Err(interrupted(exit)),
            }
        })
    }

    /// Runs a future that ends by itself when it is told to stop.
    pub(crate) fn run_to_the_end<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime().block_on(async {
            tokio::pin!(future);
            let exit = tokio::select! {
                value = &mut future => return value,
                exit = self.interruption() => exit,
            };
            self.stop.send_replace(Some(exit.code()));
            tokio::select! {
                value = &mut future => value,
                again = self.interruption() => abort(again),
            }
        })
    }

    async fn interruption(&self) -> Exit {
        self.signals.lock().await.next().await
    }

    /// Prints what a command that makes effects has done, and gives its exit code: that of a signal that came too late
    /// to keep it from doing so, else 0. A reader that has gone away takes nothing away from what was done.
    ///
    /// # Errors
    /// When somebody is there to read, and it cannot be written.
    pub(crate) fn conclude(&self, terminal: &mut Terminal, text: &str) -> Result<Exit, CliError> {
        if let Err(error) = terminal.print(text)
            && !terminal.is_closed()
        {
            return Err(CliError::output(&error));
        }
        Ok(self.stop.borrow().map_or(Exit::Done, Exit::from_code))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A thread that still waits for an answer on standard input must not hold up the end.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[expect(clippy::exit, reason = "a second signal ends the process wherever it is")]
fn abort(exit: Exit) -> ! {
    std::process::exit(exit.code().into())
}

fn interrupted(exit: Exit) -> CliError {
    CliError::new(exit, Diagnostic::error("interrupted", "interrupted before anything was changed"))
}
