//! What `ALTER COLUMN ... TYPE` does for a pair of types: whether PostgreSQL casts by itself, whether it writes
//! the table anew, whether values may be lost or refused.

use super::casts::CASTS;
use crate::lexis::{Token, tokens};

/// How the old value becomes one of the new type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CastPath {
    /// PostgreSQL does it without being told.
    Assignment,
    /// Needs `USING column::new_type`.
    Explicit,
    /// There is no cast, but the text of one type may be valid for the other:
    /// `USING column::text::new_type`.
    ThroughText,
}

/// What happens to the rows on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Storage {
    Kept,
    /// The rows stay; indexes on the column are built anew.
    KeptIndexesRebuilt,
    /// The table and all its indexes are written anew.
    Rewritten,
}

/// The change of a column from one type to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeChange {
    pub path: CastPath,
    pub storage: Storage,
    /// Whether some values may be refused or lose something.
    pub narrowing: bool,
}

impl TypeChange {
    const fn new(path: CastPath, storage: Storage, narrowing: bool) -> Self {
        Self { path, storage, narrowing }
    }
}

const IN_PLACE: TypeChange = TypeChange::new(CastPath::Assignment, Storage::Kept, false);
const REWRITE: TypeChange = TypeChange::new(CastPath::Assignment, Storage::Rewritten, false);
const NARROWING: TypeChange = TypeChange::new(CastPath::Assignment, Storage::Rewritten, true);
const PARSED: TypeChange = TypeChange::new(CastPath::Explicit, Storage::Rewritten, true);
const REPARSED: TypeChange = TypeChange::new(CastPath::ThroughText, Storage::Rewritten, true);

/// How a column of type `from` becomes one of type `to`, both as `format_type` prints them.
/// `None`: PostgreSQL knows no way.
pub fn classify(from: &str, to: &str) -> Option<TypeChange> {
    if from == to {
        return Some(IN_PLACE);
    }
    let (from, to) = (TypeName::parse(from), TypeName::parse(to));
    match (from.array, to.array) {
        (false, false) => classify_scalar(&from, &to),
        (true, true) => classify_scalar(&from, &to).map(|change| {
            // Only taking the modifier away keeps arrays; anything else goes through every element.
            let kept = from.base == to.base && to.modifiers.is_empty();
            TypeChange { storage: if kept { change.storage } else { Storage::Rewritten }, ..change }
        }),
        (true, false) => to.is_string().then(|| limited(&to)),
        (false, true) => from.is_string().then_some(PARSED),
    }
}

/// Writing a value as a string: nothing is lost unless the length is limited.
fn limited(to: &TypeName) -> TypeChange {
    if to.limit().is_some() { NARROWING } else { REWRITE }
}

fn classify_scalar(from: &TypeName, to: &TypeName) -> Option<TypeChange> {
    if from.base == to.base && !from.is_string() {
        return Some(classify_modifiers(from, to));
    }
    if from.is_string() && to.is_string() {
        return Some(classify_strings(from, to));
    }
    if let Some(cast) = CASTS.iter().find(|cast| cast.from == from.base && cast.to == to.base) {
        let storage = if to.modifiers.is_empty() { cast.storage } else { Storage::Rewritten };
        return Some(TypeChange::new(cast.path, storage, cast_narrows(from, to, cast.narrowing)));
    }
    match (from.is_string(), to.is_string()) {
        (_, true) => Some(limited(to)),
        (true, false) => Some(PARSED),
        (false, false) if from.is_user_type() || to.is_user_type() => Some(REPARSED),
        // There is a cast of `integer` only, and the texts of 0 and 1 are ones of `boolean`.
        (false, false) if to.base == "boolean" && matches!(from.base.as_str(), "smallint" | "bigint") => {
            Some(REPARSED)
        }
        (false, false) => classify_ranges(&from.base, &to.base),
    }
}

