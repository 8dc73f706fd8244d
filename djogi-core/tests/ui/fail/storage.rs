use djogi_core::Model;

#[derive(Model)]
#[model(storage(filfactor = 70))]
struct Storage1 {
    a: i64,
}

#[derive(Model)]
#[model(storage(fillfactor = seventy))]
struct Storage2 {
    a: i64,
}

#[derive(Model)]
#[model(storage(fillfactor = "70"))]
struct Storage3 {
    a: i64,
}

#[derive(Model)]
#[model(storage())]
struct Storage4 {
    a: i64,
}

#[derive(Model)]
#[model(storage(toast(fillfactor = 70)))]
struct Storage5 {
    a: i64,
}

#[derive(Model)]
#[model(replica_identity = default)]
struct Storage6 {
    a: i64,
}

#[derive(Model)]
#[model(unlogged = true)]
struct Storage7 {
    a: i64,
}

#[derive(Model)]
struct Storage8 {
    #[field(storage = extern)]
    a: i64,
    #[field(compression = zstd)]
    b: i64,
    #[field(statistics = 20_000)]
    c: i64,
}

fn main() {}
