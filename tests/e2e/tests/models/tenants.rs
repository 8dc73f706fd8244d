//! `tenant_key`: a role that is not above row security sees and writes the rows of its tenant, and no others.

use djogi_core::Model;
use e2e::{Database, Project, on_each_server};
use postgres::{Client, NoTls};

use super::{apply, is_converged, project};

#[derive(djogi_core::Model)]
#[model(table = "bills", tenant_key = tenant_id)]
struct Bill {
    #[field(pk)]
    id: i64,
    tenant_id: i64,
}

#[derive(djogi_core::Model)]
#[model(table = "letters", tenant_key(tenant, setting = "post.box"))]
#[model(policy(name = "letters_open", for = select, using = "NOT sealed"))]
struct Letter {
    tenant: String,
    sealed: bool,
}

/// A role that owns the tables, and so is bound only by what is forced.
struct Owner {
    name: String,
    session: Client,
}

impl Owner {
    fn create(project: &Project) -> Self {
        let database: &Database = project.database();
        let name = format!("tenant_{}", database.name());
        database.run(&format!(
            "CREATE ROLE {name} LOGIN; ALTER TABLE bills OWNER TO {name}; ALTER TABLE letters OWNER TO {name}"
        ));
        let url = database.url().replace("user=postgres", &format!("user={name}"));
        Self { name, session: Client::connect(&url, NoTls).unwrap() }
    }

    fn ids(&mut self, query: &str) -> Vec<i64> {
        self.session.query(query, &[]).unwrap().iter().map(|row| row.get(0)).collect()
    }

    fn is_refused(&mut self, statement: &str) -> bool {
        let refused = self.session.batch_execute(statement);
        refused.is_err_and(|error| error.code().is_some_and(|code| code.code() == "42501"))
    }
}

#[test]
fn a_role_sees_and_writes_the_rows_of_its_tenant_only() {
    on_each_server(|server| {
        let project = project(server, &[Bill::DESCRIPTOR, Letter::DESCRIPTOR]);
        apply(&project);
        is_converged(&project);
        project.database().run(
            "INSERT INTO bills VALUES (1, 7), (2, 8);
             INSERT INTO letters VALUES ('a', false), ('a', true), ('b', false)",
        );
        let mut owner = Owner::create(&project);
        let all = "SELECT id FROM bills ORDER BY id";
        // Who has not said who it is has nothing, also after a transaction in which it had.
        assert!(owner.ids(all).is_empty());
        owner.session.batch_execute("BEGIN; SET LOCAL app.tenant_id = '7'; COMMIT").unwrap();
        assert!(owner.ids(all).is_empty());
        assert!(owner.is_refused("INSERT INTO bills VALUES (3, 7)"));

        owner.session.batch_execute("SET app.tenant_id = '7'; SET post.box = 'a'").unwrap();
        assert_eq!(owner.ids(all), [1]);
        owner
            .session
            .batch_execute("INSERT INTO bills VALUES (3, 7); UPDATE bills SET id = id + 10")
            .unwrap();
        assert_eq!(owner.ids(all), [11, 13]);
        assert!(owner.is_refused("INSERT INTO bills VALUES (4, 8)"));
        assert!(owner.is_refused("UPDATE bills SET tenant_id = 8 WHERE id = 11"));
        // A policy that lets others in does not let them out of their tenant, and nothing else lets them in.
        assert_eq!(owner.ids("SELECT count(*) FROM letters"), [1]);
        assert!(owner.is_refused("INSERT INTO letters VALUES ('a', false)"));

        assert_eq!(project.database().column("SELECT id FROM bills ORDER BY id"), ["2", "11", "13"]);
        let name = owner.name.clone();
        drop(owner);
        project.database().run(&format!("REASSIGN OWNED BY {name} TO postgres; DROP ROLE {name}"));
    });
}
