//! The safety table: for each operation the lock it takes, what it does under it, how it commits and how it is
//! undone. Rows hold for a table that existed before; on one made in the same plan no lock matters.

use self::Verb as V;
use crate::observation::ServerVersion;
use crate::plan::{Effect, LockMode, Reversibility, TransactionMode};

use Effect::{Build, Catalog, Data, Rewrite, Scan};
use Reversibility::{DataLoss, Narrowing, Recoverable, Reversible};

macro_rules! verbs {
    ($($verb:ident)*) => {
        /// The operations that djogi's statements consist of.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Verb { $($verb,)* }

        impl Verb {
            pub const ALL: &[Verb] = &[$(Verb::$verb,)*];
        }
    };
}

verbs! {
    CreateSchema RenameSchema DropSchema
    CreateExtension SetExtensionSchema UpdateExtension DropExtension
    CreateEnum AddEnumLabel RenameEnum DropEnum
    CreateSequence AlterSequence RenameSequence DropSequence
    CreateCollation CreateBuiltinCollation CreateCollationWithRules RenameCollation DropCollation
    CreateDomain AlterDomain CheckDomain CreateComposite AddAttribute DropAttribute CreateRange RenameType DropType
    CreateStatistics AlterStatistics DropStatistics
    CreateView ReplaceView AlterView RenameView RewriteView DropView
    CreateMaterializedView DropMaterializedView
    CreateRoutine ReplaceRoutine RenameRoutine DropRoutine
    CreateOperator AlterOperator CompleteOperator MoveOperator DropOperator
    CreateOperatorFamily AlterOperatorFamily DropOperatorFamily
    CreateOperatorClass RenameOperatorClass DropOperatorClass
    CreateCast DropCast
    CreateTextSearch AlterTextSearch RenameTextSearch DropTextSearch
    CreateConversion RenameConversion DropConversion CreateLanguage RenameLanguage DropLanguage
    CreateTransform DropTransform
    CreateTrigger SetTriggerFiring RenameTrigger DropTrigger
    CreateRule SetRuleFiring RenameRule DropRule
    CreatePolicy AlterPolicy DropPolicy
    CreatePartition CreateInheriting AttachPartition DetachPartition DetachPartitionConcurrently FinalizeDetach
    Inherit NoInherit AttachIndex
    CreateEventTrigger CreateLoginTrigger AlterEventTrigger DropEventTrigger
    CreatePublication AlterPublication AddToPublication TakeFromPublication PublishGenerated
    RenamePublication DropPublication
    CreateSubscription SubscribeAs SubscribeWithFailover AlterSubscription SetSubscriptionConnection
    SetSubscribedPublications DropSubscription
    CreateForeignDataWrapper AlterForeignDataWrapper DropForeignDataWrapper
    CreateServer AlterServer RenameServer DropServer CreateUserMapping AlterUserMapping DropUserMapping
    AlterForeignTable DropForeignTable
    CreateRole AlterRole SetRoleSetting DropRole GrantRole RevokeRole SetMembershipOption
    CreateTable RenameTable DropTable RewriteTable SetTableOptions SetTableProperty SetClusterIndex
    SetColumnStorage SetColumnStatistics
    AddColumnNullable AddColumnNotNull AddColumnConstantDefault AddColumnVolatileDefault AddColumnIdentity
    AddColumnStoredGenerated AddColumnVirtualGenerated AddColumnVirtualGeneratedNotNull
    RenameColumn DropColumn DropGeneratedColumn
    SetTypeInPlace SetTypeVerified SetTypeReindexed SetTypeRewrite SetTypeNarrowing
    SetNotNull SetNotNullProved AddNotNullNotValid SetConstraintInherit DropNotNull SetDefault DropDefault
    AddIdentity SetIdentity DropIdentity
    SetStoredExpression SetVirtualExpression DropExpression
    AddPrimaryKey AddUnique AddKeyOfIndex AddExclusion AddCheck AddCheckNotValid AddForeignKey AddForeignKeyNotValid
    ValidateCheck ValidateForeignKey SetConstraintDeferrable SetConstraintEnforced EnforceConstraint AddTemporalKey
    RenameConstraint
    DropKey DropCheck DropForeignKey
    CreateIndex CreateIndexOnly SetIndexOptions MoveIndex RenameIndex RebuildIndex DropIndex
    CreateIndexConcurrently RebuildIndexConcurrently DropIndexConcurrently
    Grant Revoke SetDefaultPrivileges SetOwner SetOwnerOfRelation
    Comment CommentOnRelation
    WriteSeed DeleteSeed
    WriteBothColumns AddFilledColumn Backfill MakeQuarantine SwapColumns EndMigration
}

