//! `NOT NULL` as a constraint: of a column from PostgreSQL 18 on, of a domain from 17 on. Older servers know only
//! whether there is one.

use serde::{Deserialize, Serialize};

use super::lineage::ColumnOrigin;
use crate::ident::Ident;
use crate::model::naming::object_name;

/// What is said of a `NOT NULL` beyond that it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotNull {
    /// `None` is the name that PostgreSQL chooses, see [`default_name`].
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub name: Option<Ident>,
    /// Of a table with parents: whether it is theirs, its own, or both.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub origin: ColumnOrigin,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub no_inherit: bool,
    /// `false` for `NOT VALID`: rows that were there before are unchecked.
    #[serde(default = "super::holds", skip_serializing_if = "super::is_true")]
    pub validated: bool,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

impl Default for NotNull {
    fn default() -> Self {
        Self { name: None, origin: ColumnOrigin::Own, no_inherit: false, validated: true, comment: None }
    }
}

/// What can change on a `NOT NULL` that stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotNullAlteration {
    Rename,
    /// It makes way for another one that takes its name, and takes its own later.
    LeaveName,
    TakeName,
    SetNoInherit(bool),
    Validate,
    SetComment(Option<String>),
}

impl NotNull {
    /// The name that it has on `column` of `relation`.
    pub fn name_on(&self, relation: &Ident, column: &Ident) -> Ident {
        self.name.clone().unwrap_or_else(|| default_name(relation, Some(column)))
    }

    /// Gives it a name, which is not said if PostgreSQL may choose it on `column` of `relation`.
    pub fn called(self, name: Ident, relation: &Ident, column: &Ident) -> Self {
        Self { name: (!is_default_name(&name, relation, Some(column))).then_some(name), ..self }
    }

    /// `None` when only a new one will do.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<NotNullAlteration>> {
        use NotNullAlteration as Alter;
        let Self { name, origin: _, no_inherit, validated, comment } = self;
        if *validated && !desired.validated {
            return None;
        }
        let mut alterations = Vec::new();
        if *name != desired.name {
            alterations.push(Alter::Rename);
        }
        if *no_inherit != desired.no_inherit {
            alterations.push(Alter::SetNoInherit(desired.no_inherit));
        }
        if *validated != desired.validated {
            alterations.push(Alter::Validate);
        }
        if *comment != desired.comment {
            alterations.push(Alter::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}

/// What PostgreSQL calls the `NOT NULL` of a column, or of a domain, which has none. It does not follow later renames.
pub fn default_name(relation: &Ident, column: Option<&Ident>) -> Ident {
    numbered_name(relation, column, "")
}

/// Whether PostgreSQL may have chosen `name`: where another constraint has the default name, a number follows, and which
/// of two gets it depends on which was made first.
pub fn is_default_name(name: &Ident, relation: &Ident, column: Option<&Ident>) -> bool {
    let text = name.as_str();
    let number = &text[text.trim_end_matches(|c: char| c.is_ascii_digit()).len()..];
    *name == numbered_name(relation, column, number)
}

fn numbered_name(relation: &Ident, column: Option<&Ident>, number: &str) -> Ident {
    let column = column.map_or("", |column| column.as_str());
    let name = object_name(relation.as_str(), column, &format!("not_null{number}"));
    Ident::new(name).expect("object_name keeps within the limits of its table's name")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ident(name: &str) -> Ident {
        Ident::new(name).unwrap()
    }

    #[test]
    fn a_number_is_a_part_of_the_default_name() {
        let (table, column) = (ident("order"), ident("item_id"));
        assert_eq!(default_name(&table, Some(&column)), ident("order_item_id_not_null"));
        let is_default = |name: &str| is_default_name(&ident(name), &table, Some(&column));
        assert!(is_default("order_item_id_not_null"));
        assert!(is_default("order_item_id_not_null12"));
        assert!(!is_default("order_item_id_not_null_"));
        assert!(!is_default("item_id_not_null"));
        assert_eq!(default_name(&ident("amount"), None), ident("amount_not_null"));
    }

    #[test]
    fn long_names_are_cut_as_postgresql_cuts_them() {
        let (table, column) = (ident(&"t".repeat(60)), ident(&"c".repeat(10)));
        let name = default_name(&table, Some(&column));
        assert_eq!(name.as_str(), format!("{}_{}_not_null", "t".repeat(43), "c".repeat(10)));
        let long = format!("{}_{}_not_null1", "t".repeat(42), "c".repeat(10));
        assert!(is_default_name(&ident(&long), &table, Some(&column)));
    }
}
