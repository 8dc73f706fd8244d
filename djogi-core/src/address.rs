//! Addresses: the stable names of resources in plans, state, approvals and on the command line.
//!
//! `kind.target.part...`, with one fixed number of parts for each kind. Parts that are not plain lower-case
//! identifiers are double-quoted as in SQL. Parsing is total, and `parse(display(a)) == a`.

mod kind;
mod parse;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::from_text::from_text;
use crate::ident::{Ident, QualifiedName, write_quoted};
use crate::kind::{DefaultPrivilege, MigrationPhase, Securable};

pub use kind::Kind;
pub use parse::AddressError;

/// The name of one resource within a configuration.
///
/// Clones share their names: one address stands in many maps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(try_from = "String", into = "String"))]
pub struct Address {
    kind: Kind,
    /// The target, then as many parts as the kind has.
    names: Arc<[Ident]>,
    /// The types of a routine's arguments, as `oidvectortypes` prints them: `integer, text`; or what else
    /// [`Kind::arguments`] asks for.
    arguments: Option<Arc<str>>,
}

impl Address {
    fn new(kind: Kind, names: impl Into<Arc<[Ident]>>) -> Self {
        let names = names.into();
        debug_assert_eq!(kind.parts().len() + 1, names.len());
        Self { kind, names, arguments: None }
    }

    /// Where the addresses of a kind begin in their order. It is that of nothing.
    pub(crate) fn first_of(kind: Kind) -> Self {
        Self { kind, names: Arc::new([]), arguments: None }
    }

    /// A schema-level object of a kind that has no arguments.
    pub fn of_schema(kind: Kind, target: &Ident, name: &QualifiedName) -> Self {
        Self::qualified(kind, target, name)
    }

    /// A part of a table or view.
    pub fn of_relation(kind: Kind, target: &Ident, relation: &QualifiedName, name: &Ident) -> Self {
        Self::member(kind, target, relation, name)
    }

    /// A cast between two types, separated by `, `.
    pub fn cast(target: &Ident, types: &str) -> Self {
        Self { arguments: Some(types.into()), ..Self::new(Kind::Cast, [target.clone()]) }
    }

    /// The transform of values of a type for a language.
    pub fn transform(target: &Ident, language: &Ident, data_type: &str) -> Self {
        Self { arguments: Some(data_type.into()), ..Self::of_database(Kind::Transform, target, language) }
    }

    /// A function, procedure or aggregate with the types of its arguments, separated by `, `; or another kind with
    /// what [`Kind::arguments`] asks for.
    pub fn routine(kind: Kind, target: &Ident, name: &QualifiedName, arguments: &str) -> Self {
        Self { arguments: Some(arguments.into()), ..Self::qualified(kind, target, name) }
    }

    pub fn schema(target: &Ident, name: &Ident) -> Self {
        Self::new(Kind::Schema, [target.clone(), name.clone()])
    }

    /// A user mapping; `public` is no role.
    pub fn user_mapping(target: &Ident, server: &Ident, role: &Ident) -> Self {
        Self::new(Kind::UserMapping, [target.clone(), server.clone(), role.clone()])
    }

    /// An object of the whole database.
    pub fn of_database(kind: Kind, target: &Ident, name: &Ident) -> Self {
        Self::new(kind, [target.clone(), name.clone()])
    }

    pub fn migration(target: &Ident, name: &Ident) -> Self {
        Self::of_database(Kind::Migration, target, name)
    }

    pub fn migration_step(target: &Ident, migration: &Ident, phase: MigrationPhase) -> Self {
        let phase = Ident::new(phase.as_str()).expect("the words for phases are names");
        Self::new(Kind::MigrationStep, [target.clone(), migration.clone(), phase])
    }

    pub fn extension(target: &Ident, name: &Ident) -> Self {
        Self::new(Kind::Extension, [target.clone(), name.clone()])
    }

    pub fn enum_type(target: &Ident, name: &QualifiedName) -> Self {
        Self::qualified(Kind::Enum, target, name)
    }

    pub fn sequence(target: &Ident, name: &QualifiedName) -> Self {
        Self::qualified(Kind::Sequence, target, name)
    }

    pub fn table(target: &Ident, name: &QualifiedName) -> Self {
        Self::qualified(Kind::Table, target, name)
    }

    pub fn index(target: &Ident, name: &QualifiedName) -> Self {
        Self::qualified(Kind::Index, target, name)
    }

    pub fn column(target: &Ident, table: &QualifiedName, name: &Ident) -> Self {
        Self::member(Kind::Column, target, table, name)
    }

    pub fn constraint(target: &Ident, table: &QualifiedName, name: &Ident) -> Self {
        Self::member(Kind::Constraint, target, table, name)
    }

    pub fn role(target: &Ident, name: &Ident) -> Self {
        Self::of_database(Kind::Role, target, name)
    }

    /// The membership of `member` in `role`.
    pub fn role_grant(target: &Ident, role: &Ident, member: &Ident) -> Self {
        Self::new(Kind::RoleGrant, [target.clone(), role.clone(), member.clone()])
    }

