//! Functions and procedures: `CREATE FUNCTION`, manual section 36.3.

use serde::{Deserialize, Serialize};

use crate::address::Kind;
use crate::ident::{Ident, QualifiedName};

/// Whether a routine is called in an expression or by `CALL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutineKind {
    Function,
    Procedure,
}

impl RoutineKind {
    pub fn as_sql(self) -> &'static str {
        match self {
            RoutineKind::Function => "FUNCTION",
            RoutineKind::Procedure => "PROCEDURE",
        }
    }

    pub fn kind(self) -> Kind {
        match self {
            RoutineKind::Function => Kind::Function,
            RoutineKind::Procedure => Kind::Procedure,
        }
    }
}

/// A function or procedure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Routine {
    pub schema: Ident,
    pub name: Ident,
    pub kind: RoutineKind,
    /// The types of the input arguments, separated by `, `: with the name what calls are resolved by.
    pub arguments: String,
    /// Modes, names and types as `pg_get_function_identity_arguments` prints them.
    pub signature: String,
    /// How many arguments have a default.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub defaults: u16,
    /// As `pg_get_function_arguments` prints them, defaults included.
    pub parameters: String,
    /// As `pg_get_function_result` prints it; `None` for a procedure.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub returns: Option<String>,
    /// What `pg_get_functiondef` prints behind the parameters: result, language, attributes, body.
    pub definition: String,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a routine in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoutineAlteration {
    /// `CREATE OR REPLACE`.
    Redefine,
    SetComment(Option<String>),
}

impl Routine {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` when PostgreSQL would not replace it: the result or the name of an argument differs, or a default goes
    /// (reference page of CREATE FUNCTION).
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<RoutineAlteration>> {
        let Self {
            schema: _,
            name: _,
            kind: _,
            arguments: _,
            signature,
            defaults,
            parameters,
            returns,
            definition,
            comment,
        } = self;
        let mut alterations = Vec::new();
        if *definition != desired.definition || *parameters != desired.parameters {
            let is_window = |definition: &str| {
                definition.lines().any(|line| line.split_whitespace().any(|word| word == "WINDOW"))
            };
            let renamed = *signature != desired.signature && !only_names_added(signature, &desired.signature);
            if renamed
                || *returns != desired.returns
                || *defaults > desired.defaults
                || is_window(attributes(definition)) != is_window(attributes(&desired.definition))
            {
                return None;
            }
            alterations.push(RoutineAlteration::Redefine);
        }
        if *comment != desired.comment {
            alterations.push(RoutineAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}

/// What a definition says before the body.
pub(crate) fn attributes(definition: &str) -> &str {
    let ends = ["\nAS ", "\n\nBEGIN ATOMIC", "\nBEGIN ATOMIC", "\nRETURN "];
    let end = ends.iter().filter_map(|end| definition.find(end)).min();
    &definition[..end.unwrap_or(definition.len())]
}

/// Whether PostgreSQL keeps the body of the definition as text, which it does not look into.
pub(crate) fn has_text_body(definition: &str) -> bool {
    definition[attributes(definition).len()..].starts_with("\nAS ")
}

/// Arguments without a name can get one.
fn only_names_added(live: &str, desired: &str) -> bool {
    let (live, desired): (Vec<_>, Vec<_>) = (live.split(", ").collect(), desired.split(", ").collect());
    live.len() == desired.len()
        && live.iter().zip(&desired).all(|(old, new)| {
            old == new
                || (!["OUT ", "INOUT ", "VARIADIC "].iter().any(|mode| new.starts_with(mode))
                    && new.split_once(' ').is_some_and(|(_, rest)| rest == *old))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_may_get_a_name_and_never_another_one() {
        assert!(only_names_added("integer, text", "a integer, text"));
        assert!(!only_names_added("a integer", "b integer"));
        assert!(!only_names_added("integer", "OUT integer"));
        assert!(!only_names_added("integer", "a integer, b integer"));
    }

    #[test]
    fn a_body_begins_where_postgresql_puts_it() {
        let text = " RETURNS integer\n LANGUAGE sql\nAS $function$SELECT 1\nRETURN 2$function$\n";
        assert_eq!(attributes(text), " RETURNS integer\n LANGUAGE sql");
        assert!(has_text_body(text));
        assert!(!has_text_body(" RETURNS integer\n LANGUAGE sql\nRETURN (1)\n"));
        assert!(!has_text_body(" LANGUAGE sql\nBEGIN ATOMIC\n SELECT 'x'::text\nAS y;\nEND\n"));
    }
}
