//! What files hold gets into tables, and follows the files.

use e2e::{Project, on_each_server};

use super::{FILE, ROWS, TABLE, applied, currencies, declared};

#[test]
fn rows_come_with_their_table() {
    on_each_server(|server| {
        let project = declared(server);
        project.run(&["plan"]).ok().says(&[
            "+ seed.main.currencies",
            "3 rows inserted in public.currencies",
            "+ EUR",
            "+ JPY",
        ]);
        project.apply();
        assert_eq!(
            currencies(&project),
            [["EUR", "Euro", "2"], ["JPY", "Yen", "0"], ["XAU", "Gold, troy ounce", "-"]]
        );
        project.is_converged();
        let before = project.files();
        project.apply();
        assert!(project.files() == before, "what is as declared is not written again");
    });
}

#[test]
fn a_changed_file_changes_its_rows_and_no_others() {
    on_each_server(|server| {
        let project = applied(server);
        project.database().run("INSERT INTO currencies VALUES ('ABC', 'theirs', 1)");
        project.write(FILE, &ROWS.replace("Yen", "Japanese yen").replace("XAU", "CHF,Franc,2\nXAU"));
        project.run(&["plan"]).ok().says(&[
            "~ seed.main.currencies",
            "1 row inserted, 1 updated in public.currencies",
            "+ CHF",
            "JPY.name",
            "'Yen'",
            "'Japanese yen'",
        ]);
        let plan = project.run(&["plan", "--json"]).ok().json();
        let rows = &plan["resource_changes"][0]["rows"];
        assert_eq!((rows["inserted"].as_u64(), rows["updated"].as_u64()), (Some(1), Some(1)), "{rows}");
        assert_eq!(rows["listed"][1]["values"][0]["before"], "Yen");
        project.apply();
        project.is_converged();
        let names = project.database().rows("SELECT code, name FROM currencies WHERE code < 'K' ORDER BY 1");
        assert_eq!(names, [["ABC", "theirs"], ["CHF", "Franc"], ["EUR", "Euro"], ["JPY", "Japanese yen"]]);
    });
}

