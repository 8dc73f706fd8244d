//! The fields of a change: what differs, old and new side by side.

use djogi_core::Kind;
use djogi_core::ident::{Ident, IdentList, Literal, QualifiedName};
use djogi_core::kind::{
    Column, Constraint, ForeignOption, Generated, Identity, IndexElement, NotNull, ParentConstraint,
    PublishedTable, ReferentialAction, Table,
};
use djogi_core::plan::{FieldChange, ResourceChange};
use serde_json::Value;

use super::definition;
use super::line::{Line, columns};
use super::style::{ARROW, Tone};
use super::summary::{foreign_option, published};
use super::word_diff;

/// Longer labels do not push the values of all others to the right.
const MAX_LABEL: usize = 30;
/// How an absent value reads.
const NONE: &str = "none";

/// One row: a mark, what it is about, and a value or a pair of values.
pub(crate) struct Row {
    pub(crate) mark: &'static str,
    pub(crate) tone: Tone,
    pub(crate) label: String,
    pub(crate) value: RowValue,
}

/// What stands at the right of a row.
pub(crate) enum RowValue {
    One(String),
    Pair { old: String, new: String },
    List(Line),
}

/// The rows for the fields of a change.
pub(crate) fn rows(change: &ResourceChange) -> Vec<Row> {
    if change.kind == Kind::Constraint && change.fields.iter().any(|field| is_whole_definition(&field.path)) {
        return redefinition(change);
    }
    // The two addresses of a rename say it already.
    let is_said = |path: &str| change.previous_address.is_some() && matches!(path, "name" | "schema");
    let mut family = family(change);
    let is_family = |path: &str| {
        change.kind == Kind::Table && FAMILY.iter().any(|field| is_field(field, path)) && !family.is_empty()
    };
    let follows = |field: &FieldChange| !family.is_empty() && is_origin(field);
    let others = change.fields.iter();
    let others = others.filter(|field| !is_said(&field.path) && !is_family(&field.path) && !follows(field));
    let others: Vec<Row> = others.map(|field| row(change, field)).collect();
    family.extend(others);
    family
}

/// Whether a field only says what of a column is its parents', which follows from who they are.
fn is_origin(field: &FieldChange) -> bool {
    match field.path.rsplit('.').next() {
        Some("origin") => true,
        Some("not_null_constraint") => text(&field.path, &field.before) == text(&field.path, &field.after),
        _ => false,
    }
}

/// The fields of a table that one line of SQL says as a whole.
const FAMILY: [&str; 2] = ["lineage", "partition_by"];

