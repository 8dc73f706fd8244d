//! Patterns of addresses: which objects a target leaves alone.
//!
//! `KIND.PART.PART`, the parts as in an address but for the target. `*` stands for any characters of a part, `?` for one,
//! `**` as a part for any number of them. A part in double quotes is taken to the letter.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::address::{Address, Kind};
use crate::desired::{Desired, DesiredResource};
use crate::ident::{Ident, QualifiedName};
use crate::kind::Resource;
use crate::observation::{Observation, Unmodelled};
use crate::plan::depend::Dependencies;

/// One pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressPattern {
    text: String,
    kind: Part,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Exactly(String),
    Glob(Vec<char>),
    /// Any number of parts.
    Rest,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    #[error("{0:?} has an unclosed or misplaced double quote")]
    BadQuote(String),
    #[error("{0:?} has an empty part")]
    EmptyPart(String),
    #[error("{text:?} begins with no kind of object; the kinds are {}", kinds())]
    UnknownKind { text: String },
    #[error("{0:?} names a kind alone; what of it?")]
    NoParts(String),
}

/// Columns belong to their tables, which cannot be left alone in parts.
fn ignorable() -> impl Iterator<Item = Kind> {
    Kind::ALL.iter().copied().filter(|kind| *kind != Kind::Column)
}

fn kinds() -> String {
    ignorable().map(Kind::as_str).collect::<Vec<_>>().join(", ")
}

impl Part {
    fn matches(&self, name: &str) -> bool {
        match self {
            Part::Exactly(text) => text == name,
            Part::Glob(glob) => glob_matches(glob, &name.chars().collect::<Vec<_>>()),
            Part::Rest => true,
        }
    }
}

/// Whether `text` is what `glob` says: `*` stands for any characters, `?` for one.
pub(crate) fn glob_matches(glob: &[char], text: &[char]) -> bool {
    match glob.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|taken| glob_matches(rest, &text[taken..])),
        Some((first, rest)) => text
            .split_first()
            .is_some_and(|(c, text)| (*first == '?' || first == c) && glob_matches(rest, text)),
    }
}

fn all_match(parts: &[Part], names: &[&str]) -> bool {
    match parts.split_first() {
        None => names.is_empty(),
        Some((Part::Rest, rest)) => (0..=names.len()).any(|taken| all_match(rest, &names[taken..])),
        Some((part, rest)) => {
            names.split_first().is_some_and(|(name, names)| part.matches(name) && all_match(rest, names))
        }
    }
}

impl AddressPattern {
    /// Of this object alone.
    pub fn exactly(address: &Address) -> Self {
        let exactly = |name: &Ident| Part::Exactly(name.as_str().to_owned());
        Self {
            text: address.to_string(),
            kind: Part::Exactly(address.kind().as_str().to_owned()),
            parts: address.names().map(exactly).collect(),
        }
    }

    pub fn matches(&self, address: &Address) -> bool {
        let names: Vec<&str> = address.names().map(Ident::as_str).collect();
        self.matches_names(address.kind().as_str(), &names)
    }

    fn matches_names(&self, kind: &str, names: &[&str]) -> bool {
        self.kind.matches(kind) && all_match(&self.parts, names)
    }
}

impl fmt::Display for AddressPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for AddressPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let mut parts = split(text).ok_or_else(|| PatternError::BadQuote(text.to_owned()))?;
        if parts.iter().any(|part| matches!(part, Part::Exactly(name) if name.is_empty())) {
            return Err(PatternError::EmptyPart(text.to_owned()));
        }
        let kind = parts.remove(0);
        if kind == Part::Rest || !ignorable().any(|known| kind.matches(known.as_str())) {
            return Err(PatternError::UnknownKind { text: text.to_owned() });
        }
        if parts.is_empty() {
            return Err(PatternError::NoParts(text.to_owned()));
        }
        Ok(Self { text: text.to_owned(), kind, parts })
    }
}

