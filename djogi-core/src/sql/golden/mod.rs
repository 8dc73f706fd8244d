//! Golden tests: the statements of every operation as one script that can be run from top to bottom on an empty
//! database of the version in its name, with what the plan says about each.

mod code_names;
mod database;
mod facts;
mod fixtures;
mod objects;
mod partitions;
mod privileges;
mod script;

use std::collections::BTreeMap;

use self::fixtures::*;
use self::script::Script;
use super::*;
use crate::kind::*;

fn schemas_extensions_sequences(script: &mut Script) {
    script.title("schemas, extensions, sequences");
    let app = Schema { name: ident("app"), comment: Some("the shop".to_owned()) };
    script.create(Resource::Schema(app.clone()));
    script.alter(Resource::Schema(Schema { comment: None, ..app }));
    let old = Resource::Schema(Schema { name: ident("Old Stuff"), comment: None });
    script.create(old.clone());
    let stuff = Resource::Schema(Schema { name: ident("stuff"), comment: None });
    script.rename(&old, stuff.clone());
    script.drop(&stuff);
    let extension = |schema: &str| {
        Resource::Extension(Extension {
            name: ident("plpgsql"),
            schema: Some(ident(schema)),
            version: Some("1.0".to_owned()),
        })
    };
    script.drop(&extension("pg_catalog"));
    script.create(extension("pg_catalog"));

    let free = sequence("numbers", SequenceType::Bigint, bigint());
    script.create(Resource::Sequence(free.clone()));
    let options = SequenceOptions { start: 10, increment: 5, min: 10, max: 2_000, cache: 20, cycle: true };
    let mut altered = sequence("numbers", SequenceType::Smallint, options);
    altered.comment = Some("invoice numbers".to_owned());
    script.alter(Resource::Sequence(Sequence {
        options: SequenceOptions { min: 0, max: 2_000, ..bigint() },
        ..altered.clone()
    }));
    script.drop(&Resource::Sequence(altered.clone()));
    script.create(Resource::Sequence(altered));
    let down = SequenceOptions { start: -1, increment: -1, min: i64::MIN, max: -1, cache: 1, cycle: false };
    let down = Resource::Sequence(sequence("countdown", SequenceType::Bigint, down));
    script.create(down.clone());
    let moved = |schema: &str, name: &str| {
        Resource::Sequence(Sequence {
            schema: ident(schema),
            ..sequence(name, SequenceType::Bigint, bigint())
        })
    };
    script.rename(&down, moved("public", "Count Down"));
    script.drop(&moved("public", "Count Down"));
}

