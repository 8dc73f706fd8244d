//! SQL identifiers. An [`Ident`] is the only way a name enters SQL text: its `Display` quotes exactly
//! where PostgreSQL's `quote_ident` would, so a name can neither break nor change a statement.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::from_text::from_text;
use crate::keywords::is_reserved;

/// PostgreSQL's `NAMEDATALEN - 1`, in bytes (manual section 4.1.1).
pub const MAX_IDENT_BYTES: usize = 63;

/// One SQL identifier: not empty, no NUL, at most 63 bytes.
///
/// Clones share their text: one name stands in many addresses and definitions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(try_from = "String", into = "String"))]
pub struct Ident(Arc<str>);

/// Why a text cannot be an identifier.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentError {
    #[error("an identifier must not be empty")]
    Empty,
    #[error("identifier {0:?} contains a NUL character")]
    Nul(String),
    #[error("identifier {name:?} has {bytes} bytes; PostgreSQL allows {MAX_IDENT_BYTES}")]
    TooLong { name: String, bytes: usize },
}

impl Ident {
    /// Takes a name as the catalog holds it (case kept, no quotes).
    pub fn new(name: impl AsRef<str>) -> Result<Self, IdentError> {
        let name = name.as_ref();
        if name.is_empty() {
            return Err(IdentError::Empty);
        }
        if name.contains('\0') {
            return Err(IdentError::Nul(name.to_owned()));
        }
        if name.len() > MAX_IDENT_BYTES {
            return Err(IdentError::TooLong { bytes: name.len(), name: name.to_owned() });
        }
        Ok(Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the name reads the same without quotes, keywords aside (the rule of addresses).
    pub fn is_plain(&self) -> bool {
        is_plain(&self.0)
    }
}

/// See [`Ident::is_plain`].
pub(crate) fn is_plain(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_')
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_plain() && !is_reserved(&self.0) { f.write_str(&self.0) } else { write_quoted(f, &self.0) }
    }
}

/// A name that is an `Ident` or not, as SQL.
pub(crate) fn quoted(name: &str) -> String {
    let mut text = String::new();
    if is_plain(name) && !is_reserved(name) {
        return name.to_owned();
    }
    // Writing to a string does not fail.
    let _ = write_quoted(&mut text, name);
    text
}

/// Writes `name` between double quotes, inner quotes doubled.
pub(crate) fn write_quoted(f: &mut impl fmt::Write, name: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in name.chars() {
        if c == '"' {
            f.write_char('"')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

impl Serialize for Ident {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Ident {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "an identifier", |text| Ident::new(text))
    }
}

/// A schema-qualified name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct QualifiedName {
    pub schema: Ident,
    pub name: Ident,
}

impl QualifiedName {
    pub fn new(schema: Ident, name: Ident) -> Self {
        Self { schema, name }
    }
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// Statements as a string constant in dollar quotes, whose tag does not occur in them (PostgreSQL manual 4.1.2.4).
#[derive(Clone, Copy, Debug)]
pub struct DollarQuoted<'a>(pub &'a str);

impl fmt::Display for DollarQuoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(body) = self;
        let tags = std::iter::once("$djogi$".to_owned()).chain((1..).map(|n| format!("$djogi{n}$")));
        let tag = tags.into_iter().find(|tag| !body.contains(tag.as_str())).unwrap_or_default();
        write!(f, "{tag}{body}{tag}")
    }
}

/// Displays a text as an SQL string literal, safe whatever `standard_conforming_strings` says.
#[derive(Clone, Copy, Debug)]
pub struct Literal<'a>(pub &'a str);

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escaped = self.0.contains('\\');
        f.write_str(if escaped { "E'" } else { "'" })?;
        for c in self.0.chars() {
            match c {
                '\'' => f.write_str("''")?,
                '\\' => f.write_str("\\\\")?,
                c => fmt::Write::write_char(f, c)?,
            }
        }
        f.write_str("'")
    }
}

/// Displays identifiers separated by `, `.
#[derive(Clone, Copy, Debug)]
pub struct IdentList<'a>(pub &'a [Ident]);

impl fmt::Display for IdentList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, ident) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            ident.fmt(f)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_what_postgresql_would_fold_or_refuse() {
        for (name, sql) in [
            ("orders", "orders"),
            ("Orders", "\"Orders\""),
            ("order", "\"order\""),
            ("a b", "\"a b\""),
            ("a\"b", "\"a\"\"b\""),
            ("1st", "\"1st\""),
            ("größe", "\"größe\""),
            ("name", "name"),
        ] {
            assert_eq!(Ident::new(name).unwrap().to_string(), sql);
        }
    }

    #[test]
    fn refuses_what_the_catalog_cannot_hold() {
        assert_eq!(Ident::new(""), Err(IdentError::Empty));
        assert!(matches!(Ident::new("a\0"), Err(IdentError::Nul(_))));
        assert!(Ident::new("x".repeat(63)).is_ok());
        assert!(matches!(Ident::new("ü".repeat(32)), Err(IdentError::TooLong { bytes: 64, .. })));
    }

    #[test]
    fn literals_survive_quotes_and_backslashes() {
        assert_eq!(Literal("it's").to_string(), "'it''s'");
        assert_eq!(Literal("a\\b").to_string(), "E'a\\\\b'");
    }
}
