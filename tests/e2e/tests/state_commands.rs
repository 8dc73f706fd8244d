//! `djogi state`: each command does what its Terraform namesake does, keeps a copy first, and tells what the next plan
//! will make of it.

use std::fs;
use std::process::Stdio;

use e2e::{Project, eventually, on_each_server, servers};

const MODELS: &str = "CREATE TABLE goods (id integer PRIMARY KEY, price integer CHECK (price > 0));
    CREATE INDEX goods_price_idx ON goods (price);
    CREATE TABLE part (id integer PRIMARY KEY, goods integer REFERENCES goods);";

fn project() -> Project {
    let project = Project::declaring(&servers()[0], MODELS);
    project.apply();
    project
}

/// The copies in the store, by name.
fn backups(project: &Project) -> Vec<String> {
    let entries = fs::read_dir(project.root().join(".djogi/backups"));
    let names = entries.into_iter().flatten().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.map(|name| name.strip_suffix(".json").unwrap().to_owned()).collect();
    names.sort();
    names
}

/// Fails unless the last revision is by this command, and the one before it is kept byte for byte.
#[track_caller]
fn was_written_by(project: &Project, command: &str, before: &str) {
    let state = project.state();
    let old: serde_json::Value = serde_json::from_str(before).unwrap();
    assert_eq!(state["serial"].as_u64().unwrap(), old["serial"].as_u64().unwrap() + 1);
    assert_eq!(state["written_by"]["command"], command);
    assert_eq!(state["written_by"]["actor"], "tester@e2e");
    let newest = backups(project).pop().unwrap();
    assert_eq!(project.read(&format!(".djogi/backups/{newest}.json")), before);
    assert!(newest.starts_with(&format!("{}-", old["serial"])), "{newest}");
    let run = state["written_by"]["run"].as_str().unwrap();
    assert!(newest.ends_with(run), "{newest} is not of run {run}");
    project.run(&["history"]).ok().says(&[command, "tester@e2e"]);
}

/// Fails unless the command is refused so, and nothing was written.
#[track_caller]
fn is_refused(project: &Project, arguments: &[&str], code: i32, parts: &[&str]) {
    let before = project.files();
    project.run(arguments).expect(code).says(parts);
    assert!(project.files() == before, "{arguments:?} wrote something");
}

fn state(project: &Project) -> String {
    project.read(".djogi/state.json")
}

#[test]
fn list_prints_one_address_a_line() {
    let project = project();
    let files = project.files();
    let all = project.run(&["state", "list"]).ok().stdout;
    let lines: Vec<&str> = all.lines().collect();
    assert_eq!(lines.len(), 7, "{all}");
    assert!(lines.contains(&"table.main.public.goods"), "{all}");

    let tables = project.run(&["state", "list", "table.*"]).ok().stdout;
    // The parts go with their tables.
    assert_eq!(tables, all);
    let indexes = project.run(&["state", "list", "index.*_idx"]).ok().stdout;
    assert_eq!(indexes, "index.main.public.goods_price_idx\n");
    let goods = project.run(&["state", "list", "table.main.public.goods"]).ok().stdout;
    assert_eq!(goods.lines().count(), 4, "{goods}");
    assert_eq!(project.run(&["state", "list", "--package", "e2e"]).ok().stdout, all);
    assert_eq!(project.run(&["state", "list", "nothing*"]).ok().stdout, "");

    let json = project.run(&["state", "list", "--json", "index.*"]).ok().json();
    assert_eq!(json["serial"], project.serial());
    assert_eq!(json["resources"][0]["address"], "index.main.public.goods_price_idx");
    assert_eq!(json["resources"][0]["status"], "applied");

    project.run(&["state", "list", "table.main.public.no"]).expect(1).says(&["not_managed", "state list"]);
    project.run(&["state", "list", "tabel.x"]).expect(1).says(&["bad_address", "tabel"]);
    project.run(&["state", "list", "--package", "no"]).expect(1).says(&["not_managed", "there is e2e"]);
    assert!(project.files() == files, "list wrote something");
}

