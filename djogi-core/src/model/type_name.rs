//! Written type names to the names that `format_type` prints: `int8` to `bigint`, `decimal(12,2)` to
//! `numeric(12,2)`, `varchar[]` to `character varying[]`. A type that is not PostgreSQL's own is left for
//! the server to resolve.

use std::fmt;

/// A type as it was written, understood as far as that is possible without a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TypeName {
    /// As `format_type` prints it.
    Canonical(String),
    /// Not a type of PostgreSQL itself: `citext`, `app.money`.
    Unknown(String),
}

/// Why a text cannot be the type of a column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypeNameError {
    #[error(
        "`{0}` is not a type but a shorthand that makes a sequence; write `type = \"{1}\"` with `default = identity`"
    )]
    Serial(String, &'static str),
    #[error("`{0}` is not the name of a type: {1}")]
    Malformed(String, Malformed),
}

/// What is wrong with a type name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    Parentheses,
    Modifiers,
    Empty,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Malformed::Parentheses => "parentheses or brackets do not match",
            Malformed::Modifiers => "it does not take these numbers",
            Malformed::Empty => "it is empty",
        })
    }
}

/// Types that are printed as they are written and take no modifiers (manual chapter 8).
const PLAIN: &[&str] = &[
    "bigint",
    "boolean",
    "box",
    "bytea",
    "cidr",
    "circle",
    "date",
    "daterange",
    "datemultirange",
    "double precision",
    "inet",
    "int4multirange",
    "int4range",
    "int8multirange",
    "int8range",
    "integer",
    "json",
    "jsonb",
    "jsonpath",
    "line",
    "lseg",
    "macaddr",
    "macaddr8",
    "money",
    "name",
    "nummultirange",
    "numrange",
    "oid",
    "path",
    "pg_lsn",
    "pg_snapshot",
    "point",
    "polygon",
    "real",
    "regclass",
    "regcollation",
    "regconfig",
    "regdictionary",
    "regnamespace",
    "regoper",
    "regoperator",
    "regproc",
    "regprocedure",
    "regrole",
    "regtype",
    "smallint",
    "text",
    "tsmultirange",
    "tsquery",
    "tsrange",
    "tstzmultirange",
    "tstzrange",
    "tsvector",
    "uuid",
    "xml",
];