    /// What `grantee` may do with `object`.
    pub fn grant(target: &Ident, object: &Securable, grantee: &Ident) -> Self {
        let kind = object.grant_kind();
        let (target, grantee) = (target.clone(), grantee.clone());
        match object {
            Securable::Schema { name }
            | Securable::Language { name }
            | Securable::Wrapper { name }
            | Securable::Server { name } => Self::new(kind, [target, name.clone(), grantee]),
            Securable::Table(name) | Securable::Sequence { name, .. } | Securable::Type(name) => {
                Self::new(kind, [target, name.schema.clone(), name.name.clone(), grantee])
            }
            Securable::Routine { name, arguments } => Self {
                arguments: Some(arguments.as_str().into()),
                ..Self::new(kind, [target, name.schema.clone(), name.name.clone(), grantee])
            },
        }
    }

    pub fn default_privilege(target: &Ident, privilege: &DefaultPrivilege) -> Self {
        let objects = Ident::new(privilege.objects.word()).expect("the words for sorts of objects are names");
        let names = [privilege.role.clone(), objects, privilege.grantee.clone()];
        let (kind, schema) = match &privilege.schema {
            Some(schema) => (Kind::SchemaDefaultPrivilege, Some(schema.clone())),
            None => (Kind::DefaultPrivilege, None),
        };
        Self::new(kind, std::iter::once(target.clone()).chain(schema).chain(names).collect::<Vec<_>>())
    }

    fn qualified(kind: Kind, target: &Ident, name: &QualifiedName) -> Self {
        Self::new(kind, [target.clone(), name.schema.clone(), name.name.clone()])
    }

