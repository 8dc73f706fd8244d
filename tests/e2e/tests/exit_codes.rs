//! Every exit code of the manual, reached through the real binary.

use std::collections::BTreeSet;

use djogi_cli::exit::EXITS;
use djogi_cluster::state::Sidecar;
use e2e::{Output, Project, Server, eventually, on_each_server};
use rustix::process::{Pid, Signal, kill_process};

use crate::live;
use crate::recovery::plant::{backend_of, plant, run as interrupted_run};

const BEFORE: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer);";
const AFTER: &str = "CREATE TABLE goods (id integer PRIMARY KEY);";

/// A situation, and the exit code that it leads to.
type Case = (u8, &'static str, fn(&'static Server) -> Output);

const CASES: &[Case] = &[
    (0, "an apply that did everything", |server| {
        with_work(server, "allow").run(&["apply", "--auto-approve"])
    }),
    (0, "a plan with changes, nobody having asked for a code", |server| {
        with_work(server, "allow").run(&["plan"])
    }),
    (1, "a command line that is wrong", |server| with_work(server, "allow").run(&["plan", "--nonsense"])),
    (1, "a configuration that is wrong", |server| {
        let project = with_work(server, "allow");
        project.write("djogi.toml", "[cluster]\nnam = \"e2e\"\n");
        project.run(&["plan"])
    }),
    (1, "a server that cannot be reached", |server| {
        let mut project = with_work(server, "allow");
        project.set_variable("DATABASE_URL", "postgres://postgres@127.0.0.1:1/nowhere");
        project.run(&["plan"])
    }),
    (1, "a statement that fails", |server| {
        let project = with_work(server, "allow");
        project.database().run("INSERT INTO goods VALUES (1, NULL)");
        project.declare("CREATE TABLE goods (id integer PRIMARY KEY, price integer NOT NULL);");
        project.run(&["apply", "--auto-approve"])
    }),
    (2, "a plan with changes, when the code was asked for", |server| {
        with_work(server, "allow").run(&["plan", "--detailed-exitcode"])
    }),
    (2, "drift, when the code was asked for", |server| {
        let project = with_work(server, "allow");
        project.database().run("ALTER TABLE goods ADD note text");
        project.run(&["refresh", "--check"])
    }),
    (3, "a change that stays blocked", |server| {
        let project = with_work(server, "approve");
        project.run(&["apply", "--auto-approve"])
    }),
    (4, "a lock that another run has", while_another_run_works),
    (5, "a saved plan that no longer fits", |server| {
        let project = with_work(server, "allow");
        project.run(&["plan", "--out", "saved.plan"]).ok();
        project.database().run("ALTER TABLE goods ADD note text");
        project.run(&["apply", "saved.plan"])
    }),
    (5, "a pushed state that is older than the current one", |server| {
        let project = with_work(server, "allow");
        project.run(&["state", "backup", "old.json"]).ok();
        project.run(&["state", "rm", "table.main.public.goods"]).ok();
        project.run(&["state", "push", "old.json"])
    }),
    (6, "a sidecar that cannot be read", |server| {
        with_damaged_sidecar(server).run(&["apply", "--auto-approve"])
    }),
    (6, "a look at a sidecar that cannot be read", |server| with_damaged_sidecar(server).run(&["recover"])),
    (6, "a statement of an earlier run that is still at work", |server| {
        let project = with_work(server, "allow");
        let mut worker = project.database().connect();
        let backend = Some(backend_of(&mut worker));
        plant(&project, &Sidecar { backend, ..interrupted_run(&project, Vec::new()) });
        let output = project.run(&["apply", "--auto-approve", "--lock-timeout", "0s"]);
        drop(worker);
        output
    }),
    (6, "a database that was put back", |server| {
        let project = with_work(server, "allow");
        project.database().run("DELETE FROM djogi.op");
        project.run(&["apply", "--auto-approve"])
    }),
    (6, "a ledger that another copy of the state has gone on with", |server| {
        let project = with_work(server, "allow");
        project.database().run("UPDATE djogi.op SET op_id = '01JZZZZZZZZZZZZZZZZZZZZZZZ'");
        project.run(&["apply", "--auto-approve"])
    }),
    (7, "destructive = \"deny\"", |server| with_work(server, "deny").run(&["apply", "--auto-approve"])),
    (8, "a cutover after rows were written past the triggers", |server| {
        let project = live::project(server);
        project.run(&["apply", "--auto-approve"]).ok();
        project.database().run(
            "ALTER TABLE orders DISABLE TRIGGER \"~total__djogi_update\"; UPDATE orders SET total = 2 WHERE id = 1;
             ALTER TABLE orders ENABLE ALWAYS TRIGGER \"~total__djogi_update\"",
        );
        project.run(live::FINALIZE)
    }),
    (130, "SIGINT", |server| interrupted(server, Signal::INT)),
    (143, "SIGTERM", |server| interrupted(server, Signal::TERM)),
    (143, "SIGHUP", |server| interrupted(server, Signal::HUP)),
];