#[test]
fn a_record_follows_a_table_that_was_renamed_by_hand() {
    on_each_server(|server| {
        let project = Project::declaring(server, MODELS);
        project.apply();
        let renamed = "ALTER TABLE goods RENAME TO wares;";
        project.database().run(renamed);
        project.declare(&format!("{MODELS} {renamed}"));
        project.run(&["plan", "--detailed-exitcode"]).expect(2);
        let before = state(&project);
        let oid = |address: &str| project.state()["targets"]["main"]["resources"][address]["oid"].clone();
        let old = oid("table.main.public.goods");
        let moved = project.run(&["state", "mv", "table.main.public.goods", "table.main.public.wares"]).ok();
        moved.says(&[
            "table.main.public.goods -> table.main.public.wares",
            "constraint.main.public.goods.goods_pkey -> constraint.main.public.wares.goods_pkey",
            "The state before is kept in",
            "The next `djogi plan` will have nothing to do.",
        ]);
        assert_eq!(oid("table.main.public.wares"), old);
        was_written_by(&project, "state mv", &before);
        project.is_converged();
        project.run(&["refresh", "--check"]).ok();
    });
}

#[test]
fn a_move_says_what_the_next_plan_will_make_of_it() {
    let project = project();
    let moved =
        project.run(&["state", "mv", "--json", "table.main.public.goods", "table.main.public.wares"]).ok();
    let moved = moved.json();
    let changes = moved["next_plan"]["changes"].as_array().unwrap();
    // The table is there and declared, but not under the address that is recorded.
    let adopted = changes.iter().find(|change| change["address"] == "table.main.public.goods").unwrap();
    assert_eq!(adopted["actions"], serde_json::json!(["adopt"]));
    let gone = changes.iter().find(|change| change["address"] == "table.main.public.wares").unwrap();
    assert_eq!(gone["actions"], serde_json::json!(["forget"]));
    project.apply();
    project.is_converged();
    project.matches(MODELS);
}

#[test]
fn a_column_an_index_and_a_schema_can_be_moved_too() {
    let models = "CREATE SCHEMA shop; CREATE TABLE shop.t (id integer PRIMARY KEY, a integer);
        CREATE INDEX t_a_idx ON shop.t (a) WHERE a > 0;";
    let renames = "ALTER TABLE shop.t RENAME a TO b; ALTER INDEX shop.t_a_idx RENAME TO t_b_idx;
        ALTER SCHEMA shop RENAME TO store;";
    let project = Project::new(&servers()[0]).managing(&["shop", "store"]);
    project.declare(models);
    project.apply();
    project.database().run(renames);
    project.declare(&format!("{models} {renames}"));
    for (from, to) in [
        ("column.main.shop.t.a", "column.main.shop.t.b"),
        ("index.main.shop.t_a_idx", "index.main.shop.t_b_idx"),
        ("schema.main.shop", "schema.main.store"),
    ] {
        project.run(&["state", "mv", from, to]).ok();
    }
    project.is_converged();
    project.run(&["refresh", "--check"]).ok();
}

#[test]
fn a_move_that_cannot_be_is_refused() {
    let project = project();
    let (goods, part) = ("table.main.public.goods", "table.main.public.part");
    for (from, to, parts) in [
        (goods, part, &["already_managed", part][..]),
        (goods, goods, &["bad_move"]),
        ("table.main.public.no", "table.main.public.x", &["not_managed", "djogi state list"]),
        (goods, "index.main.public.x", &["bad_move", "keeps the kind"]),
        (goods, "table.other.public.goods", &["bad_move", "the target"]),
        ("table.elsewhere.public.x", "table.elsewhere.public.y", &["not_managed"]),
        (goods, "nonsense", &["bad_address"]),
    ] {
        is_refused(&project, &["state", "mv", from, to], 1, parts);
    }
    is_refused(
        &project,
        &["state", "mv", goods, "table.main.public.x", "--target", "main"],
        1,
        &["--target"],
    );
}

#[test]
fn what_is_forgotten_stays_in_the_database_and_is_not_touched() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, MODELS);
        project.set_target("destructive = \"allow\"");
        project.apply();
        let before = state(&project);
        let gone = project.run(&["state", "rm", "table.main.public.part"]).ok();
        // Its key and its foreign key go along.
        gone.says(&["Forgot 3 resources", "3 of them are still declared", "adopt table.main.public.part"]);
        was_written_by(&project, "state rm", &before);

        let kept = "CREATE TABLE goods (id integer PRIMARY KEY, price integer CHECK (price > 0));
            CREATE INDEX goods_price_idx ON goods (price);";
        project.declare(kept);
        project.is_converged();
        project.apply();
        project.matches(MODELS);
        project.run(&["plan", "--unmanaged"]).ok().says(&["table.main.public.part"]);
        project.run(&["refresh", "--check"]).ok();
        project.run(&["history"]).ok().says(&["state rm"]);
    });
}

