//! The kinds of resources: for each its fields, and how a live one becomes the desired one.
//!
//! A new kind is a file here plus one arm in each `match` below; the compiler names what is missing.

pub mod aggregate;
pub mod cast;
pub mod collation;
pub mod column;
pub mod composite;
pub mod constraint;
pub mod conversion;
pub mod default_privilege;
pub mod domain;
pub mod enum_type;
pub mod event_trigger;
mod exact;
pub mod expression;
pub mod extension;
pub mod foreign_data;
pub mod foreign_option;
pub mod foreign_table;
pub mod grant;
pub mod index;
pub mod language;
pub mod lineage;
pub mod materialized_view;
pub mod migration;
pub mod not_null;
pub mod operator;
pub mod operator_class;
pub mod parameters;
pub mod policy;
pub mod privilege;
pub mod properties;
pub mod publication;
pub mod range;
pub mod role;
pub mod routine;
pub mod rule;
pub mod schema;
pub mod seed;
pub mod sequence;
pub mod statistics;
pub mod subscription;
pub mod table;
mod text;
pub mod text_search;
pub mod trigger;
pub mod view;

use serde::{Deserialize, Serialize};

use crate::address::{Address, Kind};
use crate::ident::{Ident, QualifiedName};

pub use aggregate::{Aggregate, AggregateAlteration};
pub use cast::{Cast, CastAlteration, CastContext, CastMethod};
pub use collation::{Collation, CollationAlteration};
pub use column::{
    Column, ColumnAlteration, ColumnComparison, Generated, GeneratedStorage, Identity, IdentityMode,
};
pub use composite::{Composite, CompositeAlteration, CompositeAttribute};
pub use constraint::{
    Constraint, ConstraintAlteration, ConstraintDefinition, Deferrable, Exclusion, ExclusionElement,
    ForeignKey, MatchType, ReferentialAction,
};
pub use conversion::{Conversion, ConversionAlteration};
pub use default_privilege::{DefaultPrivilege, DefaultPrivilegeAlteration};
pub use domain::{Domain, DomainAlteration, DomainConstraint};
pub use enum_type::{EnumAlteration, EnumType, LabelPosition};
pub use event_trigger::{EventTrigger, EventTriggerAlteration};
pub use expression::Expression;
pub use extension::{Extension, ExtensionAlteration};
pub use foreign_data::{
    ForeignDataWrapper, ForeignDataWrapperAlteration, ForeignServer, ForeignServerAlteration, UserMapping,
    UserMappingAlteration,
};
pub use foreign_option::{ForeignOption, ForeignOptions, OptionChange, Secrecy, secret_digest};
pub use foreign_table::ForeignSource;
pub use grant::{ColumnGrant, Grant, GrantAlteration, Securable};
pub use index::{Index, IndexAlteration, IndexElement, IndexKey, KeyClass};
pub use language::{Language, LanguageAlteration, Transform, TransformAlteration};
pub use lineage::{
    ColumnOrigin, Lineage, LineageAlteration, ParentConstraint, PartitionBound, PartitionKey,
    PartitionStrategy,
};
pub use materialized_view::{MaterializedView, MaterializedViewAlteration};
pub use migration::{
    Fill, Migration, MigrationAlteration, MigrationPhase, MigrationStep, MigrationStepAlteration, Retype,
    TakenFromColumn,
};
pub use not_null::{NotNull, NotNullAlteration};
pub use operator::{Completion, Operator, OperatorAlteration};
pub use operator_class::{
    FamilyMember, OperatorClass, OperatorClassAlteration, OperatorFamily, OperatorFamilyAlteration,
};
pub use parameters::{ParameterChange, Parameters};
pub use policy::{Policy, PolicyAlteration, PolicyCommand};
pub use properties::{
    ColumnProperties, ColumnPropertyAlteration, PropertyAlteration, ReplicaIdentity, TableProperties,
};
pub use publication::{Publication, PublicationAlteration, Published, PublishedTable};
pub use range::{Range, RangeAlteration};
pub use role::{Role, RoleAlteration, RoleAttribute, RoleGrant, RoleGrantAlteration};
pub use routine::{Routine, RoutineAlteration, RoutineKind};
pub use rule::{Rule, RuleAlteration};
pub use schema::{Schema, SchemaAlteration};
pub use seed::{Seed, SeedAlteration};
pub use sequence::{Sequence, SequenceAlteration, SequenceOptions, SequenceOwner, SequenceType};
pub use statistics::{Statistics, StatisticsAlteration};
pub use subscription::{Streaming, Subscription, SubscriptionAlteration, SubscriptionOption};
pub use table::{Table, TableAlteration};
pub use text_search::{
    TextSearchCodeAlteration, TextSearchConfiguration, TextSearchConfigurationAlteration,
    TextSearchDictionary, TextSearchDictionaryAlteration, TextSearchParser, TextSearchTemplate,
};
pub use trigger::{Firing, ParentTrigger, Trigger, TriggerAlteration};
pub use view::{View, ViewAlteration, ViewColumn};

