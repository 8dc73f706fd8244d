//! The ledger: created once, read without rights or traces, written with the group or not at all.

use djogi_cluster::backfill::observe;
use djogi_cluster::connect::DatabaseError;
use djogi_cluster::event::Failure;
use djogi_cluster::identity::{Actor, Epoch, Lineage, OpId, RunId};
use djogi_cluster::ledger::{
    Fence, Holder, LEDGER_VERSION, LedgerError, LedgerVersion, OpKind, OpRecord, Since, bump_epoch,
    ensure_ledger, fence, find_op, ledger_version, ops_since, read_lease, record_op,
};
use djogi_core::{Digest, Ident};
use tokio_postgres::Client;

use super::support::{ident, on_every_server, until};

fn holder() -> Holder {
    Holder {
        actor: Actor::new("ana@test").unwrap(),
        host: "test".into(),
        pid: 1,
        run: RunId::generate(),
        command: "apply".into(),
        since: "2026-01-01T00:00:00.000Z".into(),
        backend_pid: 1,
    }
}

async fn backend_pid(client: &Client) -> i32 {
    client.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0)
}

/// A ledger with a first lease, and the fence of its holder.
async fn leased(client: &Client, target: &Ident) -> Fence {
    ensure_ledger(client).await.unwrap();
    let lineage = Lineage::generate();
    let epoch = bump_epoch(client, target, lineage, &holder()).await.unwrap();
    Fence { target: target.clone(), lineage, epoch, backend_pid: backend_pid(client).await }
}

fn record(target: &Ident, epoch: Epoch, group_no: u32) -> OpRecord {
    OpRecord {
        op: OpId::generate(),
        run: RunId::generate(),
        target: target.clone(),
        epoch,
        group_no,
        kind: OpKind::Group,
        plan_digest: Some(Digest::of_bytes(b"plan")),
        addresses: vec!["table.main.public.\"Bestellung ä\"".parse().unwrap()],
        before_digest: None,
        after_digest: Some(Digest::of_bytes(b"after")),
    }
}

#[tokio::test]
async fn a_database_without_ledger_is_read_as_such_in_a_read_only_session() {
    on_every_server(async |database| {
        let client = database.connect().await;
        client.batch_execute("SET default_transaction_read_only = on").await.unwrap();
        assert_eq!(ledger_version(&client).await.unwrap(), LedgerVersion::Absent);
        assert_eq!(read_lease(&client, &ident("main")).await.unwrap(), None);
        assert_eq!(ops_since(&client, &ident("main"), None).await.unwrap(), Since::Ops(Vec::new()));
        assert_eq!(ops_since(&client, &ident("main"), Some(OpId::generate())).await.unwrap(), Since::Unknown);
        assert_eq!(find_op(&client, OpId::generate()).await.unwrap(), None);
        let refused = ensure_ledger(&client).await.unwrap_err();
        assert!(matches!(refused, LedgerError::ReadOnly { .. }), "{refused}");
        assert!(refused.help().unwrap().contains("primary"));
    })
    .await;
}

