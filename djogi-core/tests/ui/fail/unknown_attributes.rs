use djogi_core::{Model, PgEnum};

#[derive(Model)]
#[model(tabel = "orders")]
struct Model1 {
    id: i64,
}

#[derive(Model)]
#[model(frobnicate(range))]
struct Model2 {
    id: i64,
}

#[derive(Model)]
struct Field1 {
    #[field(uniqe)]
    id: i64,
}

#[derive(Model)]
struct Field2 {
    #[field(on_delte = cascade)]
    id: i64,
}

#[derive(Model)]
#[model(index(colums(id)))]
struct Index1 {
    id: i64,
}

#[derive(Model)]
#[model(index(columns(id descending)))]
struct Index2 {
    id: i64,
}

#[derive(Model)]
#[model(index(columns(id), method = btre))]
struct Index3 {
    id: i64,
}

#[derive(Model)]
#[model(index(columns(identity)))]
struct Index4 {
    id_entity: i64,
}

#[derive(PgEnum)]
#[pg_enum(rename = "lowercase")]
enum Enum1 {
    A,
}

#[derive(PgEnum)]
#[pg_enum(rename_all = "snake-case")]
enum Enum2 {
    A,
}

fn main() {}
