struct NoModel;

djogi_core::extension!();
djogi_core::extension!(schema = "public");
djogi_core::extension!(btree_gist, verion = "1.7");
djogi_core::extension!(btree_gist version = "1.7");
djogi_core::extension!(btree_gist, version = 17);
djogi_core::schema!("");
djogi_core::schema!(app, "The shop");
djogi_core::schema!(app, comment = "a", comment = "b");
djogi_core::sequence!(schema = "app");
djogi_core::sequence!(name = "s", type = bigserial);
djogi_core::sequence!(name = "s", increment = 0);
djogi_core::sequence!(name = "s", cache = 0);
djogi_core::sequence!(name = "s", start = "1");
djogi_core::sequence!(name = "s", cycle = true);
djogi_core::sequence!(name = "s", owned_by = "column");
djogi_core::sequence!(name = "s", owned_by = NoModel);
djogi_core::sequence!(name = "s", owned_by = NoModel.field);
djogi_core::sequence!(name = "s", owner = NoModel.field);

#[derive(djogi_core::Model)]
#[model(index(columns(a), with(filfactor = 90)))]
#[model(index(columns(a), with(fastupdate = maybe)))]
#[model(index(columns(a), with()))]
struct Model {
    a: i32,
}

fn main() {}