fn is_field(field: &str, path: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// What a table is a part of, and how it is partitioned, old and new; nothing where that stays.
fn family(change: &ResourceChange) -> Vec<Row> {
    let table = |body: &Option<Value>| definition::read::<Table>(body.as_ref()?);
    let (Some(before), Some(after)) = (table(&change.change.before), table(&change.change.after)) else {
        return Vec::new();
    };
    let key = |table: &Table| table.partition_by.as_ref().map(definition::partition_key);
    let pairs = [
        ("lineage", definition::lineage(&before.lineage), definition::lineage(&after.lineage)),
        ("partitioning", key(&before), key(&after)),
    ];
    let row = |(label, old, new): (&str, Option<String>, Option<String>)| {
        let text = |side: Option<String>| side.unwrap_or_else(|| NONE.to_owned());
        let value = RowValue::Pair { old: text(old), new: text(new) };
        Row { mark: "~", tone: Tone::Changed, label: label.to_owned(), value }
    };
    pairs.into_iter().filter(|(_, old, new)| old != new).map(row).collect()
}

/// `definition.check` and the like: the constraint becomes one of another sort.
fn is_whole_definition(path: &str) -> bool {
    path.strip_prefix("definition").is_some_and(|rest| rest.matches('.').count() < 2)
}

fn redefinition(change: &ResourceChange) -> Vec<Row> {
    let definition = |body: &Option<Value>| {
        let constraint = body.as_ref().and_then(definition::read::<Constraint>);
        constraint.map_or_else(|| NONE.to_owned(), |constraint| definition::constraint(&constraint))
    };
    let pair =
        RowValue::Pair { old: definition(&change.change.before), new: definition(&change.change.after) };
    let mut rows = vec![Row { mark: "~", tone: Tone::Changed, label: "definition".to_owned(), value: pair }];
    let others = change.fields.iter().filter(|field| field.path == "comment");
    rows.extend(others.map(|field| row(change, field)));
    rows
}

fn row(change: &ResourceChange, field: &FieldChange) -> Row {
    let FieldChange { path, before, after } = field;
    if let Some(name) = path.strip_prefix("options.").filter(|_| has_options(change.kind)) {
        return option("", name, before, after);
    }
    if path == "connection" && change.kind == Kind::Subscription {
        let value = RowValue::One("another secret value".to_owned());
        return Row { mark: "~", tone: Tone::Changed, label: label(path), value };
    }
    if let Some(name) = path.strip_prefix("foreign.options.") {
        return option("", name, before, after);
    }
    if change.kind == Kind::Table
        && let Some((column, rest)) = column_of(change, path)
    {
        let name = Ident::new(column).map_or_else(|_| column.to_owned(), |name| name.to_string());
        if let Some(option_name) = rest.strip_prefix("properties.foreign_options.") {
            return option(&format!("{name} "), option_name, before, after);
        }
        return match rest {
            "" if before.is_null() => member("+", Tone::Added, name, after),
            "" if after.is_null() => member("-", Tone::Removed, name, before),
            "" => changed(name, rest, before, after),
            rest => changed(format!("{name}.{}", label(rest)), rest, before, after),
        };
    }
    let path = match change.kind {
        Kind::Constraint => path.strip_prefix("definition.").and_then(|rest| rest.split_once('.')),
        _ => None,
    }
    .map_or(path.as_str(), |(_, rest)| rest);
    changed(label(path), path, before, after)
}

fn has_options(kind: Kind) -> bool {
    matches!(kind, Kind::ForeignDataWrapper | Kind::ForeignServer | Kind::UserMapping)
}

/// An option of foreign data that comes, goes or has another value, which is shown unless it is secret. `of` says of what,
/// where that is only a part.
fn option(of: &str, path: &str, before: &Value, after: &Value) -> Row {
    let whole =
        |value: &Value| definition::read::<ForeignOption>(value).map(|option| foreign_option(&option));
    match (whole(before), whole(after)) {
        (None, Some(new)) => {
            Row { mark: "+", tone: Tone::Added, label: format!("{of}option"), value: RowValue::One(new) }
        }
        (Some(old), None) => {
            Row { mark: "-", tone: Tone::Removed, label: format!("{of}option"), value: RowValue::One(old) }
        }
        _ => match path.strip_suffix(".secret") {
            Some(name) => {
                let value = RowValue::One("another secret value".to_owned());
                Row { mark: "~", tone: Tone::Changed, label: format!("{of}option {name}"), value }
            }
            None => {
                let name = path.strip_suffix(".value").unwrap_or(path);
                changed(format!("{of}option {name}"), path, before, after)
            }
        },
    }
}

/// Splits `columns.<name>[.<rest>]`. Names may hold dots, so they are looked up rather than parsed.
fn column_of<'a>(change: &ResourceChange, path: &'a str) -> Option<(&'a str, &'a str)> {
    let rest = path.strip_prefix("columns.")?;
    let bodies = [&change.change.before, &change.change.after].into_iter().flatten();
    let columns = bodies.filter_map(|body| body.get("columns")?.as_array()).flatten();
    let names = columns.filter_map(|column| column.get("name")?.as_str());
    let is_named =
        |name: &&str| rest.strip_prefix(*name).is_some_and(|tail| tail.is_empty() || tail.starts_with('.'));
    let length = names.filter(is_named).map(str::len).max().or_else(|| rest.find('.')).unwrap_or(rest.len());
    Some((&rest[..length], rest[length..].trim_start_matches('.')))
}

fn member(mark: &'static str, tone: Tone, label: String, body: &Value) -> Row {
    let column = definition::read::<Column>(body);
    let text = column.map_or_else(|| body.to_string(), |column| definition::column(&column));
    Row { mark, tone, label, value: RowValue::One(text) }
}

fn changed(label: String, path: &str, before: &Value, after: &Value) -> Row {
    let value = match (strings(path, before), strings(path, after)) {
        (Some(old), Some(new)) => RowValue::List(word_diff::list(&old, &new)),
        _ => RowValue::Pair { old: text(path, before), new: text(path, after) },
    };
    Row { mark: "~", tone: Tone::Changed, label, value }
}

/// A path in words: `on_delete` is `on delete`.
fn label(path: &str) -> String {
    path.replace('_', " ")
}

/// Lists of which one wants to see the members come and go.
fn strings(path: &str, value: &Value) -> Option<Vec<String>> {
    if path != "labels" {
        return None;
    }
    definition::read::<Vec<String>>(value).map(|labels| definition::labels(&labels))
}

