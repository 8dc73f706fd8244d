//! Text search configurations and dictionaries. Templates and parsers need functions in C.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported};

#[test]
fn configurations_and_dictionaries_change_in_place() {
    comes_and_goes(&[
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple);
         CREATE TEXT SEARCH CONFIGURATION c (PARSER = default);
         CREATE TABLE t (a text);",
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, STOPWORDS = 'english', ACCEPT = 'false');
         COMMENT ON TEXT SEARCH DICTIONARY d IS 'it''s';
         CREATE TEXT SEARCH CONFIGURATION c (PARSER = default);
         ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR asciiword, word WITH d, simple;
         ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR email WITH simple;
         COMMENT ON TEXT SEARCH CONFIGURATION c IS 'c';
         CREATE TABLE t (a text, b tsvector GENERATED ALWAYS AS (to_tsvector('public.c', a)) STORED);
         CREATE INDEX i ON t USING gin (to_tsvector('public.c', a));
         CREATE VIEW v AS SELECT to_tsvector('public.c', a) AS words FROM t;",
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, ACCEPT = 'false');
         CREATE TEXT SEARCH CONFIGURATION c (PARSER = default);
         ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR asciiword WITH simple, d;
         ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH d, simple;
         CREATE TABLE t (a text);
         CREATE INDEX i ON t USING gin (to_tsvector('public.c', a));",
    ]);
}

#[test]
fn a_dictionary_of_another_template_is_made_anew_with_what_rests_on_it() {
    comes_and_goes(&[
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = simple, STOPWORDS = 'english');
         CREATE TEXT SEARCH CONFIGURATION c (PARSER = default);
         ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH d;
         CREATE TABLE t (a text, b tsvector GENERATED ALWAYS AS (to_tsvector('public.c', a)) STORED);
         CREATE INDEX i ON t USING gin (to_tsvector('public.c', a));",
        "CREATE TEXT SEARCH DICTIONARY d (TEMPLATE = snowball, LANGUAGE = 'german');
         CREATE TEXT SEARCH CONFIGURATION c (PARSER = default);
         ALTER TEXT SEARCH CONFIGURATION c ADD MAPPING FOR word WITH d;
         CREATE TABLE t (a text, b tsvector GENERATED ALWAYS AS (to_tsvector('public.c', a)) STORED);
         CREATE INDEX i ON t USING gin (to_tsvector('public.c', a));",
    ]);
}

#[test]
fn a_renamed_configuration_keeps_its_users() {
    on_each_server(|server| {
        let ddl = |name: &str| {
            format!(
                "CREATE TEXT SEARCH CONFIGURATION {name} (COPY = simple);
                 CREATE TABLE t (a text);
                 CREATE INDEX i ON t USING gin (to_tsvector('public.{name}', a));"
            )
        };
        let project = Project::declaring(server, &ddl("old"));
        project.apply();
        let renames =
            [("text_search_configuration.main.public.old", "text_search_configuration.main.public.new")];
        project.declare_renamed(&ddl("new"), &renames);
        let plan = project.run(&["plan", "--json"]).ok();
        assert!(plan.stdout.contains("ALTER TEXT SEARCH CONFIGURATION public.old RENAME TO new"), "{plan}");
        assert!(!plan.stdout.contains("INDEX"), "{plan}");
        project.apply();
        project.is_converged();
        project.matches(&ddl("new"));
    });
}

#[test]
fn existing_configurations_are_taken_over() {
    is_imported(
        "CREATE TEXT SEARCH DICTIONARY \"D\" (TEMPLATE = snowball, LANGUAGE = 'german', STOPWORDS = 'german');
         CREATE TEXT SEARCH CONFIGURATION \"C\" (COPY = english);
         ALTER TEXT SEARCH CONFIGURATION \"C\" ALTER MAPPING REPLACE english_stem WITH \"D\";",
    );
}
