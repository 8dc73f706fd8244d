//! Documentation that is made from the code stands in the repository as the code says it.
//!
//! `UPDATE_DOCS=1 cargo test -p djogi-cli --test docs` writes it anew.

use std::fmt::Write as _;
use std::path::Path;

use djogi_cli::command::schema::{SchemaFile, text};
use djogi_cli::exit::EXITS;
use djogi_cluster::sweep::table::{Ending, Family, Row};
use djogi_core::disposition::{Reason, Verdict};

#[track_caller]
fn is_current(file: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(file);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, made).expect("docs can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == made, "docs/{file} is not what the code says; UPDATE_DOCS=1 writes it anew");
}

#[test]
fn the_json_schemas_are_current() {
    is_current("schemas/config.schema.json", &text(SchemaFile::Config));
    is_current("schemas/plan.schema.json", &text(SchemaFile::Plan));
    is_current("schemas/state.schema.json", &text(SchemaFile::State));
}

#[test]
fn the_reasons_are_current() {
    let mut made = "# Dispositions and reasons

What becomes of each change of a plan is its disposition. Every disposition but `applied` has a reason: `reason` in
`djogi plan --json`, after the slash in the terminal. The codes are stable.

| disposition | what it says |
|---|---|
| `applied` | this run does it |
| `derived` | it follows from another change and has no statement of its own |
| `deferred` | not now, by design; nothing is wrong |
| `blocked` | a gate is closed; `apply` does the rest and exits with 3 |
"
    .to_owned();
    for verdict in [Verdict::Derived, Verdict::Deferred, Verdict::Blocked] {
        let reasons: Vec<_> = Reason::ALL.iter().filter(|reason| reason.verdict() == verdict).collect();
        assert!(!reasons.is_empty(), "{verdict:?} has no reasons");
        write!(made, "\n## {}\n\n| reason | why | way out |\n|---|---|---|\n", verdict.as_str()).unwrap();
        for reason in reasons {
            let remedy = match reason.remedy() {
                "" => "nothing to do".to_owned(),
                remedy => cell(&remedy.replace("{address}", "ADDRESS")),
            };
            writeln!(made, "| `{}` | {} | {remedy} |", reason.code(), cell(reason.explanation())).unwrap();
        }
    }
    is_current("reasons.md", &made);
}

#[test]
fn the_rows_of_the_sweep_are_current() {
    let mut made = "# Recovery

What an interrupted run has left is found by the next command, whatever interrupted it. `djogi plan`, `djogi status` and
`djogi recover` tell it and change nothing; `djogi apply`, `djogi refresh` and `djogi import` finish it before anything
else. Each case is one row of this table, by its code: in `recoveries` of a plan, of `djogi recover --json` and of the
state, where the last hundred that were dealt with are kept.

A sidecar (`.djogi/recovery/*.json`) is written before an effect and removed after its outcome is recorded. One that
cannot be read refuses everything that writes (G6): `djogi recover --quarantine NAME` puts it aside, where nothing looks
at it any more. `djogi recover` lists at its end what was put aside and where it is, until somebody deletes it.

A change that waits for one of these rows has the way out of that row as its own: after `fix:`, and as `way_out` of the
change and of the recovery in a plan's JSON.
"
    .to_owned();
    for family in Family::ALL {
        let rows: Vec<Row> = Row::ALL.iter().copied().filter(|row| row.family() == *family).collect();
        assert!(!rows.is_empty(), "{family:?} has no rows");
        write!(made, "\n## {}\n", family.title()).unwrap();
        if !family.is_in_use() {
            made.push_str("\nThis djogi does no such work yet; the rows have their place.\n");
        }
        made.push_str("\n| row | what is found | what is done | ends | way out |\n|---|---|---|---|---|\n");
        for row in rows {
            let ending = match row.ending() {
                Ending::Retired => "retired".to_owned(),
                Ending::RolledForward => "recorded".to_owned(),
                Ending::Finished => "finished".to_owned(),
                Ending::Blocked(reason) => format!("blocked: `{}`", reason.code()),
                Ending::Waits => "waits".to_owned(),
                Ending::Refused => "refused".to_owned(),
            };
            let way_out = match row.way_out() {
                "" => "nothing to do".to_owned(),
                way_out => cell(way_out),
            };
            let (observed, action) = (cell(row.observed()), cell(row.action()));
            writeln!(made, "| {row} | {observed} | {action} | {ending} | {way_out} |").unwrap();
        }
    }
    is_current("recovery.md", &made);
}

#[test]
fn the_exit_codes_are_current() {
    let mut made = "# Exit codes

The same for every command, and stable: a script may rely on them. `djogi apply --json` says the code as `exit_code`
in its last event.

SIGINT, SIGTERM and SIGHUP (a closed terminal) are a request to stop: the running statement is cancelled, its group
rolled back, and what was done before is recorded, then the command ends with 130 or 143. A second signal ends the
process at once, and the next apply finishes what it left. Signals that were ignored when the command began, as `nohup`
does, stay ignored. A closed pipe behind the output stops no command that makes effects, and does not change its code.

| code | meaning |
|---|---|
"
    .to_owned();
    for (exit, meaning) in EXITS {
        writeln!(made, "| {} | {} |", exit.code(), cell(meaning)).unwrap();
    }
    is_current("exit-codes.md", &made);
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
