//! Roles of the server and their memberships: what a target manages by patterns of names, and nothing else.

use std::thread;

use e2e::{Database, Output, Project, Server, on_each_server};

/// A project that manages the roles of one prefix, which no other test has.
struct Roles {
    project: Project,
    scratch: String,
}

impl Roles {
    fn managing(server: &'static Server, pattern: &str, sql: &str) -> Self {
        let mut project = Project::new(server);
        project.configure("[sql]\nfiles = [\"schema.sql\"]\n");
        project.set_target_only(&format!("roles = [\"{pattern}\"]\ndestructive = \"allow\""));
        project.write("schema.sql", sql);
        Self { project, scratch: server.url("postgres") }
    }

    fn declare(&self, sql: &str) {
        self.project.write("schema.sql", sql);
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let all = ["--scratch-url", self.scratch.as_str()];
        self.project.run(&[all.as_slice(), arguments].concat())
    }

    #[track_caller]
    fn apply(&self) -> Output {
        self.run(&["apply", "--auto-approve"]).ok()
    }

    #[track_caller]
    fn is_converged(&self) {
        self.run(&["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
    }

    /// What the server has of the roles that begin so, by its own account.
    fn seen(&self, prefix: &str) -> Vec<Vec<String>> {
        let sql = format!(
            "SELECT format('%s %s%s%s%s%s%s%s limit %s until %s %s %s', rolname, rolsuper::int, rolcreatedb::int, rolcreaterole::int,
                    rolinherit::int, rolcanlogin::int, rolreplication::int, rolbypassrls::int, rolconnlimit,
                    rolvaliduntil AT TIME ZONE 'UTC', (SELECT string_agg(c, ' ' ORDER BY c COLLATE \"C\") FROM pg_db_role_setting, unnest(setconfig) c WHERE setrole = r.oid AND setdatabase = 0),
                    shobj_description(r.oid, 'pg_authid'))
               FROM pg_roles r WHERE rolname ^@ '{prefix}'
              UNION ALL
             SELECT format('%s in %s %s', m.member::regrole, m.roleid::regrole, to_jsonb(m) - 'oid' - 'grantor' - 'member' - 'roleid')
               FROM pg_auth_members m
              WHERE (SELECT bool_or(rolname ^@ '{prefix}') FROM pg_roles WHERE oid IN (m.member, m.roleid))
              ORDER BY 1"
        );
        self.project.database().rows(&sql)
    }
}

/// Every state is what PostgreSQL itself makes of the same statements.
#[test]
fn attributes_settings_and_memberships_come_and_go() {
    on_each_server(|server| {
        let states = [
            "CREATE TABLE t (); CREATE ROLE ra_app;",
            "CREATE TABLE t ();
             CREATE ROLE ra_app WITH LOGIN CREATEDB CONNECTION LIMIT 5 VALID UNTIL '2040-01-31 12:00+02';
             ALTER ROLE ra_app SET search_path = app, \"$user\", 'Odd one';
             ALTER ROLE ra_app SET work_mem TO '64MB'; ALTER ROLE ra_app SET TIME ZONE 'UTC';
             ALTER ROLE ra_app SET statement_timeout = 5000;
             COMMENT ON ROLE ra_app IS 'it''s the app';
             CREATE ROLE \"ra Reader\" NOINHERIT IN ROLE pg_monitor; GRANT \"ra Reader\" TO ra_app WITH ADMIN OPTION;",
            "CREATE TABLE t ();
             CREATE USER ra_app SUPERUSER CREATEROLE REPLICATION BYPASSRLS VALID UNTIL 'infinity';
             ALTER ROLE ra_app SET work_mem = 4096; ALTER ROLE ra_app SET \"my.setting\" = 'x, y';
             CREATE ROLE \"ra Reader\"; GRANT \"ra Reader\" TO ra_app;
             CREATE GROUP ra_group USER ra_app; COMMENT ON ROLE ra_group IS 'g';",
        ];
        let roles = Roles::managing(server, "ra?*", "CREATE TABLE t ();");
        for state in states.iter().chain(states.iter().rev().skip(1)) {
            roles.declare(state);
            roles.apply();
            roles.is_converged();
            let made = roles.seen("ra");
            // The same by hand.
            roles.declare("CREATE TABLE t ();");
            roles.apply();
            assert!(roles.seen("ra").is_empty(), "{:?}", roles.seen("ra"));
            let by_hand = state.replace("CREATE TABLE t ();", "");
            roles.project.database().run(&format!("SET TimeZone = 'UTC'; {by_hand}"));
            let until = |rows: Vec<Vec<String>>| {
                // Valid for ever is so without saying.
                let said = |row: String| row.replace("until infinity", "until ");
                rows.into_iter().flatten().map(said).collect::<Vec<_>>()
            };
            assert_eq!(until(made), until(roles.seen("ra")));
            roles.declare(state);
            roles.run(&["import", "--all"]).ok();
            roles.is_converged();
        }
        roles.declare("CREATE TABLE t ();");
        roles.apply();
        assert!(roles.seen("ra").is_empty());
    });
}

#[test]
fn options_of_memberships_are_those_of_postgresql_16() {
    on_each_server(|server| {
        let sql = "CREATE ROLE rb_a; CREATE ROLE rb_b; GRANT rb_a TO rb_b WITH INHERIT FALSE, SET FALSE;";
        let roles = Roles::managing(server, "rb_*", sql);
        if server.major() < 16 {
            roles
                .run(&["plan"])
                .ok()
                .says(&["this PostgreSQL version cannot do it", "an option of a membership but ADMIN"]);
            return;
        }
        for (grant, expected) in [
            (sql, "f f f"),
            (
                "CREATE ROLE rb_a; CREATE ROLE rb_b; GRANT rb_a TO rb_b WITH ADMIN TRUE, INHERIT TRUE;",
                "t t t",
            ),
            ("CREATE ROLE rb_a; CREATE ROLE rb_b NOINHERIT; GRANT rb_a TO rb_b;", "f f t"),
        ] {
            roles.declare(grant);
            roles.apply();
            roles.is_converged();
            let options =
                "SELECT format('%s %s %s', admin_option, inherit_option, set_option) FROM pg_auth_members
                            WHERE roleid = 'rb_a'::regrole";
            assert_eq!(roles.project.database().value(options), expected);
        }
        roles.declare("CREATE TABLE t ();");
        roles.apply();
    });
}

#[test]
fn what_no_pattern_covers_is_never_touched_nor_told() {
    on_each_server(|server| {
        let roles = Roles::managing(server, "rc_app_*", "CREATE TABLE t (); CREATE ROLE rc_other SUPERUSER;");
        roles
            .project
            .database()
            .run("CREATE ROLE rc_hand; CREATE ROLE rc_app_hand; CREATE ROLE rc_hand_2 IN ROLE rc_hand");
        roles
            .run(&["plan", "--unmanaged"])
            .ok()
            .says(&["role.main.rc_app_hand"])
            .never_says(&["rc_hand", "rc_other"]);
        roles.apply();
        roles.is_converged();
        // What is not managed is not dropped, and no role of its name is made.
        roles.declare("CREATE TABLE t (); CREATE ROLE rc_app_hand LOGIN;");
        roles
            .run(&["plan"])
            .ok()
            .says(&["an object that djogi does not manage has this name", "role.main.rc_app_hand"]);
        roles.run(&["import", "role.main.rc_app_hand"]).ok();
        roles.apply();
        let login = "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'rc_app_hand'";
        assert_eq!(roles.project.database().value(login), "t");
        // Without a pattern a target lets go of its roles.
        roles
            .project
            .write("djogi.toml", &roles.project.read("djogi.toml").replace("roles = [\"rc_app_*\"]", ""));
        roles.declare("CREATE TABLE t ();");
        roles.apply();
        assert_eq!(roles.project.database().value(login), "t");
        roles.project.database().run("DROP ROLE rc_hand, rc_hand_2, rc_app_hand");
    });
}

#[test]
fn what_belongs_to_new_roles_comes_after_them_and_goes_before() {
    on_each_server(|server| {
        let sql = "CREATE TABLE t (id int); ALTER TABLE t OWNER TO rd_owner; GRANT SELECT ON t TO rd_reader;
                   ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO rd_reader USING (true);
                   ALTER DEFAULT PRIVILEGES FOR ROLE rd_owner GRANT SELECT ON TABLES TO rd_reader;
                   CREATE ROLE rd_reader; CREATE ROLE rd_owner; GRANT rd_reader TO rd_owner;";
        let roles = Roles::managing(server, "rd_*", sql);
        roles.apply();
        roles.is_converged();
        roles.run(&["dump"]).ok().says(&["CREATE ROLE rd_owner;", "GRANT rd_reader TO rd_owner"]);
        // A role that still has something stays, and the plan says why.
        roles.declare("CREATE TABLE t (id int);");
        roles.run(&["plan"]).ok().says(&["role.main.rd_owner", "table.main.public.t needs it"]);
        roles.declare(
            "CREATE TABLE t (id int); ALTER TABLE t OWNER TO CURRENT_USER; CREATE ROLE rd_other;
                       ALTER TABLE t OWNER TO rd_other;",
        );
        roles.apply();
        roles.is_converged();
        roles.declare("CREATE TABLE u ();");
        roles.apply();
        roles.is_converged();
        assert!(roles.seen("rd").is_empty(), "{:?}", roles.seen("rd"));
    });
}

#[test]
fn a_role_that_another_database_needs_is_not_dropped() {
    on_each_server(|server| {
        let roles = Roles::managing(server, "re_*", "CREATE TABLE t (); CREATE ROLE re_app;");
        roles.apply();
        let other = Database::create(server);
        other.run("CREATE TABLE theirs (); ALTER TABLE theirs OWNER TO re_app");
        let own = roles.project.database();
        own.run("CREATE SCHEMA elsewhere; GRANT USAGE ON SCHEMA elsewhere TO re_app");
        roles.declare("CREATE TABLE t ();");
        let in_other = format!("1 object in database {} depends on it", other.name());
        roles.run(&["plan"]).ok().says(&[&in_other, "schema elsewhere depends on it"]);
        roles.run(&["apply", "--auto-approve"]).expect(3);
        other.run("DROP TABLE theirs");
        own.run("DROP SCHEMA elsewhere");
        roles.apply();
        assert!(roles.seen("re").is_empty());
    });
}

#[test]
fn passwords_are_refused_and_kept() {
    on_each_server(|server| {
        let roles = Roles::managing(server, "rf_*", "CREATE ROLE rf_app LOGIN;\nCREATE TABLE t ();\n");
        roles.apply();
        let database = roles.project.database();
        database.run("ALTER ROLE rf_app PASSWORD 'xyzzy'");
        roles.is_converged();
        roles.run(&["dump"]).ok().never_says(&["xyzzy", "PASSWORD", "SCRAM"]);
        roles.declare("CREATE ROLE rf_app LOGIN CREATEDB;\nCREATE TABLE t ();\n");
        roles.apply();
        let has_password = "SELECT rolpassword IS NOT NULL FROM pg_authid WHERE rolname = 'rf_app'";
        assert_eq!(database.value(has_password), "t");
        for sql in [
            "CREATE ROLE rf_app\nPASSWORD 'plugh';",
            "CREATE ROLE rf_app; ALTER USER rf_app ENCRYPTED PASSWORD\n'plugh';",
        ] {
            roles.declare(sql);
            roles
                .run(&["plan"])
                .expect(1)
                .says(&["role_statement", "schema.sql:1", "a password is no part of a schema"])
                .never_says(&["plugh"]);
        }
        roles.declare("CREATE TABLE t ();");
        roles.apply();
    });
}

#[test]
fn drift_is_told_and_put_right() {
    on_each_server(|server| {
        let roles = Roles::managing(
            server,
            "rg_*",
            "CREATE ROLE rg_app CONNECTION LIMIT 3; CREATE ROLE rg_b IN ROLE rg_app; CREATE TABLE t ();",
        );
        roles.apply();
        roles
            .project
            .database()
            .run("ALTER ROLE rg_app CONNECTION LIMIT 9 SUPERUSER; REVOKE rg_app FROM rg_b");
        roles.run(&["plan"]).ok().says(&[
            "role.main.rg_app",
            "connection limit",
            "role_grant.main.rg_app.rg_b",
        ]);
        roles.apply();
        roles.is_converged();
        roles.declare("CREATE TABLE t ();");
        roles.apply();
    });
}

#[test]
fn what_the_session_has_no_right_to_is_told_by_the_plan() {
    on_each_server(|server| {
        let mut roles = Roles::managing(server, "rh_*", "CREATE TABLE t (); CREATE ROLE rh_app SUPERUSER;");
        let database = roles.project.database();
        database.run("CREATE ROLE rights_of_roles LOGIN; GRANT ALL ON SCHEMA public TO rights_of_roles; CREATE ROLE rh_there");
        let database_of = database.name().to_owned();
        database.run(&format!("GRANT ALL ON DATABASE {database_of} TO rights_of_roles"));
        let url = roles.project.database().url().replace("user=postgres", "user=rights_of_roles");
        roles.project.set_variable("DATABASE_URL", &url);
        roles.run(&["plan"]).ok().says(&["ALTER ROLE rights_of_roles CREATEROLE;"]);
        roles.project.database().run("ALTER ROLE rights_of_roles CREATEROLE");
        roles.run(&["plan"]).ok().says(&["a role with SUPERUSER needs a superuser"]);
        roles.declare(
            "CREATE TABLE t (); CREATE ROLE rh_app; GRANT rh_there TO rh_app; CREATE ROLE rh_there;",
        );
        let told = roles.run(&["plan"]).ok();
        if server.major() >= 16 {
            told.says(&["rights_of_roles has no ADMIN option for rh_there"]);
        }
        roles.declare("CREATE TABLE t (); CREATE ROLE rh_app; CREATE ROLE rh_new IN ROLE rh_app; GRANT SELECT ON t TO rh_new;");
        roles.apply();
        roles.is_converged();
        roles.declare("CREATE TABLE t ();");
        roles.apply();
        roles.project.database().run("DROP OWNED BY rights_of_roles; DROP ROLE rights_of_roles, rh_there");
    });
}

#[test]
fn several_loads_at_once_presume_the_same_roles() {
    on_each_server(|server| {
        let sql = "CREATE ROLE ri_writer; GRANT ri_writer TO ri_reader;
                   CREATE TABLE a (id int); GRANT SELECT ON a TO ri_reader; GRANT INSERT ON a TO ri_writer;
                   ALTER TABLE a OWNER TO ri_owner; COMMENT ON ROLE ri_writer IS 'mine';";
        thread::scope(|scope| {
            for number in 0..6 {
                let sql = format!("{sql} CREATE TABLE b{number} ();");
                scope.spawn(move || {
                    let roles = Roles::managing(server, "nobody", &sql);
                    for _ in 0..3 {
                        roles
                            .run(&["plan"])
                            .ok()
                            .says(&["role ri_owner does not exist", "CREATE ROLE ri_reader;"]);
                        roles.declare(&format!("{sql} -- again"));
                    }
                });
            }
        });
        let left = "SELECT count(*) FROM pg_roles WHERE rolname ^@ 'ri_'";
        assert_eq!(Database::create(server).value(left), "0");
    });
}

#[test]
fn a_role_is_neither_moved_nor_altered_where_it_is_not_created() {
    on_each_server(|server| {
        let mut roles = Roles::managing(server, "rj_*", "CREATE TABLE t ();\nALTER ROLE rj_app LOGIN;");
        roles
            .run(&["plan"])
            .expect(1)
            .says(&["schema.sql:2", "role rj_app is managed, and created in no file"]);
        roles.declare("CREATE ROLE rj_app; CREATE ROLE rj_app;");
        roles.run(&["plan"]).expect(1).says(&["declared_twice", "rj_app"]);
        roles.declare("CREATE ROLE rj_app; DROP ROLE rj_old; CREATE TABLE t ();");
        roles.run(&["plan"]).expect(1).says(&["what is dropped is not declared"]);
        roles.declare("CREATE ROLE rj_app; CREATE TABLE t ();");
        roles.project.configure_more("[[moved]]\nfrom = \"role.main.rj_old\"\nto = \"role.main.rj_app\"\n");
        roles.run(&["plan"]).expect(1).says(&["bad_move", "a role keeps its name"]);
    });
}
