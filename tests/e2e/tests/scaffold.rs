//! What `djogi init` makes converges at once, and costs nobody a file.

use std::fs;

use e2e::{Package, servers};

#[test]
fn a_new_project_converges_at_once() {
    let package = Package::scaffold(&servers()[0], "library");
    package.cargo_run(&["plan"]).ok().says(&["table.main.public.authors", "8 to create"]);
    package.cargo_run(&["apply", "--auto-approve"]).ok();
    let plan = package.cargo_run(&["plan", "--detailed-exitcode"]).ok();
    assert_eq!(plan.stdout.lines().count(), 1, "{plan}");
    plan.says(&["Nothing to do."]);
    // The plain program asks the package for its models and comes to the same.
    package.djogi(&["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
    package.djogi(&["validate"]).ok().says(&["Valid: 8 declarations"]);

    let models = package.read("src/models.rs");
    package.write(
        "src/models.rs",
        &models.replace("pub name: String", "pub name: String,\npub born: Option<i32>"),
    );
    package.cargo_run(&["plan"]).ok().says(&["+ born  integer"]);
    package.djogi(&["apply", "--auto-approve"]).ok();
    package.cargo_run(&["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);

    // What is there stays as it is, whichever of the files it is.
    let ours = package.read("djogi.toml");
    package.init(&["library"]).expect(1).says(&["file_exists", "djogi.toml", "nothing was written"]);
    assert_eq!(package.read("djogi.toml"), ours);
    fs::remove_file(package.root().join("djogi.toml")).expect("our own file");
    package.init(&["library"]).expect(1).says(&["file_exists", "Cargo.toml", "models.rs"]);
    assert!(package.read("src/models.rs").contains("born"));
    assert!(!package.root().join("djogi.toml").exists());
}

#[test]
fn a_project_of_sql_files_needs_no_rust() {
    let package = Package::scaffold_of_sql(&servers()[0], "library");
    assert!(!package.root().join("Cargo.toml").exists());
    package.djogi(&["plan"]).ok().says(&["table.main.public.authors", "to create"]);
    package.djogi(&["apply", "--auto-approve"]).ok();
    package.djogi(&["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do."]);
    let schema = package.read("schema/schema.sql");
    package.write(
        "schema/schema.sql",
        &schema.replace("name text NOT NULL", "name text NOT NULL,\n    born integer"),
    );
    package.djogi(&["plan"]).ok().says(&["+ born  integer"]);
    package.init(&["--sql", "library"]).expect(1).says(&["file_exists", "schema.sql", "nothing was written"]);
    package.init(&["--sql", "--models", "other"]).expect(1).says(&["--models", "--sql"]);
    assert!(!package.root().with_file_name("other").exists());
}
