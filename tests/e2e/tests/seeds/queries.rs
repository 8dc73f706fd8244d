//! Seeds that are queries.

use e2e::{Project, on_each_server};

#[test]
fn a_query_is_computed_beside_what_is_declared() {
    on_each_server(|server| {
        let mut project = Project::new(server);
        project.configure(
            "[sql]\nfiles = [\"schema.sql\"]\n[seed.days]\ntable = \"days\"\nkey = [\"day\"]\nfile = \"days.sql\"\n",
        );
        project.write(
            "schema.sql",
            "CREATE TABLE days (day date PRIMARY KEY, name text, work boolean, more jsonb);
             CREATE FUNCTION works(date) RETURNS boolean LANGUAGE sql AS 'SELECT extract(isodow FROM $1) < 6';",
        );
        let query = "-- A week.\nSELECT d::date AS day, to_char(d, 'FMDay') AS name, works(d::date) AS work,
                            jsonb_build_object('n', 1, 'note', NULL) AS more
                       FROM generate_series('2026-01-01'::date, '2026-01-07', '1 day') AS d;\n";
        project.write("days.sql", query);
        project.run(&["validate"]).ok();
        project.run(&["plan"]).ok().says(&["7 rows inserted in public.days", "+ 2026-01-01"]);
        project.apply();
        project.is_converged();
        let row = "SELECT name, work, more FROM days WHERE day = '2026-01-03'";
        assert_eq!(project.database().rows(row), [["Saturday", "f", "{\"n\": 1, \"note\": null}"]]);
        project.write("days.sql", &query.replace("'1 day'", "'2 days'").replace("FMDay", "FMDy"));
        project.run(&["plan"]).ok().says(&["4 rows updated, 3 deleted", "- 2026-01-02"]);
        let cases = [
            ("SELECT day FROM missing", "days.sql:1:17", "relation \"missing\" does not exist"),
            ("DELETE FROM days", "days.sql:1:1", "the file must hold one query"),
            ("SELECT 1; SELECT 2", "days.sql:1:1", "the file must hold one query"),
            ("VALUES (1)", "days.sql:1:1", "has no column `column1`"),
        ];
        for (sql, place, message) in cases {
            project.write("days.sql", sql);
            project.run(&["plan"]).expect(1).says(&["seed_refused", place, message]);
        }
    });
}
