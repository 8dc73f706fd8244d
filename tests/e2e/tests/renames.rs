//! A declared rename keeps the data and ends with nothing to do.

use e2e::{Project, on_each_server};

const BEFORE: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE SEQUENCE number;
    CREATE TABLE people (
        id integer CONSTRAINT people_pkey PRIMARY KEY, mail text CONSTRAINT people_mail_key UNIQUE, mood mood DEFAULT 'sad',
        number bigint DEFAULT nextval('number'), CONSTRAINT people_check CHECK (mail <> ''));
    CREATE INDEX people_mail_idx ON people (lower(mail));
    CREATE TABLE pet (id integer PRIMARY KEY, owner integer CONSTRAINT pet_owner_fkey REFERENCES people);";

const DATA: &str = "INSERT INTO people VALUES (1, 'a@b', 'happy'); INSERT INTO pet VALUES (7, 1);";

#[test]
fn a_table_its_column_an_enum_and_what_follows_from_them() {
    on_each_server(|server| {
        let project = Project::declaring(server, BEFORE);
        project.apply();
        project.database().run(DATA);
        let after = BEFORE
            .replace("people", "person")
            .replace("mail ", "email ")
            .replace("(mail <>", "(email <>")
            .replace("lower(mail)", "lower(email)")
            .replace("mood", "feeling")
            .replace("feeling feeling", "mood feeling")
            .replace("SEQUENCE number", "SEQUENCE counter")
            .replace("nextval('number')", "nextval('counter')");
        project.declare_renamed(
            &after,
            &[
                ("table.main.public.people", "table.main.public.person"),
                ("column.main.public.people.mail", "column.main.public.person.email"),
                ("enum.main.public.mood", "enum.main.public.feeling"),
                ("sequence.main.public.number", "sequence.main.public.counter"),
                ("constraint.main.public.people.people_pkey", "constraint.main.public.person.person_pkey"),
                (
                    "constraint.main.public.people.people_mail_key",
                    "constraint.main.public.person.person_mail_key",
                ),
                ("constraint.main.public.people.people_check", "constraint.main.public.person.person_check"),
                ("index.main.public.people_mail_idx", "index.main.public.person_mail_idx"),
            ],
        );
        let plan = project.run(&["plan", "--json"]).ok().json();
        assert_eq!(plan["summary"]["delete"], 0, "{plan:#}");
        assert_eq!(plan["summary"]["create"], 0, "{plan:#}");
        project.apply();
        project.is_converged();
        project.matches(&after);
        let database = project.database();
        assert_eq!(database.rows("SELECT email, mood, number FROM person"), [["a@b", "happy", "1"]]);
        assert_eq!(database.value("SELECT owner FROM pet"), "1");
        // The rename stays declared; it is done.
        project.apply();
        project.is_converged();
    });
}

#[test]
fn moves_in_the_configuration() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, BEFORE);
        project.apply();
        project.database().run(DATA);
        let after = BEFORE
            .replace("pet ", "animal ")
            .replace("owner ", "keeper ")
            .replace("mood mood", "mood feeling")
            .replace("TYPE mood", "TYPE feeling")
            .replace("pet_owner_fkey", "animal_owner_fkey");
        project.declare(&after);
        for (kind, from, to) in [("table", "pet", "animal"), ("enum", "mood", "feeling")] {
            project.configure_more(&format!(
                "[[moved]]\nfrom = \"{kind}.main.public.{from}\"\nto = \"{kind}.main.public.{to}\""
            ));
        }
        project.configure_more(
            "[[moved]]\nfrom = \"column.main.public.pet.owner\"\nto = \"column.main.public.animal.keeper\"
             [[moved]]\nfrom = \"constraint.main.public.pet.pet_owner_fkey\"
             to = \"constraint.main.public.animal.animal_owner_fkey\"
             [[moved]]\nfrom = \"constraint.main.public.pet.pet_pkey\"\nto = \"constraint.main.public.animal.animal_pkey\"",
        );
        project.apply();
        project.is_converged();
        project.matches(&after);
        assert_eq!(project.database().rows("SELECT id, keeper FROM animal"), [["7", "1"]]);
    });
}

