//! What djogi says when something is wrong: a code, a severity, where, what, and the way out.
//!
//! A [`CliError`] is one or more diagnostics with the exit code they lead to. People get them in the manner of
//! rustc (source line, caret, help), programs as JSON. Only this crate turns errors into text for a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

use owo_colors::Style;
use serde::Serialize;

use crate::exit::Exit;
use crate::report::line::{printable, printable_lines};
use crate::terminal::Paint;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The command cannot do what it was asked.
    Error,
    /// The command goes on, but this is probably not what was meant.
    Warning,
    /// Good to know.
    Info,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The file, as it is shown to the user.
    pub file: String,
    /// Line, from 1; absent when the whole file is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// Column in characters, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// The source line; secrets in it are masked.
    #[serde(skip)]
    pub snippet: Option<Snippet>,
}

/// A source line and the part of it that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The line without its end, secrets masked.
    pub text: String,
    /// How many characters from the column on are underlined; at least one is.
    pub width: usize,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// A stable name for programs, such as `unknown_key`.
    pub code: Cow<'static, str>,
    /// How bad it is.
    pub severity: Severity,
    /// The resource it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The place it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What is wrong, a lower-case fragment.
    pub message: String,
    /// Facts that belong to it, such as SQLSTATE, detail and statement of a PostgreSQL error.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error with nothing but a code and a message.
    pub fn error(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning with nothing but a code and a message.
    pub fn warning(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    fn new(severity: Severity, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            severity,
            address: None,
            location: None,
            message: message.into(),
            notes: Vec::new(),
            help: None,
        }
    }

    /// Names the resource.
    #[must_use]
    pub fn address(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
        self
    }

    /// Names the file as a whole.
    #[must_use]
    pub fn file(self, file: impl Into<String>) -> Self {
        self.location(Location { file: file.into(), line: None, column: None, snippet: None })
    }

    /// Names the place.
    #[must_use]
    pub fn location(mut self, location: Location) -> Self {
        self.location = Some(location);
        self
    }

    /// Adds a fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Names the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The text for a terminal, with a line end after the last line.
    pub fn render(&self, paint: Paint) -> String {
        let mut text = String::new();
        self.write(&mut text, paint).expect("writing to a String does not fail");
        text
    }

    fn write(&self, text: &mut String, paint: Paint) -> std::fmt::Result {
        let (word, tone) = match self.severity {
            Severity::Error => ("error", Style::new().red().bold()),
            Severity::Warning => ("warning", Style::new().yellow().bold()),
            Severity::Info => ("info", Style::new().cyan().bold()),
        };
        let frame = Style::new().blue().bold();
        let head = paint.apply(format!("{word}[{}]", self.code), tone);
        // What PostgreSQL, a file or a package said may hold anything; see `report::line`.
        let address = self.address.as_ref().map(|address| format!("{}: ", printable(address)));
        writeln!(text, "{head}: {}{}", address.unwrap_or_default(), printable_lines(&self.message))?;
        let mut margin = 2;
        if let Some(location) = &self.location {
            margin = location.line.map_or(2, |line| line.to_string().len() + 1);
            write!(
                text,
                "{:indent$}{} {}",
                "",
                paint.apply("-->", frame),
                printable(&location.file),
                indent = margin - 1
            )?;
            for number in [location.line, location.column].into_iter().flatten() {
                write!(text, ":{number}")?;
            }
            text.push('\n');
            if let (Some(line), Some(column), Some(snippet)) =
                (location.line, location.column, &location.snippet)
            {
                let bar = paint.apply("|", frame);
                let carets = paint.apply("^".repeat(snippet.width.max(1)), tone);
                writeln!(text, "{:margin$}{bar}", "")?;
                writeln!(text, "{} {bar} {}", paint.apply(line, frame), printable(&snippet.text))?;
                writeln!(text, "{:margin$}{bar} {:indent$}{carets}", "", "", indent = column - 1)?;
            }
        }
        let notes = self.notes.iter().map(|note| ("note", note));
        for (word, said) in notes.chain(self.help.iter().map(|help| ("help", help))) {
            let mut lines = said.lines();
            let first = printable(lines.next().unwrap_or_default());
            writeln!(text, "{:margin$}{} {word}: {first}", "", paint.apply("=", frame))?;
            for line in lines {
                writeln!(text, "{:indent$}{}", "", printable(line), indent = margin + 4 + word.len())?;
            }
        }
        Ok(())
    }
}