/// What is as PostgreSQL makes it when nothing is said is not written down: a property that a later djogi knows of
/// leaves the text, and so the digest, of everything that does not have it.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn is_true(value: &bool) -> bool {
    *value
}

/// What is the case when nothing is said.
fn holds() -> bool {
    true
}

/// One resource of a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    Schema(Schema),
    Extension(Extension),
    Collation(Collation),
    Enum(EnumType),
    Domain(Domain),
    Composite(Composite),
    Range(Range),
    Sequence(Sequence),
    Table(Table),
    Constraint(Constraint),
    Index(Index),
    Statistics(Statistics),
    View(View),
    MaterializedView(MaterializedView),
    Routine(Routine),
    Aggregate(Aggregate),
    Operator(Operator),
    OperatorFamily(OperatorFamily),
    OperatorClass(OperatorClass),
    Cast(Cast),
    TextSearchParser(TextSearchParser),
    TextSearchTemplate(TextSearchTemplate),
    TextSearchDictionary(TextSearchDictionary),
    TextSearchConfiguration(TextSearchConfiguration),
    Conversion(Conversion),
    Language(Language),
    Transform(Transform),
    Trigger(Trigger),
    Rule(Rule),
    Policy(Policy),
    EventTrigger(EventTrigger),
    Publication(Publication),
    Subscription(Subscription),
    ForeignDataWrapper(ForeignDataWrapper),
    ForeignServer(ForeignServer),
    UserMapping(UserMapping),
    Grant(Grant),
    DefaultPrivilege(DefaultPrivilege),
    Seed(Seed),
    Migration(Migration),
    MigrationStep(MigrationStep),
    Role(Role),
    RoleGrant(RoleGrant),
}

/// A change that PostgreSQL can make to an existing object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alteration {
    Schema(SchemaAlteration),
    Extension(ExtensionAlteration),
    Collation(CollationAlteration),
    Enum(EnumAlteration),
    Domain(DomainAlteration),
    Composite(CompositeAlteration),
    Range(RangeAlteration),
    Sequence(SequenceAlteration),
    Table(TableAlteration),
    Constraint(ConstraintAlteration),
    Index(IndexAlteration),
    Statistics(StatisticsAlteration),
    View(ViewAlteration),
    MaterializedView(MaterializedViewAlteration),
    Routine(RoutineAlteration),
    Aggregate(AggregateAlteration),
    Operator(OperatorAlteration),
    OperatorFamily(OperatorFamilyAlteration),
    OperatorClass(OperatorClassAlteration),
    Cast(CastAlteration),
    TextSearchParser(TextSearchCodeAlteration),
    TextSearchTemplate(TextSearchCodeAlteration),
    TextSearchDictionary(TextSearchDictionaryAlteration),
    TextSearchConfiguration(TextSearchConfigurationAlteration),
    Conversion(ConversionAlteration),
    Language(LanguageAlteration),
    Transform(TransformAlteration),
    Trigger(TriggerAlteration),
    Rule(RuleAlteration),
    Policy(PolicyAlteration),
    EventTrigger(EventTriggerAlteration),
    Publication(PublicationAlteration),
    Subscription(SubscriptionAlteration),
    ForeignDataWrapper(ForeignDataWrapperAlteration),
    ForeignServer(ForeignServerAlteration),
    UserMapping(UserMappingAlteration),
    Grant(GrantAlteration),
    DefaultPrivilege(DefaultPrivilegeAlteration),
    Seed(SeedAlteration),
    Migration(MigrationAlteration),
    MigrationStep(MigrationStepAlteration),
    Role(RoleAlteration),
    RoleGrant(RoleGrantAlteration),
    /// Another owner, of whatever has one.
    Owner(Ident),
}