#[test]
fn a_rename_and_a_change_at_once() {
    on_each_server(|server| {
        let project =
            Project::declaring(server, "CREATE TABLE a (id integer CONSTRAINT k PRIMARY KEY, x integer);");
        project.apply();
        project.database().run("INSERT INTO a VALUES (1, 2)");
        let after =
            "CREATE TABLE b (id bigint CONSTRAINT k PRIMARY KEY, y bigint NOT NULL DEFAULT 3, z text);
             CREATE INDEX b_y_idx ON b (y); COMMENT ON COLUMN b.y IS 'was x';";
        project.declare_renamed(
            after,
            &[
                ("table.main.public.a", "table.main.public.b"),
                ("column.main.public.a.x", "column.main.public.b.y"),
                ("constraint.main.public.a.k", "constraint.main.public.b.k"),
            ],
        );
        project.apply();
        project.is_converged();
        project.matches(after);
        assert_eq!(project.database().rows("SELECT id, y FROM b"), [["1", "2"]]);
    });
}

/// Tables whose rows say what they were called, each with names of its own that PostgreSQL must not see twice.
const CHAIN: &str = "
    CREATE TABLE a (id integer CONSTRAINT a_pkey PRIMARY KEY, was text DEFAULT 'a', CONSTRAINT k CHECK (was <> ''));
    CREATE TABLE b (id integer CONSTRAINT b_pkey PRIMARY KEY, was text DEFAULT 'b', CONSTRAINT k CHECK (was <> ''));
    CREATE INDEX a_idx ON a (was); CREATE INDEX b_idx ON b (was);
    CREATE TABLE ref (a integer CONSTRAINT ref_a_fkey REFERENCES a, b integer CONSTRAINT ref_b_fkey REFERENCES b);";

#[test]
fn a_name_that_one_table_leaves_and_another_takes() {
    on_each_server(|server| {
        let project = Project::declaring(server, CHAIN);
        project.apply();
        project
            .database()
            .run("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2); INSERT INTO ref VALUES (1, 2)");
        let after = "
            CREATE TABLE b (id integer CONSTRAINT b_pkey PRIMARY KEY, was text DEFAULT 'a', CONSTRAINT k CHECK (was <> ''));
            CREATE TABLE c (id integer CONSTRAINT c_pkey PRIMARY KEY, was text DEFAULT 'b', CONSTRAINT k CHECK (was <> ''));
            CREATE INDEX b_idx ON b (was); CREATE INDEX c_idx ON c (was);
            CREATE TABLE ref (a integer CONSTRAINT ref_a_fkey REFERENCES b, b integer CONSTRAINT ref_b_fkey REFERENCES c);";
        project.declare_renamed(
            after,
            &[
                ("table.main.public.a", "table.main.public.b"),
                ("table.main.public.b", "table.main.public.c"),
                ("constraint.main.public.a.a_pkey", "constraint.main.public.b.b_pkey"),
                ("constraint.main.public.b.b_pkey", "constraint.main.public.c.c_pkey"),
                ("index.main.public.a_idx", "index.main.public.b_idx"),
                ("index.main.public.b_idx", "index.main.public.c_idx"),
            ],
        );
        let summary = project.run(&["plan", "--json"]).ok().json()["summary"].clone();
        assert_eq!((&summary["create"], &summary["delete"]), (&0.into(), &0.into()), "{summary:#}");
        // A saved plan has the same preconditions.
        project.run(&["plan", "--out", "chain.plan"]).ok();
        project.run(&["apply", "chain.plan"]).ok();
        project.is_converged();
        project.matches(after);
        assert_eq!(project.database().rows("SELECT b.was, c.was FROM b, c, ref"), [["a", "b"]]);
        // The renames stay declared and are not carried out again, whatever else changes.
        project.database().run("CREATE TABLE a (id integer)");
        project.apply();
        project.is_converged();
        assert_eq!(project.database().rows("SELECT b.was, c.was FROM b, c"), [["a", "b"]]);
    });
}

#[test]
fn a_name_that_one_column_leaves_and_another_takes() {
    on_each_server(|server| {
        let project = Project::declaring(
            server,
            "CREATE TABLE t (z text DEFAULT 'z', y text DEFAULT 'y', CHECK (z <> y));",
        );
        project.apply();
        project.database().run("INSERT INTO t DEFAULT VALUES");
        let after = "CREATE TABLE t (y text DEFAULT 'z', x text DEFAULT 'y', CONSTRAINT t_check CHECK (y <> x), z text);";
        project.declare_renamed(
            after,
            &[
                ("column.main.public.t.z", "column.main.public.t.y"),
                ("column.main.public.t.y", "column.main.public.t.x"),
            ],
        );
        project.apply();
        project.is_converged();
        project.matches(after);
        assert_eq!(project.database().rows("SELECT y, x, z FROM t"), [["z", "y", "NULL"]]);
    });
}

