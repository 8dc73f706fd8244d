//! What the tests share: each plot is made once a server and process.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};

use e2e::Server;
use failpoints::{Plot, Reference, Stage, Template};

pub(crate) type Played = (Template, Reference);

/// The plot on this server, with its undisturbed run.
pub(crate) fn played(plot: &'static Plot, server: &'static Server) -> &'static Played {
    type Known = BTreeMap<(&'static str, u32), &'static OnceLock<Played>>;
    static KNOWN: Mutex<Known> = Mutex::new(BTreeMap::new());
    let cell = {
        let mut known = KNOWN.lock().unwrap();
        *known.entry((plot.name, server.major())).or_insert_with(|| Box::leak(Box::default()))
    };
    cell.get_or_init(|| {
        let template = Template::make(plot, server);
        let reference = Reference::play(&template);
        (template, reference)
    })
}

/// Everything that djogi has in the database: its ledger as text.
pub(crate) fn ledger(stage: &Stage) -> Vec<String> {
    let database = stage.project.database();
    let is_there = "SELECT to_regclass('djogi.op') IS NOT NULL";
    if database.value(is_there) == "f" {
        return Vec::new();
    }
    let mut rows = database.column("SELECT t::text FROM djogi.op AS t ORDER BY epoch, group_no");
    rows.extend(database.column("SELECT t::text FROM djogi.lease AS t ORDER BY target"));
    rows
}
