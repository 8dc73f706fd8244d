//! How long planning takes when there is nothing to do, and when ten tables changed: 5,000 tables with ten
//! columns, a primary key, two indexes and a foreign key each. `cargo bench -p djogi-core` prints the times.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use djogi_core::declared::Source;
use djogi_core::desired::{Desired, DesiredResource};
use djogi_core::kind::*;
use djogi_core::observation::{DatabaseIdentity, Observation, Oid, Roles, ServerVersion};
use djogi_core::plan::classify::DestructivePolicy;
use djogi_core::plan::{ConfigReference, PlanInputs, PlanOptions, TargetInputs, compile};
use djogi_core::recorded::{Recorded, RecordedResource};
use djogi_core::{Catalog, Digest, Ident, Kind, QualifiedName};

const TABLES: usize = 5_000;
const RUNS: usize = 5;

fn id(name: &str) -> Ident {
    Ident::new(name).expect("benchmark names are valid")
}

fn column(name: &str, data_type: &str, default: Option<&str>) -> Column {
    Column {
        name: id(name),
        data_type: data_type.to_owned(),
        collation: None,
        origin: Default::default(),
        not_null: true,
        not_null_constraint: NotNull::default(),
        default: default.map(Expression::new),
        identity: None,
        properties: Default::default(),
        generated: None,
        comment: None,
    }
}

fn resources_of(number: usize) -> Vec<Resource> {
    let name = id(&format!("table_{number}"));
    let schema = id("public");
    let mut columns = vec![column("id", "bigint", None), column("parent_id", "bigint", None)];
    columns.extend((2..10).map(|n| column(&format!("column_{n}"), "text", Some("''::text"))));
    let table = Table {
        schema: schema.clone(),
        name: name.clone(),
        columns,
        partition_by: None,
        foreign: None,
        lineage: Default::default(),
        properties: Default::default(),
        comment: None,
    };
    let constraint = |suffix: &str, definition| {
        Resource::Constraint(Constraint {
            schema: schema.clone(),
            table: name.clone(),
            name: id(&format!("{}_{suffix}", name.as_str())),
            definition,
            parent: None,
            derived: false,
            deferrable: Deferrable::NotDeferrable,
            validated: true,
            enforced: true,
            period: false,
            options: BTreeMap::new(),
            tablespace: None,
            index_comment: None,
            comment: None,
        })
    };
    let index = |column: &str| {
        Resource::Index(Index {
            statistics: BTreeMap::new(),
            schema: schema.clone(),
            name: id(&format!("{}_{column}_idx", name.as_str())),
            table: name.clone(),
            parent: None,
            unique: false,
            nulls_not_distinct: false,
            method: id("btree"),
            elements: vec![IndexElement {
                key: IndexKey::Column(id(column)),
                collation: None,
                operator_class: None,
                descending: false,
                nulls_first: false,
            }],
            include: Vec::new(),
            predicate: None,
            options: BTreeMap::new(),
            tablespace: None,
            valid: true,
            comment: None,
        })
    };
    let foreign_key = ForeignKey {
        columns: vec![id("parent_id")],
        references: QualifiedName::new(schema.clone(), id(&format!("table_{}", number / 2))),
        referenced_columns: vec![id("id")],
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
        on_delete_columns: Vec::new(),
        match_type: MatchType::Simple,
    };
    vec![
        constraint("pkey", ConstraintDefinition::PrimaryKey { columns: vec![id("id")], include: Vec::new() }),
        constraint("parent_id_fkey", ConstraintDefinition::ForeignKey(foreign_key)),
        index("column_2"),
        index("column_3"),
        Resource::Table(table),
    ]
}

fn converged() -> PlanInputs {
    let target = id("main");
    let mut desired = Desired::new();
    let mut recorded = Recorded::default();
    let mut catalog = Catalog::default();
    let mut oids = BTreeMap::new();
    let schema = Resource::Schema(Schema { name: id("public"), comment: None });
    for resource in (0..TABLES).flat_map(resources_of).chain([schema]) {
        let address = resource.address(&target);
        let digest = Digest::of(&resource);
        let oid = Oid(16_384);
        let record = RecordedResource {
            desired: Some(digest),
            observed: digest,
            oid,
            drifted: false,
            package: Some("shop".to_owned()),
        };
        recorded.resources.insert(address.clone(), record);
        recorded.catalog.insert(&target, resource.clone());
        catalog.insert(&target, resource.clone());
        oids.insert(address.clone(), oid);
        let source = Source { file: "src/models.rs".to_owned(), line: 1 };
        let declared = DesiredResource {
            resource: resource.into(),
            source,
            package: "shop".to_owned(),
            renamed_from: None,
            renamed_columns: BTreeMap::new(),
            needs: BTreeSet::new(),
            owner: None,
        };
        desired.insert(address, declared);
    }
    let identity = DatabaseIdentity {
        system_identifier: "1".to_owned(),
        database: "shop".to_owned(),
        server_version: ServerVersion(180_004),
    };
    let roles = Roles::of_superuser(Ident::new("postgres").expect("a name"));
    let live = Observation { oids, ..Observation::of(identity, catalog, roles) };
    let inputs = TargetInputs {
        postponed: Default::default(),
        seeds: BTreeMap::new(),
        recoveries: Vec::new(),
        target,
        desired,
        not_modelled: Vec::new(),
        recorded,
        live,
        epoch: 1,
        destructive: DestructivePolicy::Approve,
        approvals: Vec::new(),
        lock_timeout_ms: 2000,
        max_locks_per_group: 2000,
    };
    PlanInputs {
        config: ConfigReference { name: "shop".to_owned(), digest: Digest::of_bytes(b"") },
        djogi_version: "bench".to_owned(),
        created_at: String::new(),
        lineage: None,
        serial: 1,
        targets: vec![inputs],
        options: PlanOptions::default(),
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its table")]
fn measure(what: &str, inputs: &PlanInputs) {
    let times: Vec<_> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            let plan = compile(inputs).expect("the benchmark catalogs can be planned");
            (start.elapsed(), plan.resource_changes.len())
        })
        .collect();
    let best = times.iter().min().expect("there is at least one run");
    println!("{what:<44} {:>9.1} ms {:>7} changes", best.0.as_secs_f64() * 1e3, best.1);
}

fn main() {
    let mut inputs = converged();
    measure("nothing to do", &inputs);

    let mut without_catalog = inputs.clone();
    without_catalog.targets[0].recorded.catalog = Catalog::default();
    measure("nothing to do, digests only", &without_catalog);

    let mut ten = inputs.clone();
    for (_, declared) in
        ten.targets[0].desired.iter_mut().rev().filter(|(a, _)| a.kind() == Kind::Table).take(10)
    {
        if let Resource::Table(table) = std::sync::Arc::make_mut(&mut declared.resource) {
            table.columns.push(Column { not_null: false, ..column("added", "text", None) });
        }
    }
    measure("ten tables changed", &ten);

    let mut drop = inputs.clone();
    drop.targets[0].desired.retain(|address, _| address.kind() == Kind::Schema);
    measure("all to drop", &drop);

    inputs.targets[0].recorded = Recorded::default();
    inputs.targets[0].live.catalog = Catalog::default();
    measure("all to create", &inputs);
}
