//! What a table is to others, as a model declares it: partitioned, a partition, or one that inherits (manual sections
//! 5.11 and 5.12).

use super::{KeyDescriptor, ReferenceDescriptor, StorageDescriptor};

pub use crate::kind::PartitionStrategy;

/// `PARTITION BY`.
#[derive(Clone, Copy, Debug)]
pub struct PartitionKeyDescriptor {
    pub line: u32,
    pub strategy: PartitionStrategy,
    /// Without orders.
    pub keys: &'static [KeyDescriptor],
}

/// A partition with the columns of its partitioned table, in the schema of it.
#[derive(Clone, Copy, Debug)]
pub struct PartitionDescriptor {
    pub name: &'static str,
    pub line: u32,
    pub bound: BoundDescriptor,
    pub storage: StorageDescriptor,
    pub comment: Option<&'static str>,
}

impl PartitionDescriptor {
    /// One that is stored as usual, for `..` in a constant.
    pub const fn new(name: &'static str, line: u32, bound: BoundDescriptor) -> Self {
        Self { name, line, bound, storage: StorageDescriptor::DEFAULT, comment: None }
    }
}

/// Which rows a partition takes. Values are SQL: literals, `MINVALUE`, `MAXVALUE`, expressions without columns.
#[derive(Clone, Copy, Debug)]
pub enum BoundDescriptor {
    /// Those that no other partition takes.
    Default,
    /// From the first on, up to the second, which is not in it.
    Range {
        from: &'static [&'static str],
        to: &'static [&'static str],
    },
    List(&'static [&'static str]),
    Hash {
        modulus: u32,
        remainder: u32,
    },
}

/// The tables of which a table is a part. A model has all their columns as fields.
#[derive(Clone, Copy, Debug)]
pub enum ParentsDescriptor {
    None,
    PartitionOf { line: u32, of: ReferenceDescriptor, bound: BoundDescriptor },
    Inherits { line: u32, parents: &'static [ReferenceDescriptor] },
}
