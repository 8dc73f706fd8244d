//! The JSON Schema of `state.json`, made from its types.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::text::Read;

/// What stands in `state.json`, as JSON Schema 2020-12.
pub fn json_schema() -> Value {
    // A key that may be null is there all the same, as in everything that djogi writes.
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<Read>();
    schema.insert("title".to_owned(), "djogi state".into());
    schema.insert("description".to_owned(), "The state of a djogi project: state.json.".into());
    schema.to_value()
}
