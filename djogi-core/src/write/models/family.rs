//! Partitioned tables, partitions and tables that inherit as models. A partition that has nothing of its own is said at
//! its partitioned table; another one is a model that says what it has besides.

use std::collections::BTreeMap;

use super::World;
use super::column::value_of;
use crate::address::Address;
use crate::desired::Desired;
use crate::ident::{Ident, QualifiedName};
use crate::kind::{
    Column, ColumnOrigin, ColumnProperties, Lineage, PartitionBound, PartitionKey, Resource, Table,
};
use crate::lexis::{Token, tokens};

/// How a table is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// As a model without parents.
    Alone,
    /// As a model with parents.
    Child,
    /// By an attribute of its partitioned table.
    AtParent,
}

/// The tables among `candidates` that models can say, parents included.
pub(super) fn standings(
    catalog: &Desired,
    candidates: &[(&Address, &Resource)],
) -> BTreeMap<QualifiedName, Standing> {
    let tables: BTreeMap<QualifiedName, &Table> = candidates
        .iter()
        .filter_map(|(_, resource)| match resource {
            Resource::Table(table) => Some((table.qualified_name(), table)),
            _ => None,
        })
        .collect();
    let is_roots = |table: &Table| table.lineage.parents().is_empty();
    let can_be_divided =
        |table: &Table| table.partition_by.as_ref().is_none_or(|key| keys(table, key).is_some());
    let mut known: BTreeMap<QualifiedName, Standing> = tables
        .iter()
        .filter(|(_, table)| is_roots(table) && can_be_divided(table))
        .map(|(name, _)| (name.clone(), Standing::Alone))
        .collect();
    loop {
        let found: Vec<(QualifiedName, Standing)> = tables
            .iter()
            .filter(|(name, table)| !known.contains_key(name) && can_be_divided(table))
            .filter_map(|(name, table)| {
                let is_said =
                    |parent: &&QualifiedName| known.get(parent).is_some_and(|s| *s != Standing::AtParent);
                let parents: Vec<&Table> = table
                    .lineage
                    .parents()
                    .iter()
                    .filter(is_said)
                    .filter_map(|p| tables.get(p).copied())
                    .collect();
                let all = parents.len() == table.lineage.parents().len();
                Some((name.clone(), standing(catalog, candidates, table, &parents).filter(|_| all)?))
            })
            .collect();
        if found.is_empty() {
            return known;
        }
        known.extend(found);
    }
}

/// `None` of what no attribute can say.
fn standing(
    catalog: &Desired,
    candidates: &[(&Address, &Resource)],
    table: &Table,
    parents: &[&Table],
) -> Option<Standing> {
    let inherited =
        |column: &Column| parents.iter().find_map(|parent| Some((*parent, parent.column(&column.name)?)));
    let is_sayable = |column: &Column| match inherited(column) {
        None => column.origin == ColumnOrigin::Own && column.not_null_constraint.origin == ColumnOrigin::Own,
        Some((parent, of)) => can_come_down(table, column, parent, of),
    };
    if !table.columns.iter().all(is_sayable) {
        return None;
    }
    let name = table.qualified_name();
    let is_here = |resource: &Resource| resource.owner_name().as_ref() == Some(&name);
    let has_parent = |resource: &Resource| match resource {
        Resource::Index(index) => index.parent.is_some(),
        Resource::Constraint(constraint) => constraint.parent.is_some(),
        _ => false,
    };
    let is_candidate =
        |part: &Resource| candidates.iter().any(|(_, candidate)| std::ptr::eq(*candidate, part));
    let mut parts = catalog.values().map(|declared| &*declared.resource).filter(|resource| is_here(resource));
    // What has come down under a name of its own cannot be said.
    if parts.clone().any(|part| has_parent(part) && !is_candidate(part)) {
        return None;
    }
    let Lineage::Partition { bound, .. } = &table.lineage else { return Some(Standing::Child) };
    bound_items(bound)?;
    let [parent] = parents else { return None };
    let (own, of) = (&table.properties, &parent.properties);
    let is_plain = |column: &Column| {
        inherited(column).is_some_and(|(_, of)| {
            let plain = ColumnProperties::default();
            column.default == of.default
                && column.not_null == of.not_null
                && column.comment.is_none()
                && left(column, of, true).properties == plain
        })
    };
    let is_at_parent = parts.all(has_parent)
        && table.partition_by.is_none()
        && table.schema == parent.schema
        && table.columns.iter().all(is_plain)
        && (own.row_security, own.force_row_security) == (of.row_security, of.force_row_security)
        && (own.tablespace.is_some() || of.tablespace.is_none())
        && (own.access_method.is_some() || of.access_method.is_none());
    Some(if is_at_parent { Standing::AtParent } else { Standing::Child })
}

