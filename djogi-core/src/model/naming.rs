//! Names that PostgreSQL would choose for constraints and indexes that have none, so that a model without
//! names and a hand-written table agree. The rules are those of the server's `makeObjectName`,
//! `ChooseIndexName` and `ChooseConstraintName`.

use std::collections::{BTreeMap, BTreeSet};

use crate::ident::{Ident, MAX_IDENT_BYTES};
use crate::kind::{Constraint, ConstraintDefinition, Index, IndexElement, IndexKey};

/// What an automatic name ends in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    PrimaryKey,
    Unique,
    Exclusion,
    ForeignKey,
    Check,
    Index,
}

impl Label {
    fn as_str(self) -> &'static str {
        match self {
            Label::PrimaryKey => "pkey",
            Label::Unique => "key",
            Label::Exclusion => "excl",
            Label::ForeignKey => "fkey",
            Label::Check => "check",
            Label::Index => "idx",
        }
    }

    /// Whether the object is a relation, whose name no table or index of the schema may have.
    fn is_relation(self) -> bool {
        match self {
            Label::PrimaryKey | Label::Unique | Label::Exclusion | Label::Index => true,
            Label::ForeignKey | Label::Check => false,
        }
    }

    fn is_constraint(self) -> bool {
        self != Label::Index
    }
}

/// The names taken so far, by schema.
#[derive(Debug, Default)]
pub(super) struct Names {
    relations: BTreeMap<Ident, BTreeSet<String>>,
    constraints: BTreeMap<Ident, BTreeSet<String>>,
}

impl Names {
    /// Takes the name of a table.
    pub(super) fn take_table(&mut self, schema: &Ident, name: &Ident) {
        self.relations.entry(schema.clone()).or_default().insert(name.as_str().to_owned());
    }

    /// Takes a name that was given.
    pub(super) fn take(&mut self, schema: &Ident, label: Label, name: &str) {
        if label.is_relation() {
            self.relations.entry(schema.clone()).or_default().insert(name.to_owned());
        }
        if label.is_constraint() {
            self.constraints.entry(schema.clone()).or_default().insert(name.to_owned());
        }
    }

    /// Chooses and takes a name: `<table>_<columns>_<label>`, numbered until it is free.
    pub(super) fn choose(&mut self, schema: &Ident, table: &Ident, columns: &[&str], label: Label) -> Ident {
        // A primary key is alone on its table, so PostgreSQL leaves its columns out.
        let columns = if label == Label::PrimaryKey { String::new() } else { joined(columns) };
        let mut numbered = label.as_str().to_owned();
        for pass in 1_u32.. {
            let name = object_name(table.as_str(), &columns, &numbered);
            if self.is_free(schema, label, &name) {
                self.take(schema, label, &name);
                return Ident::new(name).expect("object_name keeps within the limits of its table's name");
            }
            numbered = format!("{}{pass}", label.as_str());
        }
        unreachable!("a schema has fewer objects than there are numbers")
    }

    fn is_free(&self, schema: &Ident, label: Label, name: &str) -> bool {
        let taken = |names: &BTreeMap<Ident, BTreeSet<String>>| {
            names.get(schema).is_some_and(|names| names.contains(name))
        };
        !(label.is_relation() && taken(&self.relations) || label.is_constraint() && taken(&self.constraints))
    }
}

/// The name that PostgreSQL chooses for an index, as long as it is free.
pub(crate) fn of_index(index: &Index) -> Option<String> {
    let columns = index_columns(index.elements.iter().map(key_name).chain(included(&index.include)));
    Some(of_columns(&index.table, &columns, Label::Index))
}

