//! `djogi import`: adopts objects that exist already.

use clap::Args;

/// Adopt existing objects into the state; changes no schema object
#[derive(Debug, Clone, Default, Args)]
pub struct ImportArgs {
    /// What to adopt
    #[arg(value_name = "ADDRESS", required_unless_present = "all")]
    pub addresses: Vec<String>,
    /// Adopt everything that is declared and exists
    #[arg(long, conflicts_with = "addresses")]
    pub all: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parsed;

    #[test]
    fn what_to_adopt_is_said_one_way() {
        assert_eq!(parsed::<ImportArgs>(&["a", "b"]).unwrap().addresses, ["a", "b"]);
        assert!(parsed::<ImportArgs>(&["--all"]).unwrap().all);
        assert!(parsed::<ImportArgs>(&[]).is_err());
        assert!(parsed::<ImportArgs>(&["a", "--all"]).is_err());
    }
}