#[test]
fn forgetting_is_the_way_out_when_a_package_has_vanished() {
    let mut project = Project::new(&servers()[0]);
    project.set_target("destructive = \"allow\"");
    let mut declared = project.declarations("CREATE TABLE kept (id int); CREATE TABLE invoices (id int);");
    let invoices = "table.main.public.invoices".parse().unwrap();
    declared.resources.get_mut(&invoices).unwrap().package = "billing".to_owned();
    project.declare_all(&declared);
    project.apply();
    declared.resources.remove(&invoices);
    project.declare_all(&declared);
    let way_out = "djogi state rm --package billing";
    project.run(&["plan"]).expect(1).says(&["packages_vanished", way_out]);
    let words: Vec<&str> = way_out.split(' ').skip(1).collect();
    project.run(&words).ok().says(&["table.main.public.invoices", "nothing to do", "stay as they are"]);
    project.is_converged();
    project.apply();
    assert_eq!(project.database().value("SELECT count(*) FROM invoices"), "0");
}

#[test]
fn nothing_is_forgotten_by_halves() {
    let project = project();
    is_refused(
        &project,
        &["state", "rm", "table.main.public.part", "table.main.public.no"],
        1,
        &["not_managed", "table.main.public.no"],
    );
    is_refused(
        &project,
        &["state", "rm", "column.main.public.part.goods"],
        1,
        &["part of its table", "djogi state rm table.main.public.part"],
    );
    is_refused(
        &project,
        &["state", "rm", "no*"],
        0,
        &["Nothing that is managed fits", "Nothing was written"],
    );
    is_refused(&project, &["state", "rm"], 1, &["ADDRESS"]);
}

#[test]
fn the_state_is_pulled_byte_for_byte_and_pushed_back() {
    let project = project();
    let text = state(&project);
    let pulled = project.run(&["state", "pull"]).ok().stdout;
    assert_eq!(pulled, text);
    project.write("pulled.json", &pulled);
    is_refused(&project, &["state", "push", "pulled.json"], 0, &["Nothing was written"]);

    project.run(&["state", "rm", "table.main.public.part"]).ok();
    // It is older by now: that is what `restore` is for.
    is_refused(
        &project,
        &["state", "push", "pulled.json"],
        5,
        &["state_older", "djogi state restore pulled.json"],
    );
    let before = state(&project);
    project.run(&["state", "push", "pulled.json", "--force"]).ok().says(&["nothing to do"]);
    was_written_by(&project, "state push", &before);
    project.is_converged();
    assert_eq!(
        project.state()["targets"],
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["targets"]
    );
}

#[test]
fn a_state_can_come_through_a_pipe() {
    let project = project();
    let text = state(&project);
    project.run(&["state", "rm", "table.main.public.part"]).ok();
    project.write("old.json", &text);
    let file = fs::File::open(project.root().join("old.json")).unwrap();
    let mut command = project.command(&["state", "push", "-", "--force"]);
    let output = command.stdin(Stdio::from(file)).output().unwrap();
    e2e::Output::from(output).ok();
    project.is_converged();
}

#[test]
fn a_lost_state_is_pushed_back() {
    let project = project();
    let text = state(&project);
    fs::remove_file(project.root().join(".djogi/state.json")).unwrap();
    project.run(&["plan"]).expect(1).says(&["lineage_mismatch"]);
    project.write("copy.json", &text);
    project.run(&["state", "push", "copy.json"]).ok();
    project.is_converged();
}

