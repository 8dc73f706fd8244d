//! `djogi live status`, `pause`, `resume` and `worker`: rows of a migration that was begun, from any terminal.

use std::io::{BufRead as _, BufReader};

use e2e::{Project, Server, eventually, on_each_server};

const TABLE: &str =
    "CREATE TABLE goods (id integer PRIMARY KEY, price integer, total bigint, writes integer);";

/// A project with a migration of `rows` rows, begun and cut into two ranges, in chunks that are as small as they get.
fn with_a_migration(server: &'static Server, rows: u32) -> Project {
    let project = Project::declaring(server, TABLE);
    project.apply();
    let (half, digest) = (rows / 2, "a".repeat(64));
    project.database().run(&format!(
        "INSERT INTO goods SELECT n, n, NULL, 0 FROM generate_series(1, {rows}) AS n;
         INSERT INTO djogi.live (op_id, target, name, digest, definition, state, rows_estimate, chunk_ms)
         VALUES ('01JZZZZZZZZZZZZZZZZZZZZZZZ', 'main', 'goods_total', 'sha256:{digest}',
                 '{{\"migration\": \"goods_total\", \"table\": {{\"schema\": \"public\", \"name\": \"goods\"}}, \"key\": [\"id\"],
                   \"assignment\": \"total = price::bigint, writes = writes + 1\",
                   \"condition\": \"total IS DISTINCT FROM price::bigint\"}}', 'running', {rows}, 1);
         INSERT INTO djogi.cursor (op_id, range_no, lo, hi, state)
         VALUES ('01JZZZZZZZZZZZZZZZZZZZZZZZ', 1, NULL, '[\"{half}\"]', 'open'),
                ('01JZZZZZZZZZZZZZZZZZZZZZZZ', 2, '[\"{half}\"]', '[\"{rows}\"]', 'open')"
    ));
    project
}

fn every_row_was_written_once(project: &Project) {
    let wrong = "SELECT count(*) FROM goods WHERE total IS DISTINCT FROM price OR writes <> 1";
    assert_eq!(project.database().value(wrong), "0");
}

#[test]
fn a_migration_is_shown_paused_resumed_and_worked_on() {
    on_each_server(|server| {
        let project = with_a_migration(server, 4000);
        project.run(&["live", "status"]).ok().says(&[
            "goods_total (main, public.goods): backfill",
            "0 of about 4000",
            "none (djogi live worker goods_total",
        ]);
        let paused = project.run(&["live", "pause", "goods_total", "--reason", "the shop is busy"]).ok();
        paused.says(&["Paused `goods_total`: the shop is busy", "djogi live resume goods_total"]);
        project.run(&["live", "worker"]).expect(3).says(&["goods_total", "the shop is busy"]);
        let json = project.run(&["live", "status", "goods_total", "--json"]).ok().json();
        let found = &json["migrations"][0];
        assert_eq!(
            (&found["name"], &found["phase"]),
            (&"goods_total".into(), &"backfill".into()),
            "{json:#}"
        );
        assert_eq!(
            (&found["paused"], &found["rows_done"]),
            (&"the shop is busy".into(), &0.into()),
            "{json:#}"
        );
        project.run(&["live", "resume", "goods_total"]).ok().says(&["Resumed"]);
        project
            .run(&["live", "worker", "goods_total", "--workers", "2"])
            .ok()
            .says(&["all rows are written, 4000"]);
        every_row_was_written_once(&project);
        let json = project.run(&["live", "status", "--json"]).ok().json();
        assert_eq!(json["migrations"][0]["phase"], "index", "{json:#}");
        project.run(&["live", "worker"]).ok().says(&["No rows are to be written"]);
        project.is_converged();
    });
}

#[test]
fn without_migrations_there_is_nothing_to_show_and_an_unknown_name_is_refused() {
    on_each_server(|server| {
        let project = Project::declaring(server, TABLE);
        // Before there is a ledger, too.
        for _ in 0..2 {
            project.run(&["live", "status"]).ok().says(&["No live migrations"]);
            for words in [
                &["live", "status", "nothing"][..],
                &["live", "pause", "nothing"],
                &["live", "worker", "nothing"],
            ] {
                project.run(words).expect(1).says(&["live_unknown", "nothing", "djogi live status"]);
            }
            project.apply();
        }
    });
}

#[test]
fn a_killed_worker_is_followed_by_another_at_once() {
    on_each_server(|server| {
        let project = with_a_migration(server, 80_000);
        let mut worker = project.start(&["live", "worker", "--workers", "2"]);
        let chunks =
            || project.database().value("SELECT sum(chunks) FROM djogi.cursor").parse::<u32>().unwrap();
        eventually("some chunks are written", || chunks() > 4);
        worker.kill().unwrap();
        worker.wait().unwrap();
        assert_eq!(project.database().value("SELECT state FROM djogi.live"), "running");
        project.run(&["live", "worker"]).ok().says(&["all rows are written, 80000"]);
        every_row_was_written_once(&project);
    });
}

#[test]
fn a_worker_says_that_nobody_has_cut_the_rows_into_ranges_yet() {
    on_each_server(|server| {
        let project = with_a_migration(server, 4000);
        project.database().run("UPDATE djogi.live SET state = 'waiting'");
        let status = project.run(&["live", "status"]).ok();
        status
            .says(&["not cut into ranges yet", "none (djogi apply)"])
            .never_says(&["0 of about", "djogi live worker"]);
        let mut worker = project.start(&["live", "worker"]);
        let mut told = BufReader::new(worker.stderr.take().unwrap()).lines().map(Result::unwrap);
        let warning = told.find(|line| line.contains("goods_total: no worker can begin yet"));
        assert!(warning.is_some_and(|line| line.contains("`djogi apply`")));
        project.database().run("UPDATE djogi.live SET state = 'running'");
        assert!(worker.wait().unwrap().success());
        every_row_was_written_once(&project);
    });
}
