//! Applying makes the database what is declared, and then there is nothing left to do.

use e2e::{Project, on_each_server};

const EVERYTHING: &str = include_str!("schemas/everything.sql");

#[test]
fn applying_converges_and_the_next_plan_is_empty() {
    on_each_server(|server| {
        let project = Project::declaring(server, EVERYTHING);
        project.apply();
        project.is_converged();
        project.matches(EVERYTHING);
    });
}

#[test]
fn applying_again_does_no_ddl_and_changes_no_byte_of_state() {
    on_each_server(|server| {
        let project = Project::declaring(server, EVERYTHING);
        project.apply();
        let database = project.database();
        let ddl = "SELECT max(xmin::text::bigint) FROM (SELECT xmin FROM pg_class UNION ALL SELECT xmin FROM pg_attribute
                   UNION ALL SELECT xmin FROM pg_constraint UNION ALL SELECT xmin FROM pg_type) AS rows";
        let before = (project.files(), project.serial(), database.value(ddl));
        project.apply().says(&["Nothing to do."]);
        assert_eq!((project.files(), project.serial(), database.value(ddl)), before);
    });
}
