//! Partitions that somebody else makes and drops (`partitions = "elsewhere"`): djogi manages what is declared, and
//! PostgreSQL brings what the partitioned table has to the rest.

use e2e::{Output, Project, Server, on_each_server};

const EVENTS: &str = "CREATE TABLE kept (); CREATE TABLE events (id integer NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at);";

/// What the partition manager has made meanwhile, a partition with partitions of its own among it.
const PARTITIONS: &str = "
    CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE INDEX events_2024_own ON events_2024 (note);
    GRANT SELECT ON events_2024 TO pg_monitor;
    CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')
        PARTITION BY RANGE (at);
    CREATE TABLE events_2025_0 PARTITION OF events_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
    INSERT INTO events VALUES (1, '2024-05-01', 'n'), (2, '2025-05-01', 'm');";

const ALLOWED: &str = "partitions = \"elsewhere\"\ndestructive = \"allow\"";

/// A project of one SQL file, which is applied before the partitions come.
fn project(server: &'static Server, ddl: &str) -> Project {
    let project = of_files(server, ddl, ALLOWED);
    apply(&project);
    project.database().run(PARTITIONS);
    project
}

fn of_files(server: &'static Server, ddl: &str, target: &str) -> Project {
    let mut project = Project::new(server);
    project.set_target(target);
    project.configure("[sql]\nfiles = [\"schema.sql\"]\n");
    project.set_variable("SCRATCH_URL", &server.url("postgres"));
    project.write("schema.sql", ddl);
    project
}

#[track_caller]
fn run(project: &Project, arguments: &[&str]) -> Output {
    project.run(&[&["--scratch-url", "env:SCRATCH_URL"], arguments].concat())
}

#[track_caller]
fn apply(project: &Project) -> Output {
    run(project, &["apply", "--auto-approve"]).ok()
}

