//! Finding and replacing names in SQL expressions as PostgreSQL prints them.
//!
//! A replacement changes nothing else in the text. Literals are opaque but for `'name'::regclass`, by which a
//! default names its sequence.

use std::ops::Range;

use crate::ident::{Ident, QualifiedName};
use crate::lexis::{Token, spans};

fn ident(token: Token<'_>) -> Option<Ident> {
    match token {
        Token::Word(word) => Ident::new(word).ok(),
        Token::Quoted(quoted) => Ident::new(quoted.replace("\"\"", "\"")).ok(),
        Token::Literal(_) | Token::Number(_) | Token::Cast | Token::Symbol(_) => None,
    }
}

/// The names that can be columns, with where they stand: no functions, no types after `::`, no parts of dotted
/// names, no prefixes of literals. Keywords are among them.
fn columns(sql: &str) -> impl Iterator<Item = (Ident, Range<usize>)> {
    let tokens = spans(sql);
    let found: Vec<_> = (0..tokens.len())
        .filter(|&at| {
            let before = at.checked_sub(1).map(|before| tokens[before].0);
            let after = tokens.get(at + 1).map(|(token, _)| *token);
            !matches!(before, Some(Token::Cast | Token::Symbol('.')))
                && !matches!(after, Some(Token::Symbol('(' | '.') | Token::Literal(_)))
        })
        .filter_map(|at| Some((ident(tokens[at].0)?, tokens[at].1.clone())))
        .collect();
    found.into_iter()
}

/// The unqualified names in `sql` that can be columns of the table it belongs to.
pub(crate) fn column_names(sql: &str) -> Vec<Ident> {
    columns(sql).map(|(name, _)| name).collect()
}

/// The `schema.name` pairs in `sql`, operators and those in `'...'::regclass` included.
pub(crate) fn qualified_names(sql: &str) -> Vec<QualifiedName> {
    let mut names = Vec::new();
    replace_names(sql, &mut |name| {
        names.push(name.clone());
        None
    });
    names
}

/// `sql` with columns renamed by `new_name`, old name to new name.
pub(crate) fn replace_columns<'a>(sql: &str, new_name: impl Fn(&Ident) -> Option<&'a Ident>) -> String {
    let renamed = columns(sql).filter_map(|(old, span)| Some((span, new_name(&old)?.to_string())));
    splice(sql, renamed)
}

/// `sql` with schema-qualified names of types, relations and functions replaced by `new_name`.
pub(crate) fn replace_names(
    sql: &str,
    new_name: &mut dyn FnMut(&QualifiedName) -> Option<QualifiedName>,
) -> String {
    let mut replacements = Vec::new();
    let tokens = spans(sql);
    for (at, window) in tokens.windows(3).enumerate() {
        let [(first, start), (second, _), (third, end)] = window else { continue };
        match (first, second, third) {
            // The name of an operator is never quoted.
            (_, Token::Symbol('.'), Token::Symbol(symbol)) if is_of_operator(*symbol) => {
                let rest = tokens[at + 2..].windows(2).take_while(|pair| is_continued(pair));
                let end = rest.last().map_or(end.end, |pair| pair[1].1.end);
                let name = Ident::new(&sql[window[2].1.start..end]).ok();
                let pair = ident(*first).zip(name).map(|(schema, name)| QualifiedName::new(schema, name));
                if let Some(new) = pair.and_then(|pair| new_name(&pair)) {
                    replacements.push((start.start..end, format!("{}.{}", new.schema, new.name.as_str())));
                }
            }
            (_, Token::Symbol('.'), _) => {
                let pair = ident(*first).zip(ident(*third)).map(|(s, n)| QualifiedName::new(s, n));
                if let Some(new) = pair.and_then(|pair| new_name(&pair)) {
                    replacements.push((start.start..end.end, new.to_string()));
                }
            }
            (
                Token::Literal(literal),
                Token::Cast,
                Token::Word("regclass" | "regconfig" | "regdictionary"),
            ) => {
                let inner = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
                let inner = inner.unwrap_or(literal).replace("''", "'");
                let new = replace_names(&inner, new_name);
                replacements.push((start.clone(), format!("'{}'", new.replace('\'', "''"))));
            }
            _ => {}
        }
    }
    splice(sql, replacements.into_iter())
}

fn is_of_operator(symbol: char) -> bool {
    "+-*/<>=~!@#%^&|`?".contains(symbol)
}

/// Whether the second of two tokens goes on with the operator that the first is of.
fn is_continued(pair: &[(Token<'_>, Range<usize>)]) -> bool {
    match pair {
        [(_, before), (Token::Symbol(symbol), after)] => is_of_operator(*symbol) && before.end == after.start,
        _ => false,
    }
}

/// `text` with each span, in order, replaced by its new text.
fn splice(text: &str, replacements: impl Iterator<Item = (Range<usize>, String)>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (span, new) in replacements {
        out.push_str(&text[done..span.start]);
        out.push_str(&new);
        done = span.end;
    }
    out.push_str(&text[done..]);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ident(name: &str) -> Ident {
        Ident::new(name).unwrap()
    }

    #[test]
    fn a_column_is_renamed_outside_literals_functions_types_and_longer_names() {
        let sql = "((total > 0) AND (total_net < total) AND (note <> 'total'::text) AND total(1) = x.total)";
        let (old, new) = (ident("total"), ident("Sum"));
        assert_eq!(
            replace_columns(sql, |name| (*name == old).then_some(&new)),
            "((\"Sum\" > 0) AND (total_net < \"Sum\") AND (note <> 'total'::text) AND total(1) = x.total)"
        );
    }

    #[test]
    fn a_sequence_is_renamed_inside_its_regclass_literal() {
        let new = QualifiedName::new(ident("app"), ident("It's"));
        let rename = |name: &QualifiedName| (name.name.as_str() == "old_seq").then(|| new.clone());
        assert_eq!(
            replace_names("nextval('public.old_seq'::regclass)", &mut rename.clone()),
            "nextval('app.\"It''s\"'::regclass)"
        );
        assert_eq!(replace_names("'public.old_seq'::text", &mut rename.clone()), "'public.old_seq'::text");
    }

    #[test]
    fn names_are_found_in_casts_and_regclass_literals() {
        let names = qualified_names("COALESCE('x'::public.mood, f(nextval('app.\"S\"'::regclass)))");
        assert_eq!(names.iter().map(ToString::to_string).collect::<Vec<_>>(), ["public.mood", "app.\"S\""]);
        assert_eq!(column_names("(lower(name) = 'a''b'::text)"), [ident("name")]);
    }

    #[test]
    fn operators_are_found_whole() {
        let sql =
            "(a OPERATOR(app.<->) b.c) + (1 OPERATOR(pg_catalog.=) x) || to_tsvector('app.c'::regconfig, y)";
        let names: Vec<String> =
            qualified_names(sql).iter().map(|name| name.name.as_str().to_owned()).collect();
        assert_eq!(names, ["<->", "c", "=", "c"]);
        let moved = QualifiedName::new(ident("other"), ident("<->"));
        let rename = |name: &QualifiedName| (name.name.as_str() == "<->").then(|| moved.clone());
        assert_eq!(
            replace_names("(a OPERATOR(app.<->) -1)", &mut rename.clone()),
            "(a OPERATOR(other.<->) -1)"
        );
    }

    proptest! {
        #[test]
        fn replacing_nothing_changes_nothing(sql in "[ -~ä']{0,60}") {
            prop_assert_eq!(replace_columns(&sql, |_| None), sql);
        }
    }
}