fn enums_and_tables(script: &mut Script) {
    script.title("enums and tables");
    script.create(Resource::Enum(mood(&["sad", "it's \\ ok"])));
    script.alter(Resource::Enum(mood(&["awful", "sad", "it's \\ ok", "happy"])));
    let customers = Table {
        comment: Some("people who buy".to_owned()),
        ..table(
            "customers",
            vec![
                identity(column("id", "bigint"), IdentityMode::Always, bigint()),
                commented(not_null(column("email", "text")), "lower case"),
                defaulted(not_null(column("mood", "app.\"Mood\"")), "'sad'::app.\"Mood\""),
                defaulted(column("moods", "app.\"Mood\"[]"), "'{sad,happy}'::app.\"Mood\"[]"),
                Column {
                    collation: Some(name("pg_catalog", "C")),
                    ..column("code", "character varying(10)")
                },
                generated(column("email_lower", "text"), "lower(code)", GeneratedStorage::Stored),
            ],
        )
    };
    let unique = ConstraintDefinition::Unique {
        columns: idents(&["email"]),
        include: idents(&["code"]),
        nulls_not_distinct: true,
    };
    let during = Exclusion {
        method: ident("gist"),
        elements: vec![ExclusionElement {
            element: expression_key("int8range(id, id, '[]'::text)"),
            operator: "&&".to_owned(),
        }],
        predicate: Some(Expression::new("(id > 0)")),
    };
    let inline = [
        primary_key("customers", "customers_pkey", &["id"]),
        Constraint {
            parent: None,
            derived: false,
            deferrable: Deferrable::InitiallyDeferred,
            comment: Some("one account each".to_owned()),
            ..constraint("customers", "customers_email_key", unique)
        },
        check("customers", "customers_email_check", "(email ~~ '%@%'::text)"),
        constraint("customers", "customers_excl", ConstraintDefinition::Exclusion(during)),
    ];
    script.create_table(customers, &inline);
    let options = SequenceOptions { start: 1_000, ..SequenceOptions::default_for(SequenceType::Integer) };
    script.create_table(
        table(
            "orders",
            vec![
                identity(column("id", "integer"), IdentityMode::ByDefault, options),
                not_null(column("customer_id", "bigint")),
                defaulted(not_null(column("number", "bigint")), "nextval('app.numbers'::regclass)"),
                defaulted(not_null(column("total", "numeric(12,2)")), "0"),
                column("note", "text"),
                column("flag", "boolean"),
            ],
        ),
        &[primary_key("orders", "orders_pkey", &["id"])],
    );
    let owned = Sequence {
        owned_by: Some(SequenceOwner { table: name("app", "orders"), column: ident("number") }),
        ..sequence("numbers", SequenceType::Bigint, bigint())
    };
    let address = Resource::Sequence(owned.clone()).address(&script.target);
    script.write(Ok(own_sequence(&owned, &script.context(), &address)));
    script.create_table(table("empty", Vec::new()), &[]);
    let sky = generated(column("sky", "integer"), "(1 + 1)", GeneratedStorage::Virtual);
    script.create_table(table("weather", vec![sky]), &[]);
    script.time_passes(Some(1_200_000), 96_000_000);
}