#[test]
fn what_is_no_state_of_this_project_is_not_pushed() {
    let (project, other) = (project(), project());
    let good = state(&project);
    let foreign = state(&other);
    for (text, parts) in [
        ("", &["state_empty", "pushed.json"][..]),
        (&good[..good.len() / 2], &["state_torn"]),
        (&good.replacen("\"serial\":2", "\"serial\":9", 1), &["state_altered", "edited"]),
        (&good.replace("djogi-state/1", "djogi-state/2"), &["state_newer"]),
        ("{}", &["state_invalid_value"]),
        (&foreign, &["lineage_mismatch", "--force"]),
    ] {
        project.write("pushed.json", text);
        is_refused(&project, &["state", "push", "pushed.json"], 1, parts);
    }
    is_refused(&project, &["state", "push", "nowhere.json"], 1, &["state_unreadable", "nowhere.json"]);
    // A fork: the same serial, another content.
    project.write("fork.json", &good);
    project.run(&["state", "rm", "table.main.public.part"]).ok();
    let forked = state(&project);
    project.write(".djogi/state.json", &good);
    project.run(&["state", "rm", "index.main.public.goods_price_idx"]).ok();
    project.write("fork.json", &forked);
    is_refused(&project, &["state", "push", "fork.json"], 5, &["state_forked"]);

    // Forced, a foreign state takes over, and the plan refuses what does not belong.
    project.write("pushed.json", &foreign);
    let copied = other.state()["targets"]["main"]["catalog"].as_str().unwrap().replace("sha256:", "");
    let catalog = format!(".djogi/catalogs/{copied}.json");
    project.write(&catalog, &other.read(&catalog));
    let forced = project.run(&["state", "push", "pushed.json", "--force"]).ok();
    forced.says(&["will fail", "lineage_mismatch"]);
    assert_eq!(project.state()["lineage"], other.state()["lineage"]);
    project.run(&["plan"]).expect(1).says(&["lineage_mismatch"]);
    let newest = backups(&project).pop().unwrap();
    project.run(&["state", "restore", &newest]).expect(1).says(&["lineage_mismatch"]);
    let name = format!(".djogi/backups/{newest}.json");
    project.run(&["state", "push", &name, "--force"]).ok();
    project.run(&["plan"]).ok();
}

#[test]
fn an_earlier_revision_is_restored_under_a_new_serial() {
    let project = project();
    let (first, serial) = (state(&project), project.serial());
    project.run(&["state", "backup", "copy.json"]).ok().says(&["copy.json"]);
    assert_eq!(project.read("copy.json"), first);
    let kept = project.run(&["state", "backup", "--json"]).ok().json();
    assert_eq!(kept["serial"], serial);
    let name = backups(&project).pop().unwrap();
    assert!(kept["backup"].as_str().unwrap().contains(&name), "{kept}");
    is_refused(&project, &["state", "backup", "copy.json"], 1, &["backup_not_written", "not taken"]);

    for source in [serial.to_string(), format!("{name}.json"), name.clone(), "copy.json".to_owned()] {
        project.run(&["state", "rm", "table.main.public.part"]).ok();
        let before = state(&project);
        project.run(&["state", "restore", &source]).ok().says(&["nothing to do"]);
        was_written_by(&project, "state restore", &before);
        project.is_converged();
        project.run(&["state", "restore", &source]).ok().says(&["Nothing was written"]);
    }
    for (source, code) in [
        ("4711", "no_such_revision"),
        ("1-01ARZ3NDEKTSV4RRFFQ69G5FAV", "no_such_backup"),
        ("nowhere.json", "no_such_backup"),
        ("no/where.json", "state_unreadable"),
        ("djogi.toml", "state_malformed"),
    ] {
        is_refused(&project, &["state", "restore", source], 1, &[code]);
    }
    let newest = backups(&project).pop().unwrap();
    let there_is = ["no backup \"nowhere\"", &newest, "no file `nowhere.json` either"];
    is_refused(&project, &["state", "restore", "nowhere.json"], 1, &there_is);
}

#[test]
fn a_restored_state_learns_from_the_database_what_was_done_since() {
    on_each_server(|server| {
        let project = Project::declaring(server, MODELS);
        project.apply();
        let serial = project.serial();
        let more = format!("{MODELS} CREATE TABLE more (id integer); ALTER TABLE goods ADD note text;");
        project.declare(&more);
        project.apply();
        project.run(&["state", "restore", &serial.to_string()]).ok().never_says(&["unmanaged_conflict"]);
        // What the ledger tells would bring it back at once.
        is_refused(&project, &["state", "rm", "table.main.public.more"], 1, &["not_managed"]);
        is_refused(
            &project,
            &["state", "rm", "table.main.public.part"],
            1,
            &["state_behind", "djogi refresh"],
        );
        project.run(&["refresh"]).ok();
        project.run(&["state", "rm", "table.main.public.part"]).ok();
        project.apply();
        project.is_converged();
        project.matches(&more);
    });
}

