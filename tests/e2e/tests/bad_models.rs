//! Models that contradict each other are refused with the file and line of each, before anything is written.

use e2e::{Package, Project, on_each_server, servers};

const MODEL: &str = "
#[derive(djogi_core::Model)]
#[model(table = \"books\")]
pub struct Book {
    #[field(pk, default = identity)]
    pub id: i64,
}
";

#[test]
fn contradictions_between_models_are_named_by_file_and_line() {
    let package = Package::scaffold(&servers()[0], "shelf");
    let twice = MODEL.replace("struct Book", "struct Volume");
    let cases = [
        (
            format!("{MODEL}{twice}"),
            &["model_invalid", "public.books is declared twice", "src/models.rs:5 ", "src/models.rs:12"][..],
        ),
        (
            {
                let book = MODEL.replace("\"books\"", "\"books\", renamed_from = \"tomes\"");
                let scroll = book.replace("\"books\"", "\"scrolls\"").replace("Book", "Scroll");
                format!("{book}{scroll}")
            },
            &[
                "rename_rivals",
                "`table.main.public.books` and `table.main.public.scrolls` are both renamed from `table.main.public.tomes`",
                "`table.main.public.books` is declared at src/models.rs:5",
                "`table.main.public.scrolls` is declared at src/models.rs:12",
                "keep `renamed_from` at the one",
            ],
        ),
        (
            MODEL.replace(
                "pub id: i64,",
                "#[field(renamed_from = \"tag\")]\npub a: i64,\n#[field(renamed_from = \"tag\")]\npub b: i64,\npub id: i64,",
            ),
            &["rename_rivals", "column.main.public.books.tag", "src/models.rs:5"],
        ),
        (
            MODEL.replace(
                "pub id: i64,",
                "pub id: i64,\n#[field(references = \"authors\")]\npub author: i64,",
            ),
            &["model_invalid", "public.authors", "src/models.rs:8", "references_columns"],
        ),
        (
            MODEL.replace("#[model(table", "#[model(check(name = \"a\", sql = \"id >\"))]\n#[model(table"),
            &["declaration_refused", "src/models.rs:", "42601", "constraint.main.public.books.a"],
        ),
        (
            MODEL
                .replace("pub id: i64,", "pub id: i64,\n#[field(type = \"no_such_type\")]\npub odd: String,"),
            &["src/models.rs:", "no_such_type"],
        ),
    ];
    for (models, parts) in cases {
        package.write("src/models.rs", &format!("#![allow(dead_code)]\n{models}"));
        package.cargo_run(&["validate"]).expect(1).says(parts);
        package.djogi(&["apply", "--auto-approve"]).expect(1).says(parts);
        assert!(!package.root().join(".djogi/state.json").exists(), "{models}");
    }
}

#[test]
fn a_reference_to_a_table_that_is_nowhere_is_blocked_and_the_rest_goes_on() {
    on_each_server(|server| {
        let other = "CREATE TABLE other (id integer PRIMARY KEY);";
        let both =
            format!("{other} CREATE TABLE t (id integer PRIMARY KEY, other integer REFERENCES other);");
        let project = Project::new(server);
        let mut declared = project.declarations(&both);
        declared.resources.retain(|address, _| !address.to_string().contains(".other"));
        project.declare_all(&declared);
        let parts =
            ["constraint.main.public.t.t_other_fkey  blocked", "table.main.public.other does not exist"];
        project.run(&["plan"]).ok().says(&parts);
        let ended = project.run(&["apply", "--auto-approve", "--json"]).expect(3).json_lines();
        let blocked = ended.iter().find(|event| event["event"] == "change_blocked").unwrap();
        assert!(blocked["notes"][0].as_str().unwrap().contains(parts[1]), "{blocked:#}");
        project.run(&["apply", "--auto-approve"]).expect(3).says(&parts);
        // Once it is there, whoever made it, the reference follows.
        project.database().run(other);
        project.run(&["plan"]).ok().says(&["constraint.main.public.t.t_other_fkey"]);
    });
}