fn constraints_and_indexes(script: &mut Script) {
    script.title("constraints");
    let definition = ConstraintDefinition::ForeignKey(ForeignKey {
        on_delete: ReferentialAction::Cascade,
        on_update: ReferentialAction::Restrict,
        match_type: MatchType::Full,
        ..foreign_key(&["customer_id"], "customers")
    });
    let fkey = Constraint {
        validated: false,
        parent: None,
        derived: false,
        deferrable: Deferrable::InitiallyImmediate,
        comment: Some("who".to_owned()),
        ..constraint("orders", "orders_customer_fkey", definition)
    };
    script.create(Resource::Constraint(fkey.clone()));
    let fkey = Constraint { validated: true, deferrable: Deferrable::NotDeferrable, comment: None, ..fkey };
    script.alter(Resource::Constraint(fkey.clone()));
    let parent = ConstraintDefinition::ForeignKey(ForeignKey {
        on_delete: ReferentialAction::SetNull,
        on_delete_columns: idents(&["number"]),
        ..foreign_key(&["number"], "customers")
    });
    let parent = Resource::Constraint(constraint("orders", "orders_parent_fkey", parent));
    script.create(parent.clone());
    script.drop(&parent);
    let positive = check("orders", "orders_total_check", "(total >= (0)::numeric)");
    script.create(Resource::Constraint(Constraint { validated: false, ..positive.clone() }));
    script.alter(Resource::Constraint(positive.clone()));
    script.rename(
        &Resource::Constraint(positive),
        Resource::Constraint(check("orders", "Total", "(total >= (0)::numeric)")),
    );
    let mut tagged = check("customers", "customers_mood_check", "(mood <> 'awful'::app.\"Mood\")");
    tagged.definition = ConstraintDefinition::Check {
        expression: Expression::new("(mood <> 'awful'::app.\"Mood\")"),
        no_inherit: true,
    };
    script.create(Resource::Constraint(tagged));
    script.drop(&Resource::Constraint(primary_key("orders", "orders_pkey", &["id"])));
    script.create(Resource::Constraint(primary_key("orders", "orders_pkey", &["id"])));

    script.title("indexes");
    let latest = Index {
        parent: None,
        unique: true,
        nulls_not_distinct: true,
        include: idents(&["note"]),
        predicate: Some(Expression::new("(total > (10)::numeric)")),
        options: BTreeMap::from([("fillfactor".to_owned(), "70".to_owned())]),
        comment: Some("newest first".to_owned()),
        ..index(
            "orders",
            "orders_latest",
            vec![
                IndexElement { descending: true, nulls_first: true, ..key("number") },
                IndexElement { descending: true, ..key("total") },
                IndexElement { nulls_first: true, ..key("id") },
                expression_key("(total * (2)::numeric)"),
                IndexElement {
                    collation: Some(name("pg_catalog", "C")),
                    operator_class: Some(KeyClass {
                        name: name("pg_catalog", "text_pattern_ops"),
                        options: BTreeMap::new(),
                    }),
                    ..expression_key("lower(note)")
                },
            ],
        )
    };
    script.create(Resource::Index(latest.clone()));
    let options = BTreeMap::from([("deduplicate_items".to_owned(), "off".to_owned())]);
    script.alter(Resource::Index(Index { options, comment: None, ..latest.clone() }));
    script.rename(
        &Resource::Index(latest),
        Resource::Index(index("orders", "orders_newest", vec![key("number")])),
    );
    script.drop(&Resource::Index(index("orders", "orders_newest", vec![key("number")])));
    let class = KeyClass {
        name: name("pg_catalog", "tsvector_ops"),
        options: BTreeMap::from([("siglen".to_owned(), "32".to_owned())]),
    };
    let search = Index {
        method: ident("gist"),
        ..index(
            "orders",
            "orders_search",
            vec![IndexElement {
                operator_class: Some(class),
                ..expression_key("to_tsvector('simple'::regconfig, note)")
            }],
        )
    };
    let search = Index { statistics: BTreeMap::from([(1, 500)]), ..search };
    script.create(Resource::Index(search.clone()));
    script.alter(Resource::Index(Index { statistics: BTreeMap::new(), ..search }));
    let happy = Index {
        predicate: Some(Expression::new("(mood = 'happy'::app.\"Mood\")")),
        ..index("customers", "customers_happy", vec![key("mood")])
    };
    script.create(Resource::Index(happy.clone()));

    script.title("indexes are exchanged and rebuilt");
    let happier = Index { unique: true, comment: Some("the happiest".to_owned()), ..happy.clone() };
    script.replace_index(&happy, &happier, false);
    script.replace_index(&happier, &Index { unique: false, ..happier.clone() }, true);
    let happy = Index { comment: None, ..happy };
    script.replace_index(&Index { unique: false, ..happier }, &happy, true);
    let invalid = Index { valid: false, ..happy.clone() };
    script.live.insert(&script.target.clone(), Resource::Index(invalid));
    script.alter(Resource::Index(happy.clone()));
    script.online = Online::Never;
    let other = Index { predicate: None, ..happy.clone() };
    script.replace_index(&happy, &other, false);
    script.live.insert(&script.target.clone(), Resource::Index(Index { valid: false, ..other.clone() }));
    script.alter(Resource::Index(other.clone()));
    script.replace_index(&other, &happy, false);
    script.online = Online::Auto;
}

