//! The files of seeds, read for the target that each belongs to.

use std::collections::BTreeMap;

use djogi_core::Ident;
use djogi_core::declared::Source;
use djogi_core::seed::DeclaredSeed;

use crate::config::Project;
use crate::diagnostic::{CliError, Diagnostic};
use crate::sql_files::text;

/// The seeds of every target that has any, sorted by their names. Those that name no target belong to `default_target`.
///
/// # Errors
/// Every file that cannot be read.
pub(crate) fn read(
    project: &Project,
    default_target: &Ident,
) -> Result<BTreeMap<Ident, Vec<DeclaredSeed>>, CliError> {
    let (mut found, mut wrong): (BTreeMap<Ident, Vec<_>>, Vec<Diagnostic>) = Default::default();
    let configuration = project.file.display().to_string();
    for seed in &project.config.seeds {
        let target = seed.target.as_ref().and_then(|target| Ident::new(target).ok());
        match text(&project.root.join(&seed.file), &seed.file) {
            Ok(text) => found.entry(target.unwrap_or_else(|| default_target.clone())).or_default().push(
                DeclaredSeed {
                    name: seed.name.clone(),
                    table: seed.table.clone(),
                    key: seed.key.clone(),
                    secret: seed.secret.clone(),
                    file: seed.file.clone(),
                    format: seed.format.clone(),
                    text,
                    source: Source {
                        file: configuration.clone(),
                        line: u32::try_from(seed.line).unwrap_or(u32::MAX),
                    },
                },
            ),
            Err(diagnostic) => {
                let help = format!("it is the `file` of [seed.{}], relative to djogi.toml", seed.name);
                wrong.push(diagnostic.help(help));
            }
        }
    }
    for seeds in found.values_mut() {
        seeds.sort_by(|a, b| a.name.cmp(&b.name));
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong.into()) }
}
