//! SQL files as desired state: loaded into a scratch database, in any order, beside models, with every mistake at its
//! place.

use e2e::{Database, Output, Project, Server, on_each_server};

/// A project of SQL files alone, whose scratch databases are made on its own server.
fn project(server: &'static Server, files: &[(&str, &str)]) -> Project {
    let mut project = Project::new(server);
    project.configure("[sql]\nfiles = [\"schema/**/*.sql\"]\n");
    project.set_variable("SCRATCH_URL", &server.url("postgres"));
    for (name, text) in files {
        project.write(&format!("schema/{name}"), text);
    }
    project
}

fn run(project: &Project, arguments: &[&str]) -> Output {
    let mut all = vec!["--scratch-url", "env:SCRATCH_URL"];
    all.extend(arguments);
    project.run(&all)
}

#[track_caller]
fn apply(project: &Project) -> Output {
    run(project, &["apply", "--auto-approve"]).ok()
}

#[track_caller]
fn is_converged(project: &Project) {
    run(project, &["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
}

const TABLES: &str = "CREATE TABLE public.orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state mood NOT NULL DEFAULT 'new',
    customer bigint NOT NULL REFERENCES customers,
    total numeric(12,2) CHECK (total >= 0)
);
CREATE INDEX ON orders (total);
COMMENT ON TABLE orders IS 'Orders';
";
const TYPES: &str =
    "CREATE TYPE mood AS ENUM ('new', 'old');\nCREATE TABLE customers (id bigserial PRIMARY KEY);\n";

#[test]
fn statements_may_stand_in_any_order_and_converge() {
    on_each_server(|server| {
        let project = project(server, &[("a.sql", TABLES), ("z/types.sql", TYPES)]);
        apply(&project);
        is_converged(&project);
        project.matches(&format!("{TYPES}{TABLES}"));
        project.write(
            "schema/a.sql",
            &TABLES.replace("numeric(12,2)", "numeric(14,2)").replace("Orders", "All"),
        );
        run(&project, &["plan"]).ok().says(&["numeric(14,2)"]);
        apply(&project);
        is_converged(&project);
    });
}

#[test]
fn a_chain_that_is_written_backwards_is_loaded() {
    on_each_server(|server| {
        let last = 60;
        let table = |number: usize| {
            let parent =
                if number == last { String::new() } else { format!(" REFERENCES t{} (id)", number + 1) };
            format!("CREATE TABLE t{number} (id int PRIMARY KEY, parent int{parent});\n")
        };
        let text: String = (0..=last).map(table).collect();
        let project = project(server, &[("tables.sql", &text)]);
        apply(&project);
        is_converged(&project);
        assert_eq!(
            project.database().rows("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
            [["61"]]
        );
    });
}

#[test]
fn a_parent_may_be_altered_before_its_partitions_and_children_join() {
    // A partition that lacks the constraint could not join any more.
    const BACKWARDS: &str = "ALTER TABLE log ADD CONSTRAINT log_id CHECK (id > 0);
ALTER TABLE log ATTACH PARTITION log_1 FOR VALUES FROM (1) TO (10);
ALTER TABLE parent ALTER COLUMN a SET NOT NULL;
ALTER TABLE child INHERIT parent;
CREATE TABLE log_1 (id int);
CREATE TABLE log (id int) PARTITION BY RANGE (id);
CREATE TABLE child (a int, b int);
CREATE TABLE parent (a int);
";
    on_each_server(|server| {
        let project = project(server, &[("a.sql", BACKWARDS)]);
        apply(&project);
        is_converged(&project);
        let forward: Vec<&str> = BACKWARDS.split_inclusive(";\n").collect();
        project.matches(&forward.into_iter().rev().collect::<String>());
        project.write("schema/a.sql", &BACKWARDS.replace("id > 0", "ident > 0"));
        run(&project, &["plan"]).expect(1).says(&["schema/a.sql:1:", "ident"]);
    });
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    on_each_server(|server| {
        let a = "-- ä\nCREATE TABLE a (\n    id int,\n    é text DEFAULT nope()\n);\nCREATE TABLE b (a_id int REFERENCES missing);\n";
        let b = "CREATE TABLE c (id int PRIMARY KEY);\nCREATE TABEL d ();\nCREATE INDEX ON a (id);\n";
        let project = project(server, &[("a.sql", a), ("b.sql", b)]);
        run(&project, &["plan"]).expect(1).says(&[
            "function nope() does not exist (SQLSTATE 42883)",
            "schema/a.sql:4:20",
            "relation \"missing\" does not exist (SQLSTATE 42P01)",
            "schema/a.sql:6:1",
            "syntax error at or near \"TABEL\" (SQLSTATE 42601)",
            "schema/b.sql:2:8",
            "1 more statement needs what these would make",
        ]);
        let leftovers = "SELECT count(*) FROM pg_database WHERE datname ~ '^djogi_scratch_'
                            AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.application_name LIKE 'djogi/scratch/%')";
        assert_eq!(project.database().rows(leftovers), [["0"]]);
    });
}

#[test]
fn what_is_no_schema_is_refused_by_name() {
    on_each_server(|server| {
        let project = project(
            server,
            &[
                ("a.sql", "\\i other.sql\nCREATE TABLE a ();\nCOPY a FROM stdin;\n"),
                ("b.sql", "INSERT INTO a VALUES (1);"),
            ],
        );
        run(&project, &["plan"]).expect(1).says(&[
            "`\\i` is a command of psql",
            "schema/a.sql:1:1",
            "COPY ... FROM stdin",
            "schema/a.sql:3:1",
            "rows are no part of a schema",
            "schema/b.sql:1:1",
        ]);
        project.write("djogi.toml", &project.read("djogi.toml").replace("schema/**/*.sql", "nothing/*.sql"));
        run(&project, &["plan"]).expect(1).says(&["`sql.files`: `nothing/*.sql` matches no file"]);
    });
}

#[test]
fn files_that_did_not_change_need_no_scratch_database() {
    on_each_server(|server| {
        let project = project(server, &[("types.sql", TYPES)]);
        apply(&project);
        let nowhere = ["--scratch-url", "host=/nowhere user=nobody"];
        project.run(&[nowhere[0], nowhere[1], "plan"]).ok().says(&["Nothing to do."]);
        project.write("schema/types.sql", &format!("{TYPES}-- changed\n"));
        project
            .run(&[nowhere[0], nowhere[1], "plan"])
            .expect(1)
            .says(&["cannot reach PostgreSQL at /nowhere"]);
        is_converged(&project);
    });
}

#[test]
fn models_and_files_make_one_catalog() {
    on_each_server(|server| {
        let mut project = project(server, &[]);
        project.configure("[models]\ncatalog = \"catalog.json\"\n[sql]\nfiles = [\"schema/*.sql\"]\n");
        let model = "CREATE TYPE mood AS ENUM ('new');
                     CREATE TABLE customers (id int PRIMARY KEY, name text DEFAULT lower('X'), state mood)";
        project.declare(model);
        let file =
            "CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, state mood);\n";
        project.write("schema/orders.sql", file);
        apply(&project);
        is_converged(&project);
        project.matches(&format!("{model};{file}"));
        // A file may add to what a model declares.
        project.write("schema/orders.sql", &format!("{file}CREATE INDEX by_name ON customers (name);\n"));
        run(&project, &["plan"]).ok().says(&["by_name"]);
        for twice in ["CREATE TABLE customers ();", "CREATE TABLE IF NOT EXISTS public.customers ();"] {
            project.write("schema/orders.sql", &format!("{file}{twice}\n"));
            run(&project, &["plan"]).expect(1).says(&[
                "declared_twice",
                "schema/orders.sql:2",
                "schema.sql:",
            ]);
        }
    });
}

#[test]
fn a_setting_holds_for_its_file_and_bodies_may_name_each_other() {
    on_each_server(|server| {
        let routines =
            "CREATE FUNCTION even(n int) RETURNS bool LANGUAGE sql AS $$ SELECT n = 0 OR odd(n - 1) $$;
            CREATE FUNCTION odd(n int) RETURNS bool LANGUAGE sql AS $$ SELECT n <> 0 AND even(n - 1) $$;\n";
        let project = project(
            server,
            &[
                ("a.sql", "SET search_path = app;\nCREATE TABLE here (id int);\nBEGIN;\nSET LOCAL search_path = public;\nCREATE TABLE there (id int);\nCOMMIT;\nCREATE TABLE again (id int);\n"),
                ("b.sql", "CREATE SCHEMA app;\nCREATE TABLE plain (id int);\n"),
                ("c.sql", routines),
            ],
        )
        .managing(&["public", "app"]);
        apply(&project);
        let tables = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('app', 'public') ORDER BY 1";
        assert_eq!(
            project.database().rows(tables),
            [["app.again"], ["app.here"], ["public.plain"], ["public.there"]]
        );
        let wrong =
            "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS $$\n  SELECT count(*) FROM missing $$;\n";
        project.write("schema/c.sql", wrong);
        run(&project, &["plan"])
            .expect(1)
            .says(&["relation \"missing\" does not exist", "schema/c.sql:2:24"]);
    });
}

#[test]
fn roles_are_presumed_and_leave_no_trace() {
    on_each_server(|server| {
        let text = "CREATE TABLE a (id int);\nGRANT SELECT ON a TO sql_files_reader;\nCREATE ROLE sql_files_writer SUPERUSER;\n";
        let project = project(server, &[("a.sql", text)]);
        run(&project, &["plan"]).ok().says(&["create", "table.main.public.a"]);
        let roles = "SELECT count(*) FROM pg_roles WHERE rolname IN ('sql_files_reader', 'sql_files_writer')";
        assert_eq!(project.database().rows(roles), [["0"]]);
    });
}

#[test]
fn an_extension_that_is_not_at_hand_is_named_with_the_way_out() {
    on_each_server(|server| {
        let project =
            project(server, &[("a.sql", "CREATE EXTENSION no_such_thing;\nCREATE TABLE a (id thing);\n")]);
        run(&project, &["plan"]).expect(1).says(&[
            "extension_missing",
            "no_such_thing",
            "scratch = \"target\"",
        ]);
    });
}

#[test]
fn a_schema_that_is_not_managed_is_refused_at_its_place() {
    on_each_server(|server| {
        let project = project(server, &[("a.sql", "\nCREATE SCHEMA other;\n")]);
        run(&project, &["plan"]).expect(1).says(&["schema_not_managed", "schema/a.sql:2", "[target.main]"]);
    });
}

#[test]
fn a_table_of_a_file_is_renamed_by_a_move() {
    on_each_server(|server| {
        let mut project = project(server, &[("a.sql", "CREATE TABLE before (id int, note text);\n")]);
        apply(&project);
        project.database().run("INSERT INTO before VALUES (1, 'kept')");
        project.write("schema/a.sql", "CREATE TABLE after (id int, note text);\n");
        project.configure_more(
            "[[moved]]\nfrom = \"table.main.public.before\"\nto = \"table.main.public.after\"\n",
        );
        apply(&project);
        is_converged(&project);
        assert_eq!(project.database().rows("SELECT note FROM after"), [["kept"]]);
        project.configure_more(
            "[[moved]]\nfrom = \"table.main.public.x\"\nto = \"table.main.public.nowhere\"\n",
        );
        run(&project, &["plan"])
            .expect(1)
            .says(&["bad_move", "`table.main.public.nowhere` is declared nowhere"]);
    });
}

#[test]
fn scratch_databases_can_be_made_on_the_target() {
    on_each_server(|server| {
        let mut project = project(server, &[("types.sql", TYPES)]);
        project.set_target("scratch = \"target\"");
        project.set_variable("DJOGI_POSTGRES", "/nowhere");
        project.run(&["apply", "--auto-approve"]).ok();
        project.is_converged();
    });
}

#[test]
fn another_major_version_is_refused_with_the_ways_out() {
    let servers = e2e::servers();
    let [first, .., last] = servers else { return };
    let mut project = project(first, &[("types.sql", TYPES)]);
    project.set_variable("SCRATCH_URL", &last.url("postgres"));
    run(&project, &["plan"]).expect(1).says(&[&format!(
        "the scratch server has major version {}, the target has {}",
        last.major(),
        first.major()
    )]);
}

#[test]
fn a_dump_of_pg_dump_is_taken_as_it_is() {
    on_each_server(|server| {
        let dump = "\\restrict abc\nSET statement_timeout = 0;\nSET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\n\
                    SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;\nSET row_security = off;\n\
                    SET default_tablespace = '';\nSET default_table_access_method = heap;\n\
                    CREATE TABLE public.a (\n    id integer NOT NULL\n);\nALTER TABLE public.a OWNER TO sql_files_owner;\n\
                    CREATE SEQUENCE public.a_id_seq AS integer START WITH 1 INCREMENT BY 1 NO MINVALUE NO MAXVALUE CACHE 1;\n\
                    ALTER SEQUENCE public.a_id_seq OWNER TO sql_files_owner;\n\
                    ALTER SEQUENCE public.a_id_seq OWNED BY public.a.id;\n\
                    ALTER TABLE ONLY public.a ALTER COLUMN id SET DEFAULT nextval('public.a_id_seq'::regclass);\n\
                    ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY (id);\n\\unrestrict abc\n";
        let project = project(server, &[("dump.sql", dump)]);
        project.database().run(
            "DO $$ BEGIN CREATE ROLE sql_files_owner; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
        );
        apply(&project);
        is_converged(&project);
        project.matches("CREATE TABLE a (id serial PRIMARY KEY); ALTER TABLE a OWNER TO sql_files_owner");
    });
}

#[test]
fn what_no_plan_can_make_is_named_and_refused_with_strict() {
    on_each_server(|server| {
        let project = project(server, &[("a.sql", "CREATE TABLE a (id int);\nCREATE TYPE c;\n")]);
        run(&project, &["plan"]).ok().says(&["not_modelled", "base type"]);
        run(&project, &["plan", "--strict"]).expect(1).says(&["not_modelled", "base type"]);
    });
}

#[test]
fn everything_is_imported_and_the_next_plan_is_empty() {
    on_each_server(|server| {
        let database = Database::create(server);
        database.run(&format!("{TYPES}{TABLES}"));
        let mut project = Project::in_database(database);
        project.configure("[sql]\nfiles = [\"schema.sql\"]\n");
        project.set_variable("SCRATCH_URL", &server.url("postgres"));
        project.write("schema.sql", &format!("{TABLES}{TYPES}"));
        run(&project, &["import", "--all"]).ok();
        is_converged(&project);
    });
}