#[test]
fn neither_order_nor_format_of_the_file_matters() {
    on_each_server(|server| {
        let mut project = applied(server);
        project.write(FILE, "digits,name,code\n,\"Gold, troy ounce\",XAU\n0,Yen,JPY\n2,Euro,EUR\n");
        project.is_converged();
        project.configure(
            "[models]\ncatalog = \"catalog.json\"\n[seed.currencies]\ntable = \"currencies\"\nkey = [\"code\"]\nfile = \"rows.json\"\n",
        );
        project.write(
            "rows.json",
            "[{\"code\": \"EUR\", \"name\": \"Euro\", \"digits\": 2}, {\"code\": \"JPY\", \"name\": \"Yen\", \"digits\": 0},
              {\"code\": \"XAU\", \"name\": \"Gold, troy ounce\", \"digits\": null}]",
        );
        project.is_converged();
    });
}

#[test]
fn what_nobody_declares_any_more_is_deleted_if_djogi_wrote_it_and_somebody_allows_it() {
    on_each_server(|server| {
        let project = declared(server);
        project.database().run(&format!("{TABLE} INSERT INTO currencies VALUES ('EUR', 'Euro', 2);"));
        project.run(&["import", "--all"]).ok();
        project.run(&["plan"]).ok().says(&["2 rows inserted, 1 taken over as they are in public.currencies"]);
        project.apply();
        project.is_converged();
        project.write(FILE, "code,name,digits\nXAU,\"Gold, troy ounce\",\n");
        project.run(&["plan"]).ok().says(&[
            "1 row deleted, 1 left as nobody's in public.currencies",
            "- JPY",
            "blocked",
            "djogi approve seed.main.currencies",
        ]);
        project.run(&["apply", "--auto-approve"]).expect(3);
        assert_eq!(currencies(&project).len(), 3);
        project.run(&["approve", "seed.main.currencies", "--reason", "no yen"]).ok();
        project.apply();
        project.is_converged();
        assert_eq!(currencies(&project), [["EUR", "Euro", "2"], ["XAU", "Gold, troy ounce", "-"]]);
        project.run(&["apply", "--auto-approve"]).ok();
        // It is nobody's now, and declared again it is found, not written.
        project.write(FILE, ROWS);
        project.apply();
        project.is_converged();
        assert_eq!(currencies(&project).len(), 3);
    });
}

#[test]
fn rows_that_are_there_become_as_the_file_has_them_and_stay_when_it_forgets_them() {
    on_each_server(|server| {
        let mut project = declared(server);
        project.set_target("destructive = \"allow\"");
        project
            .database()
            .run(&format!("{TABLE} INSERT INTO currencies VALUES ('EUR', 'old', 7), ('ABC', 'theirs', 1);"));
        project.run(&["import", "--all"]).ok();
        project.run(&["plan"]).ok().says(&[
            "2 rows inserted, 1 updated",
            "EUR.name",
            "'old'",
            "'Euro'",
            "EUR.digits",
        ]);
        project.apply();
        project.is_converged();
        project.write(FILE, "code,name,digits\n");
        project.run(&["plan"]).ok().says(&["2 rows deleted, 1 left as nobody's"]);
        project.apply();
        project.is_converged();
        assert_eq!(currencies(&project), [["ABC", "theirs", "1"], ["EUR", "Euro", "2"]]);
    });
}

#[test]
fn a_seed_that_nobody_declares_takes_along_what_it_wrote() {
    on_each_server(|server| {
        let mut project = applied(server);
        project.database().run("INSERT INTO currencies VALUES ('ABC', 'theirs', 1)");
        project.configure("[models]\ncatalog = \"catalog.json\"\n");
        project.run(&["plan"]).ok().says(&["- seed.main.currencies", "blocked"]);
        project.set_target("destructive = \"allow\"");
        project.apply();
        project.is_converged();
        assert_eq!(currencies(&project), [["ABC", "theirs", "1"]]);
        assert_eq!(project.database().value("SELECT count(*) FROM djogi.seed_row"), "0");
    });
}

#[test]
fn a_forgotten_seed_leaves_its_rows_and_is_taken_up_again() {
    on_each_server(|server| {
        let project = applied(server);
        project.run(&["state", "rm", "seed.main.currencies"]).ok();
        project.run(&["plan"]).ok().says(&["seed.main.currencies"]).never_says(&["rows inserted"]);
        project.apply();
        project.is_converged();
        assert_eq!(currencies(&project).len(), 3);
    });
}

#[test]
fn values_are_cast_by_their_columns() {
    on_each_server(|server| {
        let ddl = "CREATE TYPE mood AS ENUM ('good', 'bad');
             CREATE DOMAIN share AS numeric(4,2) CHECK (VALUE <= 100);
             CREATE TABLE kinds (
                 id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, small serial, label varchar(5), fixed char(4),
                 amount numeric(8,2), part share, at timestamptz(0), span interval, mood mood, moods mood[], names text[],
                 body jsonb, raw json, data bytea, bits bit(3), place point, ok boolean,
                 twice bigint GENERATED ALWAYS AS (id * 2) STORED
             );";
        let mut project = Project::declaring(server, ddl);
        project.configure_more("[seed.kinds]\ntable = \"kinds\"\nkey = [\"id\"]\nfile = \"kinds.json\"");
        project.write(
            "kinds.json",
            r#"[{"id": 7, "small": 9, "label": "it's", "fixed": "ab", "amount": 1.5, "part": 12.345,
                 "at": "2026-01-02 03:04:05.6+02", "span": "26 hours", "mood": "bad", "moods": ["good", null, "bad"],
                 "names": ["a \"b\"", "c\\d", ""], "body": {"b": [1, 2.50], "a": null}, "raw": "text", "data": "\\x00ff",
                 "bits": "101", "place": "(1,2)", "ok": true},
                {"id": 8, "small": 10, "label": null, "fixed": null, "amount": null, "part": null, "at": null, "span": null,
                 "mood": null, "moods": null, "names": [], "body": [], "raw": 1, "data": null, "bits": null, "place": null,
                 "ok": false}]"#,
        );
        project.apply();
        project.is_converged();
        let row = "SELECT id, twice, label, amount, part, at AT TIME ZONE 'UTC', mood, moods, names[1] || names[2], body,
                          raw, data, bits, ok FROM kinds WHERE id = 7";
        assert_eq!(
            project.database().rows(row),
            [[
                "7",
                "14",
                "it's",
                "1.50",
                "12.35",
                "2026-01-02 01:04:06",
                "bad",
                "{good,NULL,bad}",
                "a \"b\"c\\d",
                "{\"a\": null, \"b\": [1, 2.50]}",
                "\"text\"",
                "\\x00ff",
                "101",
                "t"
            ]]
        );
        // The next values are behind those that are there.
        project.database().run("INSERT INTO kinds (label) VALUES ('next')");
        assert_eq!(
            project.database().rows("SELECT id, small FROM kinds WHERE label = 'next'"),
            [["9", "11"]]
        );
        project.is_converged();
    });
}

#[test]
fn secret_values_are_written_and_never_shown() {
    on_each_server(|server| {
        let mut project = Project::declaring(
            server,
            "CREATE TABLE accounts (name text PRIMARY KEY, token text, age integer);",
        );
        project.configure_more(
            "[seed.accounts]\ntable = \"accounts\"\nkey = [\"name\"]\nfile = \"accounts.csv\"\nsecret = [\"token\"]",
        );
        project.write("accounts.csv", "name,token,age\nana,hunter2,1\nbob,swordfish,2\n");
        let hidden = |project: &Project| {
            for arguments in [&["plan"][..], &["plan", "--json"], &["plan", "--format", "sql"]] {
                project.run(arguments).ok().never_says(&["hunter", "swordfish"]);
            }
        };
        hidden(&project);
        project.run(&["apply", "--auto-approve", "--json"]).ok().never_says(&["hunter2"]);
        project.is_converged();
        let tokens = "SELECT string_agg(token, ',' ORDER BY name) FROM accounts";
        assert_eq!(project.database().value(tokens), "hunter2,swordfish");
        project.write("accounts.csv", "name,token,age\nana,hunter3,1\nbob,swordfish,2\n");
        project.run(&["plan"]).ok().says(&["ana.token", "(secret)"]);
        hidden(&project);
        project.apply();
        project.is_converged();
        assert_eq!(project.database().value(tokens), "hunter3,swordfish");
        project.write("accounts.csv", "name,token,age\nana,hunter3,1\nbob,swordfish,x\n");
        project.run(&["plan"]).expect(1).says(&["accounts.csv:3"]).never_says(&["swordfish"]);
    });
}
