use djogi_core::Model;

#[derive(Model)]
#[model(row_level_security)]
struct Security1 {
    a: i64,
}

#[derive(Model)]
#[model(row_level_security(enabled))]
struct Security2 {
    a: i64,
}

#[derive(Model)]
#[model(row_level_security(disable, force))]
struct Security3 {
    a: i64,
}

#[derive(Model)]
#[model(policy(name = "p", using = "true"))]
struct Policy1 {
    a: i64,
}

#[derive(Model)]
#[model(row_level_security(enable), policy(using = "true"))]
struct Policy2 {
    a: i64,
}

#[derive(Model)]
#[model(row_level_security(enable), policy(name = "p", for = insert, using = "true"))]
struct Policy3 {
    a: i64,
}

#[derive(Model)]
#[model(row_level_security(enable), policy(name = "p", for = delete, check = "true"))]
struct Policy4 {
    a: i64,
}

#[derive(Model)]
#[model(row_level_security(enable), policy(name = "p", for = insert))]
struct Policy5 {
    a: i64,
}

#[derive(Model)]
#[model(row_level_security(enable), policy(name = "p", to(current_user), using = "true"))]
struct Policy6 {
    a: i64,
}

#[derive(Model)]
#[model(row_level_security(enable), policy(name = "p", to(public, app), using = "true"))]
struct Policy7 {
    a: i64,
}

#[derive(Model)]
#[model(row_level_security(enable), policy(name = "p", for = truncate, using = "true"))]
struct Policy8 {
    a: i64,
}

#[derive(Model)]
#[model(tenant_key = tenant)]
struct Tenant1 {
    tenant_id: i64,
}

#[derive(Model)]
#[model(tenant_key = tenant_id)]
struct Tenant2 {
    tenant_id: Option<i64>,
}

#[derive(Model)]
#[model(tenant_key = tenant_id, row_level_security(disable))]
struct Tenant3 {
    tenant_id: i64,
}

#[derive(Model)]
#[model(tenant_key(tenant_id, setting = "tenant"))]
struct Tenant4 {
    tenant_id: i64,
}

fn main() {}
