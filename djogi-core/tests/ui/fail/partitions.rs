//! Partitioned tables, partitions and tables that inherit.
use djogi_core::Model;

#[derive(Model)]
#[model(partition_by(range, columns(at)), partition(name = "a", in(1)), storage(fillfactor = 70))]
#[model(partition(name = "b", from(1), to(2, 3)))]
#[model(partition(name = "c", from(1)))]
#[model(partition(name = "d"))]
#[model(partition(name = "e", from(minvalu), to(1)))]
struct Bounds {
    at: i32,
}

#[derive(Model)]
#[model(partition_by(range, columns(at)), partition(name = "a", in(1)), storage(fillfactor = 70))]
#[model(partition(name = "b", from(1), to(2, 3)))]
struct Fitting {
    #[field(unique)]
    id: i32,
    at: i32,
}

#[derive(Model)]
#[model(partition_by(hash, columns("lower(name)")), pk(columns(name)))]
#[model(partition(name = "rest", default))]
struct Hashed {
    name: String,
}

#[derive(Model)]
#[model(partition_by(list, columns(a, b)))]
struct Lists {
    a: i32,
    b: i32,
}

#[derive(Model)]
#[model(partition_by(range, hash, columns(a)))]
struct Both {
    a: i32,
}

#[derive(Model)]
#[model(partition_by(rang, columns(a)))]
struct Unknown {
    a: i32,
}

#[derive(Model)]
#[model(partition(name = "a", default))]
struct Plain {
    a: i32,
}

#[derive(Model)]
#[model(partition_of(Hashed, modulus = 2, remainder = 2))]
struct Remainder {
    name: String,
}

#[derive(Model)]
#[model(partition_of(Fitting, from(1), to(2)), inherits(Plain))]
struct Torn {
    id: i32,
    at: i32,
}

#[derive(Model)]
#[model(partition_of(Fitting, from(1), to(2)))]
struct OwnKey {
    #[field(pk)]
    id: i32,
    at: i32,
}

fn main() {}