/// What is known of one operation from one major version on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub verb: Verb,
    /// The oldest major version that this row holds for.
    pub min_version: u32,
    /// The strongest lock on the relation it changes.
    pub lock: Option<LockMode>,
    /// The strongest lock on the table that a foreign key refers to.
    pub referenced_lock: Option<LockMode>,
    pub effect: Effect,
    pub transaction: TransactionMode,
    pub reversibility: Reversibility,
    /// Whether readers and writers go on as long as it takes, so that it is to hold no stronger lock of a neighbour.
    pub is_alone: bool,
    /// What a reviewer must know whatever the table, as one sentence.
    pub hazard: Option<&'static str>,
}

const OLDEST: u32 = ServerVersion::OLDEST_MAJOR;
const AEL: Option<LockMode> = Some(LockMode::AccessExclusive);
const SRE: Option<LockMode> = Some(LockMode::ShareRowExclusive);
const SHARE: Option<LockMode> = Some(LockMode::Share);
const SUE: Option<LockMode> = Some(LockMode::ShareUpdateExclusive);
const ROW_EXCLUSIVE: Option<LockMode> = Some(LockMode::RowExclusive);
const ROW_SHARE: Option<LockMode> = Some(LockMode::RowShare);
const ACCESS_SHARE: Option<LockMode> = Some(LockMode::AccessShare);

const fn row(verb: Verb, lock: Option<LockMode>, effect: Effect, reversibility: Reversibility) -> Row {
    Row {
        verb,
        min_version: OLDEST,
        lock,
        referenced_lock: None,
        effect,
        transaction: TransactionMode::In,
        reversibility,
        is_alone: false,
        hazard: None,
    }
}

impl Row {
    const fn since(self, min_version: u32) -> Self {
        Self { min_version, ..self }
    }

    const fn referenced(self, referenced_lock: Option<LockMode>) -> Self {
        Self { referenced_lock, ..self }
    }

    const fn barrier(self) -> Self {
        Self { transaction: TransactionMode::Barrier, ..self }
    }

    const fn chunked(self) -> Self {
        Self { transaction: TransactionMode::Chunked, ..self }
    }

    const fn outside(self) -> Self {
        Self { transaction: TransactionMode::Outside, ..self }
    }

    const fn alone(self) -> Self {
        Self { is_alone: true, ..self }
    }

    const fn hazard(self, hazard: &'static str) -> Self {
        Self { hazard: Some(hazard), ..self }
    }
}

const ROWS_LEAVE: &str = "queries of the partitioned table miss its rows as soon as this commits";
const OLD_NAME_BREAKS: &str = "programs that use the old name fail as soon as this commits";
const REWRITES: &str = "reads and writes wait while the table and its indexes are written anew";
const SCANS: &str = "reads and writes wait while every row is checked";
const WRITES_WAIT: &str = "writes wait while the index is built";
const WAITS_FOR_OLDER: &str = "waits for every transaction that is older; reads and writes go on meanwhile";
const BUILDS: &str = "reads and writes wait while the index is built";
const FIRES_FOR_ALL: &str = "it fires for the DDL of everybody, and can refuse it";
const SUBSCRIBERS_REFRESH: &str =
    "subscribers get the tables when they have run ALTER SUBSCRIPTION ... REFRESH PUBLICATION";
const SUBSCRIBERS_FAIL: &str = "subscriptions to it fail until they name another one";
const CONNECTS_ANEW: &str = "sessions connect anew, and fail where the other server does not let them in";
const READERS_BREAK: &str = "programs that still use it fail as soon as this commits";

