//! Subscriptions, which no statement of djogi brings to their publisher, and whose connection strings are secret.

use e2e::{Database, Output, Project, Server, eventually, on_each_server};

/// Nobody listens there.
const SOMEWHERE: &str = "host=127.0.0.1 port=1 dbname=shop user=reader password=xyzzy1";
const ELSEWHERE: &str = "host=127.0.0.1 port=2 dbname=shop user=reader password=plugh2";
const SECRETS: [&str; 3] = ["xyzzy1", "plugh2", "port=1"];

fn project(server: &'static Server) -> Project {
    let mut project = Project::new(server);
    project.configure("[sql]\nfiles = [\"schema.sql\"]\n");
    project.set_target("destructive = \"allow\"");
    project.set_variable("SCRATCH_URL", &server.url("postgres"));
    project
}

fn run(project: &Project, arguments: &[&str]) -> Output {
    let mut all = vec!["--scratch-url", "env:SCRATCH_URL"];
    all.extend(arguments);
    project.run(&all).never_says(&SECRETS)
}

#[track_caller]
fn converges_to(project: &Project, ddl: &str) {
    let ddl = format!("CREATE TABLE stays (); {ddl}");
    project.write("schema.sql", &ddl);
    run(project, &["apply", "--auto-approve"]).ok();
    run(project, &["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
    project.matches(&ddl);
}

#[test]
fn subscriptions_come_change_and_go() {
    on_each_server(|server| {
        let project = project(server);
        let states = [
            String::new(),
            format!("CREATE SUBSCRIPTION s CONNECTION '{SOMEWHERE}' PUBLICATION p WITH (connect = false);"),
            format!(
                "CREATE SUBSCRIPTION s CONNECTION '{ELSEWHERE}' PUBLICATION \"Q r\", p
                 WITH (connect = false, slot_name = 'other', binary = true, streaming = on, disable_on_error = true,
                       synchronous_commit = 'local');
                 COMMENT ON SUBSCRIPTION s IS 'it''s the shop';
                 CREATE SUBSCRIPTION \"T u\" CONNECTION '{SOMEWHERE}' PUBLICATION p WITH (connect = off, slot_name = NONE);"
            ),
            format!(
                "CREATE SUBSCRIPTION s CONNECTION '{ELSEWHERE}' PUBLICATION q
                 WITH (connect = false, slot_name = NONE, streaming = off, two_phase = true);"
            ),
        ];
        for state in states.iter().chain(states.iter().rev().skip(1)) {
            converges_to(&project, state);
        }
        // Neighbours may be at work in theirs.
        let admin = Database::create(server);
        let none_is_left = || {
            admin.value(
                "SELECT count(*) FROM pg_database d JOIN pg_subscription s ON s.subdbid = d.oid
                  WHERE datname LIKE 'djogi_scratch%'",
            ) == "0"
        };
        eventually("no subscription is left in scratch databases", none_is_left);
    });
}

#[test]
fn what_later_servers_have_is_compared_there() {
    on_each_server(|server| {
        if server.major() < 17 {
            return;
        }
        let project = project(server);
        for options in [
            "origin = none, run_as_owner = true, password_required = false, streaming = parallel",
            "origin = any, password_required = true, streaming = off",
            "failover = true, run_as_owner = true",
        ] {
            converges_to(
                &project,
                &format!(
                    "CREATE SUBSCRIPTION s CONNECTION '{SOMEWHERE}' PUBLICATION p WITH (connect = false, {options});"
                ),
            );
        }
    });
}

#[test]
fn an_enabled_one_is_altered_and_dropped_without_its_publisher() {
    on_each_server(|server| {
        let project = project(server);
        let with = |publications: &str, connection: &str| {
            format!(
                "CREATE SUBSCRIPTION s CONNECTION '{connection}' PUBLICATION {publications} WITH (connect = false);"
            )
        };
        converges_to(&project, &with("p", SOMEWHERE));
        // All databases of a server have one catalog of subscriptions.
        let own = "FROM pg_subscription WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())";
        let (enabled, connection) =
            (&format!("SELECT subenabled {own}"), &format!("SELECT subconninfo {own}"));
        project.database().run("ALTER SUBSCRIPTION s ENABLE");
        // Whether it is enabled is nothing that files say.
        run(&project, &["plan"]).ok().says(&["Nothing to do."]);
        project.write("schema.sql", &format!("CREATE TABLE stays (); {}", with("p, q", ELSEWHERE)));
        run(&project, &["plan"]).ok().says(&["another secret value", "REFRESH PUBLICATION"]);
        run(&project, &["apply", "--auto-approve"]).ok();
        assert_eq!(project.database().value(enabled), "t");
        assert_eq!(project.database().value(connection), ELSEWHERE);
        project.write("schema.sql", "CREATE TABLE stays ();");
        run(&project, &["plan"])
            .ok()
            .says(&["the slot s stays on the publisher", "pg_drop_replication_slot"]);
        run(&project, &["apply", "--auto-approve"]).ok();
        assert_eq!(project.database().column(enabled), Vec::<String>::new());
    });
}

#[test]
fn dropping_one_needs_an_approval() {
    on_each_server(|server| {
        let mut project = project(server);
        converges_to(
            &project,
            &format!("CREATE SUBSCRIPTION s CONNECTION '{SOMEWHERE}' PUBLICATION p WITH (connect = false);"),
        );
        project.set_target_only("destructive = \"approve\"");
        project.write("schema.sql", "CREATE TABLE stays ();");
        run(&project, &["plan"]).ok().says(&["djogi approve subscription.main.s"]);
        run(&project, &["apply", "--auto-approve"]);
        assert_eq!(project.database().value("SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid WHERE datname = current_database()"), "1");
    });
}

#[test]
fn an_existing_one_is_taken_over_renamed_and_left_out_of_dumps() {
    on_each_server(|server| {
        let mut project = project(server);
        let ddl = |name: &str| {
            format!(
                "CREATE SUBSCRIPTION {name} CONNECTION '{SOMEWHERE}' PUBLICATION p WITH (connect = false, slot_name = 's');"
            )
        };
        project.database().run(&format!("CREATE TABLE stays (); {}", ddl("s")));
        project.write("schema.sql", &format!("CREATE TABLE stays (); {}", ddl("s")));
        run(&project, &["import", "--all"]).ok();
        run(&project, &["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
        let dumped = run(&project, &["dump"]).ok();
        assert!(!dumped.stdout.contains("CREATE SUBSCRIPTION"), "{}", dumped.stdout);
        dumped.says(&["subscription.main.s"]);

        project.write("schema.sql", &format!("CREATE TABLE stays (); {}", ddl("t")));
        project.configure_more("[[moved]]\nfrom = \"subscription.main.s\"\nto = \"subscription.main.t\"");
        run(&project, &["plan"]).ok().says(&["Plan: 1 to rename"]);
        run(&project, &["apply", "--auto-approve"]).ok();
        project.matches(&format!("CREATE TABLE stays (); {}", ddl("t")));
    });
}

#[test]
fn who_may_not_make_or_read_it_is_told() {
    on_each_server(|server| {
        let mut project = project(server);
        let role = format!("subscriber_{}", project.database().name());
        let ddl =
            format!("CREATE SUBSCRIPTION s CONNECTION '{SOMEWHERE}' PUBLICATION p WITH (connect = false);");
        project.database().run(&format!(
            "CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA public TO {role}; GRANT CREATE ON DATABASE {} TO {role}",
            project.database().name()
        ));
        project.write("schema.sql", &ddl);
        let url = project.database().url().replace("user=postgres", &format!("user={role}"));
        project.set_variable("DATABASE_URL", &url);
        let planned = run(&project, &["plan"]).ok();
        if server.major() < 16 {
            planned.says(&["a subscription needs a superuser"]);
        } else {
            planned.says(&["a subscription needs the rights of pg_create_subscription"]);
            project.database().run(&format!("GRANT pg_create_subscription TO {role}"));
            run(&project, &["plan"]).ok().never_says(&["pg_create_subscription"]);
            run(&project, &["apply", "--auto-approve"]).ok();
            run(&project, &["plan", "--detailed-exitcode"])
                .ok()
                .says(&["may not read the connection string"]);
        }
        project.database().run(&format!(
            "DO $$ BEGIN IF EXISTS (SELECT FROM pg_subscription WHERE subname = 's' AND subowner = '{role}'::regrole) THEN
               ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s; END IF; END $$"
        ));
        project.database().run(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    });
}

#[test]
fn a_connection_string_that_the_server_cannot_read_is_told_without_its_pieces() {
    on_each_server(|server| {
        let project = project(server);
        project.write(
            "schema.sql",
            "CREATE SUBSCRIPTION s CONNECTION 'host=a password=my frotz9' PUBLICATION p WITH (connect = false);",
        );
        run(&project, &["plan"]).expect(1).never_says(&["frotz9"]);
    });
}