/// Whether a field with what `column` has besides `of` gives the column.
fn can_come_down(table: &Table, column: &Column, parent: &Table, of: &Column) -> bool {
    let is_partition = table.is_partition();
    let (own, not_null) = (&column.not_null_constraint, &of.not_null_constraint);
    let is_own_identity = !is_partition && column.identity.is_some();
    let keeps_name = own.origin == ColumnOrigin::Own
        || own.name_on(&table.name, &column.name) == not_null.name_on(&parent.name, &of.name);
    let has = |own: &Option<String>, of: &Option<String>| own.is_some() || of.is_none();
    (&column.data_type, &column.collation) == (&of.data_type, &of.collation)
        && (column.origin == ColumnOrigin::Inherited
            || is_own_identity && column.origin == ColumnOrigin::Merged)
        && (column.not_null || !of.not_null)
        && keeps_name
        && (column.default.is_some() || of.default.is_none())
        && column.generated == of.generated
        && has(&column.properties.storage, &of.properties.storage)
        && has(&column.properties.compression, &of.properties.compression)
}

/// What of `column` is not from `of`.
pub(super) fn left(column: &Column, of: &Column, is_partition: bool) -> Column {
    let mut left = column.clone();
    let drop_equal = |own: &mut Option<String>, of: &Option<String>| {
        if own == of {
            *own = None;
        }
    };
    if left.default == of.default {
        left.default = None;
    }
    if left.generated == of.generated {
        left.generated = None;
    }
    if is_partition {
        left.identity = None;
    }
    drop_equal(&mut left.properties.storage, &of.properties.storage);
    drop_equal(&mut left.properties.compression, &of.properties.compression);
    left
}

impl World<'_> {
    /// A column without what it has from the parents of its table.
    pub(super) fn besides_parents(&self, table: &Table, column: &Column) -> Column {
        let parents = table.lineage.parents().iter().filter_map(|parent| self.table_named(parent));
        let of = parents.into_iter().find_map(|parent| parent.column(&column.name));
        of.map_or_else(|| column.clone(), |of| left(column, of, table.is_partition()))
    }

    /// What a table is to others, as items of attributes.
    pub(super) fn family(&self, table: &Table) -> Vec<String> {
        let mut items = Vec::new();
        match &table.lineage {
            Lineage::None => {}
            Lineage::Partition { of, bound, .. } => {
                let bound = bound_items(bound).unwrap_or_default();
                items.push(format!("partition_of({}, {bound})", self.reference(of)));
            }
            Lineage::Inherits(parents) => {
                let parents: Vec<String> = parents.iter().map(|parent| self.reference(parent)).collect();
                items.push(format!("inherits({})", parents.join(", ")));
            }
        }
        let Some(key) = &table.partition_by else { return items };
        let columns = keys(table, key).unwrap_or_default().into_iter().map(|key| match key {
            Ok(column) => self.fields(&table.qualified_name(), &[column]).concat(),
            Err(expression) => format!("{expression:?}"),
        });
        let columns: Vec<String> = columns.collect();
        let strategy = key.strategy.as_sql().to_lowercase();
        items.push(format!("partition_by({strategy}, columns({}))", columns.join(", ")));
        let name = table.qualified_name();
        for (partition, standing) in &self.standings {
            let Some(partition) = self.table_named(partition).filter(|_| *standing == Standing::AtParent)
            else {
                continue;
            };
            if let Lineage::Partition { of, bound, .. } = &partition.lineage
                && *of == name
            {
                let mut said = vec![format!("name = {:?}", partition.name.as_str())];
                said.extend(bound_items(bound));
                said.extend(super::properties::storage(&partition.properties));
                said.extend(partition.comment.iter().map(|comment| format!("comment = {comment:?}")));
                items.push(format!("partition({})", said.join(", ")));
            }
        }
        items
    }

    fn reference(&self, table: &QualifiedName) -> String {
        self.structs.get(table).map_or_else(|| format!("{:?}", table.to_string()), |(rust, _)| rust.clone())
    }
}

