//! Privileges.
use djogi_core::Model;

#[derive(Model)]
#[model(grant(select))]
#[model(grant(to(app)))]
struct Halves {
    id: i32,
}

#[derive(Model)]
#[model(grant(all, to(app)))]
struct Everything {
    id: i32,
}

#[derive(Model)]
#[model(grant(delete(id), to(app)))]
struct Columns {
    id: i32,
}

#[derive(Model)]
#[model(grant(select(nr), to(app)))]
struct UnknownColumn {
    id: i32,
}

#[derive(Model)]
#[model(grant(select, to(public), with_grant_option))]
struct Everybody {
    id: i32,
}

djogi_core::schema!(app, grant(select, to(app)));

#[derive(Model)]
struct Checked {
    #[field(check(sql = "id > 0", not_enforced = true), not_enforced)]
    id: i32,
}

fn main() {}
