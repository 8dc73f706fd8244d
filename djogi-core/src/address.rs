//! Addresses: the stable names of resources in plans, state, approvals and on the command line.
//!
//! `kind.target.part...`, with one fixed number of parts for each kind. Parts that are not plain lower-case
//! identifiers are double-quoted as in SQL. Parsing is total, and `parse(display(a)) == a`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::from_text::from_text;
use crate::ident::{Ident, IdentError, QualifiedName, write_quoted};
use crate::kind::{DefaultPrivilege, Securable};

/// What sort of thing an address names.
///
/// The order is the order of creation among independent resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Schema,
    Extension,
    Collation,
    Enum,
    Domain,
    Composite,
    Range,
    Sequence,
    Table,
    /// Part of its table's resource; has an address for diagnostics, approvals and moves.
    Column,
    Constraint,
    Index,
    Statistics,
    View,
    MaterializedView,
    Function,
    Procedure,
    Aggregate,
    Operator,
    OperatorFamily,
    OperatorClass,
    Cast,
    TextSearchParser,
    TextSearchTemplate,
    TextSearchDictionary,
    TextSearchConfiguration,
    Trigger,
    Rule,
    Policy,
    EventTrigger,
    Publication,
    ForeignDataWrapper,
    ForeignServer,
    UserMapping,
    /// On a table, a view or a sequence, to one grantee.
    Grant,
    SchemaGrant,
    RoutineGrant,
    TypeGrant,
    LanguageGrant,
    WrapperGrant,
    ServerGrant,
    DefaultPrivilege,
    /// Within one schema.
    SchemaDefaultPrivilege,
    /// Rows of one table.
    Seed,
    /// Of the whole server.
    Role,
    /// The membership of one role in another.
    RoleGrant,
}

