//! Privileges: all that a role is granted on an object is one resource, wherever it is said.

use std::collections::BTreeMap;

use super::tables::Lowered;
use super::{Entry, Result, Sink, ident};
use crate::ident::Ident;
use crate::kind::privilege::Rights;
use crate::kind::{Grant, Resource, Securable};
use crate::model::descriptor::{GrantDescriptor, Source};
use crate::model::error::LowerError;

/// Those of a table or a view.
pub(super) fn declare(table: &Lowered, sink: &mut Sink, errors: &mut Vec<LowerError>) {
    let (on, source) = (Securable::Table(table.name()), table.model.source);
    let column = |name: &str, at| table.column("a grant", name, at).map(|column| column.name.clone());
    declare_on(&on, (&table.target, source), table.model.grants, &column, sink, errors);
}

/// Those of what has no columns.
pub(super) fn declare_whole(
    on: &Securable,
    place: (&Ident, Source),
    grants: &[GrantDescriptor],
    sink: &mut Sink,
    errors: &mut Vec<LowerError>,
) {
    let column = |name: &str, at| ident("column", name, at);
    declare_on(on, place, grants, &column, sink, errors);
}

fn declare_on(
    on: &Securable,
    (target, source): (&Ident, Source),
    grants: &[GrantDescriptor],
    column: &dyn Fn(&str, Source) -> Result<Ident>,
    sink: &mut Sink,
    errors: &mut Vec<LowerError>,
) {
    let mut by_role: BTreeMap<Ident, (Rights, Source)> = BTreeMap::new();
    for grant in grants {
        let at = source.at(grant.line);
        if let Err(error) = add(grant, at, column, &mut by_role) {
            errors.push(*error);
        }
    }
    for (role, (rights, at)) in by_role {
        let grant = Grant::new(on.clone(), role, false, &rights);
        sink.add(target, at, Entry::new(Resource::Grant(grant), false));
    }
}

fn add(
    grant: &GrantDescriptor,
    at: Source,
    column: &dyn Fn(&str, Source) -> Result<Ident>,
    by_role: &mut BTreeMap<Ident, (Rights, Source)>,
) -> Result<()> {
    for role in grant.roles {
        let (rights, _) = by_role.entry(ident("role", role, at)?).or_insert((Rights::default(), at));
        for (privilege, columns) in grant.privileges {
            if columns.is_empty() {
                *rights.whole.entry(*privilege).or_default() |= grant.grantable;
            }
            for name in *columns {
                let held = rights.columns.entry(column(name, at)?).or_default();
                *held.entry(*privilege).or_default() |= grant.grantable;
            }
        }
    }
    Ok(())
}