fn columns(script: &mut Script) {
    script.title("columns");
    let orders = &name("app", "orders");
    for added in [
        column("plain", "integer"),
        not_null(column("must", "integer")),
        commented(defaulted(not_null(column("Since", "timestamp with time zone")), "now()"), "when"),
        defaulted(column("token", "uuid"), "gen_random_uuid()"),
        identity(column("serial", "bigint"), IdentityMode::Always, SequenceOptions { cache: 5, ..bigint() }),
        generated(column("double", "numeric"), "(total * (2)::numeric)", GeneratedStorage::Stored),
        generated(column("half", "numeric"), "(total / (2)::numeric)", GeneratedStorage::Virtual),
    ] {
        script.alter_column(orders, added);
    }
    script.sizes.insert(orders.clone(), TableSize { rows: None, bytes: 8192, ..TableSize::default() });
    script.alter_column(orders, not_null(column("must", "integer")));
    script.sizes.insert(
        orders.clone(),
        TableSize { rows: Some(1_200_000), bytes: 96_000_000, ..TableSize::default() },
    );

    script.title("generated columns");
    let storage = GeneratedStorage::Stored;
    script.alter_column(orders, generated(column("double", "numeric"), "(total + total)", storage));
    if script.version.major() >= 18 {
        let storage = GeneratedStorage::Virtual;
        script.alter_column(orders, generated(column("half", "numeric"), "(total / (3)::numeric)", storage));
        script.alter_column(
            orders,
            generated(column("half", "numeric"), "(total / (4)::numeric)", GeneratedStorage::Stored),
        );
    }
    script.alter_column(orders, column("total", "numeric(14,2)"));
    script.alter_column(orders, column("double", "numeric"));
    if script.version.major() >= 18 {
        script.alter_column(orders, column("half", "numeric"));
    }

    script.title("defaults, nulls, identity");
    script.alter_column(orders, not_null(column("total", "numeric(12,2)")));
    script.alter_column(orders, defaulted(column("total", "numeric(12,2)"), "1"));
    let options = SequenceOptions { start: 50, min: 50, cycle: true, ..bigint() };
    script.alter_column(
        orders,
        identity(
            column("plain", "integer"),
            IdentityMode::ByDefault,
            SequenceOptions::default_for(SequenceType::Integer),
        ),
    );
    script.alter_column(
        orders,
        identity(column("serial", "bigint"), IdentityMode::ByDefault, SequenceOptions { min: 1, ..options }),
    );
    script.alter_column(orders, not_null(column("serial", "bigint")));

    script.title("types");
    script.alter_column(orders, column("note", "character varying"));
    script.alter_column(
        orders,
        Column { collation: Some(name("pg_catalog", "C")), ..column("note", "character varying(20)") },
    );
    script.alter_column(orders, defaulted(column("flag", "integer"), "1"));
    script.alter_column(orders, column("flag", "timestamp without time zone"));
    script.alter_column(orders, column("Since", "timestamp without time zone"));
    script.alter_column(
        &name("app", "customers"),
        Column { collation: Some(name("pg_catalog", "C")), ..column("code", "text") },
    );
    script.alter_column(
        &name("app", "customers"),
        identity(
            column("id", "integer"),
            IdentityMode::Always,
            SequenceOptions::default_for(SequenceType::Integer),
        ),
    );

    script.title("renamed and dropped columns");
    let address = Address::table(&script.target, orders);
    script.write(Ok(rename_column(orders, &ident("must"), &ident("Must"), &script.context(), &address)));
    let mut fewer = script.live.table(&script.target, orders).unwrap().clone();
    fewer.columns.iter_mut().filter(|c| c.name.as_str() == "must").for_each(|c| c.name = ident("Must"));
    script.live.insert(&script.target.clone(), Resource::Table(fewer.clone()));
    fewer.columns.retain(|column| !matches!(column.name.as_str(), "total" | "customer_id" | "double"));
    fewer.comment = Some("fewer columns".to_owned());
    script.alter(Resource::Table(fewer));
}

