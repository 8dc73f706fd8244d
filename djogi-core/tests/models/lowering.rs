//! What becomes of models.

use std::fmt::Write as _;

use djogi_core::declared::Declarations;
use djogi_core::model::descriptor::{
    DefaultDescriptor, FieldDescriptor, FieldType, ForeignKeyDescriptor, IndexDescriptor, KeyDescriptor,
    PrimaryKeyDescriptor, ReferenceDescriptor, UniqueDescriptor,
};
use djogi_core::model::object::{ObjectDescriptor, ObjectKind, SchemaDescriptor, SequenceDescriptor};
use djogi_core::model::{LinkedModels, ModelDescriptor, Source, TableName, lower, objects};
use djogi_core::{Ident, Model};

use super::beyond_tables::{Depot, Filling, Key, Parcel, Word};
use super::every_attribute::{Order, Tenant};

pub(crate) const SOURCE: Source = Source { package: "shop", file: "src/models.rs", line: 7 };

pub(crate) const fn field(name: &'static str, sql: &'static str) -> FieldDescriptor {
    FieldDescriptor::new(name, 8, FieldType::Sql(sql), false)
}

pub(crate) const fn table(name: &'static str, fields: &'static [FieldDescriptor]) -> ModelDescriptor {
    ModelDescriptor { fields, ..ModelDescriptor::new("M", SOURCE, TableName::new(None, name)) }
}

pub(crate) fn main() -> Ident {
    Ident::new("main").unwrap()
}

fn addresses(declarations: &Declarations) -> String {
    let mut text = String::new();
    for (address, declaration) in &declarations.resources {
        write!(text, "{address}").unwrap();
        if let Some(old) = &declaration.renamed_from {
            write!(text, " (was {old})").unwrap();
        }
        writeln!(text, "{}", if declaration.raw { " raw" } else { "" }).unwrap();
    }
    text
}

#[test]
fn every_attribute_becomes_a_resource() {
    // In one target, so that the foreign key between the two resolves.
    static WEST: ModelDescriptor = ModelDescriptor { target: Some("west"), ..*Tenant::DESCRIPTOR };
    let lowered = lower(&[Order::DESCRIPTOR, &WEST], &objects(&[&LinkedModels]), &main()).unwrap();
    insta::assert_json_snapshot!(lowered);
}

#[test]
fn security_triggers_storage_views_and_types_become_resources() {
    let models =
        [Depot::DESCRIPTOR, Filling::DESCRIPTOR, Key::DESCRIPTOR, Parcel::DESCRIPTOR, Word::DESCRIPTOR];
    insta::assert_json_snapshot!(lower(&models, &[], &main()).unwrap());
}

