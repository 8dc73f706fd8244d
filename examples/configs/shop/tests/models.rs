//! The declarations of the shop are linked into whoever anchors the crate, and make one consistent catalog.

use djogi_core::Ident;
use djogi_core::model::{LinkedModels, lower, models, objects};

djogi_core::link_anchor!(shop);

#[test]
fn all_declarations_are_linked_and_consistent() {
    let lowered =
        lower(&models(&[&LinkedModels]), &objects(&[&LinkedModels]), &Ident::new("main").unwrap()).unwrap();
    let addresses: Vec<String> = lowered.resources.keys().map(ToString::to_string).collect();
    insta::assert_snapshot!(addresses.join("\n"));
}