/// How a live resource becomes the desired one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// By these alterations, in this order; none when they are equal.
    InPlace(Vec<Alteration>),
    /// Only by a new object.
    Replace,
}

impl Comparison {
    fn of<T>(alterations: Option<Vec<T>>, wrap: fn(T) -> Alteration) -> Self {
        match alterations {
            Some(alterations) => Self::InPlace(alterations.into_iter().map(wrap).collect()),
            None => Self::Replace,
        }
    }
}

impl Resource {
    pub fn kind(&self) -> Kind {
        match self {
            Resource::Routine(routine) => routine.kind.kind(),
            Resource::Schema(_) => Kind::Schema,
            Resource::Extension(_) => Kind::Extension,
            Resource::Collation(_) => Kind::Collation,
            Resource::Enum(_) => Kind::Enum,
            Resource::Domain(_) => Kind::Domain,
            Resource::Composite(_) => Kind::Composite,
            Resource::Range(_) => Kind::Range,
            Resource::Sequence(_) => Kind::Sequence,
            Resource::Table(_) => Kind::Table,
            Resource::Constraint(_) => Kind::Constraint,
            Resource::Index(_) => Kind::Index,
            Resource::Statistics(_) => Kind::Statistics,
            Resource::View(_) => Kind::View,
            Resource::MaterializedView(_) => Kind::MaterializedView,
            Resource::Aggregate(_) => Kind::Aggregate,
            Resource::Operator(_) => Kind::Operator,
            Resource::OperatorFamily(_) => Kind::OperatorFamily,
            Resource::OperatorClass(_) => Kind::OperatorClass,
            Resource::Cast(_) => Kind::Cast,
            Resource::TextSearchParser(_) => Kind::TextSearchParser,
            Resource::TextSearchTemplate(_) => Kind::TextSearchTemplate,
            Resource::TextSearchDictionary(_) => Kind::TextSearchDictionary,
            Resource::TextSearchConfiguration(_) => Kind::TextSearchConfiguration,
            Resource::Conversion(_) => Kind::Conversion,
            Resource::Language(_) => Kind::Language,
            Resource::Transform(_) => Kind::Transform,
            Resource::Trigger(_) => Kind::Trigger,
            Resource::Rule(_) => Kind::Rule,
            Resource::Policy(_) => Kind::Policy,
            Resource::EventTrigger(_) => Kind::EventTrigger,
            Resource::Publication(_) => Kind::Publication,
            Resource::Subscription(_) => Kind::Subscription,
            Resource::ForeignDataWrapper(_) => Kind::ForeignDataWrapper,
            Resource::ForeignServer(_) => Kind::ForeignServer,
            Resource::UserMapping(_) => Kind::UserMapping,
            Resource::Grant(grant) => grant.on.grant_kind(),
            Resource::DefaultPrivilege(DefaultPrivilege { schema: None, .. }) => Kind::DefaultPrivilege,
            Resource::DefaultPrivilege(_) => Kind::SchemaDefaultPrivilege,
            Resource::Seed(_) => Kind::Seed,
            Resource::Migration(_) => Kind::Migration,
            Resource::MigrationStep(_) => Kind::MigrationStep,
            Resource::Role(_) => Kind::Role,
            Resource::RoleGrant(_) => Kind::RoleGrant,
        }
    }

