use djogi_core::Model;

struct Money;

#[derive(Model)]
struct Order {
    #[field(pk)]
    id: i64,
    total: Money,
    parts: Option<Vec<Money>>,
    unsigned: u64,
}

fn main() {}
