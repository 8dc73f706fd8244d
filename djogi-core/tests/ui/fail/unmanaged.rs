use djogi_core::Model;

#[derive(Model)]
#[model(unmanaged, comment = "Theirs", check = "id > 0")]
struct Theirs {
    #[field(pk, default = identity)]
    id: i64,
    #[field(sensitive = true)]
    token: String,
}

#[derive(djogi_core::PgComposite)]
struct Pair {
    #[field(sensitive)]
    token: String,
}

fn main() {}
