//! Which state, ledger and database go together.

use djogi_cluster::identity::{Epoch, Lineage};
use djogi_cluster::ledger::Lease;
use djogi_cluster::state::{Misplaced, State, check_belonging};
use djogi_core::disposition::Reason;
use djogi_core::observation::{DatabaseIdentity, ServerVersion};

use super::support::{content, ident, identity, written_by};

fn state(lineage: Lineage) -> State {
    State::first(lineage, content("a"), written_by())
}

fn lease(lineage: Lineage, epoch: u64) -> Lease {
    Lease { lineage, epoch: Epoch::new(epoch), holder: None, last_op: None }
}

fn check(state: Option<&State>, found: &DatabaseIdentity, lease: Option<&Lease>) -> Result<(), Misplaced> {
    check_belonging(".djogi/state.json", state, &ident("main"), found, lease)
}

#[test]
fn a_new_project_meets_a_database_without_ledger() {
    assert_eq!(check(None, &identity(), None), Ok(()));
}

#[test]
fn a_state_fits_its_own_database_at_its_epoch_or_a_later_one() {
    let lineage = Lineage::generate();
    for epoch in [3, 4] {
        assert_eq!(check(Some(&state(lineage)), &identity(), Some(&lease(lineage, epoch))), Ok(()));
    }
    let upgraded = DatabaseIdentity { server_version: ServerVersion(180_005), ..identity() };
    assert_eq!(check(Some(&state(lineage)), &upgraded, Some(&lease(lineage, 3))), Ok(()));
}

#[test]
fn a_lost_state_is_not_a_new_project() {
    let lineage = Lineage::generate();
    let lost = check(None, &identity(), Some(&lease(lineage, 3))).unwrap_err();
    assert_eq!(lost.reason(), Reason::LineageMismatch);
    assert!(lost.to_string().contains(&lineage.to_string()) && lost.help().contains("state.json"), "{lost}");
}

#[test]
fn another_database_and_another_cluster_are_foreign() {
    let lineage = Lineage::generate();
    for found in [
        DatabaseIdentity { database: "crm".into(), ..identity() },
        DatabaseIdentity { system_identifier: "9".into(), ..identity() },
    ] {
        let foreign = check(Some(&state(lineage)), &found, Some(&lease(lineage, 3))).unwrap_err();
        assert!(matches!(foreign, Misplaced::OtherDatabase { .. }), "{foreign}");
        assert_eq!(foreign.reason(), Reason::LineageMismatch);
    }
}

#[test]
fn a_ledger_of_another_state_is_foreign() {
    let foreign = check(Some(&state(Lineage::generate())), &identity(), Some(&lease(Lineage::generate(), 3)));
    let foreign = foreign.unwrap_err();
    assert!(matches!(foreign, Misplaced::OtherState { .. }), "{foreign}");
    assert_eq!(foreign.reason(), Reason::LineageMismatch);
}

#[test]
fn a_database_older_than_the_state_has_regressed() {
    let lineage = Lineage::generate();
    for lease in [None, Some(lease(lineage, 2))] {
        let older = check(Some(&state(lineage)), &identity(), lease.as_ref()).unwrap_err();
        assert_eq!(older.reason(), Reason::CatalogRegressed, "{older}");
        assert!(older.help().contains("djogi refresh"));
    }
}