    pub fn address(&self, target: &Ident) -> Address {
        match self {
            Resource::Schema(r) => Address::schema(target, &r.name),
            Resource::Extension(r) => Address::extension(target, &r.name),
            Resource::Constraint(r) => Address::constraint(target, &r.table_name(), &r.name),
            Resource::Trigger(r) => Address::of_relation(Kind::Trigger, target, &r.relation_name(), &r.name),
            Resource::Rule(r) => Address::of_relation(Kind::Rule, target, &r.relation_name(), &r.name),
            Resource::Policy(r) => Address::of_relation(Kind::Policy, target, &r.table_name(), &r.name),
            Resource::EventTrigger(r) => Address::of_database(Kind::EventTrigger, target, &r.name),
            Resource::Publication(r) => Address::of_database(Kind::Publication, target, &r.name),
            Resource::Subscription(r) => Address::of_database(Kind::Subscription, target, &r.name),
            Resource::Language(r) => Address::of_database(Kind::Language, target, &r.name),
            Resource::Transform(r) => Address::transform(target, &r.language, &r.data_type),
            Resource::ForeignDataWrapper(r) => {
                Address::of_database(Kind::ForeignDataWrapper, target, &r.name)
            }
            Resource::ForeignServer(r) => Address::of_database(Kind::ForeignServer, target, &r.name),
            Resource::UserMapping(r) => Address::user_mapping(target, &r.server, &r.name),
            Resource::Routine(r) => {
                Address::routine(r.kind.kind(), target, &r.qualified_name(), &r.arguments)
            }
            Resource::Aggregate(r) => {
                Address::routine(Kind::Aggregate, target, &r.qualified_name(), &r.arguments)
            }
            Resource::Operator(r) => {
                Address::routine(Kind::Operator, target, &r.qualified_name(), &r.operands())
            }
            Resource::OperatorFamily(r) => {
                Address::routine(Kind::OperatorFamily, target, &r.qualified_name(), r.method.as_str())
            }
            Resource::OperatorClass(r) => {
                Address::routine(Kind::OperatorClass, target, &r.qualified_name(), r.method.as_str())
            }
            Resource::Cast(r) => Address::cast(target, &r.types()),
            Resource::Grant(r) => Address::grant(target, &r.on, &r.grantee),
            Resource::DefaultPrivilege(r) => Address::default_privilege(target, r),
            Resource::Seed(r) => Address::of_database(Kind::Seed, target, &r.name),
            Resource::Migration(r) => Address::migration(target, r.name()),
            Resource::MigrationStep(r) => Address::migration_step(target, &r.migration, r.phase),
            Resource::Role(r) => Address::role(target, &r.name),
            Resource::RoleGrant(r) => Address::role_grant(target, &r.role, &r.member),
            Resource::Collation(_)
            | Resource::Enum(_)
            | Resource::Domain(_)
            | Resource::Composite(_)
            | Resource::Range(_)
            | Resource::Sequence(_)
            | Resource::Table(_)
            | Resource::Index(_)
            | Resource::Statistics(_)
            | Resource::View(_)
            | Resource::MaterializedView(_)
            | Resource::TextSearchParser(_)
            | Resource::TextSearchTemplate(_)
            | Resource::TextSearchDictionary(_)
            | Resource::TextSearchConfiguration(_)
            | Resource::Conversion(_) => {
                let name = self.qualified_name().expect("objects of a schema have qualified names");
                Address::of_schema(self.kind(), target, &name)
            }
        }
    }

    /// Whether it is as every database has it from its birth: the schema `public`, of which nobody has said anything.
    pub fn is_born_with_database(&self) -> bool {
        matches!(self, Resource::Schema(Schema { name, comment: None }) if name.as_str() == "public")
    }

