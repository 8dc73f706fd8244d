//! Range types: the multirange type that PostgreSQL makes beside each (manual, reference page of CREATE TYPE).

use super::indexes::is_built_in;
use super::types::{Types, collation, data_type};
use super::{Result, ident, qualified};
use crate::ident::{Ident, MAX_IDENT_BYTES, QualifiedName};
use crate::kind::Range;
use crate::model::descriptor::{DEFAULT_SCHEMA, RangeDescriptor};

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

/// The server's `makeMultirangeTypeName`.
fn multirange_of(range: &str) -> String {
    let (name, suffix) = match range.find("range") {
        Some(at) => (format!("{}multi{}", &range[..at], &range[at..]), ""),
        None => (range.to_owned(), "_multirange"),
    };
    let mut end = name.len().min(MAX_IDENT_BYTES - suffix.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_multirange_type_is_named_as_postgresql_would() {
        assert_eq!(multirange_of("float_range"), "float_multirange");
        assert_eq!(multirange_of("period"), "period_multirange");
        assert_eq!(multirange_of(&"x".repeat(63)), format!("{}_multirange", "x".repeat(52)));
    }
}
