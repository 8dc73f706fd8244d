//! Types, views, routines and what hangs on tables, in the golden script.

use std::collections::BTreeMap;

use super::fixtures::*;
use super::script::Script;
use crate::kind::*;

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// Creates, alters, renames and drops.
fn life(script: &mut Script, first: Resource, second: &Resource, renamed: &Resource) {
    script.create(first);
    script.alter(second.clone());
    script.rename(second, renamed.clone());
    script.drop(renamed);
}

pub(super) fn types(script: &mut Script) {
    script.title("types, collations, statistics");
    let domain = |name: &str| Domain {
        schema: ident("app"),
        name: ident(name),
        data_type: "integer".to_owned(),
        collation: None,
        not_null: false,
        not_null_constraint: NotNull::default(),
        default: None,
        constraints: Vec::new(),
        comment: None,
    };
    let check = |name: &str, expression: &str, validated| DomainConstraint {
        name: ident(name),
        expression: Expression::new(expression),
        validated,
        comment: text("why"),
    };
    let strict = Domain {
        not_null: true,
        default: Some(Expression::new("7")),
        constraints: vec![check("later", "(VALUE <> 5)", false), check("positive", "(VALUE > 0)", true)],
        comment: text("it's"),
        ..domain("amount")
    };
    life(
        script,
        Resource::Domain(domain("amount")),
        &Resource::Domain(strict),
        &Resource::Domain(domain("Amount")),
    );

    let attribute = |name: &str, data_type: &str| CompositeAttribute {
        name: ident(name),
        data_type: data_type.to_owned(),
        collation: None,
        comment: None,
    };
    let composite = |name: &str, attributes| Composite {
        schema: ident("app"),
        name: ident(name),
        attributes,
        comment: None,
    };
    let collated = CompositeAttribute {
        collation: Some(super::fixtures::name("pg_catalog", "C")),
        comment: text("z"),
        ..attribute("z", "text")
    };
    life(
        script,
        Resource::Composite(composite("pair", vec![attribute("x", "integer"), attribute("y", "text")])),
        &Resource::Composite(composite("pair", vec![attribute("x", "bigint"), collated])),
        &Resource::Composite(composite("couple", Vec::new())),
    );

    let range = |name: &str, comment| Range {
        schema: ident("app"),
        name: ident(name),
        subtype: "text".to_owned(),
        operator_class: Some(super::fixtures::name("pg_catalog", "text_pattern_ops")),
        collation: Some(super::fixtures::name("pg_catalog", "C")),
        canonical: None,
        subtype_diff: None,
        multirange: super::fixtures::name("app", &format!("{name}_many")),
        comment,
    };
    life(
        script,
        Resource::Range(range("words", None)),
        &Resource::Range(range("words", text("a to z"))),
        &Resource::Range(range("terms", None)),
    );

    let collation = |name: &str, comment| Collation {
        schema: ident("app"),
        name: ident(name),
        provider: "icu".to_owned(),
        deterministic: false,
        locale: text("de-u-co-phonebk"),
        lc_collate: None,
        lc_ctype: None,
        rules: None,
        comment,
    };
    life(
        script,
        Resource::Collation(collation("german", None)),
        &Resource::Collation(collation("german", text("as in the phone book"))),
        &Resource::Collation(collation("German", None)),
    );

    script.create_table(table("seen", vec![column("a", "integer"), column("b", "text")]), &[]);
    let statistics = |name: &str, target| Statistics {
        schema: ident("app"),
        name: ident(name),
        table: super::fixtures::name("app", "seen"),
        kinds: vec!["dependencies".to_owned(), "mcv".to_owned()],
        columns: "a, lower(b)".to_owned(),
        target,
        comment: None,
    };
    life(
        script,
        Resource::Statistics(statistics("seen_stats", None)),
        &Resource::Statistics(statistics("seen_stats", Some(50))),
        &Resource::Statistics(statistics("stats", None)),
    );
}

