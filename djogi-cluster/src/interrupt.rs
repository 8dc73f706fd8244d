//! Ending early, and cleanly: what only looks or waits is dropped when somebody wants the command to end.

use std::future::Future;

use crate::apply::Stop;
use crate::error::EngineError;

/// Runs `work` to its end, or drops it as soon as `stop` is asked for. Sessions that it holds end with it, and so do
/// their locks.
///
/// # Errors
/// Those of `work`, and [`EngineError::Interrupted`].
pub(crate) async fn until_stopped<T>(
    stop: &Stop,
    work: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, EngineError> {
    let mut asked = stop.clone();
    tokio::select! {
        done = work => done,
        Ok(code) = asked.wait_for(Option::is_some) => Err(EngineError::Interrupted(code.unwrap_or_default())),
    }
}

/// # Errors
/// [`EngineError::Interrupted`] when somebody wants the command to end.
pub(crate) fn is_stopped(stop: &Stop) -> Result<(), EngineError> {
    match *stop.borrow() {
        Some(code) => Err(EngineError::Interrupted(code)),
        None => Ok(()),
    }
}
