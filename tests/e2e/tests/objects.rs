//! Extensions and sequences that are declared beside models: they come before what uses them, and go after it.

use djogi_core::Ident;
use djogi_core::model::descriptor::{
    CheckDescriptor, ColumnValue, DefaultDescriptor, EnumDescriptor, ExclusionDescriptor, FieldDescriptor,
    FieldType, ForeignKeyDescriptor, IndexDescriptor, KeyDescriptor, PrimaryKeyDescriptor,
    ReferenceDescriptor, TypeDescriptor, UniqueDescriptor, VariantDescriptor,
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

const fn mood(name: &'static str, renamed_from: Option<&'static str>) -> EnumDescriptor {
    let variants = &[VariantDescriptor { name: "Happy", label: "happy" }];
    EnumDescriptor {
        rust_name: "Mood",
        source: SOURCE,
        schema: None,
        name,
        comment: None,
        renamed_from,
        variants,
    }
}

/// A table of moods on which everything that can have a comment has this one.
macro_rules! feelings {
    ($mood:expr, $comment:expr, $options:expr) => {{
        static MOOD: EnumDescriptor = $mood;
        static FEELINGS: ModelDescriptor = ModelDescriptor {
            fields: &[FieldDescriptor::new(
                "mood",
                1,
                FieldType::Mapped(&TypeDescriptor::Enum(&MOOD)),
                false,
            )],
            primary_key: Some(PrimaryKeyDescriptor {
                comment: $comment,
                ..PrimaryKeyDescriptor::new(&["mood"])
            }),
            uniques: &[UniqueDescriptor { comment: $comment, ..UniqueDescriptor::new(&["mood"]) }],
            checks: &[CheckDescriptor {
                comment: $comment,
                ..CheckDescriptor::new("mood <> 'happy' OR true")
            }],
            foreign_keys: &[ForeignKeyDescriptor {
                comment: $comment,
                ..ForeignKeyDescriptor::new(1, &["mood"], ReferenceDescriptor::Table("feelings"), &[])
            }],
            indexes: &[IndexDescriptor {
                comment: $comment,
                options: $options,
                ..IndexDescriptor::new(1, &[KeyDescriptor::column("mood")])
            }],
            ..ModelDescriptor::new("Feeling", SOURCE, TableName::new(None, "feelings"))
        };
        &FEELINGS
    }};
}

static INVOICE_NUMBER_IN_PUBLIC: ObjectDescriptor =
    ObjectDescriptor::new(SOURCE, ObjectKind::Sequence(SequenceDescriptor::new(None, "invoice_number")));

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

static CUBE: ObjectDescriptor = extension(ExtensionDescriptor::new("cube"));
static EARTHDISTANCE: ObjectDescriptor = extension(ExtensionDescriptor::new("earthdistance"));

#[test]
fn an_extension_comes_after_what_it_requires_and_goes_before_it() {
    on_each_server(|server| {
        let mut project = Project::new(server);
        let names =
            |project: &Project| project.database().column("SELECT extname FROM pg_extension ORDER BY 1");
        declare(&project, &[], &[&EARTHDISTANCE]);
        let blocked = project.run(&["apply", "--auto-approve"]).expect(3);
        blocked.says(&["extension.main.cube does not exist"]);
        declare(&project, &[], &[&EARTHDISTANCE, &CUBE]);
        project.apply();
        project.is_converged();
        assert_eq!(names(&project), ["cube", "earthdistance", "plpgsql"]);

        project.set_target("destructive = \"allow\"");
        declare(&project, &[], &[&EARTHDISTANCE]);
        let blocked = project.run(&["apply", "--auto-approve"]).expect(3);
        blocked.says(&["extension.main.cube", "extension.main.earthdistance needs it"]);
        // Something of the package stays declared, or its end would be taken for a mistake.
        declare(&project, &[], &[&INVOICE_NUMBER_IN_PUBLIC]);
        project.apply();
        project.is_converged();
        assert_eq!(names(&project), ["plpgsql"]);
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
fn comments_and_parameters_of_parts_and_the_name_of_an_enum_change_in_place() {
    on_each_server(|server| {
        let project = Project::new(server);
        declare(&project, &[feelings!(mood("mood", None), Some("then"), &[("fillfactor", "90")])], &[]);
        project.apply();
        project.is_converged();
        project.database().run("INSERT INTO feelings VALUES ('happy')");
        let comments = "SELECT DISTINCT description FROM pg_description d
            WHERE classoid = 'pg_constraint'::regclass AND objoid IN (SELECT oid FROM pg_constraint WHERE
                conrelid = 'feelings'::regclass AND contype <> 'n')
               OR objoid = 'feelings_mood_idx'::regclass";
        assert_eq!(project.database().column(comments), ["then"]);

        declare(
            &project,
            &[feelings!(mood("temper", Some("mood")), Some("now"), &[("fillfactor", "80")])],
            &[],
        );
        let plan = project.run(&["plan", "--json"]).ok().json();
        assert_eq!(
            (plan["summary"]["create"].as_u64(), plan["summary"]["delete"].as_u64()),
            (Some(0), Some(0))
        );
        project.apply();
        project.is_converged();
        assert_eq!(project.database().column(comments), ["now"]);
        let parameters = "SELECT reloptions::text FROM pg_class WHERE relname = 'feelings_mood_idx'";
        assert_eq!(project.database().value(parameters), "{fillfactor=80}");
        assert_eq!(project.database().value("SELECT mood::temper::text FROM feelings"), "happy");
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
