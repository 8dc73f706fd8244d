//! What a model's relation is, when it is no table.

use super::ParameterDescriptor;

/// Whether the struct's rows are stored or queried.
#[derive(Clone, Copy, Debug)]
pub enum RelationDescriptor {
    Table,
    View(ViewDescriptor),
    /// Its storage is that of a table.
    MaterializedView {
        query: &'static str,
    },
}

impl RelationDescriptor {
    /// The query of a view.
    pub const fn query(&self) -> Option<&'static str> {
        match self {
            RelationDescriptor::Table => None,
            RelationDescriptor::View(view) => Some(view.query),
            RelationDescriptor::MaterializedView { query } => Some(query),
        }
    }
}

/// A view.
#[derive(Clone, Copy, Debug)]
pub struct ViewDescriptor {
    pub query: &'static str,
    /// `security_invoker`, `security_barrier`, `check_option`.
    pub options: &'static [ParameterDescriptor],
}

impl ViewDescriptor {
    pub const fn new(query: &'static str) -> Self {
        Self { query, options: &[] }
    }
}
