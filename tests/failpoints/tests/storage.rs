//! A state store whose disk is full, read-only, or holds something else than was written.

mod mounted;

use std::fs;
use std::path::PathBuf;

use e2e::on_each_server;
use failpoints::{Stage, check_what_is_left, finish, plot};

use crate::support::{ledger, played};
use mounted::Mounted;

const STATE: &str = ".djogi/state.json";
const APPLY: &[&str] = &["apply", "--auto-approve"];

/// Ways in which a state is not the one that was written, with what the refusal says of each.
fn damages(state: &[u8]) -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let mut flipped = state.to_vec();
    let digit = flipped.iter().rposition(u8::is_ascii_digit).expect("a digest has digits");
    flipped[digit] ^= 1;
    let newer = String::from_utf8(state.to_vec()).unwrap().replace("djogi-state/1", "djogi-state/9");
    vec![
        ("zero bytes", Vec::new(), "cannot be used"),
        ("torn", state[..state.len() / 2].to_vec(), "cannot be used"),
        ("a flipped bit", flipped, "cannot be used"),
        ("a newer format", newer.into_bytes(), "djogi-state/9"),
        ("an object", b"{}".to_vec(), "cannot be used"),
        ("another file", b"hello".to_vec(), "cannot be used"),
    ]
}

#[test]
fn a_damaged_state_is_refused_by_name_and_changes_nothing_until_it_is_put_back() {
    on_each_server(|server| {
        let plot = plot("change");
        let (template, reference) = played(plot, server);
        let state = template.stage().project.read(STATE).into_bytes();
        for (damage, _, _) in damages(&state) {
            let stage = template.stage();
            let good = stage.project.read(STATE);
            let (_, bytes, words) =
                damages(good.as_bytes()).into_iter().find(|(name, ..)| *name == damage).unwrap();
            let file = stage.project.root().join(STATE);
            fs::write(&file, &bytes).unwrap();
            let rows = ledger(&stage);
            let refused = stage.run(APPLY);
            assert!(matches!(refused.code, Some(1 | 6)), "{damage}: {refused}");
            refused.says(&[words, "state.json"]);
            assert_eq!(ledger(&stage), rows, "{damage}");
            assert_eq!(fs::read(&file).unwrap(), bytes, "{damage}");
            fs::write(&file, &good).unwrap();
            finish(&damage, &stage, plot, reference, false);
        }
    });
}

#[test]
fn a_lost_or_foreign_state_is_not_taken_for_a_new_one() {
    on_each_server(|server| {
        let plot = plot("change");
        let (template, reference) = played(plot, server);
        let stage = template.stage();
        let good = stage.project.read(STATE);
        let rows = ledger(&stage);
        let file = stage.project.root().join(STATE);

        fs::remove_file(&file).unwrap();
        stage.run(APPLY).expect(1).says(&["lineage_mismatch"]);
        assert_eq!(ledger(&stage), rows);

        let (other, _) = played(failpoints::plot("first"), server);
        let other = other.stage();
        other.run(APPLY).ok();
        fs::write(&file, other.project.read(STATE)).unwrap();
        stage.run(APPLY).expect(1).says(&["lineage_mismatch"]);
        assert_eq!(ledger(&stage), rows);

        fs::write(&file, &good).unwrap();
        finish(&"a foreign state", &stage, plot, reference, false);
    });
}

/// Brings the state's folders back to what they were.
fn restore(stage: &Stage, before: &e2e::Files) {
    let root = stage.project.root().join(".djogi");
    let is_file_of_state = |path: &PathBuf| path.starts_with(&root) && !path.is_dir();
    for path in stage.project.files().into_keys().filter(is_file_of_state) {
        if !before.contains_key(&path) {
            fs::remove_file(&path).unwrap();
        }
    }
    for (path, (content, _)) in before.iter().filter(|(path, _)| is_file_of_state(path)) {
        fs::write(path, content).unwrap();
    }
}