/// A converged project, and a declaration without one of its columns.
fn with_work(server: &'static Server, destructive: &str) -> Project {
    let mut project = Project::declaring(server, BEFORE);
    project.set_target(&format!(
        "destructive = \"{destructive}\"\nlock_timeout = \"60s\"\nlock_budget = \"0s\""
    ));
    project.apply();
    project.declare(AFTER);
    project
}

fn with_damaged_sidecar(server: &'static Server) -> Project {
    let project = with_work(server, "allow");
    project.write(".djogi/recovery/01JZZZZZZZZZZZZZZZZZZZZZZZ.json", "{");
    project
}

/// What `then` comes to while an apply waits for a table in its group.
fn during_an_apply(
    server: &'static Server,
    then: impl FnOnce(&Project, std::process::Child) -> Output,
) -> Output {
    let project = with_work(server, "allow");
    let mut blocker = project.database().connect();
    blocker.batch_execute("BEGIN; LOCK TABLE goods IN ACCESS SHARE MODE").unwrap();
    let apply = project.start(&["apply", "--auto-approve"]);
    let waits = "SELECT count(*) FROM pg_locks WHERE relation = 'goods'::regclass AND NOT granted";
    eventually("the apply waits", || project.database().value(waits) == "1");
    let output = then(&project, apply);
    blocker.batch_execute("COMMIT").unwrap();
    output
}

fn while_another_run_works(server: &'static Server) -> Output {
    during_an_apply(server, |project, mut apply| {
        let output = project.run(&["apply", "--auto-approve"]);
        kill_process(Pid::from_child(&apply), Signal::TERM).unwrap();
        apply.wait().unwrap();
        output
    })
}

fn interrupted(server: &'static Server, signal: Signal) -> Output {
    during_an_apply(server, |_, apply| {
        kill_process(Pid::from_child(&apply), signal).unwrap();
        apply.wait_with_output().unwrap().into()
    })
}

#[test]
fn each_situation_leads_to_its_code() {
    on_each_server(|server| {
        for (code, situation, case) in CASES {
            let output = case(server);
            assert_eq!(output.code, Some(i32::from(*code)), "{situation}: {output}");
        }
    });
}

#[test]
fn every_code_is_reached() {
    let reached: BTreeSet<u8> = CASES.iter().map(|(code, ..)| *code).collect();
    let known: BTreeSet<u8> = EXITS.iter().map(|(exit, _)| exit.code()).collect();
    assert_eq!(reached, known);
}

#[test]
fn the_manual_has_every_code() {
    let manual = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/exit-codes.md");
    let manual = std::fs::read_to_string(manual).unwrap();
    for (exit, meaning) in EXITS {
        let row = format!("| {} | {meaning} |", exit.code());
        assert!(manual.contains(&row), "docs/exit-codes.md has no row {row:?}");
    }
}
