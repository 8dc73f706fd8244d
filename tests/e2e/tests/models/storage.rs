//! How tables of models and their columns are stored.

use djogi_core::Model;
use e2e::on_each_server;

use super::{apply, becomes, is_converged, project};

mod before {
    #[derive(djogi_core::Model)]
    #[model(table = "heaps", unlogged, replica_identity = full)]
    #[model(storage(fillfactor = 70, autovacuum_enabled = off, toast(autovacuum_enabled = off)))]
    pub(super) struct Heap {
        #[field(storage = external, compression = pglz, statistics = 200)]
        text: String,
        // What the type has anyway is not kept.
        #[field(storage = extended)]
        more: String,
    }
}

mod after {
    #[derive(djogi_core::Model)]
    #[model(table = "heaps", storage(fillfactor = 80), tablespace = "pg_default")]
    pub(super) struct Heap {
        #[field(storage = main)]
        text: String,
        more: String,
    }
}

const TABLE: &str =
    "SELECT concat_ws(' ', relpersistence, relreplident, reloptions) FROM pg_class WHERE relname = 'heaps'";
const COLUMNS: &str = "SELECT concat_ws(' ', attname, attstorage, attcompression, nullif(attstattarget, -1))
    FROM pg_attribute WHERE attrelid = 'heaps'::regclass AND attnum > 0 ORDER BY attnum";

#[test]
fn storage_comes_and_changes_in_place() {
    on_each_server(|server| {
        let project = project(server, &[before::Heap::DESCRIPTOR]);
        apply(&project);
        is_converged(&project);
        assert_eq!(project.database().value(TABLE), "u f {autovacuum_enabled=off,fillfactor=70}");
        assert_eq!(project.database().column(COLUMNS), ["text e p 200", "more x "]);
        becomes(&project, &[after::Heap::DESCRIPTOR]);
        assert_eq!(project.database().value(TABLE), "p d {fillfactor=80}");
        assert_eq!(project.database().column(COLUMNS), ["text m ", "more x "]);
    });
}
