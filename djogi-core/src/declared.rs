//! What the user declared, before PostgreSQL has normalised its expressions.
//!
//! Models (and later SQL files) compile to [`Declarations`]; this is also the content of `catalog.json`, by
//! which a model package hands its models to the plain `djogi` binary. Only normalisation in a scratch
//! database turns it into a [`Catalog`](crate::catalog::Catalog).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Kind};
use crate::digest::Digest;
use crate::ident::{Ident, QualifiedName};
use crate::kind::Resource;
use crate::migration::Rule;

/// The format written by this version.
pub const CATALOG_FORMAT: &str = "djogi-catalog/1";

/// Where something was declared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub file: String,
    /// Counted from 1.
    pub line: u32,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// One declared resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// Types and expressions may be as the user wrote them; `raw` says so. What is not raw is desired as it is.
    pub resource: Arc<Resource>,
    pub source: Source,
    /// The cargo package that declared it.
    pub package: String,
    /// Whether `resource` holds text that only PostgreSQL can bring to its canonical form.
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub raw: bool,
    /// Whether it is somebody else's: there for what refers to it, and never desired.
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub unmanaged: bool,
    /// For tables: the columns whose values are shown nowhere.
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub sensitive: BTreeSet<Ident>,
    /// For tables: what is said of migrations of their columns.
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub rules: BTreeMap<Ident, Rule>,
    /// The address it had before a declared rename. For names that follow from a renamed table or column,
    /// the name that followed from the old one.
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub renamed_from: Option<Address>,
    /// For tables: new column name to old column name.
    #[serde(default, skip_serializing_if = "crate::kind::is_default")]
    pub renamed_columns: BTreeMap<Ident, Ident>,
    /// For views: in which line of the file of `source` each column is expected.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub column_lines: BTreeMap<Ident, u32>,
    /// What it needs by PostgreSQL's own account, columns included, where a database has told
    /// ([`Observation::dependencies`](crate::observation::Observation::dependencies)). Without it the names in its
    /// definition count.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub needs: BTreeSet<Address>,
}

impl Declaration {
    /// Whether it is a table that is a part of others.
    pub fn is_child(&self) -> bool {
        matches!(&*self.resource, Resource::Table(table) if !table.lineage.parents().is_empty())
    }
}

/// Everything that was declared, for all targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declarations {
    pub format: String,
    pub resources: BTreeMap<Address, Declaration>,
}

impl Default for Declarations {
    fn default() -> Self {
        Self { format: CATALOG_FORMAT.to_owned(), resources: BTreeMap::new() }
    }
}

impl Declarations {
    /// The digest of everything declared: over the digests of the declarations, so that none is in memory as text.
    pub fn digest(&self) -> Digest {
        let declarations: Vec<_> = self.resources.values().collect();
        let digests = self.resources.keys().zip(Digest::of_each(&declarations));
        Digest::of(&digests.collect::<BTreeMap<_, _>>())
    }

    /// Whether PostgreSQL makes more of a table of `target` than is declared: it is a part of another, from which indexes,
    /// keys and checks come down to it, and only the table itself is said.
    pub fn has_children(&self, target: &Ident) -> bool {
        let mut ours = self.resources.iter().filter(|(address, _)| address.target() == target);
        ours.any(|(_, declaration)| declaration.raw && declaration.is_child())
    }

    /// What of `target` is somebody else's.
    pub fn unmanaged(&self, target: &Ident) -> impl Iterator<Item = (&Address, &Declaration)> {
        let ours = move |(address, declared): &(&Address, &Declaration)| {
            declared.unmanaged && address.target() == target
        };
        self.resources.iter().filter(ours)
    }

    /// The columns of a table whose values are shown nowhere.
    pub fn sensitive(&self, target: &Ident, table: &QualifiedName) -> &BTreeSet<Ident> {
        static NONE: BTreeSet<Ident> = BTreeSet::new();
        self.resources.get(&Address::table(target, table)).map_or(&NONE, |declared| &declared.sensitive)
    }

    /// What is said of migrations of the tables of `target`, by their columns.
    pub fn rules(&self, target: &Ident) -> impl Iterator<Item = (QualifiedName, &Ident, &Rule)> {
        let ours = self.resources.iter().filter(move |(address, _)| address.target() == target);
        ours.filter_map(|(address, declared)| Some((address.relation()?, &declared.rules)))
            .flat_map(|(table, rules)| rules.iter().map(move |(column, rule)| (table.clone(), column, rule)))
    }

    /// What several declarations, or several columns of a table, say that they were renamed from: each old address with
    /// all that claim it. They are refused, since it can become only one of them. What follows from the
    /// name of a table is claimed with it, and told only when no table is.
    pub fn rename_rivals(&self) -> BTreeMap<Address, Vec<Address>> {
        let mut claims: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
        for (address, declared) in &self.resources {
            if let Some(old) = &declared.renamed_from {
                claims.entry(old.clone()).or_default().push(address.clone());
            }
            let Some(table) = address.relation() else { continue };
            let column = |name| Address::column(address.target(), &table, name);
            for (new, old) in &declared.renamed_columns {
                claims.entry(column(old)).or_default().push(column(new));
            }
        }
        claims.retain(|_, claimants| claimants.len() > 1);
        if claims.keys().any(|old| old.kind() == Kind::Table) {
            claims.retain(|old, _| !matches!(old.kind(), Kind::Constraint | Kind::Index | Kind::Sequence));
        }
        claims
    }

    /// Declared renames by which objects, or columns of a table, take each other's names all around: each circle once,
    /// every address followed by the one it was renamed from. They are refused, since nothing tells whether such a
    /// circle has been gone through: after the renames everything looks as before.
    pub fn rename_cycles(&self) -> Vec<Vec<Address>> {
        let mut origins: BTreeMap<Address, Address> = BTreeMap::new();
        for (address, declared) in &self.resources {
            origins.extend(declared.renamed_from.iter().map(|old| (address.clone(), old.clone())));
            let Some(table) = address.relation() else { continue };
            let column = |name| Address::column(address.target(), &table, name);
            origins.extend(declared.renamed_columns.iter().map(|(new, old)| (column(new), column(old))));
        }
        let mut cycles: Vec<Vec<Address>> = Vec::new();
        let mut seen: BTreeSet<&Address> = BTreeSet::new();
        for start in origins.keys() {
            let mut path: Vec<&Address> = Vec::new();
            let mut at = start;
            while seen.insert(at) {
                path.push(at);
                let Some(old) = origins.get(at) else { break };
                at = old;
            }
            if let Some(from) = path.iter().position(|passed| *passed == at)
                && origins.contains_key(at)
            {
                cycles.push(path[from..].iter().map(|&address| address.clone()).collect());
            }
        }
        cycles
    }
}
