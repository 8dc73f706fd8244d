//! What depends on what, from oids to addresses: unmodelled objects, and those whose definitions only PostgreSQL reads.

use std::collections::{BTreeMap, HashMap};

use djogi_core::address::{Address, Kind};
use djogi_core::ident::Ident;
use djogi_core::observation::Unmodelled;
use djogi_core::plan::depend::Edges;

use super::assemble::Assembled;
use super::dependency::DependencyRow;
use super::lookup::{ObjectId, class};
use super::managed_role::{self, UseRow};
use super::owner::OwnerRow;
use super::unmodelled::UnmodelledRow;

/// For each address, what depends on it. A dependency on a column counts for the column and for its table.
pub(super) fn resolve(rows: &[UnmodelledRow], assembled: &Assembled) -> BTreeMap<Address, Vec<Unmodelled>> {
    if rows.is_empty() {
        return BTreeMap::new();
    }
    let by_id = by_id(assembled);
    let mut dependents: BTreeMap<Address, Vec<Unmodelled>> = BTreeMap::new();
    for row in rows {
        let Some(needs) = &row.needs else { continue };
        let object = assembled.constraint_of_index(needs.object).unwrap_or(needs.object);
        let Some(&address) = by_id.get(&object) else { continue };
        dependents.entry(address.clone()).or_default().push(row.object.clone());
        if let Some(column) = assembled.column_address(needs.object, needs.column) {
            dependents.entry(column).or_default().push(row.object.clone());
        }
    }
    for objects in dependents.values_mut() {
        objects.sort_unstable();
        objects.dedup();
    }
    dependents
}

/// What keeps managed roles besides what the catalog has.
pub(super) fn uses_of_roles(
    target: &Ident,
    rows: Vec<UseRow>,
    assembled: &Assembled,
) -> BTreeMap<Address, Vec<Unmodelled>> {
    if rows.is_empty() {
        return BTreeMap::new();
    }
    let by_id = by_id(assembled);
    managed_role::uses(target, rows, |object| by_id.contains_key(&object))
}

/// What the views, routines and the like of a catalog need.
pub(super) fn edges(rows: &[DependencyRow], assembled: &Assembled) -> Edges {
    if rows.is_empty() {
        return Edges::new();
    }
    let by_id = by_id(assembled);
    let mut edges = Edges::new();
    for row in rows {
        let needed = assembled.constraint_of_index(row.needs.object).unwrap_or(row.needs.object);
        let dependent = assembled.constraint_of_index(row.dependent).unwrap_or(row.dependent);
        let (Some(&dependent), Some(&needed)) = (by_id.get(&dependent), by_id.get(&needed)) else {
            continue;
        };
        if dependent == needed {
            continue;
        }
        let needs = edges.entry(dependent.clone()).or_default();
        needs.insert(needed.clone());
        needs.extend(assembled.column_address(row.needs.object, row.needs.column));
    }
    edges
}

/// The owners of what the catalog has.
pub(super) fn owners(rows: Vec<OwnerRow>, assembled: &Assembled) -> BTreeMap<Address, Ident> {
    if rows.is_empty() {
        return BTreeMap::new();
    }
    let by_id = by_id(assembled);
    rows.into_iter().filter_map(|row| Some(((*by_id.get(&row.object)?).clone(), row.role))).collect()
}

fn by_id(assembled: &Assembled) -> HashMap<ObjectId, &Address> {
    let oids = assembled.oids.iter();
    oids.filter_map(|(address, oid)| {
        Some((ObjectId { class: class_of(address.kind())?, oid: oid.0 }, address))
    })
    .collect()
}

/// `None` for what is no object by itself.
fn class_of(kind: Kind) -> Option<u32> {
    Some(match kind {
        Kind::Schema => class::NAMESPACE,
        Kind::Extension => class::EXTENSION,
        Kind::Enum | Kind::Domain | Kind::Range => class::TYPE,
        Kind::Sequence
        | Kind::Table
        | Kind::Column
        | Kind::Index
        | Kind::Composite
        | Kind::View
        | Kind::MaterializedView => class::RELATION,
        Kind::Constraint => class::CONSTRAINT,
        Kind::Collation => class::COLLATION,
        Kind::Statistics => class::STATISTICS,
        Kind::Function | Kind::Procedure | Kind::Aggregate => class::ROUTINE,
        Kind::Operator => class::OPERATOR,
        Kind::OperatorFamily => class::OPERATOR_FAMILY,
        Kind::OperatorClass => class::OPERATOR_CLASS,
        Kind::Cast => class::CAST,
        Kind::TextSearchParser => class::TEXT_SEARCH_PARSER,
        Kind::TextSearchTemplate => class::TEXT_SEARCH_TEMPLATE,
        Kind::TextSearchDictionary => class::TEXT_SEARCH_DICTIONARY,
        Kind::TextSearchConfiguration => class::TEXT_SEARCH_CONFIGURATION,
        Kind::Conversion => class::CONVERSION,
        Kind::Language => class::LANGUAGE,
        Kind::Transform => class::TRANSFORM,
        Kind::Trigger => class::TRIGGER,
        Kind::Rule => class::REWRITE,
        Kind::Policy => class::POLICY,
        Kind::EventTrigger => class::EVENT_TRIGGER,
        Kind::Publication => class::PUBLICATION,
        Kind::Subscription => class::SUBSCRIPTION,
        Kind::ForeignDataWrapper => class::FOREIGN_DATA_WRAPPER,
        Kind::ForeignServer => class::FOREIGN_SERVER,
        Kind::UserMapping => class::USER_MAPPING,
        Kind::Role => class::ROLE,
        Kind::Grant
        | Kind::SchemaGrant
        | Kind::RoutineGrant
        | Kind::TypeGrant
        | Kind::LanguageGrant
        | Kind::WrapperGrant
        | Kind::ServerGrant
        | Kind::DefaultPrivilege
        | Kind::SchemaDefaultPrivilege
        | Kind::Seed
        | Kind::Migration
        | Kind::MigrationStep
        | Kind::RoleGrant => return None,
    })
}
