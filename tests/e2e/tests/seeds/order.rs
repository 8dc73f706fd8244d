//! Where seeds stand in a plan, and what becomes of them when their tables change.

use e2e::{Project, on_each_server};

use super::{FILE, ROWS, SEED, applied, currencies};

const COUNTRIES: &str = "CREATE TABLE currencies (code char(3) PRIMARY KEY, name text NOT NULL, digits integer);
CREATE TABLE a_countries (code text PRIMARY KEY, currency char(3) NOT NULL REFERENCES currencies, above text REFERENCES a_countries);";
const SEEDS: &str = "[seed.a_countries]\ntable = \"a_countries\"\nkey = [\"code\"]\nfile = \"countries.csv\"";

#[test]
fn rows_come_before_those_that_refer_to_them_and_leave_after_them() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, COUNTRIES);
        project.set_target("destructive = \"allow\"");
        project.configure_more(&format!("{SEED}\n{SEEDS}"));
        project.write(FILE, ROWS);
        project.write("countries.csv", "code,currency,above\nA,JPY,\nDE,EUR,EU\nEU,EUR,\n");
        project.apply();
        project.is_converged();
        // Now the foreign key is there.
        project.write(FILE, &ROWS.replace("JPY,Yen,0", "SEK,Krona,2"));
        project.write("countries.csv", "code,currency,above\nSE,SEK,EU\nDE,EUR,EU\nEU,EUR,\n");
        project.apply();
        project.is_converged();
        let codes = "SELECT string_agg(code || ' ' || currency, ', ' ORDER BY code) FROM a_countries";
        assert_eq!(project.database().value(codes), "DE EUR, EU EUR, SE SEK");
        project.configure("[models]\ncatalog = \"catalog.json\"\n");
        project.apply();
        project.is_converged();
        assert_eq!(project.database().value("SELECT count(*) FROM currencies"), "0");
    });
}

#[test]
fn a_foreign_key_that_needs_the_rows_comes_after_them() {
    on_each_server(|server| {
        let prices = "CREATE TABLE prices (currency char(3));";
        let mut project = Project::declaring(server, &format!("{}{prices}", super::TABLE));
        project.apply();
        project.database().run("INSERT INTO prices VALUES ('EUR')");
        project.declare(&format!(
            "{}CREATE TABLE prices (currency char(3) REFERENCES currencies);",
            super::TABLE
        ));
        project.configure_more(SEED);
        project.write(FILE, ROWS);
        project.apply();
        project.is_converged();
    });
}

#[test]
fn a_new_label_and_a_new_column_are_there_when_rows_need_them() {
    on_each_server(|server| {
        let ddl = |labels: &str, more: &str| {
            format!(
                "CREATE TYPE mood AS ENUM ({labels}); CREATE TABLE moods (id integer PRIMARY KEY, mood mood{more});"
            )
        };
        let mut project = Project::declaring(server, &ddl("'good'", ""));
        project.configure_more("[seed.moods]\ntable = \"moods\"\nkey = [\"id\"]\nfile = \"moods.csv\"");
        project.write("moods.csv", "id,mood\n1,good\n");
        project.apply();
        project.declare(&ddl("'good', 'bad'", ", why text, weight integer NOT NULL DEFAULT 1"));
        project.write("moods.csv", "id,mood,why\n1,good,\n2,bad,rain\n");
        project.run(&["plan"]).ok().says(&["1 row inserted in public.moods"]);
        project.apply();
        project.is_converged();
        assert_eq!(
            project.database().rows("SELECT id, mood, why FROM moods WHERE id = 2"),
            [["2", "bad", "rain"]]
        );
        // Another type of a column that the file has.
        project.set_target("destructive = \"allow\"");
        project.declare(&ddl("'good', 'bad'", ", why varchar(9), weight bigint NOT NULL DEFAULT 1"));
        project.apply();
        project.is_converged();
    });
}