#[test]
fn a_power_cut_between_rename_and_directory_sync_costs_the_file_and_nothing_else() {
    on_each_server(|server| {
        let plot = plot("change");
        let (template, reference) = played(plot, server);
        for nth in 1.. {
            let stage = template.stage();
            let points = format!("state.after_file_sync=pause@{nth},state.after_rename=pause@{nth}");
            let mut run = stage.start(APPLY, &points);
            if !stage.await_pause("state.after_file_sync", || run.try_wait().unwrap().is_some()) {
                assert!(nth > 2, "a run writes its catalog and its state, and has written {}", nth - 1);
                break;
            }
            let before = stage.project.files();
            stage.release("state.after_file_sync");
            assert!(stage.await_pause("state.after_rename", || run.try_wait().unwrap().is_some()));
            run.kill().unwrap();
            let output: e2e::Output = run.wait_with_output().unwrap().into();
            // The file has its old name, and who reads the new one finds what was there before.
            restore(&stage, &before);
            let case = format!("rename {nth} was lost");
            check_what_is_left(&case, &stage, plot, reference, &output);
            finish(&case, &stage, plot, reference, false);
        }
    });
}

#[test]
fn an_older_state_of_the_same_lineage_is_rolled_forward() {
    on_each_server(|server| {
        let plot = plot("change");
        let (template, reference) = played(plot, server);
        let stage = template.stage();
        let older = stage.project.read(STATE);
        stage.run(APPLY).ok();
        stage.project.write(STATE, &older);
        finish(&"an older state", &stage, plot, reference, false);
    });
}

/// The stage's state store is on a file system of its own.
fn on_its_own_disk(stage: &Stage, kilobytes: u32) -> Option<Mounted> {
    let folder: PathBuf = stage.project.root().join(".djogi");
    let files: Vec<(PathBuf, Vec<u8>)> = stage
        .project
        .files()
        .into_iter()
        .filter(|(path, _)| path.starts_with(&folder) && path.is_file())
        .map(|(path, (content, _))| (path, content))
        .collect();
    let mounted = Mounted::tmpfs(&folder, kilobytes)?;
    for (path, content) in files {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
    }
    Some(mounted)
}

#[test]
fn a_full_disk_is_found_before_anything_is_done() {
    on_each_server(|server| {
        let plot = plot("change");
        let (template, reference) = played(plot, server);
        let stage = template.stage();
        let Some(disk) = on_its_own_disk(&stage, 4096) else { return };
        let ballast = disk.fill();
        let (rows, state) = (ledger(&stage), stage.project.read(STATE));
        let refused = stage.run(APPLY).expect(1).says(&["no space left"]);
        assert_eq!(ledger(&stage), rows);
        assert_eq!(stage.project.read(STATE), state);
        check_what_is_left(&"a full disk", &stage, plot, reference, &refused);
        fs::remove_file(ballast).unwrap();
        finish(&"a full disk", &stage, plot, reference, false);
    });
}

#[test]
fn a_disk_that_fills_up_or_turns_read_only_in_a_run_costs_the_record_and_not_the_work() {
    on_each_server(|server| {
        for point in ["apply.between_groups", "apply.before_state_write", "state.after_tmp_write"] {
            for is_full in [true, false] {
                let plot = plot("change");
                let (template, reference) = played(plot, server);
                let stage = template.stage();
                let Some(disk) = on_its_own_disk(&stage, 4096) else { return };
                let mut run = stage.start(APPLY, &format!("{point}=pause"));
                assert!(stage.await_pause(point, || run.try_wait().unwrap().is_some()));
                let ballast = is_full.then(|| disk.fill());
                // With a file open for writing it stays writable; then there is nothing to see here.
                let is_read_only = !is_full && disk.set_read_only(true);
                stage.release(point);
                let output: e2e::Output = run.wait_with_output().unwrap().into();
                let case = format!("{point}, full {is_full}, read-only {is_read_only}");
                if is_read_only || is_full && point != "state.after_tmp_write" {
                    assert_eq!(output.code, Some(1), "{case}: {output}");
                }
                if is_read_only {
                    assert!(disk.set_read_only(false), "it can be written to again");
                }
                if let Some(ballast) = ballast {
                    fs::remove_file(ballast).unwrap();
                }
                check_what_is_left(&case, &stage, plot, reference, &output);
                finish(&case, &stage, plot, reference, false);
            }
        }
    });
}
