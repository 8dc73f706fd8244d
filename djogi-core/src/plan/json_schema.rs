//! The JSON Schema of the plan document, made from its types.

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::document::PlanDocument;

/// What `djogi plan --json` prints, as JSON Schema 2020-12.
pub fn json_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<PlanDocument>();
    schema.insert("title".to_owned(), "djogi plan".into());
    schema.to_value()
}
