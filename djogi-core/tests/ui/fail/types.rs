use std::ops::Range;

use djogi_core::{Model, PgComposite, PgDomain, PgRange};

#[derive(PgDomain)]
struct Domain1(i64, i64);

#[derive(PgDomain)]
#[pg_domain(chek = "VALUE > 0")]
struct Domain2(i64);

#[derive(PgDomain)]
#[pg_domain(default = identity)]
struct Domain3(i64);

struct Unmapped;

#[derive(PgDomain)]
struct Domain4(Unmapped);

#[derive(PgComposite)]
struct Composite1(i64);

#[derive(PgComposite)]
enum Composite2 {
    A,
}

#[derive(PgComposite)]
struct Composite3 {
    #[field(pk)]
    a: i64,
    #[field(default = 1)]
    b: i64,
}

#[derive(PgComposite)]
struct Composite4<T> {
    a: T,
}

#[derive(PgComposite)]
struct Composite5 {
    a: i64,
    #[field(column = "a")]
    b: i64,
}

#[derive(PgRange)]
struct Range1(f64);

#[derive(PgRange)]
#[pg_range(sub_type = "text")]
struct Range2(Range<f64>);

#[derive(Model)]
struct Range3 {
    a: Range<f64>,
}

fn main() {}