#[test]
fn the_state_is_not_moved_while_a_run_works_on_the_target() {
    let mut project = project();
    project.set_target("lock_timeout = \"60s\"\nlock_budget = \"0s\"");
    project.write("copy.json", &state(&project));
    project.declare(&format!("{MODELS} ALTER TABLE part ADD note text;"));
    let mut blocker = project.database().connect();
    blocker.batch_execute("BEGIN; LOCK TABLE part IN ACCESS SHARE MODE").unwrap();
    let apply = project.start(&["apply", "--auto-approve"]);
    let waits = "SELECT count(*) FROM pg_locks WHERE relation = 'part'::regclass AND NOT granted";
    eventually("the apply waits", || project.database().value(waits) == "1");
    for arguments in [
        &["state", "rm", "table.main.public.part"][..],
        &["state", "mv", "table.main.public.part", "table.main.public.x"],
        &["state", "push", "copy.json", "--force"],
        &["state", "restore", "1"],
    ] {
        is_refused(&project, arguments, 4, &["locked"]);
    }
    for arguments in [&["state", "list"][..], &["state", "pull"]] {
        project.run(arguments).ok();
    }
    blocker.batch_execute("COMMIT").unwrap();
    e2e::Output::from(apply.wait_with_output().unwrap()).ok();
}

#[test]
fn the_state_is_moved_though_the_models_cannot_be_had() {
    let project = project();
    project.write("catalog.json", "{");
    let gone = project.run(&["state", "rm", "table.main.public.part"]).ok();
    gone.says(&["Forgot 3 resources", "The next `djogi plan` will fail"]);
    project.declare(MODELS);
    project.apply();
    project.is_converged();
}

#[test]
fn without_a_state_there_is_nothing_to_move() {
    let project = Project::declaring(&servers()[0], MODELS);
    for arguments in [
        &["state", "list"][..],
        &["state", "pull"],
        &["state", "backup"],
        &["state", "rm", "table.main.public.goods"],
        &["state", "mv", "table.main.public.goods", "table.main.public.x"],
    ] {
        is_refused(&project, arguments, 1, &["no_state", "djogi apply"]);
    }
    is_refused(&project, &["state", "restore", "1"], 1, &["no_such_revision"]);
}

#[test]
fn a_damaged_state_is_mended_by_restore_and_by_push_and_its_bytes_are_kept() {
    let after = "CREATE TABLE a (id integer, note text);";
    for backend in ["", "[state]\nbackend = \"postgres\"\n"] {
        on_each_server(|server| {
            let mut project = Project::declaring(server, "CREATE TABLE a (id integer);");
            project.configure_more(backend);
            project.apply();
            project.declare(after);
            project.apply();
            let state = project.run(&["state", "pull"]).ok().stdout;
            let shown = project.run(&["status", "--json"]).ok().json();
            let serial = shown["state"]["serial"].as_u64().unwrap();
            let restore = (serial - 1).to_string();
            for command in [&["state", "restore", restore.as_str()][..], &["state", "push", "whole.json"]] {
                project.write("whole.json", &state);
                let broken = &state[..state.len() / 2];
                if backend.is_empty() {
                    project.write(".djogi/state.json", broken);
                } else {
                    let bytes = broken.replace('\'', "''");
                    project
                        .database()
                        .run(&format!("UPDATE djogi.state SET document = convert_to('{bytes}', 'UTF8')"));
                }
                project.run(&["plan"]).expect(1).says(&["cannot be used"]);
                project.run(command).ok().says(&["is kept in"]);
                let kept = if backend.is_empty() {
                    let entries = std::fs::read_dir(project.root().join(".djogi/backups")).unwrap();
                    let paths = entries.map(|entry| entry.unwrap().path());
                    let mut damaged = paths.filter(|path| path.to_string_lossy().contains("damaged-"));
                    damaged.any(|path| std::fs::read_to_string(path).unwrap() == broken)
                } else {
                    let newest = "SELECT convert_from(document, 'UTF8') FROM djogi.state_quarantine ORDER BY number DESC LIMIT 1";
                    project.database().value(newest) == broken
                };
                assert!(kept, "{command:?}");
                let now = project.run(&["status", "--json"]).ok().json();
                assert!(now["state"]["serial"].as_u64().unwrap() > serial, "{now:#}");
                project.run(&["refresh"]).ok();
                project.apply();
                project.is_converged();
            }
            project.matches(after);
        });
    }
}
