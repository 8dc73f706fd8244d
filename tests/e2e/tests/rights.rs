//! A role that may not do it is told so before anything is written, with the grant that would help.

use e2e::{Database, Project, Server, on_each_server};

const MODELS: &str = "CREATE TABLE t (id bigint PRIMARY KEY);";

/// A role of one test, dropped with it.
struct Role<'a> {
    database: &'a Database,
    name: String,
}

impl<'a> Role<'a> {
    fn create(database: &'a Database) -> Self {
        let name = format!("role_{}", database.name());
        database.run(&format!("CREATE ROLE {name} LOGIN"));
        Self { database, name }
    }

    fn url(&self, server: &Server) -> String {
        server.url(self.database.name()).replace("user=postgres", &format!("user={}", self.name))
    }
}

impl Drop for Role<'_> {
    fn drop(&mut self) {
        self.database.run(&format!("DROP OWNED BY {0} CASCADE; DROP ROLE {0}", self.name));
    }
}

#[test]
fn a_role_without_rights_can_plan_and_is_refused_before_anything_is_written() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, MODELS);
        let other = Database::create(server);
        let role = Role::create(&other);
        project.set_variable("DATABASE_URL", &role.url(server));
        project.run(&["plan"]).ok().says(&["Plan: 2 to create"]);
        let refused = project.run(&["apply", "--auto-approve"]).expect(1);
        refused.says(&[
            "ledger_no_privilege",
            &role.name,
            "CREATE SCHEMA djogi AUTHORIZATION",
            "GRANT CREATE",
        ]);
        assert!(!project.root().join(".djogi").exists());

        // The first way out that it names is enough.
        other.run(&format!(
            "CREATE SCHEMA djogi AUTHORIZATION {0}; GRANT CREATE ON SCHEMA public TO {0}",
            role.name
        ));
        project.apply();
        project.is_converged();
    });
}

#[test]
fn a_read_only_database_is_told_from_one_without_rights() {
    on_each_server(|server| {
        let project = Project::declaring(server, MODELS);
        let read_only =
            format!("ALTER DATABASE {} SET default_transaction_read_only = on", project.database().name());
        project.database().run(&read_only);
        project.run(&["plan"]).ok();
        project.run(&["apply", "--auto-approve"]).expect(1).says(&["read_only_session", "the primary"]);
        assert!(!project.root().join(".djogi").exists());
    });
}

#[test]
fn who_does_not_own_an_object_is_told_so_and_nothing_is_half_done() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, MODELS);
        let other = Database::create(server);
        let role = Role::create(&other);
        project.set_variable("DATABASE_URL", &role.url(server));
        let rights = "GRANT CREATE ON DATABASE {d} TO {r}; GRANT CREATE ON SCHEMA public TO {r}";
        other.run(&rights.replace("{d}", other.name()).replace("{r}", &role.name));
        project.apply();
        other.run("ALTER TABLE t OWNER TO postgres");
        project.declare("CREATE TABLE t (id bigint PRIMARY KEY, x text);");
        let refused = project.run(&["apply", "--auto-approve"]).expect(1);
        refused.says(&[
            "42501",
            "table.main.public.t",
            "apply as a role that owns the objects",
            "was rolled back",
        ]);
        other.run(&format!("ALTER TABLE t OWNER TO {}", role.name));
        project.apply();
        project.is_converged();
    });
}

#[test]
fn a_schema_of_somebody_else_named_djogi_is_left_alone() {
    on_each_server(|server| {
        let project = Project::declaring(server, MODELS);
        project.database().run("CREATE SCHEMA djogi; CREATE TABLE djogi.tunes (name text)");
        for arguments in [&["plan"][..], &["apply", "--auto-approve"]] {
            project.run(arguments).expect(1).says(&["ledger_foreign_schema", "ALTER SCHEMA djogi RENAME TO"]);
        }
        assert!(!project.root().join(".djogi").exists());
    });
}
