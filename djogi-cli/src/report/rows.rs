//! What a plan does to the rows of a table: how many, and the first of them by their keys.

use djogi_core::ident::Literal;
use djogi_core::plan::ResourceChange;
use djogi_core::seed::{RowChange, RowChanges, RowVerb};

use super::View;
use super::block::{INDENT, prose};
use super::field::{self, Row, RowValue};
use super::line::Line;
use super::style::{self, Tone};

/// How NULL reads.
const NULL: &str = "NULL";

/// The lines for the rows of a seed; none for any other change.
pub(crate) fn lines(change: &ResourceChange, view: View) -> Vec<Line> {
    let Some(rows) = &change.rows else { return Vec::new() };
    let mut lines = prose("", &counts(rows), Tone::Plain, view.width);
    let listed: Vec<Row> = rows.listed.iter().flat_map(listed).collect();
    lines.extend(field::lay_out(&listed, INDENT, view.width));
    if rows.unlisted() > 0 {
        let text = format!("... {} more", style::count(rows.unlisted(), "row"));
        lines.extend(prose("", &text, Tone::Faint, view.width));
    }
    lines
}

/// `2 rows inserted, 1 updated, 1 deleted in app.currencies`.
pub(crate) fn counts(rows: &RowChanges) -> String {
    let counted = [
        (rows.inserted, "inserted"),
        (rows.updated, "updated"),
        (rows.deleted, "deleted"),
        (rows.adopted, "taken over as they are"),
        (rows.left, "left as nobody's"),
    ];
    let counted: Vec<String> = counted
        .iter()
        .filter(|(count, _)| *count > 0)
        .enumerate()
        .map(|(at, (count, verb))| match at {
            0 => format!("{} {verb}", style::count(*count, "row")),
            _ => format!("{count} {verb}"),
        })
        .collect();
    match counted.is_empty() {
        true => format!("no row changes in {}", rows.table),
        false => format!("{} in {}", counted.join(", "), rows.table),
    }
}

fn listed(row: &RowChange) -> Vec<Row> {
    let (mark, tone) = match row.action {
        RowVerb::Insert => ("+", Tone::Added),
        RowVerb::Update => ("~", Tone::Changed),
        RowVerb::Delete => ("-", Tone::Removed),
    };
    let key = row.key.join(", ");
    if row.values.is_empty() {
        return vec![Row { mark, tone, label: key, value: RowValue::One(String::new()) }];
    }
    let text = |value: &Option<String>| match value {
        Some(value) => Literal(value).to_string(),
        None => NULL.to_owned(),
    };
    let values = row.values.iter().map(|value| Row {
        mark,
        tone,
        label: format!("{key}.{}", value.column),
        value: RowValue::Pair { old: text(&value.before), new: text(&value.after) },
    });
    values.collect()
}
