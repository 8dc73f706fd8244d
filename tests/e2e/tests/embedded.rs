//! Without a URL, djogi runs a PostgreSQL of its own.

use e2e::{Project, on_each_server};
use postgres::{Client, NoTls};

const CONFIG: &str = "[cluster]\nname = \"shop\"\n[target.main]\nschemas = [\"public\", \"sales\"]\n[models]\npackage = \"shop\"\n";

#[test]
fn the_shop_example_converges_on_the_embedded_server() {
    on_each_server(|server| {
        let project = Project::new(server);
        project.write("djogi.toml", CONFIG);
        project.run_shop(&["apply", "--auto-approve"]).ok();
        project.run_shop(&["plan", "--detailed-exitcode"]).ok().says(&["Nothing to do.", "database shop"]);
        assert!(project.root().join(".djogi/postgres").is_dir());
        project.run_shop(&["db", "status"]).ok().never_says(&["ready"]);

        project.run_shop(&["db", "up"]).ok();
        let url = project.run_shop(&["db", "url"]).ok().stdout;
        let mut client = Client::connect(url.trim(), NoTls).unwrap();
        let version: String = client.query_one("SHOW server_version_num", &[]).unwrap().get(0);
        assert!(version.starts_with(&server.major().to_string()), "{version}");
        client.batch_execute("ALTER TABLE sales.orders ALTER total SET DEFAULT 5").unwrap();
        project.run_shop(&["refresh"]).ok().says(&["table.main.sales.orders", "columns.total.default"]);
        project.run_shop(&["apply", "--auto-approve"]).ok();
        drop(client);
        project.run_shop(&["db", "down"]).ok();

        project.run_shop(&["db", "reset", "--auto-approve"]).ok();
        project.run_shop(&["db", "up"]).ok();
        let url = project.run_shop(&["db", "url"]).ok().stdout;
        let mut client = Client::connect(url.trim(), NoTls).unwrap();
        let tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace";
        assert_eq!(client.query_one(tables, &[]).unwrap().get::<_, i64>(0), 0);
        drop(client);
        project.run_shop(&["db", "down"]).ok();
    });
}
