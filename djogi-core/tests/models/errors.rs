//! Models that contradict themselves or each other.

use djogi_core::model::descriptor::{
    ColumnValue, DefaultDescriptor, EnumDescriptor, FieldDescriptor, FieldType, ForeignKeyDescriptor,
    IdentityDescriptor, IndexDescriptor, KeyDescriptor, PrimaryKeyDescriptor, ReferenceDescriptor,
    TypeDescriptor, UniqueDescriptor, VariantDescriptor,
};
use djogi_core::model::object::{
    ExtensionDescriptor, ObjectDescriptor, ObjectKind, OwnerDescriptor, SchemaDescriptor, SequenceDescriptor,
    SequenceNumbers,
};
use djogi_core::model::{ModelDescriptor, Source, TableName, lower};

use super::lowering::{SOURCE, field, main, table};

const ELSEWHERE: Source = Source { package: "billing", file: "billing/src/lib.rs", line: 3 };

fn errors(models: &[&'static ModelDescriptor]) -> String {
    let errors = lower(models, &[], &main()).unwrap_err();
    errors.iter().map(|error| format!("{error}\n")).collect()
}

macro_rules! model {
    ($($model:tt)*) => {{
        static MODEL: ModelDescriptor = ModelDescriptor { $($model)* };
        &MODEL
    }};
}

const PARENT: ModelDescriptor = ModelDescriptor {
    source: ELSEWHERE,
    primary_key: Some(PrimaryKeyDescriptor::new(&["id"])),
    ..table("parents", &[field("id", "uuid"), field("code", "text")])
};
static PARENTS: ModelDescriptor = PARENT;

const fn key(references: ReferenceDescriptor, columns: &'static [&'static str]) -> ForeignKeyDescriptor {
    ForeignKeyDescriptor::new(9, &["a"], references, columns)
}

#[test]
fn two_models_for_one_table() {
    let other = model!(source: ELSEWHERE, ..table("t", &[field("a", "int")]));
    insta::assert_snapshot!(errors(&[model!(..table("t", &[field("a", "int")])), other]),
        @"public.t is declared twice, at src/models.rs:7 and at billing/src/lib.rs:3");
}

#[test]
fn two_fields_for_one_column() {
    let twice = model!(..table("t", &[field("a", "int"), FieldDescriptor { line: 9, ..field("a", "int") }]));
    insta::assert_snapshot!(errors(&[twice]),
        @"column `a` of public.t is declared twice, at src/models.rs:8 and at src/models.rs:9");
}

#[test]
fn a_reference_to_a_model_that_is_not_there() {
    const LOST: ReferenceDescriptor = ReferenceDescriptor::Model(TableName::new(Some("app"), "lost"));
    let dangling = model!(foreign_keys: &[key(LOST, &[])], ..table("t", &[field("a", "int")]));
    insta::assert_snapshot!(errors(&[dangling]),
        @"the foreign key at src/models.rs:9 references app.lost, which is not a model of the same target");
}

#[test]
fn a_reference_to_a_column_that_is_not_there() {
    const TO: ReferenceDescriptor = ReferenceDescriptor::Model(PARENT.table);
    let dangling = model!(foreign_keys: &[key(TO, &["nr"])], ..table("t", &[field("a", "uuid")]));
    insta::assert_snapshot!(errors(&[dangling, &PARENTS]),
        @"the foreign key at src/models.rs:9 references `nr`, which public.parents at billing/src/lib.rs:3 does not have");
}

#[test]
fn a_reference_to_columns_that_are_not_unique() {
    const TO: ReferenceDescriptor = ReferenceDescriptor::Model(PARENT.table);
    let dangling = model!(foreign_keys: &[key(TO, &["code"])], ..table("t", &[field("a", "text")]));
    insta::assert_snapshot!(errors(&[dangling, &PARENTS]),
        @"the foreign key at src/models.rs:9 references (code) of public.parents at billing/src/lib.rs:3, which has no primary key or unique constraint on them");
}

#[test]
fn a_reference_of_another_type() {
    const TO: ReferenceDescriptor = ReferenceDescriptor::Model(PARENT.table);
    let mismatch = model!(foreign_keys: &[key(TO, &[])], ..table("t", &[field("a", "int8")]));
    insta::assert_snapshot!(errors(&[mismatch, &PARENTS]),
        @"`a` at src/models.rs:9 is bigint, but references `id` of public.parents at billing/src/lib.rs:3, which is uuid");
}

