//! What becomes of the columns of a table when what they compute with, or their type, is made anew. They hold data, so only
//! what they compute is made anew, and their values wait in another type while their own is.

use super::Action;
use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::desired::{Desired, DesiredResource};
use crate::holding::{columns_holding, columns_of_type};
use crate::ident::Ident;
use crate::kind::{
    Alteration, Column, ColumnAlteration, ColumnOrigin, Composite, CompositeAlteration, CompositeAttribute,
    DomainAlteration, Resource, TableAlteration,
};
use crate::names::qualified_names;
use crate::plan::depend::{Dependencies, generated_from};
use crate::recorded::Recorded;

/// What columns are judged with.
pub(super) struct Context<'c> {
    pub(super) dependencies: &'c Dependencies<'c>,
    pub(super) live: &'c Catalog,
    pub(super) desired: &'c Desired,
}

/// The columns of the table `live` that have to make way while `base` is made anew, with what is done about them.
pub(super) fn columns_making_way(
    base: &Address,
    live: &Resource,
    declared: &DesiredResource,
    context: &Context<'_>,
) -> Vec<(Address, Action)> {
    match base.kind() {
        kind if kind.is_code() => recomputed(base, live, declared, context),
        kind if is_held(kind) => remade(base, live, declared, context),
        Kind::Enum => computed_from(base, live, declared, context),
        Kind::Collation => {
            let computed = computed_from(base, live, declared, context);
            computed.into_iter().chain(sorted_by(base, live, declared)).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether what is of this kind is replaced under the columns that hold its values, or are sorted by it.
pub(crate) fn is_renewed(kind: Kind) -> bool {
    matches!(kind, Kind::Enum | Kind::Collation)
}

/// Whether columns, and other types of these kinds, hold values of a type of this kind that they go on holding when it
/// is made anew. An enum changes under its users.
pub(super) fn is_held(kind: Kind) -> bool {
    matches!(kind, Kind::Domain | Kind::Composite | Kind::Range)
}

/// Whether PostgreSQL refuses to alter the type in place because of columns that hold its values, all of them ours, so
/// that it has to be made anew.
pub(super) fn cannot_be_altered(
    data_type: &Resource,
    alterations: &[Alteration],
    (live, recorded): (&Catalog, &Recorded),
    target: &Ident,
) -> bool {
    let is_refused = alterations.iter().any(|alteration| match alteration {
        Alteration::Domain(DomainAlteration::SetNotNull(wanted)) => *wanted,
        Alteration::Domain(DomainAlteration::ValidateConstraint(_)) => true,
        Alteration::Domain(DomainAlteration::AddConstraint(constraint)) => constraint.validated,
        Alteration::Composite(CompositeAlteration::SetAttributeType { .. }) => true,
        _ => false,
    });
    // The text of a value has as many attributes as its type.
    let keeps_attributes = alterations.iter().all(|alteration| {
        use CompositeAlteration::{AddAttribute, DropAttribute};
        !matches!(alteration, Alteration::Composite(AddAttribute(_) | DropAttribute(_)))
    });
    let Some(name) = data_type.qualified_name().filter(|_| is_refused) else { return false };
    let is_domain = matches!(data_type, Resource::Domain(_));
    let mut holders = columns_holding(&name, is_domain, live, target).peekable();
    // Only of a value of its own can the attributes be told.
    let own: Vec<Address> = columns_of_type(&data_type.address(target), live, false).collect();
    if !keeps_attributes
        && columns_holding(&name, is_domain, live, target).any(|holder| !own.contains(&holder))
    {
        return false;
    }
    let is_ours = |column: Address| {
        column.table_of_member().is_some_and(|table| recorded.resources.contains_key(&table))
    };
    holders.peek().is_some() && holders.all(is_ours)
}

/// The columns of a table whose default or generating expression calls `routine`, an operator and the like too, with what
/// is done about it.
fn recomputed(
    routine: &Address,
    live: &Resource,
    declared: &DesiredResource,
    Context { dependencies, .. }: &Context<'_>,
) -> Vec<(Address, Action)> {
    let (Resource::Table(live), Resource::Table(desired)) = (live, &*declared.resource) else {
        return Vec::new();
    };
    let calls = live.columns.iter().filter(|column| dependencies.of_column(column).contains(routine));
    let wanted = calls.filter_map(|column| Some((column, desired.column(&column.name)?)));
    let made_anew = wanted.filter_map(|(column, wanted)| {
        if goes_with_parents(column) {
            return None;
        }
        let alteration = match (&column.generated, &wanted.default) {
            (Some(_), _) => TableAlteration::ReplaceColumn(Box::new(wanted.clone())),
            (None, Some(default)) => TableAlteration::AlterColumn {
                column: column.name.clone(),
                alteration: ColumnAlteration::SetDefault(default.clone()),
            },
            (None, None) => return None,
        };
        let address = Address::column(routine.target(), &desired.qualified_name(), &column.name);
        Some((address, Action::Replace(Some(Alteration::Table(alteration)))))
    });
    made_anew.collect()
}

/// Whether a computed column is made anew where the parents are, and comes down from them.
fn goes_with_parents(column: &Column) -> bool {
    column.generated.is_some() && column.origin == ColumnOrigin::Inherited
}

/// The generated columns of a table that are of an enum or computed from columns of it: PostgreSQL changes no type under
/// them, and takes no `USING` for their own.
fn computed_from(
    enum_type: &Address,
    live: &Resource,
    declared: &DesiredResource,
    Context { dependencies, .. }: &Context<'_>,
) -> Vec<(Address, Action)> {
    let (Resource::Table(live), Resource::Table(desired)) = (live, &*declared.resource) else {
        return Vec::new();
    };
    let needs = |column: &Column| dependencies.of_column(column).contains(enum_type);
    let computed = live.columns.iter().filter(|column| {
        let bases = generated_from(live, column);
        let rests_on_it = |base| live.column(base).is_some_and(needs);
        column.generated.is_some()
            && !goes_with_parents(column)
            && (needs(column) || bases.iter().any(rests_on_it))
    });
    let wanted = computed.filter_map(|column| desired.column(&column.name));
    let made_anew = wanted.filter(|wanted| wanted.generated.is_some()).map(|wanted| {
        let alteration = TableAlteration::ReplaceColumn(Box::new(wanted.clone()));
        let address = Address::column(enum_type.target(), &desired.qualified_name(), &wanted.name);
        (address, Action::Replace(Some(Alteration::Table(alteration))))
    });
    made_anew.collect()
}

/// The columns of a table whose default names a collation.
fn sorted_by(collation: &Address, live: &Resource, declared: &DesiredResource) -> Vec<(Address, Action)> {
    let (Resource::Table(live), Resource::Table(desired)) = (live, &*declared.resource) else {
        return Vec::new();
    };
    let Some(name) = collation.relation() else { return Vec::new() };
    let names_it = |column: &&Column| {
        let default = column.default.iter();
        default.flat_map(|default| qualified_names(default.as_str())).any(|named| named == name)
    };
    let defaults = live.columns.iter().filter(names_it).filter_map(|column| {
        let default = desired.column(&column.name)?.default.clone()?;
        let alteration = ColumnAlteration::SetDefault(default);
        let alteration = TableAlteration::AlterColumn { column: column.name.clone(), alteration };
        let address = Address::column(collation.target(), &desired.qualified_name(), &column.name);
        Some((address, Action::Replace(Some(Alteration::Table(alteration)))))
    });
    defaults.collect()
}

/// The columns of a table that are of `data_type`, or of arrays of it, and stay so.
pub(super) fn remade(
    data_type: &Address,
    live: &Resource,
    declared: &DesiredResource,
    context: &Context<'_>,
) -> Vec<(Address, Action)> {
    let (Resource::Table(live), Resource::Table(desired)) = (live, &*declared.resource) else {
        return Vec::new();
    };
    let Some(name) = context.live.get(data_type).and_then(Resource::qualified_name) else {
        return Vec::new();
    };
    let name = name.to_string();
    let before = domain_over(&name, |name| domain_of(name, data_type, |at| context.live.get(at)));
    let wanted = |at: &Address| context.desired.get(at).map(|declared| &*declared.resource);
    let after = domain_over(&name, |name| domain_of(name, data_type, wanted));
    // An enum may be made anew as well.
    let is_enum = |name: &String| {
        let names = qualified_names(name).into_iter();
        let mut addresses = names.map(|name| Address::of_schema(Kind::Enum, data_type.target(), &name));
        addresses.any(|address| context.live.contains(&address))
    };
    let is_over_enum = before.as_ref().is_some_and(is_enum);
    let through = before.as_deref().filter(|_| !is_over_enum);
    let attributes = match (context.live.get(data_type), wanted(data_type)) {
        (Some(Resource::Composite(before)), Some(Resource::Composite(after))) => kept_of(before, after),
        _ => None,
    };
    let is_of_it = |text: &str| text.strip_suffix("[]").unwrap_or(text) == name;
    let columns = live.columns.iter().filter(|column| is_of_it(&column.data_type));
    let staying = columns.filter(|column| {
        desired.column(&column.name).is_some_and(|wanted| wanted.data_type == column.data_type)
    });
    let made_anew = staying.filter_map(|column| {
        let of_column = |alteration| {
            let alteration = TableAlteration::AlterColumn { column: column.name.clone(), alteration };
            let address = Address::column(data_type.target(), &desired.qualified_name(), &column.name);
            (address, Action::Replace(Some(Alteration::Table(alteration))))
        };
        // It changes with that of the parent, but for its default.
        if column.origin.is_inherited() {
            let default = column.default.as_ref().and(desired.column(&column.name)?.default.clone());
            return default.map(|default| of_column(ColumnAlteration::SetDefault(default)));
        }
        let array = if column.data_type.ends_with("[]") { "[]" } else { "" };
        let through = format!("{}{array}", through.unwrap_or("text"));
        let values = after.as_ref().filter(|_| !is_over_enum).map(|over| format!("{over}{array}"));
        let attributes = attributes.clone();
        Some(of_column(ColumnAlteration::Remake { through, values, attributes }))
    });
    made_anew.collect()
}

/// The attributes of the new composite, as far as the old one has them; `None` when they are the same.
fn kept_of(before: &Composite, after: &Composite) -> Option<Vec<Option<Ident>>> {
    let name = |attribute: &CompositeAttribute| attribute.name.clone();
    let names: Vec<Ident> = before.attributes.iter().map(name).collect();
    let kept = after.attributes.iter().map(name);
    let kept: Vec<Option<Ident>> =
        kept.map(|attribute| names.contains(&attribute).then_some(attribute)).collect();
    (!kept.iter().flatten().eq(&names) || kept.len() != names.len()).then_some(kept)
}

/// The type below the domain `name`, below all domains that it is over; `None` for a type of another kind.
fn domain_over(name: &str, over: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut below = over(name)?;
    while let Some(next) = over(&below) {
        below = next;
    }
    Some(below)
}

/// What the domain that is printed as `name` is over.
fn domain_of<'r>(
    name: &str,
    beside: &Address,
    resource: impl Fn(&Address) -> Option<&'r Resource>,
) -> Option<String> {
    let name = qualified_names(name).into_iter().next()?;
    match resource(&Address::of_schema(Kind::Domain, beside.target(), &name))? {
        Resource::Domain(domain) => Some(domain.data_type.clone()),
        _ => None,
    }
}
