//! What destroys data is done once for each approval, and only as it was approved.

use e2e::{Output, Project, Server, eventually, on_each_server};
use serde_json::Value;

const BEFORE: &str = "
    CREATE TABLE goods (id integer PRIMARY KEY, price integer, note text);
    CREATE TABLE part (id integer PRIMARY KEY);
    CREATE TABLE kept (id integer PRIMARY KEY);";
/// One table goes, one column goes, one is narrowed.
const AFTER: &str = "
    CREATE TABLE goods (id integer PRIMARY KEY, price smallint);
    CREATE TABLE kept (id integer PRIMARY KEY);";
const DATA: &str = "INSERT INTO goods VALUES (1, 10, 'n'); INSERT INTO part VALUES (1);";
const PART: &str = "table.main.public.part";
const NOTE: &str = "column.main.public.goods.note";
const PRICE: &str = "column.main.public.goods.price";
const APPLY: &[&str] = &["apply", "--auto-approve"];

fn project(server: &'static Server) -> Project {
    let project = Project::declaring(server, BEFORE);
    project.apply();
    project.database().run(DATA);
    project.declare(AFTER);
    project
}

fn approve(project: &Project, address: &str) -> Output {
    project.run(&["approve", address, "--reason", "nobody uses it"])
}

/// `address -> status` of the plan.
fn needs(project: &Project) -> Vec<(String, String)> {
    let plan = project.run(&["plan", "--json"]).ok().json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let needs = plan["approvals"].as_array().unwrap();
    needs.iter().map(|need| (text(&need["address"]), text(&need["status"]))).collect()
}

/// What `djogi approvals` says of each, oldest first.
fn statuses(project: &Project) -> Vec<String> {
    let listed = project.run(&["approvals", "--json"]).ok().json();
    let listed = listed["approvals"].as_array().unwrap();
    listed.iter().map(|one| one["status"].as_str().unwrap().to_owned()).collect()
}

fn uses(project: &Project) -> Vec<Vec<String>> {
    project.database().rows("SELECT actor, reason FROM djogi.approval_use ORDER BY approval_id")
}

