//! Moves what is recorded of an object to another address, with everything that refers to it: what the record would
//! be, had the object always been called so. Whoever renamed it in the database says so with `djogi state mv`.

use std::collections::BTreeMap;

use super::rename::rewrite_recorded;
use super::rewrite::NewNames;
use crate::address::{Address, Kind};
use crate::ident::{Ident, QualifiedName};
use crate::kind::Resource;
use crate::observation::ServerVersion;
use crate::recorded::Recorded;

/// A record under new names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relocated {
    pub recorded: Recorded,
    /// Old and new address of everything that has another one now; a column is told with its table's.
    pub moved: BTreeMap<Address, Address>,
}

/// Why a record cannot be moved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelocateError {
    #[error("`{0}` is where it is already")]
    Same(Address),
    #[error("`{from}` cannot become `{to}`: a move keeps the kind and the target")]
    OtherKind { from: Address, to: Address },
    #[error("`{from}` cannot become `{to}`: {what} cannot leave its {parent}")]
    OtherParent { from: Address, to: Address, what: Kind, parent: Kind },
    #[error("`{from}` cannot become `{to}`: the arguments of a routine are a part of what it is")]
    OtherArguments { from: Address, to: Address },
    #[error("`{0}` cannot be moved: PostgreSQL cannot rename an extension")]
    Extension(Address),
    #[error("`{0}` cannot be moved by itself: it follows what it is about")]
    Follows(Address),
    #[error(
        "`{0}` cannot be moved: rename the role by hand (ALTER ROLE ... RENAME TO ...), declare its new name, and import it"
    )]
    Role(Address),
    #[error("`{0}` is not managed")]
    NotManaged(Address),
    #[error("`{to}` is managed already, so nothing can be moved there")]
    Taken { to: Address },
    /// The catalog that tells what refers to what is not complete.
    #[error("what is recorded of `{0}` has no definition")]
    Undefined(Address),
}

impl RelocateError {
    /// A stable code for diagnostics.
    pub fn code(&self) -> &'static str {
        match self {
            RelocateError::NotManaged(_) => "not_managed",
            RelocateError::Taken { .. } => "already_managed",
            RelocateError::Undefined(_) => "catalog_incomplete",
            RelocateError::Same(_)
            | RelocateError::OtherKind { .. }
            | RelocateError::OtherParent { .. }
            | RelocateError::OtherArguments { .. }
            | RelocateError::Extension(_)
            | RelocateError::Role(_)
            | RelocateError::Follows(_) => "bad_move",
        }
    }
}

/// The record with `from` under the address `to`, both of `target`, a database on a server of `version`. A table takes its constraints along, and its
/// indexes when it changes the schema; a schema takes all that is in it.
///
/// # Errors
/// When `from` is not recorded, something is recorded under a new address already, or PostgreSQL knows no such rename.
pub fn relocate(
    target: &Ident,
    version: ServerVersion,
    recorded: &Recorded,
    from: &Address,
    to: &Address,
) -> Result<Relocated, RelocateError> {
    if from == to {
        return Err(RelocateError::Same(from.clone()));
    }
    if from.kind() != to.kind() || from.target() != to.target() {
        return Err(RelocateError::OtherKind { from: from.clone(), to: to.clone() });
    }
    if !is_recorded(target, recorded, from) {
        return Err(RelocateError::NotManaged(from.clone()));
    }
    if is_recorded(target, recorded, to) {
        return Err(RelocateError::Taken { to: to.clone() });
    }
    if let Some(address) = recorded.resources.keys().find(|address| !recorded.catalog.contains(address)) {
        return Err(RelocateError::Undefined(address.clone()));
    }
    let mut names = new_names(recorded, from, to)?;
    names.major = version.major();
    names.take_indexes_along(&recorded.catalog);
    let mut moved = BTreeMap::new();
    for (address, resource) in recorded.catalog.iter() {
        let new = names.rewrite(target, resource).address(target);
        if new != *address && recorded.resources.contains_key(address) {
            if recorded.resources.contains_key(&new) {
                return Err(RelocateError::Taken { to: new });
            }
            moved.insert(address.clone(), new);
        }
    }
    let recorded = rewrite_recorded(target, recorded, &names, &BTreeMap::new(), &BTreeMap::new());
    Ok(Relocated { recorded, moved })
}