/// The ranges and multiranges of PostgreSQL itself with their subtypes.
const RANGES: [(&str, &str, &str); 6] = [
    ("int4range", "int4multirange", "integer"),
    ("int8range", "int8multirange", "bigint"),
    ("numrange", "nummultirange", "numeric"),
    ("daterange", "datemultirange", "date"),
    ("tsrange", "tsmultirange", "timestamp without time zone"),
    ("tstzrange", "tstzmultirange", "timestamp with time zone"),
];

/// No range is cast to another one, but the text of one may be valid for the other where bounds are cast to bounds.
fn classify_ranges(from: &str, to: &str) -> Option<TypeChange> {
    let subtype = |name: &str| {
        let found = RANGES.iter().find(|(range, multirange, _)| [range, multirange].contains(&&name));
        found.map(|(range, _, subtype)| (*range == name, *subtype))
    };
    let ((from_is_one, from), (to_is_one, to)) = (subtype(from)?, subtype(to)?);
    let cast =
        CASTS.iter().find(|cast| cast.from == from && cast.to == to).filter(|_| from_is_one == to_is_one)?;
    // Where clocks change, the earlier one of two bounds may become the later one.
    let moves_bounds = from.starts_with("timestamp") && to.starts_with("timestamp");
    Some(TypeChange { narrowing: cast.narrowing || moves_bounds, ..REPARSED })
}

/// Whether a cast loses something once the modifiers on both sides are considered.
fn cast_narrows(from: &TypeName, to: &TypeName, unmodified: bool) -> bool {
    let digits_of = |base: &str| match base {
        "smallint" => Some(4),
        "integer" => Some(9),
        "bigint" => Some(18),
        _ => None,
    };
    match (from.modifiers.as_slice(), to.modifiers.as_slice()) {
        ([], []) => unmodified,
        // Every number of so many digits fits the integer, the longest integer has one digit more.
        ([precision, 0], []) => digits_of(&to.base).map_or(unmodified, |digits| *precision > digits),
        ([], [precision, scale]) => {
            unmodified || digits_of(&from.base).is_none_or(|digits| precision - scale <= digits)
        }
        (_, []) => unmodified,
        (_, [_, ..]) => true,
    }
}

fn classify_strings(from: &TypeName, to: &TypeName) -> TypeChange {
    let shorter = match (from.limit(), to.limit()) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(from), Some(to)) => to < from,
    };
    let plain = |name: &TypeName| matches!(name.base.as_str(), "text" | "character varying");
    if shorter {
        return NARROWING;
    }
    if plain(from) && plain(to) {
        return IN_PLACE;
    }
    REWRITE
}

/// The same type with other modifiers.
fn classify_modifiers(from: &TypeName, to: &TypeName) -> TypeChange {
    if from.base == "bit" {
        // An implicit cast refuses every other length.
        return TypeChange::new(CastPath::Explicit, Storage::Rewritten, to.modifiers < from.modifiers);
    }
    if from.is_user_type() {
        return if to.modified { NARROWING } else { IN_PLACE };
    }
    if from.base == "interval" {
        let (old, new) = (from.interval_resolution(), to.interval_resolution());
        return if new.0 >= old.0 && new.1 >= old.1 { IN_PLACE } else { NARROWING };
    }
    match (from.modifiers.as_slice(), to.modifiers.as_slice()) {
        (_, []) => IN_PLACE,
        ([precision, scale], [new_precision, new_scale]) => {
            if scale == new_scale && new_precision >= precision {
                IN_PLACE
            } else if new_scale >= scale && new_precision - new_scale >= precision - scale {
                REWRITE
            } else {
                NARROWING
            }
        }
        ([length], [new_length]) if new_length >= length => IN_PLACE,
        // Six digits of a second are all there are.
        ([], [6]) if to.base.starts_with("time") => IN_PLACE,
        _ => NARROWING,
    }
}

/// A type as `format_type` prints it, taken apart.
struct TypeName {
    /// Without modifiers; of `interval` also without its fields.
    base: String,
    /// `day to second` and the like, of `interval` only.
    fields: String,
    modifiers: Vec<i64>,
    /// Whether there are modifiers of any sort; those of user types need not be numbers.
    modified: bool,
    array: bool,
}

