use djogi_core::{Model, PgEnum, PgType};

#[derive(Model)]
struct Tuple(i64);

#[derive(Model)]
struct Unit;

#[derive(Model)]
struct Generic<T> {
    a: T,
}

#[derive(Model)]
enum Enum {
    A,
}

#[derive(PgEnum)]
struct Struct;

#[derive(PgEnum)]
enum Empty {}

#[derive(PgEnum)]
enum WithData {
    A(i64),
}

#[derive(PgEnum)]
enum SameLabel {
    A,
    #[label = "a"]
    B,
}

#[derive(PgEnum)]
enum WrongLabel {
    #[label("a")]
    A,
}

#[derive(PgType)]
struct TwoFields(i64, i64);

fn main() {}
