//! What types, views, routines and the like are, in one line each.

use djogi_core::Kind;
use djogi_core::ident::IdentList;
use djogi_core::kind::{
    Aggregate, Collation, Composite, Domain, EventTrigger, Firing, MaterializedView, Policy, Publication,
    PublishedTable, Range, Routine, Rule, Statistics, Trigger, View,
};
use serde_json::Value;

use super::definition::read;
use super::rights;

/// The body of a change of a kind that is neither a table nor a part of one that holds data; `None` when it does not
/// read as its kind.
pub(crate) fn summary(kind: Kind, body: &Value) -> Option<String> {
    let text = match kind {
        Kind::View => read(body).map(|view: View| view.definition.to_string()),
        Kind::MaterializedView => read(body).map(|view: MaterializedView| view.definition.to_string()),
        Kind::Function | Kind::Procedure => read(body).map(|routine: Routine| routine.definition),
        Kind::Aggregate => read(body).map(|aggregate| self::aggregate(&aggregate)),
        Kind::Trigger => read(body).map(|trigger| self::trigger(&trigger)),
        Kind::Rule => read(body).map(|rule: Rule| format!("{}{}", rule.definition, firing(rule.firing))),
        Kind::Policy => read(body).map(|policy| self::policy(&policy)),
        Kind::EventTrigger => read(body).map(|trigger| event_trigger(&trigger)),
        Kind::Publication => read(body).map(|publication| self::publication(&publication)),
        kind if kind.is_grant() => read(body).map(|grant| rights::grant(&grant)),
        kind if kind.is_default_privilege() => read(body).map(|privilege| rights::defaults(&privilege)),
        Kind::Domain => read(body).map(|domain| self::domain(&domain)),
        Kind::Composite => read(body).map(|composite| self::composite(&composite)),
        Kind::Range => read(body).map(|range: Range| format!("of {}", range.subtype)),
        Kind::Collation => read(body).map(|collation| self::collation(&collation)),
        Kind::Statistics => read(body).map(|statistics: Statistics| {
            format!("{} ON {} FROM {}", statistics.kinds.join(", "), statistics.columns, statistics.table)
        }),
        Kind::Schema
        | Kind::Extension
        | Kind::Enum
        | Kind::Sequence
        | Kind::Table
        | Kind::Column
        | Kind::Constraint
        | Kind::Index
        | Kind::Grant
        | Kind::SchemaGrant
        | Kind::RoutineGrant
        | Kind::TypeGrant
        | Kind::LanguageGrant
        | Kind::WrapperGrant
        | Kind::ServerGrant
        | Kind::DefaultPrivilege
        | Kind::SchemaDefaultPrivilege => None,
    };
    text.map(|text| one_line(&text))
}

/// The text with each run of white space as one blank.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn aggregate(aggregate: &Aggregate) -> String {
    let option = |(name, value): &(String, Option<String>)| match value {
        Some(value) => format!("{name} = {value}"),
        None => name.clone(),
    };
    format!("({})", aggregate.options.iter().map(option).collect::<Vec<_>>().join(", "))
}

fn trigger(trigger: &Trigger) -> String {
    let constraint = if trigger.constraint { "CONSTRAINT " } else { "" };
    format!("{constraint}{} {}{}", trigger.event, trigger.action, firing(trigger.firing))
}

fn firing(firing: Firing) -> &'static str {
    match firing {
        Firing::Origin => "",
        Firing::Replica => " (on replicas)",
        Firing::Always => " (always)",
        Firing::Disabled => " (disabled)",
    }
}

fn event_trigger(trigger: &EventTrigger) -> String {
    let EventTrigger { event, tags, function, .. } = trigger;
    let tags = if tags.is_empty() { String::new() } else { format!(" of {}", tags.join(", ")) };
    format!("ON {event}{tags} EXECUTE {function}(){}", firing(trigger.firing))
}

fn publication(publication: &Publication) -> String {
    let mut objects: Vec<String> = publication.tables.iter().map(published).collect();
    objects.extend(publication.schemas.iter().map(|schema| format!("all of {schema}")));
    let of = match publication {
        Publication { all_tables: true, .. } => "ALL TABLES".to_owned(),
        _ if objects.is_empty() => "nothing".to_owned(),
        _ => objects.join(", "),
    };
    let mut words = vec![format!("FOR {of}")];
    let is_usual = publication.insert && publication.update && publication.delete && publication.truncate;
    words.extend((!is_usual).then(|| format!("only {}", publication.operations())));
    words.extend(publication.via_partition_root.then(|| "via the partition root".to_owned()));
    words.extend(publication.generated_columns.then(|| "with generated columns".to_owned()));
    words.join(", ")
}

/// A table of a publication, with what of it is published.
pub(crate) fn published(PublishedTable { table, columns, filter }: &PublishedTable) -> String {
    let columns = if columns.is_empty() { String::new() } else { format!(" ({})", IdentList(columns)) };
    let filter = filter.as_ref().map_or_else(String::new, |filter| format!(" WHERE {filter}"));
    format!("{table}{columns}{filter}")
}

fn policy(policy: &Policy) -> String {
    let mut words = vec![if policy.permissive { "PERMISSIVE" } else { "RESTRICTIVE" }.to_owned()];
    words.push(format!("FOR {}", policy.command.as_sql()));
    if !policy.roles.is_empty() {
        let roles: Vec<String> = policy.roles.iter().map(ToString::to_string).collect();
        words.push(format!("TO {}", roles.join(", ")));
    }
    words.extend(policy.using.as_ref().map(|using| format!("USING {using}")));
    words.extend(policy.check.as_ref().map(|check| format!("WITH CHECK {check}")));
    words.join(" ")
}

fn domain(domain: &Domain) -> String {
    let mut words = vec![domain.data_type.clone()];
    words.extend(domain.collation.as_ref().map(|collation| format!("COLLATE {collation}")));
    words.extend(domain.default.as_ref().map(|default| format!("DEFAULT {default}")));
    words.extend(domain.not_null.then(|| "NOT NULL".to_owned()));
    words.extend(domain.constraints.iter().map(|constraint| format!("CHECK {}", constraint.expression)));
    words.join(" ")
}

fn composite(composite: &Composite) -> String {
    let attributes = composite.attributes.iter();
    let attributes: Vec<String> = attributes.map(|a| format!("{} {}", a.name, a.data_type)).collect();
    format!("({})", attributes.join(", "))
}

fn collation(collation: &Collation) -> String {
    let mut words = vec![collation.provider.clone()];
    words.extend(collation.locale.clone());
    words.extend(collation.lc_collate.as_ref().map(|text| format!("lc_collate {text}")));
    words.extend(collation.lc_ctype.as_ref().map(|text| format!("lc_ctype {text}")));
    words.extend((!collation.deterministic).then(|| "not deterministic".to_owned()));
    words.join(" ")
}