    /// Schema and name of an object that lives in a schema by itself; `None` for what belongs to the database and
    /// for parts of relations, but for indexes, which have names of their own.
    pub fn qualified_name(&self) -> Option<QualifiedName> {
        match self {
            Resource::Schema(_)
            | Resource::Extension(_)
            | Resource::Cast(_)
            | Resource::Language(_)
            | Resource::Transform(_)
            | Resource::Constraint(_)
            | Resource::Trigger(_)
            | Resource::Rule(_)
            | Resource::Policy(_)
            | Resource::EventTrigger(_)
            | Resource::Publication(_)
            | Resource::Subscription(_)
            | Resource::ForeignDataWrapper(_)
            | Resource::ForeignServer(_)
            | Resource::UserMapping(_)
            | Resource::Grant(_)
            | Resource::DefaultPrivilege(_)
            | Resource::Seed(_)
            | Resource::Migration(_)
            | Resource::MigrationStep(_)
            | Resource::Role(_)
            | Resource::RoleGrant(_) => None,
            Resource::Collation(r) => Some(r.qualified_name()),
            Resource::Enum(r) => Some(r.qualified_name()),
            Resource::Domain(r) => Some(r.qualified_name()),
            Resource::Composite(r) => Some(r.qualified_name()),
            Resource::Range(r) => Some(r.qualified_name()),
            Resource::Sequence(r) => Some(r.qualified_name()),
            Resource::Table(r) => Some(r.qualified_name()),
            Resource::Index(r) => Some(r.qualified_name()),
            Resource::Statistics(r) => Some(r.qualified_name()),
            Resource::View(r) => Some(r.qualified_name()),
            Resource::MaterializedView(r) => Some(r.qualified_name()),
            Resource::Routine(r) => Some(r.qualified_name()),
            Resource::Aggregate(r) => Some(r.qualified_name()),
            Resource::Operator(r) => Some(r.qualified_name()),
            Resource::OperatorFamily(r) => Some(r.qualified_name()),
            Resource::OperatorClass(r) => Some(r.qualified_name()),
            Resource::TextSearchParser(r) => Some(r.qualified_name()),
            Resource::TextSearchTemplate(r) => Some(r.qualified_name()),
            Resource::TextSearchDictionary(r) => Some(r.qualified_name()),
            Resource::TextSearchConfiguration(r) => Some(r.qualified_name()),
            Resource::Conversion(r) => Some(r.qualified_name()),
        }
    }

    /// The table, view or materialized view that it is a part of.
    pub fn relation_name(&self) -> Option<QualifiedName> {
        match self {
            Resource::Constraint(r) => Some(r.table_name()),
            Resource::Index(r) => Some(r.table_name()),
            Resource::Trigger(r) => Some(r.relation_name()),
            Resource::Rule(r) => Some(r.relation_name()),
            Resource::Policy(r) => Some(r.table_name()),
            Resource::Grant(r) => r.on.relation_name().cloned(),
            _ => None,
        }
    }

    /// The relation without which it is nothing: the one that it is a part of, whose column it is for, or that it is
    /// about.
    pub fn owner_name(&self) -> Option<QualifiedName> {
        match self {
            Resource::Sequence(sequence) => sequence.owned_by.as_ref().map(|owner| owner.table.clone()),
            Resource::Statistics(statistics) => Some(statistics.table.clone()),
            Resource::Seed(seed) => Some(seed.table.clone()),
            other => other.migrating_table().cloned().or_else(|| other.relation_name()),
        }
    }

    /// The table that it migrates.
    pub fn migrating_table(&self) -> Option<&QualifiedName> {
        match self {
            Resource::Migration(migration) => Some(migration.table()),
            Resource::MigrationStep(step) => Some(&step.table),
            _ => None,
        }
    }

    /// The roles that it names, which must exist before it can.
    pub fn roles(&self) -> Vec<&Ident> {
        match self {
            Resource::Policy(policy) => policy.roles.iter().collect(),
            Resource::Grant(grant) => vec![&grant.grantee],
            Resource::DefaultPrivilege(privilege) => vec![&privilege.role, &privilege.grantee],
            Resource::RoleGrant(grant) => vec![&grant.role, &grant.member],
            Resource::UserMapping(mapping) => vec![&mapping.name],
            _ => Vec::new(),
        }
    }

    /// The same resource under the name and schema of `address`, which is of its kind.
    pub fn renamed(&self, address: &Address) -> Self {
        let mut resource = self.clone();
        let Some((schema, name)) = resource.names_mut() else { return resource };
        *name = address.name().clone();
        if let (Some(schema), Some(new)) = (schema, address.schema_name()) {
            schema.clone_from(new);
        }
        resource
    }