/// The same for the constraints that have an index.
pub(crate) fn of_key(constraint: &Constraint) -> Option<String> {
    let (columns, label) = match &constraint.definition {
        ConstraintDefinition::PrimaryKey { .. } => (Vec::new(), Label::PrimaryKey),
        ConstraintDefinition::Unique { columns, include, .. } => {
            (index_columns(included(columns).chain(included(include))), Label::Unique)
        }
        ConstraintDefinition::Exclusion(exclusion) => {
            let keys = exclusion.elements.iter().map(|element| key_name(&element.element));
            (index_columns(keys), Label::Exclusion)
        }
        ConstraintDefinition::Check { .. } | ConstraintDefinition::ForeignKey(_) => return None,
    };
    Some(of_columns(&constraint.table, &columns, label))
}

fn of_columns(table: &Ident, columns: &[String], label: Label) -> String {
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    object_name(table.as_str(), &joined(&columns), label.as_str())
}

fn key_name(element: &IndexElement) -> KeyName<'_> {
    match &element.key {
        IndexKey::Column(column) => KeyName::Column(column.as_str()),
        IndexKey::Expression(expression) => KeyName::Expression(expression.as_str()),
    }
}

fn included(columns: &[Ident]) -> impl Iterator<Item = KeyName<'_>> {
    columns.iter().map(|column| KeyName::Column(column.as_str()))
}

/// Column names as they enter an automatic name; those past the limit would be cut off anyway.
pub(crate) fn joined(columns: &[&str]) -> String {
    let mut joined = String::new();
    for column in columns {
        if joined.len() > MAX_IDENT_BYTES {
            break;
        }
        if !joined.is_empty() {
            joined.push('_');
        }
        joined.push_str(column);
    }
    clip(&joined, MAX_IDENT_BYTES).to_owned()
}

/// `first_second_label` in at most 63 bytes: the longer of the two names is cut, at a character boundary.
pub(crate) fn object_name(first: &str, second: &str, label: &str) -> String {
    let overhead = label.len() + 1 + usize::from(!second.is_empty());
    let available = MAX_IDENT_BYTES - overhead;
    let (mut first_len, mut second_len) = (first.len(), second.len());
    while first_len + second_len > available {
        if first_len > second_len {
            first_len -= 1;
        } else {
            second_len -= 1;
        }
    }
    let mut name = clip(first, first_len).to_owned();
    if !second.is_empty() {
        name.push('_');
        name.push_str(clip(second, second_len));
    }
    name.push('_');
    name.push_str(label);
    name
}

/// At most `bytes` bytes of whole characters.
fn clip(text: &str, bytes: usize) -> &str {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The names that the keys of an index give to its name. An expression is called after its function,
/// else `expr`; a repeated name is numbered.
pub(super) fn index_columns<'a>(keys: impl IntoIterator<Item = KeyName<'a>>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for key in keys {
        let base = match key {
            KeyName::Column(column) => column,
            KeyName::Expression(sql) => function_of(sql).unwrap_or("expr"),
        };
        let mut name = base.to_owned();
        for number in 1_u32.. {
            if !names.contains(&name) {
                break;
            }
            let suffix = number.to_string();
            name = format!("{}{suffix}", clip(base, MAX_IDENT_BYTES - suffix.len()));
        }
        names.push(name);
    }
    names
}

/// What a key is named after.
#[derive(Clone, Copy, Debug)]
pub(super) enum KeyName<'a> {
    Column(&'a str),
    Expression(&'a str),
}

/// The function when the whole expression is one call.
fn function_of(sql: &str) -> Option<&str> {
    let sql = sql.trim();
    let (name, arguments) = sql.split_once('(')?;
    let mut depth = 1_i32;
    for (at, c) in arguments.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            let name = name.trim_end().rsplit('.').next().unwrap_or(name);
            let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            return (at + 1 == arguments.len() && plain && !name.is_empty()).then_some(name);
        }
    }
    None
}

/// The one column that an expression names, which PostgreSQL puts into the name of a check.
pub(super) fn only_column<'a>(sql: &str, columns: &[&'a str]) -> Option<&'a str> {
    let mut found = None;
    for word in identifiers(sql) {
        if let Some(column) = columns.iter().copied().find(|column| *column == word) {
            match found {
                Some(other) if other != column => return None,
                _ => found = Some(column),
            }
        }
    }
    found
}

