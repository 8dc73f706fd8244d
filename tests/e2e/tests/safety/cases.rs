//! The operations, on the objects of one small database.

use djogi_core::safety::Verb as V;

use super::Case;

/// What is there before each operation.
pub(super) const FIXTURE: &str = "
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE DOMAIN amount AS integer;
    CREATE TYPE pair AS (x integer, y text);
    CREATE SEQUENCE counter;
    CREATE TABLE u (id integer PRIMARY KEY, code text, d integer);
    CREATE TABLE t (
        id integer NOT NULL, a integer, b text, v varchar(10), n integer NOT NULL, k integer,
        g integer GENERATED ALWAYS AS (id + 1) STORED, u_id integer, r int4range, big amount, c varchar(10),
        CONSTRAINT t_pkey PRIMARY KEY (id), CONSTRAINT t_n_check CHECK (n > 0),
        CONSTRAINT t_c_check CHECK (c <> ''), CONSTRAINT t_u_fkey FOREIGN KEY (u_id) REFERENCES u (id));
    CREATE INDEX t_a ON t (a);
    CREATE INDEX t_v ON t ((v || 'x'));
    CREATE STATISTICS t_stats ON a, n FROM t;
    CREATE VIEW w AS SELECT id FROM t;
    CREATE MATERIALIZED VIEW m AS SELECT id FROM u;
    CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
    CREATE FUNCTION one(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT 1';
    CREATE TRIGGER trig BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
    CREATE POLICY pol ON t USING (true);
    CREATE RULE ru AS ON UPDATE TO u DO ALSO NOTHING;
    CREATE TABLE p (id integer, x text) PARTITION BY RANGE (id);
    CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (1) TO (10);
    CREATE TABLE p_x (id integer, x text);
    CREATE INDEX p_1_x ON p_1 (x);
    CREATE TABLE parent (id integer);
    CREATE TABLE child (id integer);
    CREATE TABLE heir () INHERITS (parent);
    CREATE TABLE q (id integer GENERATED ALWAYS AS IDENTITY, d integer DEFAULT 1 NOT NULL);
    CREATE PUBLICATION pub FOR TABLE u;
    INSERT INTO u SELECT n, n, n FROM generate_series(1, 100) AS n;
    INSERT INTO t (id, a, b, v, n, k, u_id, r, c)
        SELECT n, n, n, n, n, n, n, int4range(n, n + 1), n FROM generate_series(1, 100) AS n;
    INSERT INTO p SELECT n, n FROM generate_series(1, 9) AS n;
    INSERT INTO p_x SELECT n, n FROM generate_series(20, 29) AS n;
    INSERT INTO parent SELECT generate_series(1, 9);";

const fn on(verb: V, on: &'static str, sql: &'static str) -> Case {
    Case { verb, setup: "", sql, on, referenced: "" }
}

const fn free(verb: V, sql: &'static str) -> Case {
    on(verb, "", sql)
}

impl Case {
    const fn and(self, referenced: &'static str) -> Self {
        Self { referenced, ..self }
    }

    const fn after(self, setup: &'static str) -> Self {
        Self { setup, ..self }
    }
}

pub(super) const CASES: &[Case] = &[
    free(V::CreateSchema, "CREATE SCHEMA s"),
    free(V::RenameSchema, "ALTER SCHEMA s RENAME TO s2").after("CREATE SCHEMA s"),
    free(V::DropSchema, "DROP SCHEMA s").after("CREATE SCHEMA s"),
    free(V::CreateEnum, "CREATE TYPE e AS ENUM ('x')"),
    free(V::AddEnumLabel, "ALTER TYPE mood ADD VALUE 'so so'"),
    free(V::RenameEnum, "ALTER TYPE mood RENAME TO temper"),
    free(V::DropEnum, "DROP TYPE mood"),
    free(V::CreateSequence, "CREATE SEQUENCE other"),
    on(V::AlterSequence, "counter", "ALTER SEQUENCE counter INCREMENT 2"),
    on(V::RenameSequence, "counter", "ALTER SEQUENCE counter RENAME TO numbers"),
    on(V::DropSequence, "counter", "DROP SEQUENCE counter"),
    free(V::CreateCollation, "CREATE COLLATION co (provider = icu, locale = 'de')"),
    free(V::RenameCollation, "ALTER COLLATION co RENAME TO c2")
        .after("CREATE COLLATION co (provider = icu, locale = 'de')"),
    free(V::DropCollation, "DROP COLLATION co").after("CREATE COLLATION co (provider = icu, locale = 'de')"),
    free(V::CreateDomain, "CREATE DOMAIN d AS integer"),
    free(V::AlterDomain, "ALTER DOMAIN amount SET DEFAULT 1"),
    free(V::CreateComposite, "CREATE TYPE c AS (x integer)"),
    free(V::AddAttribute, "ALTER TYPE pair ADD ATTRIBUTE z integer"),
    free(V::DropAttribute, "ALTER TYPE pair DROP ATTRIBUTE y"),
    free(V::CreateRange, "CREATE TYPE rr AS RANGE (subtype = integer)"),
    free(V::RenameType, "ALTER TYPE pair RENAME TO pair2"),
    free(V::DropType, "DROP TYPE pair"),
    on(V::CreateStatistics, "t", "CREATE STATISTICS s2 ON a, k FROM t"),
    free(V::AlterStatistics, "ALTER STATISTICS t_stats SET STATISTICS 10"),
    on(V::DropStatistics, "t", "DROP STATISTICS t_stats"),
    free(V::CreateView, "CREATE VIEW w2 AS SELECT id FROM t"),
    on(V::ReplaceView, "w", "CREATE OR REPLACE VIEW w AS SELECT id, a FROM t"),
    on(V::AlterView, "w", "ALTER VIEW w SET (security_barrier = true)"),
    on(V::RenameView, "w", "ALTER VIEW w RENAME TO w2"),
    on(V::DropView, "w", "DROP VIEW w"),
    on(V::DropMaterializedView, "m", "DROP MATERIALIZED VIEW m"),
    free(V::CreateRoutine, "CREATE FUNCTION two() RETURNS integer LANGUAGE sql AS 'SELECT 2'"),
    on(
        V::ReplaceRoutine,
        "",
        "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN old; END'",
    ),
    free(V::RenameRoutine, "ALTER FUNCTION f() RENAME TO f2"),
    free(V::DropRoutine, "DROP FUNCTION one(integer)"),
    on(V::CreateTrigger, "t", "CREATE TRIGGER t2 BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()"),
    on(V::SetTriggerFiring, "t", "ALTER TABLE t DISABLE TRIGGER trig"),
    on(V::RenameTrigger, "t", "ALTER TRIGGER trig ON t RENAME TO t2"),
    on(V::DropTrigger, "t", "DROP TRIGGER trig ON t"),
    on(V::CreateRule, "u", "CREATE RULE r2 AS ON INSERT TO u DO ALSO NOTHING"),
    on(V::SetRuleFiring, "u", "ALTER TABLE u DISABLE RULE ru"),
    on(V::RenameRule, "u", "ALTER RULE ru ON u RENAME TO r2"),
    on(V::DropRule, "u", "DROP RULE ru ON u"),
    on(V::CreatePolicy, "t", "CREATE POLICY p2 ON t USING (true)"),
    on(V::AlterPolicy, "t", "ALTER POLICY pol ON t USING (false)"),
    on(V::DropPolicy, "t", "DROP POLICY pol ON t"),
    free(V::CreatePartition, "CREATE TABLE p_2 PARTITION OF p FOR VALUES FROM (10) TO (20)").and("p"),
    free(V::CreateInheriting, "CREATE TABLE h2 () INHERITS (parent)").and("parent"),
    on(V::AttachPartition, "p", "ALTER TABLE p ATTACH PARTITION p_x FOR VALUES FROM (20) TO (30)").and("p_x"),
    on(V::DetachPartition, "p", "ALTER TABLE p DETACH PARTITION p_1").and("p_1"),
    on(V::FinalizeDetach, "p", "ALTER TABLE p DETACH PARTITION p_1 FINALIZE")
        .after("UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'p_1'::regclass")
        .and("p_1"),
    on(V::Inherit, "child", "ALTER TABLE child INHERIT parent").and("parent"),
    on(V::NoInherit, "heir", "ALTER TABLE heir NO INHERIT parent").and("parent"),
    free(V::CreatePublication, "CREATE PUBLICATION p2"),
    free(V::AlterPublication, "ALTER PUBLICATION pub SET (publish = 'insert')"),
    free(V::RenamePublication, "ALTER PUBLICATION pub RENAME TO p2"),
    free(V::DropPublication, "DROP PUBLICATION pub"),
    free(V::CreateTable, "CREATE TABLE fresh (id integer PRIMARY KEY)"),
    on(V::RenameTable, "t", "ALTER TABLE t RENAME TO t2"),
    on(V::DropTable, "t", "DROP TABLE t CASCADE").and("u"),
    on(V::RewriteTable, "u", "ALTER TABLE u SET UNLOGGED")
        .after("ALTER TABLE t DROP CONSTRAINT t_u_fkey; DROP PUBLICATION pub"),
    on(V::SetTableOptions, "t", "ALTER TABLE t SET (fillfactor = 80)"),
    on(V::SetTableProperty, "t", "ALTER TABLE t REPLICA IDENTITY FULL"),
    on(V::SetTableProperty, "t", "ALTER TABLE t ENABLE ROW LEVEL SECURITY"),
    on(V::SetClusterIndex, "t", "ALTER TABLE t CLUSTER ON t_a"),
    on(V::SetColumnStorage, "t", "ALTER TABLE t ALTER COLUMN b SET STORAGE EXTERNAL"),
    on(V::SetColumnStatistics, "t", "ALTER TABLE t ALTER COLUMN b SET STATISTICS 10"),
    on(V::AddColumnNullable, "t", "ALTER TABLE t ADD COLUMN z integer"),
    on(V::AddColumnConstantDefault, "t", "ALTER TABLE t ADD COLUMN z integer DEFAULT 7 NOT NULL"),
    on(V::AddColumnConstantDefault, "t", "ALTER TABLE t ADD COLUMN z timestamptz DEFAULT now()"),
    on(V::AddColumnVolatileDefault, "t", "ALTER TABLE t ADD COLUMN z uuid DEFAULT gen_random_uuid()"),
    on(V::AddColumnIdentity, "t", "ALTER TABLE t ADD COLUMN z integer GENERATED ALWAYS AS IDENTITY"),
    on(
        V::AddColumnStoredGenerated,
        "t",
        "ALTER TABLE t ADD COLUMN z integer GENERATED ALWAYS AS (a + 1) STORED",
    ),
    on(
        V::AddColumnVirtualGenerated,
        "t",
        "ALTER TABLE t ADD COLUMN z integer GENERATED ALWAYS AS (a + 1) VIRTUAL",
    ),
    on(
        V::AddColumnVirtualGeneratedNotNull,
        "t",
        "ALTER TABLE t ADD COLUMN z integer GENERATED ALWAYS AS (id + 1) VIRTUAL NOT NULL",
    ),
    on(V::RenameColumn, "t", "ALTER TABLE t RENAME COLUMN a TO a2"),
    on(V::DropColumn, "t", "ALTER TABLE t DROP COLUMN u_id").and("u"),
    on(V::SetTypeInPlace, "t", "ALTER TABLE t ALTER COLUMN v TYPE text").after("DROP INDEX t_v"),
    on(V::SetTypeVerified, "t", "ALTER TABLE t ALTER COLUMN c TYPE text"),
    on(V::SetTypeReindexed, "t", "ALTER TABLE t ALTER COLUMN v TYPE text"),
    on(V::SetTypeRewrite, "t", "ALTER TABLE t ALTER COLUMN k TYPE bigint"),
    on(V::SetTypeRewrite, "u", "ALTER TABLE u ALTER COLUMN id TYPE bigint")
        .after("DROP MATERIALIZED VIEW m")
        .and("t"),
    on(V::SetTypeNarrowing, "t", "ALTER TABLE t ALTER COLUMN k TYPE smallint"),
    on(V::SetNotNull, "t", "ALTER TABLE t ALTER COLUMN a SET NOT NULL"),
    on(V::SetNotNullProved, "t", "ALTER TABLE t ALTER COLUMN a SET NOT NULL")
        .after("ALTER TABLE t ADD CONSTRAINT proof CHECK (a IS NOT NULL)"),
    on(V::AddNotNullNotValid, "t", "ALTER TABLE t ADD CONSTRAINT nn NOT NULL a NOT VALID"),
    on(V::DropNotNull, "t", "ALTER TABLE t ALTER COLUMN n DROP NOT NULL"),
    on(V::SetDefault, "t", "ALTER TABLE t ALTER COLUMN a SET DEFAULT 1"),
    on(V::DropDefault, "q", "ALTER TABLE q ALTER COLUMN d DROP DEFAULT"),
    on(V::AddIdentity, "t", "ALTER TABLE t ALTER COLUMN n ADD GENERATED ALWAYS AS IDENTITY"),
    on(V::SetIdentity, "q", "ALTER TABLE q ALTER COLUMN id SET GENERATED BY DEFAULT"),
    on(V::DropIdentity, "q", "ALTER TABLE q ALTER COLUMN id DROP IDENTITY"),
    on(V::SetStoredExpression, "t", "ALTER TABLE t ALTER COLUMN g SET EXPRESSION AS (id + 2)"),
    on(V::SetVirtualExpression, "parent", "ALTER TABLE parent ALTER COLUMN z SET EXPRESSION AS (id + 2)")
        .after("ALTER TABLE parent ADD COLUMN z integer GENERATED ALWAYS AS (id + 1) VIRTUAL"),
    on(V::DropExpression, "t", "ALTER TABLE t ALTER COLUMN g DROP EXPRESSION"),
    on(V::AddPrimaryKey, "p_x", "ALTER TABLE p_x ADD PRIMARY KEY (id)")
        .after("ALTER TABLE p_x ALTER COLUMN id SET NOT NULL"),
    on(V::AddUnique, "t", "ALTER TABLE t ADD CONSTRAINT t_k UNIQUE (k)"),
    on(V::AddKeyOfIndex, "t", "ALTER TABLE t ADD CONSTRAINT t_k UNIQUE USING INDEX t_k_new")
        .after("CREATE UNIQUE INDEX t_k_new ON t (k)"),
    on(V::AddExclusion, "t", "ALTER TABLE t ADD CONSTRAINT t_r EXCLUDE USING gist (r WITH &&)"),
    on(V::AddCheck, "t", "ALTER TABLE t ADD CONSTRAINT t_k CHECK (k > 0)"),
    on(V::AddCheckNotValid, "t", "ALTER TABLE t ADD CONSTRAINT t_k CHECK (k > 0) NOT VALID"),
    on(V::AddForeignKey, "t", "ALTER TABLE t ADD CONSTRAINT t_k FOREIGN KEY (k) REFERENCES u").and("u"),
    on(
        V::AddForeignKeyNotValid,
        "t",
        "ALTER TABLE t ADD CONSTRAINT t_k FOREIGN KEY (k) REFERENCES u NOT VALID",
    )
    .and("u"),
    on(V::ValidateCheck, "t", "ALTER TABLE t VALIDATE CONSTRAINT t_k")
        .after("ALTER TABLE t ADD CONSTRAINT t_k CHECK (k > 0) NOT VALID"),
    on(V::ValidateForeignKey, "t", "ALTER TABLE t VALIDATE CONSTRAINT t_k")
        .after("ALTER TABLE t ADD CONSTRAINT t_k FOREIGN KEY (k) REFERENCES u NOT VALID")
        .and("u"),
    on(V::SetConstraintDeferrable, "t", "ALTER TABLE t ALTER CONSTRAINT t_u_fkey DEFERRABLE"),
    on(V::SetConstraintEnforced, "t", "ALTER TABLE t ALTER CONSTRAINT t_u_fkey NOT ENFORCED"),
    on(V::EnforceConstraint, "t", "ALTER TABLE t ALTER CONSTRAINT t_u_fkey ENFORCED")
        .after("ALTER TABLE t ALTER CONSTRAINT t_u_fkey NOT ENFORCED")
        .and("u"),
    on(V::RenameConstraint, "t", "ALTER TABLE t RENAME CONSTRAINT t_n_check TO t_n"),
    on(V::DropKey, "t", "ALTER TABLE t DROP CONSTRAINT t_pkey"),
    on(V::DropCheck, "t", "ALTER TABLE t DROP CONSTRAINT t_n_check"),
    on(V::DropForeignKey, "t", "ALTER TABLE t DROP CONSTRAINT t_u_fkey").and("u"),
    on(V::CreateIndex, "t", "CREATE INDEX t_k ON t (k)"),
    on(V::CreateIndexOnly, "p", "CREATE INDEX p_x_idx ON ONLY p (x)"),
    on(V::SetIndexOptions, "t_a", "ALTER INDEX t_a SET (fillfactor = 70)"),
    on(V::RenameIndex, "t_a", "ALTER INDEX t_a RENAME TO t_b"),
    on(V::RebuildIndex, "t", "REINDEX INDEX t_a"),
    on(V::DropIndex, "t", "DROP INDEX t_a"),
    free(V::SetDefaultPrivileges, "ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC"),
    on(V::SetOwnerOfRelation, "t", "ALTER TABLE t OWNER TO pg_monitor"),
    free(V::SetOwner, "ALTER FUNCTION one(integer) OWNER TO pg_monitor"),
    free(V::Comment, "COMMENT ON FUNCTION f() IS 'x'"),
    on(V::CommentOnRelation, "t", "COMMENT ON TABLE t IS 'x'"),
    free(V::CreateRole, "CREATE ROLE safety_table_role"),
];

/// Operations without a case, and why.
pub(super) const UNTRIED: &[(&[V], &str)] = &[
    (
        &[V::CreateIndexConcurrently, V::RebuildIndexConcurrently, V::DropIndexConcurrently],
        "PostgreSQL refuses them in a transaction; tests of concurrent indexes look at their locks while they wait",
    ),
    (
        &[V::DetachPartitionConcurrently],
        "PostgreSQL refuses it in a transaction; the tests of partitions that leave look at its locks while it waits",
    ),
    (&[V::WriteSeed, V::DeleteSeed], "djogi locks the table itself"),
    (
        &[V::WriteBothColumns, V::AddFilledColumn, V::Backfill, V::SwapColumns, V::EndMigration],
        "several statements, each of which has its case; the tests of live migrations look at their locks",
    ),
    (
        &[V::MakeQuarantine],
        "only makes a table, as `CREATE TABLE` does, and reads what the columns of another are",
    ),
    (
        &[
            V::CreateExtension,
            V::SetExtensionSchema,
            V::UpdateExtension,
            V::DropExtension,
            V::CreateSubscription,
            V::SubscribeAs,
            V::SubscribeWithFailover,
            V::AlterSubscription,
            V::SetSubscriptionConnection,
            V::SetSubscribedPublications,
            V::DropSubscription,
            V::CreateForeignDataWrapper,
            V::AlterForeignDataWrapper,
            V::DropForeignDataWrapper,
            V::CreateServer,
            V::AlterServer,
            V::RenameServer,
            V::DropServer,
            V::CreateUserMapping,
            V::AlterUserMapping,
            V::DropUserMapping,
            V::AlterForeignTable,
            V::DropForeignTable,
        ],
        "they are about what lies outside of the database",
    ),
    (&[V::AddColumnNotNull], "PostgreSQL refuses it where there is a row"),
    (&[V::RewriteView, V::MoveIndex], "they need another tablespace or access method"),
    (
        &[V::AddTemporalKey, V::DropGeneratedColumn, V::SetConstraintInherit, V::AttachIndex],
        "their statements are those of other rows, on other objects",
    ),
    (
        &[
            V::CreateMaterializedView,
            V::CheckDomain,
            V::CreateBuiltinCollation,
            V::CreateCollationWithRules,
            V::CreateOperator,
            V::AlterOperator,
            V::CompleteOperator,
            V::MoveOperator,
            V::DropOperator,
            V::CreateOperatorFamily,
            V::AlterOperatorFamily,
            V::DropOperatorFamily,
            V::CreateOperatorClass,
            V::RenameOperatorClass,
            V::DropOperatorClass,
            V::CreateCast,
            V::DropCast,
            V::CreateTextSearch,
            V::AlterTextSearch,
            V::RenameTextSearch,
            V::DropTextSearch,
            V::CreateConversion,
            V::RenameConversion,
            V::DropConversion,
            V::CreateLanguage,
            V::RenameLanguage,
            V::DropLanguage,
            V::CreateTransform,
            V::DropTransform,
            V::CreateEventTrigger,
            V::CreateLoginTrigger,
            V::AlterEventTrigger,
            V::DropEventTrigger,
            V::AddToPublication,
            V::TakeFromPublication,
            V::PublishGenerated,
            V::AlterRole,
            V::SetRoleSetting,
            V::DropRole,
            V::GrantRole,
            V::RevokeRole,
            V::SetMembershipOption,
            V::Grant,
            V::Revoke,
        ],
        "no lock of theirs is shown: they are about no table, or hold it for an instant only",
    ),
];