/// The parts of a pattern or of a name; `None` when a quote is out of place.
fn split(text: &str) -> Option<Vec<Part>> {
    let (mut parts, mut rest) = (Vec::new(), text);
    loop {
        let after = if let Some(quoted) = rest.strip_prefix('"') {
            let (mut name, mut left) = (String::new(), quoted);
            loop {
                let end = left.find('"')?;
                name.push_str(&left[..end]);
                left = &left[end + 1..];
                match left.strip_prefix('"') {
                    Some(doubled) => {
                        name.push('"');
                        left = doubled;
                    }
                    None => break,
                }
            }
            parts.push(Part::Exactly(name));
            left
        } else {
            let end = rest.find('.').unwrap_or(rest.len());
            let word = &rest[..end];
            parts.push(match word {
                _ if word.contains('"') => return None,
                "**" => Part::Rest,
                _ if word.contains(['*', '?']) => Part::Glob(word.chars().collect()),
                _ => Part::Exactly(word.to_owned()),
            });
            &rest[end..]
        };
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None => return after.is_empty().then_some(parts),
        }
    }
}

/// What a target leaves alone: neither managed nor compared nor listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ignored(Vec<AddressPattern>);

impl Ignored {
    pub fn new(patterns: Vec<AddressPattern>) -> Self {
        Self(patterns)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pattern for an object: for itself, for the relation that it is a part of, which `exists`, or for its schema.
    pub fn pattern_for(
        &self,
        address: &Address,
        resource: &Resource,
        exists: &dyn Fn(&Address) -> bool,
    ) -> Option<&AddressPattern> {
        if self.is_empty() {
            return None;
        }
        let target = address.target();
        let relation = resource.owner_name();
        let relations = relation.iter().map(|name| relation_called(target, name, exists));
        let schema = address.schema_name().map(|schema| Address::schema(target, schema));
        let addresses: Vec<Address> =
            std::iter::once(address.clone()).chain(relations).chain(schema).collect();
        self.0.iter().find(|pattern| addresses.iter().any(|address| pattern.matches(address)))
    }

    /// What is declared and ignored at once.
    pub fn contradicted<'a>(
        &'a self,
        desired: &'a Desired,
    ) -> impl Iterator<Item = (&'a Address, &'a DesiredResource, &'a AddressPattern)> {
        desired.iter().filter_map(|(address, declared)| {
            let exists = |address: &Address| desired.contains_key(address);
            Some((address, declared, self.pattern_for(address, &declared.resource, &exists)?))
        })
    }

    /// Takes out of `live` what is ignored. That something rests on other objects stays known: they cannot be dropped
    /// under it.
    pub fn strip(&self, target: &Ident, live: &mut Observation) {
        if self.is_empty() {
            return;
        }
        let exists = |address: &Address| live.catalog.contains(address);
        let is_ignored = |(address, resource): &(&Address, &Resource)| {
            self.pattern_for(address, resource, &exists).is_some()
        };
        let ignored: BTreeSet<Address> =
            live.catalog.iter().filter(is_ignored).map(|(address, _)| address.clone()).collect();
        let is_covered = |object: &Unmodelled| self.covers(target, object, &exists);
        let (_, listed): (Vec<Unmodelled>, Vec<Unmodelled>) =
            live.unmodelled.iter().cloned().partition(is_covered);
        let mut resting: Vec<(Address, Unmodelled)> = Vec::new();
        {
            let dependencies =
                Dependencies::new(target, live.catalog.iter()).with_edges(live.dependencies.iter());
            // What others may do with an object does not keep it.
            for address in ignored.iter().filter(|address| !address.kind().is_about_roles()) {
                let Some(resource) = live.catalog.get(address) else { continue };
                let object = Unmodelled::of(address);
                resting.extend(dependencies.of(resource).into_iter().map(|need| (need, object.clone())));
            }
        }
        live.unmodelled = listed;
        live.leave_alone(ignored, resting);
    }

