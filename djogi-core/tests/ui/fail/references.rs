use djogi_core::Model;

struct NoModel;

#[derive(Model)]
struct Reference1 {
    #[field(references = NoModel)]
    a: i64,
}

#[derive(Model)]
struct Reference2 {
    #[field(on_delete = cascade)]
    a: i64,
}

#[derive(Model)]
struct Reference3 {
    #[field(references = Reference1, on_delete = casacde)]
    a: i64,
}

#[derive(Model)]
#[model(foreign_key(columns(a, b), references = Reference1, references_columns(a)))]
struct Reference4 {
    a: i64,
    b: i64,
}

#[derive(Model)]
#[model(foreign_key(columns(a)))]
struct Reference5 {
    a: i64,
}

#[derive(Model)]
#[model(foreign_key(columns(a), references = Reference1, on_update = set_null(a)))]
struct Reference6 {
    a: i64,
}

#[derive(Model)]
struct Reference7 {
    #[field(references = Reference1.a, references_columns(b))]
    a: i64,
}

#[derive(Model)]
struct Reference8 {
    #[field(references = Reference1, on_orphan = nul)]
    a: i64,
}

fn main() {}
