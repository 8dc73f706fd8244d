//! Units of normalisation: a table with its raw parts, and what must exist before it can be created.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::address::{Address, Kind};
use djogi_core::declared::{Declaration, Declarations};
use djogi_core::digest::canonical_json;
use djogi_core::kind::{ConstraintDefinition, Table};
use djogi_core::observation::ServerVersion;
use djogi_core::{Digest, Ident, QualifiedName, Resource};
use serde::Serialize;

/// A declaration with its address.
pub(super) type Declared<'a> = (&'a Address, &'a Declaration);

/// A table that is raw or has raw constraints or indexes.
pub(super) struct Unit<'a> {
    pub(super) table: &'a Table,
    pub(super) table_address: &'a Address,
    pub(super) table_declaration: &'a Declaration,
    /// Raw constraints and indexes of the table.
    pub(super) parts: Vec<Declared<'a>>,
    /// Extensions first, then enums and sequences.
    pub(super) needs: Vec<Declared<'a>>,
    pub(super) digest: Digest,
}

/// All that a result depends on.
#[derive(Serialize)]
struct DigestInput<'a> {
    djogi: &'static str,
    major: u32,
    table: &'a Table,
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
    let mut tables: BTreeMap<QualifiedName, (Declared<'a>, &'a Table)> = BTreeMap::new();
    let mut parts: BTreeMap<QualifiedName, Vec<Declared<'a>>> = BTreeMap::new();
    let mut raw: BTreeSet<QualifiedName> = BTreeSet::new();
    for (address, declaration) in ours() {
        let table_name = match &*declaration.resource {
            Resource::Table(table) => {
                tables.insert(table.qualified_name(), ((address, declaration), table));
                table.qualified_name()
            }
            Resource::Constraint(constraint) => match constraint.definition {
                // Nothing in a foreign key is an expression.
                ConstraintDefinition::ForeignKey(_) => continue,
                ConstraintDefinition::PrimaryKey { .. }
                | ConstraintDefinition::Unique { .. }
                | ConstraintDefinition::Check { .. }
                | ConstraintDefinition::Exclusion(_) => constraint.table_name(),
            },
            Resource::Index(index) => index.table_name(),
            _ => continue,
        };
        if declaration.raw {
            if address.kind() != Kind::Table {
                parts.entry(table_name.clone()).or_default().push((address, declaration));
            }
            raw.insert(table_name);
        }
    }
    let helpers: Vec<Declared<'a>> = ours()
        .filter(|(address, _)| matches!(address.kind(), Kind::Extension | Kind::Enum | Kind::Sequence))
        .collect();
    let unit = |name: QualifiedName| {
        let ((table_address, table_declaration), table) = *tables.get(&name)?;
        let parts = parts.remove(&name).unwrap_or_default();
        Some(Unit::new(table, table_address, table_declaration, parts, &helpers, version))
    };
    raw.into_iter().filter_map(unit).collect()
}

impl<'a> Unit<'a> {
    fn new(
        table: &'a Table,
        table_address: &'a Address,
        table_declaration: &'a Declaration,
        parts: Vec<Declared<'a>>,
        helpers: &[Declared<'a>],
        version: ServerVersion,
    ) -> Self {
        let resources: Vec<_> = parts.iter().map(|(_, declaration)| &*declaration.resource).collect();
        let text = canonical_json(&(table, &resources));
        // Any expression may call any extension. A type or sequence that is needed is written somewhere; one
        // that merely looks so does no harm.
        let is_needed = |address: &Address| {
            address.kind() == Kind::Extension
                || !address.name().is_plain()
                || text.contains(address.name().as_str())
        };
        let needs: Vec<_> = helpers.iter().copied().filter(|(address, _)| is_needed(address)).collect();
        let digest = Digest::of(&DigestInput {
            djogi: env!("CARGO_PKG_VERSION"),
            major: version.major(),
            table,
            parts: resources,
            needs: needs.iter().map(|(_, declaration)| &*declaration.resource).collect(),
        });
        Self { table, table_address, table_declaration, parts, needs, digest }
    }

    /// The table and its raw parts.
    pub(super) fn members(&self) -> impl Iterator<Item = Declared<'a>> {
        std::iter::once((self.table_address, self.table_declaration)).chain(self.parts.iter().copied())
    }
}
