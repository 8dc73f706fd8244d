//! Text search: configurations, dictionaries, templates and parsers, manual sections 12.5 to 12.7.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::parameters::{ParameterChange, Parameters};
use crate::ident::{Ident, QualifiedName};

/// A configuration: which dictionaries make lexemes of the tokens that a parser finds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSearchConfiguration {
    pub schema: Ident,
    pub name: Ident,
    pub parser: QualifiedName,
    /// Dictionaries in the order in which they are asked, by the parser's name for the type of token.
    pub mappings: BTreeMap<String, Vec<QualifiedName>>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a text search configuration in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextSearchConfigurationAlteration {
    AddMapping { token: String, dictionaries: Vec<QualifiedName> },
    AlterMapping { token: String, dictionaries: Vec<QualifiedName> },
    DropMapping { token: String },
    SetComment(Option<String>),
}

impl TextSearchConfiguration {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` for another parser.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<TextSearchConfigurationAlteration>> {
        use TextSearchConfigurationAlteration as Alter;
        let Self { schema: _, name: _, parser, mappings, comment } = self;
        if *parser != desired.parser {
            return None;
        }
        let gone = mappings.keys().filter(|token| !desired.mappings.contains_key(*token));
        let mut alterations: Vec<_> = gone.map(|token| Alter::DropMapping { token: token.clone() }).collect();
        for (token, dictionaries) in &desired.mappings {
            let (token, dictionaries) = (token.clone(), dictionaries.clone());
            match mappings.get(&token) {
                None => alterations.push(Alter::AddMapping { token, dictionaries }),
                Some(live) if *live != dictionaries => {
                    alterations.push(Alter::AlterMapping { token, dictionaries });
                }
                Some(_) => {}
            }
        }
        if *comment != desired.comment {
            alterations.push(Alter::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}

/// A dictionary: a template with options.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSearchDictionary {
    pub schema: Ident,
    pub name: Ident,
    pub template: QualifiedName,
    /// Names and values as they stand in SQL: PostgreSQL keeps a number apart from its text.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub options: Parameters,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a text search dictionary in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextSearchDictionaryAlteration {
    SetOptions(ParameterChange),
    SetComment(Option<String>),
}

impl TextSearchDictionary {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` for another template.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<TextSearchDictionaryAlteration>> {
        use TextSearchDictionaryAlteration as Alter;
        let Self { schema: _, name: _, template, options, comment } = self;
        if *template != desired.template {
            return None;
        }
        let change = ParameterChange::between(options, &desired.options);
        let mut alterations: Vec<_> = change.map(Alter::SetOptions).into_iter().collect();
        if *comment != desired.comment {
            alterations.push(Alter::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}

/// A template: the functions behind dictionaries, in C. Only superusers make one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSearchTemplate {
    pub schema: Ident,
    pub name: Ident,
    /// `INIT` and `LEXIZE`, each with its function as `regproc` prints it.
    pub functions: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// A parser: the functions that take a text apart, in C. Only superusers make one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSearchParser {
    pub schema: Ident,
    pub name: Ident,
    /// `START`, `GETTOKEN`, `END`, `LEXTYPES` and `HEADLINE`, each with its function as `regproc` prints it.
    pub functions: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a template or parser in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextSearchCodeAlteration {
    SetComment(Option<String>),
}

/// `None` for other functions.
fn code_alterations(
    (functions, comment): (&BTreeMap<String, String>, &Option<String>),
    (wanted, wanted_comment): (&BTreeMap<String, String>, &Option<String>),
) -> Option<Vec<TextSearchCodeAlteration>> {
    let alteration = TextSearchCodeAlteration::SetComment(wanted_comment.clone());
    let commented = (comment != wanted_comment).then_some(alteration);
    (functions == wanted).then(|| commented.into_iter().collect())
}

impl TextSearchTemplate {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<TextSearchCodeAlteration>> {
        let Self { schema: _, name: _, functions, comment } = self;
        code_alterations((functions, comment), (&desired.functions, &desired.comment))
    }
}

impl TextSearchParser {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<TextSearchCodeAlteration>> {
        let Self { schema: _, name: _, functions, comment } = self;
        code_alterations((functions, comment), (&desired.functions, &desired.comment))
    }
}