/// Other spellings of types without modifiers.
const ALIASES: &[(&str, &str)] = &[
    ("bool", "boolean"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("int", "integer"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
];

const SERIALS: &[(&str, &str)] = &[
    ("bigserial", "bigint"),
    ("serial", "integer"),
    ("serial2", "smallint"),
    ("serial4", "integer"),
    ("serial8", "bigint"),
    ("smallserial", "smallint"),
];

/// Brings a written type to its canonical name.
pub fn canonical(written: &str) -> Result<TypeName, TypeNameError> {
    let malformed = |what| TypeNameError::Malformed(written.to_owned(), what);
    let (element, dimensions) = array_element(written.trim());
    if element.is_empty() {
        return Err(malformed(Malformed::Empty));
    }
    let array = if dimensions { "[]" } else { "" };
    // Case and spelling inside quotes belong to the user's own types.
    if element == "\"char\"" {
        return Ok(TypeName::Canonical(format!("\"char\"{array}")));
    }
    let unknown = || TypeName::Unknown(format!("{element}{array}"));
    if element.contains('"') {
        return Ok(unknown());
    }
    let folded = element.to_lowercase();
    let folded = folded.strip_prefix("pg_catalog.").unwrap_or(&folded);
    let (name, modifiers) = split_modifiers(folded).ok_or_else(|| malformed(Malformed::Parentheses))?;
    if let Some((_, integer)) = SERIALS.iter().find(|(serial, _)| *serial == name) {
        return Err(TypeNameError::Serial(written.to_owned(), integer));
    }
    if let Some(plain) = plain(&name) {
        if !modifiers.is_empty() {
            return Err(malformed(Malformed::Modifiers));
        }
        return Ok(TypeName::Canonical(format!("{plain}{array}")));
    }
    match modified(&name, &modifiers) {
        Modified::Canonical(canonical) => Ok(TypeName::Canonical(format!("{canonical}{array}"))),
        Modified::Wrong => Err(malformed(Malformed::Modifiers)),
        Modified::Unknown => Ok(unknown()),
    }
}

/// Takes `[]`, `[3]` and `array` off the end; PostgreSQL keeps neither sizes nor the number of dimensions.
fn array_element(written: &str) -> (&str, bool) {
    let (mut rest, mut dimensions) = (written, false);
    while let Some(open) = rest.strip_suffix(']').and_then(|inner| {
        let digits = inner.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
        digits.strip_suffix('[').map(str::trim_end)
    }) {
        (rest, dimensions) = (open, true);
    }
    let lower = rest.to_ascii_lowercase();
    if let Some(element) = lower.strip_suffix(" array") {
        (rest, dimensions) = (rest[..element.len()].trim_end(), true);
    }
    (rest, dimensions)
}

/// `timestamp (3) with time zone` to `timestamp with time zone` and `[3]`.
fn split_modifiers(folded: &str) -> Option<(String, Vec<i64>)> {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((before, after)) = folded.split_once('(') else {
        return (!folded.contains([')', '[', ']'])).then(|| (words(folded), Vec::new()));
    };
    let (inside, after) = after.split_once(')')?;
    if after.contains(['(', ')', '[', ']']) {
        return None;
    }
    let numbers = inside.split(',').map(|number| number.trim().parse().ok()).collect::<Option<Vec<i64>>>();
    // Modifiers that are not numbers belong to types of extensions, such as geometry(Point, 4326).
    Some((words(&format!("{before} {after}")), numbers.unwrap_or_else(|| vec![i64::MIN])))
}

fn plain(name: &str) -> Option<&'static str> {
    PLAIN
        .iter()
        .copied()
        .find(|plain| *plain == name)
        .or_else(|| ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, plain)| *plain))
}

enum Modified {
    Canonical(String),
    Wrong,
    Unknown,
}

/// Types whose name carries numbers.
fn modified(name: &str, modifiers: &[i64]) -> Modified {
    let text = match (name, modifiers) {
        ("numeric" | "decimal" | "dec", []) => "numeric".to_owned(),
        ("numeric" | "decimal" | "dec", &[precision @ 1..=1000]) => format!("numeric({precision},0)"),
        ("numeric" | "decimal" | "dec", &[precision @ 1..=1000, scale @ -1000..=1000]) => {
            format!("numeric({precision},{scale})")
        }
        ("float", [] | [25..=53]) => "double precision".to_owned(),
        ("float", [1..=24]) => "real".to_owned(),
        ("varchar" | "character varying" | "char varying", []) => "character varying".to_owned(),
        ("varchar" | "character varying" | "char varying", &[length @ 1..=10_485_760]) => {
            format!("character varying({length})")
        }
        ("char" | "character", []) => "character(1)".to_owned(),
        ("bpchar", []) => "bpchar".to_owned(),
        ("char" | "character" | "bpchar", &[length @ 1..=10_485_760]) => format!("character({length})"),
        ("bit", []) => "bit(1)".to_owned(),
        ("bit", &[length @ 1..=83_886_080]) => format!("bit({length})"),
        ("varbit" | "bit varying", []) => "bit varying".to_owned(),
        ("varbit" | "bit varying", &[length @ 1..=83_886_080]) => format!("bit varying({length})"),
        ("interval", []) => "interval".to_owned(),
        ("interval", &[precision @ 0..=6]) => format!("interval({precision})"),
        ("timestamp" | "timestamp without time zone", _) => {
            return with_zone("timestamp", "without", modifiers);
        }
        ("timestamptz" | "timestamp with time zone", _) => return with_zone("timestamp", "with", modifiers),
        ("time" | "time without time zone", _) => return with_zone("time", "without", modifiers),
        ("timetz" | "time with time zone", _) => return with_zone("time", "with", modifiers),
        (
            "numeric" | "decimal" | "dec" | "float" | "varchar" | "character varying" | "char varying"
            | "char" | "character" | "bpchar" | "bit" | "varbit" | "bit varying" | "interval",
            _,
        ) => return Modified::Wrong,
        _ => return Modified::Unknown,
    };
    Modified::Canonical(text)
}