#[tokio::test]
async fn the_ledger_is_created_once_and_not_touched_again() {
    on_every_server(async |database| {
        let client = database.connect().await;
        ensure_ledger(&client).await.unwrap();
        assert_eq!(ledger_version(&client).await.unwrap(), LedgerVersion::At(LEDGER_VERSION));
        client.batch_execute("SET default_transaction_read_only = on").await.unwrap();
        ensure_ledger(&client).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn targets_that_share_a_database_may_create_the_ledger_at_once() {
    on_every_server(async |database| {
        let mut creators = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let client = database.connect().await;
            creators.spawn(async move { ensure_ledger(&client).await });
        }
        for created in creators.join_all().await {
            created.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn a_newer_ledger_is_refused() {
    on_every_server(async |database| {
        let client = database.connect().await;
        ensure_ledger(&client).await.unwrap();
        client.batch_execute("INSERT INTO djogi.migration VALUES (99, '9.9')").await.unwrap();
        for refused in [ensure_ledger(&client).await, read_lease(&client, &ident("main")).await.map(|_| ())] {
            assert!(matches!(refused, Err(LedgerError::Newer { found: 99 })), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_empty_schema_of_that_name_was_made_for_the_ledger() {
    on_every_server(async |database| {
        let client = database.connect().await;
        client.batch_execute("CREATE SCHEMA djogi").await.unwrap();
        assert_eq!(ledger_version(&client).await.unwrap(), LedgerVersion::Empty);
        assert_eq!(read_lease(&client, &ident("main")).await.unwrap(), None);
        ensure_ledger(&client).await.unwrap();
        assert_eq!(ledger_version(&client).await.unwrap(), LedgerVersion::At(LEDGER_VERSION));
    })
    .await;
}

#[tokio::test]
async fn an_older_ledger_is_brought_up_to_date_and_keeps_its_rows() {
    const MIGRATIONS: [&str; 2] = [
        include_str!("../../src/ledger/migrations/1.sql"),
        include_str!("../../src/ledger/migrations/2.sql"),
    ];
    on_every_server(async |database| {
        let client = database.connect().await;
        client.batch_execute("CREATE SCHEMA djogi").await.unwrap();
        for (number, migration) in (1..).zip(MIGRATIONS) {
            let note = format!("INSERT INTO djogi.migration (version, djogi) VALUES ({number}, 'old')");
            client.batch_execute(&format!("{migration} {note}")).await.unwrap();
        }
        assert_eq!(ledger_version(&client).await.unwrap(), LedgerVersion::At(2));
        assert!(observe(&client, &ident("main")).await.unwrap().is_empty());
        let fence = leased(&client, &ident("main")).await;
        assert_eq!(ledger_version(&client).await.unwrap(), LedgerVersion::At(LEDGER_VERSION));
        assert_eq!(read_lease(&client, &fence.target).await.unwrap().unwrap().epoch, fence.epoch);
        let versions = "SELECT string_agg(version || ' ' || (djogi = 'old'), ', ' ORDER BY version) FROM djogi.migration";
        let versions: String = client.query_one(versions, &[]).await.unwrap().get(0);
        assert_eq!(versions, "1 true, 2 true, 3 false");
    })
    .await;
}

#[tokio::test]
async fn a_schema_of_that_name_that_is_no_ledger_is_left_alone() {
    on_every_server(async |database| {
        let client = database.connect().await;
        client.batch_execute("CREATE SCHEMA djogi; CREATE TABLE djogi.tunes (name text)").await.unwrap();
        for refused in [ensure_ledger(&client).await, ledger_version(&client).await.map(|_| ())] {
            assert!(matches!(refused, Err(LedgerError::NotALedger)), "{refused:?}");
        }
        client.batch_execute("CREATE TABLE djogi.migration (version integer, djogi text)").await.unwrap();
        assert!(matches!(ledger_version(&client).await, Err(LedgerError::NotALedger)));
    })
    .await;
}

#[tokio::test]
async fn nobody_else_has_rights_even_where_default_privileges_give_them() {
    on_every_server(async |database| {
        let client = database.connect().await;
        let role = format!("djogi_test_{}", RunId::generate()).to_lowercase();
        let setup = format!(
            "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC;
             ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO PUBLIC;
             CREATE ROLE {role}"
        );
        client.batch_execute(&setup).await.unwrap();
        ensure_ledger(&client).await.unwrap();
        client.batch_execute(&format!("SET ROLE {role}")).await.unwrap();
        let refused = ledger_version(&client).await.unwrap_err();
        client.batch_execute("RESET ROLE").await.unwrap();
        let rights = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace,
                             aclexplode(c.relacl) acl WHERE n.nspname = 'djogi' AND acl.grantee = 0";
        let granted: i64 = client.query_one(rights, &[]).await.unwrap().get(0);
        client.batch_execute(&format!("GRANT USAGE ON SCHEMA djogi TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA djogi TO {role}; SET ROLE {role}")).await.unwrap();
        let granted_by_help = ledger_version(&client).await;
        client.batch_execute(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).await.unwrap();
        assert!(matches!(&refused, LedgerError::NoPrivilege { role: named } if *named == role), "{refused}");
        assert_eq!(granted, 0);
        assert!(granted_by_help.is_ok());
    })
    .await;
}

#[tokio::test]
async fn each_holder_has_an_epoch_of_its_own() {
    on_every_server(async |database| {
        let client = database.connect().await;
        let first = leased(&client, &ident("main")).await;
        assert_eq!(first.epoch, Epoch::new(1));
        let second = holder();
        assert_eq!(bump_epoch(&client, &first.target, first.lineage, &second).await.unwrap(), Epoch::new(2));
        let lease = read_lease(&client, &first.target).await.unwrap().unwrap();
        assert_eq!((lease.lineage, lease.epoch, lease.holder), (first.lineage, Epoch::new(2), Some(second)));
        assert_eq!(read_lease(&client, &ident("other")).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn another_lineage_cannot_take_the_lease() {
    on_every_server(async |database| {
        let client = database.connect().await;
        let ours = leased(&client, &ident("main")).await;
        let theirs = Lineage::generate();
        let refused = bump_epoch(&client, &ours.target, theirs, &holder()).await.unwrap_err();
        assert!(
            matches!(refused, LedgerError::OtherLineage { ledger, .. } if ledger == ours.lineage),
            "{refused}"
        );
        assert_eq!(read_lease(&client, &ours.target).await.unwrap().unwrap().epoch, ours.epoch);
    })
    .await;
}

#[tokio::test]
async fn a_holder_that_was_overtaken_fails_in_its_next_group() {
    on_every_server(async |database| {
        let mut client = database.connect().await;
        let ours = leased(&client, &ident("main")).await;
        let group = client.transaction().await.unwrap();
        fence(&group, &ours).await.unwrap();
        group.commit().await.unwrap();
        bump_epoch(&client, &ours.target, ours.lineage, &holder()).await.unwrap();
        let group = client.transaction().await.unwrap();
        let fenced = fence(&group, &ours).await.unwrap_err();
        assert!(
            matches!(fenced, LedgerError::Fenced { found: Some(found), .. } if found == Epoch::new(2)),
            "{fenced}"
        );
        group.rollback().await.unwrap();
        let gone = Fence { lineage: Lineage::generate(), ..ours };
        let group = client.transaction().await.unwrap();
        assert!(matches!(fence(&group, &gone).await, Err(LedgerError::Fenced { found: None, .. })));
    })
    .await;
}

#[tokio::test]
async fn a_group_in_another_backend_is_refused() {
    on_every_server(async |database| {
        let client = database.connect().await;
        let ours = leased(&client, &ident("main")).await;
        let other = database.connect().await;
        let refused = fence(&other, &ours).await.unwrap_err();
        assert!(matches!(refused, LedgerError::OtherBackend { .. }), "{refused}");
        assert!(refused.help().unwrap().contains("session mode"));
    })
    .await;
}

#[tokio::test]
async fn a_takeover_waits_for_the_group_in_flight() {
    on_every_server(async |database| {
        let mut client = database.connect().await;
        let ours = leased(&client, &ident("main")).await;
        let group = client.transaction().await.unwrap();
        fence(&group, &ours).await.unwrap();
        let record = record(&ours.target, ours.epoch, 1);
        record_op(&group, &record).await.unwrap();

        let other = database.connect().await;
        let pid = backend_pid(&other).await;
        let (target, lineage) = (ours.target.clone(), ours.lineage);
        let takeover = tokio::spawn(async move { bump_epoch(&other, &target, lineage, &holder()).await });
        let watcher = database.connect().await;
        until(&watcher, &format!("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = {pid}"))
            .await;
        assert!(!takeover.is_finished());

        group.commit().await.unwrap();
        assert_eq!(takeover.await.unwrap().unwrap(), Epoch::new(2));
        assert_eq!(find_op(&client, record.op).await.unwrap().unwrap().record, record);
    })
    .await;
}

#[tokio::test]
async fn the_row_commits_with_the_group_or_not_at_all() {
    on_every_server(async |database| {
        let mut client = database.connect().await;
        let ours = leased(&client, &ident("main")).await;
        let failed = record(&ours.target, ours.epoch, 1);
        let group = client.transaction().await.unwrap();
        group.batch_execute("CREATE TABLE public.gone ()").await.unwrap();
        record_op(&group, &failed).await.unwrap();
        let statement = "ALTER TABLE public.gone ADD COLUMN a nonsense";
        let error = group.batch_execute(statement).await.unwrap_err();
        let failure = Failure::from(DatabaseError::new(&error).in_statement(statement));
        assert_eq!((failure.sqlstate.as_deref(), failure.position), (Some("42704"), Some(38)), "{failure:?}");
        assert_eq!(
            (&failure.message[..], failure.statement.as_deref()),
            ("type \"nonsense\" does not exist", Some(statement))
        );
        group.rollback().await.unwrap();
        assert_eq!(find_op(&client, failed.op).await.unwrap(), None);

        let done = record(&ours.target, ours.epoch, 2);
        let group = client.transaction().await.unwrap();
        group.batch_execute("CREATE TABLE public.made ()").await.unwrap();
        let xid = record_op(&group, &done).await.unwrap();
        group.commit().await.unwrap();
        let found = find_op(&client, done.op).await.unwrap().unwrap();
        assert_eq!((found.record, found.xid), (done, xid));
        assert_eq!(found.committed_at.len(), 24, "{}", found.committed_at);
        let status = format!("SELECT pg_xact_status('{xid}'::xid8) = 'committed'");
        assert!(client.query_one(&status, &[]).await.unwrap().get::<_, bool>(0));
    })
    .await;
}

#[tokio::test]
async fn ops_come_in_the_order_of_epoch_and_group_whatever_their_ids() {
    on_every_server(async |database| {
        let client = database.connect().await;
        let ours = leased(&client, &ident("main")).await;
        let mut ops = Vec::new();
        for (epoch, group_no) in [(2, 1), (1, 2), (1, 1), (2, 2)] {
            let op = record(&ours.target, Epoch::new(epoch), group_no);
            record_op(&client, &op).await.unwrap();
            ops.push(op);
        }
        record_op(&client, &record(&ident("other"), Epoch::new(9), 1)).await.unwrap();
        let order = [&ops[2], &ops[1], &ops[0], &ops[3]].map(|op| op.op);
        let ids = async |last| match ops_since(&client, &ours.target, last).await.unwrap() {
            Since::Ops(ops) => Some(ops.into_iter().map(|op| op.record.op).collect::<Vec<_>>()),
            Since::Unknown => None,
        };
        assert_eq!(ids(None).await.unwrap(), order);
        assert_eq!(ids(Some(order[1])).await.unwrap(), order[2..]);
        assert_eq!(ids(Some(order[3])).await.unwrap(), []);
        assert_eq!(ids(Some(OpId::generate())).await, None);
    })
    .await;
}