/// Why a command ended without doing what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CliError {
    /// The exit code.
    pub exit: Exit,
    /// What to tell; empty when nobody is left to be told (a reader closed the pipe).
    pub diagnostics: Vec<Diagnostic>,
}

impl CliError {
    /// Ends with an exit code of its own.
    pub fn new(exit: Exit, diagnostic: Diagnostic) -> Self {
        Self { exit, diagnostics: vec![diagnostic] }
    }

    /// The error of writing to the terminal. A closed pipe is silent: who closed it does not want more.
    pub fn output(error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self { exit: Exit::Error, diagnostics: Vec::new() };
        }
        Diagnostic::error("output_failed", format!("cannot write to standard output: {error}")).into()
    }

    /// The text for a terminal: the diagnostics, with an empty line between two.
    pub fn render(&self, paint: Paint) -> String {
        let blocks: Vec<String> = self.diagnostics.iter().map(|one| one.render(paint)).collect();
        blocks.join("\n")
    }

    /// One line of JSON: `{"exit_code": 1, "diagnostics": [...]}`.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({"exit_code": self.exit.code(), "diagnostics": self.diagnostics})
    }
}

impl std::fmt::Display for CliError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.render(Paint::plain()))
    }
}

impl std::error::Error for CliError {}

impl From<Diagnostic> for CliError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::new(Exit::Error, diagnostic)
    }
}

impl From<Vec<Diagnostic>> for CliError {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self { exit: Exit::Error, diagnostics }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Diagnostic {
        Diagnostic::error("unknown_key", "unknown key `schema` in [target.main]")
            .location(Location {
                file: "djogi.toml".into(),
                line: Some(12),
                column: Some(3),
                snippet: Some(Snippet { text: "  schema = [\"*****\"]".into(), width: 6 }),
            })
            .note("first line\nsecond line")
            .help("did you mean `schemas`?")
    }

    #[test]
    fn people_get_the_line_and_a_caret() {
        insta::assert_snapshot!(sample().render(Paint::plain()), @r#"
        error[unknown_key]: unknown key `schema` in [target.main]
          --> djogi.toml:12:3
           |
        12 |   schema = ["*****"]
           |   ^^^^^^
           = note: first line
                   second line
           = help: did you mean `schemas`?
        "#);
    }

    #[test]
    fn colour_changes_no_character() {
        let coloured = sample().render(Paint::coloured());
        assert!(coloured.contains("\u{1b}["));
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, after)) = rest.split_once('\u{1b}') {
            plain.push_str(before);
            rest = after.split_once('m').expect("an SGR sequence ends with m").1;
        }
        plain.push_str(rest);
        assert_eq!(plain, sample().render(Paint::plain()));
    }

    #[test]
    fn a_resource_is_named_before_the_message() {
        let diagnostic = Diagnostic::warning("drift", "the check was dropped").address("table.main.public.t");
        insta::assert_snapshot!(diagnostic.render(Paint::plain()), @"warning[drift]: table.main.public.t: the check was dropped");
    }

    #[test]
    fn programs_get_json() {
        insta::assert_snapshot!(CliError::from(sample()).to_json(), @r#"{"diagnostics":[{"code":"unknown_key","help":"did you mean `schemas`?","location":{"column":3,"file":"djogi.toml","line":12},"message":"unknown key `schema` in [target.main]","notes":["first line\nsecond line"],"severity":"error"}],"exit_code":1}"#);
    }

    #[test]
    fn a_closed_pipe_is_silent() {
        let error = CliError::output(&std::io::ErrorKind::BrokenPipe.into());
        assert_eq!(error, CliError { exit: Exit::Error, diagnostics: Vec::new() });
    }
}