/// The identifiers of an expression, folded as SQL folds them, string literals left out.
fn identifiers(sql: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = sql;
    while let Some(c) = rest.chars().next() {
        let end = match c {
            '\'' | '"' => {
                let inner = &rest[1..];
                let close = inner.find(c).unwrap_or(inner.len());
                if c == '"' {
                    words.push(inner[..close].to_owned());
                }
                (close + 2).min(rest.len())
            }
            c if c.is_alphabetic() || c == '_' => {
                let end =
                    rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(rest.len());
                words.push(rest[..end].to_ascii_lowercase());
                end
            }
            c => c.len_utf8(),
        };
        rest = &rest[end..];
    }
    words
}

/// The name of the multirange type of a range type: the server's `makeMultirangeTypeName`.
pub(crate) fn multirange_of(range: &str) -> String {
    let (name, suffix) = match range.find("range") {
        Some(at) => (format!("{}multi{}", &range[..at], &range[at..]), ""),
        None => (range.to_owned(), "_multirange"),
    };
    let mut end = name.len().min(MAX_IDENT_BYTES - suffix.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{suffix}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ident(name: &str) -> Ident {
        Ident::new(name).unwrap()
    }

    fn chosen(table: &str, columns: &[&str], label: Label) -> String {
        Names::default().choose(&ident("public"), &ident(table), columns, label).to_string()
    }

    #[test]
    fn names_are_table_columns_label() {
        assert_eq!(chosen("orders", &["id"], Label::PrimaryKey), "orders_pkey");
        assert_eq!(chosen("orders", &["tenant", "number"], Label::Unique), "orders_tenant_number_key");
        assert_eq!(chosen("orders", &[], Label::Check), "orders_check");
        assert_eq!(chosen("orders", &["room", "during"], Label::Exclusion), "orders_room_during_excl");
    }

    #[test]
    fn long_names_lose_bytes_of_the_longer_part_at_a_character_boundary() {
        let name = chosen(&"t".repeat(60), &["customer"], Label::ForeignKey);
        assert_eq!(name, format!("{}_customer_fkey", "t".repeat(49)));
        let umlauts = object_name(&"ü".repeat(31), "spalte", "idx");
        assert_eq!(umlauts, format!("{}_spalte_idx", "ü".repeat(26)));
        assert!(umlauts.len() <= MAX_IDENT_BYTES);
    }

    #[test]
    fn a_taken_name_is_numbered_from_one() {
        let mut names = Names::default();
        let (schema, table) = (ident("public"), ident("t"));
        names.take(&schema, Label::Index, "t_a_idx1");
        let mut choose = || names.choose(&schema, &table, &["a"], Label::Index).to_string();
        assert_eq!([choose(), choose()], ["t_a_idx", "t_a_idx2"]);
    }

    #[test]
    fn index_keys_are_named_after_column_function_or_expr() {
        use KeyName::{Column, Expression};
        let keys = [
            Column("a"),
            Expression("lower(email)"),
            Expression("a || b"),
            Expression("f(a) + g(b)"),
            Column("a"),
            Expression("pg_catalog.upper(a)"),
        ];
        assert_eq!(index_columns(keys), ["a", "lower", "expr", "expr1", "a1", "upper"]);
    }

    #[test]
    fn a_check_is_named_after_its_only_column() {
        let columns = ["total", "state"];
        let only = |sql| only_column(sql, &columns);
        assert_eq!(only("Total >= 0 AND total < 9"), Some("total"));
        assert_eq!(only("\"state\" <> 'total'"), Some("state"));
        assert_eq!(only("total > 0 OR state = 'x'"), None);
        assert_eq!(only("now() > '2020-01-01'"), None);
    }

    #[test]
    fn the_multirange_type_is_named_as_postgresql_would() {
        assert_eq!(multirange_of("float_range"), "float_multirange");
        assert_eq!(multirange_of("period"), "period_multirange");
        assert_eq!(multirange_of(&"x".repeat(63)), format!("{}_multirange", "x".repeat(52)));
    }
}
