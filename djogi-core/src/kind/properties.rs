//! How PostgreSQL stores and watches a table and its columns: what no query result depends on but what rows are seen.

use serde::{Deserialize, Serialize};

use super::foreign_option::{ForeignOptions, OptionChange, changes};
use super::is_default;
use super::parameters::{ParameterChange, Parameters};
use crate::ident::Ident;

/// What identifies a row that is updated or deleted to a subscriber (`REPLICA IDENTITY`, manual section 29.1.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplicaIdentity {
    /// The primary key.
    #[default]
    Default,
    Nothing,
    Full,
    /// A unique index, or the constraint of that name.
    Index(Ident),
}

/// The properties of a table, each as `CREATE TABLE` leaves it when nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableProperties {
    #[serde(default, skip_serializing_if = "is_default")]
    pub unlogged: bool,
    /// Storage parameters; those of the TOAST table begin with `toast.`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Parameters,
    /// `None` is `heap`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub access_method: Option<Ident>,
    /// `None` is that of the database.
    #[serde(default, skip_serializing_if = "is_default")]
    pub tablespace: Option<Ident>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub replica_identity: ReplicaIdentity,
    /// The index, or the constraint of that name, by which `CLUSTER` orders the rows.
    #[serde(default, skip_serializing_if = "is_default")]
    pub cluster_on: Option<Ident>,
    /// `ENABLE ROW LEVEL SECURITY`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub row_security: bool,
    /// `FORCE ROW LEVEL SECURITY`: for the owner as well.
    #[serde(default, skip_serializing_if = "is_default")]
    pub force_row_security: bool,
}

/// What can change about a table's properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyAlteration {
    SetUnlogged(bool),
    SetAccessMethod(Option<Ident>),
    SetTablespace(Option<Ident>),
    SetOptions(ParameterChange),
    SetReplicaIdentity(ReplicaIdentity),
    SetClusterOn(Option<Ident>),
    SetRowSecurity(bool),
    ForceRowSecurity(bool),
}

impl PropertyAlteration {
    /// Whether it names an index, which must be there first.
    pub fn names_index(&self) -> bool {
        matches!(self, Self::SetReplicaIdentity(ReplicaIdentity::Index(_)) | Self::SetClusterOn(Some(_)))
    }
}

impl TableProperties {
    /// The indexes, or constraints, that they name.
    pub fn named_indexes(&self) -> impl Iterator<Item = &Ident> {
        let identity = match &self.replica_identity {
            ReplicaIdentity::Index(index) => Some(index),
            ReplicaIdentity::Default | ReplicaIdentity::Nothing | ReplicaIdentity::Full => None,
        };
        identity.into_iter().chain(&self.cluster_on)
    }

    pub(crate) fn named_indexes_mut(&mut self) -> impl Iterator<Item = &mut Ident> {
        let identity = match &mut self.replica_identity {
            ReplicaIdentity::Index(index) => Some(index),
            ReplicaIdentity::Default | ReplicaIdentity::Nothing | ReplicaIdentity::Full => None,
        };
        identity.into_iter().chain(&mut self.cluster_on)
    }

    /// What says that `index` is what they name it for: it is lost when the index is made anew.
    pub fn of_index(&self, index: &Ident) -> Vec<PropertyAlteration> {
        let identity = PropertyAlteration::SetReplicaIdentity(self.replica_identity.clone());
        let cluster_on = PropertyAlteration::SetClusterOn(self.cluster_on.clone());
        let names = |alteration: &PropertyAlteration| match alteration {
            PropertyAlteration::SetReplicaIdentity(ReplicaIdentity::Index(named))
            | PropertyAlteration::SetClusterOn(Some(named)) => named == index,
            _ => false,
        };
        [identity, cluster_on].into_iter().filter(names).collect()
    }

    pub fn alterations(&self, desired: &Self) -> Vec<PropertyAlteration> {
        use PropertyAlteration as Alter;
        let Self {
            unlogged,
            options,
            access_method,
            tablespace,
            replica_identity,
            cluster_on,
            row_security,
            force_row_security,
        } = self;
        let mut alterations = Vec::new();
        if *access_method != desired.access_method {
            alterations.push(Alter::SetAccessMethod(desired.access_method.clone()));
        }
        if *tablespace != desired.tablespace {
            alterations.push(Alter::SetTablespace(desired.tablespace.clone()));
        }
        if *unlogged != desired.unlogged {
            alterations.push(Alter::SetUnlogged(desired.unlogged));
        }
        alterations.extend(ParameterChange::between(options, &desired.options).map(Alter::SetOptions));
        if *row_security != desired.row_security {
            alterations.push(Alter::SetRowSecurity(desired.row_security));
        }
        if *force_row_security != desired.force_row_security {
            alterations.push(Alter::ForceRowSecurity(desired.force_row_security));
        }
        if *replica_identity != desired.replica_identity {
            alterations.push(Alter::SetReplicaIdentity(desired.replica_identity.clone()));
        }
        if *cluster_on != desired.cluster_on {
            alterations.push(Alter::SetClusterOn(desired.cluster_on.clone()));
        }
        alterations
    }
}

/// The properties of a column, each as a new column has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnProperties {
    /// `plain`, `external`, `extended` or `main`; `None` is that of the type.
    #[serde(default, skip_serializing_if = "is_default")]
    pub storage: Option<String>,
    /// `pglz` or `lz4`; `None` is that of the server.
    #[serde(default, skip_serializing_if = "is_default")]
    pub compression: Option<String>,
    /// How much `ANALYZE` collects; `None` is the default.
    #[serde(default, skip_serializing_if = "is_default")]
    pub statistics: Option<i32>,
    /// `n_distinct`, `n_distinct_inherited`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub options: Parameters,
    /// What the server of a foreign table is told of the column.
    #[serde(default, skip_serializing_if = "is_default")]
    pub foreign_options: ForeignOptions,
}

/// What can change about a column's properties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnPropertyAlteration {
    SetStorage(Option<String>),
    SetCompression(Option<String>),
    SetStatistics(Option<i32>),
    SetOptions(ParameterChange),
    SetForeignOptions(Vec<OptionChange>),
}

impl ColumnProperties {
    /// With another type or collation (`retyped`) PostgreSQL chooses storage and compression anew.
    pub fn alterations(&self, desired: &Self, retyped: bool) -> Vec<ColumnPropertyAlteration> {
        use ColumnPropertyAlteration as Alter;
        let Self { storage, compression, statistics, options, foreign_options } = self;
        let (storage, compression) = if retyped { (&None, &None) } else { (storage, compression) };
        let mut alterations = Vec::new();
        if *storage != desired.storage {
            alterations.push(Alter::SetStorage(desired.storage.clone()));
        }
        if *compression != desired.compression {
            alterations.push(Alter::SetCompression(desired.compression.clone()));
        }
        if *statistics != desired.statistics {
            alterations.push(Alter::SetStatistics(desired.statistics));
        }
        alterations.extend(ParameterChange::between(options, &desired.options).map(Alter::SetOptions));
        let foreign_options = changes(foreign_options, &desired.foreign_options);
        if !foreign_options.is_empty() {
            alterations.push(Alter::SetForeignOptions(foreign_options));
        }
        alterations
    }
}
