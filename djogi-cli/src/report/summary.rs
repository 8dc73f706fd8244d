//! What types, views, routines and the like are, in one line each.

use std::collections::BTreeMap;

use djogi_core::Kind;
use djogi_core::ident::{IdentList, Literal, QualifiedName};
use djogi_core::kind::{
    Aggregate, Cast, CastContext, CastMethod, Collation, Composite, Conversion, Domain, EventTrigger,
    FamilyMember, Fill, Firing, ForeignDataWrapper, ForeignOption, ForeignServer, ForeignSource, Language,
    MaterializedView, Migration, MigrationStep, Operator, OperatorClass, OperatorFamily, Policy, Publication,
    PublishedTable, Range, Retype, Routine, Rule, Seed, Statistics, Subscription, TextSearchConfiguration,
    TextSearchDictionary, TextSearchParser, TextSearchTemplate, Transform, Trigger, UserMapping, View,
};
use serde_json::Value;

use super::definition::read;
use super::{rights, style};

/// The body of a change of a kind that is neither a table nor a part of one that holds data; `None` when it does not
/// read as its kind.
pub(crate) fn summary(kind: Kind, body: &Value) -> Option<String> {
    let text = match kind {
        Kind::View => read(body).map(|view: View| view.definition.to_string()),
        Kind::MaterializedView => read(body).map(|view: MaterializedView| view.definition.to_string()),
        Kind::Function | Kind::Procedure => read(body).map(|routine: Routine| routine.definition),
        Kind::Aggregate => read(body).map(|aggregate| self::aggregate(&aggregate)),
        Kind::Operator => read(body).map(|operator| self::operator(&operator)),
        Kind::OperatorFamily => read(body).map(|family: OperatorFamily| members(&family.members)),
        Kind::OperatorClass => read(body).map(|class| operator_class(&class)),
        Kind::Cast => read(body).map(|cast| self::cast(&cast)),
        Kind::TextSearchParser => read(body).map(|parser: TextSearchParser| functions(&parser.functions)),
        Kind::TextSearchTemplate => {
            read(body).map(|template: TextSearchTemplate| functions(&template.functions))
        }
        Kind::TextSearchDictionary => read(body).map(|dictionary| self::dictionary(&dictionary)),
        Kind::TextSearchConfiguration => read(body).map(|configuration| self::configuration(&configuration)),
        Kind::Conversion => read(body).map(|conversion| self::conversion(&conversion)),
        Kind::Language => read(body).map(|language| self::language(&language)),
        Kind::Transform => read(body).map(|transform| self::transform(&transform)),
        Kind::Trigger => read(body).map(|trigger| self::trigger(&trigger)),
        Kind::Rule => read(body).map(|rule: Rule| format!("{}{}", rule.definition, firing(rule.firing))),
        Kind::Policy => read(body).map(|policy| self::policy(&policy)),
        Kind::EventTrigger => read(body).map(|trigger| event_trigger(&trigger)),
        Kind::Publication => read(body).map(|publication| self::publication(&publication)),
        Kind::Subscription => read(body).map(|subscription| self::subscription(&subscription)),
        Kind::ForeignDataWrapper => read(body).map(|wrapper| foreign_data_wrapper(&wrapper)),
        Kind::ForeignServer => read(body).map(|server| foreign_server(&server)),
        Kind::UserMapping => read(body).map(|mapping: UserMapping| foreign_options(&mapping.options)),
        kind if kind.is_grant() => read(body).map(|grant| rights::grant(&grant)),
        kind if kind.is_default_privilege() => read(body).map(|privilege| rights::defaults(&privilege)),
        Kind::Domain => read(body).map(|domain| self::domain(&domain)),
        Kind::Composite => read(body).map(|composite| self::composite(&composite)),
        Kind::Range => read(body).map(|range: Range| format!("of {}", range.subtype)),
        Kind::Collation => read(body).map(|collation| self::collation(&collation)),
        Kind::Statistics => read(body).map(|statistics: Statistics| {
            format!("{} ON {} FROM {}", statistics.kinds.join(", "), statistics.columns, statistics.table)
        }),
        Kind::Seed => read(body).map(|seed: Seed| {
            let rows = style::count(usize::try_from(seed.rows).unwrap_or(usize::MAX), "row");
            format!("{rows} of {} BY ({})", seed.table, IdentList(&seed.key))
        }),
        Kind::Migration => read(body).map(|migration: Migration| match migration {
            Migration::Retype(Retype { table, column, from, to, .. }) => {
                format!("{table}.{column} from {from} to {to}")
            }
            Migration::Fill(Fill { table, column, value, .. }) => {
                format!("{table}.{column} filled with {value}")
            }
        }),
        Kind::MigrationStep => read(body).map(|step: MigrationStep| {
            let made: Vec<String> = step.made.iter().map(ToString::to_string).collect();
            made.join(", ")
        }),
        Kind::Role => read(body).map(|role| rights::role(&role)),
        Kind::RoleGrant => read(body).map(|grant| rights::role_grant(&grant)),
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

fn operator(operator: &Operator) -> String {
    let mut words = vec![operator.function.clone()];
    words.extend(operator.commutator.as_ref().map(|other| format!("COMMUTATOR {}", other.name.as_str())));
    words.extend(operator.negator.as_ref().map(|other| format!("NEGATOR {}", other.name.as_str())));
    words.extend(operator.restrict.as_ref().map(|function| format!("RESTRICT {function}")));
    words.extend(operator.join.as_ref().map(|function| format!("JOIN {function}")));
    words.extend(operator.hashes.then(|| "HASHES".to_owned()));
    words.extend(operator.merges.then(|| "MERGES".to_owned()));
    words.join(" ")
}

fn members(members: &[FamilyMember]) -> String {
    let members = members.iter().map(|member| format!("{} {}", member.name, member.value));
    format!("({})", members.collect::<Vec<_>>().join(", "))
}

fn operator_class(class: &OperatorClass) -> String {
    let default = if class.default { "DEFAULT " } else { "" };
    format!("{default}FOR TYPE {} FAMILY {} {}", class.data_type, class.family, members(&class.members))
}

fn cast(cast: &Cast) -> String {
    let method = match &cast.method {
        CastMethod::Function(function) => format!("WITH FUNCTION {function}"),
        CastMethod::InOut => "WITH INOUT".to_owned(),
        CastMethod::Binary => "WITHOUT FUNCTION".to_owned(),
    };
    let context = match cast.context {
        CastContext::Explicit => "",
        CastContext::Assignment => " AS ASSIGNMENT",
        CastContext::Implicit => " AS IMPLICIT",
    };
    format!("{method}{context}")
}

fn functions(functions: &BTreeMap<String, String>) -> String {
    let functions = functions.iter().map(|(role, function)| format!("{role} = {function}"));
    format!("({})", functions.collect::<Vec<_>>().join(", "))
}

fn dictionary(dictionary: &TextSearchDictionary) -> String {
    format!("TEMPLATE {} {}", dictionary.template, functions(&dictionary.options))
}

fn configuration(configuration: &TextSearchConfiguration) -> String {
    let mappings = configuration.mappings.iter().map(|(token, dictionaries)| {
        let dictionaries: Vec<String> = dictionaries.iter().map(ToString::to_string).collect();
        format!("{token} WITH {}", dictionaries.join(", "))
    });
    format!("PARSER {} ({})", configuration.parser, mappings.collect::<Vec<_>>().join("; "))
}

fn conversion(conversion: &Conversion) -> String {
    let Conversion { source, destination, function, default, .. } = conversion;
    let default = if *default { " (default)" } else { "" };
    format!("FOR {source} TO {destination} FROM {function}{default}")
}

fn language(language: &Language) -> String {
    let mut words = vec![format!("HANDLER {}", language.handler)];
    words.extend(language.inline.as_ref().map(|name| format!("INLINE {name}")));
    words.extend(language.validator.as_ref().map(|name| format!("VALIDATOR {name}")));
    words.extend(language.trusted.then(|| "TRUSTED".to_owned()));
    words.join(" ")
}

fn transform(transform: &Transform) -> String {
    let from = transform.from_sql.iter().map(|function| format!("FROM SQL {function}"));
    let to = transform.to_sql.iter().map(|function| format!("TO SQL {function}"));
    from.chain(to).collect::<Vec<_>>().join(", ")
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

fn foreign_data_wrapper(wrapper: &ForeignDataWrapper) -> String {
    let function = |word: &str, name: &QualifiedName| format!("{word} {name}");
    let mut words: Vec<String> = Vec::new();
    words.extend(wrapper.handler.as_ref().map(|name| function("HANDLER", name)));
    words.extend(wrapper.validator.as_ref().map(|name| function("VALIDATOR", name)));
    words.push(foreign_options(&wrapper.options));
    words.join(" ")
}

fn foreign_server(server: &ForeignServer) -> String {
    let mut words = vec![format!("of {}", server.wrapper)];
    words.extend(server.server_type.as_ref().map(|text| format!("TYPE {}", Literal(text))));
    words.extend(server.version.as_ref().map(|text| format!("VERSION {}", Literal(text))));
    words.push(foreign_options(&server.options));
    words.join(" ")
}

/// Where the rows of a foreign table are.
pub(crate) fn foreign_source(source: &ForeignSource) -> String {
    format!("foreign, of {} {}", source.server, foreign_options(&source.options)).trim_end().to_owned()
}

fn foreign_options(options: &[ForeignOption]) -> String {
    let options: Vec<String> = options.iter().map(foreign_option).collect();
    if options.is_empty() { String::new() } else { format!("OPTIONS ({})", options.join(", ")) }
}

/// An option with its value, unless that is secret.
pub(crate) fn foreign_option(option: &ForeignOption) -> String {
    match &option.value {
        Some(value) => format!("{} {}", option.name, Literal(value)),
        None => format!("{} (secret)", option.name),
    }
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

fn subscription(subscription: &Subscription) -> String {
    let Subscription { publications, slot, .. } = subscription;
    let slot = slot.as_ref().map_or_else(|| "no slot".to_owned(), |slot| format!("slot {slot}"));
    format!("TO {}, {slot}", IdentList(publications))
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
