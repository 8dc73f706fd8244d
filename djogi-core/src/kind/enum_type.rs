//! Enum types. Labels can be added anywhere but neither removed nor moved (manual section 8.7).

use serde::{Deserialize, Serialize};

use crate::ident::{Ident, QualifiedName};

/// An enum type with its labels in sort order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnumType {
    pub schema: Ident,
    pub name: Ident,
    pub labels: Vec<String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// Where `ALTER TYPE ... ADD VALUE` puts a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelPosition {
    Before(String),
    Last,
}

/// What can change on an enum type in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnumAlteration {
    AddLabel { label: String, position: LabelPosition },
    SetComment(Option<String>),
}

impl EnumType {
    pub fn qualified_name(&self) -> QualifiedName {
        QualifiedName::new(self.schema.clone(), self.name.clone())
    }

    /// `None` when a label would have to be removed or moved.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<EnumAlteration>> {
        let Self { schema: _, name: _, labels, comment } = self;
        let mut alterations = Vec::new();
        let mut old = labels.iter().peekable();
        for label in &desired.labels {
            if old.next_if_eq(&label).is_some() {
                continue;
            }
            if labels.contains(label) {
                return None;
            }
            let position =
                old.peek().map_or(LabelPosition::Last, |next| LabelPosition::Before((*next).clone()));
            alterations.push(EnumAlteration::AddLabel { label: label.clone(), position });
        }
        if old.next().is_some() {
            return None;
        }
        if *comment != desired.comment {
            alterations.push(EnumAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mood(labels: &[&str]) -> EnumType {
        EnumType {
            schema: Ident::new("public").unwrap(),
            name: Ident::new("mood").unwrap(),
            labels: labels.iter().map(|l| (*l).to_owned()).collect(),
            comment: None,
        }
    }

    #[test]
    fn labels_are_added_where_they_are_missing() {
        let add = |label: &str, position| EnumAlteration::AddLabel { label: label.to_owned(), position };
        let before = |label: &str| LabelPosition::Before(label.to_owned());
        assert_eq!(
            mood(&["b", "d"]).alterations(&mood(&["a", "b", "c", "d", "e"])),
            Some(vec![add("a", before("b")), add("c", before("d")), add("e", LabelPosition::Last)])
        );
    }

    #[test]
    fn removing_or_moving_a_label_is_not_possible_in_place() {
        assert_eq!(mood(&["a", "b"]).alterations(&mood(&["a"])), None);
        assert_eq!(mood(&["a", "b"]).alterations(&mood(&["b", "a"])), None);
    }
}
