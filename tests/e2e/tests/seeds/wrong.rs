//! What is wrong with a seed is told with its place, before anything runs.

use e2e::{Project, on_each_server};

use super::{FILE, ROWS, applied, declared};

#[test]
fn mistakes_of_a_file_are_told_with_their_line() {
    on_each_server(|server| {
        let project = declared(server);
        let cases = [
            (
                "code,name,digits\nEUR,Euro,2\nJPY,Yen\n",
                "currencies.csv:3",
                "2 fields, where the header has 3",
            ),
            ("code,name,digit\n", "currencies.csv:1", "has no column `digit`"),
            ("name,digits\nEuro,2\n", "currencies.csv:1", "column `code` of the key is missing"),
            (
                "code,name,digits\nEUR,Euro,2\nEUR,Yen,0\n",
                "currencies.csv:3",
                "key (EUR) is there already, in line 2",
            ),
            ("code,name,digits\n,Euro,2\n", "currencies.csv:2", "`code` belongs to the key, and is NULL"),
            (
                "code,name,digits\nEUR,Euro,2\nJPY,Yen,none\nXAU,Gold,x\n",
                "currencies.csv:3",
                "invalid input syntax for type integer: \"none\"",
            ),
        ];
        for (rows, place, message) in cases {
            project.write(FILE, rows);
            project.run(&["plan"]).expect(1).says(&["seed_refused", place, "seed `currencies`", message]);
        }
        project.write(FILE, cases[3].0);
        project.run(&["validate"]).expect(1).says(&["currencies.csv:3", "key (EUR)"]);
        project.write(FILE, ROWS);
        project.run(&["validate"]).ok();
        // What is there already is compared, and told in the same way.
        project.apply();
        project.write(FILE, "code,name,digits\nEUR,Euro,2\nJPY,Yen,none\n");
        project
            .run(&["plan"])
            .expect(1)
            .says(&["currencies.csv:3", "type integer: \"none\" (SQLSTATE 22P02)"]);
        project.write(FILE, &format!("{ROWS}EURO,Euro,2\n"));
        project.run(&["apply", "--auto-approve"]).expect(1).says(&["value too long for type character(3)"]);
    });
}

#[test]
fn mistakes_of_the_configuration_are_told_with_their_line() {
    on_each_server(|server| {
        let project = applied(server);
        let config = project.read("djogi.toml");
        let cases = [
            ("key = [\"code\"]", "key = [\"name\"]", "key (name) of `public.currencies` has no primary key"),
            ("public.currencies", "public.other", "table `public.other` is not declared"),
            ("key = [\"code\"]", "", "seed.currencies.key"),
            ("currencies.csv", "missing.csv", "missing.csv"),
            ("currencies.csv", "currencies.txt", "must end with"),
            ("key = [\"code\"]", "key = [\"code\"]\nsecret = [\"code\"]", "cannot be secret"),
            ("key = [\"code\"]", "key = [\"code\"]\ntarget = \"other\"", "there is no target `other`"),
            ("public.currencies", "a.b.c", "names no table"),
            ("key = [\"code\"]", "key = [\"code\"]\nkeys = 1", "keys"),
        ];
        for (from, to, message) in cases {
            project.write("djogi.toml", &config.replace(from, to));
            project.run(&["plan"]).expect(1).says(&[message]);
        }
    });
}

#[test]
fn a_label_that_an_enum_does_not_have_is_no_surprise() {
    on_each_server(|server| {
        let mut project = Project::declaring(
            server,
            "CREATE TYPE mood AS ENUM ('good'); CREATE TABLE moods (id integer PRIMARY KEY, mood mood);",
        );
        project.configure_more("[seed.moods]\ntable = \"moods\"\nkey = [\"id\"]\nfile = \"moods.csv\"");
        project.write("moods.csv", "id,mood\n1,bad\n");
        project.run(&["validate"]).expect(1).says(&["moods.csv:2", "\"bad\" is no label of public.mood"]);
    });
}
