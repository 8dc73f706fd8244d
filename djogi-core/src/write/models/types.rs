//! The Rust type of a column, and whether its SQL type has to be written beside it.

use std::collections::BTreeMap;
use std::str::FromStr;

/// A crate whose types fields may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TypeCrate {
    Chrono,
    Jiff,
    RustDecimal,
    SerdeJson,
    Time,
    Uuid,
}

impl TypeCrate {
    pub const ALL: [Self; 6] =
        [Self::Chrono, Self::Jiff, Self::RustDecimal, Self::SerdeJson, Self::Time, Self::Uuid];

    /// The crate's name, which is that of the feature of djogi-core.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Chrono => "chrono",
            Self::Jiff => "jiff",
            Self::RustDecimal => "rust_decimal",
            Self::SerdeJson => "serde_json",
            Self::Time => "time",
            Self::Uuid => "uuid",
        }
    }

    /// Its types, by what they are mapped to.
    fn types(self) -> &'static [(&'static str, &'static str)] {
        const ZONED: &str = "timestamp with time zone";
        const LOCAL: &str = "timestamp without time zone";
        const CLOCK: &str = "time without time zone";
        match self {
            Self::Chrono => &[
                (ZONED, "chrono::DateTime<chrono::Utc>"),
                (LOCAL, "chrono::NaiveDateTime"),
                ("date", "chrono::NaiveDate"),
                (CLOCK, "chrono::NaiveTime"),
            ],
            Self::Jiff => &[
                (ZONED, "jiff::Timestamp"),
                (LOCAL, "jiff::civil::DateTime"),
                ("date", "jiff::civil::Date"),
                (CLOCK, "jiff::civil::Time"),
            ],
            Self::RustDecimal => &[("numeric", "rust_decimal::Decimal")],
            Self::SerdeJson => &[("jsonb", "serde_json::Value")],
            Self::Time => &[
                (ZONED, "time::OffsetDateTime"),
                (LOCAL, "time::PrimitiveDateTime"),
                ("date", "time::Date"),
                (CLOCK, "time::Time"),
            ],
            Self::Uuid => &[("uuid", "uuid::Uuid")],
        }
    }
}

impl FromStr for TypeCrate {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.map(Self::as_str);
        let found = Self::ALL.into_iter().find(|one| one.as_str() == name);
        found.ok_or_else(|| format!("`{name}` is not among the crates that djogi maps: {}", known.join(", ")))
    }
}

/// The types that need no crate.
const BUILT_IN: [(&str, &str); 12] = [
    ("boolean", "bool"),
    ("\"char\"", "i8"),
    ("smallint", "i16"),
    ("integer", "i32"),
    ("bigint", "i64"),
    ("oid", "u32"),
    ("real", "f32"),
    ("double precision", "f64"),
    ("text", "String"),
    ("bytea", "Vec<u8>"),
    ("inet", "std::net::IpAddr"),
    ("timestamp with time zone", "std::time::SystemTime"),
];

/// Range types that PostgreSQL has itself, by the types of their bounds.
const RANGES: [(&str, &str); 6] = [
    ("int4range", "integer"),
    ("int8range", "bigint"),
    ("numrange", "numeric"),
    ("daterange", "date"),
    ("tsrange", "timestamp without time zone"),
    ("tstzrange", "timestamp with time zone"),
];

/// The types of columns by their SQL names: built-in ones, those of `crates`, and the user's own.
#[derive(Debug)]
pub(super) struct Types {
    mapped: BTreeMap<String, String>,
}

impl Types {
    pub(super) fn new(crates: &[TypeCrate], own: impl Iterator<Item = (String, String)>) -> Self {
        let built_in = BUILT_IN.iter().chain(crates.iter().flat_map(|one| one.types()));
        let mut mapped: BTreeMap<String, String> =
            built_in.map(|&(sql, rust)| (sql.to_owned(), rust.to_owned())).collect();
        for (range, bound) in RANGES {
            if let Some(bound) = mapped.get(bound) {
                mapped.insert(range.to_owned(), format!("std::ops::Range<{bound}>"));
            }
        }
        mapped.extend(own);
        Self { mapped }
    }

    /// The Rust type of `sql`, and whether that says all.
    pub(super) fn of(&self, sql: &str) -> (String, bool) {
        if let Some(rust) = self.mapped.get(sql) {
            return (rust.clone(), true);
        }
        if let Some(element) = sql.strip_suffix("[]") {
            let (element, says_all) = self.of(element);
            return (format!("Vec<{element}>"), says_all);
        }
        let plain = sql.find('(').map_or(sql, |at| sql[..at].trim_end());
        let rust = self.mapped.get(plain).filter(|_| plain != sql);
        (rust.cloned().unwrap_or_else(|| "String".to_owned()), false)
    }
}
