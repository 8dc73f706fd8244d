//! What a model becomes is what PostgreSQL makes of it, to the last field: otherwise a plan right after an apply would
//! find something to do. The models are those of the web shop, and those that use every attribute there is.

use std::collections::{BTreeMap, BTreeSet};

use djogi_cluster::connect::{ConnectParameters, Connection};
use djogi_cluster::introspect::{Scope, observe};
use djogi_cluster::normalise::{ExpressionCache, normalise};
use djogi_core::declared::Declarations;
use djogi_core::kind::{Comparison, ConstraintDefinition, Resource};
use djogi_core::model::descriptor::ColumnValue;
use djogi_core::model::{DescriptorProvider as _, LinkedModels, ModelDescriptor, lower};
use djogi_core::observation::Observation;
use djogi_core::sql::{self, Context};
use djogi_core::{Address, Catalog, Ident, Kind, Model as _};
use e2e::{Database, on_each_server};

use beyond_tables::{Depot, Filling, Key, Parcel, Word};
use every_attribute::{Order, Tenant};

djogi_core::link_anchor!(shop);

#[path = "../../../djogi-core/tests/models/beyond_tables.rs"]
mod beyond_tables;
#[path = "../../../djogi-core/tests/models/every_attribute.rs"]
mod every_attribute;

#[test]
fn the_models_of_the_shop_are_what_postgresql_makes_of_them() {
    let of_shop = |package: &str| package == "shop";
    on_each_server(|server| {
        let models = LinkedModels.models().into_iter().filter(|model| of_shop(model.source.package));
        let objects = LinkedModels.objects().into_iter().filter(|object| of_shop(object.source.package));
        let declarations = lower(&models.collect::<Vec<_>>(), &objects.collect::<Vec<_>>(), &ident("main"));
        let compared = compare(&Database::create(server), &declarations.unwrap(), "main");
        assert!(compared > 70, "{compared} resources are not the shop");
    });
}

#[test]
fn models_with_every_attribute_are_what_postgresql_makes_of_them() {
    // In one target, so that the foreign key between the two resolves.
    static WEST: ModelDescriptor = ModelDescriptor { target: Some("west"), ..*Tenant::DESCRIPTOR };
    on_each_server(|server| {
        let database = Database::create(server);
        database.run("CREATE SCHEMA billing; CREATE TABLE billing.accounts (id bigint PRIMARY KEY)");
        let orders =
            if server.major() < 18 { without_virtual_columns(Order::DESCRIPTOR) } else { Order::DESCRIPTOR };
        let objects = LinkedModels.objects().into_iter().filter(|object| object.target == Some("west"));
        let declarations = lower(&[orders, &WEST], &objects.collect::<Vec<_>>(), &ident("main")).unwrap();
        let compared = compare(&database, &declarations, "west");
        assert_eq!(compared, declarations.resources.len());
    });
}

#[test]
fn security_triggers_storage_views_and_types_are_what_postgresql_makes_of_them() {
    on_each_server(|server| {
        let database = Database::create(server);
        for role in ["djogi_test_packer", "\"djogi_test_Driver\""] {
            database
                .run(&format!("DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN END $$"));
        }
        let models =
            [Depot::DESCRIPTOR, Filling::DESCRIPTOR, Key::DESCRIPTOR, Parcel::DESCRIPTOR, Word::DESCRIPTOR];
        let declarations = lower(&models, &[], &ident("main")).unwrap();
        let compared = compare(&database, &declarations, "north");
        assert_eq!(compared, declarations.resources.len());
    });
}

/// What PostgreSQL 18 brought.
fn without_virtual_columns(model: &ModelDescriptor) -> &'static ModelDescriptor {
    let is_virtual =
        |value: &ColumnValue| matches!(value, ColumnValue::Generated(generated) if !generated.stored);
    let fields: Vec<_> = model.fields.iter().filter(|field| !is_virtual(&field.value)).copied().collect();
    Box::leak(Box::new(ModelDescriptor { fields: Box::leak(fields.into()), ..*model }))
}