#[test]
fn a_seed_follows_its_table_to_another_name_and_column() {
    on_each_server(|server| {
        let project = applied(server);
        project.declare_renamed(
            "CREATE TABLE money (iso char(3) PRIMARY KEY, name text NOT NULL, digits integer);",
            &[
                ("table.main.public.currencies", "table.main.public.money"),
                ("column.main.public.currencies.code", "column.main.public.money.iso"),
                (
                    "constraint.main.public.currencies.currencies_pkey",
                    "constraint.main.public.money.money_pkey",
                ),
            ],
        );
        let config = project.read("djogi.toml");
        project.write(
            "djogi.toml",
            &config.replace("public.currencies", "public.money").replace("\"code\"", "\"iso\""),
        );
        project.write(FILE, &ROWS.replace("code,", "iso,").replace("Yen", "yen"));
        project
            .run(&["plan"])
            .ok()
            .says(&["1 row updated in public.money", "JPY.name"])
            .never_says(&["inserted"]);
        project.apply();
        project.run(&["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
        assert_eq!(project.database().value("SELECT count(*) FROM money"), "3");
    });
}

#[test]
fn a_table_that_goes_takes_its_seed_along_and_comes_back_with_it() {
    on_each_server(|server| {
        let mut project = applied(server);
        project.set_target("destructive = \"allow\"");
        project.database().run("DROP TABLE currencies");
        project.run(&["plan"]).ok().says(&["3 rows inserted in public.currencies"]);
        project.apply();
        project.is_converged();
        assert_eq!(currencies(&project).len(), 3);
        project.declare("CREATE TABLE other (id integer);");
        project.run(&["plan"]).expect(1).says(&[
            "seed_refused",
            "djogi.toml",
            "table `public.currencies` is not declared",
        ]);
        project.configure("[models]\ncatalog = \"catalog.json\"\n");
        project.apply();
        project.is_converged();
        project.declare(super::TABLE);
        project.configure_more(SEED);
        project.apply();
        project.is_converged();
        assert_eq!(currencies(&project).len(), 3);
    });
}

#[test]
fn a_table_that_is_made_anew_has_its_rows_again() {
    on_each_server(|server| {
        let mut project = applied(server);
        project.set_target("destructive = \"allow\"");
        project.declare(
            "CREATE TABLE currencies (code char(3) PRIMARY KEY, name text NOT NULL, digits integer) PARTITION BY HASH (code);
             CREATE TABLE currencies_all PARTITION OF currencies FOR VALUES WITH (MODULUS 1, REMAINDER 0);",
        );
        project.apply();
        project.is_converged();
        assert_eq!(currencies(&project).len(), 3);
    });
}

#[test]
fn another_key_finds_the_same_rows() {
    on_each_server(|server| {
        let mut project =
            Project::declaring(server, "CREATE TABLE t (id integer PRIMARY KEY, name text NOT NULL UNIQUE);");
        project.set_target("destructive = \"allow\"");
        project.configure_more("[seed.t]\ntable = \"t\"\nkey = [\"id\"]\nfile = \"t.csv\"");
        project.write("t.csv", "id,name\n1,a\n2,b\n");
        project.apply();
        let config = project.read("djogi.toml");
        project.write("djogi.toml", &config.replace("\"id\"", "\"name\""));
        project.apply();
        project.is_converged();
        assert_eq!(project.database().value("SELECT count(*) FROM djogi.seed_row WHERE written"), "2");
        project.write("t.csv", "id,name\n1,a\n");
        project.apply();
        project.is_converged();
        assert_eq!(project.database().rows("SELECT id, name FROM t"), [["1", "a"]]);
    });
}

#[test]
fn an_earlier_revision_leaves_the_rows_as_they_are() {
    on_each_server(|server| {
        let project = applied(server);
        let serial = project.serial().to_string();
        project.declare(&super::TABLE.replace("digits integer", "digits integer, more text"));
        project.apply();
        project.run(&["revert", "--to", &serial]).ok().never_says(&["seed.main"]);
    });
}

#[test]
fn a_seed_can_be_planned_shown_and_moved_by_itself() {
    on_each_server(|server| {
        let mut project =
            Project::declaring(server, &format!("{}CREATE TABLE other (id integer);", super::TABLE));
        project.configure_more(SEED);
        project.write(FILE, ROWS);
        project.run(&["plan", "--only", "seed.main.currencies"]).ok().says(&[
            "+ table.main.public.currencies",
            "3 rows inserted",
            "table.main.public.other  deferred",
        ]);
        project
            .run(&["plan", "--explain", "seed.main.currencies"])
            .ok()
            .says(&["table.main.public.currencies"]);
        project.apply();
        project.run(&["show", "seed.main.currencies"]).ok().says(&["3 rows of public.currencies, by (code)"]);
        project.run(&["dump"]).ok().says(&["CREATE TABLE public.currencies"]).never_says(&["seed"]);
        project.run(&["state", "mv", "seed.main.currencies", "seed.main.money"]).ok();
        project.apply();
        project.is_converged();
        assert_eq!(currencies(&project).len(), 3);
    });
}