const RIGHT_ENDS: &str = "programs that rely on the privilege fail as soon as this commits";
const ROWS_WAIT: &str = "writes to the table wait until its rows are as declared";
const OF_SERVER: &str = "a role is one for all databases of its server";
const OLD_OWNER: &str = "who owned it may not do anything with it any more, but for what is granted";

/// Sorted neither by name nor by danger but as the manual goes: one object after the other.
pub const TABLE: &[Row] = &[
    row(V::CreateSchema, None, Catalog, Reversible),
    row(V::RenameSchema, None, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropSchema, None, Catalog, Reversible),
    row(V::CreateExtension, None, Catalog, Reversible),
    row(V::SetExtensionSchema, None, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::UpdateExtension, None, Catalog, Recoverable)
        .hazard("the extension's own update script decides what is locked"),
    row(V::DropExtension, None, Catalog, DataLoss).hazard("tables of the extension go with it"),
    row(V::CreateEnum, None, Catalog, Reversible),
    row(V::AddEnumLabel, None, Catalog, Recoverable).barrier(),
    row(V::RenameEnum, None, Catalog, Reversible),
    row(V::DropEnum, None, Catalog, Reversible),
    row(V::CreateSequence, None, Catalog, Reversible),
    row(V::AlterSequence, SRE, Catalog, Reversible),
    row(V::RenameSequence, AEL, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropSequence, AEL, Catalog, DataLoss),
    row(V::CreateCollation, None, Catalog, Reversible),
    row(V::CreateBuiltinCollation, None, Catalog, Reversible).since(17),
    row(V::CreateCollationWithRules, None, Catalog, Reversible).since(16),
    row(V::RenameCollation, None, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropCollation, None, Catalog, Reversible),
    row(V::CreateDomain, None, Catalog, Reversible),
    row(V::AlterDomain, None, Catalog, Reversible),
    row(V::CheckDomain, None, Scan, Reversible)
        .hazard("writes to all tables with a column of the domain wait while every row is checked"),
    row(V::CreateComposite, None, Catalog, Reversible),
    row(V::AddAttribute, None, Catalog, Reversible),
    row(V::DropAttribute, None, Catalog, DataLoss).hazard("values that rows hold lose the attribute"),
    row(V::CreateRange, None, Catalog, Reversible),
    row(V::RenameType, None, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropType, None, Catalog, Reversible),
    row(V::CreateStatistics, SUE, Catalog, Reversible),
    row(V::AlterStatistics, None, Catalog, Reversible),
    row(V::DropStatistics, SUE, Catalog, Recoverable),
    row(V::CreateView, None, Catalog, Reversible),
    row(V::ReplaceView, AEL, Catalog, Reversible),
    row(V::AlterView, AEL, Catalog, Reversible),
    row(V::RenameView, AEL, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::RewriteView, AEL, Rewrite, Recoverable).hazard(REWRITES),
    row(V::DropView, AEL, Catalog, Reversible).hazard(READERS_BREAK),
    row(V::CreateMaterializedView, None, Data, Reversible),
    row(V::DropMaterializedView, AEL, Catalog, Recoverable).hazard(READERS_BREAK),
    row(V::CreateRoutine, None, Catalog, Reversible),
    row(V::ReplaceRoutine, None, Catalog, Reversible),
    row(V::RenameRoutine, None, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropRoutine, None, Catalog, Reversible).hazard(READERS_BREAK),
    row(V::CreateOperator, None, Catalog, Reversible),
    row(V::AlterOperator, None, Catalog, Reversible),
    row(V::CompleteOperator, None, Catalog, Recoverable).since(17),
    row(V::MoveOperator, None, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropOperator, None, Catalog, Reversible).hazard(READERS_BREAK),
    row(V::CreateOperatorFamily, None, Catalog, Reversible),
    row(V::AlterOperatorFamily, None, Catalog, Reversible),
    row(V::DropOperatorFamily, None, Catalog, Reversible),
    row(V::CreateOperatorClass, None, Catalog, Reversible),
    row(V::RenameOperatorClass, None, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropOperatorClass, None, Catalog, Reversible),
    row(V::CreateCast, None, Catalog, Reversible),
    row(V::DropCast, None, Catalog, Reversible).hazard(READERS_BREAK),
    row(V::CreateTextSearch, None, Catalog, Reversible),
    row(V::AlterTextSearch, None, Catalog, Reversible).hazard(
        "what was computed with it before stays as it was: indexes and stored columns are not computed anew",
    ),
    row(V::RenameTextSearch, None, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropTextSearch, None, Catalog, Reversible).hazard(READERS_BREAK),
    row(V::CreateConversion, None, Catalog, Reversible),
    row(V::RenameConversion, None, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropConversion, None, Catalog, Reversible).hazard(READERS_BREAK),
    row(V::CreateLanguage, None, Catalog, Reversible),
    row(V::RenameLanguage, None, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropLanguage, None, Catalog, Reversible),
    row(V::CreateTransform, None, Catalog, Reversible),
    row(V::DropTransform, None, Catalog, Reversible),
    row(V::CreateTrigger, SRE, Catalog, Reversible),
    row(V::SetTriggerFiring, SRE, Catalog, Reversible),
    row(V::RenameTrigger, AEL, Catalog, Reversible),
    row(V::DropTrigger, AEL, Catalog, Reversible),
    row(V::CreateRule, AEL, Catalog, Reversible),
    row(V::SetRuleFiring, AEL, Catalog, Reversible),
    row(V::RenameRule, AEL, Catalog, Reversible),
    row(V::DropRule, AEL, Catalog, Reversible),
    row(V::CreatePolicy, AEL, Catalog, Reversible),
    row(V::AlterPolicy, AEL, Catalog, Reversible),
    row(V::DropPolicy, AEL, Catalog, Reversible),
    row(V::CreateEventTrigger, None, Catalog, Reversible).hazard(FIRES_FOR_ALL),
    row(V::CreateLoginTrigger, None, Catalog, Reversible)
        .since(17)
        .hazard("whoever connects waits for its function, and is turned away when it fails"),
    row(V::AlterEventTrigger, None, Catalog, Reversible),
    row(V::DropEventTrigger, None, Catalog, Reversible),
    row(V::CreatePublication, None, Catalog, Reversible),
    row(V::AlterPublication, None, Catalog, Reversible),
    row(V::AddToPublication, None, Catalog, Reversible).hazard(SUBSCRIBERS_REFRESH),
    row(V::TakeFromPublication, None, Catalog, Reversible)
        .hazard("subscribers get nothing more of what goes, and keep the rows that they have"),
    row(V::PublishGenerated, None, Catalog, Reversible).since(18),
    row(V::RenamePublication, None, Catalog, Reversible).hazard(SUBSCRIBERS_FAIL),
    row(V::DropPublication, None, Catalog, Reversible).hazard(SUBSCRIBERS_FAIL),
    row(V::CreateSubscription, None, Catalog, Reversible),
    row(V::SubscribeAs, None, Catalog, Reversible).since(16),
    row(V::SubscribeWithFailover, None, Catalog, Reversible).since(17),
    row(V::AlterSubscription, None, Catalog, Reversible),
    row(V::SetSubscriptionConnection, None, Catalog, Recoverable)
        .hazard("its worker connects anew, and fails where the publisher does not let it in"),
    row(V::SetSubscribedPublications, None, Catalog, Reversible)
        .hazard("tables come and go when somebody has run ALTER SUBSCRIPTION ... REFRESH PUBLICATION"),
    row(V::DropSubscription, None, Catalog, DataLoss).hazard(
        "how far it has come is lost: a new one copies the tables anew, or misses what was written meanwhile",
    ),
    row(V::CreateForeignDataWrapper, None, Catalog, Reversible),
    row(V::AlterForeignDataWrapper, None, Catalog, Reversible),
    row(V::DropForeignDataWrapper, None, Catalog, Reversible),
    row(V::CreateServer, None, Catalog, Reversible),
    row(V::AlterServer, None, Catalog, Reversible).hazard(CONNECTS_ANEW),
    row(V::RenameServer, None, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropServer, None, Catalog, Reversible),
    row(V::CreateUserMapping, None, Catalog, Reversible),
    row(V::AlterUserMapping, None, Catalog, Recoverable).hazard(CONNECTS_ANEW),
    row(V::DropUserMapping, None, Catalog, DataLoss).hazard("djogi does not know the login that it holds"),
    row(V::CreateRole, None, Catalog, Reversible),
    row(V::AlterRole, None, Catalog, Reversible).hazard(OF_SERVER),
    row(V::SetRoleSetting, None, Catalog, Reversible).hazard("sessions that are open keep what they have"),
    row(V::DropRole, None, Catalog, DataLoss)
        .hazard("its password is lost, and whoever logs in by it is turned away"),
    row(V::GrantRole, None, Catalog, Reversible),
    row(V::RevokeRole, None, Catalog, Reversible).hazard(RIGHT_ENDS),
    row(V::SetMembershipOption, None, Catalog, Reversible).since(16),
    row(V::AlterForeignTable, None, Catalog, Reversible),
    row(V::DropForeignTable, None, Catalog, Reversible).hazard(READERS_BREAK),
    row(V::CreateTable, None, Catalog, Reversible),
    row(V::CreatePartition, None, Catalog, Reversible)
        .referenced(AEL)
        .hazard("a default partition is read for rows that belong into the new one"),
    row(V::CreateInheriting, None, Catalog, Reversible).referenced(SUE),
    row(V::AttachPartition, SUE, Scan, Reversible)
        .referenced(AEL)
        .hazard("fails if a row of the partition, or of the default partition, is outside of its bounds"),
    row(V::DetachPartition, AEL, Catalog, Reversible)
        .referenced(AEL)
        .hazard(ROWS_LEAVE),
    row(V::DetachPartitionConcurrently, SUE, Catalog, Reversible).referenced(AEL).outside().hazard(ROWS_LEAVE),
    row(V::FinalizeDetach, SUE, Catalog, Reversible).referenced(AEL).hazard(
        "somebody's DETACH PARTITION ... CONCURRENTLY was interrupted: the partitioned table shows none of its rows already",
    ),
    row(V::Inherit, AEL, Catalog, Reversible).referenced(SUE),
    row(V::NoInherit, AEL, Catalog, Reversible)
        .referenced(ACCESS_SHARE)
        .hazard("queries of the parent miss its rows as soon as this commits"),
    row(V::AttachIndex, SUE, Catalog, Reversible),
    row(V::RenameTable, AEL, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropTable, AEL, Catalog, DataLoss).referenced(AEL).hazard(READERS_BREAK),
    row(V::RewriteTable, AEL, Rewrite, Reversible).hazard(REWRITES),
    row(V::SetTableOptions, SUE, Catalog, Reversible),
    row(V::SetTableProperty, AEL, Catalog, Reversible),
    row(V::SetClusterIndex, SUE, Catalog, Reversible)
        .hazard("the rows are put in order by the next CLUSTER, which nobody runs by itself"),
    row(V::SetColumnStorage, AEL, Catalog, Reversible),
    row(V::SetColumnStatistics, SUE, Catalog, Reversible),
    row(V::AddColumnNullable, AEL, Catalog, Reversible),
    row(V::AddColumnNotNull, AEL, Scan, Reversible),
    row(V::AddColumnConstantDefault, AEL, Catalog, Reversible),
    row(V::AddColumnVolatileDefault, AEL, Rewrite, Reversible).hazard(REWRITES),
    row(V::AddColumnIdentity, AEL, Rewrite, Reversible).hazard(REWRITES),
    row(V::AddColumnStoredGenerated, AEL, Rewrite, Reversible).hazard(REWRITES),
    row(V::AddColumnVirtualGenerated, AEL, Catalog, Reversible).since(18),
    row(V::AddColumnVirtualGeneratedNotNull, AEL, Scan, Reversible).since(18).hazard(SCANS),
    row(V::RenameColumn, AEL, Catalog, Reversible).hazard(OLD_NAME_BREAKS),
    row(V::DropColumn, AEL, Catalog, DataLoss).referenced(AEL).hazard(READERS_BREAK),
    row(V::DropGeneratedColumn, AEL, Catalog, Recoverable).referenced(AEL).hazard(READERS_BREAK),
    row(V::SetTypeInPlace, AEL, Catalog, Reversible).referenced(AEL),
    row(V::SetTypeVerified, AEL, Scan, Reversible).referenced(AEL).hazard(SCANS),
    row(V::SetTypeReindexed, AEL, Build, Reversible).referenced(AEL).hazard(BUILDS),
    row(V::SetTypeRewrite, AEL, Rewrite, Recoverable).referenced(AEL).hazard(REWRITES),
    row(V::SetTypeNarrowing, AEL, Rewrite, Narrowing).referenced(AEL).hazard(REWRITES),
    row(V::SetNotNull, AEL, Scan, Reversible).hazard(SCANS),
    row(V::SetNotNullProved, AEL, Catalog, Reversible),
    row(V::AddNotNullNotValid, AEL, Catalog, Reversible)
        .since(18)
        .hazard("an update of a row that holds a null fails, whichever column it changes"),
    row(V::SetConstraintInherit, AEL, Catalog, Reversible).since(18),
    row(V::DropNotNull, AEL, Catalog, Reversible),
    row(V::SetDefault, AEL, Catalog, Reversible),
    row(V::DropDefault, AEL, Catalog, Reversible),
    row(V::AddIdentity, AEL, Catalog, Reversible),
    row(V::SetIdentity, AEL, Catalog, Reversible),
    row(V::DropIdentity, AEL, Catalog, Recoverable),
    row(V::SetStoredExpression, AEL, Rewrite, Recoverable).since(17).hazard(REWRITES),
    row(V::SetVirtualExpression, AEL, Catalog, Reversible).since(18),
    row(V::DropExpression, AEL, Catalog, Recoverable),
    row(V::AddPrimaryKey, AEL, Build, Reversible).hazard(BUILDS),
    row(V::AddUnique, AEL, Build, Reversible).hazard(BUILDS),
    row(V::AddKeyOfIndex, AEL, Catalog, Reversible),
    row(V::AddExclusion, AEL, Build, Reversible).hazard(BUILDS),
    row(V::AddCheck, AEL, Scan, Reversible).hazard(SCANS),
    row(V::AddCheckNotValid, AEL, Catalog, Reversible)
        .hazard("an update of a row that violates it fails, whichever column it changes"),
    row(V::AddForeignKey, SRE, Scan, Reversible)
        .referenced(SRE)
        .hazard("writes to both tables wait while every row is checked"),
    row(V::AddForeignKeyNotValid, SRE, Catalog, Reversible).referenced(SRE),
    row(V::ValidateCheck, SUE, Scan, Reversible).alone(),
    row(V::ValidateForeignKey, SUE, Scan, Reversible).referenced(ROW_SHARE).alone(),
    row(V::SetConstraintDeferrable, AEL, Catalog, Reversible),
    row(V::SetConstraintEnforced, AEL, Catalog, Reversible).since(18),
    row(V::EnforceConstraint, AEL, Scan, Reversible).since(18).referenced(SRE).hazard(SCANS),
    row(V::AddTemporalKey, AEL, Build, Reversible).since(18).hazard(BUILDS),
    row(V::RenameConstraint, AEL, Catalog, Reversible),
    row(V::DropKey, AEL, Catalog, Recoverable),
    row(V::DropCheck, AEL, Catalog, Reversible),
    row(V::DropForeignKey, AEL, Catalog, Reversible).referenced(AEL),
    row(V::CreateIndex, SHARE, Build, Reversible).hazard(WRITES_WAIT),
    row(V::CreateIndexOnly, SHARE, Catalog, Reversible)
        .hazard("it serves no query until each partition has its own part of it"),
    row(V::SetIndexOptions, SUE, Catalog, Reversible),
    row(V::MoveIndex, AEL, Rewrite, Reversible).hazard("reads and writes wait while the index is copied"),
    row(V::RenameIndex, SUE, Catalog, Reversible),
    row(V::RebuildIndex, SHARE, Build, Reversible).hazard(BUILDS),
    row(V::DropIndex, AEL, Catalog, Recoverable),
    row(V::CreateIndexConcurrently, SUE, Build, Reversible).outside().hazard(WAITS_FOR_OLDER),
    row(V::RebuildIndexConcurrently, SUE, Build, Reversible).outside().hazard(WAITS_FOR_OLDER),
    row(V::DropIndexConcurrently, SUE, Catalog, Recoverable).outside().hazard(WAITS_FOR_OLDER),
    row(V::Grant, None, Catalog, Reversible),
    row(V::Revoke, None, Catalog, Reversible).hazard(RIGHT_ENDS),
    row(V::SetDefaultPrivileges, None, Catalog, Reversible),
    row(V::SetOwner, None, Catalog, Reversible).hazard(OLD_OWNER),
    row(V::SetOwnerOfRelation, AEL, Catalog, Reversible).hazard(OLD_OWNER),
    row(V::WriteSeed, SRE, Data, Reversible).hazard(ROWS_WAIT),
    row(V::WriteBothColumns, SRE, Catalog, Reversible).barrier(),
    row(V::AddFilledColumn, AEL, Catalog, Recoverable).barrier(),
    row(V::Backfill, ROW_EXCLUSIVE, Data, Reversible).chunked(),
    row(V::MakeQuarantine, None, Catalog, Reversible),
    row(V::SwapColumns, AEL, Catalog, Recoverable).hazard(
        "a statement that was prepared before fails once with \"cached plan must not change result type\"",
    ),
    row(V::EndMigration, AEL, Catalog, Recoverable),
    row(V::DeleteSeed, SRE, Data, DataLoss).hazard("deletes rows that nobody declares any more"),
    row(V::Comment, None, Catalog, Reversible),
    row(V::CommentOnRelation, SUE, Catalog, Reversible),
];

