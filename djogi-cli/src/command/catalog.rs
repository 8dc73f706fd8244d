//! `djogi catalog`: the models as a file, for a `djogi` that does not have them linked in.

use std::path::PathBuf;

use clap::Args;

/// Export the declared catalog, for `[models] catalog = "catalog.json"`
#[derive(Debug, Clone, Default, Args)]
pub struct CatalogArgs {
    /// Write to a file instead of standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}
