//! Operators, casts, text search and the less common constraints, in the golden script.

use std::collections::BTreeMap;

use super::fixtures::*;
use super::script::Script;
use crate::kind::*;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn strings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

pub(super) fn write(script: &mut Script) {
    operators(script);
    text_search(script);
    constraints(script);
}

fn operators(script: &mut Script) {
    script.title("operators, classes, casts");
    let operator = Operator {
        schema: ident("app"),
        name: ident("==="),
        left: text("integer"),
        right: "text".to_owned(),
        function: "app.same".to_owned(),
        commutator: None,
        negator: None,
        restrict: text("eqsel"),
        join: None,
        hashes: false,
        merges: false,
        comment: None,
    };
    script.create(Resource::Operator(Operator {
        name: ident("~~~"),
        left: None,
        commutator: None,
        negator: Some(name("app", "<>")),
        join: text("eqjoinsel"),
        hashes: true,
        merges: true,
        comment: text("it's"),
        ..operator.clone()
    }));
    script.create(Resource::Operator(operator.clone()));
    let complete = Operator {
        restrict: None,
        join: text("eqjoinsel"),
        commutator: Some(name("app", "===")),
        hashes: true,
        comment: text("the same"),
        ..operator
    };
    script.alter(Resource::Operator(complete.clone()));
    let moved = Resource::Operator(Operator { schema: ident("elsewhere"), ..complete.clone() });
    script.rename(&Resource::Operator(complete.clone()), moved.clone());
    script.rename(&moved, Resource::Operator(Operator { name: ident("<=>"), ..complete.clone() }));
    script.drop(&Resource::Operator(Operator { name: ident("<=>"), ..complete }));

    let member = |name: &str, value: &str| FamilyMember { name: name.to_owned(), value: value.to_owned() };
    let family = |called: &str, members| {
        Resource::OperatorFamily(OperatorFamily {
            schema: ident("app"),
            name: ident(called),
            method: ident("btree"),
            members,
            comment: text("sizes"),
        })
    };
    let mixed = member("FUNCTION 1 (integer, bigint)", "btint48cmp(integer,bigint)");
    let less = member("OPERATOR 1 (integer, bigint)", "pg_catalog.<(integer, bigint)");
    script.create(family("sizes", vec![mixed.clone()]));
    script.alter(family("sizes", vec![less]));
    script.rename(&family("sizes", Vec::new()), family("Sizes", Vec::new()));
    let class = |called: &str, storage: Option<String>, comment| {
        Resource::OperatorClass(OperatorClass {
            schema: ident("app"),
            name: ident(called),
            method: ident("btree"),
            family: name("app", "Sizes"),
            data_type: "integer".to_owned(),
            default: storage.is_none(),
            members: if storage.is_some() { Vec::new() } else { vec![mixed.clone()] },
            storage,
            comment,
        })
    };
    script.create(class("stored", text("text"), None));
    script.create(class("by_size", None, text("c")));
    script.alter(class("by_size", None, None));
    script.rename(&class("by_size", None, None), class("By size", None, None));
    script.drop(&class("By size", None, None));
    script.drop(&family("Sizes", Vec::new()));

    let cast = |method, context, comment| {
        Resource::Cast(Cast {
            source: "app.mood".to_owned(),
            target: "integer".to_owned(),
            method,
            context,
            comment,
        })
    };
    script.create(cast(CastMethod::InOut, CastContext::Explicit, None));
    script.alter(cast(CastMethod::InOut, CastContext::Explicit, text("c")));
    script.create(cast(CastMethod::Binary, CastContext::Implicit, None));
    let function = CastMethod::Function("app.rank(app.mood)".to_owned());
    script.create(cast(function.clone(), CastContext::Assignment, text("rank")));
    script.drop(&cast(function, CastContext::Assignment, None));
}

