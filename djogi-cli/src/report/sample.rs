//! Plans made by hand, for the tests of this folder.

use std::collections::BTreeMap;

use djogi_core::disposition::{Reason, Verdict};
use djogi_core::observation::{ServerVersion, Unmodelled};
use djogi_core::plan::{
    ActionVerb, Base, BaseTarget, ChangeBody, ConfigReference, Effect, FieldChange, Group, Lock, LockMode,
    Operation, PLAN_FORMAT, PlanDiagnostic, PlanDocument, ResourceChange, Reversibility, Severity, Summary,
    TransactionMode, Unmanaged,
};
use djogi_core::{Address, Digest, Ident};
use serde_json::{Value, json};

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub(crate) fn ident(text: &str) -> Ident {
    Ident::new(text).unwrap()
}

/// A plan without changes.
pub(crate) fn converged() -> PlanDocument {
    PlanDocument {
        format_version: PLAN_FORMAT.to_owned(),
        djogi_version: "0.1.0".to_owned(),
        created_at: "2026-01-01T00:00:00Z".to_owned(),
        digest: Digest::of_bytes(b"plan"),
        config: ConfigReference { name: "shop".to_owned(), digest: Digest::of_bytes(b"config") },
        base: Base {
            lineage: Some("5f0c".to_owned()),
            serial: 42,
            targets: BTreeMap::from([(ident("main"), target("shop"))]),
        },
        converged: true,
        summary: Summary::default(),
        resource_changes: Vec::new(),
        resource_drift: Vec::new(),
        groups: Vec::new(),
        preconditions: BTreeMap::new(),
        approvals: Vec::new(),
        signature: None,
        recoveries: Vec::new(),
        diagnostics: Vec::new(),
        unmanaged: Unmanaged::default(),
    }
}

fn target(database: &str) -> BaseTarget {
    BaseTarget {
        system_identifier: "7400000000000000001".to_owned(),
        database: database.to_owned(),
        server_version: ServerVersion(180_004),
        epoch: 7,
    }
}

/// A plan with these changes, its summary counted.
pub(crate) fn plan(changes: Vec<ResourceChange>, groups: Vec<Group>) -> PlanDocument {
    let mut summary = Summary::default();
    for change in &changes {
        let count = match change.change.actions.as_slice() {
            [ActionVerb::Create] => &mut summary.create,
            [ActionVerb::Update] => &mut summary.update,
            [ActionVerb::Rename] => &mut summary.rename,
            [ActionVerb::Delete] => &mut summary.delete,
            [ActionVerb::Adopt] => &mut summary.adopt,
            [ActionVerb::Forget] => &mut summary.forget,
            _ => &mut summary.replace,
        };
        *count += 1;
        let count = match change.disposition {
            Verdict::Applied => &mut summary.applied,
            Verdict::Derived => &mut summary.derived,
            Verdict::Deferred => &mut summary.deferred,
            Verdict::Blocked => &mut summary.blocked,
        };
        *count += 1;
        summary.drift += usize::from(change.drift);
    }
    PlanDocument { converged: false, summary, resource_changes: changes, groups, ..converged() }
}

pub(crate) fn change(at: &str, actions: &[ActionVerb], before: Value, after: Value) -> ResourceChange {
    let address = address(at);
    let some = |value: Value| (!value.is_null()).then_some(value);
    ResourceChange {
        kind: address.kind(),
        name: address.name().as_str().to_owned(),
        address,
        previous_address: None,
        change: ChangeBody { actions: actions.to_vec(), before: some(before), after: some(after) },
        fields: Vec::new(),
        disposition: Verdict::Applied,
        reason: None,
        reversibility: Reversibility::Reversible,
        drift: false,
        before_digest: None,
        before_oid: None,
        after_digest: None,
        depends_on: Vec::new(),
        rows: None,
        groups: Vec::new(),
        source: None,
        notes: Vec::new(),
        way_out: None,
    }
}

pub(crate) fn create(at: &str, after: Value) -> ResourceChange {
    change(at, &[ActionVerb::Create], Value::Null, after)
}