fn with_zone(name: &str, with: &str, modifiers: &[i64]) -> Modified {
    match modifiers {
        [] => Modified::Canonical(format!("{name} {with} time zone")),
        [precision @ 0..=6] => Modified::Canonical(format!("{name}({precision}) {with} time zone")),
        _ => Modified::Wrong,
    }
}

/// A canonical name without its modifiers: `character varying(20)` to `character varying`.
pub(super) fn without_modifiers(canonical: &str) -> String {
    match (canonical.find('('), canonical.find(')')) {
        (Some(open), Some(close)) if open < close && !canonical.contains('"') => {
            format!("{}{}", &canonical[..open], &canonical[close + 1..])
        }
        _ => canonical.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(written: &str) -> String {
        match canonical(written).unwrap() {
            TypeName::Canonical(name) => name,
            TypeName::Unknown(name) => format!("? {name}"),
        }
    }

    #[test]
    fn aliases_become_what_format_type_prints() {
        for (written, canonical) in [
            ("INT8", "bigint"),
            ("int", "integer"),
            ("decimal(12, 2)", "numeric(12,2)"),
            ("numeric(5)", "numeric(5,0)"),
            ("varchar(20)", "character varying(20)"),
            ("char", "character(1)"),
            ("bpchar", "bpchar"),
            ("timestamptz", "timestamp with time zone"),
            ("timestamp (3) with time zone", "timestamp(3) with time zone"),
            ("time", "time without time zone"),
            ("double   precision", "double precision"),
            ("float(24)", "real"),
            ("varchar(20)[]", "character varying(20)[]"),
            ("int[3][]", "integer[]"),
            ("text ARRAY", "text[]"),
            ("pg_catalog.int4", "integer"),
            ("\"char\"", "\"char\""),
            ("bit varying(8)", "bit varying(8)"),
        ] {
            assert_eq!(name(written), canonical, "{written}");
        }
    }

    #[test]
    fn types_of_others_are_left_to_the_server() {
        for written in ["citext", "app.mood", "geometry(Point, 4326)", "\"Mood\"", "interval day to second"] {
            assert_eq!(name(written), format!("? {written}"));
        }
        assert_eq!(name("citext[]"), "? citext[]");
    }

    #[test]
    fn serial_is_refused_with_the_way_out() {
        let error = canonical("bigserial").unwrap_err().to_string();
        assert!(error.contains("`type = \"bigint\"` with `default = identity`"), "{error}");
    }

    #[test]
    fn nonsense_is_named() {
        assert!(matches!(canonical("  "), Err(TypeNameError::Malformed(_, Malformed::Empty))));
        assert!(matches!(canonical("int(3)"), Err(TypeNameError::Malformed(_, Malformed::Modifiers))));
        assert!(matches!(canonical("numeric(12"), Err(TypeNameError::Malformed(_, Malformed::Parentheses))));
        assert!(matches!(canonical("varchar(0)"), Err(TypeNameError::Malformed(_, Malformed::Modifiers))));
    }

    #[test]
    fn modifiers_come_off_in_the_middle_too() {
        assert_eq!(without_modifiers("timestamp(3) with time zone"), "timestamp with time zone");
        assert_eq!(without_modifiers("character varying(20)[]"), "character varying[]");
        assert_eq!(without_modifiers("text"), "text");
        assert_eq!(without_modifiers("app.\"a(b)\""), "app.\"a(b)\"");
    }
}
