use djogi_core::Model;

#[derive(Model)]
#[model(view = "SELECT 1 AS a", materialized_view = "SELECT 1 AS a")]
struct View1 {
    a: i32,
}

#[derive(Model)]
#[model(view = "SELECT 1 AS a;")]
struct View2 {
    a: i32,
}

#[derive(Model)]
#[model(view = "SELECT 1 AS a", unique(columns(a)), index(columns(a)), storage(fillfactor = 70), tenant_key = a)]
struct View3 {
    #[field(pk)]
    a: i32,
    #[field(default = 1)]
    b: i32,
    #[field(index)]
    c: i32,
}

#[derive(Model)]
#[model(materialized_view = "SELECT 1 AS a", unlogged, security_barrier)]
#[model(trigger(name = "t", after(insert), for_each = row, execute = "f()"))]
struct View4 {
    #[field(check = "a > 0")]
    a: i32,
}

#[derive(Model)]
#[model(security_invoker)]
struct View5 {
    a: i32,
}

#[derive(Model)]
#[model(view = "SELECT 1 AS a", check_option = global)]
struct View6 {
    a: i32,
}

#[derive(Model)]
#[model(view = "SELECT 1 AS a", trigger(name = "t", before(insert), for_each = row, execute = "f()"))]
struct View7 {
    a: i32,
}

#[derive(Model)]
#[model(view = "SELECT 1 AS a")]
struct Read {
    a: i32,
}

#[derive(Model)]
struct Reference {
    #[field(references = Read.a)]
    a: i32,
}

fn main() {}
