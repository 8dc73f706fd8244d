//! What `djogi status` names, and who is recorded when nobody says who he is.

use std::process::Command;

use e2e::{Output, Project, on_each_server, servers};

#[test]
fn an_index_that_postgresql_does_not_use_is_named_with_its_address() {
    on_each_server(|server| {
        let project = Project::declaring(server, "CREATE TABLE goods (id integer);");
        project.apply();
        let database = project.database();
        database.run("INSERT INTO goods VALUES (1), (1)");
        project.run(&["status"]).ok().never_says(&["invalid"]);
        // A concurrent build that fails leaves its index behind.
        database.refusal("CREATE UNIQUE INDEX CONCURRENTLY goods_id_idx ON goods (id)");
        let address = "index.main.public.goods_id_idx";
        project.run(&["status"]).ok().says(&["invalid", address]);
        let json = project.run(&["status", "--json"]).ok().json();
        assert_eq!(json["targets"]["main"]["invalid_indexes"], serde_json::json!([address]));
    });
}

#[test]
fn what_was_blocked_and_is_declared_again_waits_no_longer() {
    on_each_server(|server| {
        let (whole, less) = ("CREATE TABLE a (id integer, x text);", "CREATE TABLE a (id integer);");
        let mut project = Project::declaring(server, whole);
        project.set_target("destructive = \"approve\"");
        project.apply();
        // Once the next apply has other work, once it has none.
        for more in ["", " CREATE TABLE b (id integer);"] {
            project.declare(&format!("{less} CREATE TABLE c{} (id integer);", more.len()));
            project.run(&["apply", "--auto-approve"]).expect(3);
            project.run(&["status"]).ok().says(&["blocked: table.main.public.a"]);
            project.declare(&format!("{whole} CREATE TABLE c{} (id integer);{more}", more.len()));
            project.apply();
            project.run(&["status"]).ok().never_says(&["blocked"]);
            project.is_converged();
            let serial = project.serial();
            project.apply();
            assert_eq!(project.serial(), serial, "nothing is left to be recorded");
            project.declare(whole);
            project.set_target_only("destructive = \"allow\"");
            project.apply();
            project.set_target_only("destructive = \"approve\"");
        }
    });
}

#[test]
fn the_actor_is_the_account_when_no_variable_names_one() {
    let project = Project::declaring(&servers()[0], "CREATE TABLE goods (id integer);");
    let mut apply = project.command(&["apply", "--auto-approve"]);
    for variable in ["DJOGI_ACTOR", "USER", "LOGNAME"] {
        apply.env_remove(variable);
    }
    Output::from(apply.output().unwrap()).ok();
    let account = Command::new("id").arg("-un").output().expect("coreutils has id").stdout;
    let account = String::from_utf8(account).unwrap();
    let actor = project.state()["written_by"]["actor"].as_str().unwrap().to_owned();
    assert_eq!(actor.split('@').next(), Some(account.trim()), "{actor}");
}
