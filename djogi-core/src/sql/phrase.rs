//! Phrases that the statements of many kinds share.

use crate::ident::{Ident, Literal, MAX_IDENT_BYTES, QualifiedName};

/// A name that shows where it comes from, cut to PostgreSQL's length.
pub(crate) fn suffixed(name: &Ident, suffix: &str) -> Ident {
    let mut stem = name.as_str();
    while stem.len() + suffix.len() > MAX_IDENT_BYTES {
        let last = stem.char_indices().next_back().map_or(0, |(at, _)| at);
        stem = &stem[..last];
    }
    Ident::new(format!("{stem}{suffix}")).expect("the stem was cut to leave room for the suffix")
}

/// `COMMENT ON <object> IS ...`; without a comment it removes the one that is there.
pub(super) fn comment_sql(object: &str, comment: Option<&str>) -> String {
    match comment {
        Some(comment) => format!("COMMENT ON {object} IS {}", Literal(comment)),
        None => format!("COMMENT ON {object} IS NULL"),
    }
}

/// The statements that move a schema-level object: into the schema first, then to the name.
pub(super) fn move_sql(object: &str, from: &QualifiedName, to: &QualifiedName) -> Vec<String> {
    let mut statements = Vec::new();
    if from.schema != to.schema {
        statements.push(format!("ALTER {object} {from} SET SCHEMA {}", to.schema));
    }
    if from.name != to.name {
        statements.push(format!("ALTER {object} {}.{} RENAME TO {}", to.schema, from.name, to.name));
    }
    statements
}

/// The same for what is named with its arguments.
pub(super) fn routine_move_sql(
    kind: &str,
    (from, to): (&QualifiedName, &QualifiedName),
    arguments: &str,
) -> Vec<String> {
    let mut statements = Vec::new();
    if from.schema != to.schema {
        statements.push(format!("ALTER {kind} {from}({arguments}) SET SCHEMA {}", to.schema));
    }
    if from.name != to.name {
        statements
            .push(format!("ALTER {kind} {}.{}({arguments}) RENAME TO {}", to.schema, from.name, to.name));
    }
    statements
}
