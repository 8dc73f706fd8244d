use djogi_core::Model;

#[derive(Model)]
struct PrimaryKey1 {
    #[field(pk)]
    a: i64,
    #[field(pk)]
    b: i64,
}

#[derive(Model)]
struct PrimaryKey2 {
    #[field(pk)]
    id: Option<i64>,
}

#[derive(Model)]
#[model(pk(columns(a, c)))]
struct PrimaryKey3 {
    a: i64,
}

#[derive(Model)]
#[model(unique(columns(a, a)))]
struct Unique1 {
    a: i64,
}

#[derive(Model)]
#[model(unique(name = "x"))]
struct Unique2 {
    a: i64,
}

#[derive(Model)]
#[model(index(name = "x"))]
struct Index1 {
    a: i64,
}

#[derive(Model)]
#[model(index(columns(a), nulls_not_distinct))]
struct Index2 {
    a: i64,
}

#[derive(Model)]
#[model(check(name = "x"))]
struct Check1 {
    a: i64,
}

#[derive(Model)]
#[model(exclude(elements(a)))]
struct Exclude1 {
    a: i64,
}

#[derive(Model)]
struct Column1 {
    #[field(column = "b")]
    a: i64,
    b: i64,
}

fn main() {}
