//! Units of normalisation: a relation with its raw parts, or a raw type, and what must exist before it can be created.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::address::{Address, Kind};
use djogi_core::declared::{Declaration, Declarations};
use djogi_core::kind::ConstraintDefinition;
use djogi_core::observation::ServerVersion;
use djogi_core::{Digest, Ident, QualifiedName, Resource};
use serde::Serialize;

use super::needs::Helpers;

/// A declaration with its address.
pub(super) type Declared<'a> = (&'a Address, &'a Declaration);

/// A declaration that is raw or has raw parts.
pub(super) struct Unit<'a> {
    /// A table, a view or a type.
    pub(super) root: Declared<'a>,
    /// Raw constraints, indexes, triggers and policies of a relation.
    pub(super) parts: Vec<Declared<'a>>,
    /// Each behind those that it needs itself.
    pub(super) needs: Vec<Declared<'a>>,
    pub(super) digest: Digest,
}

/// All that a result depends on.
#[derive(Serialize)]
struct DigestInput<'a> {
    djogi: &'static str,
    major: u32,
    root: &'a Resource,
    parts: Vec<&'a Resource>,
    needs: Vec<&'a Resource>,
}

/// The units among the declarations of `target`.
pub(super) fn collect<'a>(
    declarations: &'a Declarations,
    target: &Ident,
    version: ServerVersion,
) -> Vec<Unit<'a>> {
    let ours = || declarations.resources.iter().filter(|(address, _)| address.target() == target);
    let mut relations: BTreeMap<QualifiedName, Declared<'a>> = BTreeMap::new();
    let mut parts: BTreeMap<QualifiedName, Vec<Declared<'a>>> = BTreeMap::new();
    let (mut raw, mut types) = (BTreeSet::new(), Vec::new());
    for declared @ (address, declaration) in ours() {
        let resource = &*declaration.resource;
        let relation = match (address.kind().is_relation(), resource.relation_name()) {
            (true, _) => resource.qualified_name(),
            // Nothing in a foreign key is an expression.
            (false, Some(_)) if is_foreign_key(resource) => None,
            (false, relation) => relation,
        };
        match relation {
            Some(relation) => {
                if address.kind().is_relation() {
                    relations.insert(relation.clone(), declared);
                } else if declaration.raw {
                    parts.entry(relation.clone()).or_default().push(declared);
                }
                if declaration.raw {
                    raw.insert(relation);
                }
            }
            None if declaration.raw && address.kind().is_type() => types.push(declared),
            None => {}
        }
    }
    let helpers = Helpers::new(ours());
    let of_types = types.into_iter().map(|root| Unit::new(root, Vec::new(), &helpers, version));
    let of_relations = raw.into_iter().filter_map(|name| {
        let parts = parts.remove(&name).unwrap_or_default();
        Some(Unit::new(*relations.get(&name)?, parts, &helpers, version))
    });
    of_types.chain(of_relations).collect()
}

fn is_foreign_key(resource: &Resource) -> bool {
    matches!(resource, Resource::Constraint(constraint)
        if matches!(constraint.definition, ConstraintDefinition::ForeignKey(_)))
}

impl<'a> Unit<'a> {
    fn new(
        root: Declared<'a>,
        parts: Vec<Declared<'a>>,
        helpers: &Helpers<'a>,
        version: ServerVersion,
    ) -> Self {
        let resource = |(_, declaration): &Declared<'a>| &*declaration.resource;
        let members: Vec<Declared<'a>> = std::iter::once(root).chain(parts.iter().copied()).collect();
        let needs = helpers.of(&members);
        let digest = Digest::of(&DigestInput {
            djogi: env!("CARGO_PKG_VERSION"),
            major: version.major(),
            root: resource(&root),
            parts: parts.iter().map(resource).collect(),
            needs: needs.iter().map(resource).collect(),
        });
        Self { root, parts, needs, digest }
    }

    /// The root and its raw parts.
    pub(super) fn members(&self) -> impl Iterator<Item = Declared<'a>> {
        std::iter::once(self.root).chain(self.parts.iter().copied())
    }

    /// The schema in which its raw text looks first.
    pub(super) fn schema(&self) -> Option<&'a Ident> {
        self.root.0.schema_name()
    }
}

/// Whether it must be there before what selects from its table: the grouping by a key rests on it.
pub(super) fn is_key(resource: &Resource) -> bool {
    matches!(resource, Resource::Constraint(constraint) if match constraint.definition {
        ConstraintDefinition::PrimaryKey { .. } => true,
        ConstraintDefinition::Unique { .. }
        | ConstraintDefinition::Check { .. }
        | ConstraintDefinition::ForeignKey(_)
        | ConstraintDefinition::Exclusion(_) => false,
    })
}

/// Kinds that others can need: they stand in types and expressions by their names.
pub(super) fn is_needed_by_name(kind: Kind) -> bool {
    kind.is_type()
        || kind.is_relation()
        || kind.is_routine()
        || matches!(kind, Kind::Collation | Kind::Sequence)
}
