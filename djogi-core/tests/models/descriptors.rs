//! What the derives write.

use djogi_core::model::{self, LinkedModels};
use djogi_core::{Model, PgEnum};

use super::beyond_tables::{Filling, Parcel, Word};
use super::every_attribute::{Order, State, Tenant};

#[test]
fn every_attribute_reaches_the_descriptor() {
    insta::assert_debug_snapshot!("order", Order::DESCRIPTOR);
    insta::assert_debug_snapshot!("tenant", Tenant::DESCRIPTOR);
    insta::assert_debug_snapshot!("state", State::ENUM);
    insta::assert_debug_snapshot!("parcel", Parcel::DESCRIPTOR);
    insta::assert_debug_snapshot!("filling", Filling::DESCRIPTOR);
    insta::assert_debug_snapshot!("word", Word::DESCRIPTOR);
}

#[test]
fn every_derived_model_is_registered() {
    let names: Vec<_> = model::models(&[&LinkedModels]).iter().map(|model| model.name).collect();
    assert_eq!(names, ["Tenant", "Depot", "Filling", "Parcel", "Key", "Word", "Person", "Order"]);
}

#[test]
fn every_object_beside_the_models_is_registered() {
    insta::assert_debug_snapshot!("objects", model::objects(&[&LinkedModels]));
}
