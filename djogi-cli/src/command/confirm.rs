//! The question before an effect that nobody has approved yet.

use std::io::IsTerminal as _;

use crate::diagnostic::{CliError, Diagnostic};
use crate::runtime::Engine;
use crate::terminal::Terminal;

/// Asks at the terminal; only `yes` is a yes. A signal ends the question.
///
/// # Errors
/// When nobody can be asked, with `otherwise` as the way out; when a signal came.
pub(crate) fn confirm(
    question: &str,
    otherwise: &str,
    engine: &Engine,
    terminal: &mut Terminal,
) -> Result<bool, CliError> {
    if !std::io::stdin().is_terminal() {
        let message = "standard input is no terminal, so nobody can be asked";
        return Err(Diagnostic::error("confirmation_needed", message).help(otherwise).into());
    }
    terminal.say(question);
    let answer = engine.run(async {
        // Reading blocks a thread of its own, so that a signal is heard meanwhile.
        tokio::task::spawn_blocking(|| std::io::stdin().lines().next()).await
    });
    if answer.is_err() {
        // The question is still on its line.
        terminal.say("\n");
    }
    let line = answer?.ok().flatten().and_then(Result::ok).unwrap_or_default();
    Ok(line.trim() == "yes")
}