#[test]
fn a_reference_out_of_the_models_without_columns() {
    const OUT: ReferenceDescriptor = ReferenceDescriptor::Table("legacy.accounts");
    let open = model!(foreign_keys: &[key(OUT, &[])], ..table("t", &[field("a", "int8")]));
    insta::assert_snapshot!(errors(&[open]),
        @"the foreign key at src/models.rs:9 names no columns of legacy.accounts, which is no model; say which with `references_columns`");
}

const fn mood(source: Source, variants: &'static [VariantDescriptor]) -> EnumDescriptor {
    EnumDescriptor {
        rust_name: "Mood",
        source,
        schema: None,
        name: "mood",
        comment: None,
        renamed_from: None,
        variants,
    }
}
static HERE: EnumDescriptor = mood(SOURCE, &[VariantDescriptor { name: "A", label: "a" }]);
static THERE: EnumDescriptor = mood(ELSEWHERE, &[VariantDescriptor { name: "B", label: "b" }]);

const fn of_mood(ty: &'static TypeDescriptor) -> FieldDescriptor {
    FieldDescriptor::new("a", 8, FieldType::Mapped(ty), false)
}

#[test]
fn one_enum_with_two_meanings() {
    let one = model!(..table("t", &[of_mood(&TypeDescriptor::Enum(&HERE))]));
    let two = model!(..table("u", &[of_mood(&TypeDescriptor::Array(&TypeDescriptor::Enum(&THERE)))]));
    insta::assert_snapshot!(errors(&[one, two]),
        @"type public.mood is declared differently at src/models.rs:7 and at billing/src/lib.rs:3");
}

#[test]
fn a_default_that_is_no_label() {
    let default = model!(
        ..table(
            "t",
            &[FieldDescriptor {
                value: ColumnValue::Default(DefaultDescriptor::Text("c")),
                ..of_mood(&TypeDescriptor::Enum(&HERE))
            }]
        )
    );
    insta::assert_snapshot!(errors(&[default]),
        @"enum public.mood at src/models.rs:7 has no variant or label `c`, the default of `a` at src/models.rs:8");
}

#[test]
fn a_table_and_an_enum_of_one_name() {
    let both = model!(..table("mood", &[of_mood(&TypeDescriptor::Enum(&HERE))]));
    insta::assert_snapshot!(errors(&[both]),
        @"public.mood is a table at src/models.rs:7 and a type at src/models.rs:7; PostgreSQL gives each table a type of its name");
}

#[test]
fn one_name_for_two_indexes() {
    const NAMED: IndexDescriptor =
        IndexDescriptor { name: Some("same"), ..IndexDescriptor::new(9, &[KeyDescriptor::column("a")]) };
    let one = model!(indexes: &[NAMED], ..table("t", &[field("a", "int")]));
    let two = model!(
        uniques: &[UniqueDescriptor { name: Some("same"), ..UniqueDescriptor::new(&["a"]) }],
        ..table("u", &[field("a", "int")])
    );
    insta::assert_snapshot!(errors(&[one, two]),
        @"name `same` in schema public is given twice, at src/models.rs:9 and at src/models.rs:7");
}