pub(super) fn code(script: &mut Script) {
    script.title("routines");
    let routine = |name: &str, body: &str, comment| Routine {
        schema: ident("app"),
        name: ident(name),
        kind: RoutineKind::Function,
        arguments: "integer".to_owned(),
        signature: "x integer".to_owned(),
        defaults: 0,
        parameters: "x integer".to_owned(),
        returns: text("integer"),
        definition: format!(" RETURNS integer\n LANGUAGE sql\n IMMUTABLE\nAS $function${body}$function$\n"),
        comment,
    };
    life(
        script,
        Resource::Routine(routine("twice", "SELECT 2 * x", None)),
        &Resource::Routine(routine("twice", "SELECT x + x", text("doubles"))),
        &Resource::Routine(routine("Twice", "SELECT x + x", None)),
    );
    let options = |pairs: &[(&str, &str)]| -> Vec<(String, Option<String>)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), text(value))).collect()
    };
    let aggregate = |name: &str, options, comment| Aggregate {
        schema: ident("app"),
        name: ident(name),
        arguments: "integer".to_owned(),
        parameters: "integer".to_owned(),
        returns: "integer".to_owned(),
        sort: "normal".to_owned(),
        options,
        comment,
    };
    let plain = options(&[("SFUNC", "int4pl"), ("STYPE", "integer")]);
    let started = options(&[("SFUNC", "int4pl"), ("STYPE", "integer"), ("INITCOND", "'0'")]);
    life(
        script,
        Resource::Aggregate(aggregate("total", plain.clone(), None)),
        &Resource::Aggregate(aggregate("total", started, text("sum"))),
        &Resource::Aggregate(aggregate("sum_of", plain, None)),
    );

    script.title("views");
    let view_column = |name: &str| ViewColumn {
        name: ident(name),
        data_type: "integer".to_owned(),
        collation: None,
        default: None,
        comment: None,
    };
    let view = |name: &str, columns, definition: &str| View {
        schema: ident("app"),
        name: ident(name),
        columns,
        definition: Expression::new(definition),
        options: BTreeMap::new(),
        comment: None,
    };
    let first = view("shown", vec![view_column("a")], "SELECT seen.a\n   FROM app.seen");
    let secured = View {
        options: parameters(&[("security_barrier", "true")]),
        comment: text("shown"),
        ..first.clone()
    };
    let wide = ViewColumn { default: Some(Expression::new("1")), comment: text("one"), ..view_column("n") };
    let wide = view("shown", vec![view_column("a"), wide], "SELECT seen.a,\n    1 AS n\n   FROM app.seen");
    script.create(Resource::View(first));
    script.alter(Resource::View(secured));
    script.alter(Resource::View(wide.clone()));
    let renamed = View { name: ident("Shown"), ..wide.clone() };
    script.rename(&Resource::View(wide), Resource::View(renamed.clone()));
    script.drop(&Resource::View(renamed));
    let materialized = |name: &str, options, comment| MaterializedView {
        schema: ident("app"),
        name: ident(name),
        columns: vec![view_column("a")],
        definition: Expression::new("SELECT seen.a\n   FROM app.seen"),
        options,
        access_method: None,
        tablespace: None,
        comment,
    };
    life(
        script,
        Resource::MaterializedView(materialized("kept", BTreeMap::new(), None)),
        &Resource::MaterializedView(materialized("kept", parameters(&[("fillfactor", "70")]), text("rows"))),
        &Resource::MaterializedView(materialized("stored", BTreeMap::new(), None)),
    );

    script.title("triggers, rules, policies");
    let fires = Routine {
        returns: text("trigger"),
        arguments: String::new(),
        signature: String::new(),
        parameters: String::new(),
        definition: " RETURNS trigger\n LANGUAGE plpgsql\nAS $function$BEGIN RETURN NEW; END$function$\n"
            .to_owned(),
        ..routine("fires", "", None)
    };
    script.create(Resource::Routine(fires.clone()));
    let trigger = |name: &str, event: &str, firing, comment| Trigger {
        schema: ident("app"),
        table: ident("seen"),
        name: ident(name),
        constraint: false,
        event: event.to_owned(),
        action: "FOR EACH ROW EXECUTE FUNCTION app.fires()".to_owned(),
        firing,
        parent: None,
        comment,
    };
    life(
        script,
        Resource::Trigger(trigger("guard", "BEFORE INSERT", Firing::Origin, None)),
        &Resource::Trigger(trigger("guard", "BEFORE UPDATE OF a", Firing::Always, text("keeps"))),
        &Resource::Trigger(trigger("Guard", "BEFORE UPDATE OF a", Firing::Always, None)),
    );
    let rule = |name: &str, definition: &str, firing, comment| Rule {
        schema: ident("app"),
        table: ident("seen"),
        name: ident(name),
        definition: definition.to_owned(),
        firing,
        comment,
    };
    life(
        script,
        Resource::Rule(rule("kept", "ON DELETE TO app.seen DO INSTEAD NOTHING", Firing::Origin, None)),
        &Resource::Rule(rule(
            "kept",
            "ON DELETE TO app.seen\n   WHERE (old.a > 1) DO INSTEAD NOTHING",
            Firing::Disabled,
            text("old ones stay"),
        )),
        &Resource::Rule(rule("stays", "ON DELETE TO app.seen DO INSTEAD NOTHING", Firing::Origin, None)),
    );
    let policy = |name: &str, roles: &[&str], using: &str, check: Option<&str>| Policy {
        schema: ident("app"),
        table: ident("seen"),
        name: ident(name),
        permissive: false,
        command: PolicyCommand::Update,
        roles: idents(roles),
        using: Some(Expression::new(using)),
        check: check.map(Expression::new),
        comment: None,
    };
    life(
        script,
        Resource::Policy(policy("own", &[], "(a > 0)", None)),
        &Resource::Policy(policy("own", &["pg_monitor"], "(a > 1)", Some("(b IS NOT NULL)"))),
        &Resource::Policy(policy("Own", &[], "(a > 1)", None)),
    );
    script.drop(&Resource::Routine(fires));

    script.title("properties");
    let seen = table("seen", vec![column("a", "integer"), column("b", "text")]);
    let mut unusual = seen.clone();
    unusual.properties = TableProperties {
        unlogged: true,
        options: parameters(&[("fillfactor", "70"), ("toast.autovacuum_enabled", "false")]),
        access_method: None,
        tablespace: None,
        replica_identity: ReplicaIdentity::Full,
        cluster_on: Some(ident("seen_b")),
        row_security: true,
        force_row_security: true,
    };
    unusual.columns[1].properties = ColumnProperties {
        storage: text("external"),
        compression: text("pglz"),
        statistics: Some(500),
        options: parameters(&[("n_distinct", "-0.5")]),
        foreign_options: Vec::new(),
    };
    script.time_passes(Some(500), 65_536);
    script.alter(Resource::Table(unusual.clone()));
    script.alter(Resource::Table(seen));
    script.create_table(Table { name: ident("unusual"), ..unusual }, &[]);
}
