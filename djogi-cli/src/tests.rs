//! Whole command lines, in process.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use super::*;

/// Keeps what was written to it.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

fn djogi(words: &[&str]) -> (Exit, String, String) {
    let (out, err) = (Kept::default(), Kept::default());
    let mut terminal = Terminal::redirected(out.clone(), err.clone());
    let arguments: Vec<OsString> = ["djogi"].iter().chain(words).map(Into::into).collect();
    let environment = Environment::fixed::<&str, &str>([]);
    let exit = run_with(Program::default(), &arguments, environment, &mut terminal);
    (exit, out.text(), err.text())
}

#[test]
fn the_version_is_a_result() {
    let (exit, out, err) = djogi(&["--version"]);
    assert_eq!(
        (exit, out, err),
        (Exit::Done, format!("djogi {}\n", env!("CARGO_PKG_VERSION")), String::new())
    );
}

#[test]
fn help_explains_the_exit_codes() {
    let (exit, out, _) = djogi(&["--help"]);
    assert_eq!(exit, Exit::Done);
    assert!(out.contains("130  interrupted by SIGINT"), "{out}");
    assert!(!out.contains('\u{1b}'), "no colour without a terminal");
}

#[test]
fn a_usage_error_is_exit_code_1() {
    let (exit, out, err) = djogi(&["schema", "--nonsense"]);
    assert_eq!((exit, out.as_str()), (Exit::Error, ""));
    assert!(err.contains("--nonsense"), "{err}");
    let (exit, _, err) = djogi(&[]);
    assert_eq!(exit, Exit::Error);
    assert!(err.contains("Usage: djogi"), "{err}");
}

#[test]
fn programs_get_usage_errors_as_json() {
    let (exit, out, err) = djogi(&["--json", "schema", "--nonsense"]);
    assert_eq!((exit, err.as_str()), (Exit::Error, ""));
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["diagnostics"][0]["code"], "usage");
    assert_eq!(answer["exit_code"], 1);
}

#[test]
fn colour_is_asked_for_even_by_a_wrong_command_line() {
    let (_, _, err) = djogi(&["--color=always", "schema", "--nonsense"]);
    assert!(err.contains('\u{1b}'), "{err}");
}

#[test]
fn a_closed_pipe_ends_quietly() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let err = Kept::default();
    let mut terminal = Terminal::redirected(Closed, err.clone());
    let arguments = ["djogi", "schema", "config"].map(OsString::from);
    let environment = Environment::fixed::<&str, &str>([]);
    assert_eq!(run_with(Program::default(), &arguments, environment, &mut terminal), Exit::Error);
    assert_eq!(err.text(), "");
}

#[test]
fn init_reports_what_it_made_and_refuses_to_do_it_twice() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("shop");
    let words = ["init", folder.to_str().unwrap()];
    let (exit, out, err) = djogi(&words);
    assert_eq!(exit, Exit::Done, "{err}");
    assert!(out.contains("src/models.rs"), "{out}");
    assert!(err.contains("cargo run -- plan"), "{err}");

    let (exit, out, err) = djogi(&words);
    assert_eq!((exit, out.as_str()), (Exit::Error, ""));
    assert!(err.contains("error[file_exists]") && err.contains("djogi.toml"), "{err}");
}

#[test]
fn init_tells_programs_in_json() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("shop");
    let (exit, out, err) = djogi(&["--json", "init", folder.to_str().unwrap()]);
    assert_eq!((exit, err.as_str()), (Exit::Done, ""));
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["created"].as_array().unwrap().len(), 5);
}

#[test]
fn every_shell_has_a_completion_script() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (exit, out, _) = djogi(&["completions", shell]);
        assert_eq!(exit, Exit::Done);
        assert!(out.contains("completions"), "{shell}");
    }
}

mod adopter {
    crate::djogi_main!();

    #[test]
    fn the_macro_makes_a_main() {
        let _: fn() -> std::process::ExitCode = main;
    }
}