pub(crate) fn update(at: &str, fields: &[(&str, Value, Value)]) -> ResourceChange {
    let fields = fields.iter().map(|(path, before, after)| FieldChange {
        path: (*path).to_owned(),
        before: before.clone(),
        after: after.clone(),
    });
    ResourceChange { fields: fields.collect(), ..change(at, &[ActionVerb::Update], json!({}), json!({})) }
}

pub(crate) fn waits(mut change: ResourceChange, reason: Reason) -> ResourceChange {
    change.disposition = reason.verdict();
    change.reason = Some(reason);
    change
}

pub(crate) fn column(name: &str, data_type: &str) -> Value {
    json!({"name": name, "type": data_type, "collation": null, "not_null": false, "default": null,
           "identity": null, "generated": null, "comment": null})
}

pub(crate) fn with(mut body: Value, key: &str, value: Value) -> Value {
    body[key] = value;
    body
}

pub(crate) fn table(schema: &str, name: &str, columns: &[Value]) -> Value {
    json!({"schema": schema, "name": name, "columns": columns, "comment": null})
}

pub(crate) fn constraint(table: &str, name: &str, definition: &Value) -> Value {
    json!({"schema": "public", "table": table, "name": name, "definition": definition,
           "deferrable": "not_deferrable", "validated": true, "comment": null})
}

pub(crate) fn index(table: &str, name: &str, elements: &[Value]) -> Value {
    json!({"schema": "public", "table": table, "name": name, "unique": false, "nulls_not_distinct": false,
           "method": "btree", "elements": elements, "include": [], "predicate": null, "options": {},
           "valid": true, "comment": null})
}

pub(crate) fn element(key: &Value, descending: bool) -> Value {
    json!({"key": key, "collation": null, "operator_class": null, "descending": descending,
           "nulls_first": descending})
}

fn foreign_key(columns: &[&str], references: &str, on_delete: &str) -> Value {
    json!({"foreign_key": {"columns": columns, "references": {"schema": "public", "name": references},
           "referenced_columns": ["id"], "on_delete": on_delete, "on_update": "no_action",
           "on_delete_columns": [], "match_type": "simple"}})
}

pub(crate) fn operation(at: &str, sql: &str) -> Operation {
    Operation {
        address: address(at),
        sql: sql.to_owned(),
        lock: None,
        besides: Vec::new(),
        effect: Effect::Catalog,
        rows: None,
        bytes: None,
        hazards: Vec::new(),
        precheck: None,
        concurrently: None,
        backfill: None,
        refused: None,
        secrets: Vec::new(),
    }
}

pub(crate) fn locking(mut operation: Operation, mode: LockMode, relation: &str, effect: Effect) -> Operation {
    operation.lock = Some(Lock { mode, relation: relation.to_owned() });
    operation.effect = effect;
    operation
}

pub(crate) fn sized(mut operation: Operation, rows: u64, bytes: u64) -> Operation {
    operation.rows = Some(rows);
    operation.bytes = Some(bytes);
    operation
}

pub(crate) fn group(number: usize, transaction: TransactionMode, operations: Vec<Operation>) -> Group {
    Group { id: format!("g{number}"), target: ident("main"), transaction, lock_timeout_ms: 2000, operations }
}

fn customers() -> Vec<ResourceChange> {
    let identity = json!({"mode": "always", "options": {"start": 1000, "increment": 1, "min": 1,
                          "max": i64::MAX, "cache": 1, "cycle": false}});
    let columns = [
        with(with(column("id", "bigint"), "not_null", json!(true)), "identity", identity),
        with(column("email", "text"), "not_null", json!(true)),
        with(
            column("full_name", "character varying(120)"),
            "collation",
            json!({"schema": "pg_catalog", "name": "C"}),
        ),
        with(
            with(column("since", "timestamp with time zone"), "not_null", json!(true)),
            "default",
            json!("now()"),
        ),
        with(
            column("email_key", "text"),
            "generated",
            json!({"expression": "lower(email)", "storage": "stored"}),
        ),
    ];
    let body =
        with(table("public", "customers", &columns), "comment", json!("People who buy.\nOne row each."));
    vec![
        create("table.main.public.customers", body),
        create(
            "constraint.main.public.customers.customers_pkey",
            constraint(
                "customers",
                "customers_pkey",
                &json!({"primary_key": {"columns": ["id"], "include": []}}),
            ),
        ),
        create(
            "constraint.main.public.customers.customers_email_check",
            constraint(
                "customers",
                "customers_email_check",
                &json!({"check": {"expression": "(email ~~ '%@%'::text)", "no_inherit": false}}),
            ),
        ),
        create(
            "index.main.public.customers_since_idx",
            with(
                index(
                    "customers",
                    "customers_since_idx",
                    &[
                        element(&json!({"column": "since"}), true),
                        element(&json!({"expression": "lower(full_name)"}), false),
                    ],
                ),
                "predicate",
                json!("(email IS NOT NULL)"),
            ),
        ),
    ]
}