#[test]
fn names_that_swap_are_refused_and_go_by_a_third_name() {
    on_each_server(|server| {
        let project = Project::declaring(server, CHAIN);
        project.apply();
        project.database().run("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)");
        let (a, b, c) = ("table.main.public.a", "table.main.public.b", "table.main.public.c");
        let constraint = |table: &str, name: &str| format!("constraint.main.public.{table}.{name}");
        let swapped = CHAIN.replace("'a'", "'-'").replace("'b'", "'a'").replace("'-'", "'b'");
        let swapped = swapped.replace("REFERENCES a", "REFERENCES -").replace("REFERENCES b", "REFERENCES a");
        let swapped = swapped.replace("REFERENCES -", "REFERENCES b");
        project.declare_renamed(&swapped, &[(a, b), (b, a)]);
        let parts =
            ["rename_cycle", "`table.main.public.a` and `table.main.public.b`", "schema.sql:", "third name"];
        for command in [&["plan"][..], &["validate"], &["apply", "--auto-approve"]] {
            project.run(command).expect(1).says(&parts);
        }
        // Columns too.
        project.declare_renamed(
            CHAIN,
            &[
                ("column.main.public.a.id", "column.main.public.a.was"),
                ("column.main.public.a.was", "column.main.public.a.id"),
            ],
        );
        project.run(&["plan"]).expect(1).says(&["rename_cycle", "column.main.public.a.id"]);

        // What the message says to do.
        let by_third = CHAIN
            .replace("TABLE b", "TABLE c")
            .replace("ON b", "ON c")
            .replace("REFERENCES b", "REFERENCES c");
        project
            .declare_renamed(&by_third, &[(b, c), (&constraint("b", "b_pkey"), &constraint("c", "b_pkey"))]);
        project.apply();
        let named = swapped
            .replace("a_pkey", "-_pkey")
            .replace("b_pkey", "a_pkey")
            .replace("-_pkey", "b_pkey")
            .replace("a_idx", "-_idx")
            .replace("b_idx", "a_idx")
            .replace("-_idx", "b_idx");
        let moves = [
            (a.to_owned(), b.to_owned()),
            (c.to_owned(), a.to_owned()),
            (constraint("a", "a_pkey"), constraint("b", "a_pkey")),
            (constraint("c", "b_pkey"), constraint("a", "b_pkey")),
        ];
        let moves: Vec<(&str, &str)> = moves.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
        project.declare_renamed(&named, &moves);
        project.apply();
        project.is_converged();
        project.matches(&named);
        assert_eq!(project.database().rows("SELECT a.was, b.was FROM a, b"), [["b", "a"]]);
    });
}

#[test]
fn a_schema_is_not_moved_as_a_whole_but_what_is_in_it() {
    on_each_server(|server| {
        let before = "CREATE SCHEMA old; CREATE TYPE old.mood AS ENUM ('ok');
            CREATE TABLE old.t (id integer PRIMARY KEY, mood old.mood DEFAULT 'ok');";
        let project = Project::new(server).managing(&["public", "old", "new"]);
        project.declare(before);
        project.apply();
        project.database().run("INSERT INTO old.t VALUES (1)");
        let after = before.replace("SCHEMA old", "SCHEMA new").replace("old.", "new.");
        let mut project = project;
        project.declare(&after);
        let config = project.read("djogi.toml");
        project.configure_more("[[moved]]\nfrom = \"schema.main.old\"\nto = \"schema.main.new\"");
        project.run(&["plan"]).expect(1).says(&["bad_move", "djogi.toml:", "renamed_from = \"old.NAME\""]);

        project.write("djogi.toml", &config);
        project.set_target("destructive = \"allow\"");
        project.configure("[models]\ncatalog = \"catalog.json\"\n");
        project.declare_renamed(
            &after,
            &[
                ("table.main.old.t", "table.main.new.t"),
                ("enum.main.old.mood", "enum.main.new.mood"),
                ("constraint.main.old.t.t_pkey", "constraint.main.new.t.t_pkey"),
            ],
        );
        project.apply();
        project.is_converged();
        project.matches(&after);
        assert_eq!(project.database().rows("SELECT id, mood FROM new.t"), [["1", "ok"]]);
    });
}
