//! Privileges, default privileges and owners.

use djogi_core::{Kind, Resource};

use crate::support::*;

/// The address of each grant and default privilege, with what it says.
fn told(observation: &djogi_core::observation::Observation) -> Vec<String> {
    let concerned = observation.catalog.iter().filter(|(address, _)| address.kind().is_about_roles());
    concerned
        .map(|(address, resource)| {
            let words = |privileges: &[djogi_core::kind::privilege::Privilege]| {
                privileges.iter().map(|privilege| privilege.as_sql()).collect::<Vec<_>>().join(",")
            };
            match resource {
                Resource::Grant(grant) => {
                    let columns = grant.columns.iter();
                    let columns: String = columns
                        .map(|column| format!(" {}({})", words(&column.privileges), column.name))
                        .collect();
                    let option = words(&grant.grantable);
                    format!("{address}: {} [{option}]{columns}", words(&grant.privileges))
                }
                Resource::DefaultPrivilege(privilege) => {
                    format!("{address}: {}", words(&privilege.privileges))
                }
                _ => panic!("{address}"),
            }
        })
        .collect()
}

#[tokio::test]
async fn only_what_is_unusual_is_told() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TABLE public.t (a int, b int);
                 CREATE TABLE public.usual (a int GENERATED ALWAYS AS IDENTITY);
                 CREATE VIEW public.v AS SELECT 1 AS one;
                 CREATE FUNCTION public.f(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1';
                 CREATE TYPE public.mood AS ENUM ('x');
                 GRANT SELECT, INSERT ON public.t TO PUBLIC;
                 GRANT INSERT ON public.t TO pg_monitor WITH GRANT OPTION;
                 GRANT UPDATE (b) ON public.t TO pg_monitor;
                 GRANT SELECT (one) ON public.v TO pg_monitor;
                 GRANT UPDATE ON public.v TO pg_monitor;
                 REVOKE UPDATE ON public.v FROM pg_monitor;
                 GRANT USAGE ON SEQUENCE public.usual_a_seq TO pg_monitor;
                 GRANT EXECUTE ON FUNCTION public.f TO PUBLIC;
                 REVOKE EXECUTE ON FUNCTION public.f FROM PUBLIC;
                 REVOKE DELETE ON public.t FROM postgres;
                 GRANT USAGE ON TYPE public.mood TO pg_monitor;
                 GRANT CREATE ON SCHEMA public TO pg_monitor;
                 ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
                 ALTER DEFAULT PRIVILEGES FOR ROLE pg_monitor IN SCHEMA public GRANT SELECT ON TABLES TO PUBLIC",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        let all = if database.connection.server_version().major() >= 17 { ",MAINTAIN" } else { "" };
        let owner = format!(
            "grant.main.public.t.postgres: SELECT,INSERT,UPDATE,TRUNCATE,REFERENCES,TRIGGER{all} []"
        );
        assert_eq!(
            told(&seen),
            [
                "grant.main.public.t.pg_monitor: INSERT [INSERT] UPDATE(b)",
                owner.as_str(),
                "grant.main.public.t.public: SELECT,INSERT []",
                "grant.main.public.usual_a_seq.pg_monitor: USAGE []",
                "grant.main.public.v.pg_monitor:  [] SELECT(one)",
                "schema_grant.main.public.pg_monitor: CREATE []",
                "routine_grant.main.public.f(integer, text).public:  []",
                "type_grant.main.public.mood.pg_monitor: USAGE []",
                "default_privilege.main.postgres.functions.public: ",
                "schema_default_privilege.main.public.pg_monitor.tables.public: SELECT",
            ]
        );
        assert!(seen.unmodelled.is_empty(), "{:?}", seen.unmodelled);
    })
    .await;
}

#[tokio::test]
async fn owners_are_told_of_what_is_somebody_elses() {
    on_each_server(async |database| {
        database
            .run(
                "CREATE TABLE public.mine (a int);
                 CREATE TABLE public.theirs (a serial);
                 CREATE FUNCTION public.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
                 ALTER TABLE public.theirs OWNER TO pg_monitor;
                 ALTER FUNCTION public.f OWNER TO pg_monitor",
            )
            .await;
        let seen = database.observe(&["public"]).await;
        let found: Vec<_> = seen.owners.iter().map(|(address, role)| format!("{address}: {role}")).collect();
        assert_eq!(
            found,
            [
                "sequence.main.public.theirs_a_seq: pg_monitor",
                "table.main.public.theirs: pg_monitor",
                "function.main.public.f(): pg_monitor",
            ]
        );
        assert!(seen.catalog.iter().all(|(address, _)| address.kind() != Kind::Grant));
        assert!(seen.roles.is_superuser && seen.roles.knows(&ident("pg_monitor")));
        assert!(!seen.roles.knows(&ident("nobody_at_all")));
    })
    .await;
}
