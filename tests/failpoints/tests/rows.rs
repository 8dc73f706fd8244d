//! Rows of the sweep that elsewhere are met in planted files alone, reached by killing a run: A1, P2, and an approval
//! that a statement outside transactions spends.

use std::collections::BTreeSet;

use djogi_cluster::identity::ApprovalId;
use djogi_cluster::state::Sidecar;
use djogi_core::Digest;
use e2e::{Output, on_each_server};
use failpoints::{CROWD, Plot, Stage, Template, finish, plot};

use crate::support::played;

const APPLY: &[&str] = &["apply", "--auto-approve"];
const ONLINE: &[&str] = &["apply", "--auto-approve", "--online", "always"];

fn dies(stage: &Stage, arguments: &[&str], points: &str) -> Output {
    let output = stage.run_disturbed(arguments, points);
    assert_eq!(output.code, None, "{points}: {output}");
    output
}

/// The rows that `djogi recover` tells.
fn pending(stage: &Stage) -> Vec<String> {
    rows(&stage.run(&["recover", "--json"]).ok().json())
}

/// The rows that the state remembers.
fn remembered(stage: &Stage) -> Vec<String> {
    rows(&stage.state_document())
}

fn rows(document: &serde_json::Value) -> Vec<String> {
    let recoveries = document["recoveries"].as_array().expect("recoveries").iter();
    recoveries.map(|recovery| recovery["row"].as_str().expect("a row").to_owned()).collect()
}

fn uses(stage: &Stage) -> Vec<Vec<String>> {
    stage.project.database().rows("SELECT approval_id, op_id FROM djogi.approval_use")
}

fn blocking<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn unused_catalogs(stage: &Stage) -> BTreeSet<Digest> {
    blocking(stage.store().unused_catalogs()).unwrap()
}

#[test]
fn a1_an_approval_whose_run_died_after_its_commit_is_marked_as_spent() {
    on_each_server(|server| {
        let plot = plot("approved");
        let (template, reference) = played(plot, server);
        for point in ["group.after_commit", "approval.before_write"] {
            let stage = template.stage();
            dies(&stage, APPLY, &format!("{point}=kill"));
            assert!(pending(&stage).contains(&"A1".to_owned()), "{point}: {:?}", pending(&stage));
            let (spent, files) = (uses(&stage), stage.project.files());
            assert_eq!(spent.len(), 1, "{point}");
            stage.run(APPLY).ok();
            assert!(remembered(&stage).contains(&"A1".to_owned()), "{point}: {:?}", remembered(&stage));
            assert_eq!((pending(&stage), uses(&stage)), (Vec::new(), spent), "{point}");
            assert_ne!(stage.project.files(), files);
            finish(&point, &stage, plot, reference, true);
        }
    });
}

#[test]
fn p2_a_catalog_whose_run_died_before_it_could_publish_is_removed() {
    on_each_server(|server| {
        let (template, _) = played(plot("change"), server);
        let stage = template.stage();
        let before = unused_catalogs(&stage);
        dies(&stage, APPLY, "state.cas_lost=kill");
        let orphans: Vec<Digest> = unused_catalogs(&stage).difference(&before).copied().collect();
        assert_eq!(orphans.len(), 1, "the catalog of the state that was not published");
        // What is recorded now is another catalog.
        stage.project.database().run("COMMENT ON TABLE part IS 'by hand'");
        stage.run(&["refresh"]).ok();
        assert!(remembered(&stage).contains(&"P2".to_owned()), "{:?}", remembered(&stage));
        assert_eq!(unused_catalogs(&stage), BTreeSet::new());
        stage.run(APPLY).ok();
        stage.run(&["plan", "--detailed-exitcode"]).ok();
    });
}

/// What an approval allows to be dropped, beside an index that is dropped concurrently.
static DROPS: Plot = Plot {
    name: "drops",
    before:
        "CREATE TABLE goods (id integer PRIMARY KEY, label text); CREATE INDEX goods_label ON goods (label);
             CREATE TABLE obsolete (id integer PRIMARY KEY);",
    by_hand: "",
    after: "CREATE TABLE goods (id integer PRIMARY KEY, label text);",
    renames: &[],
    settings: "destructive = \"approve\"",
    prelude: &[&["approve", "table.main.public.obsolete", "--reason", "nobody uses it"]],
    ..CROWD
};

/// Gives the sidecar of the interrupted statement the one approval that there is: no plan of today lets a statement
/// outside transactions spend one, and the sweep must do so all the same.
fn let_it_spend(stage: &Stage) -> Sidecar {
    blocking(async {
        let store = stage.store();
        let approval: ApprovalId = store.approvals().await.unwrap()[0].approval.as_ref().unwrap().id;
        let sidecars = store.sidecars().await.unwrap().into_iter().map(|found| found.sidecar.unwrap());
        let mut sidecar = sidecars.into_iter().find(|sidecar| sidecar.operation.is_some()).unwrap();
        sidecar.approval_id = Some(approval);
        sidecar.groups[0].approvals = vec![approval];
        store.put_sidecar(&sidecar).await.unwrap();
        sidecar
    })
}

#[test]
fn an_approval_of_a_concurrent_statement_is_spent_once_however_often_its_recovery_dies() {
    on_each_server(|server| {
        let template = Template::make(&DROPS, server);
        for point in
            ["sweep.before_op_row", "sweep.before_persist", "sweep.after_persist", "sweep.before_cleanup"]
        {
            let stage = template.stage();
            stage
                .project
                .declare(&format!("{} CREATE TABLE obsolete (id integer PRIMARY KEY);", DROPS.after));
            // The index is dropped, and nothing says so.
            dies(&stage, ONLINE, "concurrent.before_op_row=kill");
            let sidecar = let_it_spend(&stage);
            assert!(uses(&stage).is_empty(), "{point}");
            for _ in 0..2 {
                let output = stage.run_disturbed(APPLY, &format!("{point}=kill"));
                assert!(matches!(output.code, None | Some(0)), "{point}: {output}");
            }
            stage.run(APPLY).ok();
            assert!(remembered(&stage).contains(&"X1".to_owned()), "{point}: {:?}", remembered(&stage));
            let (approval, op) = (sidecar.approval_id.unwrap().to_string(), sidecar.op_id.to_string());
            for _ in 0..2 {
                assert_eq!(uses(&stage), [[approval.clone(), op.clone()]], "{point}");
                let rows = format!("SELECT count(*) FROM djogi.op WHERE op_id = '{op}'");
                assert_eq!(stage.project.database().value(&rows), "1", "{point}");
                let listed = stage.run(&["approvals", "--json"]).ok().json();
                assert_eq!(listed["approvals"][0]["status"], "spent", "{point}");
                stage.run(&["history"]).ok().says(&["obsolete by tester@e2e: nobody uses it"]);
                assert!(pending(&stage).is_empty(), "{point}");
                stage.run(APPLY).ok();
            }
            stage.run(&["plan", "--detailed-exitcode"]).ok();
            // It allows nothing more.
            stage.project.declare(DROPS.after);
            stage.run(APPLY).expect(3).says(&["djogi approve table.main.public.obsolete"]);
        }
    });
}
