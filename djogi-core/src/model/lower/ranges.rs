//! Range types: the multirange type that PostgreSQL makes beside each (manual, reference page of CREATE TYPE).

use super::indexes::is_built_in;
use super::types::{Types, collation, data_type};
use super::{Result, ident, qualified};
use crate::ident::{Ident, QualifiedName};
use crate::kind::Range;
use crate::model::descriptor::{DEFAULT_SCHEMA, RangeDescriptor};
use crate::model::naming::multirange_of;

/// The range type, and whether only PostgreSQL knows how its definition is printed.
pub(super) fn lower(
    descriptor: &RangeDescriptor,
    name: &QualifiedName,
    target: &Ident,
    types: &Types,
) -> Result<(Range, bool)> {
    let at = descriptor.head.source;
    let subtype = data_type(descriptor.subtype, target, types, &|| format!("range type {name}"), at)?;
    let multirange = match descriptor.multirange {
        Some(multirange) => ident("multirange type", multirange, at)?,
        None => ident("multirange type", &multirange_of(name.name.as_str()), at)?,
    };
    let opclass = |opclass| {
        let schema = if is_built_in(opclass) { "pg_catalog" } else { DEFAULT_SCHEMA };
        qualified(opclass, schema, at)
    };
    let range = Range {
        schema: name.schema.clone(),
        name: name.name.clone(),
        subtype: subtype.name,
        operator_class: descriptor.opclass.map(opclass).transpose()?,
        collation: collation(descriptor.collation, at)?,
        canonical: None,
        // Functions of the user's own are named with their schema.
        subtype_diff: descriptor.subtype_diff.map(|name| qualified(name, "pg_catalog", at)).transpose()?,
        multirange: QualifiedName::new(name.schema.clone(), multirange),
        comment: descriptor.head.comment.map(str::to_owned),
    };
    // A default operator class or collation is not kept.
    let raw = subtype.raw || range.operator_class.is_some() || range.collation.is_some();
    Ok((range, raw))
}
