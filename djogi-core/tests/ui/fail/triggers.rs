use djogi_core::Model;

#[derive(Model)]
#[model(trigger(before(insert), for_each = row, execute = "f()"))]
struct Trigger1 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", for_each = row, execute = "f()"))]
struct Trigger2 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", before(insert), execute = "f()"))]
struct Trigger3 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", before(insert), for_each = row, execute = "f"))]
struct Trigger4 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", before(insert), after(update), for_each = row, execute = "f()"))]
struct Trigger5 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", before(insret), for_each = row, execute = "f()"))]
struct Trigger6 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", before(insert(a)), for_each = row, execute = "f()"))]
struct Trigger7 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", before(update(b)), for_each = row, execute = "f()"))]
struct Trigger8 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", before(truncate), for_each = row, execute = "f()"))]
struct Trigger9 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", before(insert, insert), for_each = row, execute = "f()"))]
struct Trigger10 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", instead_of(insert), for_each = row, execute = "f()"))]
struct Trigger11 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", after(insert), for_each = row, deferrable, execute = "f()"))]
struct Trigger12 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", before(insert), for_each = row, constraint, execute = "f()"))]
struct Trigger13 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", before(insert), for_each = row, referencing(new_table = "n"), execute = "f()"))]
struct Trigger14 {
    a: i64,
}

#[derive(Model)]
#[model(trigger(name = "t", after(insert), for_each = statement, referencing(), execute = "f()"))]
struct Trigger15 {
    a: i64,
}

fn main() {}