impl Kind {
    pub const ALL: &[Kind] = &[
        Kind::Schema,
        Kind::Extension,
        Kind::Collation,
        Kind::Enum,
        Kind::Domain,
        Kind::Composite,
        Kind::Range,
        Kind::Sequence,
        Kind::Table,
        Kind::Column,
        Kind::Constraint,
        Kind::Index,
        Kind::Statistics,
        Kind::View,
        Kind::MaterializedView,
        Kind::Function,
        Kind::Procedure,
        Kind::Aggregate,
        Kind::Operator,
        Kind::OperatorFamily,
        Kind::OperatorClass,
        Kind::Cast,
        Kind::TextSearchParser,
        Kind::TextSearchTemplate,
        Kind::TextSearchDictionary,
        Kind::TextSearchConfiguration,
        Kind::Trigger,
        Kind::Rule,
        Kind::Policy,
        Kind::EventTrigger,
        Kind::Publication,
        Kind::ForeignDataWrapper,
        Kind::ForeignServer,
        Kind::UserMapping,
        Kind::Grant,
        Kind::SchemaGrant,
        Kind::RoutineGrant,
        Kind::TypeGrant,
        Kind::LanguageGrant,
        Kind::WrapperGrant,
        Kind::ServerGrant,
        Kind::DefaultPrivilege,
        Kind::SchemaDefaultPrivilege,
        Kind::Seed,
        Kind::Role,
        Kind::RoleGrant,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Schema => "schema",
            Kind::Extension => "extension",
            Kind::Collation => "collation",
            Kind::Enum => "enum",
            Kind::Domain => "domain",
            Kind::Composite => "composite",
            Kind::Range => "range",
            Kind::Sequence => "sequence",
            Kind::Table => "table",
            Kind::Column => "column",
            Kind::Constraint => "constraint",
            Kind::Index => "index",
            Kind::Statistics => "statistics",
            Kind::View => "view",
            Kind::MaterializedView => "materialized_view",
            Kind::Function => "function",
            Kind::Procedure => "procedure",
            Kind::Aggregate => "aggregate",
            Kind::Operator => "operator",
            Kind::OperatorFamily => "operator_family",
            Kind::OperatorClass => "operator_class",
            Kind::Cast => "cast",
            Kind::TextSearchParser => "text_search_parser",
            Kind::TextSearchTemplate => "text_search_template",
            Kind::TextSearchDictionary => "text_search_dictionary",
            Kind::TextSearchConfiguration => "text_search_configuration",
            Kind::Trigger => "trigger",
            Kind::Rule => "rule",
            Kind::Policy => "policy",
            Kind::EventTrigger => "event_trigger",
            Kind::Publication => "publication",
            Kind::ForeignDataWrapper => "foreign_data_wrapper",
            Kind::ForeignServer => "foreign_server",
            Kind::UserMapping => "user_mapping",
            Kind::Grant => "grant",
            Kind::SchemaGrant => "schema_grant",
            Kind::RoutineGrant => "routine_grant",
            Kind::TypeGrant => "type_grant",
            Kind::LanguageGrant => "language_grant",
            Kind::WrapperGrant => "wrapper_grant",
            Kind::ServerGrant => "server_grant",
            Kind::DefaultPrivilege => "default_privilege",
            Kind::SchemaDefaultPrivilege => "schema_default_privilege",
            Kind::Seed => "seed",
            Kind::Role => "role",
            Kind::RoleGrant => "role_grant",
        }
    }

    /// What the parts after the target are called, in order.
    pub fn parts(self) -> &'static [&'static str] {
        match self {
            Kind::Cast => &[],
            Kind::Schema
            | Kind::Extension
            | Kind::EventTrigger
            | Kind::Publication
            | Kind::ForeignDataWrapper
            | Kind::ForeignServer
            | Kind::Seed
            | Kind::Role => &["name"],
            Kind::RoleGrant => &["role", "member"],
            Kind::UserMapping => &["server", "role"],
            Kind::Column | Kind::Constraint | Kind::Trigger | Kind::Rule | Kind::Policy => {
                &["schema", "table", "name"]
            }
            Kind::Grant => &["schema", "object", "grantee"],
            Kind::SchemaGrant => &["schema", "grantee"],
            Kind::RoutineGrant => &["schema", "routine", "grantee"],
            Kind::TypeGrant => &["schema", "type", "grantee"],
            Kind::LanguageGrant => &["language", "grantee"],
            Kind::WrapperGrant => &["wrapper", "grantee"],
            Kind::ServerGrant => &["server", "grantee"],
            Kind::DefaultPrivilege => &["role", "objects", "grantee"],
            Kind::SchemaDefaultPrivilege => &["schema", "role", "objects", "grantee"],
            Kind::Collation
            | Kind::Enum
            | Kind::Domain
            | Kind::Composite
            | Kind::Range
            | Kind::Sequence
            | Kind::Table
            | Kind::Index
            | Kind::Statistics
            | Kind::View
            | Kind::MaterializedView
            | Kind::Function
            | Kind::Procedure
            | Kind::Aggregate
            | Kind::Operator
            | Kind::OperatorFamily
            | Kind::OperatorClass
            | Kind::TextSearchParser
            | Kind::TextSearchTemplate
            | Kind::TextSearchDictionary
            | Kind::TextSearchConfiguration => &["schema", "name"],
        }
    }

    /// What stands in parentheses after the name, for those kinds whose names alone do not tell one from another.
    pub fn arguments(self) -> Option<&'static str> {
        match self {
            Kind::Function | Kind::Procedure | Kind::Aggregate => {
                Some("the types of its arguments: `(integer, text)`, or `()`")
            }
            Kind::Operator => Some("the types of its operands: `(integer, text)`, or `(NONE, text)`"),
            Kind::OperatorFamily | Kind::OperatorClass => Some("its index method: `(btree)`"),
            Kind::Cast => Some("the types it is between: `(integer, text)`"),
            Kind::RoutineGrant => {
                Some("the types of the routine's arguments behind its name: `(integer, text)`, or `()`")
            }
            Kind::Schema
            | Kind::Extension
            | Kind::Collation
            | Kind::Enum
            | Kind::Domain
            | Kind::Composite
            | Kind::Range
            | Kind::Sequence
            | Kind::Table
            | Kind::Column
            | Kind::Constraint
            | Kind::Index
            | Kind::Statistics
            | Kind::View
            | Kind::MaterializedView
            | Kind::TextSearchParser
            | Kind::TextSearchTemplate
            | Kind::TextSearchDictionary
            | Kind::TextSearchConfiguration
            | Kind::Trigger
            | Kind::Rule
            | Kind::Policy
            | Kind::EventTrigger
            | Kind::Publication
            | Kind::ForeignDataWrapper
            | Kind::ForeignServer
            | Kind::UserMapping
            | Kind::Grant
            | Kind::SchemaGrant
            | Kind::TypeGrant
            | Kind::LanguageGrant
            | Kind::WrapperGrant
            | Kind::ServerGrant
            | Kind::DefaultPrivilege
            | Kind::SchemaDefaultPrivilege
            | Kind::Seed
            | Kind::Role
            | Kind::RoleGrant => None,
        }
    }

    /// Whether it is called with arguments.
    pub fn is_routine(self) -> bool {
        matches!(self, Kind::Function | Kind::Procedure | Kind::Aggregate)
    }

    /// Whether it holds rows or computes them, so that others can select from it.
    pub fn is_relation(self) -> bool {
        matches!(self, Kind::Table | Kind::View | Kind::MaterializedView)
    }

    /// Whether a column can be of it.
    pub fn is_type(self) -> bool {
        matches!(self, Kind::Enum | Kind::Domain | Kind::Composite | Kind::Range)
    }

    /// Whether it says how something is computed and holds no data: it can leave and come back, and PostgreSQL changes
    /// no type of a column under it.
    pub fn is_code(self) -> bool {
        self.is_routine()
            || matches!(
                self,
                Kind::View
                    | Kind::MaterializedView
                    | Kind::Trigger
                    | Kind::Rule
                    | Kind::Policy
                    | Kind::EventTrigger
                    | Kind::Publication
            )
            || self.names_code()
    }

    /// Whether it gives functions a place in expressions: operators and what is made of them, casts, text search.
    pub fn names_code(self) -> bool {
        matches!(
            self,
            Kind::Operator
                | Kind::OperatorFamily
                | Kind::OperatorClass
                | Kind::Cast
                | Kind::TextSearchParser
                | Kind::TextSearchTemplate
                | Kind::TextSearchDictionary
                | Kind::TextSearchConfiguration
        )
    }

    /// Whether it says what one grantee may do with one object.
    pub fn is_grant(self) -> bool {
        matches!(
            self,
            Kind::Grant
                | Kind::SchemaGrant
                | Kind::RoutineGrant
                | Kind::TypeGrant
                | Kind::LanguageGrant
                | Kind::WrapperGrant
                | Kind::ServerGrant
        )
    }

    /// Whether it says who may do what: it has no name of its own, and follows what it is about.
    pub fn is_about_roles(self) -> bool {
        self.is_grant() || self.is_default_privilege()
    }

    /// Whether what it is about can go without regard to it.
    pub fn holds_nothing_up(self) -> bool {
        self.is_about_roles() || self == Kind::Seed
    }

    /// Whether it says what one grantee may do with objects that are made later.
    pub fn is_default_privilege(self) -> bool {
        matches!(self, Kind::DefaultPrivilege | Kind::SchemaDefaultPrivilege)
    }

    /// Whether it is a part of a table or view by its name.
    fn is_member(self) -> bool {
        matches!(
            self,
            Kind::Column | Kind::Constraint | Kind::Trigger | Kind::Rule | Kind::Policy | Kind::Grant
        )
    }

    /// Whether dropping what it is on takes it along.
    pub fn is_part_of_relation(self) -> bool {
        matches!(
            self,
            Kind::Column | Kind::Constraint | Kind::Index | Kind::Trigger | Kind::Rule | Kind::Policy
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("{kind:?} in address `{address}` is not a kind; the kinds are {}", kind_list())]
    UnknownKind { address: String, kind: String },
    #[error("address `{address}` has {found} parts; `{kind}.<target>{}` is expected", .kind.parts().iter().map(|p| format!(".<{p}>")).collect::<String>())]
    WrongArity { address: String, kind: Kind, found: usize },
    #[error("the {part} in address `{address}`: {source}")]
    BadPart { address: String, part: &'static str, source: IdentError },
    #[error("address `{address}` has an unclosed or misplaced double quote at byte {at}")]
    BadQuote { address: String, at: usize },
    #[error("{part:?} in address `{address}` must be double-quoted: it is not a plain lower-case identifier")]
    NeedsQuotes { address: String, part: String },
    #[error(
        "address `{address}` must end with what tells one {kind} from another, {}",
        .kind.arguments().unwrap_or_default()
    )]
    NoArguments { address: String, kind: Kind },
}