/// One column for each way a value can take.
fn conversions(script: &mut Script) {
    script.title("conversions");
    let pairs = [
        ("character varying(10)", "character varying(20)"),
        ("text", "app.\"Mood\""),
        ("app.\"Mood\"", "text"),
        ("text[]", "integer[]"),
        ("integer", "numeric(10,2)"),
        ("interval day to second(3)", "interval"),
        ("bit(3)", "bit(5)"),
        ("jsonb", "integer"),
        ("text", "jsonb"),
        ("integer[]", "text"),
        ("app.\"Mood\"[]", "public.other[]"),
        ("\"char\"", "integer"),
        ("integer", "oid"),
        ("cidr", "inet"),
        ("date", "timestamp with time zone"),
        ("text", "public.other"),
    ];
    let other = EnumType { schema: ident("public"), name: ident("other"), ..mood(&["sad", "happy"]) };
    script.create(Resource::Enum(other));
    let conversions = &name("app", "conversions");
    let columns = pairs.iter().enumerate().map(|(at, (from, _))| column(&format!("c{at}"), from)).collect();
    script.create_table(table("conversions", columns), &[]);
    script.alter_column(conversions, defaulted(column("same", "text"), "gen_random_uuid()"));
    script.alter_column(conversions, defaulted(column("other", "integer"), "1"));
    script.new_tables.clear();
    for (at, (_, to)) in pairs.iter().enumerate() {
        script.alter_column(conversions, column(&format!("c{at}"), to));
    }
    script.alter_column(conversions, defaulted(column("same", "uuid"), "gen_random_uuid()"));
    script.alter_column(conversions, defaulted(column("other", "boolean"), "true"));
    let live = Resource::Table(script.live.table(&script.target, conversions).unwrap().clone());
    script.drop(&live);
}

fn enum_replacement_and_drops(script: &mut Script) {
    script.title("an enum loses a label");
    let live = mood(&["awful", "sad", "it's \\ ok", "happy"]);
    let desired = mood(&["happy", "awful", "it's \\ ok"]);
    let address = Resource::Enum(live.clone()).address(&script.target);
    let ctx = script.context();
    let rebuild = enum_dependents(&live, &ctx);
    script.write(replace_enum(&live, &desired, &rebuild, &ctx, &address));
    let target = script.target.clone();
    script.live.insert(&target, Resource::Enum(desired.clone()));

    script.title("renames and drops");
    let mut feeling = desired.clone();
    feeling.name = ident("feeling");
    feeling.schema = ident("public");
    script.rename(&Resource::Enum(desired), Resource::Enum(feeling.clone()));
    let orders = script.live.table(&target, &name("app", "orders")).unwrap().clone();
    let purchases = Table { schema: ident("public"), name: ident("purchases"), ..orders.clone() };
    script.rename(&Resource::Table(orders), Resource::Table(purchases.clone()));
    let owner = Some(SequenceOwner { table: name("public", "purchases"), column: ident("number") });
    let owned = |schema: &str, name: &str| {
        Resource::Sequence(Sequence {
            schema: ident(schema),
            owned_by: owner.clone(),
            ..sequence(name, SequenceType::Bigint, bigint())
        })
    };
    script.rename(&owned("app", "numbers"), owned("public", "order_numbers"));
    script.drop(&Resource::Table(purchases));
    let customers = script.live.table(&target, &name("app", "customers")).unwrap().clone();
    script.drop(&Resource::Table(customers));
    script.drop(&Resource::Enum(feeling));
}

fn script(version: u32) -> String {
    let mut script = Script::new(version);
    schemas_extensions_sequences(&mut script);
    enums_and_tables(&mut script);
    constraints_and_indexes(&mut script);
    columns(&mut script);
    conversions(&mut script);
    enum_replacement_and_drops(&mut script);
    objects::types(&mut script);
    objects::code(&mut script);
    code_names::write(&mut script);
    database::languages(&mut script);
    database::event_triggers(&mut script);
    database::publications(&mut script);
    database::subscriptions(&mut script);
    database::foreign_data(&mut script);
    database::roles(&mut script);
    privileges::privileges(&mut script);
    partitions::partitions(&mut script);
    partitions::inheritance(&mut script);
    script.text
}

#[test]
fn every_statement_on_postgresql_15() {
    insta::assert_snapshot!(script(150_018));
}

#[test]
fn every_statement_on_postgresql_18() {
    insta::assert_snapshot!(script(180_004));
}
