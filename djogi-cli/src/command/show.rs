//! `djogi show`: what state knows about a resource, now or at a past revision.

use clap::Args;

/// Show a resource, or all of them; writes nothing
#[derive(Debug, Clone, Default, Args)]
pub struct ShowArgs {
    /// The resource, such as table.main.public.orders
    #[arg(value_name = "ADDRESS")]
    pub address: Option<String>,
    /// The serial of a past state
    #[arg(long, value_name = "SERIAL")]
    pub revision: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::parsed;

    #[test]
    fn a_revision_is_a_serial() {
        let args: ShowArgs = parsed(&["table.main.public.orders", "--revision", "7"]).unwrap();
        assert_eq!(args.address.as_deref(), Some("table.main.public.orders"));
        assert_eq!(args.revision, Some(7));
        assert!(parsed::<ShowArgs>(&["--revision", "last"]).is_err());
    }
}