fn updates() -> Vec<ResourceChange> {
    let mut orders = update(
        "table.main.public.orders",
        &[
            ("columns.total.type", json!("integer"), json!("bigint")),
            ("columns.status.default", json!("'new'::text"), json!("'open'::text")),
            ("columns.note", Value::Null, column("note", "text")),
            ("columns.a.b.not_null", json!(false), json!(true)),
            ("comment", Value::Null, json!("What was bought")),
        ],
    );
    orders.change.after = Some(table(
        "public",
        "orders",
        &[column("total", "bigint"), column("status", "text"), column("note", "text"), column("a.b", "text")],
    ));
    orders
        .notes
        .push("`note` looks like a rename of `remark`: add #[djogi(renamed_from = \"remark\")]".to_owned());
    orders.source = Some(djogi_core::declared::Source { file: "src/models.rs".to_owned(), line: 41 });
    let mut check = update(
        "constraint.main.public.orders.orders_total_check",
        &[(
            "definition.check.expression",
            json!("((total > 0) AND (status <> 'gone'::text))"),
            json!("((total >= 0) AND (status <> 'gone'::text))"),
        )],
    );
    check.change.actions = vec![ActionVerb::Delete, ActionVerb::Create];
    check.drift = true;
    let mut mood = update(
        "enum.main.public.order_status",
        &[("labels", json!(["new", "paid", "sent"]), json!(["new", "open", "paid", "sent"]))],
    );
    mood.drift = true;
    vec![orders, check, mood]
}

/// Every action and every disposition.
pub(crate) fn every_action() -> PlanDocument {
    let mut changes = customers();
    changes.extend(updates());
    changes.push(create("schema.main.audit", json!({"name": "audit", "comment": null})));
    changes.push(create(
        "extension.main.pg_trgm",
        json!({"name": "pg_trgm", "schema": "public", "version": null}),
    ));
    let mut renamed = update("table.main.public.invoices", &[]);
    renamed.previous_address = Some(address("table.main.public.bills"));
    renamed.change.actions = vec![ActionVerb::Rename];
    changes.push(renamed);
    changes.push(change(
        "index.main.public.orders_old_idx",
        &[ActionVerb::Delete],
        index("orders", "orders_old_idx", &[element(&json!({"column": "status"}), false)]),
        Value::Null,
    ));
    let gone = change(
        "table.main.public.legacy_orders",
        &[ActionVerb::Delete],
        table("public", "legacy_orders", &[column("id", "bigint"), column("Total", "numeric(12,2)")]),
        Value::Null,
    );
    let gone = ResourceChange { reversibility: Reversibility::DataLoss, ..gone };
    changes.push(waits(gone, Reason::ApprovalRequired));
    let narrowed =
        update("column.main.public.orders.code", &[("type", json!("text"), json!("character varying(8)"))]);
    let narrowed = ResourceChange { reversibility: Reversibility::Narrowing, ..narrowed };
    changes.push(waits(narrowed, Reason::ApprovalRequired));
    let conflict = update("table.main.public.\"Order Lines\"", &[("comment", json!("a"), json!("b"))]);
    changes.push(waits(conflict, Reason::UnmanagedConflict));
    let mut dependent = create(
        "constraint.main.public.orders.orders_line_fkey",
        constraint("orders", "orders_line_fkey", &foreign_key(&["line"], "Order Lines", "set_null")),
    );
    dependent.depends_on =
        vec![address("table.main.public.orders"), address("table.main.public.\"Order Lines\"")];
    changes.push(waits(dependent, Reason::DependencyNotApplied));
    changes.push(waits(
        create(
            "sequence.main.public.invoice_number",
            json!({"schema": "public",
        "name": "invoice_number", "type": "bigint", "owned_by": null, "comment": null,
        "options": {"start": 1, "increment": 10, "min": 1, "max": i64::MAX, "cache": 1, "cycle": true}}),
        ),
        Reason::NotTargeted,
    ));
    changes.push(waits(
        change("sequence.main.public.legacy_orders_id_seq", &[ActionVerb::Delete], Value::Null, Value::Null),
        Reason::OwnedByParent,
    ));
    changes.push(change("enum.main.public.mood", &[ActionVerb::Adopt], Value::Null, json!({})));
    changes.push(change("index.main.public.gone_idx", &[ActionVerb::Forget], json!({}), Value::Null));
    let mut document = plan(changes, groups());
    let mut moved =
        update("table.main.public.products", &[("columns.price.default", json!("0"), Value::Null)]);
    moved.drift = true;
    document.resource_drift = vec![moved, document.resource_changes[5].clone()];
    document.unmanaged.count = 3;
    document.diagnostics = vec![PlanDiagnostic {
        code: "unused_env".to_owned(),
        severity: Severity::Warning,
        address: None,
        message: "environment `staging` has no target of its own".to_owned(),
        help: Some("remove [env.staging]".to_owned()),
    }];
    document
}

