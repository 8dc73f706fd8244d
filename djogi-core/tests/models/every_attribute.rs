//! Two models, an enum and objects beside them that together use every attribute there is.

djogi_core::schema!(app, comment = "The shop");
djogi_core::schema!("Archive", target = "west");
djogi_core::extension!(btree_gist, target = "west");
djogi_core::extension!("uuid-ossp", schema = "public", version = "1.1");
djogi_core::sequence!(
    schema = "app",
    name = "counter",
    type = integer,
    start = 1000,
    increment = 10,
    min = 10,
    max = 1_000_000,
    cache = 5,
    cycle,
    owned_by = Order.counter,
    comment = "Counts",
    renamed_from = "counters",
    target = "west"
);
djogi_core::sequence!(name = "tickets", increment = -1, owned_by = "public.gates.ticket");

use djogi_core::{Json, Model, PgEnum, PgType};

#[derive(Clone, Copy, PgEnum)]
#[pg_enum(schema = "app", name = "order_state", rename_all = "SCREAMING_SNAKE_CASE", comment = "Where it is")]
#[pg_enum(renamed_from = "state")]
pub(crate) enum State {
    OnHold,
    #[label = "it's paid"]
    Paid,
}

#[derive(PgType)]
pub(crate) struct TenantId(i64);

#[derive(Model)]
#[model(schema = "app", pk(columns(tenant, id), name = "tenants_identity", comment = "Whose"))]
#[model(unique(columns(region), comment = "One for each"))]
pub(crate) struct Tenant {
    tenant: TenantId,
    #[field(identity(always, start = 100, increment = -5, min = -1000, max = 100, cache = 20, cycle))]
    id: i32,
    region: String,
}

#[derive(Model)]
#[model(
    schema = "app",
    table = "Orders",
    comment = "It's all here",
    renamed_from = "purchases",
    target = "west"
)]
#[model(index(
    columns(placed_at desc nulls last, note collate("C") opclass("text_pattern_ops"), "lower(note)"),
    include(state),
    where = "note IS NOT NULL",
    name = "orders_search",
    with(fillfactor = 90, deduplicate_items = off),
    comment = "For the search box"
))]
#[model(index(expr = "(payload ->> 'a')", unique, nulls_not_distinct))]
#[model(unique(columns(note, state), nulls_not_distinct, deferrable))]
#[model(check(sql = "price > 0", comment = "Nothing is free"))]
#[model(foreign_key(
    columns(tenant, tenant_nr),
    references = Tenant,
    references_columns(tenant, id),
    on_delete = set_null(tenant_nr),
    on_update = cascade,
    match = simple,
    initially_deferred,
    on_orphan = quarantine,
    comment = "Who ordered"
))]
#[model(exclude(
    elements(room with "=", "int4range(1, price)" with "&&"),
    method = gist,
    where = "price > 0",
    name = "orders_rooms",
    deferrable,
    comment = "One at a time"
))]
pub(crate) struct Order {
    #[field(pk(name = "orders_pk"), default = identity)]
    id: i64,
    tenant: TenantId,
    tenant_nr: Option<i32>,
    #[field(column = "raum", type = "int4", index(method = hash, where = "raum > 1"))]
    room: i32,
    #[field(collate = "C", unique(name = "orders_note_once", initially_deferred), renamed_from = "remark")]
    note: Option<String>,
    #[field(default = -7, check = "price <> 13", check(name = "not_14", sql = "price <> 14"))]
    price: i32,
    #[field(default = State::Paid, index, comment = "Now")]
    state: State,
    #[field(default = now())]
    placed_at: std::time::SystemTime,
    #[field(default = nextval("app.counter"), type = "bigint")]
    counter: i64,
    #[field(default = "{}")]
    payload: Json<Vec<u8>>,
    #[field(generated = "price * 2", stored)]
    doubled: Option<i32>,
    #[field(generated = "price * 3", virtual)]
    tripled: Option<i32>,
    #[field(references = Order.id, on_delete = cascade, on_orphan = null, index(name = "orders_r#type"))]
    r#type: Option<i64>,
    #[field(references = "billing.accounts", references_columns(id), on_update = set_default)]
    account: Option<i64>,
    #[field(default = sql("ARRAY['a', 'b']"))]
    words: Vec<String>,
}
