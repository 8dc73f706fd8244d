//! Standard output and standard error: colour, width, verbosity, and pipes that somebody closed.
//!
//! Results go to standard output, everything else (progress, diagnostics) to standard error. Each write is
//! flushed, so that what was printed is out before the next effect begins.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use owo_colors::{OwoColorize, Style};

use crate::environment::Environment;

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// When the stream is a terminal and the environment does not object
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColorChoice {
    /// Decides for one stream. `NO_COLOR` (no-color.org) wins over `CLICOLOR_FORCE` (bixense.com/clicolors), and
    /// an explicit choice over both.
    fn decide(self, environment: &Environment, is_terminal: bool) -> bool {
        let forced = environment.text("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        let refused = environment.text("CLICOLOR").is_some_and(|value| value == "0");
        let dumb = environment.text("TERM").is_some_and(|value| value == "dumb");
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if environment.text("NO_COLOR").is_some() => false,
            Self::Auto => forced || (is_terminal && !refused && !dumb),
        }
    }
}

/// Colours text, or leaves it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    enabled: bool,
}

impl Paint {
    /// Leaves all text alone.
    pub const fn plain() -> Self {
        Self { enabled: false }
    }

    /// Colours.
    pub const fn coloured() -> Self {
        Self { enabled: true }
    }

    /// Whether text is coloured.
    pub const fn is_coloured(self) -> bool {
        self.enabled
    }

    /// The text in a style.
    pub fn apply(self, text: impl Display, style: Style) -> String {
        if self.enabled { text.style(style).to_string() } else { text.to_string() }
    }
}

/// How much is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// Results and errors only (`-q`).
    Quiet,
    /// The usual.
    #[default]
    Normal,
    /// Everything unfolded (`-v`).
    Verbose,
    /// Also what djogi does inside (`-vv`).
    Debug,
}

/// The two output streams of a command.
pub struct Terminal {
    out: Stream,
    err: Stream,
    verbosity: Verbosity,
    width: Option<usize>,
    err_width: Option<usize>,
}

struct Stream {
    sink: Box<dyn Write + Send>,
    is_terminal: bool,
    paint: Paint,
    closed: bool,
    has_written: bool,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal")
            .field("verbosity", &self.verbosity)
            .field("width", &self.width)
            .finish_non_exhaustive()
    }
}

impl Terminal {
    /// The streams of this process.
    pub fn process() -> Self {
        let out = io::stdout();
        let (width, err_width) = (columns(&out), columns(&io::stderr()));
        Self {
            out: Stream::new(out.is_terminal(), out),
            err: Stream::new(io::stderr().is_terminal(), io::stderr()),
            verbosity: Verbosity::default(),
            width,
            err_width,
        }
    }

    /// Streams that are no terminals.
    pub fn redirected(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        Self {
            out: Stream::new(false, out),
            err: Stream::new(false, err),
            verbosity: Verbosity::default(),
            width: None,
            err_width: None,
        }
    }

    /// Follows `--color`, `-q` and `-v`.
    pub fn configure(&mut self, color: ColorChoice, verbosity: Verbosity, environment: &Environment) {
        for stream in [&mut self.out, &mut self.err] {
            stream.paint = Paint { enabled: color.decide(environment, stream.is_terminal) };
        }
        self.verbosity = verbosity;
    }

    /// How much is to be said.
    pub fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    /// Columns of the terminal behind standard output; none when it is not a terminal.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Columns of the terminal behind standard error; none when it is not a terminal.
    pub fn width_err(&self) -> Option<usize> {
        self.err_width
    }

    /// Streams of which standard error plays a terminal of 80 columns.
    #[cfg(test)]
    pub(crate) fn interactive(out: impl Write + Send + 'static, err: impl Write + Send + 'static) -> Self {
        Self {
            out: Stream::new(false, out),
            err: Stream::new(true, err),
            verbosity: Verbosity::default(),
            width: None,
            err_width: Some(80),
        }
    }

