//! What a resource is, in one line of SQL as `psql` would show it: for people, never to be executed.

use djogi_core::Kind;
use djogi_core::ident::{Ident, IdentList, Literal};
use djogi_core::kind::{
    Column, ColumnOrigin, Constraint, ConstraintDefinition, Deferrable, EnumType, Exclusion, Extension,
    ForeignKey, Generated, GeneratedStorage, Identity, IdentityMode, Index, IndexElement, IndexKey, Lineage,
    MatchType, NotNull, Parameters, PartitionKey, ReferentialAction, Sequence, SequenceOptions,
    SequenceOwner, SequenceType, Table,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::summary::summary;

/// A resource as plan documents hold it, read back.
pub(crate) enum Definition {
    Table(Box<Table>),
    /// Anything that one line can say.
    Line(String),
    /// Nothing but its name.
    Empty,
}

impl Definition {
    /// Reads the body of a change. One that does not read as its kind, which no djogi of this version writes,
    /// is shown as JSON.
    pub(crate) fn of(kind: Kind, body: &Value) -> Self {
        let line = match kind {
            Kind::Table => match read::<Table>(body) {
                Some(table) => return Definition::Table(Box::new(table)),
                None => None,
            },
            Kind::Schema => return Definition::Empty,
            Kind::Column => read(body).map(|column| self::column(&column)),
            Kind::Constraint => read(body).map(|constraint| self::constraint(&constraint)),
            Kind::Index => read(body).map(|index: Index| {
                let table = index.table_name();
                self::index(&index).replacen("INDEX", &format!("INDEX ON {table}"), 1)
            }),
            Kind::Enum => read(body).map(|r#enum: EnumType| labels(&r#enum.labels).join(", ")),
            Kind::Sequence => read(body).map(|sequence| self::sequence(&sequence)),
            Kind::Extension => read(body).map(|extension| self::extension(&extension)),
            other => summary(other, body),
        };
        let line = line.unwrap_or_else(|| body.to_string());
        if line.is_empty() { Definition::Empty } else { Definition::Line(line) }
    }
}

/// The definition of a constraint or index that is shown together with its table.
pub(crate) fn of_member(kind: Kind, body: &Value) -> String {
    let line = match kind {
        Kind::Index => read(body).map(|index| self::index(&index)),
        _ => read(body).map(|constraint| self::constraint(&constraint)),
    };
    line.unwrap_or_else(|| body.to_string())
}

/// Reads one JSON value as a part of a resource.
pub(crate) fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

/// Type, collation, `NOT NULL`, and where values come from.
pub(crate) fn column(column: &Column) -> String {
    let mut text = column.data_type.clone();
    let modifiers = column_modifiers(column);
    if !modifiers.is_empty() {
        text.push(' ');
        text.push_str(&modifiers);
    }
    text
}

/// Everything about a column but its type.
pub(crate) fn column_modifiers(column: &Column) -> String {
    let mut words = Vec::new();
    if let Some(collation) = &column.collation {
        words.push(format!("COLLATE {collation}"));
    }
    if column.not_null {
        words.push(not_null(&column.not_null_constraint));
    }
    if let Some(default) = &column.default {
        words.push(format!("DEFAULT {default}"));
    }
    words.extend(column.identity.as_ref().map(|identity| {
        let data_type = SequenceType::of_column(&column.data_type).unwrap_or(SequenceType::Bigint);
        with_options(identity_mode(identity), &identity.options, data_type)
    }));
    words.extend(column.generated.as_ref().map(generated));
    words.join(" ")
}

/// Of which tables a table is a part, and how it is partitioned itself, a line each as `CREATE TABLE` has them.
pub(crate) fn family(table: &Table) -> Vec<String> {
    lineage(&table.lineage).into_iter().chain(table.partition_by.as_ref().map(partition_key)).collect()
}

/// `PARTITION OF` with the bound, or `INHERITS`.
pub(crate) fn lineage(lineage: &Lineage) -> Option<String> {
    match lineage {
        Lineage::None => None,
        Lineage::Partition { of, bound, detach_pending } => {
            let pending = if *detach_pending { ", half detached" } else { "" };
            Some(format!("PARTITION OF {of} {}{pending}", bound.as_sql()))
        }
        Lineage::Inherits(parents) => {
            let parents: Vec<String> = parents.iter().map(ToString::to_string).collect();
            Some(format!("INHERITS ({})", parents.join(", ")))
        }
    }
}

pub(crate) fn partition_key(key: &PartitionKey) -> String {
    format!("PARTITION BY {}", key.as_sql())
}

/// `NOT NULL` with its name, unless that is the one that PostgreSQL chooses, or that of a parent.
pub(crate) fn not_null(constraint: &NotNull) -> String {
    let name = constraint.name.iter().filter(|_| constraint.origin != ColumnOrigin::Inherited);
    let mut words: Vec<String> = name.map(|name| format!("CONSTRAINT {name}")).collect();
    words.push("NOT NULL".to_owned());
    words.extend(constraint.no_inherit.then(|| "NO INHERIT".to_owned()));
    words.extend((!constraint.validated).then(|| "NOT VALID".to_owned()));
    words.join(" ")
}

/// `GENERATED ... AS IDENTITY` without its sequence options.
pub(crate) fn identity_mode(identity: &Identity) -> &'static str {
    match identity.mode {
        IdentityMode::Always => "GENERATED ALWAYS AS IDENTITY",
        IdentityMode::ByDefault => "GENERATED BY DEFAULT AS IDENTITY",
    }
}

/// `GENERATED ALWAYS AS (...)`.
pub(crate) fn generated(generated: &Generated) -> String {
    let storage = match generated.storage {
        GeneratedStorage::Stored => "STORED",
        GeneratedStorage::Virtual => "VIRTUAL",
    };
    format!("GENERATED ALWAYS AS {} {storage}", in_parentheses(generated.expression.as_str()))
}

/// The constraint without its name.
pub(crate) fn constraint(constraint: &Constraint) -> String {
    let overlaps = if constraint.period { " WITHOUT OVERLAPS" } else { "" };
    let mut text = match &constraint.definition {
        ConstraintDefinition::PrimaryKey { columns, include } => {
            format!("PRIMARY KEY ({}{overlaps}){}", IdentList(columns), including(include))
        }
        ConstraintDefinition::Unique { columns, include, nulls_not_distinct } => {
            let nulls = if *nulls_not_distinct { "NULLS NOT DISTINCT " } else { "" };
            format!("UNIQUE {nulls}({}{overlaps}){}", IdentList(columns), including(include))
        }
        ConstraintDefinition::Check { expression, no_inherit } => {
            let inherit = if *no_inherit { " NO INHERIT" } else { "" };
            format!("CHECK {}{inherit}", in_parentheses(expression.as_str()))
        }
        ConstraintDefinition::ForeignKey(key) => foreign_key(key, constraint.period),
        ConstraintDefinition::Exclusion(exclusion) => self::exclusion(exclusion),
    };
    text.push_str(&parameters(&constraint.options));
    text.push_str(match constraint.deferrable {
        Deferrable::NotDeferrable => "",
        Deferrable::InitiallyImmediate => " DEFERRABLE",
        Deferrable::InitiallyDeferred => " DEFERRABLE INITIALLY DEFERRED",
    });
    if !constraint.enforced {
        text.push_str(" NOT ENFORCED");
    }
    if !constraint.validated {
        text.push_str(" NOT VALID");
    }
    text
}

fn foreign_key(key: &ForeignKey, has_period: bool) -> String {
    let columns = |columns: &[Ident]| match columns.split_last() {
        Some((last, [])) if has_period => format!("PERIOD {last}"),
        Some((last, others)) if has_period => format!("{}, PERIOD {last}", IdentList(others)),
        _ => IdentList(columns).to_string(),
    };
    let mut text = format!(
        "FOREIGN KEY ({}) REFERENCES {} ({})",
        columns(&key.columns),
        key.references,
        columns(&key.referenced_columns)
    );
    if key.match_type == MatchType::Full {
        text.push_str(" MATCH FULL");
    }
    for (event, action) in [("UPDATE", key.on_update), ("DELETE", key.on_delete)] {
        if action != ReferentialAction::NoAction {
            text.push_str(&format!(" ON {event} {}", action.as_sql()));
        }
    }
    if !key.on_delete_columns.is_empty() {
        text.push_str(&format!(" ({})", IdentList(&key.on_delete_columns)));
    }
    text
}

fn exclusion(exclusion: &Exclusion) -> String {
    let elements: Vec<String> = exclusion
        .elements
        .iter()
        .map(|element| format!("{} WITH {}", index_element(&element.element), element.operator))
        .collect();
    let predicate = exclusion.predicate.as_ref();
    let filter = predicate.map_or_else(String::new, |p| format!(" WHERE {}", in_parentheses(p.as_str())));
    format!("EXCLUDE USING {} ({}){filter}", exclusion.method, elements.join(", "))
}

/// The index without its name and table.
pub(crate) fn index(index: &Index) -> String {
    let mut text = String::from(if index.unique { "UNIQUE INDEX" } else { "INDEX" });
    if index.method.as_str() != "btree" {
        text.push_str(&format!(" USING {}", index.method));
    }
    text.push_str(&format!(" ({}){}", elements(&index.elements), including(&index.include)));
    if index.nulls_not_distinct {
        text.push_str(" NULLS NOT DISTINCT");
    }
    text.push_str(&parameters(&index.options));
    if let Some(predicate) = &index.predicate {
        text.push_str(&format!(" WHERE {}", in_parentheses(predicate.as_str())));
    }
    if !index.valid {
        text.push_str(" (invalid)");
    }
    text
}

fn parameters(options: &Parameters) -> String {
    let options: Vec<String> = options.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if options.is_empty() { String::new() } else { format!(" WITH ({})", options.join(", ")) }
}

/// Index elements, separated by commas.
pub(crate) fn elements(elements: &[IndexElement]) -> String {
    elements.iter().map(index_element).collect::<Vec<_>>().join(", ")
}

fn index_element(element: &IndexElement) -> String {
    let mut text = match &element.key {
        IndexKey::Column(name) => name.to_string(),
        IndexKey::Expression(expression) => expression.to_string(),
    };
    if let Some(collation) = &element.collation {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(class) = &element.operator_class {
        text.push_str(&format!(" {}", class.name));
    }
    if element.descending {
        text.push_str(" DESC");
    }
    // The default of both directions is that nulls count as the greatest values.
    match (element.descending, element.nulls_first) {
        (false, true) => text.push_str(" NULLS FIRST"),
        (true, false) => text.push_str(" NULLS LAST"),
        (false, false) | (true, true) => {}
    }
    text
}

/// Enum labels as literals.
pub(crate) fn labels(labels: &[String]) -> Vec<String> {
    labels.iter().map(|label| Literal(label).to_string()).collect()
}

fn sequence(sequence: &Sequence) -> String {
    let mut text = with_options(sequence.data_type.as_str(), &sequence.options, sequence.data_type);
    if let Some(owner) = &sequence.owned_by {
        text.push_str(&format!(" OWNED BY {}", self::owner(owner)));
    }
    text
}

/// The column that owns a sequence.
pub(crate) fn owner(owner: &SequenceOwner) -> String {
    format!("{}.{}", owner.table, owner.column)
}

/// The options that differ from what `CREATE SEQUENCE` chooses by itself.
fn with_options(head: &str, options: &SequenceOptions, data_type: SequenceType) -> String {
    let usual = SequenceOptions::default_for(data_type);
    let numbers = [
        ("START", options.start, usual.start),
        ("INCREMENT", options.increment, usual.increment),
        ("MINVALUE", options.min, usual.min),
        ("MAXVALUE", options.max, usual.max),
        ("CACHE", options.cache, usual.cache),
    ];
    let mut words = vec![head.to_owned()];
    let unusual = numbers.iter().filter(|(_, value, usual)| value != usual);
    words.extend(unusual.map(|(word, value, _)| format!("{word} {value}")));
    words.extend(options.cycle.then(|| "CYCLE".to_owned()));
    words.join(" ")
}

fn extension(extension: &Extension) -> String {
    let version = extension.version.as_ref().map(|version| format!("version {version}"));
    let schema = extension.schema.as_ref().map(|schema| format!("in schema {schema}"));
    version.into_iter().chain(schema).collect::<Vec<_>>().join(" ")
}

fn including(columns: &[Ident]) -> String {
    if columns.is_empty() { String::new() } else { format!(" INCLUDE ({})", IdentList(columns)) }
}

/// PostgreSQL prints most expressions with parentheses of their own; a second pair would only be noise.
fn in_parentheses(expression: &str) -> String {
    if is_one_group(expression) { expression.to_owned() } else { format!("({expression})") }
}

/// Whether the first parenthesis is closed by the last character. Quoted text counts as text.
fn is_one_group(expression: &str) -> bool {
    let mut depth = 0_i32;
    let mut quote = None;
    for (at, c) in expression.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
        if depth == 0 && at + c.len_utf8() < expression.len() {
            return false;
        }
    }
    expression.starts_with('(') && depth == 0 && quote.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pair_of_parentheses_is_enough() {
        assert_eq!(in_parentheses("((a > 0) AND (b > 0))"), "((a > 0) AND (b > 0))");
        assert_eq!(in_parentheses("(a > 0) AND (b > 0)"), "((a > 0) AND (b > 0))");
        assert_eq!(in_parentheses("(a <> ')'::text)"), "(a <> ')'::text)");
        assert_eq!(in_parentheses("a > 0"), "(a > 0)");
    }

    #[test]
    fn a_body_of_another_kind_is_shown_as_it_is() {
        let Definition::Line(line) = Definition::of(Kind::Index, &serde_json::json!({"odd": 1})) else {
            panic!("one line was expected");
        };
        assert_eq!(line, r#"{"odd":1}"#);
    }
}