/// The parts of a partition key: columns, or expressions. `None` when there is more to one of them.
fn keys(table: &Table, key: &PartitionKey) -> Option<Vec<Result<Ident, String>>> {
    let part = |text: String| {
        if let Some(column) = table.columns.iter().find(|column| column.name.to_string() == text) {
            return Some(Ok(column.name.clone()));
        }
        let says_more = tokens(&text).iter().any(|token| matches!(token, Token::Word("COLLATE")));
        (text.ends_with(')') && !says_more).then_some(Err(text))
    };
    separated(key.elements.as_str()).into_iter().map(part).collect()
}

/// A bound as `from(...), to(...)` and the like. `None` of what is written in another way than PostgreSQL prints it.
fn bound_items(bound: &PartitionBound) -> Option<String> {
    let text = match bound {
        PartitionBound::Default => return Some("default".to_owned()),
        PartitionBound::Values(text) => text,
    };
    let list = |text: &str| {
        let values = text.trim().strip_prefix('(')?.strip_suffix(')')?;
        Some(separated(values).iter().map(|value| bound_value(value)).collect::<Vec<_>>().join(", "))
    };
    if let Some(values) = text.strip_prefix("IN ") {
        return Some(format!("in({})", list(values)?));
    }
    if let Some(range) = text.strip_prefix("FROM ") {
        let at = range
            .match_indices(") TO (")
            .map(|(at, _)| at + 1)
            .find(|at| range[..*at].matches('\'').count() % 2 == 0)?;
        let (from, to) = (list(&range[..at])?, list(range[at..].trim_start().strip_prefix("TO ")?)?);
        return Some(format!("from({from}), to({to})"));
    }
    let (modulus, remainder) =
        text.strip_prefix("WITH (modulus ")?.strip_suffix(')')?.split_once(", remainder ")?;
    Some(format!("modulus = {modulus}, remainder = {remainder}"))
}

fn bound_value(value: &str) -> String {
    match tokens(value).as_slice() {
        [Token::Word(word @ ("MINVALUE" | "MAXVALUE" | "NULL" | "true" | "false"))] => word.to_lowercase(),
        [Token::Number(number)] if number.len() < 18 && number.bytes().all(|byte| byte.is_ascii_digit()) => {
            (*number).to_owned()
        }
        [Token::Literal(literal)] if literal.starts_with('\'') => format!("{:?}", value_of(literal)),
        _ => format!("sql({value:?})"),
    }
}

/// What stands between the commas of a list, those in parentheses and quotes aside.
fn separated(text: &str) -> Vec<String> {
    let (mut parts, mut part, mut depth, mut quote) = (Vec::new(), String::new(), 0_usize, None);
    for c in text.chars() {
        match (c, quote) {
            (_, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('\'' | '"', None) => quote = Some(c),
            ('(', None) => depth += 1,
            (')', None) => depth = depth.saturating_sub(1),
            (',', None) if depth == 0 => {
                parts.push(std::mem::take(&mut part).trim().to_owned());
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    parts.push(part.trim().to_owned());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_as_postgresql_prints_them() {
        let items = |values: &str| bound_items(&PartitionBound::Values(values.to_owned())).unwrap();
        assert_eq!(
            items("FROM ('2024-01-01', MINVALUE) TO (MAXVALUE, 5)"),
            "from(\"2024-01-01\", minvalue), to(maxvalue, 5)"
        );
        assert_eq!(items("FROM (') TO (') TO ('-5')"), "from(\") TO (\"), to(\"-5\")");
        assert_eq!(items("IN ('it''s, or', NULL, true)"), "in(\"it's, or\", null, true)");
        assert_eq!(items("WITH (modulus 4, remainder 0)"), "modulus = 4, remainder = 0");
        assert_eq!(items("IN ('[1,2)'::int4range)"), "in(sql(\"'[1,2)'::int4range\"))");
        assert_eq!(bound_items(&PartitionBound::Default).unwrap(), "default");
    }
}