/// The row of `verb` for a server. For a server older than [`since`] it is the row of the first version that
/// has the operation.
pub fn look_up(verb: Verb, version: ServerVersion) -> &'static Row {
    let rows = || TABLE.iter().filter(|row| row.verb == verb);
    rows()
        .filter(|row| row.min_version <= version.major())
        .max_by_key(|row| row.min_version)
        .or_else(|| rows().min_by_key(|row| row.min_version))
        .expect("the safety table has a row for every verb")
}

/// The first supported major version that has the operation.
pub fn since(verb: Verb) -> u32 {
    let oldest = TABLE.iter().filter(|row| row.verb == verb).map(|row| row.min_version).min();
    oldest.expect("the safety table has a row for every verb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_one_row_for_each_version() {
        for verb in Verb::ALL {
            let mut versions: Vec<u32> =
                TABLE.iter().filter(|row| row.verb == *verb).map(|row| row.min_version).collect();
            assert!(!versions.is_empty(), "{verb:?} has no row");
            assert!(versions.iter().all(|version| (15..=18).contains(version)), "{verb:?}");
            let rows = versions.len();
            versions.sort_unstable();
            versions.dedup();
            assert_eq!(versions.len(), rows, "{verb:?} has two rows for one version");
            for major in since(*verb)..=18 {
                let row = look_up(*verb, ServerVersion(major * 10_000));
                assert_eq!(row.verb, *verb);
                assert!(row.min_version <= major);
            }
        }
    }

    #[test]
    fn long_work_under_a_blocking_lock_is_always_explained() {
        for row in TABLE {
            let blocks_writes = row.lock >= SHARE;
            let by_size = matches!(row.verb, Verb::AddColumnNotNull);
            if blocks_writes && row.effect != Catalog && !by_size {
                assert!(row.hazard.is_some(), "{:?} does not say what waits", row.verb);
            }
        }
    }

    #[test]
    fn an_operation_that_a_server_lacks_names_the_version_that_has_it() {
        assert_eq!(since(Verb::SetStoredExpression), 17);
        assert_eq!(since(Verb::AddColumnVirtualGenerated), 18);
        assert_eq!(look_up(Verb::AddColumnVirtualGenerated, ServerVersion(150_018)).min_version, 18);
    }
}
