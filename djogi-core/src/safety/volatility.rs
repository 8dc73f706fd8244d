//! Whether a default has the same value for every row of one statement. Only then can PostgreSQL add a column
//! with it without writing the table (manual section 5.7.1).

use crate::kind::Expression;
use crate::lexis::{Token, tokens};

/// Built-in functions and function-like syntax that are immutable or stable
/// (`pg_proc.provolatile` is `i` or `s` for every overload), sorted. Whatever is missing counts as volatile.
const STEADY: &[&str] = &[
    "abs",
    "array",
    "array_append",
    "array_cat",
    "btrim",
    "ceil",
    "ceiling",
    "chr",
    "coalesce",
    "concat",
    "concat_ws",
    "convert_to",
    "current_database",
    "current_date",
    "current_schema",
    "current_setting",
    "current_time",
    "current_timestamp",
    "date_part",
    "date_trunc",
    "daterange",
    "decode",
    "encode",
    "extract",
    "floor",
    "format",
    "greatest",
    "initcap",
    "int4range",
    "int8range",
    "json_build_array",
    "json_build_object",
    "jsonb_build_array",
    "jsonb_build_object",
    "least",
    "left",
    "length",
    "localtime",
    "localtimestamp",
    "lower",
    "lpad",
    "ltrim",
    "make_date",
    "make_interval",
    "make_timestamp",
    "make_timestamptz",
    "md5",
    "mod",
    "now",
    "nullif",
    "numrange",
    "pg_backend_pid",
    "power",
    "repeat",
    "replace",
    "reverse",
    "right",
    "round",
    "rpad",
    "rtrim",
    "sha256",
    "statement_timestamp",
    "substr",
    "substring",
    "timezone",
    "to_char",
    "to_date",
    "to_json",
    "to_jsonb",
    "to_number",
    "to_timestamp",
    "transaction_timestamp",
    "trim",
    "trunc",
    "tsrange",
    "tstzrange",
    "upper",
];

/// Words that stand before a parenthesis without calling anything.
const SYNTAX: &[&str] =
    &["and", "or", "not", "in", "any", "all", "some", "case", "when", "then", "else", "is", "row", "between"];

/// Words that end the name of a type that takes modifiers: `character varying(20)`, `numeric(12,2)`.
const TYPES_WITH_MODIFIER: &[&str] = &[
    "bit",
    "bpchar",
    "char",
    "character",
    "decimal",
    "interval",
    "numeric",
    "second",
    "time",
    "timestamp",
    "varchar",
    "varying",
];

/// Whether the expression may give another value for each row. Takes unknown functions for volatile.
pub fn is_volatile(expression: &Expression) -> bool {
    let tokens = tokens(expression.as_str());
    let parenthesis = Token::Symbol('(');
    tokens.iter().enumerate().any(|(at, token)| {
        if tokens.get(at + 1) != Some(&parenthesis) {
            return false;
        }
        let before = at.checked_sub(1).map(|before| tokens[before]);
        match token {
            Token::Word(_) | Token::Quoted(_) if before == Some(Token::Symbol('.')) => {
                // `schema.name(`: a type with modifiers after `::`, otherwise a function of the user.
                at < 3 || tokens[at - 3] != Token::Cast
            }
            Token::Word(word) => {
                let word = word.to_lowercase();
                let word = word.as_str();
                STEADY.binary_search(&word).is_err()
                    && !SYNTAX.contains(&word)
                    && !TYPES_WITH_MODIFIER.contains(&word)
            }
            Token::Quoted(_) => before != Some(Token::Cast),
            Token::Literal(_) | Token::Number(_) | Token::Cast | Token::Symbol(_) => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted() {
        assert!(STEADY.is_sorted());
    }

    #[test]
    fn constants_and_stable_functions_are_not_volatile() {
        for text in [
            "0",
            "'random()'::text",
            "'[]'::jsonb",
            "now()",
            "CURRENT_TIMESTAMP",
            "CURRENT_TIMESTAMP(3)",
            "(now() + '1 day'::interval)",
            "(now() AT TIME ZONE 'utc'::text)",
            "'0'::numeric(12,2)",
            "'x'::character varying(20)",
            "'2020-01-01'::timestamp(3) without time zone",
            "'POINT(1 1)'::app.geometry(Point,4326)",
            "ARRAY['a'::text, 'b'::text]",
            "'open'::public.\"Mood\"",
            "(1 IN (1, 2))",
            "COALESCE(NULL::integer, 1)",
        ] {
            assert!(!is_volatile(&Expression::new(text)), "{text}");
        }
    }

    #[test]
    fn volatile_and_unknown_functions_are_volatile() {
        for text in [
            "gen_random_uuid()",
            "uuidv7()",
            "random()",
            "clock_timestamp()",
            "nextval('public.orders_id_seq'::regclass)",
            "app.lower('a'::text)",
            "app.\"Next\"()",
            "\"Next\"()",
            "(1 OPERATOR(app.+) 2)",
            "lower((random())::text)",
        ] {
            assert!(is_volatile(&Expression::new(text)), "{text}");
        }
    }
}