    /// Its schema, unless that follows from what it is a part of, and its name. A cast or transform has neither.
    fn names_mut(&mut self) -> Option<(Option<&mut Ident>, &mut Ident)> {
        Some(match self {
            Resource::Cast(_) | Resource::Transform(_) | Resource::MigrationStep(_) => return None,
            Resource::Language(r) => (None, &mut r.name),
            Resource::Schema(r) => (None, &mut r.name),
            Resource::Extension(r) => (None, &mut r.name),
            Resource::Constraint(r) => (None, &mut r.name),
            Resource::Trigger(r) => (None, &mut r.name),
            Resource::Rule(r) => (None, &mut r.name),
            Resource::Policy(r) => (None, &mut r.name),
            Resource::EventTrigger(r) => (None, &mut r.name),
            Resource::Publication(r) => (None, &mut r.name),
            Resource::Subscription(r) => (None, &mut r.name),
            Resource::ForeignDataWrapper(r) => (None, &mut r.name),
            Resource::ForeignServer(r) => (None, &mut r.name),
            Resource::UserMapping(r) => (None, &mut r.name),
            Resource::Grant(r) => (None, &mut r.grantee),
            Resource::DefaultPrivilege(r) => (None, &mut r.grantee),
            Resource::Seed(r) => (None, &mut r.name),
            Resource::Migration(r) => (None, r.names_mut().0),
            Resource::Role(r) => (None, &mut r.name),
            Resource::RoleGrant(r) => (None, &mut r.member),
            Resource::Collation(r) => (Some(&mut r.schema), &mut r.name),
            Resource::Enum(r) => (Some(&mut r.schema), &mut r.name),
            Resource::Domain(r) => (Some(&mut r.schema), &mut r.name),
            Resource::Composite(r) => (Some(&mut r.schema), &mut r.name),
            Resource::Range(r) => (Some(&mut r.schema), &mut r.name),
            Resource::Sequence(r) => (Some(&mut r.schema), &mut r.name),
            Resource::Table(r) => (Some(&mut r.schema), &mut r.name),
            Resource::Index(r) => (Some(&mut r.schema), &mut r.name),
            Resource::Statistics(r) => (Some(&mut r.schema), &mut r.name),
            Resource::View(r) => (Some(&mut r.schema), &mut r.name),
            Resource::MaterializedView(r) => (Some(&mut r.schema), &mut r.name),
            Resource::Routine(r) => (Some(&mut r.schema), &mut r.name),
            Resource::Aggregate(r) => (Some(&mut r.schema), &mut r.name),
            Resource::Operator(r) => (Some(&mut r.schema), &mut r.name),
            Resource::OperatorFamily(r) => (Some(&mut r.schema), &mut r.name),
            Resource::OperatorClass(r) => (Some(&mut r.schema), &mut r.name),
            Resource::TextSearchParser(r) => (Some(&mut r.schema), &mut r.name),
            Resource::TextSearchTemplate(r) => (Some(&mut r.schema), &mut r.name),
            Resource::TextSearchDictionary(r) => (Some(&mut r.schema), &mut r.name),
            Resource::TextSearchConfiguration(r) => (Some(&mut r.schema), &mut r.name),
            Resource::Conversion(r) => (Some(&mut r.schema), &mut r.name),
        })
    }

    /// How `self`, being live, becomes `desired`. Both must have the same address.
    pub fn compare(&self, desired: &Self) -> Comparison {
        macro_rules! compared {
            ($($always:ident)*; $($sometimes:ident)*) => {
                match (self, desired) {
                    $((Resource::$always(a), Resource::$always(b)) => {
                        Comparison::of(Some(a.alterations(b)), Alteration::$always)
                    })*
                    $((Resource::$sometimes(a), Resource::$sometimes(b)) => {
                        Comparison::of(a.alterations(b), Alteration::$sometimes)
                    })*
                    $((Resource::$always(_), _))|* | $((Resource::$sometimes(_), _))|* => Comparison::Replace,
                }
            };
        }
        compared!(
            Schema Extension Sequence Rule OperatorFamily ForeignDataWrapper UserMapping DefaultPrivilege Role RoleGrant
            Language Transform Migration MigrationStep;
            Table Collation Enum Domain Composite Range Constraint Index Statistics View MaterializedView Routine Aggregate
            Trigger Policy Operator OperatorClass Cast TextSearchParser TextSearchTemplate TextSearchDictionary
            TextSearchConfiguration Conversion EventTrigger Publication Subscription ForeignServer Grant Seed
        )
    }
}