/// The one file of an approval.
fn file(project: &Project) -> std::path::PathBuf {
    let mut files: Vec<_> = std::fs::read_dir(project.root().join(".djogi/approvals"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1);
    files.remove(0)
}

#[test]
fn what_is_approved_is_done_once_and_everybody_can_see_who_allowed_it_and_why() {
    on_each_server(|server| {
        let project = project(server);
        let required = |address: &str| (address.to_owned(), "required".to_owned());
        assert_eq!(needs(&project), [required(PART), required(NOTE), required(PRICE)]);
        project.run(&["plan"]).ok().says(&["djogi approve table.main.public.part --reason REASON"]);
        approve(&project, PART).ok().says(&["delete table.main.public.part", "tester@e2e", "nobody uses it"]);
        project.run(&["approve", NOTE, PRICE, "--reason", "too wide", "--as", "ana@ops"]).ok();
        approve(&project, NOTE).ok().says(&["is approved already"]);
        assert_eq!(statuses(&project), ["present", "present", "present"]);
        project.run(&["status"]).ok().says(&["3 open, 0 spent"]);
        project.run(&["plan"]).ok().says(&["approved by ana@ops: too wide"]);
        assert!(needs(&project).iter().all(|(_, status)| status == "present"));

        project.run(APPLY).ok().says(&["approved by ana@ops (too wide), now spent"]);
        project.is_converged();
        project.matches(AFTER);
        let mine = ["tester@e2e", "nobody uses it"].map(str::to_owned).to_vec();
        let hers = ["ana@ops", "too wide"].map(str::to_owned).to_vec();
        assert_eq!(uses(&project), [mine, hers.clone(), hers]);
        let same =
            "SELECT count(*) FROM djogi.approval_use u JOIN djogi.op o USING (op_id) WHERE u.xmin = o.xmin";
        assert_eq!(project.database().value(same), "3", "each in the transaction of its group");
        assert_eq!(statuses(&project), ["spent", "spent", "spent"]);
        project.run(&["status"]).ok().says(&["0 open, 3 spent"]);
        project.run(&["history"]).ok().says(&[
            "delete table.main.public.part by tester@e2e: nobody uses it",
            "update column.main.public.goods.price by ana@ops: too wide",
        ]);
        project.run(&["show", "table.main.public.goods"]).ok().says(&["by ana@ops: too wide (spent)"]);
        project.run(&["show", PART]).expect(1).says(&["delete of table.main.public.part by tester@e2e"]);

        // The same drop again needs another approval.
        project.declare(&format!("{AFTER} CREATE TABLE part (id integer PRIMARY KEY);"));
        project.apply();
        project.declare(AFTER);
        project.run(APPLY).expect(3).says(&["would destroy or narrow data"]);
        assert_eq!(needs(&project), [required(PART)]);
    });
}

#[test]
fn an_approval_opens_its_own_gate_and_no_other() {
    on_each_server(|server| {
        let project = project(server);
        approve(&project, NOTE).ok();
        project.run(APPLY).expect(3);
        let columns = "SELECT attname FROM pg_attribute WHERE attrelid = 'goods'::regclass AND attnum > 0
                       AND NOT attisdropped ORDER BY attnum";
        assert_eq!(project.database().column(columns), ["id", "price"]);
        assert_eq!(project.database().value("SELECT count(*) FROM part"), "1");
        assert_eq!(needs(&project).len(), 2);
    });
}

#[test]
fn what_moves_under_an_approval_makes_it_stale_and_nothing_else_does() {
    on_each_server(|server| {
        let project = project(server);
        let status = || needs(&project).into_iter().find(|(address, _)| address == PART).unwrap().1;
        approve(&project, PART).ok();
        // Another table, another column, other data: none of its business.
        project.database().run("INSERT INTO part VALUES (2); ALTER TABLE kept ADD COLUMN x integer");
        project.declare(&format!("{AFTER} CREATE TABLE fresh (id integer PRIMARY KEY);"));
        project.run(&["refresh"]).ok();
        assert_eq!(status(), "present");

        project.database().run("ALTER TABLE part ADD COLUMN precious text");
        project
            .run(&["plan"])
            .ok()
            .says(&["what was approved has changed since", "the object was changed since"]);
        assert_eq!((status().as_str(), statuses(&project)[0].as_str()), ("stale", "stale"));
        project.run(APPLY).expect(3);
        assert_eq!(project.database().value("SELECT count(*) FROM part"), "2");

        project.database().run("ALTER TABLE part DROP COLUMN precious");
        assert_eq!(status(), "present");
        project.database().run("DROP TABLE part; CREATE TABLE part (id integer PRIMARY KEY)");
        project.run(APPLY).expect(3).says(&["the object was dropped and made anew since"]);
        assert_eq!(status(), "stale");

        // Another outcome: what was approved as narrowing is now to be narrower still.
        approve(&project, PRICE).ok();
        project.declare("CREATE TABLE goods (id integer PRIMARY KEY, price boolean); CREATE TABLE kept (id integer PRIMARY KEY);");
        project.run(&["plan"]).ok().says(&["the declaration was changed since"]);

        // Approved anew, it is done; the old ones stay stale.
        approve(&project, PART).ok();
        assert_eq!(status(), "present");
        project.run(APPLY).expect(3);
        assert_eq!(project.database().value("SELECT to_regclass('part')"), "NULL");
        assert_eq!(statuses(&project), ["stale", "stale", "spent"]);
    });
}

#[test]
fn only_what_waits_for_an_approval_can_be_approved() {
    on_each_server(|server| {
        let mut project = project(server);
        let refused = |address: &str, code: i32, words: &[&str]| {
            let files = project.files();
            approve(&project, address).expect(code).says(words);
            assert_eq!(project.files(), files);
        };
        refused("table.main.public.kept", 1, &["does nothing to `table.main.public.kept`"]);
        refused("table.main.public.none", 1, &["neither declared nor recorded"]);
        refused("table.main", 1, &["bad_address"]);
        project.run(&["approve", PART, "--reason", " "]).expect(1).says(&["a reason is"]);
        project.run(&["approve", PART]).expect(1).says(&["--reason"]);
        // All or none.
        project.run(&["approve", PART, "table.main.public.kept", "--reason", "x"]).expect(1);
        assert_eq!(statuses(&project), Vec::<String>::new());
        project.declare(&format!("{AFTER} CREATE TABLE fresh (id integer PRIMARY KEY);"));
        approve(&project, "table.main.public.fresh").expect(1).says(&["takes nothing away"]);
        project.set_target("destructive = \"deny\"");
        approve(&project, PART).expect(7).says(&["denies what destroys data"]);
        assert!(needs(&project).is_empty());
    });
}

#[test]
fn a_kill_between_the_effect_and_the_file_leaves_nothing_to_spend() {
    on_each_server(|server| {
        let project = project(server);
        approve(&project, PART).ok();
        let approval = file(&project);
        let unspent = std::fs::read(&approval).unwrap();
        project.run(APPLY).expect(3);
        // As a kill leaves it that comes before the file is marked.
        std::fs::write(&approval, &unspent).unwrap();
        assert_eq!(statuses(&project), ["spent"]);

        project.declare(&format!("{AFTER} CREATE TABLE part (id integer PRIMARY KEY);"));
        project.run(APPLY).expect(3);
        assert_ne!(std::fs::read(&approval).unwrap(), unspent, "the next run has marked it");
        std::fs::write(&approval, &unspent).unwrap();
        project.run(&["refresh"]).ok();
        assert_ne!(std::fs::read(&approval).unwrap(), unspent, "refresh has marked it");
        std::fs::write(&approval, &unspent).unwrap();
        project.declare(AFTER);
        // The ledger decides, whatever the file says.
        assert!(needs(&project).iter().all(|(_, status)| status == "required"));
        project.run(APPLY).expect(3);
        assert_eq!(project.database().value("SELECT count(*) FROM part"), "0");
        assert_eq!(uses(&project).len(), 1);
    });
}

#[test]
fn two_racing_applies_spend_an_approval_once() {
    on_each_server(|server| {
        let mut project = project(server);
        project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
        approve(&project, PART).ok();
        let mut reader = project.database().connect();
        reader.batch_execute("BEGIN; SELECT FROM part").unwrap();
        let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'part'::regclass AND NOT granted";
        let racers = [(); 2].map(|()| project.start(&["apply", "--auto-approve", "--lock-timeout", "1m"]));
        eventually("one of them has come to the drop", || project.database().value(waiting) == "1");
        reader.batch_execute("COMMIT").unwrap();
        for racer in racers {
            let output: Output = racer.wait_with_output().unwrap().into();
            output.expect(3);
        }
        assert_eq!(uses(&project).len(), 1);
        assert_eq!(statuses(&project), ["spent"]);
    });
}

#[test]
fn a_saved_plan_keeps_its_approvals_only_as_long_as_they_hold() {
    on_each_server(|server| {
        let project = project(server);
        approve(&project, PART).ok();
        project.run(&["plan", "--out", "saved"]).ok();
        let approval = file(&project);
        let content = std::fs::read(&approval).unwrap();
        std::fs::remove_file(&approval).unwrap();
        project.run(&["apply", "saved"]).expect(5).says(&["is spent or gone"]);
        std::fs::write(&approval, &content[..content.len() / 2]).unwrap();
        project.run(&["apply", "saved"]).expect(5).says(&["is spent or gone"]);
        project.run(&["approvals"]).ok().says(&["damaged"]);
        std::fs::write(&approval, &content).unwrap();
        project.run(&["apply", "saved"]).expect(3);
        assert_eq!(project.database().value("SELECT to_regclass('part')"), "NULL");
        assert_eq!(uses(&project).len(), 1);
        project.run(&["apply", "saved"]).expect(5).says(&["it was applied already"]);
    });
}

#[test]
fn a_plan_that_was_saved_under_another_policy_destroys_nothing() {
    on_each_server(|server| {
        let mut project = project(server);
        project.set_target("destructive = \"allow\"");
        project.run(&["plan", "--out", "saved"]).ok();
        let config = project.read("djogi.toml");
        let policy =
            |word: &str| project.write("djogi.toml", &config.replace("\"allow\"", &format!("{word:?}")));
        policy("approve");
        project.run(&["apply", "saved"]).expect(5).says(&["needs an approval by now"]);
        policy("deny");
        project.run(&["apply", "saved"]).expect(7).says(&["denies what destroys data"]);
        assert_eq!(project.database().value("SELECT count(*) FROM part"), "1");
        policy("allow");
        project.run(&["apply", "saved"]).ok();
        project.matches(AFTER);
    });
}

#[test]
fn an_approval_that_the_ledger_has_spent_fails_the_group_closed() {
    on_each_server(|server| {
        let mut project = project(server);
        project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
        approve(&project, PART).ok();
        let mut reader = project.database().connect();
        reader.batch_execute("BEGIN; SELECT FROM part").unwrap();
        let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'part'::regclass AND NOT granted";
        let apply = project.start(APPLY);
        eventually("it has come to the drop", || project.database().value(waiting) == "1");
        // Somebody spends it in the meantime, as only a restored ledger could.
        let id = file(&project).file_stem().unwrap().to_str().unwrap().to_owned();
        project.database().run(&format!(
            "INSERT INTO djogi.approval_use SELECT '{id}', op_id, 'other', 'other' FROM djogi.op LIMIT 1"
        ));
        reader.batch_execute("COMMIT").unwrap();
        let output: Output = apply.wait_with_output().unwrap().into();
        output.expect(1).says(&["was spent already", "was rolled back"]);
        assert_eq!(project.database().value("SELECT count(*) FROM part"), "1");
    });
}
