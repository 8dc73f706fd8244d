//! Sequences: the numbers that PostgreSQL would fill in, and the column that owns one.

use super::objects::of_target;
use super::tables::{ByName, Lowered};
use super::{Entry, Result, Sink, ident, qualified};
use crate::address::Address;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{Resource, Sequence, SequenceOptions, SequenceOwner, SequenceType};
use crate::model::descriptor::{DEFAULT_SCHEMA, ReferenceDescriptor, Source};
use crate::model::error::LowerError;
use crate::model::object::{ObjectDescriptor, OwnerDescriptor, SequenceDescriptor, SequenceNumbers};

/// A sequence that is understood, but for its owner.
pub(super) struct LoweredSequence {
    descriptor: &'static SequenceDescriptor,
    pub(super) source: Source,
    pub(super) target: Ident,
    pub(super) sequence: Sequence,
    /// The name before a declared rename, else the name.
    pub(super) old_name: QualifiedName,
}

/// Lowers everything that does not depend on tables.
pub(super) fn lower(
    object: &'static ObjectDescriptor,
    descriptor: &'static SequenceDescriptor,
    default_target: &Ident,
) -> Result<LoweredSequence> {
    let at = object.source;
    let target = of_target(object, default_target)?;
    let unknown = || LowerError::SequenceType { data_type: descriptor.data_type.to_owned(), at };
    let data_type = SequenceType::of_column(descriptor.data_type).ok_or_else(unknown)?;
    let sequence = Sequence {
        schema: ident("schema", descriptor.schema(), at)?,
        name: ident("sequence", descriptor.name, at)?,
        data_type,
        options: options(descriptor.numbers, data_type, &format!("sequence `{}`", descriptor.name), at)?,
        owned_by: None,
        comment: descriptor.comment.map(str::to_owned),
    };
    let old_name = match descriptor.renamed_from {
        Some(old) => qualified(old, descriptor.schema(), at)?,
        None => sequence.qualified_name(),
    };
    Ok(LoweredSequence { descriptor, source: at, target, sequence, old_name })
}

pub(super) fn declare(
    lowered: &LoweredSequence,
    tables: &ByName<'_>,
    sink: &mut Sink,
    errors: &mut Vec<LowerError>,
) {
    let owned_by = match lowered.descriptor.owned_by.map(|owner| self::owner(lowered, owner, tables)) {
        None => None,
        Some(Ok(owner)) => Some(owner),
        Some(Err(error)) => return errors.push(*error),
    };
    let sequence = Sequence { owned_by, ..lowered.sequence.clone() };
    sink.schema_named(&lowered.target, &sequence.schema, lowered.source);
    let mut entry = Entry::new(Resource::Sequence(sequence), false);
    entry.renamed_from = Some(Address::sequence(&lowered.target, &lowered.old_name));
    sink.add(&lowered.target, lowered.source, entry);
}

fn owner(lowered: &LoweredSequence, owner: OwnerDescriptor, tables: &ByName<'_>) -> Result<SequenceOwner> {
    let at = lowered.source;
    let name = || lowered.sequence.qualified_name();
    let (table, must_be_model) = match owner.table {
        ReferenceDescriptor::Model(table) => {
            let schema = ident("schema", table.schema(), at)?;
            (QualifiedName::new(schema, ident("table", table.name, at)?), true)
        }
        ReferenceDescriptor::Table(table) => (qualified(table, DEFAULT_SCHEMA, at)?, false),
    };
    if table.schema != lowered.sequence.schema {
        return Err(LowerError::OwnerSchema { sequence: name(), table, at }.into());
    }
    let column = match tables.get(&(&lowered.target, table.clone())) {
        Some(model) => owning_column(lowered, model, owner.column)?,
        None if must_be_model => {
            return Err(LowerError::DanglingOwner { sequence: name(), table, at }.into());
        }
        None => ident("column", owner.column, at)?,
    };
    Ok(SequenceOwner { table, column })
}

fn owning_column(lowered: &LoweredSequence, model: &Lowered, column: &str) -> Result<Ident> {
    let found = model.field_or_column(column).map(|column| column.name.clone());
    found.ok_or_else(|| {
        LowerError::OwnerColumn {
            sequence: lowered.sequence.qualified_name(),
            column: column.to_owned(),
            table: model.name(),
            at: lowered.source,
            declared: model.model.source,
        }
        .into()
    })
}

/// Spells out the options that PostgreSQL fills in (manual, reference page of CREATE SEQUENCE), and refuses what
/// it would refuse.
pub(super) fn options(
    numbers: SequenceNumbers,
    data_type: SequenceType,
    what: &str,
    at: Source,
) -> Result<SequenceOptions> {
    let (lowest, highest) = data_type.range();
    let increment = numbers.increment.unwrap_or(1);
    let ascending = increment > 0;
    let min = numbers.min.unwrap_or(if ascending { 1 } else { lowest });
    let max = numbers.max.unwrap_or(if ascending { highest } else { -1 });
    if min >= max || min < lowest || max > highest {
        let data_type = data_type.as_str();
        return Err(LowerError::SequenceBounds { what: what.to_owned(), min, max, data_type, at }.into());
    }
    let start = numbers.start.unwrap_or(if ascending { min } else { max });
    if start < min || start > max {
        return Err(LowerError::SequenceStart { what: what.to_owned(), start, min, max, at }.into());
    }
    let cache = numbers.cache.unwrap_or(1);
    if increment == 0 || cache < 1 {
        return Err(LowerError::SequenceStep { what: what.to_owned(), at }.into());
    }
    Ok(SequenceOptions { start, increment, min, max, cache, cycle: numbers.cycle })
}