#[test]
fn names_follow_from_tables_and_columns_and_renames_keep_the_old_ones() {
    static MODEL: ModelDescriptor = ModelDescriptor {
        renamed_from: Some("users"),
        primary_key: Some(PrimaryKeyDescriptor::new(&["id"])),
        uniques: &[UniqueDescriptor::new(&["mail"]), UniqueDescriptor::new(&["id", "mail"])],
        indexes: &[
            IndexDescriptor::new(9, &[KeyDescriptor::column("mail")]),
            IndexDescriptor::new(9, &[KeyDescriptor::column("mail")]),
            IndexDescriptor {
                name: Some("given"),
                ..IndexDescriptor::new(9, &[KeyDescriptor::column("id")])
            },
        ],
        ..table(
            "accounts",
            &[field("id", "int8"), FieldDescriptor { renamed_from: Some("email"), ..field("mail", "text") }],
        )
    };
    insta::assert_snapshot!(addresses(&lower(&[&MODEL], &[], &main()).unwrap()), @r"
    table.main.public.accounts (was table.main.public.users)
    constraint.main.public.accounts.accounts_id_mail_key (was constraint.main.public.users.users_id_email_key)
    constraint.main.public.accounts.accounts_mail_key (was constraint.main.public.users.users_email_key)
    constraint.main.public.accounts.accounts_pkey (was constraint.main.public.users.users_pkey)
    index.main.public.accounts_mail_idx (was index.main.public.users_email_idx)
    index.main.public.accounts_mail_idx1 (was index.main.public.users_email_idx1)
    index.main.public.given
    ");
}

#[test]
fn a_foreign_key_takes_the_primary_key_of_the_other_model() {
    static PARENT: ModelDescriptor = ModelDescriptor {
        primary_key: Some(PrimaryKeyDescriptor::new(&["nr"])),
        ..table("parents", &[FieldDescriptor { column: "nr", ..field("number", "bigint") }])
    };
    static CHILD: ModelDescriptor = ModelDescriptor {
        foreign_keys: &[
            ForeignKeyDescriptor::new(9, &["a"], ReferenceDescriptor::Table("parents"), &[]),
            ForeignKeyDescriptor::new(9, &["a"], ReferenceDescriptor::Model(PARENT.table), &["number"]),
        ],
        ..table("children", &[field("a", "int4")])
    };
    let lowered = lower(&[&CHILD, &PARENT], &[], &main()).unwrap();
    let keys: Vec<_> = lowered
        .resources
        .iter()
        .filter(|(address, _)| address.to_string().contains("_fkey"))
        .map(|(address, key)| (address.name().to_string(), serde_json::to_value(&key.resource).unwrap()))
        .map(|(name, json)| {
            (name, json["constraint"]["definition"]["foreign_key"]["referenced_columns"].to_string())
        })
        .collect();
    let column = "[\"nr\"]".to_owned();
    assert_eq!(
        keys,
        [("children_a_fkey".to_owned(), column.clone()), ("children_a_fkey1".to_owned(), column)]
    );
}

#[test]
fn only_what_postgresql_must_parse_is_raw() {
    use djogi_core::model::descriptor::ColumnValue::Default;
    use djogi_core::model::descriptor::{CheckDescriptor, FieldType::Sql};
    macro_rules! raw {
        ($($model:tt)*) => {{
            static MODEL: ModelDescriptor = ModelDescriptor { $($model)* };
            let lowered = lower(&[&MODEL], &[], &main()).unwrap();
            lowered.resources.values().filter(|declaration| declaration.raw).count()
        }};
    }
    let literal = raw!(
        ..table(
            "t",
            &[FieldDescriptor {
                value: Default(DefaultDescriptor::Number("0")),
                ..field("a", "numeric(12,2)")
            }]
        )
    );
    let expression = raw!(
        ..table(
            "t",
            &[FieldDescriptor { value: Default(DefaultDescriptor::Sql("1 + 1")), ..field("a", "int") }]
        )
    );
    let unknown_type = raw!(..table("t", &[FieldDescriptor { ty: Sql("citext"), ..field("a", "") }]));
    let check = raw!(checks: &[CheckDescriptor::new("a > 0")], ..table("t", &[field("a", "int")]));
    assert_eq!([literal, expression, unknown_type, check], [0, 1, 1, 1]);
}

#[test]
fn a_declared_schema_and_the_models_that_name_it_are_one() {
    const APP: ObjectKind =
        ObjectKind::Schema(SchemaDescriptor { comment: Some("The shop"), ..SchemaDescriptor::new("app") });
    static SCHEMA: ObjectDescriptor = ObjectDescriptor::new(SOURCE, APP);
    static MODEL: ModelDescriptor =
        ModelDescriptor { table: TableName::new(Some("app"), "t"), ..table("t", &[field("a", "int")]) };
    let lowered = lower(&[&MODEL], &[&SCHEMA], &main()).unwrap();
    insta::assert_snapshot!(addresses(&lowered), @r"
    schema.main.app
    table.main.app.t
    ");
    let app = &lowered.resources[&"schema.main.app".parse().unwrap()];
    assert_eq!(serde_json::to_value(&app.resource).unwrap()["schema"]["comment"], "The shop");
}

#[test]
fn an_automatic_name_avoids_a_sequence() {
    const TAKEN: SequenceDescriptor = SequenceDescriptor::new(None, "t_a_idx");
    static SEQUENCE: ObjectDescriptor = ObjectDescriptor::new(SOURCE, ObjectKind::Sequence(TAKEN));
    static MODEL: ModelDescriptor = ModelDescriptor {
        indexes: &[IndexDescriptor::new(9, &[KeyDescriptor::column("a")])],
        ..table("t", &[field("a", "int")])
    };
    insta::assert_snapshot!(addresses(&lower(&[&MODEL], &[&SEQUENCE], &main()).unwrap()), @r"
    sequence.main.public.t_a_idx
    table.main.public.t
    index.main.public.t_a_idx1
    ");
}