/// A value as SQL or, where that is not what it is, as a word.
fn text(path: &str, value: &Value) -> String {
    let field = path.rsplit('.').next().unwrap_or(path);
    let special = match field {
        "not_null_constraint" if value.is_null() => Some(definition::not_null(&NotNull::default())),
        _ if value.is_null() || value.as_array().is_some_and(Vec::is_empty) => Some(NONE.to_owned()),
        "comment" => value.as_str().map(|text| Literal(text).to_string()),
        "columns" | "include" | "referenced_columns" | "on_delete_columns" => {
            definition::read::<Vec<Ident>>(value).map(|names| format!("({})", IdentList(&names)))
        }
        "elements" => definition::read::<Vec<IndexElement>>(value)
            .map(|elements| format!("({})", definition::elements(&elements))),
        "on_delete" | "on_update" => {
            definition::read::<ReferentialAction>(value).map(|action| action.as_sql().to_owned())
        }
        "tables" => definition::read::<Vec<PublishedTable>>(value)
            .map(|tables| tables.iter().map(published).collect::<Vec<_>>().join(", ")),
        "tags" => definition::read::<Vec<String>>(value).map(|tags| tags.join(", ")),
        "schemas" | "publications" => {
            definition::read::<Vec<Ident>>(value).map(|names| IdentList(&names).to_string())
        }
        "collation" | "references" | "function" => {
            definition::read::<QualifiedName>(value).map(|name| name.to_string())
        }
        "identity" => definition::read::<Identity>(value).map(|it| definition::identity_mode(&it).to_owned()),
        "not_null_constraint" => definition::read(value).map(|it| definition::not_null(&it)),
        "generated" => definition::read::<Generated>(value).map(|it| definition::generated(&it)),
        "parent" => definition::read::<ParentConstraint>(value)
            .map(|parent| format!("{} of {}", parent.name, parent.table))
            .or_else(|| definition::read::<QualifiedName>(value).map(|name| name.to_string())),
        "owned_by" => definition::read(value).map(|owner| definition::owner(&owner)),
        "deferrable" | "mode" | "storage" | "match_type" => value.as_str().map(|word| word.replace('_', " ")),
        _ => None,
    };
    special.unwrap_or_else(|| match value {
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// Lays rows out below each other, values aligned.
pub(crate) fn lay_out(rows: &[Row], indent: usize, width: usize) -> Vec<Line> {
    let widths = rows.iter().map(|row| columns(&row.label)).filter(|&width| width <= MAX_LABEL);
    let longest = widths.max().unwrap_or(MAX_LABEL);
    rows.iter().flat_map(|row| row.lines(indent, longest, width)).collect()
}

/// Lays the columns of a table out: name, type, and the rest, each below its like.
pub(crate) fn lay_out_columns(cells: &[(String, String, String)], indent: usize, width: usize) -> Vec<Line> {
    let widest = |cell: fn(&(String, String, String)) -> &str| {
        let widths = cells.iter().map(|row| columns(cell(row)));
        widths.filter(|&width| width <= MAX_LABEL).max().unwrap_or(0)
    };
    let (names, types) = (widest(|row| &row.0), widest(|row| &row.1));
    let row = |(name, data_type, rest): &(String, String, String)| {
        let mut line = Line::indented(indent).with(name, Tone::Plain);
        line.pad_to(indent + names);
        let hanging = line.width().min(width / 3) + 2;
        line.push("  ", Tone::Plain);
        line.push(data_type, Tone::Plain);
        line.pad_to(indent + names + 2 + types);
        line.push("  ", Tone::Plain);
        line.with(rest, Tone::Faint).wrap(width, hanging)
    };
    cells.iter().flat_map(row).collect()
}

impl Row {
    fn lines(&self, indent: usize, longest: usize, width: usize) -> Vec<Line> {
        let mut head = Line::indented(indent);
        head.push(self.mark, self.tone);
        head.push(" ", Tone::Plain);
        head.push(&self.label, Tone::Plain);
        head.pad_to(indent + 2 + longest);
        head.push("  ", Tone::Plain);
        let hanging = if head.width() > width / 2 { indent + 4 } else { head.width() };
        match &self.value {
            RowValue::One(text) => head.with(text, self.tone).wrap(width, hanging),
            RowValue::List(list) => {
                head.append(list);
                head.wrap(width, hanging)
            }
            RowValue::Pair { old, new } => pair(head, old, new, width, hanging),
        }
    }
}

fn pair(mut head: Line, old: &str, new: &str, width: usize, hanging: usize) -> Vec<Line> {
    if let Some(inline) = word_diff::inline(old, new) {
        head.append(&inline);
        return head.wrap(width, hanging);
    }
    let arrow = Line::new(ARROW, Tone::Faint).with(" ", Tone::Plain).with(new, Tone::Added);
    let mut line = head.with(old, Tone::Removed);
    if line.width() + 1 + arrow.width() <= width {
        line.push(" ", Tone::Plain);
        line.append(&arrow);
        return vec![line];
    }
    let mut below = Line::indented(hanging);
    below.append(&arrow);
    let mut lines = line.wrap(width, hanging);
    lines.extend(below.wrap(width, hanging + ARROW.len() + 1));
    lines
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_read_as_sql_or_as_words() {
        for (path, value, shown) in [
            ("comment", json!("it's"), "'it''s'"),
            ("columns", json!(["id", "Order"]), "(id, \"Order\")"),
            ("on_delete", json!("set_null"), "SET NULL"),
            ("collation", json!({"schema": "pg_catalog", "name": "C"}), "pg_catalog.\"C\""),
            ("owned_by", json!({"table": {"schema": "a", "name": "b"}, "column": "c"}), "a.b.c"),
            ("deferrable", json!("initially_deferred"), "initially deferred"),
            ("parent", json!({"table": {"schema": "a", "name": "b"}, "name": "c"}), "c of a.b"),
            ("parent", json!({"schema": "a", "name": "b"}), "a.b"),
            ("validated", json!(false), "no"),
            ("options.max", json!(100), "100"),
            ("default", Value::Null, "none"),
            ("collation", json!({"odd": 1}), "{\"odd\":1}"),
        ] {
            assert_eq!(text(path, &value), shown);
        }
    }
}
