//! Models that together use every attribute about security, triggers, storage and views, and types of every sort.

use std::ops::{Bound, Range};

use djogi_core::{Model, PgComposite, PgDomain, PgEnum, PgRange};

#[derive(PgDomain)]
#[pg_domain(schema = "depot", name = "email", comment = "Where mail goes", renamed_from = "mail")]
#[pg_domain(
    check = "VALUE ~ '@'",
    check(name = "not_root", sql = "VALUE <> 'root@localhost'", comment = "Nobody")
)]
#[pg_domain(not_null, default = "info@example.com", collate = "C")]
pub(crate) struct Email(String);

#[derive(PgDomain)]
#[pg_domain(type = "numeric(12,2)", default = 0)]
pub(crate) struct Cents {
    amount: i64,
}

#[derive(PgEnum)]
#[pg_enum(schema = "depot")]
pub(crate) enum Level {
    Low,
    High,
}

#[derive(PgDomain)]
#[pg_domain(schema = "depot", default = Level::High)]
pub(crate) struct Alarm(Level);

#[derive(PgComposite)]
#[pg_composite(schema = "depot", name = "place", comment = "Where it lies")]
pub(crate) struct Place {
    row: i32,
    #[field(column = "Shelf", type = "varchar(8)", collate = "C", comment = "From the left")]
    shelf: String,
    contacts: Vec<Email>,
    alarm: Option<Alarm>,
}

#[derive(PgRange)]
#[pg_range(schema = "depot", name = "weight_range", subtype_diff = "float8mi", comment = "In kg")]
pub(crate) struct Weights(Range<f64>);

#[derive(PgRange)]
#[pg_range(
    schema = "depot",
    multirange = "spans",
    opclass = "text_pattern_ops",
    collate = "C",
    subtype = "text"
)]
pub(crate) struct Span((Bound<String>, Bound<String>));

#[derive(Model)]
#[model(schema = "depot", table = "parcels", target = "north", unlogged, replica_identity = "parcels_once")]
#[model(storage(
    fillfactor = 70,
    autovacuum_enabled = off,
    autovacuum_vacuum_scale_factor = 0.05,
    log_autovacuum_min_duration = -1,
    toast(autovacuum_enabled = false)
))]
#[model(row_level_security(enable, force))]
#[model(policy(
    name = "parcels_of_mine",
    for = update,
    to(djogi_test_packer, "djogi_test_Driver"),
    using = "packer = current_user",
    check = "weight > 0",
    comment = "Each their own"
))]
#[model(policy(name = "parcels_seen", for = select, to(public), using = "EXISTS (SELECT FROM depots WHERE id = depot)"))]
#[model(policy(name = "parcels_light", for = insert, restrictive, check = "weight < 30"))]
#[model(trigger(
    name = "parcels_changed",
    before(update(weight, r#type), insert),
    for_each = row,
    when = "NEW.weight > 1",
    execute = "suppress_redundant_updates_trigger()",
    fires = always,
    comment = "Only real changes"
))]
#[model(trigger(
    name = "parcels_counted",
    after(delete),
    for_each = statement,
    referencing(old_table = "Gone"),
    execute = "suppress_redundant_updates_trigger()"
))]
#[model(trigger(
    name = "parcels_checked",
    constraint,
    after(insert, delete, update),
    for_each = row,
    initially_deferred,
    fires = never,
    execute = "tsvector_update_trigger('words', 'pg_catalog.simple', 'note')"
))]
pub(crate) struct Parcel {
    #[field(unique(name = "parcels_once"))]
    id: i64,
    depot: i64,
    weight: i32,
    r#type: Option<Cents>,
    #[field(type = "text", storage = external, compression = pglz, statistics = 500, sensitive)]
    note: Option<String>,
    #[field(storage = extended, backfill = "''")]
    words: Option<String>,
    #[field(live(up = "upper(packer)", down = "lower(packer)"))]
    packer: String,
    place: Place,
    places: Vec<Place>,
    weights: Option<Weights>,
    spans: Vec<Span>,
    days: Range<i32>,
    alarm: Alarm,
    #[field(type = "depot.email")]
    sender: String,
}

#[derive(Model)]
#[model(schema = "depot", table = "depots", target = "north", tenant_key(owner, setting = "depot.owner"))]
pub(crate) struct Depot {
    #[field(pk)]
    id: i64,
    owner: i64,
    alarm: Option<Alarm>,
}

#[derive(Model)]
#[model(target = "north", tenant_key = tenant, row_level_security(force))]
#[model(policy(name = "keys_shown", for = select, using = "shown"))]
pub(crate) struct Key {
    #[field(default = 1)]
    tenant: i32,
    shown: bool,
}

#[derive(Model)]
#[model(
    schema = "depot",
    target = "north",
    view = "SELECT d.id, d.owner, count(p.id) AS parcels, max(p.note)::varchar(20) AS note \
            FROM depots d LEFT JOIN parcels p ON p.depot = d.id GROUP BY d.id",
    security_barrier,
    security_invoker,
    comment = "How full they are",
    renamed_from = "fillings"
)]
#[model(trigger(
    name = "filling_read_only",
    instead_of(insert, update, delete),
    for_each = row,
    execute = "suppress_redundant_updates_trigger()"
))]
pub(crate) struct Filling {
    #[field(column = "id")]
    depot: i64,
    note: Option<String>,
    #[field(comment = "Those that are there")]
    parcels: i64,
    owner: i64,
}

#[derive(Model)]
#[model(
    target = "north",
    materialized_view = "SELECT note AS word, owner FROM depot.filling",
    storage(fillfactor = 90),
    index(columns(word, owner), unique)
)]
pub(crate) struct Word {
    #[field(type = "varchar(20)")]
    word: Option<String>,
    #[field(index, comment = "Whose")]
    owner: i64,
}