fn groups() -> Vec<Group> {
    let customers = "table.main.public.customers";
    let orders = "table.main.public.orders";
    let rewrite = locking(
        operation(orders, "ALTER TABLE public.orders ALTER COLUMN total TYPE bigint"),
        LockMode::AccessExclusive,
        "public.orders",
        Effect::Rewrite,
    );
    let mut rewrite = sized(rewrite, 1_200_000, 96_000_000);
    rewrite.hazards.push("Every row is written anew while nobody can read the table.".to_owned());
    let check = locking(
        operation(
            "constraint.main.public.orders.orders_total_check",
            "ALTER TABLE public.orders ADD CONSTRAINT orders_total_check CHECK (((total >= 0) AND (status <> 'gone'::text))) NOT VALID",
        ),
        LockMode::ShareRowExclusive,
        "public.orders",
        Effect::Scan,
    );
    let dropped = locking(
        operation("index.main.public.orders_old_idx", "DROP INDEX CONCURRENTLY public.orders_old_idx"),
        LockMode::ShareUpdateExclusive,
        "public.orders",
        Effect::Catalog,
    );
    vec![
        group(
            1,
            TransactionMode::In,
            vec![
                operation("schema.main.audit", "CREATE SCHEMA audit"),
                operation(
                    customers,
                    "CREATE TABLE public.customers (\n    id bigint NOT NULL,\n    email text NOT NULL\n)",
                ),
                operation(
                    customers,
                    "COMMENT ON TABLE public.customers IS 'People who buy.\nOne row each.';",
                ),
            ],
        ),
        group(
            2,
            TransactionMode::Barrier,
            vec![operation(
                "enum.main.public.order_status",
                "ALTER TYPE public.order_status ADD VALUE 'open' BEFORE 'paid'",
            )],
        ),
        group(3, TransactionMode::In, vec![rewrite, sized(check, 1_200_000, 96_000_000)]),
        group(4, TransactionMode::Outside, vec![dropped]),
    ]
}

/// Names that quote, break lines, hide and reverse.
pub(crate) fn odd_names() -> PlanDocument {
    let weird = "table.main.\"We\nird\".\"x\"\"; DROP TABLE y; --\"";
    let columns = [
        column("Größe", "integer"),
        column("注文番号", "bigint"),
        column("a\u{1b}[31mb", "text"),
        column("rl\u{202e}o", "text"),
    ];
    let changes = vec![
        create(weird, table("We\nird", "x\"; DROP TABLE y; --", &columns)),
        waits(
            update(
                &format!("table.main.public.\"{}\"", "Ü".repeat(31)),
                &[("comment", json!("a\tb"), json!("it's \\ \u{7}"))],
            ),
            Reason::UnmanagedConflict,
        ),
    ];
    plan(
        changes,
        vec![group(
            1,
            TransactionMode::In,
            vec![operation(weird, "CREATE TABLE \"We\nird\".\"x\"\"; DROP TABLE y; --\" ()")],
        )],
    )
}

