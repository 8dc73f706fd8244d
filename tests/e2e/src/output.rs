//! What a command said, and the checks that every test makes of it.

use serde_json::Value;

/// How a command ended and what it said.
#[derive(Debug, Clone)]
pub struct Output {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// Fails, with all that was said, unless the exit code is this one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        self
    }

    /// Exit code 0.
    #[track_caller]
    pub fn ok(self) -> Self {
        self.expect(0)
    }

    /// Fails unless all of `parts` stand somewhere in what was said.
    #[track_caller]
    pub fn says(self, parts: &[&str]) -> Self {
        let all = self.all();
        for part in parts {
            assert!(all.contains(part), "nothing says {part:?}:\n{self}");
        }
        self
    }

    /// Fails unless all of `parts` stand in what was said, one after the other.
    #[track_caller]
    pub fn says_in_order(self, parts: &[&str]) -> Self {
        let all = self.all();
        let mut rest = all.as_str();
        for part in parts {
            let at = rest.find(part).unwrap_or_else(|| panic!("nothing says {part:?} in its turn:\n{self}"));
            rest = &rest[at + part.len()..];
        }
        self
    }

    /// Fails if any of `parts` stands somewhere in what was said.
    #[track_caller]
    pub fn never_says(self, parts: &[&str]) -> Self {
        let all = self.all();
        for part in parts {
            assert!(!all.contains(part), "something says {part:?}:\n{self}");
        }
        self
    }

    /// Standard output and standard error.
    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON: {error}\n{self}"))
    }

    /// Standard output as a stream of JSON lines.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        let parse =
            |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{self}"));
        self.stdout.lines().map(parse).collect()
    }
}

impl std::fmt::Display for Output {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "exit code {:?}\n-- stdout\n{}\n-- stderr\n{}", self.code, self.stdout, self.stderr)
    }
}

impl From<std::process::Output> for Output {
    fn from(output: std::process::Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("djogi speaks UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}