fn kind_list() -> String {
    Kind::ALL.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(", ")
}

impl Address {
    fn new(kind: Kind, names: impl Into<Arc<[Ident]>>) -> Self {
        let names = names.into();
        debug_assert_eq!(kind.parts().len() + 1, names.len());
        Self { kind, names, arguments: None }
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
            _ if matches!(self.kind, Kind::UserMapping | Kind::RoleGrant)
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
        if self.kind == Kind::UserMapping {
            let is_its = from.kind == Kind::ForeignServer && self.server() == Some(from.name());
            return is_its.then(|| Self::user_mapping(to.target(), to.name(), self.name()));
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

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let address = || text.to_owned();
        let head = text.split('.').next();
        let has_arguments = |kind: &Kind| kind.arguments().is_some() && head == Some(kind.as_str());
        let (text, arguments, behind) = match Kind::ALL.iter().copied().find(has_arguments) {
            Some(kind) => {
                let behind = if kind == Kind::RoutineGrant { last_part(text) } else { Some("") };
                behind
                    .and_then(|behind| split_arguments(&text[..text.len() - behind.len()], behind))
                    .ok_or_else(|| AddressError::NoArguments { address: address(), kind })?
            }
            None => (text, None, ""),
        };
        let mut words = split(text)?;
        if !behind.is_empty() {
            words.extend(split(behind)?);
        }
        let (kind, rest) = words.split_first().expect("split returns at least one word");
        let kind = *Kind::ALL
            .iter()
            .find(|k| !kind.quoted && k.as_str() == kind.text)
            .ok_or_else(|| AddressError::UnknownKind { address: address(), kind: kind.text.to_string() })?;
        if rest.len() != kind.parts().len() + 1 {
            return Err(AddressError::WrongArity { address: address(), kind, found: words.len() });
        }
        let ident = |(part, word): (&'static str, &Word<'_>)| {
            let bad = |source| AddressError::BadPart { address: address(), part, source };
            let ident = Ident::new(&word.text).map_err(bad)?;
            if !word.quoted && !ident.is_plain() {
                return Err(AddressError::NeedsQuotes { address: address(), part: word.text.to_string() });
            }
            Ok(ident)
        };
        let parts = std::iter::once("target").chain(kind.parts().iter().copied());
        let names = parts.zip(rest).map(ident).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { arguments: arguments.map(Into::into), ..Self::new(kind, names) })
    }
}

