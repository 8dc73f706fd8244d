//! Options of foreign data, as the catalogs have them.

use djogi_core::kind::{ForeignOption, ForeignOptions, Secrecy};

use super::reader::{FieldError, Fields};

/// The next field: `{name=value,...}`, or none.
pub(super) fn options(row: &mut Fields<'_>, secrecy: Secrecy) -> Result<ForeignOptions, FieldError> {
    let texts = row.take::<Option<Vec<&str>>>()?.unwrap_or_default();
    Ok(texts.into_iter().map(|text| ForeignOption::of_catalog(text, secrecy)).collect())
}
