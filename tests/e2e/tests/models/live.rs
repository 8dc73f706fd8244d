//! What models say of live migrations: how values become others, and what rows get.

use djogi_core::Model;
use e2e::on_each_server;

use super::{apply, declare, is_converged, project, run};

mod before {
    #[derive(djogi_core::Model)]
    #[model(table = "lines")]
    pub(super) struct Line {
        #[field(pk)]
        id: i32,
        price: String,
        note: Option<String>,
    }
}

mod after {
    #[derive(djogi_core::Model)]
    #[model(table = "lines")]
    pub(super) struct Line {
        #[field(pk)]
        id: i32,
        #[field(live(
            up = "(price::numeric * 100)::integer",
            down = "(price / 100.0)::numeric(9, 2)::text"
        ))]
        price: i32,
        #[field(backfill = "'line ' || id")]
        note: String,
    }
}

#[test]
fn what_a_model_says_becomes_of_its_rows() {
    on_each_server(|server| {
        let project = project(server, &[before::Line::DESCRIPTOR]);
        apply(&project);
        let database = project.database();
        database.run(
            "INSERT INTO lines SELECT n, (n / 100.0)::numeric(9, 2)::text, CASE WHEN n % 3 = 0 THEN 'own' END
               FROM generate_series(1, 12000) AS n;
             ANALYZE",
        );
        declare(&project, &[after::Line::DESCRIPTOR]);
        run(&project, &["plan"])
            .ok()
            .says(&["filled with 'line ' || id", "public.lines.price from text to integer"]);
        apply(&project);
        run(&project, &["live", "finalize", "lines_price_type", "--auto-approve"]).ok();
        let wrong = "SELECT count(*) FROM lines
                      WHERE price <> id OR note IS DISTINCT FROM CASE WHEN id % 3 = 0 THEN 'own' ELSE 'line ' || id END";
        assert_eq!(database.value(wrong), "0");
        run(&project, &["live", "finalize", "lines_price_type", "--now", "--auto-approve"]).ok();
        is_converged(&project);
    });
}