    fn member(kind: Kind, target: &Ident, table: &QualifiedName, name: &Ident) -> Self {
        Self::new(kind, [target.clone(), table.schema.clone(), table.name.clone(), name.clone()])
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn target(&self) -> &Ident {
        &self.names[0]
    }

    /// Everything but the kind and the target, in its order.
    pub fn names(&self) -> impl Iterator<Item = &Ident> {
        self.parts().iter()
    }

    fn parts(&self) -> &[Ident] {
        &self.names[1..]
    }

    /// The last part: the object's own name. A cast has none but that of its target.
    pub fn name(&self) -> &Ident {
        self.names.last().expect("every address has a target")
    }

    /// The schema the object lives in; `None` for target-level kinds.
    pub fn schema_name(&self) -> Option<&Ident> {
        match self.parts() {
            [schema, _, ..] if self.kind.parts().first() == Some(&"schema") => Some(schema),
            _ => None,
        }
    }

    /// Schema and name of a schema-level object, or of the object that a sub-object belongs to.
    pub fn relation(&self) -> Option<QualifiedName> {
        match self.parts() {
            _ if matches!(self.kind, Kind::UserMapping | Kind::RoleGrant | Kind::MigrationStep)
                || self.kind.is_default_privilege()
                || self.kind.is_grant() && self.parts().len() < 3 =>
            {
                None
            }
            [schema, name, ..] => Some(QualifiedName::new(schema.clone(), name.clone())),
            _ => None,
        }
    }

    /// What stands in parentheses after the name: the types of a routine's arguments and the like.
    pub fn arguments(&self) -> Option<&str> {
        self.arguments.as_deref()
    }

    /// The first of two names that are no object of a schema: the server of a grant on it.
    pub fn parent_name(&self) -> Option<&Ident> {
        match self.parts() {
            [parent, _] => Some(parent),
            _ => None,
        }
    }

    /// The server of a user mapping.
    pub fn server(&self) -> Option<&Ident> {
        (self.kind == Kind::UserMapping).then(|| &self.names[1])
    }

    /// What the address of a part of `from` is when that is called `to`; `None` for what is no part of it.
    pub fn along(&self, from: &Address, to: &Address) -> Option<Address> {
        let of_database = match self.kind {
            Kind::UserMapping | Kind::ServerGrant => Some(Kind::ForeignServer),
            Kind::WrapperGrant => Some(Kind::ForeignDataWrapper),
            Kind::LanguageGrant | Kind::Transform => Some(Kind::Language),
            _ => None,
        };
        if let Some(kind) = of_database {
            if from.kind != kind || self.names[..2] != from.names[..] {
                return None;
            }
            let mut names = self.names.to_vec();
            names[..2].clone_from_slice(&to.names);
            return Some(Self { arguments: self.arguments.clone(), ..Self::new(self.kind, names) });
        }
        if self.target() != from.target() || self.relation().is_none() || self.relation() != from.relation() {
            return None;
        }
        let goes_along = match self.kind {
            Kind::Grant => from.kind.is_relation() || from.kind == Kind::Sequence,
            Kind::RoutineGrant => from.kind.is_routine() && self.arguments == from.arguments,
            Kind::TypeGrant => from.kind.is_type(),
            kind => kind.is_member() && from.kind.is_relation(),
        };
        if !goes_along {
            return None;
        }
        let mut names = self.names.to_vec();
        names[..3].clone_from_slice(&to.names[..3]);
        let arguments = self.arguments.as_ref().and(to.arguments.clone());
        Some(Self { arguments, ..Self::new(self.kind, names) })
    }

    /// The address of the table that a column or constraint belongs to.
    pub fn table_of_member(&self) -> Option<Address> {
        self.kind.is_member().then(|| Self::new(Kind::Table, &self.names[..3]))
    }
}

fn write_part(f: &mut fmt::Formatter<'_>, part: &Ident) -> fmt::Result {
    f.write_str(".")?;
    if part.is_plain() { f.write_str(part.as_str()) } else { write_quoted(f, part.as_str()) }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.as_str())?;
        // Those of a routine stand behind its name, and the grantee last.
        let behind = usize::from(self.kind == Kind::RoutineGrant);
        let (before, behind) = self.names.split_at(self.names.len() - behind);
        before.iter().try_for_each(|name| write_part(f, name))?;
        if let Some(arguments) = &self.arguments {
            write!(f, "({arguments})")?;
        }
        behind.iter().try_for_each(|name| write_part(f, name))
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "an address", str::parse)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_parts_need_no_quotes_and_others_do() {
        for text in [
            "table.main.public.orders",
            "constraint.main.app.\"Order Lines\".pk",
            "schema.main.\"a.b\"",
            "function.main.app.total(integer, app.\"My Type\"[])",
            "procedure.main.app.\"a(b\"()",
            "routine_grant.main.app.total(integer, app.\"My Type\"[]).app_rw",
            "routine_grant.main.app.total().\"a).\"\"b\"",
            "schema_default_privilege.main.app.deployer.tables.app_ro",
            "role.main.app_rw",
            "role_grant.main.app_rw.\"Alice\"",
            "transform.main.plperl(app.\"My Type\")",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        assert!(matches!(
            "table.main.public.Orders".parse::<Address>(),
            Err(AddressError::NeedsQuotes { .. })
        ));
    }

    #[test]
    fn parts_go_along_with_what_they_are_parts_of() {
        let along = |part: &str, from: &str, to: &str| {
            let parse = |text: &str| text.parse::<Address>().unwrap();
            parse(part).along(&parse(from), &parse(to)).map(|address| address.to_string())
        };
        let moved = |text: &str| Some(text.to_owned());
        let (table, other) = ("table.main.public.a", "table.main.app.b");
        assert_eq!(along("grant.main.public.a.r", table, other), moved("grant.main.app.b.r"));
        assert_eq!(along("trigger.main.public.a.t", table, other), moved("trigger.main.app.b.t"));
        assert_eq!(along("type_grant.main.public.a.r", table, other), None);
        assert_eq!(along("index.main.public.a", table, other), None);
        let (routine, other) = ("function.main.public.a(text)", "function.main.public.b(text)");
        let grant = "routine_grant.main.public.a(text).r";
        assert_eq!(along(grant, routine, other), moved("routine_grant.main.public.b(text).r"));
        assert_eq!(along("routine_grant.main.public.a().r", routine, other), None);
        let (language, other) = ("language.main.a", "language.main.b");
        assert_eq!(along("transform.main.a(integer)", language, other), moved("transform.main.b(integer)"));
        assert_eq!(along("language_grant.main.a.r", language, other), moved("language_grant.main.b.r"));
        assert_eq!(along("server_grant.main.a.r", language, other), None);
        assert_eq!(along("user_mapping.main.a.r", "table.main.public.a", "table.main.public.b"), None);
    }

    #[test]
    fn errors_name_the_part() {
        let error = |text: &str| text.parse::<Address>().unwrap_err().to_string();
        assert_eq!(
            error("table.main.orders"),
            "address `table.main.orders` has 3 parts; `table.<target>.<schema>.<name>` is expected"
        );
        assert!(error("tabel.main.public.orders").starts_with("\"tabel\" in address"));
        assert!(error("table.main.public.").contains("the name in address"));
        assert!(error("table.main.public.\"orders").contains("byte 18"));
        assert!(error("function.main.app.total").contains("the types of its arguments"));
        assert!(error("operator_class.main.app.by_size").contains("its index method"));
        assert!(error("cast.main").contains("the types it is between"));
        assert!(error("cast.main.app(integer, text)").contains("`cast.<target>` is expected"));
        assert!(
            error("routine_grant.main.app.total.app_rw").contains("the types of the routine's arguments")
        );
    }

    proptest! {
        #[test]
        fn display_then_parse_is_the_same_address(kind in 0..Kind::ALL.len(), names in proptest::collection::vec("[^\0]{1,15}", 5), arguments in "[^\0]{0,15}") {
            let kind = Kind::ALL[kind];
            let names: Vec<_> = names.into_iter().map(|name| Ident::new(name).unwrap()).collect();
            let mut address = Address::new(kind, &names[..=kind.parts().len()]);
            if kind.arguments().is_some() {
                address.arguments = Some(arguments.into());
            }
            prop_assert_eq!(address.to_string().parse::<Address>().unwrap(), address);
        }

        #[test]
        fn parsing_never_panics(text in ".{0,40}") {
            let _ = text.parse::<Address>();
        }
    }
}