    /// Whether standard error is a terminal, so that progress can be redrawn in place.
    pub fn is_interactive(&self) -> bool {
        self.err.is_terminal
    }

    /// The colours of standard output.
    pub fn paint(&self) -> Paint {
        self.out.paint
    }

    /// The colours of standard error.
    pub fn paint_err(&self) -> Paint {
        self.err.paint
    }

    /// Whether the reader of standard output has gone away. A command that makes effects finishes them all the
    /// same; one that only reports can stop.
    pub fn is_closed(&self) -> bool {
        self.out.closed
    }

    /// Whether anything stands on standard output.
    pub fn has_printed(&self) -> bool {
        self.out.has_written
    }

    /// Writes to standard output as it is.
    ///
    /// # Errors
    /// What the operating system says; `BrokenPipe` once the reader has gone away, and from then on.
    pub fn print(&mut self, text: &str) -> io::Result<()> {
        self.out.write(text)
    }

    /// Writes to standard error as it is. A failure has nowhere to be told, so none is returned.
    pub fn say(&mut self, text: &str) {
        // Losing a message must not stop a run that is making effects.
        drop(self.err.write(text));
    }

    /// Writes a hint or a progress line to standard error, unless `-q`.
    pub fn note(&mut self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.say(text);
        }
    }
}

/// Columns of the terminal behind a stream. A terminal that does not know its size says 0.
fn columns(stream: &impl std::os::fd::AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stream).ok()?;
    Some(usize::from(size.ws_col)).filter(|&columns| columns > 0)
}

/// Whether nobody will ever read what is written: a pipe without a reader, a terminal that was closed.
fn is_gone(error: &io::Error, is_terminal: bool) -> bool {
    let hung_up = is_terminal && error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error());
    hung_up || error.kind() == io::ErrorKind::BrokenPipe
}

impl Stream {
    fn new(is_terminal: bool, sink: impl Write + Send + 'static) -> Self {
        Self { sink: Box::new(sink), is_terminal, paint: Paint::plain(), closed: false, has_written: false }
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        if self.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let written = self.sink.write_all(text.as_bytes()).and_then(|()| self.sink.flush());
        match &written {
            Ok(()) => self.has_written |= !text.is_empty(),
            Err(error) => self.closed = is_gone(error, self.is_terminal),
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(choice: ColorChoice, variables: &[(&str, &str)], is_terminal: bool) -> bool {
        choice.decide(&Environment::fixed(variables.iter().copied()), is_terminal)
    }

    #[test]
    fn colour_is_for_terminals() {
        assert!(decided(ColorChoice::Auto, &[], true));
        assert!(!decided(ColorChoice::Auto, &[], false));
        assert!(!decided(ColorChoice::Auto, &[("TERM", "dumb")], true));
        assert!(!decided(ColorChoice::Auto, &[("CLICOLOR", "0")], true));
    }

    #[test]
    fn no_color_wins_over_force_and_the_flag_over_both() {
        assert!(decided(ColorChoice::Auto, &[("CLICOLOR_FORCE", "1")], false));
        assert!(!decided(ColorChoice::Auto, &[("CLICOLOR_FORCE", "0")], false));
        assert!(!decided(ColorChoice::Auto, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], true));
        assert!(decided(ColorChoice::Auto, &[("NO_COLOR", "")], true));
        assert!(decided(ColorChoice::Always, &[("NO_COLOR", "1")], false));
        assert!(!decided(ColorChoice::Never, &[("CLICOLOR_FORCE", "1")], true));
    }

    #[test]
    fn a_closed_pipe_is_remembered() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut terminal = Terminal::redirected(Closed, io::sink());
        assert!(!terminal.is_closed());
        for _ in 0..2 {
            let error = terminal.print("x").expect_err("the reader has gone");
            assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        }
        assert!(terminal.is_closed());
    }
}