/// A column is recorded in its table.
fn is_recorded(target: &Ident, recorded: &Recorded, address: &Address) -> bool {
    match (address.kind(), address.relation()) {
        (Kind::Column, Some(table)) => recorded
            .catalog
            .table(target, &table)
            .filter(|_| {
                address.table_of_member().is_some_and(|table| recorded.resources.contains_key(&table))
            })
            .is_some_and(|table| table.column(address.name()).is_some()),
        _ => recorded.resources.contains_key(address),
    }
}

fn new_names(recorded: &Recorded, from: &Address, to: &Address) -> Result<NewNames, RelocateError> {
    let mut names = NewNames::default();
    let other_parent =
        |parent| RelocateError::OtherParent { from: from.clone(), to: to.clone(), what: from.kind(), parent };
    match from.kind() {
        Kind::Extension => return Err(RelocateError::Extension(from.clone())),
        // A role is in the names of too much.
        Kind::Role | Kind::RoleGrant => return Err(RelocateError::Role(from.clone())),
        kind if kind.is_about_roles() => return Err(RelocateError::Follows(from.clone())),
        Kind::Schema => {
            names.schemas.insert(from.name().clone(), to.name().clone());
            for (_, resource) in recorded.catalog.iter() {
                follow_schema(&mut names, &resource.address(from.target()), resource, from.name(), to.name());
            }
        }
        Kind::Index if from.schema_name() != to.schema_name() => return Err(other_parent(Kind::Schema)),
        Kind::Index => names.rename(from, to),
        kind if kind.is_part_of_relation() && from.table_of_member() != to.table_of_member() => {
            return Err(other_parent(Kind::Table));
        }
        Kind::Column => {
            let renamed = BTreeMap::from([(from.name().clone(), to.name().clone())]);
            names.columns.extend(from.relation().map(|table| (table, renamed)));
        }
        _ if from.arguments() != to.arguments() => {
            return Err(RelocateError::OtherArguments { from: from.clone(), to: to.clone() });
        }
        _ => names.rename(from, to),
    }
    Ok(names)
}

