//! Conversions between encodings, procedural languages and transforms.

use e2e::{Project, on_each_server};

use super::{comes_and_goes, is_imported};

/// The functions of a language, such as every database has them.
const PLPGSQL: &str =
    "HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator";

#[test]
fn conversions_of_all_forms() {
    comes_and_goes(&[
        "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;",
        "CREATE DEFAULT CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; COMMENT ON CONVERSION c IS 'it''s c';
         CREATE CONVERSION \"D d\" FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;",
        "CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;",
    ]);
}

#[test]
fn languages_with_their_functions() {
    comes_and_goes(&[
        &format!("CREATE LANGUAGE plself {PLPGSQL};"),
        &format!(
            "CREATE TRUSTED LANGUAGE plself {PLPGSQL}; COMMENT ON LANGUAGE plself IS 'c';
             CREATE FUNCTION f() RETURNS integer LANGUAGE plself AS 'BEGIN RETURN 1; END';"
        ),
        "CREATE TRUSTED LANGUAGE plself HANDLER plpgsql_call_handler;
         CREATE FUNCTION f() RETURNS integer LANGUAGE plself AS 'BEGIN RETURN 2; END';
         REVOKE USAGE ON LANGUAGE plself FROM PUBLIC; GRANT USAGE ON LANGUAGE plself TO pg_monitor;",
    ]);
}

#[test]
fn privileges_on_languages_that_every_database_has() {
    comes_and_goes(&[
        "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;",
        "GRANT USAGE ON LANGUAGE plpgsql TO pg_monitor WITH GRANT OPTION; REVOKE USAGE ON LANGUAGE sql FROM PUBLIC;",
    ]);
}

#[test]
fn transforms_for_types_of_their_own() {
    const FROM: &str =
        "CREATE FUNCTION from_it(internal) RETURNS internal LANGUAGE internal IMMUTABLE AS 'prsd_lextype';";
    comes_and_goes(&[
        "CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal));",
        "CREATE TRANSFORM FOR integer LANGUAGE sql
         (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
         COMMENT ON TRANSFORM FOR integer LANGUAGE sql IS 'it''s one';",
        &format!(
            "{FROM} CREATE TYPE mood AS ENUM ('sad'); CREATE LANGUAGE plself {PLPGSQL};
             CREATE TRANSFORM FOR mood LANGUAGE plself (FROM SQL WITH FUNCTION from_it(internal));
             CREATE TRANSFORM FOR integer LANGUAGE sql (TO SQL WITH FUNCTION int4recv(internal));"
        ),
    ]);
}

#[test]
fn existing_ones_are_taken_over() {
    is_imported(&format!(
        "CREATE CONVERSION c FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8; CREATE LANGUAGE plself {PLPGSQL};
         CREATE TRANSFORM FOR integer LANGUAGE plself (TO SQL WITH FUNCTION int4recv(internal));
         REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;"
    ));
}

#[test]
fn a_language_is_renamed_with_what_is_about_it() {
    on_each_server(|server| {
        let ddl = |language: &str, conversion: &str| {
            format!(
                "CREATE TRUSTED LANGUAGE {language} {PLPGSQL}; GRANT USAGE ON LANGUAGE {language} TO pg_monitor;
                 CREATE TRANSFORM FOR integer LANGUAGE {language} (TO SQL WITH FUNCTION int4recv(internal));
                 CREATE CONVERSION {conversion} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;"
            )
        };
        let project = Project::declaring(server, &ddl("plself", "c"));
        project.apply();
        let after = ddl("plother", "d");
        let moves = [
            ("language.main.plself", "language.main.plother"),
            ("conversion.main.public.c", "conversion.main.public.d"),
        ];
        project.declare_renamed(&after, &moves);
        project.run(&["plan"]).ok().says(&["Plan: 2 to rename"]);
        project.apply();
        project.is_converged();
        project.matches(&after);
    });
}
