//! Rust names for tables, columns, types and labels: valid, apart from each other, and as near as they can be.

use std::collections::{BTreeMap, BTreeSet};

use crate::ident::Ident;

/// Names that are taken in one scope.
#[derive(Debug, Default)]
pub(super) struct Taken(BTreeSet<String>);

impl Taken {
    /// A scope in which generated code uses these names for something else.
    pub(super) fn with(names: &[&str]) -> Self {
        Self(names.iter().map(|&name| name.to_owned()).collect())
    }

    /// Takes the first of `candidates` that is free, else the last of them with a number.
    fn take(&mut self, candidates: &[String]) -> String {
        let last = candidates.last().cloned().unwrap_or_default();
        let numbered = (2_u32..).map(|number| format!("{last}{number}"));
        let mut all = candidates.iter().cloned().chain(numbered);
        let free = all.find(|name| !self.0.contains(name)).unwrap_or(last);
        self.0.insert(free.clone());
        free
    }

    /// The name of a struct or an enum; with that of its schema where the plain one is taken.
    pub(super) fn type_name(&mut self, schema: &Ident, name: &Ident) -> String {
        let plain = camel(name.as_str());
        self.take(&[plain.clone(), format!("{}{plain}", camel(schema.as_str()))])
    }

    /// The name of a variant.
    pub(super) fn variant(&mut self, label: &str) -> String {
        self.take(&[camel(label)])
    }

    /// The name of a field, as it is written.
    pub(super) fn field(&mut self, column: &Ident) -> String {
        let name = self.take(&[snake(column.as_str())]);
        match name.as_str() {
            // These cannot be written as raw identifiers.
            "self" | "crate" | "super" => self.take(&[format!("{name}_")]),
            word if KEYWORDS.contains(&word) => format!("r#{name}"),
            _ => name,
        }
    }
}

/// The fields of columns. A column whose name can stand as it is has it.
pub(super) fn fields<'a>(columns: impl Iterator<Item = &'a Ident>) -> BTreeMap<Ident, String> {
    let (plain, others): (Vec<_>, Vec<_>) = columns.partition(|column| is_field(column.as_str()));
    let mut taken = Taken::default();
    plain.into_iter().chain(others).map(|column| (column.clone(), taken.field(column))).collect()
}

/// A field without `r#`: what its column is called when nothing is said.
pub(super) fn unraw(field: &str) -> &str {
    field.strip_prefix("r#").unwrap_or(field)
}

/// Whether the name can stand in an attribute as it is.
pub(super) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
        && name != "_"
}

/// Whether a field is called so.
fn is_field(name: &str) -> bool {
    snake(name) == name
}

/// Whether Rust keeps the word for itself.
pub(super) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name) || ["self", "crate", "super"].contains(&name)
}

/// The words of a name, which are apart where it has no letter or digit, or a capital after a small letter.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() || was_lower && c.is_ascii_uppercase() {
            words.push(String::new());
        }
        was_lower = c.is_ascii_lowercase() || c.is_ascii_digit();
        if c.is_ascii_alphanumeric() {
            words.last_mut().expect("there is one from the beginning").push(c.to_ascii_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn camel(name: &str) -> String {
    let capital = |word: String| word[..1].to_ascii_uppercase() + &word[1..];
    let name: String = words(name).into_iter().map(capital).collect();
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => name,
        _ => format!("X{name}"),
    }
}

fn snake(name: &str) -> String {
    if is_identifier(name) && !name.chars().any(|c| c.is_ascii_uppercase()) {
        return name.to_owned();
    }
    let name = words(name).join("_");
    match name.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => name,
        _ => format!("x{name}"),
    }
}

/// What the derives make of the name of a struct, an enum or a variant.
pub(super) fn derived(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (at, c) in chars.iter().enumerate() {
        if c.is_uppercase() && at > 0 && chars[at - 1] != '_' {
            let after_lower = !chars[at - 1].is_uppercase();
            let before_lower = chars.get(at + 1).is_some_and(|next| next.is_lowercase());
            if after_lower || before_lower {
                snake.push('_');
            }
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn ident(name: &str) -> Ident {
        Ident::new(name).unwrap()
    }

    #[test]
    fn names_are_valid_and_apart() {
        let mut types = Taken::with(&["Option"]);
        for (schema, name, expected) in [
            ("app", "order_lines", "OrderLines"),
            ("web", "order_lines", "WebOrderLines"),
            ("x", "OrderLines", "XOrderLines"),
            ("x", "Order Lines", "XOrderLines2"),
            ("app", "option", "AppOption"),
            ("app", "2fa", "X2fa"),
            ("app", "größe", "GrE"),
        ] {
            assert_eq!(types.type_name(&ident(schema), &ident(name)), expected);
        }
        let mut fields = Taken::default();
        for (column, expected) in [
            ("id", "id"),
            ("type", "r#type"),
            ("self", "self_"),
            ("From", "from"),
            ("a b", "a_b"),
            ("a_b", "a_b2"),
        ] {
            assert_eq!(fields.field(&ident(column)), expected);
        }
    }

    #[test]
    fn what_the_derive_makes_of_a_name_is_known() {
        assert_eq!(derived("OrderLines"), "order_lines");
        assert_eq!(derived("AB"), "ab");
    }
}