    /// The same of what has no address, by PostgreSQL's own description: `audit on public.orders`.
    fn covers(&self, target: &Ident, object: &Unmodelled, exists: &dyn Fn(&Address) -> bool) -> bool {
        let (own, relation) = match object.name.split_once(" on ") {
            Some((own, relation)) => (own, Some(relation)),
            None => (object.name.as_str(), None),
        };
        let names = |text: &str| -> Option<Vec<String>> {
            let plain = text.split_once('(').map_or(text, |(name, _)| name);
            let parts = split(plain)?;
            parts
                .into_iter()
                .map(|part| match part {
                    Part::Exactly(name) => Some(name),
                    Part::Glob(chars) => Some(chars.into_iter().collect()),
                    Part::Rest => None,
                })
                .collect()
        };
        let kind = object.kind.replace(' ', "_");
        let own: Vec<String> = names(own).unwrap_or_default();
        let own: Vec<&str> = own.iter().map(String::as_str).collect();
        let relation: Vec<String> = relation.and_then(names).unwrap_or_default();
        let relation = match relation.as_slice() {
            [schema, name] => Ident::new(schema).ok().zip(Ident::new(name).ok()),
            _ => None,
        };
        let addresses: Vec<Address> = relation
            .into_iter()
            .map(|(schema, name)| relation_called(target, &QualifiedName::new(schema, name), exists))
            .chain(
                own.first()
                    .filter(|_| own.len() > 1)
                    .and_then(|schema| Some(Address::schema(target, &Ident::new(schema).ok()?))),
            )
            .collect();
        self.0.iter().any(|pattern| {
            pattern.matches_names(&kind, &own) || addresses.iter().any(|address| pattern.matches(address))
        })
    }
}

/// The relation of this name that `exists`; a table when none does.
fn relation_called(target: &Ident, name: &QualifiedName, exists: &dyn Fn(&Address) -> bool) -> Address {
    let kinds = Kind::ALL.iter().copied().filter(|kind| kind.is_relation());
    let mut addresses = kinds.map(|kind| Address::of_schema(kind, target, name));
    addresses.find(|address| exists(address)).unwrap_or_else(|| Address::table(target, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::*;

    fn matches(pattern: &str, text: &str) -> bool {
        pattern.parse::<AddressPattern>().unwrap().matches(&address(text))
    }

    #[test]
    fn each_part_is_matched_by_its_own_glob() {
        for (pattern, text, expected) in [
            ("table.*.tmp_*", "table.main.public.tmp_orders", true),
            ("table.*.tmp_*", "table.main.public.orders", false),
            ("table.*.tmp_*", "view.main.public.tmp_orders", false),
            ("*.app.*", "view.main.app.due", true),
            ("*.app.*", "constraint.main.app.orders.orders_pkey", false),
            ("*.app.**", "constraint.main.app.orders.orders_pkey", true),
            ("extension.pg_?", "extension.main.pg_x", true),
            ("table.app.\"tmp_*\"", "table.main.app.tmp_x", false),
            ("table.app.\"a.b\"", "table.main.app.\"a.b\"", true),
            ("function.app.total", "function.main.app.total(integer)", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        let error = |text: &str| text.parse::<AddressPattern>().unwrap_err().to_string();
        assert!(error("tables.app.x").contains("the kinds are schema, extension"));
        assert!(error("column.app.t.x").contains("begins with no kind"));
        assert!(error("table").contains("a kind alone"));
        assert!(error("table..x").contains("empty part"));
        assert!(error("table.\"x").contains("double quote"));
    }

    #[test]
    fn what_belongs_to_an_ignored_table_is_ignored_with_it() {
        let ignored = Ignored::new(vec!["table.*.tmp_*".parse().unwrap()]);
        let mut world = World::new();
        world
            .live(table("tmp_a", &["id bigint"]))
            .live(primary_key("tmp_a", &["id"]))
            .live(index("tmp_a", "an_index", &["id"]))
            .live(table("b", &["id bigint"]))
            .live(primary_key("b", &["id"]))
            .live(foreign_key("tmp_a", "id", "b", "id"));
        let mut live = world.inputs().targets.remove(0).live;
        ignored.strip(&id("main"), &mut live);
        let left: Vec<String> = live.catalog.iter().map(|(address, _)| address.to_string()).collect();
        assert_eq!(left, ["schema.main.public", "table.main.public.b", "constraint.main.public.b.b_pkey"]);
        let dependents = &live.unmodelled_dependents[&address("table.main.public.b")];
        assert_eq!(dependents[0].name, "public.tmp_a.tmp_a_id_fkey");
    }

    #[test]
    fn what_has_no_address_is_known_by_its_description() {
        let ignored = Ignored::new(vec!["table.*.tmp_*".parse().unwrap()]);
        let object = |name: &str| Unmodelled { kind: "trigger".to_owned(), name: name.to_owned() };
        assert!(ignored.covers(&id("main"), &object("audit on public.tmp_x"), &|_| false));
        assert!(!ignored.covers(&id("main"), &object("audit on public.x"), &|_| false));
    }
}
