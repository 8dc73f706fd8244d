//! The kinds of things that addresses name, and what holds for all of a kind.

use std::fmt;

use serde::{Deserialize, Serialize};

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
    Conversion,
    Language,
    /// Of values between a type and a language.
    Transform,
    Trigger,
    Rule,
    Policy,
    EventTrigger,
    Publication,
    Subscription,
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
    /// A change that is made beside readers and writers, in steps.
    #[serde(rename = "live")]
    Migration,
    #[serde(rename = "step")]
    MigrationStep,
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
        Kind::Conversion,
        Kind::Language,
        Kind::Transform,
        Kind::Trigger,
        Kind::Rule,
        Kind::Policy,
        Kind::EventTrigger,
        Kind::Publication,
        Kind::Subscription,
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
        Kind::Migration,
        Kind::MigrationStep,
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
            Kind::Conversion => "conversion",
            Kind::Language => "language",
            Kind::Transform => "transform",
            Kind::Trigger => "trigger",
            Kind::Rule => "rule",
            Kind::Policy => "policy",
            Kind::EventTrigger => "event_trigger",
            Kind::Publication => "publication",
            Kind::Subscription => "subscription",
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
            Kind::Migration => "live",
            Kind::MigrationStep => "step",
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
            | Kind::Subscription
            | Kind::ForeignDataWrapper
            | Kind::ForeignServer
            | Kind::Seed
            | Kind::Migration
            | Kind::Language
            | Kind::Role => &["name"],
            Kind::MigrationStep => &["migration", "phase"],
            Kind::Transform => &["language"],
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
            | Kind::TextSearchConfiguration
            | Kind::Conversion => &["schema", "name"],
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
            Kind::Transform => Some("the type it is for: `(integer)`"),
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
            | Kind::Conversion
            | Kind::Language
            | Kind::Trigger
            | Kind::Rule
            | Kind::Policy
            | Kind::EventTrigger
            | Kind::Publication
            | Kind::Subscription
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
            | Kind::Migration
            | Kind::MigrationStep
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
                    | Kind::Language
                    | Kind::Transform
            )
            || self.names_code()
    }

    /// Whether it gives functions a place in expressions: operators and what is made of them, casts, text search,
    /// conversions.
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
                | Kind::Conversion
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
        self.is_about_roles() || self.is_about_rows()
    }

    /// Whether it is a live migration or a step of one.
    pub fn is_of_migration(self) -> bool {
        matches!(self, Kind::Migration | Kind::MigrationStep)
    }

    /// Whether it is about a table that its address does not name.
    pub fn is_about_rows(self) -> bool {
        self == Kind::Seed || self.is_of_migration()
    }

    /// Whether it says what one grantee may do with objects that are made later.
    pub fn is_default_privilege(self) -> bool {
        matches!(self, Kind::DefaultPrivilege | Kind::SchemaDefaultPrivilege)
    }

    /// Whether it is a part of a table or view by its name.
    pub(super) fn is_member(self) -> bool {
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
