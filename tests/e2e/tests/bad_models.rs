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
        project.run(&["apply", "--auto-approve"]).expect(3).says(&parts);
        // Once it is there, whoever made it, the reference follows.
        project.database().run(other);
        project.run(&["plan"]).ok().says(&["constraint.main.public.t.t_other_fkey"]);
    });
}