/// What is in the schema goes with it; parts follow their tables, and an extension its schema.
fn follow_schema(names: &mut NewNames, address: &Address, resource: &Resource, from: &Ident, to: &Ident) {
    let Some(name) = resource.qualified_name().filter(|name| name.schema == *from) else { return };
    if resource.relation_name().is_some() {
        return;
    }
    let new = QualifiedName::new(to.clone(), name.name);
    let new = match address.arguments() {
        Some(arguments) => Address::routine(address.kind(), address.target(), &new, arguments),
        None => Address::of_schema(address.kind(), address.target(), &new),
    };
    names.rename(address, &new);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digest;
    use crate::fixtures::*;
    use crate::observation::Oid;
    use crate::recorded::RecordedResource;

    fn recorded(resources: impl IntoIterator<Item = Resource>) -> Recorded {
        let mut recorded = Recorded::default();
        for (number, resource) in (1..).zip(resources) {
            let entry = RecordedResource {
                desired: Some(Digest::of(&resource)),
                observed: Digest::of(&resource),
                oid: Oid(number),
                drifted: false,
                package: Some("shop".into()),
            };
            recorded.resources.insert(resource.address(&id("main")), entry);
            recorded.catalog.insert(&id("main"), resource);
        }
        recorded
    }

    fn shop() -> Recorded {
        recorded([
            schema("public"),
            table("orders", &["id bigint", "total integer"]),
            primary_key("orders", &["id"]),
            check("orders", "orders_total_check", "(total > 0)"),
            index("orders", "orders_total_idx", &["total"]),
            table("lines", &["order_id bigint"]),
            foreign_key("lines", "order_id", "orders", "id"),
        ])
    }

    fn mv(recorded: &Recorded, from: &str, to: &str) -> Result<Relocated, RelocateError> {
        relocate(&id("main"), ServerVersion(180_000), recorded, &address(from), &address(to))
    }

    /// Everything that is recorded is recorded under the address and digest of its definition.
    #[track_caller]
    fn is_sound(recorded: &Recorded) {
        for (address, resource) in recorded.catalog.iter() {
            assert_eq!(*address, resource.address(&id("main")));
            assert_eq!(recorded.resources[address].observed, Digest::of(resource));
        }
        assert_eq!(recorded.resources.len(), recorded.catalog.len());
    }

    #[test]
    fn a_table_takes_its_members_and_those_who_refer_to_it_along() {
        let Relocated { recorded, moved } =
            mv(&shop(), "table.main.public.orders", "table.main.public.purchases").unwrap();
        is_sound(&recorded);
        let moved: Vec<String> = moved.values().map(ToString::to_string).collect();
        assert_eq!(
            moved,
            [
                "table.main.public.purchases",
                "constraint.main.public.purchases.orders_pkey",
                "constraint.main.public.purchases.orders_total_check",
            ]
        );
        assert_eq!(recorded.resources[&address("table.main.public.purchases")].oid, Oid(2));
        let key = recorded.catalog.iter().find_map(|(_, resource)| match resource {
            Resource::Constraint(constraint) => match &constraint.definition {
                crate::kind::ConstraintDefinition::ForeignKey(key) => Some(key.references.to_string()),
                _ => None,
            },
            _ => None,
        });
        assert_eq!(key.as_deref(), Some("public.purchases"));
    }

    #[test]
    fn a_schema_takes_everything_in_it_along() {
        let Relocated { recorded, moved } = mv(&shop(), "schema.main.public", "schema.main.shop").unwrap();
        is_sound(&recorded);
        assert_eq!(moved.len(), shop().resources.len());
        assert!(recorded.resources.contains_key(&address("index.main.shop.orders_total_idx")));
    }

    #[test]
    fn parts_move_within_what_they_are_parts_of() {
        for (from, to) in [
            ("column.main.public.orders.total", "column.main.public.orders.sum"),
            ("index.main.public.orders_total_idx", "index.main.public.other_idx"),
            ("constraint.main.public.orders.orders_total_check", "constraint.main.public.orders.positive"),
        ] {
            is_sound(&mv(&shop(), from, to).unwrap().recorded);
        }
        let checks = mv(&shop(), "column.main.public.orders.total", "column.main.public.orders.sum").unwrap();
        let check =
            &checks.recorded.catalog.get(&address("constraint.main.public.orders.orders_total_check"));
        assert!(format!("{check:?}").contains("(sum > 0)"), "{check:?}");
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let refused = |from: &str, to: &str, code: &str| {
            let error = mv(&shop(), from, to).unwrap_err();
            assert_eq!(error.code(), code, "{error}");
        };
        refused("table.main.public.orders", "table.main.public.lines", "already_managed");
        refused("table.main.public.nothing", "table.main.public.x", "not_managed");
        refused("table.main.public.orders", "table.main.public.orders", "bad_move");
        refused("table.main.public.orders", "index.main.public.orders", "bad_move");
        refused("table.main.public.orders", "table.other.public.orders", "bad_move");
        refused("index.main.public.orders_total_idx", "index.main.app.orders_total_idx", "bad_move");
        refused("column.main.public.orders.total", "column.main.public.lines.total", "bad_move");
        refused("column.main.public.orders.nothing", "column.main.public.orders.x", "not_managed");
        refused("column.main.public.orders.total", "column.main.public.orders.id", "already_managed");
        let mut incomplete = shop();
        incomplete.catalog.remove(&address("table.main.public.lines"));
        let error = mv(&incomplete, "table.main.public.orders", "table.main.public.x").unwrap_err();
        assert_eq!(error.code(), "catalog_incomplete");
    }
}
