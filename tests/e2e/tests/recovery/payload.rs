//! Row P1: stored catalogs that are damaged or gone.

use e2e::{Project, on_each_server};

#[test]
fn p1_a_damaged_catalog_is_written_anew_by_refresh() {
    on_each_server(|server| {
        for damage in ["{}", ""] {
            let project = Project::declaring(server, "CREATE TABLE a (id integer);");
            project.apply();
            let digest = project.state()["targets"]["main"]["catalog"].as_str().unwrap().to_owned();
            let file = format!(".djogi/catalogs/{}.json", digest.trim_start_matches("sha256:"));
            let whole = project.read(&file);
            if damage.is_empty() {
                std::fs::remove_file(project.root().join(&file)).unwrap();
            } else {
                project.write(&file, damage);
            }
            project.database().run("COMMENT ON TABLE a IS 'drift'");
            project.run(&["plan"]).expect(1).says(&["djogi refresh"]);
            project.database().run("COMMENT ON TABLE a IS NULL");
            project.run(&["refresh"]).ok();
            assert_eq!(project.read(&file), whole);
            project.is_converged();
        }
    });
}
