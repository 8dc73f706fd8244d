//! Column defaults as `pg_get_expr` prints them. Literals whose printed form follows from the type are
//! written right here, so that ordinary models need no scratch database; everything else stays raw.

use super::type_name::without_modifiers;
use crate::kind::Expression;

/// An expression, and whether it still is as the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Declared {
    pub(super) expression: Expression,
    pub(super) raw: bool,
}

impl Declared {
    pub(super) fn raw(sql: &str) -> Self {
        Self { expression: Expression::new(sql.trim()), raw: true }
    }

    fn canonical(text: impl Into<String>) -> Self {
        Self { expression: Expression::new(text), raw: false }
    }
}

/// Calls that PostgreSQL prints as they are, whatever the type of the column.
const UNCHANGED: &[&str] =
    &["now()", "gen_random_uuid()", "CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_USER"];

/// An SQL expression as a default.
pub(super) fn sql(expression: &str) -> Declared {
    let expression = expression.trim();
    if UNCHANGED.contains(&expression) { Declared::canonical(expression) } else { Declared::raw(expression) }
}

/// An expression that is written as PostgreSQL prints it.
pub(super) fn as_printed(expression: &str) -> Declared {
    Declared::canonical(expression)
}

/// A boolean literal.
pub(super) fn boolean(value: bool, data_type: &str) -> Declared {
    if data_type == "boolean" {
        Declared::canonical(value.to_string())
    } else {
        Declared::raw(&value.to_string())
    }
}

/// A numeric literal. PostgreSQL keeps the literal's own type and hides the cast to the column's.
pub(super) fn number(literal: &str, data_type: &str) -> Declared {
    let column_is_number = matches!(
        without_modifiers(data_type).as_str(),
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision"
    );
    if !column_is_number {
        return Declared::raw(literal);
    }
    let negative = literal.starts_with('-');
    let digits = literal.trim_start_matches('-');
    let quoted = |sql_type: &str| Declared::canonical(format!("'{literal}'::{sql_type}"));
    if let Some((whole, fraction)) = digits.split_once('.') {
        let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let prints_the_same =
            all_digits(whole) && all_digits(fraction) && (whole == "0" || !whole.starts_with('0'));
        return match (prints_the_same, negative) {
            (false, _) => Declared::raw(literal),
            // A negative zero loses its sign.
            (true, true) if digits.bytes().all(|byte| matches!(byte, b'0' | b'.')) => Declared::raw(literal),
            (true, true) => quoted("numeric"),
            (true, false) => Declared::canonical(literal),
        };
    }
    match literal.parse::<i64>() {
        Ok(0) => Declared::canonical("0"),
        Ok(value) if i32::try_from(value).is_err() => quoted("bigint"),
        Ok(_) if negative => quoted("integer"),
        Ok(_) => Declared::canonical(literal),
        Err(_) if digits.bytes().all(|byte| byte.is_ascii_digit()) => quoted("numeric"),
        Err(_) => Declared::raw(literal),
    }
}

/// A text literal. The server reads it with the input function of the column's type, so only types that
/// print what they read are canonical here.
pub(super) fn text(value: &str, data_type: &str) -> Declared {
    let base = without_modifiers(data_type);
    let prints_the_same = match base.as_str() {
        "text" | "character varying" => true,
        "bpchar" | "character" => true,
        "json" => true,
        "jsonb" => matches!(value, "{}" | "[]"),
        array => array.ends_with("[]") && value == "{}",
    };
    // The cast is printed without the length, and `character` without one is `bpchar`.
    let cast = match base.as_str() {
        "character" => "bpchar",
        "character[]" => "bpchar[]",
        "bit[]" => "\"bit\"[]",
        other => other,
    };
    if prints_the_same { Declared::canonical(label(value, cast)) } else { Declared::raw(&quote(value)) }
}

/// A label of an enum type, or any value with its type spelled out.
pub(super) fn enum_label(value: &str, data_type: &str) -> Declared {
    Declared::canonical(label(value, data_type))
}

fn label(value: &str, data_type: &str) -> String {
    format!("{}::{data_type}", quote(value))
}

/// As the server prints constants: with `standard_conforming_strings` on, a backslash is only a backslash.
fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(declared: &Declared) -> String {
        format!("{}{}", if declared.raw { "raw " } else { "" }, declared.expression)
    }

    #[test]
    fn numbers_keep_the_type_of_the_literal() {
        for (literal, printed) in [
            ("0", "0"),
            ("-0", "0"),
            ("-1", "'-1'::integer"),
            ("2147483647", "2147483647"),
            ("2147483648", "'2147483648'::bigint"),
            ("-2147483648", "'-2147483648'::integer"),
            ("99999999999999999999", "'99999999999999999999'::numeric"),
            ("0.20", "0.20"),
            ("-0.5", "'-0.5'::numeric"),
            ("-0.0", "raw -0.0"),
            ("1e3", "raw 1e3"),
        ] {
            assert_eq!(show(&number(literal, "numeric(12,2)")), printed);
        }
        assert_eq!(show(&number("1", "text")), "raw 1");
    }

    #[test]
    fn texts_are_canonical_where_the_type_prints_what_it_reads() {
        for (value, data_type, printed) in [
            ("it's", "text", "'it''s'::text"),
            ("EUR", "character(3)", "'EUR'::bpchar"),
            ("x", "character varying(20)", "'x'::character varying"),
            ("{}", "jsonb", "'{}'::jsonb"),
            ("{\"a\":1}", "jsonb", "raw '{\"a\":1}'"),
            ("{}", "text[]", "'{}'::text[]"),
            ("{a}", "text[]", "raw '{a}'"),
            ("1 day", "interval", "raw '1 day'"),
        ] {
            assert_eq!(show(&text(value, data_type)), printed);
        }
    }
}
