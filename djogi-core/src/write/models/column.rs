//! A column as a field: its type, and where its values come from.

use super::{World, numbers, properties};
use crate::kind::{Column, GeneratedStorage, IdentityMode, SequenceOptions, SequenceType};
use crate::lexis::{Token, tokens};

impl World<'_> {
    /// The Rust type of a field, and what its attribute says besides keys.
    pub(super) fn column(&self, column: &Column) -> (String, Vec<String>) {
        let (rust, says_all) = self.types.of(&column.data_type);
        let rust = if column.not_null { rust } else { format!("Option<{rust}>") };
        let mut items = Vec::new();
        if !says_all {
            items.push(format!("type = {:?}", column.data_type));
        }
        items.extend(
            column.collation.iter().map(|collation| format!("collate = {:?}", collation.to_string())),
        );
        if let Some(default) = &column.default {
            items.push(format!("default = {}", self.default(default.as_str(), &column.data_type)));
        }
        if let Some(identity) = &column.identity {
            let usual = SequenceType::of_column(&column.data_type).map(SequenceOptions::default_for);
            let mut said: Vec<String> =
                usual.map_or_else(Vec::new, |usual| numbers(&identity.options, &usual));
            let is_always = identity.mode == IdentityMode::Always;
            if is_always {
                said.insert(0, "always".to_owned());
            }
            items.push(match said.is_empty() {
                true => "default = identity".to_owned(),
                false => format!("identity({})", said.join(", ")),
            });
        }
        if let Some(generated) = &column.generated {
            let storage = match generated.storage {
                GeneratedStorage::Stored => "stored",
                GeneratedStorage::Virtual => "virtual",
            };
            items.push(format!("generated = {:?}, {storage}", generated.expression.as_str()));
        }
        items.extend(properties::column_storage(column));
        items.extend(column.comment.iter().map(|comment| format!("comment = {comment:?}")));
        (rust, items)
    }

    /// A default in the shortest form that means the same; else as SQL.
    pub(super) fn default(&self, sql: &str, data_type: &str) -> String {
        let in_sql = || format!("sql({sql:?})");
        let is_number = ["smallint", "integer", "bigint", "real", "double precision"].contains(&data_type)
            || data_type.starts_with("numeric");
        match tokens(sql).as_slice() {
            [Token::Number(number)] if is_number && is_digits(number) => (*number).to_owned(),
            [Token::Word(word @ ("true" | "false"))] if data_type == "boolean" => (*word).to_owned(),
            [Token::Word(name @ ("now" | "gen_random_uuid")), Token::Symbol('('), Token::Symbol(')')] => {
                format!("{name}()")
            }
            [Token::Word("CURRENT_TIMESTAMP" | "CURRENT_DATE")] => sql.to_lowercase(),
            [Token::Literal(literal), Token::Cast, ..] => {
                let value = value_of(literal);
                let cast = sql.rsplit_once("::").map_or("", |(_, cast)| cast);
                let of_its_type = cast == data_type;
                let variant = self.user_types.variant(data_type, &value).filter(|_| of_its_type);
                match variant {
                    Some(variant) => variant,
                    None if of_its_type && ["text", "character varying"].contains(&data_type) => {
                        format!("{value:?}")
                    }
                    None => in_sql(),
                }
            }
            _ => in_sql(),
        }
    }
}

/// Digits that Rust and PostgreSQL read alike.
fn is_digits(number: &str) -> bool {
    let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    is_plain(whole) && is_plain(fraction) && (whole == "0" || !whole.starts_with('0')) && whole.len() < 10
}

/// The value of a string constant as PostgreSQL prints it.
pub(super) fn value_of(literal: &str) -> String {
    let inner = literal.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    inner.unwrap_or(literal).replace("''", "'")
}
