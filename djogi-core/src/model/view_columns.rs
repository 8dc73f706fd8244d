//! What a view model expects of its query, and what the query gives: the columns by their names, in any order.

use std::fmt;

use super::type_name::without_modifiers;
use crate::ident::Ident;
use crate::kind::{Resource, ViewColumn};

/// A column of a view that is not as its model says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnMismatch {
    /// A field whose column the query does not give.
    Missing { column: Ident, given: Vec<Ident> },
    /// A column without a field.
    Extra { column: Ident, data_type: String },
    /// A field of another type.
    Type { column: Ident, expected: String, given: String },
}

impl ColumnMismatch {
    pub fn column(&self) -> &Ident {
        match self {
            ColumnMismatch::Missing { column, .. }
            | ColumnMismatch::Extra { column, .. }
            | ColumnMismatch::Type { column, .. } => column,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            ColumnMismatch::Missing { given, .. } => {
                let given: Vec<_> = given.iter().map(Ident::as_str).collect();
                format!("the query gives: {}", given.join(", "))
            }
            ColumnMismatch::Extra { .. } => {
                "add a field for it, or name the columns in the query instead of `*`".to_owned()
            }
            ColumnMismatch::Type { column, expected, given } => format!(
                "cast it in the query (`CAST(... AS {expected}) AS {column}`), or write \
                 `#[field(type = \"{given}\")]` at the field"
            ),
        }
    }
}

impl fmt::Display for ColumnMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColumnMismatch::Missing { column, given: _ } => {
                write!(f, "the query gives no column `{column}`")
            }
            ColumnMismatch::Extra { column, data_type } => {
                write!(f, "the query gives a column `{column}` ({data_type}), for which there is no field")
            }
            ColumnMismatch::Type { column, expected, given } => {
                write!(f, "the query gives `{column}` as {given}, but the field is {expected}")
            }
        }
    }
}

/// The view as it can be tried before its columns are known: without comments on them.
#[must_use]
pub fn without_column_comments(declared: &Resource) -> Resource {
    let mut tried = declared.clone();
    for column in columns_mut(&mut tried).into_iter().flatten() {
        column.comment = None;
    }
    tried
}

/// Compares what a view gives with what its model expects, and gives its columns the comments of the model. Nothing to
/// do for anything else.
pub fn settle(declared: &Resource, given: &mut Resource) -> Vec<ColumnMismatch> {
    let (Some(expected), Some(given)) = (columns(declared), columns_mut(given)) else {
        return Vec::new();
    };
    let names: Vec<Ident> = given.iter().map(|column| column.name.clone()).collect();
    let find = |name: &Ident| expected.iter().find(|column| column.name == *name);
    let missing = expected.iter().filter(|column| !names.contains(&column.name));
    let mut mismatches: Vec<ColumnMismatch> = missing
        .map(|column| ColumnMismatch::Missing { column: column.name.clone(), given: names.clone() })
        .collect();
    for column in given {
        match find(&column.name) {
            None => mismatches.push(ColumnMismatch::Extra {
                column: column.name.clone(),
                data_type: column.data_type.clone(),
            }),
            Some(field) if !is_read_as(&column.data_type, &field.data_type) => {
                mismatches.push(ColumnMismatch::Type {
                    column: column.name.clone(),
                    expected: field.data_type.clone(),
                    given: column.data_type.clone(),
                });
            }
            Some(field) => column.comment.clone_from(&field.comment),
        }
    }
    mismatches
}

/// Whether a value of type `given` can be read where `expected` is said. Nothing is stored, so lengths and precisions do
/// not matter unless they are written, and all that is text or JSON reads alike.
fn is_read_as(given: &str, expected: &str) -> bool {
    let base = without_modifiers(given);
    let reads = |types: &[&str]| types.contains(&base.as_str());
    given == expected
        || base == expected
        || match expected {
            "text" => reads(&["character varying", "character", "bpchar", "name"]),
            "text[]" => reads(&["character varying[]", "character[]", "bpchar[]", "name[]"]),
            "jsonb" => reads(&["json"]),
            _ => false,
        }
}

fn columns(resource: &Resource) -> Option<&[ViewColumn]> {
    match resource {
        Resource::View(view) => Some(&view.columns),
        Resource::MaterializedView(view) => Some(&view.columns),
        _ => None,
    }
}

fn columns_mut(resource: &mut Resource) -> Option<&mut [ViewColumn]> {
    match resource {
        Resource::View(view) => Some(&mut view.columns),
        Resource::MaterializedView(view) => Some(&mut view.columns),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_only_where_they_are_written() {
        for (given, expected) in [
            ("numeric(12,2)", "numeric"),
            ("character varying(80)", "text"),
            ("timestamp(3) with time zone", "timestamp with time zone"),
            ("app.mood", "app.mood"),
            ("json", "jsonb"),
        ] {
            assert!(is_read_as(given, expected), "{given} as {expected}");
        }
        for (given, expected) in [
            ("numeric(12,2)", "numeric(10,2)"),
            ("integer", "bigint"),
            ("text", "character varying"),
            ("timestamp without time zone", "timestamp with time zone"),
        ] {
            assert!(!is_read_as(given, expected), "{given} as {expected}");
        }
    }
}