impl TypeName {
    fn parse(text: &str) -> Self {
        let (element, array) = text.strip_suffix("[]").map_or((text, false), |element| (element, true));
        let mut words = Vec::new();
        let mut modifiers = Vec::new();
        let (mut inside, mut modified, mut negative) = (false, false, false);
        for token in tokens(element) {
            match token {
                Token::Symbol('(') => (inside, modified) = (true, true),
                Token::Symbol(')') => inside = false,
                Token::Symbol('-') => negative = true,
                Token::Number(number) if inside => {
                    modifiers.extend(number.parse::<i64>().map(|n| if negative { -n } else { n }));
                    negative = false;
                }
                Token::Word(word) if !inside => words.push(word.to_owned()),
                Token::Quoted(name) => words.push(format!("\"{name}\"")),
                Token::Symbol('.') => words.push(".".to_owned()),
                Token::Word(_) | Token::Literal(_) | Token::Number(_) | Token::Cast | Token::Symbol(_) => {}
            }
        }
        let mut base = words.join(" ").replace(" . ", ".");
        let mut fields = String::new();
        if let Some(rest) = base.strip_prefix("interval ") {
            fields = rest.to_owned();
            base = "interval".to_owned();
        }
        if base == "bpchar" {
            base = "character".to_owned();
        }
        Self { base, fields, modifiers, modified, array }
    }

    fn is_string(&self) -> bool {
        matches!(self.base.as_str(), "text" | "character varying" | "character" | "name")
    }

    /// Outside `pg_catalog`: `format_type` qualifies everything else with an empty `search_path`.
    fn is_user_type(&self) -> bool {
        self.base.contains('.')
    }

    /// How finely an interval is kept: the rank of its smallest field, and digits of a second.
    fn interval_resolution(&self) -> (Option<usize>, i64) {
        const FIELDS: [&str; 6] = ["year", "month", "day", "hour", "minute", "second"];
        let smallest = self.fields.rsplit(' ').next().filter(|field| !field.is_empty()).unwrap_or("second");
        let digits = if smallest == "second" { self.modifiers.first().copied().unwrap_or(6) } else { 0 };
        (FIELDS.iter().position(|field| *field == smallest), digits)
    }