/// Splits `name(arguments)` at the first parenthesis outside double quotes. A dot parts it from what stands `behind`.
fn split_arguments<'a>(address: &'a str, behind: &'a str) -> Option<(&'a str, Option<&'a str>, &'a str)> {
    let mut is_quoted = false;
    let at = address.find(|c| {
        is_quoted ^= c == '"';
        c == '(' && !is_quoted
    })?;
    let rest = &address[at + 1..];
    let rest = if behind.is_empty() { rest } else { rest.strip_suffix('.')? };
    Some((&address[..at], Some(rest.strip_suffix(')')?), behind))
}

/// The last part of an address, as it is written.
fn last_part(address: &str) -> Option<&str> {
    if !address.ends_with('"') {
        return address.rsplit_once('.').map(|(_, last)| last).filter(|last| !last.is_empty());
    }
    let starts = address.match_indices(".\"").map(|(at, _)| &address[at + 2..]);
    let is_whole = |quoted: &&str| unquote(quoted).is_some_and(|(_, length)| length == quoted.len());
    let last = starts.filter(is_whole).last()?;
    Some(&address[address.len() - last.len() - 1..])
}

struct Word<'a> {
    text: Cow<'a, str>,
    quoted: bool,
}

/// Splits at dots outside double quotes and takes the quotes off.
fn split(address: &str) -> Result<Vec<Word<'_>>, AddressError> {
    let mut words = Vec::with_capacity(5);
    let mut rest = address;
    loop {
        let at = address.len() - rest.len();
        let bad_quote = |at| AddressError::BadQuote { address: address.to_owned(), at };
        if let Some(quoted) = rest.strip_prefix('"') {
            let (text, length) = unquote(quoted).ok_or_else(|| bad_quote(at))?;
            words.push(Word { text, quoted: true });
            rest = &quoted[length..];
        } else {
            let end = rest.find(['.', '"']).unwrap_or(rest.len());
            words.push(Word { text: Cow::Borrowed(&rest[..end]), quoted: false });
            rest = &rest[end..];
        }
        if rest.is_empty() {
            return Ok(words);
        }
        rest = rest.strip_prefix('.').ok_or_else(|| bad_quote(address.len() - rest.len()))?;
    }
}

/// What stands before the closing quote, and how long it is with it.
fn unquote(text: &str) -> Option<(Cow<'_, str>, usize)> {
    let mut end = text.find('"')?;
    let mut doubled = false;
    while text[end + 1..].starts_with('"') {
        doubled = true;
        end += 2;
        end += text[end..].find('"')?;
    }
    let inner = &text[..end];
    Some((if doubled { inner.replace("\"\"", "\"").into() } else { inner.into() }, end + 1))
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
