//! Triggers of models, which call functions of SQL files.

use djogi_core::Model;
use e2e::on_each_server;

use super::{apply, declare, is_converged, project, run};

mod before {
    #[derive(djogi_core::Model)]
    #[model(table = "pages")]
    #[model(trigger(
        name = "pages_touch",
        before(update(title)),
        for_each = row,
        when = "OLD.title IS DISTINCT FROM NEW.title",
        execute = "touch()"
    ))]
    pub(super) struct Page {
        title: String,
        touched: i32,
    }
}

mod after {
    #[derive(djogi_core::Model)]
    #[model(table = "pages", trigger(
        name = "pages_touch",
        before(insert, update),
        for_each = row,
        execute = "public.touch('twice')",
        comment = "Counts"
    ))]
    pub(super) struct Page {
        title: String,
        touched: i32,
    }
}

const TOUCH: &str = "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.touched := NEW.touched + CASE WHEN TG_NARGS = 0 THEN 1 ELSE 2 END;
    RETURN NEW;
END $$;
";

#[test]
fn a_trigger_calls_a_function_of_an_sql_file_and_is_replaced_in_place() {
    on_each_server(|server| {
        let mut project = project(server, &[before::Page::DESCRIPTOR]);
        project.configure("[models]\ncatalog = \"catalog.json\"\n[sql]\nfiles = [\"*.sql\"]\n");
        project.write("touch.sql", TOUCH);
        apply(&project);
        is_converged(&project);
        let database = project.database();
        database.run(
            "INSERT INTO pages VALUES ('a', 0); UPDATE pages SET title = title; UPDATE pages SET title = 'b'",
        );
        assert_eq!(database.value("SELECT touched FROM pages"), "1");

        declare(&project, &[after::Page::DESCRIPTOR]);
        run(&project, &["plan"])
            .ok()
            .says(&["~ trigger.main.public.pages.pages_touch", "Plan: 1 to update."]);
        apply(&project);
        is_converged(&project);
        database.run("UPDATE pages SET title = title");
        assert_eq!(database.value("SELECT touched FROM pages"), "3");
        // A trigger of this name on another table is another one.
        project.write(
            "other.sql",
            "CREATE TABLE other (title text, touched integer);
             CREATE TRIGGER pages_touch BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION touch();",
        );
        apply(&project);
        is_converged(&project);
        project.write(
            "other.sql",
            "CREATE TRIGGER pages_touch BEFORE INSERT ON pages FOR EACH ROW EXECUTE FUNCTION touch();",
        );
        run(&project, &["plan"]).expect(1).says(&["declared_twice", "other.sql:1", "triggers.rs"]);
    });
}

#[test]
fn a_function_that_nobody_declares_is_told_at_the_trigger() {
    on_each_server(|server| {
        let project = project(server, &[before::Page::DESCRIPTOR]);
        let refused = run(&project, &["plan"]).expect(1);
        refused.says(&["declaration_refused", "trigger.main.public.pages.pages_touch", "touch()", "42883"]);
    });
}
