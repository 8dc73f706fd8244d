//! What others do to managed objects is found by `refresh` and healed by `plan` and `apply`; where healing would destroy
//! data it is blocked by name, and the rest goes on.

use e2e::{Project, on_each_server};

const SHOP: &str = "
    CREATE TYPE state AS ENUM ('new', 'done');
    CREATE TABLE maker (id integer PRIMARY KEY);
    CREATE TABLE goods (
        id integer PRIMARY KEY,
        maker integer CONSTRAINT goods_maker_fkey REFERENCES maker ON DELETE CASCADE,
        price integer DEFAULT 1 CONSTRAINT goods_price_check CHECK (price > 0),
        name varchar(20),
        state state);
    CREATE INDEX goods_name_idx ON goods (name);
    COMMENT ON TABLE goods IS 'Things';";

/// Runs `sql` behind djogi's back: it must be found, told as `said`, and healed.
fn is_found_and_healed(sql: &str, said: &str) {
    on_each_server(|server| {
        let project = Project::declaring(server, SHOP);
        project.apply();
        project.run(&["refresh", "--check"]).ok().says(&["No drift"]);

        project.database().run(sql);
        project.run(&["refresh", "--check"]).expect(2).says(&[said, "found"]);
        project.run(&["status"]).ok().says(&["drifted, not recorded yet"]);
        project.run(&["refresh"]).ok().says(&[said, "recorded"]);
        let recorded = project.files();
        project.run(&["refresh"]).ok().says(&["recorded before"]);
        assert_eq!(project.files(), recorded, "drift is recorded once");

        project.run(&["plan", "--detailed-exitcode"]).expect(2);
        project.apply();
        project.is_converged();
        project.matches(SHOP);
        project.run(&["refresh", "--check"]).ok().says(&["No drift"]);
    });
}

#[test]
fn a_dropped_check_is_put_back() {
    is_found_and_healed(
        "ALTER TABLE goods DROP CONSTRAINT goods_price_check",
        "constraint.main.public.goods.goods_price_check is missing",
    );
}

#[test]
fn an_altered_default_is_put_back() {
    is_found_and_healed(
        "ALTER TABLE goods ALTER price SET DEFAULT 7",
        "table.main.public.goods has changed: columns.price.default",
    );
}

#[test]
fn a_changed_foreign_key_action_is_put_back() {
    is_found_and_healed(
        "ALTER TABLE goods DROP CONSTRAINT goods_maker_fkey,
            ADD CONSTRAINT goods_maker_fkey FOREIGN KEY (maker) REFERENCES maker ON DELETE SET NULL",
        "constraint.main.public.goods.goods_maker_fkey has changed",
    );
}

#[test]
fn a_dropped_index_is_put_back() {
    is_found_and_healed("DROP INDEX goods_name_idx", "index.main.public.goods_name_idx is missing");
}

#[test]
fn a_changed_index_is_put_back() {
    is_found_and_healed(
        "DROP INDEX goods_name_idx; CREATE INDEX goods_name_idx ON goods (name, price)",
        "index.main.public.goods_name_idx has changed",
    );
}

#[test]
fn a_changed_type_is_put_back() {
    is_found_and_healed(
        "ALTER TABLE goods ALTER name TYPE varchar(10)",
        "table.main.public.goods has changed: columns.name.type",
    );
}

#[test]
fn a_changed_comment_is_put_back() {
    is_found_and_healed("COMMENT ON TABLE goods IS 'Stuff'", "table.main.public.goods has changed: comment");
}

#[test]
fn a_dropped_column_is_put_back() {
    is_found_and_healed(
        "ALTER TABLE goods DROP COLUMN price",
        "table.main.public.goods has changed: columns.price",
    );
}

#[test]
fn a_dropped_table_is_put_back() {
    is_found_and_healed("DROP TABLE goods", "table.main.public.goods is missing");
}

#[test]
fn a_dropped_not_null_is_put_back() {
    is_found_and_healed(
        "ALTER TABLE goods DROP CONSTRAINT goods_pkey; ALTER TABLE goods ALTER id DROP NOT NULL",
        "constraint.main.public.goods.goods_pkey is missing",
    );
}

#[test]
fn an_added_column_and_an_added_label_are_blocked_by_name_while_the_rest_goes_on() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, SHOP);
        project.apply();
        let database = project.database();
        database.run(
            "ALTER TABLE goods ADD COLUMN hacked text DEFAULT 'x', ALTER price SET DEFAULT 7;
             INSERT INTO goods (id) VALUES (1);",
        );
        database.run("ALTER TYPE state ADD VALUE 'lost'");
        project.run(&["refresh"]).ok().says(&["columns.hacked", "enum.main.public.state has changed"]);

        let applied = project.run(&["apply", "--auto-approve"]).expect(3);
        applied.says(&[
            "column.main.public.goods.hacked",
            "enum.main.public.state",
            "would destroy or narrow data",
            "djogi approve column.main.public.goods.hacked --reason REASON",
        ]);
        assert_eq!(database.value("SELECT hacked FROM goods"), "x");
        assert_eq!(database.value("SELECT 'lost'::state"), "lost");
        let default = "SELECT column_default FROM information_schema.columns
                        WHERE (table_name, column_name) = ('goods', 'price')";
        assert_eq!(database.value(default), "1", "the rest goes on");

        project.set_target("destructive = \"allow\"");
        project.apply();
        project.is_converged();
        project.matches(SHOP);
    });
}

#[test]
fn healing_a_type_that_would_cut_data_is_blocked_by_name() {
    on_each_server(|server| {
        let project = Project::declaring(server, SHOP);
        project.apply();
        project
            .database()
            .run("ALTER TABLE goods ALTER name TYPE text; INSERT INTO goods (id, name) VALUES (1, 'x')");
        project
            .run(&["apply", "--auto-approve"])
            .expect(3)
            .says(&["public.goods", "would destroy or narrow data"]);
    });
}
