//! Which of the managed resources a command is about: addresses, patterns and packages.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::kind::Resource;
use djogi_core::{Address, Ident, Kind};
use glob::{MatchOptions, Pattern};

use super::error::SurgeryError;
use crate::error::EngineError;
use crate::state::{RecordedCatalog, State, Store};

/// What was asked for; everything when it is empty.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    addresses: Vec<Address>,
    patterns: Vec<Pattern>,
    packages: Vec<String>,
}

/// Dots are characters like all others, so that `table.*` is every table.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: false,
    require_literal_leading_dot: false,
};

impl Selection {
    /// Takes words with `*` or `?` for patterns, and others for addresses.
    ///
    /// # Errors
    /// The first word that is neither.
    pub fn parse(words: &[String], packages: &[String]) -> Result<Self, SurgeryError> {
        let mut selection = Self { packages: packages.to_vec(), ..Self::default() };
        for word in words {
            if word.contains(['*', '?']) {
                // Names may hold brackets; nobody needs classes of characters.
                let pattern = Pattern::new(&word.replace('[', "[[]"));
                let pattern = pattern.map_err(|e| SurgeryError::Pattern(word.clone(), e.to_string()))?;
                selection.patterns.push(pattern);
            } else {
                let address = word.parse::<Address>();
                let address = address.map_err(|e| SurgeryError::Pattern(word.clone(), e.to_string()))?;
                selection.addresses.push(address);
            }
        }
        Ok(selection)
    }

    fn is_everything(&self) -> bool {
        self.addresses.is_empty() && self.patterns.is_empty() && self.packages.is_empty()
    }

    /// The targets that it may be about, of those that `state` has.
    pub(super) fn targets(&self, state: &State) -> BTreeSet<Ident> {
        let recorded = state.content.targets.keys().cloned();
        if self.patterns.is_empty() && self.packages.is_empty() && !self.addresses.is_empty() {
            return self.addresses.iter().map(|address| address.target().clone()).collect();
        }
        recorded.collect()
    }

    /// The managed resources that it names, each table with its constraints, indexes and own sequences.
    ///
    /// # Errors
    /// When an address or a package names nothing; a pattern may.
    pub(super) async fn resolve(
        &self,
        state: &State,
        store: &dyn Store,
    ) -> Result<BTreeSet<Address>, EngineError> {
        let serial = state.serial;
        let recorded = || state.content.targets.values().flat_map(|target| target.resources.keys());
        if self.is_everything() {
            return Ok(recorded().cloned().collect());
        }
        let is_managed = |address: &Address| {
            let target = state.content.targets.get(address.target());
            target.is_some_and(|target| target.resources.contains_key(address))
        };
        for address in &self.addresses {
            if address.kind() == Kind::Column {
                return Err(SurgeryError::Part(address.clone()).into());
            }
            if !is_managed(address) {
                return Err(SurgeryError::NotManaged { address: address.clone(), serial }.into());
            }
        }
        let fits = |address: &&Address| {
            let text = address.to_string();
            self.patterns.iter().any(|pattern| pattern.matches_with(&text, OPTIONS))
        };
        let mut chosen: BTreeSet<Address> = self.addresses.iter().cloned().collect();
        chosen.extend(recorded().filter(fits).cloned());
        let mut known = BTreeSet::new();
        for (target, recorded) in &state.content.targets {
            let is_needed = !self.packages.is_empty() || chosen.iter().any(|a| a.target() == target);
            if !is_needed {
                continue;
            }
            let catalog = store.catalog(&recorded.catalog).await?;
            for (address, entry) in catalog.resources.iter().filter(|(address, _)| is_managed(address)) {
                known.extend(entry.package.clone());
                if entry.package.as_ref().is_some_and(|package| self.packages.contains(package)) {
                    chosen.insert(address.clone());
                }
            }
            let parts = parts(target, &catalog);
            let tables: Vec<&Address> = chosen
                .iter()
                .filter_map(|address| parts.get_key_value(address))
                .map(|(table, _)| table)
                .collect();
            let parts: Vec<Address> =
                tables.into_iter().flat_map(|table| parts[table].iter().cloned()).collect();
            chosen.extend(parts.into_iter().filter(is_managed));
        }
        if let Some(package) = self.packages.iter().find(|package| !known.contains(*package)) {
            let known = known.into_iter().collect();
            return Err(SurgeryError::NoPackage { package: package.clone(), serial, known }.into());
        }
        Ok(chosen)
    }
}

/// What has no life without its table, by table.
fn parts(target: &Ident, catalog: &RecordedCatalog) -> BTreeMap<Address, Vec<Address>> {
    let mut parts: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
    for (address, entry) in &catalog.resources {
        let table = match &*entry.resource {
            Resource::Sequence(sequence) => match &sequence.owned_by {
                Some(owner) => owner.table.clone(),
                None => continue,
            },
            resource => match resource.relation_name() {
                Some(relation) => relation,
                None => continue,
            },
        };
        let relations = [Kind::Table, Kind::View, Kind::MaterializedView];
        let mut relations = relations.map(|kind| Address::of_schema(kind, target, &table)).into_iter();
        let relation = relations.find(|relation| catalog.resources.contains_key(relation));
        parts
            .entry(relation.unwrap_or_else(|| Address::table(target, &table)))
            .or_default()
            .push(address.clone());
    }
    parts
}
