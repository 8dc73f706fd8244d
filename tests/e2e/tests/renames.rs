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
