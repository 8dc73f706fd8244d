//! A password appears in no output, no file and no error, however the URL is given.

use e2e::{Project, on_each_server};

const PASSWORD: &str = "s3cr3t&Passw0rd";
const ENCODED: &str = "s3cr3t%26Passw0rd";

const BEFORE: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer);";
const AFTER: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price bigint, CHECK (price > 0));";

fn with_password(project: &Project) -> [String; 2] {
    let (socket, name) = (project.database().server().socket_dir().display(), project.database().name());
    let port = 5432;
    [
        format!("postgres://postgres:{ENCODED}@/{name}?host={socket}&port={port}"),
        format!("host={socket} port={port} user=postgres dbname={name} password={PASSWORD}"),
    ]
}

#[track_caller]
fn is_silent(text: &str) {
    for secret in [PASSWORD, ENCODED] {
        assert!(!text.contains(secret), "the password is in\n{text}");
    }
}

#[test]
fn a_password_is_said_nowhere_and_stored_nowhere() {
    on_each_server(|server| {
        for form in 0..2 {
            let mut project = Project::declaring(server, BEFORE);
            let url = with_password(&project)[form].clone();
            project.set_variable("DATABASE_URL", &url);
            let commands: [&[&str]; 12] = [
                &["validate", "-vv"],
                &["plan", "-vv"],
                &["apply", "--auto-approve", "--json"],
                &["apply", "--auto-approve", "-vv"],
                &["refresh"],
                &["status"],
                &["status", "--json"],
                &["show", "--json"],
                &["history", "--json"],
                &["plan", "--json"],
                &["plan", "--out", "saved.plan"],
                &["import", "--all"],
            ];
            for command in commands {
                is_silent(&project.run(command).ok().all());
            }
            project.declare(AFTER);
            project.database().run("INSERT INTO goods VALUES (1, -1)");
            is_silent(&project.run(&["apply", "--auto-approve", "-vv"]).expect(1).all());
            for (path, (content, _)) in project.files() {
                is_silent(&path.display().to_string());
                is_silent(&String::from_utf8_lossy(&content));
            }
            let ledger = project
                .database()
                .rows("SELECT lease::text FROM djogi.lease UNION ALL SELECT op::text FROM djogi.op");
            is_silent(&format!("{ledger:?}"));
        }
    });
}

#[test]
fn a_password_is_in_no_error() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, BEFORE);
        let urls = [
            format!("postgres://postgres:{ENCODED}@127.0.0.1:1/shop"),
            format!("postgres://postgres:{ENCODED}@localhost:notaport/shop"),
            format!("postgres://postgres:{ENCODED}@/no_such_database?host={}", server.socket_dir().display()),
            format!("postgres://postgres:{ENCODED}@/x?no_such_option=1"),
            format!("host=/nowhere password='{PASSWORD} user=x"),
            format!("postgres//postgres:{PASSWORD}@nowhere"),
        ];
        for url in urls {
            project.set_variable("DATABASE_URL", &url);
            for command in [
                &["plan", "-vv"][..],
                &["plan", "--json"],
                &["apply", "--auto-approve", "--json"],
                &["status"],
            ] {
                is_silent(&project.run(command).expect(1).all());
            }
        }
    });
}
