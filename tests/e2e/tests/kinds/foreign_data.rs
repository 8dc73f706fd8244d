//! Foreign-data wrappers, servers and user mappings, and what of them is secret.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported, passes};

#[test]
fn wrappers_and_servers_of_all_forms() {
    comes_and_goes(&[
        "CREATE FOREIGN DATA WRAPPER files; CREATE SERVER shelf FOREIGN DATA WRAPPER files;",
        "CREATE FOREIGN DATA WRAPPER files VALIDATOR postgresql_fdw_validator;
         COMMENT ON FOREIGN DATA WRAPPER files IS 'it''s files';
         CREATE SERVER shelf TYPE 'ftp' VERSION '1' FOREIGN DATA WRAPPER files OPTIONS (host 'a', port '1');
         COMMENT ON SERVER shelf IS 'c'; CREATE USER MAPPING FOR PUBLIC SERVER shelf;",
        "CREATE FOREIGN DATA WRAPPER files OPTIONS (mode 'ro', \"Odd name\" 'it''s');
         CREATE SERVER shelf TYPE 'ftp' FOREIGN DATA WRAPPER files OPTIONS (dbname 'x', host 'b');
         CREATE USER MAPPING FOR CURRENT_USER SERVER shelf;",
        "CREATE FOREIGN DATA WRAPPER others; CREATE FOREIGN DATA WRAPPER files OPTIONS (mode 'rw');
         CREATE SERVER shelf TYPE 'http' FOREIGN DATA WRAPPER others;
         CREATE USER MAPPING FOR CURRENT_USER SERVER shelf; CREATE USER MAPPING FOR PUBLIC SERVER shelf;",
    ]);
}

#[test]
fn the_order_of_options_alone_is_no_change() {
    on_each_server(|server| {
        let project = Project::declaring(
            server,
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (a '1', b '2');",
        );
        project.apply();
        project.declare(
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (b '2', a '1');",
        );
        project.is_converged();
    });
}

#[test]
fn servers_of_an_extension_leave_before_it() {
    passes(&[
        "CREATE TABLE t ();",
        "CREATE EXTENSION postgres_fdw; CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'a');
         CREATE USER MAPPING FOR PUBLIC SERVER s;",
    ]);
}

#[test]
fn existing_ones_are_taken_over() {
    is_imported(
        "CREATE FOREIGN DATA WRAPPER \"W w\"; CREATE SERVER s FOREIGN DATA WRAPPER \"W w\" OPTIONS (host 'a');
         CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (user 'me', password 'hush');",
    );
}

#[test]
fn a_server_and_its_wrapper_are_renamed() {
    on_each_server(|server| {
        let before = "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
                      CREATE USER MAPPING FOR PUBLIC SERVER s;";
        let project = Project::declaring(server, before);
        project.apply();
        let after = "CREATE FOREIGN DATA WRAPPER v; CREATE SERVER r FOREIGN DATA WRAPPER v;
                     CREATE USER MAPPING FOR PUBLIC SERVER r;";
        let moves = [
            ("foreign_data_wrapper.main.w", "foreign_data_wrapper.main.v"),
            ("foreign_server.main.s", "foreign_server.main.r"),
        ];
        project.declare_renamed(after, &moves);
        project.run(&["plan"]).ok().says(&["Plan: 2 to rename"]);
        project.apply();
        project.is_converged();
        project.matches(after);
    });
}

const SECRETS: [&str; 3] = ["xyzzy'1", "plugh 2", "frotz\\3"];

fn with_passwords(server: &str, mapping: &str) -> String {
    let quoted = |text: &str| text.replace('\'', "''");
    format!(
        "CREATE FOREIGN DATA WRAPPER w;
         CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (host 'db', sslpassword '{}');
         CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (user 'reader', password '{}');",
        quoted(server),
        quoted(mapping)
    )
}

/// Everything that djogi has written below the project but for the declaration itself.
fn written(project: &Project) -> String {
    let files = project.files();
    let ours = files.iter().filter(|(path, _)| path.extension().is_none_or(|extension| extension != "sql"));
    ours.map(|(_, (content, _))| String::from_utf8_lossy(content).into_owned()).collect()
}

#[test]
fn secret_values_reach_the_database_and_nothing_else() {
    on_each_server(|server| {
        let mut project = Project::new(server);
        project.configure("[sql]\nfiles = [\"*.sql\"]\n");
        let scratch = server.url("postgres");
        let run = |arguments: &[&str]| {
            let all: Vec<&str> =
                ["--scratch-url", scratch.as_str()].into_iter().chain(arguments.iter().copied()).collect();
            let output = project.run(&all).ok().never_says(&SECRETS);
            let told = written(&project);
            assert!(SECRETS.iter().all(|secret| !told.contains(secret)), "{told}");
            output
        };
        let held = || project.database().column("SELECT umoptions::text FROM pg_user_mappings").join(",");
        project.write("schema.sql", &with_passwords(SECRETS[0], SECRETS[1]));
        run(&["plan", "--format", "sql"]).says(&["<secret "]);
        run(&["plan", "--json"]);
        run(&["apply", "--auto-approve", "--json"]);
        assert!(held().contains(SECRETS[1]), "{}", held());
        assert!(
            project.database().value("SELECT srvoptions::text FROM pg_foreign_server").contains(SECRETS[0])
        );
        run(&["plan"]).says(&["Nothing to do"]);

        // Another value is seen, set, and drift from it told.
        project.write("schema.sql", &with_passwords(SECRETS[0], SECRETS[2]));
        run(&["plan"]).says(&["option password", "another secret value"]);
        run(&["plan", "--out", "saved.json"]);
        run(&["apply", "saved.json", "--auto-approve"]);
        assert!(held().contains("frotz"), "{}", held());
        project.database().run("ALTER USER MAPPING FOR PUBLIC SERVER s OPTIONS (SET password 'other')");
        run(&["plan"]).says(&["another secret value"]);
    });
}

#[test]
fn a_value_that_is_not_at_hand_is_never_replaced() {
    on_each_server(|server| {
        // What comes from a catalog alone holds digests.
        let project = Project::declaring(server, &with_passwords(SECRETS[0], SECRETS[1]));
        project.run(&["plan"]).ok().says(&["secret_not_at_hand", "password", "user_mapping.main.s.public"]);
        let refused = project.run(&["apply", "--auto-approve"]).expect(1);
        refused.says(&["secret_not_at_hand", "sslpassword of foreign_server.main.s"]);
        assert_eq!(project.database().value("SELECT count(*) FROM pg_foreign_server"), "0");
    });
}
