//! Keys over periods of time, and the index that tells subscribers which row was changed.

use djogi_core::Model;
use e2e::on_each_server;

use super::{apply, becomes, is_converged, project, run};

/// The price of each article, of which there is one at a time.
mod periods {
    use std::ops::Range;

    #[derive(djogi_core::Model)]
    #[model(table = "prices", pk(columns(article, during), without_overlaps))]
    #[model(unique(columns(label, during), without_overlaps, name = "prices_label_once"))]
    pub(super) struct Price {
        article: Range<i32>,
        label: Range<i32>,
        during: Range<i64>,
    }

    #[derive(djogi_core::Model)]
    #[model(table = "offers")]
    #[model(foreign_key(columns(article, during), references = Price, period))]
    #[model(foreign_key(columns(label, during), references = Price, references_columns(label, during), period))]
    pub(super) struct Offer {
        article: Range<i32>,
        label: Range<i32>,
        during: Range<i64>,
    }
}

/// The same columns under keys that know nothing of periods.
mod moments {
    use std::ops::Range;

    #[derive(djogi_core::Model)]
    #[model(table = "prices", pk(columns(article, during)))]
    #[model(unique(columns(label, during), name = "prices_label_once"))]
    pub(super) struct Price {
        article: Range<i32>,
        label: Range<i32>,
        during: Range<i64>,
    }

    #[derive(djogi_core::Model)]
    #[model(table = "offers")]
    #[model(foreign_key(columns(article, during), references = Price))]
    pub(super) struct Offer {
        article: Range<i32>,
        label: Range<i32>,
        during: Range<i64>,
    }
}

const CONSTRAINTS: &str = "SELECT pg_get_constraintdef(oid) FROM pg_constraint \
    WHERE contype IN ('p', 'u', 'f') AND connamespace = 'public'::regnamespace ORDER BY 1";

#[test]
fn keys_over_periods_come_change_and_go() {
    on_each_server(|server| {
        let with_periods = [periods::Price::DESCRIPTOR, periods::Offer::DESCRIPTOR];
        let project = project(server, &with_periods);
        if server.major() < 18 {
            run(&project, &["plan"]).ok().says(&[
                "a key WITHOUT OVERLAPS needs PostgreSQL",
                "a foreign key with PERIOD needs",
                "upgrade the server to PostgreSQL 18 or newer",
            ]);
            return;
        }
        apply(&project);
        is_converged(&project);
        let database = project.database();
        assert_eq!(
            database.column(CONSTRAINTS),
            [
                "FOREIGN KEY (article, PERIOD during) REFERENCES prices(article, PERIOD during)",
                "FOREIGN KEY (label, PERIOD during) REFERENCES prices(label, PERIOD during)",
                "PRIMARY KEY (article, during WITHOUT OVERLAPS)",
                "UNIQUE (label, during WITHOUT OVERLAPS)",
            ]
        );
        database.run("INSERT INTO prices VALUES ('[1,2)', '[7,8)', '[0,10)'), ('[1,2)', '[7,8)', '[10,20)')");
        database.run("INSERT INTO offers VALUES ('[1,2)', '[7,8)', '[5,15)')");
        let overlapping = database.refusal("INSERT INTO prices VALUES ('[1,2)', '[8,9)', '[19,21)')");
        assert_eq!(overlapping.code().code(), "23P01");
        let uncovered = database.refusal("INSERT INTO offers VALUES ('[1,2)', '[7,8)', '[15,25)')");
        assert_eq!(uncovered.code().code(), "23503");
        database.run("TRUNCATE offers, prices");
        becomes(&project, &[moments::Price::DESCRIPTOR, moments::Offer::DESCRIPTOR]);
        assert_eq!(
            database.column(CONSTRAINTS),
            [
                "FOREIGN KEY (article, during) REFERENCES prices(article, during)",
                "PRIMARY KEY (article, during)",
                "UNIQUE (label, during)",
            ]
        );
        becomes(&project, &with_periods);
    });
}

mod identified {
    /// The check makes its table one that is read back from a scratch database.
    #[derive(djogi_core::Model)]
    #[model(table = "parcels", replica_identity = "parcels_once", check = "weight > 0")]
    #[model(index(name = "parcels_once", columns(number), unique))]
    pub(super) struct Parcel {
        #[field(pk)]
        id: i64,
        number: String,
        weight: i32,
    }
}

mod identified_by_another {
    #[derive(djogi_core::Model)]
    #[model(table = "parcels", replica_identity = "parcels_weight_key", check = "weight > 1")]
    pub(super) struct Parcel {
        #[field(pk)]
        id: i64,
        number: String,
        #[field(unique)]
        weight: i32,
    }
}

const IDENTITY: &str = "SELECT concat_ws(' ', relreplident, (SELECT indexrelid::regclass FROM pg_index \
    WHERE indrelid = c.oid AND indisreplident)) FROM pg_class c WHERE relname = 'parcels'";

#[test]
fn an_index_stays_the_replica_identity_where_a_scratch_database_is_asked() {
    on_each_server(|server| {
        let project = project(server, &[identified::Parcel::DESCRIPTOR]);
        apply(&project);
        is_converged(&project);
        assert_eq!(project.database().value(IDENTITY), "i parcels_once");
        becomes(&project, &[identified_by_another::Parcel::DESCRIPTOR]);
        assert_eq!(project.database().value(IDENTITY), "i parcels_weight_key");
        project.database().run("ALTER TABLE parcels REPLICA IDENTITY DEFAULT");
        run(&project, &["plan"]).ok().says(&["parcels_weight_key", "drift"]);
        apply(&project);
        assert_eq!(project.database().value(IDENTITY), "i parcels_weight_key");
    });
}
