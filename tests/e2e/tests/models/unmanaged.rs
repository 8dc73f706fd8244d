//! Tables that are there for models to refer to, and somebody else's.

use djogi_core::Model;
use e2e::on_each_server;

use super::{apply, becomes, declare, is_converged, project, run};

#[derive(djogi_core::PgEnum)]
#[pg_enum(name = "their_kind")]
enum Kind {
    Person,
    Machine,
}

#[derive(djogi_core::Model)]
#[model(table = "users", unmanaged)]
struct User {
    #[field(pk)]
    id: i64,
    #[field(unique)]
    email: String,
    kind: Kind,
}

/// In a schema that no target manages.
#[derive(djogi_core::Model)]
#[model(schema = "elsewhere", table = "accounts", unmanaged)]
struct Account {
    #[field(pk)]
    id: i64,
}

#[derive(djogi_core::Model)]
#[model(table = "orders", check = "id > 0")]
struct Order {
    #[field(pk)]
    id: i64,
    #[field(references = User, on_delete = cascade)]
    user_id: i64,
    #[field(references = User.email)]
    email: String,
    #[field(references = Account)]
    account_id: i64,
}

#[derive(djogi_core::Model)]
#[model(
    table = "buyers",
    view = "SELECT u.email, u.kind, count(*) AS n FROM users u JOIN orders o ON o.user_id = u.id GROUP BY 1, 2"
)]
struct Buyer {
    email: Option<String>,
    kind: Option<Kind>,
    n: Option<i64>,
}

/// Something of the package stays declared, or its end would be taken for a mistake.
#[derive(djogi_core::Model)]
#[model(table = "kept")]
struct Kept {
    id: i64,
}

const THEIRS: &str = "
    CREATE TYPE their_kind AS ENUM ('person', 'machine', 'other');
    CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL UNIQUE, kind their_kind NOT NULL, more integer);
    CREATE INDEX theirs ON users (more);
    CREATE SCHEMA elsewhere;
    CREATE TABLE elsewhere.accounts (id bigint PRIMARY KEY);";

#[test]
fn what_is_unmanaged_is_referred_to_and_never_touched() {
    on_each_server(|server| {
        let all = [User::DESCRIPTOR, Account::DESCRIPTOR, Order::DESCRIPTOR, Buyer::DESCRIPTOR];
        let project = project(server, &all);
        let missing =
            ["table.main.public.users does not exist", "table.main.elsewhere.accounts does not exist"];
        run(&project, &["plan"]).ok().says(&missing);
        let database = project.database();
        database.run(THEIRS);
        let unmanaged = run(&project, &["plan", "--unmanaged"]).ok();
        unmanaged.never_says(&["index.main.public.theirs", "table.main.public.users"]);
        apply(&project);
        is_converged(&project);
        let keys = "SELECT confrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND conrelid = 'orders'::regclass ORDER BY 1";
        assert_eq!(database.column(keys), ["elsewhere.accounts", "users", "users"]);

        // Whatever its owners do with it is no drift, and nobody takes it over.
        database.run("ALTER TABLE users ADD later text; DROP INDEX theirs; INSERT INTO users VALUES (1, 'a@b', 'other')");
        is_converged(&project);
        run(&project, &["refresh", "--check"]).ok();
        run(&project, &["import", "--all"]).ok().never_says(&["users", "their_kind"]);
        is_converged(&project);

        becomes(&project, &[Kept::DESCRIPTOR]);
        assert_eq!(database.value("SELECT count(*) FROM users"), "1");
    });
}

mod managed {
    #[derive(djogi_core::Model)]
    #[model(table = "users")]
    pub(super) struct User {
        #[field(pk)]
        id: i64,
        #[field(unique)]
        email: String,
    }
}

mod let_go {
    #[derive(djogi_core::Model)]
    #[model(table = "users", unmanaged)]
    pub(super) struct User {
        #[field(pk)]
        id: i64,
    }
}

#[test]
fn a_table_that_was_managed_is_let_go() {
    on_each_server(|server| {
        let project = project(server, &[managed::User::DESCRIPTOR, Kept::DESCRIPTOR]);
        apply(&project);
        declare(&project, &[let_go::User::DESCRIPTOR, Kept::DESCRIPTOR]);
        apply(&project);
        is_converged(&project);
        assert_eq!(project.database().value("SELECT count(*) FROM users"), "0");
        assert!(!project.read(".djogi/state.json").contains("users"));
    });
}

#[test]
fn sql_files_and_their_views_see_it_too() {
    on_each_server(|server| {
        let mut project = project(server, &[]);
        project.configure_more("[sql]\nfiles = [\"schema.sql\"]");
        project
            .write("schema.sql", "CREATE VIEW mails AS SELECT email, a.id FROM users, elsewhere.accounts a;");
        project.database().run(THEIRS);
        becomes(&project, &[User::DESCRIPTOR, Account::DESCRIPTOR, Kept::DESCRIPTOR]);
        assert_eq!(project.database().value("SELECT count(*) FROM mails"), "0");
    });
}
