//! Whether what is said of migrations is said of any that there can be.

use std::collections::BTreeSet;

use djogi_core::Ident;
use djogi_core::migration::{Rules, possible_names};
use djogi_core::plan::TargetInputs;

/// `[live.NAME]` of a name that no migration can have.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "`[live.{name}]` is about no live migration: none of the declared columns would have one of this name"
)]
pub struct UnknownRule {
    pub name: Ident,
}

impl UnknownRule {
    pub(crate) fn help(&self) -> String {
        "one that fills a column is called <table>_<column>_fill, with the schema before it where that is not `public`: \
         [live.users_email_fill]"
            .to_owned()
    }
}

/// For all targets of a configuration.
///
/// # Errors
/// The first rule that is about nothing.
pub(crate) fn check_names(rules: &Rules, targets: &[TargetInputs]) -> Result<(), UnknownRule> {
    if rules.is_empty() {
        return Ok(());
    }
    let known: BTreeSet<Ident> = targets.iter().flat_map(|target| possible_names(&target.desired)).collect();
    match rules.keys().find(|name| !known.contains(*name)) {
        Some(name) => Err(UnknownRule { name: name.clone() }),
        None => Ok(()),
    }
}
