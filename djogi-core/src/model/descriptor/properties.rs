//! How a table and its columns are stored, as a model declares it.

/// A parameter with its value as PostgreSQL keeps it: `("fillfactor", "90")`.
pub type ParameterDescriptor = (&'static str, &'static str);

/// The properties of a table or a materialized view.
#[derive(Clone, Copy, Debug)]
pub struct StorageDescriptor {
    /// Storage parameters; those of the TOAST table begin with `toast.`.
    pub parameters: &'static [ParameterDescriptor],
    pub unlogged: bool,
    pub tablespace: Option<&'static str>,
    pub access_method: Option<&'static str>,
    pub replica_identity: ReplicaIdentityDescriptor,
}

impl StorageDescriptor {
    pub const DEFAULT: Self = Self {
        parameters: &[],
        unlogged: false,
        tablespace: None,
        access_method: None,
        replica_identity: ReplicaIdentityDescriptor::Default,
    };
}

/// What tells a subscriber which row was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaIdentityDescriptor {
    /// The primary key.
    Default,
    Nothing,
    Full,
    /// A unique index, or the constraint of that name.
    Index(&'static str),
}

/// How a column is stored and what is known of it.
#[derive(Clone, Copy, Debug)]
pub struct ColumnStorageDescriptor {
    /// `plain`, `external`, `extended` or `main`.
    pub storage: Option<&'static str>,
    /// `pglz` or `lz4`.
    pub compression: Option<&'static str>,
    /// How much `ANALYZE` collects.
    pub statistics: Option<i32>,
}

impl ColumnStorageDescriptor {
    pub const DEFAULT: Self = Self { storage: None, compression: None, statistics: None };
}