    /// The longest string of the type.
    fn limit(&self) -> Option<i64> {
        if self.base == "name" { Some(63) } else { self.modifiers.first().copied() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(from: &str, to: &str) -> &'static str {
        match classify(from, to) {
            None => "impossible",
            Some(change) if change.narrowing => "narrowing",
            Some(TypeChange { storage: Storage::Rewritten, .. }) => "rewrite",
            Some(TypeChange { storage: Storage::KeptIndexesRebuilt, .. }) => "reindex",
            Some(_) => "in place",
        }
    }

    /// Measured on PostgreSQL 15 and 18 by the file node of the table before and after.
    #[test]
    fn each_pair_of_types_is_classified_as_the_servers_do_it() {
        for (from, to, expected) in [
            ("character varying(10)", "character varying(20)", "in place"),
            ("character varying(10)", "character varying", "in place"),
            ("character varying(10)", "text", "in place"),
            ("character varying", "text", "in place"),
            ("text", "character varying", "in place"),
            ("text", "character varying(10)", "narrowing"),
            ("character varying(20)", "character varying(10)", "narrowing"),
            ("character(5)", "text", "rewrite"),
            ("character varying(5)", "character(10)", "rewrite"),
            ("text", "name", "narrowing"),
            ("numeric(5,2)", "numeric(7,2)", "in place"),
            ("numeric(5,2)", "numeric", "in place"),
            ("numeric(5,2)", "numeric(7,4)", "rewrite"),
            ("numeric(5,2)", "numeric(5,4)", "narrowing"),
            ("numeric(7,2)", "numeric(5,2)", "narrowing"),
            ("numeric", "numeric(5,2)", "narrowing"),
            ("numeric(5,-2)", "numeric(7,2)", "narrowing"),
            ("numeric(5,-2)", "numeric(9,2)", "rewrite"),
            ("app.geometry(Point,4326)", "app.geometry", "in place"),
            ("app.geometry(Point)", "app.geometry(Polygon)", "narrowing"),
            ("numeric(9,0)", "integer", "rewrite"),
            ("numeric(10,0)", "integer", "narrowing"),
            ("numeric(9,2)", "integer", "narrowing"),
            ("integer", "numeric(10,0)", "rewrite"),
            ("integer", "numeric(12,2)", "rewrite"),
            ("integer", "numeric(10,2)", "narrowing"),
            ("integer", "bigint", "rewrite"),
            ("bigint", "integer", "narrowing"),
            ("integer", "oid", "reindex"),
            ("timestamp(3) without time zone", "timestamp without time zone", "in place"),
            ("timestamp(3) without time zone", "timestamp(6) without time zone", "in place"),
            ("timestamp without time zone", "timestamp(3) without time zone", "narrowing"),
            ("timestamp without time zone", "timestamp(6) without time zone", "in place"),
            ("timestamp without time zone", "timestamp with time zone", "rewrite"),
            ("timestamp without time zone", "date", "narrowing"),
            ("date", "timestamp without time zone", "rewrite"),
            ("time(3) with time zone", "time(5) with time zone", "in place"),
            ("interval(3)", "interval(5)", "in place"),
            ("interval day to second(3)", "interval day to second(5)", "in place"),
            ("interval day to second(3)", "interval", "in place"),
            ("interval", "interval day to second", "in place"),
            ("interval year to month", "interval(3)", "in place"),
            ("interval day to second", "interval day to second(3)", "narrowing"),
            ("interval", "interval year to month", "narrowing"),
            ("bit varying(4)", "bit varying(6)", "in place"),
            ("bit varying(4)", "bit varying", "in place"),
            ("bit(4)", "bit(6)", "rewrite"),
            ("xml", "text", "in place"),
            ("xml", "character varying(10)", "narrowing"),
            ("cidr", "inet", "in place"),
            ("inet", "cidr", "narrowing"),
            ("json", "text", "rewrite"),
            ("text", "jsonb", "narrowing"),
            ("character varying(10)[]", "character varying[]", "in place"),
            ("character varying(10)[]", "character varying(20)[]", "rewrite"),
            ("character varying(10)[]", "text[]", "rewrite"),
            ("integer[]", "bigint[]", "rewrite"),
            ("integer[]", "text", "rewrite"),
            ("integer[]", "integer", "impossible"),
            ("bigint", "timestamp without time zone", "impossible"),
            ("boolean", "timestamp with time zone", "impossible"),
            ("uuid", "bigint", "impossible"),
            ("int4range", "int8range", "rewrite"),
            ("int8range", "int4range", "narrowing"),
            ("int4range[]", "numrange[]", "rewrite"),
            ("int4multirange", "int8multirange", "rewrite"),
            ("int4range", "int8multirange", "impossible"),
            ("int4range", "daterange", "impossible"),
            ("daterange", "tstzrange", "rewrite"),
            ("tsrange", "tstzrange", "narrowing"),
            ("tstzrange", "daterange", "narrowing"),
            ("smallint", "boolean", "narrowing"),
            ("app.mood", "text", "rewrite"),
            ("text", "app.mood", "narrowing"),
            ("app.mood", "app.\"Mood\"", "narrowing"),
        ] {
            assert_eq!(verdict(from, to), expected, "{from} -> {to}");
        }
    }

    #[test]
    fn using_is_needed_only_without_an_assignment_cast() {
        let path = |from, to| classify(from, to).unwrap().path;
        assert_eq!(path("integer", "smallint"), CastPath::Assignment);
        assert_eq!(path("uuid", "text"), CastPath::Assignment);
        assert_eq!(path("text", "uuid"), CastPath::Explicit);
        assert_eq!(path("integer", "boolean"), CastPath::Explicit);
        assert_eq!(path("text[]", "integer[]"), CastPath::Explicit);
        assert_eq!(path("app.mood", "app.feeling"), CastPath::ThroughText);
        assert_eq!(path("integer", "app.level"), CastPath::ThroughText);
        assert_eq!(path("int4range", "int8range"), CastPath::ThroughText);
    }
}
