//! Extensions and sequences that are declared beside models: they come before what uses them, and go after it.

use djogi_core::Ident;
use djogi_core::model::descriptor::{
    CheckDescriptor, ColumnValue, DefaultDescriptor, ExclusionDescriptor, FieldDescriptor, FieldType,
    IndexDescriptor, KeyDescriptor, PrimaryKeyDescriptor, ReferenceDescriptor,
};
use djogi_core::model::object::{
    ExtensionDescriptor, ObjectDescriptor, ObjectKind, OwnerDescriptor, SequenceDescriptor,
};
use djogi_core::model::{ModelDescriptor, Source, TableName, lower};
use e2e::{Project, on_each_server};

const SOURCE: Source = Source { package: "e2e", file: "tests/objects.rs", line: 1 };

/// Uses a type, an operator class and operators of three extensions, in columns, a check, an index and a constraint.
static BOOKINGS: ModelDescriptor = ModelDescriptor {
    fields: &[
        FieldDescriptor::new("room", 1, FieldType::Sql("uuid"), false),
        FieldDescriptor::new("during", 1, FieldType::Sql("tstzrange"), false),
        FieldDescriptor::new("guest", 1, FieldType::Sql("citext"), false),
    ],
    checks: &[CheckDescriptor::new("guest <> 'nobody'")],
    exclusions: &[ExclusionDescriptor::new(
        1,
        &[(KeyDescriptor::column("room"), "="), (KeyDescriptor::column("during"), "&&")],
    )],
    indexes: &[IndexDescriptor {
        method: "gin",
        ..IndexDescriptor::new(
            1,
            &[KeyDescriptor {
                opclass: Some("ext.gin_trgm_ops"),
                ..KeyDescriptor::expression("guest::text")
            }],
        )
    }],
    ..ModelDescriptor::new("Booking", SOURCE, TableName::new(None, "bookings"))
};

const fn extension(descriptor: ExtensionDescriptor) -> ObjectDescriptor {
    ObjectDescriptor::new(SOURCE, ObjectKind::Extension(descriptor))
}

static EXTENSIONS: [ObjectDescriptor; 3] = [
    extension(ExtensionDescriptor::new("btree_gist")),
    extension(ExtensionDescriptor::new("citext")),
    extension(ExtensionDescriptor { schema: Some("ext"), ..ExtensionDescriptor::new("pg_trgm") }),
];

static INVOICES: ModelDescriptor = ModelDescriptor {
    fields: &[FieldDescriptor {
        value: ColumnValue::Default(DefaultDescriptor::Sql("nextval('app.invoice_number')")),
        ..FieldDescriptor::new("number", 1, FieldType::Sql("bigint"), false)
    }],
    primary_key: Some(PrimaryKeyDescriptor::new(&["number"])),
    ..ModelDescriptor::new("Invoice", SOURCE, TableName::new(Some("app"), "invoices"))
};

static INVOICE_NUMBER: ObjectDescriptor = ObjectDescriptor::new(
    SOURCE,
    ObjectKind::Sequence(SequenceDescriptor {
        owned_by: Some(OwnerDescriptor {
            table: ReferenceDescriptor::Model(INVOICES.table),
            column: "number",
        }),
        ..SequenceDescriptor::new(Some("app"), "invoice_number")
    }),
);

fn declare(project: &Project, models: &[&'static ModelDescriptor], objects: &[&'static ObjectDescriptor]) {
    project.declare_all(&lower(models, objects, &Ident::new("main").unwrap()).unwrap());
}

#[test]
fn an_extension_comes_before_everything_that_uses_it() {
    on_each_server(|server| {
        let project = Project::new(server).managing(&["public", "ext"]);
        declare(&project, &[&BOOKINGS], &EXTENSIONS.iter().collect::<Vec<_>>());
        project.apply();
        project.is_converged();
        let database = project.database();
        database.run("INSERT INTO bookings VALUES (gen_random_uuid(), 'empty', 'Ada')");
        let refused = database.refusal("INSERT INTO bookings VALUES (gen_random_uuid(), 'empty', 'NOBODY')");
        assert_eq!(refused.code().code(), "23514");
    });
}

#[test]
fn a_sequence_comes_before_its_default_and_goes_with_its_owner() {
    on_each_server(|server| {
        let mut project = Project::new(server).managing(&["public", "app", "ext"]);
        declare(&project, &[&INVOICES], &[&INVOICE_NUMBER]);
        project.apply();
        project.is_converged();
        assert_eq!(project.database().value("INSERT INTO app.invoices DEFAULT VALUES RETURNING number"), "1");

        project.set_target("destructive = \"allow\"");
        declare(&project, &[&BOOKINGS], &EXTENSIONS.iter().collect::<Vec<_>>());
        let plan = project.run(&["plan", "--json"]).ok().json();
        let changes = plan["resource_changes"].as_array().unwrap();
        let sequence = changes.iter().find(|change| change["address"] == "sequence.main.app.invoice_number");
        assert_eq!(sequence.unwrap()["reason"], "owned_by_parent");
        project.apply();
        project.is_converged();
        assert_eq!(project.database().value("SELECT to_regclass('app.invoice_number')::text"), "NULL");
    });
}

#[test]
fn a_schema_that_the_target_does_not_manage_is_refused_before_anything_is_done() {
    on_each_server(|server| {
        let project = Project::new(server);
        declare(&project, &[&INVOICES], &[&INVOICE_NUMBER]);
        let refused = project.run(&["apply", "--auto-approve"]).expect(1);
        refused.says(&["schema_not_managed", "tests/objects.rs:1", "`app`", "schemas"]);
        assert_eq!(project.database().value("SELECT to_regnamespace('app')::text"), "NULL");
    });
}
