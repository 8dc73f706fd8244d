//! What an apply tells of a statement that takes long.

use std::io::{BufRead as _, BufReader};

use e2e::{Project, on_each_server};
use serde_json::Value;

const ORDERS: &str = "CREATE TABLE orders (id integer PRIMARY KEY)";

#[test]
fn a_statement_that_waits_for_a_lock_tells_who_has_it_but_not_what_it_said() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, ORDERS);
        project.apply();
        project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
        project.declare("CREATE TABLE orders (id integer PRIMARY KEY, note text)");
        let mut blocker = project.database().connect();
        blocker
            .batch_execute("SET application_name = 'billing'; BEGIN; SELECT id, 'hunter2' FROM orders")
            .unwrap();
        let pid: i32 = blocker.query_one("SELECT pg_backend_pid()", &[]).unwrap().get(0);
        // So that its last statement is the one with the secret.
        blocker.batch_execute("UPDATE orders SET id = id WHERE 'hunter2' <> ''").unwrap();

        let mut apply = project.start(&["apply", "--auto-approve", "--json"]);
        let events = BufReader::new(apply.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut told = None;
        let mut last = Value::Null;
        for line in events {
            assert!(!line.contains("hunter2"), "{line}");
            last = serde_json::from_str(&line).unwrap();
            if last["code"] == "lock_waiting" {
                told = Some(last["message"].as_str().unwrap().to_owned());
                blocker.batch_execute("COMMIT").unwrap();
            }
        }
        let told = told.unwrap_or_else(|| panic!("nobody said who has the lock; the end was {last}"));
        assert!(told.contains(&format!("server process {pid} (billing), in a transaction for ")), "{told}");
        assert!(told.ends_with("idle in transaction, last statement UPDATE"), "{told}");
        assert_eq!((&last["event"], &last["outcome"]), (&"summary".into(), &"converged".into()));
        assert!(apply.wait().unwrap().success());
        project.is_converged();
    });
}

#[test]
fn a_long_index_build_tells_how_far_it_is() {
    on_each_server(|server| {
        let project = Project::declaring(server, ORDERS);
        project.apply();
        project.database().run("INSERT INTO orders SELECT generate_series(1, 800)");
        // Each row takes milliseconds, because megabytes are digested.
        let index = "CREATE INDEX orders_slow ON orders (md5(repeat(id::text, 1000000)))";
        project.declare(&format!("{ORDERS}; {index}"));
        let events = project.run(&["apply", "--auto-approve", "--json"]).ok().json_lines();
        let progress: Vec<_> = events.iter().filter(|event| event["event"] == "operation_progress").collect();
        assert!(!progress.is_empty(), "{events:?}");
        for event in progress {
            assert_eq!(event["address"], "index.main.public.orders_slow");
            assert!(event["phase"].as_str().unwrap().starts_with("building index"), "{event}");
            assert!(event["total"].is_null() || event["done"].as_u64() <= event["total"].as_u64(), "{event}");
        }
        project.is_converged();
    });
}