fn text_search(script: &mut Script) {
    script.title("text search");
    let dictionary = |called: &str, options: &[(&str, &str)]| {
        Resource::TextSearchDictionary(TextSearchDictionary {
            schema: ident("app"),
            name: ident(called),
            template: name("pg_catalog", "snowball"),
            options: strings(options),
            comment: text("d"),
        })
    };
    script.create(dictionary("stems", &[("language", "'english'"), ("maxlen", "5")]));
    script.alter(dictionary("stems", &[("language", "'german'")]));
    script.rename(&dictionary("stems", &[]), dictionary("Stems", &[]));
    let configuration = |called: &str, mappings: &[(&str, &[&str])], comment| {
        let names = |dictionaries: &[&str]| dictionaries.iter().map(|d| name("pg_catalog", d)).collect();
        Resource::TextSearchConfiguration(TextSearchConfiguration {
            schema: ident("app"),
            name: ident(called),
            parser: name("pg_catalog", "default"),
            mappings: mappings.iter().map(|(token, with)| ((*token).to_owned(), names(with))).collect(),
            comment,
        })
    };
    let words: &[(&str, &[&str])] = &[
        ("asciiword", &["english_stem", "simple"]),
        ("email", &["simple"]),
        ("word", &["english_stem", "simple"]),
    ];
    script.create(configuration("words", words, text("c")));
    script.alter(configuration("words", &[("asciiword", &["simple"]), ("url", &["simple"])], None));
    script.rename(&configuration("words", &[], None), configuration("Words", &[], None));
    script.drop(&configuration("Words", &[], None));
    script.drop(&dictionary("Stems", &[]));
    let template = |called: &str| {
        Resource::TextSearchTemplate(TextSearchTemplate {
            schema: ident("app"),
            name: ident(called),
            functions: strings(&[("INIT", "dsimple_init"), ("LEXIZE", "dsimple_lexize")]),
            comment: text("t"),
        })
    };
    script.create(template("plain"));
    script.rename(&template("plain"), template("Plain"));
    script.drop(&template("Plain"));
    let parser = |comment| {
        Resource::TextSearchParser(TextSearchParser {
            schema: ident("app"),
            name: ident("parser"),
            functions: strings(&[("START", "prsd_start"), ("GETTOKEN", "prsd_nexttoken")]),
            comment,
        })
    };
    script.create(parser(None));
    script.alter(parser(text("p")));
    script.drop(&parser(None));
}

fn constraints(script: &mut Script) {
    script.title("less common constraints");
    let named =
        |constraint: NotNull| Column { not_null_constraint: constraint, ..not_null(column("a", "integer")) };
    let given = NotNull { name: Some(ident("given")), comment: text("why"), ..NotNull::default() };
    let period = |definition| Constraint {
        period: true,
        options: strings(&[("fillfactor", "70")]),
        ..constraint("visits", "visits_key", definition)
    };
    let columns = idents(&["a", "during"]);
    let key = ConstraintDefinition::PrimaryKey { columns: columns.clone(), include: Vec::new() };
    script.create_table(
        table("visits", vec![named(given.clone()), column("during", "daterange")]),
        &[period(key)],
    );
    script.time_passes(Some(500), 65_536);
    let visits = name("app", "visits");
    script.alter_column(&visits, named(NotNull { no_inherit: true, comment: None, ..NotNull::default() }));
    script.alter_column(&visits, column("a", "integer"));
    script.alter_column(&visits, named(NotNull { validated: false, ..given.clone() }));
    script.alter_column(&visits, named(given.clone()));
    script.alter_column(&visits, named(NotNull { validated: false, no_inherit: true, ..given }));
    let unique = ConstraintDefinition::Unique {
        columns: columns.clone(),
        include: Vec::new(),
        nulls_not_distinct: false,
    };
    let unique = Constraint { tablespace: Some(ident("fast")), ..period(unique) };
    script.create(Resource::Constraint(unique.clone()));
    let options = strings(&[("deduplicate_items", "off")]);
    script.alter(Resource::Constraint(Constraint { options, tablespace: None, ..unique }));
    let key =
        ForeignKey { columns: columns.clone(), referenced_columns: columns, ..foreign_key(&[], "visits") };
    let fkey = constraint("stays", "stays_fkey", ConstraintDefinition::ForeignKey(key));
    let fkey = Constraint { period: true, enforced: false, ..fkey };
    script.create(Resource::Constraint(fkey.clone()));
    script.alter(Resource::Constraint(Constraint { enforced: true, ..fkey.clone() }));
    script.alter(Resource::Constraint(fkey));
}