/// Creates what is declared for `target`, and fails unless it is read back as declared. How many resources that were.
#[tokio::main(flavor = "current_thread")]
async fn compare(database: &Database, declarations: &Declarations, target: &str) -> usize {
    let target = ident(target);
    let parameters: ConnectParameters = database.url().parse().unwrap();
    let connection = Connection::open(&parameters, "e2e").await.unwrap();
    let version = connection.server_version();
    let cache = ExpressionCache::disabled();
    let desired = normalise(declarations, &target, version, &parameters, &cache).await.unwrap();
    let resources: BTreeMap<_, _> =
        desired.into_iter().map(|(address, desired)| (address, desired.resource)).collect();

    let live = Catalog::default();
    let context = Context::of(version, &target, &live);
    let mut order: Vec<_> = resources.iter().collect();
    order.sort_by_key(|(_, resource)| stage(resource));
    let created =
        order.iter().flat_map(|(address, resource)| sql::create(resource, &context, address).unwrap());
    // What can only be said once all of it is there.
    let rest = resources.iter().flat_map(|(address, resource)| match &**resource {
        Resource::Sequence(sequence) => sql::own_sequence(sequence, &context, address),
        Resource::Table(table) => sql::attach_table(table, &context, address),
        _ => Vec::new(),
    });
    let mut waiting: Vec<_> = created.chain(rest).map(|step| step.operation.sql).collect();
    while !waiting.is_empty() {
        let (before, mut failed) = (waiting.len(), Vec::new());
        for sql in std::mem::take(&mut waiting) {
            if let Err(error) = connection.client().batch_execute(&sql).await {
                waiting.push(sql);
                failed.push(error);
            }
        }
        // Types and views need each other in whatever order.
        assert!(waiting.len() < before, "{waiting:#?}\n{failed:#?}");
    }

    let schema = |address: &Address| match address.kind() {
        Kind::Schema => Some(address.name().clone()),
        _ => address.schema_name().cloned(),
    };
    let schemas: BTreeSet<_> = resources.keys().filter_map(schema).collect();
    let scope =
        Scope { target: target.clone(), schemas: schemas.into_iter().collect(), roles: Default::default() };
    let observed = observe(&connection, &scope).await.unwrap();
    for (address, declared) in &resources {
        is_as_declared(address, declared, &observed);
    }
    resources.len()
}

/// `NOT NULL` and defaults aside, each of these needs only what is in an earlier one.
fn stage(resource: &Resource) -> u8 {
    match resource {
        Resource::Schema(_) => 0,
        Resource::Extension(_) => 1,
        Resource::Enum(_)
        | Resource::Domain(_)
        | Resource::Composite(_)
        | Resource::Range(_)
        | Resource::Sequence(_) => 2,
        Resource::Table(_) => 3,
        Resource::Constraint(constraint) => match constraint.definition {
            ConstraintDefinition::ForeignKey(_) => 6,
            ConstraintDefinition::PrimaryKey { .. }
            | ConstraintDefinition::Unique { .. }
            | ConstraintDefinition::Check { .. }
            | ConstraintDefinition::Exclusion(_) => 4,
        },
        Resource::Index(_) => 5,
        _ => 7,
    }
}

fn is_as_declared(address: &Address, declared: &Resource, observed: &Observation) {
    let live = observed.catalog.get(address).unwrap_or_else(|| panic!("{address} was not read back"));
    match declared {
        // What a declaration of an extension leaves out is the server's choice.
        Resource::Extension(_) => {
            assert!(
                matches!(live.compare(declared), Comparison::InPlace(changes) if changes.is_empty()),
                "{live:?}"
            );
        }
        _ => assert_eq!(live, declared, "{address}"),
    }
}

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}
