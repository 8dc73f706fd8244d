use djogi_core::Model;

#[derive(Model)]
#[model(table = orders)]
struct Model1 {
    id: i64,
}

#[derive(Model)]
#[model(table = "")]
struct Model2 {
    id: i64,
}

#[derive(Model)]
#[model(table)]
struct Model3 {
    id: i64,
}

#[derive(Model)]
#[model(table = "a", table = "b")]
struct Model4 {
    id: i64,
}

#[derive(Model)]
#[model(table = "a23456789_123456789_123456789_123456789_123456789_123456789_1234")]
struct Model5 {
    id: i64,
}

#[derive(Model)]
struct Default1 {
    #[field(default = nowhere)]
    id: i64,
}

#[derive(Model)]
struct Default2 {
    #[field(default = 1u8)]
    id: i64,
}

#[derive(Model)]
struct Default3 {
    #[field(default = 1 + 1)]
    id: i64,
}

#[derive(Model)]
struct Default4 {
    #[field(default = coalesce(a, b))]
    id: i64,
}

#[derive(Model)]
struct Default5 {
    #[field(default = 1, identity)]
    id: i64,
}

#[derive(Model)]
struct Identity1 {
    #[field(identity(always, by_default))]
    id: i64,
}

#[derive(Model)]
struct Identity2 {
    #[field(default = identity)]
    id: Option<i64>,
}

#[derive(Model)]
struct Identity3 {
    #[field(identity(increment = 0))]
    id: i64,
}

#[derive(Model)]
struct Generated1 {
    #[field(generated = "1")]
    id: i64,
}

#[derive(Model)]
struct Generated2 {
    #[field(stored)]
    id: i64,
}

#[derive(Model)]
struct Flag1 {
    #[field(unique = true)]
    id: i64,
}

#[derive(djogi_core::Model)]
struct NoKey {
    #[field(default = heeranjid)]
    number: i32,
}

#[derive(Model)]
struct Live1 {
    #[field(live(down = "a::text"))]
    a: i64,
}

#[derive(Model)]
struct Live2 {
    #[field(live)]
    a: i64,
}

fn main() {}