#[test]
fn serial_and_impossible_identities() {
    let serial = model!(..table("s", &[field("id", "bigserial")]));
    let text = model!(
        ..table(
            "t",
            &[FieldDescriptor {
                value: ColumnValue::Identity(IdentityDescriptor::ALWAYS),
                ..field("id", "text")
            }]
        )
    );
    let range = model!(
        ..table(
            "u",
            &[FieldDescriptor {
                value: ColumnValue::Identity(IdentityDescriptor {
                    start: Some(40_000),
                    ..IdentityDescriptor::BY_DEFAULT
                }),
                ..field("id", "smallint")
            }]
        )
    );
    insta::assert_snapshot!(errors(&[serial, text, range]), @r#"
    column `id` of public.s at src/models.rs:8: `bigserial` is not a type but a shorthand that makes a sequence; write `type = "bigint"` with `default = identity`
    `id` at src/models.rs:8 is of type text, but an identity column is smallint, integer or bigint
    the identity of `id` at src/models.rs:8 starts at 40000, outside of 1 to 32767
    "#);
}

#[test]
fn names_that_postgresql_cannot_hold() {
    let long = model!(
        ..table("t23456789_123456789_123456789_123456789_123456789_123456789_1234", &[field("a", "int")])
    );
    insta::assert_snapshot!(errors(&[long]),
        @r#"the table at src/models.rs:7: identifier "t23456789_123456789_123456789_123456789_123456789_123456789_1234" has 64 bytes; PostgreSQL allows 63"#);
}

fn object_errors(models: &[&'static ModelDescriptor], objects: &[&'static ObjectDescriptor]) -> String {
    let errors = lower(models, objects, &main()).unwrap_err();
    errors.iter().map(|error| format!("{error}\n")).collect()
}

macro_rules! object {
    ($source:expr, $kind:expr) => {{
        static OBJECT: ObjectDescriptor = ObjectDescriptor::new($source, $kind);
        &OBJECT
    }};
}

const COUNTER: SequenceDescriptor = SequenceDescriptor::new(None, "counter");

const fn counting(numbers: SequenceNumbers) -> ObjectKind {
    ObjectKind::Sequence(SequenceDescriptor { data_type: "smallint", numbers, ..COUNTER })
}

const fn owned(table: ReferenceDescriptor, column: &'static str) -> ObjectKind {
    ObjectKind::Sequence(SequenceDescriptor { owned_by: Some(OwnerDescriptor { table, column }), ..COUNTER })
}

#[test]
fn one_object_declared_twice() {
    const GIST: ObjectKind = ObjectKind::Extension(ExtensionDescriptor::new("btree_gist"));
    const APP: ObjectKind = ObjectKind::Schema(SchemaDescriptor::new("app"));
    let objects: [&'static ObjectDescriptor; 4] =
        [object!(SOURCE, GIST), object!(ELSEWHERE, GIST), object!(SOURCE, APP), object!(ELSEWHERE, APP)];
    insta::assert_snapshot!(object_errors(&[], &objects), @r"
    `extension.main.btree_gist` is declared twice, at src/models.rs:7 and at billing/src/lib.rs:3
    `schema.main.app` is declared twice, at src/models.rs:7 and at billing/src/lib.rs:3
    ");
}

#[test]
fn a_sequence_with_the_name_of_a_table() {
    let clash = model!(..table("counter", &[field("a", "int")]));
    insta::assert_snapshot!(object_errors(&[clash], &[object!(ELSEWHERE, ObjectKind::Sequence(COUNTER))]),
        @"name `counter` in schema public is given twice, at src/models.rs:7 and at billing/src/lib.rs:3");
}

#[test]
fn sequences_that_postgresql_would_refuse() {
    const NUMBERS: SequenceNumbers = SequenceNumbers::DEFAULT;
    for (kind, expected) in [
        (
            counting(SequenceNumbers { start: Some(40_000), ..NUMBERS }),
            "sequence `counter` at src/models.rs:7 starts at 40000, outside of 1 to 32767",
        ),
        (
            counting(SequenceNumbers { max: Some(40_000), ..NUMBERS }),
            "sequence `counter` at src/models.rs:7 goes from 1 to 40000, which is no range of smallint",
        ),
        (
            counting(SequenceNumbers { increment: Some(-1), max: Some(-40_000), ..NUMBERS }),
            "sequence `counter` at src/models.rs:7 goes from -32768 to -40000, which is no range of smallint",
        ),
        (
            counting(SequenceNumbers { cache: Some(0), ..NUMBERS }),
            "sequence `counter` at src/models.rs:7 has an increment of 0 or a cache below 1",
        ),
        (
            ObjectKind::Sequence(SequenceDescriptor { data_type: "text", ..COUNTER }),
            "`text` at src/models.rs:7 is not the type of a sequence; smallint, integer and bigint are",
        ),
    ] {
        let object = Box::leak(Box::new(ObjectDescriptor::new(SOURCE, kind)));
        assert_eq!(object_errors(&[], &[object]).trim_end(), expected);
    }
}

#[test]
fn owners_that_are_not_there() {
    const LOST: ReferenceDescriptor = ReferenceDescriptor::Model(TableName::new(None, "lost"));
    const TO: ReferenceDescriptor = ReferenceDescriptor::Model(PARENT.table);
    const FAR: ReferenceDescriptor = ReferenceDescriptor::Table("legacy.accounts");
    for (kind, expected) in [
        (
            owned(LOST, "id"),
            "the owner of sequence public.counter at src/models.rs:7 is public.lost, which is not a model of the same target",
        ),
        (
            owned(TO, "nr"),
            "sequence public.counter at src/models.rs:7 is owned by column `nr`, which public.parents at billing/src/lib.rs:3 does not have",
        ),
        (
            owned(FAR, "id"),
            "sequence public.counter at src/models.rs:7 is owned by legacy.accounts; PostgreSQL wants both in one schema",
        ),
    ] {
        let object = Box::leak(Box::new(ObjectDescriptor::new(SOURCE, kind)));
        assert_eq!(object_errors(&[&PARENTS], &[object]).trim_end(), expected);
    }
}