/// 300 like tables, some indexes, and two that are not like the others.
pub(crate) fn many() -> PlanDocument {
    let mut changes: Vec<ResourceChange> = (0..300)
        .map(|n| {
            create(
                &format!("table.main.public.event_{n:03}"),
                table("public", &format!("event_{n:03}"), &[column("id", "bigint")]),
            )
        })
        .collect();
    changes.extend((0..300).map(|n| {
        let name = format!("event_{n:03}_pkey");
        create(
            &format!("constraint.main.public.event_{n:03}.{name}"),
            constraint(
                &format!("event_{n:03}"),
                &name,
                &json!({"primary_key": {"columns": ["id"], "include": []}}),
            ),
        )
    }));
    changes.extend((0..40).map(|n| {
        waits(
            update(&format!("index.main.billing.i{n}"), &[("unique", json!(false), json!(true))]),
            Reason::UnmanagedConflict,
        )
    }));
    changes.push(update("table.main.public.orders", &[("columns.total.default", Value::Null, json!("0"))]));
    let lock = locking(
        operation("table.main.public.orders", "ALTER TABLE public.orders ALTER COLUMN total SET DEFAULT 0"),
        LockMode::AccessExclusive,
        "public.orders",
        Effect::Catalog,
    );
    plan(changes, vec![group(1, TransactionMode::In, vec![lock])])
}

/// A plan of two databases.
pub(crate) fn two_targets() -> PlanDocument {
    let changes = vec![
        create("schema.main.audit", json!({"name": "audit", "comment": null})),
        create("schema.stats.audit", json!({"name": "audit", "comment": null})),
    ];
    let stats = Group {
        target: ident("stats"),
        ..group(2, TransactionMode::In, vec![operation("schema.stats.audit", "CREATE SCHEMA audit")])
    };
    let mut document = plan(
        changes,
        vec![
            group(1, TransactionMode::In, vec![operation("schema.main.audit", "CREATE SCHEMA audit")]),
            stats,
        ],
    );
    document
        .base
        .targets
        .insert(ident("stats"), BaseTarget { database: "it's stats".to_owned(), ..target("") });
    document.base.lineage = None;
    document
}

/// Some objects that djogi does not manage, listed.
pub(crate) fn unmanaged() -> Unmanaged {
    Unmanaged {
        count: 2,
        resources: vec![address("table.main.public.sessions")],
        unmodelled: vec![Unmodelled { kind: "view".to_owned(), name: "public.totals".to_owned() }],
    }
}

/// Partitions and tables that inherit, which come and move.
pub(crate) fn families() -> PlanDocument {
    let columns = [column("id", "bigint"), with(column("at", "date"), "not_null", json!(true))];
    let events = |name: &str| table("public", name, &columns);
    let of_events =
        |bound: Value| json!({"partition": {"of": {"schema": "public", "name": "events"}, "bound": bound}});
    let key = json!({"strategy": "range", "elements": "at, lower(name)"});
    let partition = |name: &str, bound: Value| with(events(name), "lineage", of_events(bound));
    let values = |values: &str| json!({"values": values});
    let inherits = json!({"inherits": [{"schema": "public", "name": "a"}, {"schema": "app", "name": "B"}]});
    let moved = |at: &str, before: Value, after: Value, path: &str| ResourceChange {
        fields: vec![FieldChange {
            path: path.to_owned(),
            before: before["lineage"].clone(),
            after: after["lineage"].clone(),
        }],
        ..change(at, &[ActionVerb::Update], before, after)
    };
    let year = "FROM ('2024-01-01') TO ('2025-01-01')";
    let changes = vec![
        create("table.main.public.events", with(events("events"), "partition_by", key.clone())),
        create(
            "table.main.public.events_2024",
            with(partition("events_2024", values(year)), "partition_by", key),
        ),
        create("table.main.public.events_rest", partition("events_rest", json!("default"))),
        create("table.main.public.heir", with(events("heir"), "lineage", inherits)),
        moved(
            "table.main.public.joins",
            events("joins"),
            partition("joins", values("IN (1, NULL)")),
            "lineage",
        ),
        moved(
            "table.main.public.moves",
            partition("moves", values("IN (1)")),
            partition("moves", values("IN (1, 2)")),
            "lineage.partition.bound.values",
        ),
    ];
    plan(changes, Vec::new())
}
