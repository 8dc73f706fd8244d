//! Indexes and their keys, as a model declares them.

/// An index that belongs to no constraint.
#[derive(Clone, Copy, Debug)]
pub struct IndexDescriptor {
    pub name: Option<&'static str>,
    pub line: u32,
    pub method: &'static str,
    pub keys: &'static [KeyDescriptor],
    pub include: &'static [&'static str],
    pub unique: bool,
    pub nulls_not_distinct: bool,
    pub predicate: Option<&'static str>,
    /// Storage parameters with their values as PostgreSQL keeps them: `("fillfactor", "90")`.
    pub options: &'static [(&'static str, &'static str)],
    pub comment: Option<&'static str>,
}

impl IndexDescriptor {
    pub const fn new(line: u32, keys: &'static [KeyDescriptor]) -> Self {
        Self {
            name: None,
            line,
            method: "btree",
            keys,
            include: &[],
            unique: false,
            nulls_not_distinct: false,
            predicate: None,
            options: &[],
            comment: None,
        }
    }
}

/// One key of an index or exclusion constraint.
#[derive(Clone, Copy, Debug)]
pub struct KeyDescriptor {
    pub on: KeyTarget,
    /// A collation, `name` or `schema.name`.
    pub collation: Option<&'static str>,
    /// An operator class, `name` or `schema.name`.
    pub opclass: Option<&'static str>,
    pub descending: bool,
    /// `None` is PostgreSQL's rule: last when ascending, first when descending.
    pub nulls_first: Option<bool>,
}

impl KeyDescriptor {
    pub const fn column(column: &'static str) -> Self {
        Self::on(KeyTarget::Column(column))
    }

    pub const fn expression(sql: &'static str) -> Self {
        Self::on(KeyTarget::Expression(sql))
    }

    const fn on(on: KeyTarget) -> Self {
        Self { on, collation: None, opclass: None, descending: false, nulls_first: None }
    }
}

/// What an index key is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyTarget {
    Column(&'static str),
    Expression(&'static str),
}
