//! What is tried in a scratch database is what is declared, without what only the target has; and it is put back.

use djogi_core::declared::{Declaration, Source};
use djogi_core::kind::Extension;
use djogi_core::model::view_columns::{self, ColumnMismatch};
use djogi_core::{Address, Resource};

/// A column of a view that is not as its model says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{source_place}: {address}: {mismatch}")]
pub struct ViewColumn {
    pub address: Address,
    /// The field, or the model when it has none for the column.
    pub source_place: Source,
    pub mismatch: ColumnMismatch,
}

/// The declaration as any server of the major version takes it: without roles, tablespaces, foreign servers and versions of extensions,
/// and without what stands on columns of a view before they are known.
pub(crate) fn attempted(declared: &Resource) -> Resource {
    let mut tried = view_columns::without_column_comments(declared);
    match &mut tried {
        // Which version the scratch server has makes no difference to how expressions print.
        Resource::Extension(extension) => *extension = Extension { version: None, ..extension.clone() },
        Resource::Policy(policy) => policy.roles = Vec::new(),
        Resource::Table(table) => {
            table.properties.tablespace = None;
            // Whatever its server is, the expressions of a foreign table are those of an ordinary one.
            table.foreign = None;
            table.columns.iter_mut().for_each(|column| column.properties.foreign_options.clear());
        }
        Resource::MaterializedView(view) => view.tablespace = None,
        _ => {}
    }
    tried
}

/// Puts back what was left out, and compares the columns of a view with what its model expects.
pub(crate) fn settle(address: &Address, declaration: &Declaration, given: &mut Resource) -> Vec<ViewColumn> {
    let declared = &*declaration.resource;
    match (declared, &mut *given) {
        (Resource::Extension(declared), Resource::Extension(given)) => given.clone_from(declared),
        (Resource::Policy(declared), Resource::Policy(given)) => given.roles.clone_from(&declared.roles),
        (Resource::Table(declared), Resource::Table(given)) => {
            given.properties.tablespace.clone_from(&declared.properties.tablespace);
            // Their indexes may have been no part of the attempt.
            given.properties.replica_identity.clone_from(&declared.properties.replica_identity);
            given.properties.cluster_on.clone_from(&declared.properties.cluster_on);
            given.foreign.clone_from(&declared.foreign);
            for column in &mut given.columns {
                let options = declared.column(&column.name).map(|column| &column.properties.foreign_options);
                column.properties.foreign_options = options.cloned().unwrap_or_default();
            }
        }
        (Resource::MaterializedView(declared), Resource::MaterializedView(given)) => {
            given.tablespace.clone_from(&declared.tablespace);
        }
        _ => {}
    }
    let at = |mismatch: &ColumnMismatch| {
        let Source { file, line } = declaration.source.clone();
        Source { file, line: declaration.column_lines.get(mismatch.column()).copied().unwrap_or(line) }
    };
    view_columns::settle(declared, given)
        .into_iter()
        .map(|mismatch| ViewColumn { address: address.clone(), source_place: at(&mismatch), mismatch })
        .collect()
}