#[track_caller]
fn is_converged(project: &Project) {
    run(project, &["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
}

#[test]
fn they_are_neither_changed_nor_told() {
    on_each_server(|server| {
        let project = project(server, EVENTS);
        is_converged(&project);
        run(&project, &["plan", "--unmanaged", "--strict"]).ok().never_says(&["events_20"]);
        run(&project, &["refresh", "--check"]).ok().never_says(&["events_20"]);
        run(&project, &["import", "--all"]).ok().never_says(&["events_20"]);
        run(&project, &["dump"]).ok().says(&["CREATE TABLE public.events"]).never_says(&["events_20"]);
        run(&project, &["import", "table.main.public.events_2024"])
            .expect(1)
            .says(&["is left to others", "taken over where it is declared"]);
        let unmanaged =
            || run(&project, &["status", "--json"]).ok().json()["targets"]["main"]["unmanaged"].clone();
        let before = unmanaged();

        project.database().run(
            "DROP TABLE events_2024; ALTER TABLE events DETACH PARTITION events_2025; DROP TABLE events_2025;
             CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');",
        );
        is_converged(&project);
        run(&project, &["refresh", "--check"]).ok();
        project.database().run("DROP TABLE events_2026");
        assert_eq!(unmanaged(), before);
    });
}

#[test]
fn what_is_there_is_imported_and_written_without_them() {
    on_each_server(|server| {
        let mut project = of_files(server, "", ALLOWED);
        project.configure("[sql]\nfiles = [\"schema/**/*.sql\"]\n");
        project.write("schema/nothing.sql", "");
        project.database().run(&format!("{EVENTS}{PARTITIONS}"));
        run(&project, &["import", "--all", "--write-sql", "schema"]).ok().never_says(&["events_20"]);
        let written = project.read("schema/public/tables/events.sql");
        assert!(written.contains("PARTITION BY RANGE (at)") && !written.contains("events_20"), "{written}");
        is_converged(&project);
        let state = project.state().to_string();
        assert!(state.contains("table.main.public.events") && !state.contains("events_20"));
    });
}

#[test]
fn what_the_partitioned_table_gives_them_comes_to_them() {
    on_each_server(|server| {
        let mut project = project(server, EVENTS);
        let more = "CREATE TABLE kept (id integer PRIMARY KEY);
            CREATE TABLE occurrences (id bigint, at date NOT NULL, note text, size integer NOT NULL DEFAULT 1,
                kept integer REFERENCES kept, CONSTRAINT small CHECK (size < 10), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
            CREATE INDEX occurrences_note ON occurrences (note);
            CREATE TABLE declared PARTITION OF occurrences FOR VALUES FROM ('2030-01-01') TO ('2031-01-01');";
        project.write("schema.sql", more);
        project.configure_more(
            "[[moved]]\nfrom = \"table.main.public.events\"\nto = \"table.main.public.occurrences\"\n",
        );
        apply(&project);
        is_converged(&project);
        let columns = "SELECT format('%s %s %s', attname, format_type(atttypid, -1), attnotnull)
             FROM pg_attribute WHERE attrelid = 'events_2025_0'::regclass AND attnum > 0 AND NOT attisdropped
             ORDER BY attnum";
        assert_eq!(
            project.database().column(columns),
            ["id bigint t", "at date t", "note text f", "size integer t", "kept integer f"]
        );
        let keys = "SELECT contype FROM pg_constraint
             WHERE conrelid = 'events_2024'::regclass AND contype IN ('c', 'p', 'f') ORDER BY 1";
        assert_eq!(project.database().column(keys), ["c", "f", "p"]);
        let invalid = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
        assert_eq!(project.database().value(invalid), "0");

        project.write(
            "schema.sql",
            "CREATE TABLE kept (id integer PRIMARY KEY);
             CREATE TABLE occurrences (id bigint NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);",
        );
        run(&project, &["apply", "--auto-approve"]).ok();
        is_converged(&project);
        let left = "SELECT count(*) FROM occurrences";
        assert_eq!(project.database().value(left), "2");
        // Declared no more, it is one of theirs.
        assert_eq!(project.database().value("SELECT to_regclass('declared') IS NOT NULL"), "t");
    });
}

#[test]
fn a_partitioned_table_that_goes_says_whom_it_takes_along() {
    on_each_server(|server| {
        let mut project = project(server, EVENTS);
        project.set_target_only("partitions = \"elsewhere\"");
        let gone = "CREATE TABLE kept ();";
        project.write("schema.sql", gone);
        let told = [
            "drops the partitions that are managed elsewhere, with their rows",
            "public.events_2024,",
            "public.events_2025, public.events_2025_0",
            "approve",
        ];
        run(&project, &["plan"]).ok().says(&told);
        run(&project, &["apply", "--auto-approve"]).expect(3);

        // Another partition key makes the table anew.
        project.write("schema.sql", &EVENTS.replace("RANGE (at)", "LIST (id)"));
        run(&project, &["plan"]).ok().says(&told);

        project.write("schema.sql", gone);
        project.database().run("CREATE VIEW seen AS SELECT note FROM events_2024");
        project.set_target_only(ALLOWED);
        run(&project, &["apply", "--auto-approve"])
            .expect(3)
            .says(&["view public.seen depends on it", "table.main.public.events"]);
        project.database().run("DROP VIEW seen");
        apply(&project);
        is_converged(&project);
        assert_eq!(project.database().value("SELECT to_regclass('events_2024') IS NULL"), "t");
    });
}

#[test]
fn a_column_that_a_view_on_a_partition_shows_stays() {
    on_each_server(|server| {
        let project = project(server, EVENTS);
        project.database().run("CREATE VIEW seen AS SELECT note FROM events_2025_0");
        project.write("schema.sql", &EVENTS.replace(", note text", ""));
        run(&project, &["apply", "--auto-approve"])
            .expect(3)
            .says(&["column.main.public.events.note", "view public.seen depends on it"]);
    });
}

#[test]
fn what_is_a_partitions_own_keeps_what_it_needs() {
    on_each_server(|server| {
        let ddl = "CREATE TABLE other (id integer PRIMARY KEY); CREATE TYPE mood AS ENUM ('a');
            CREATE TABLE events (id integer NOT NULL, at date NOT NULL, note text, mood mood) PARTITION BY RANGE (at);";
        let project = project(server, ddl);
        project.database().run(
            "INSERT INTO other VALUES (1); ALTER TABLE events_2024 ADD FOREIGN KEY (id) REFERENCES other",
        );
        project.write(
            "schema.sql",
            "CREATE TABLE events (id integer NOT NULL, at date NOT NULL, note text) PARTITION BY RANGE (at);",
        );
        run(&project, &["apply", "--auto-approve"]).expect(3).says(&[
            "table.main.public.other",
            "constraint public.events_2024.events_2024_id_fkey depends on it",
        ]);
        // The type of a column goes when the column goes, from the partitions as well.
        assert_eq!(project.database().value("SELECT to_regtype('mood') IS NULL"), "t");
    });
}

#[test]
fn what_was_managed_is_let_go_and_what_is_declared_is_taken_over() {
    on_each_server(|server| {
        let declared = format!(
            "{EVENTS} CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
             CREATE INDEX events_1_note ON events_1 (note);"
        );
        let mut project = of_files(server, &declared, "");
        apply(&project);
        project.set_target("partitions = \"elsewhere\"");
        is_converged(&project);
        let first = project.serial();

        project.write("schema.sql", EVENTS);
        run(&project, &["refresh", "--check"]).ok();
        run(&project, &["plan", "--out", "saved.json"])
            .ok()
            .says(&["table.main.public.events_1", "left to others from now on"])
            .never_says(&["drift"]);
        run(&project, &["apply", "saved.json", "--auto-approve"]).ok();
        is_converged(&project);
        assert_eq!(project.database().value("SELECT count(*) FROM events_1"), "0");
        assert!(!project.state().to_string().contains("events_1"));

        // Neither made again where it is gone, nor taken over where it is there.
        run(&project, &["revert", "--to", &first.to_string()]).ok().says(&["Nothing to do."]);
        project.database().run("DROP TABLE events_1");
        run(&project, &["revert", "--to", &first.to_string()]).ok().says(&["Nothing to do."]);

        project.database().run(
            "CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
             CREATE INDEX events_1_note ON events_1 (note);",
        );
        project.write("schema.sql", &declared);
        apply(&project);
        is_converged(&project);
        assert!(project.state().to_string().contains("table.main.public.events_1"));
    });
}

/// An index of which every declared partition has its own part is completed by those parts alone.
#[test]
fn an_index_that_they_would_miss_is_refused() {
    on_each_server(|server| {
        let declared = format!(
            "{EVENTS} CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');"
        );
        let project = project(server, &declared);
        project.write(
            "schema.sql",
            &format!(
                "{declared} CREATE INDEX of_events ON ONLY events (note); CREATE INDEX own_part ON events_1 (note);
                 ALTER INDEX of_events ATTACH PARTITION own_part;"
            ),
        );
        run(&project, &["apply", "--auto-approve"])
            .expect(3)
            .says(&["index.main.public.of_events", "which is managed elsewhere, would get none"]);
        project.write("schema.sql", &format!("{declared} CREATE INDEX of_events ON events (note);"));
        apply(&project);
        is_converged(&project);
        assert_eq!(project.database().value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0");
    });
}

#[test]
fn an_unknown_word_is_told() {
    on_each_server(|server| {
        let project = of_files(server, "", "partitions = \"other\"");
        run(&project, &["plan"]).expect(1).says(&["djogi.toml", "other", "declared", "elsewhere"]);
    });
}
