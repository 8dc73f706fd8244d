//! What models can say of an object. Whatever they have no word for makes it unsayable: a property that is not at its
//! default is a key in the object's JSON, and every key that is not listed here is one that no attribute sets.

use serde::Serialize;
use serde_json::Value;

use crate::kind::{Constraint, ConstraintDefinition, Deferrable, Exclusion, Index, IndexElement, Resource};

/// Whether nothing is set but `known` keys.
fn has_only<T: Serialize>(value: &T, known: &[&str]) -> bool {
    match serde_json::to_value(value) {
        Ok(Value::Object(object)) => object.keys().all(|key| known.contains(&key.as_str())),
        _ => false,
    }
}

/// Whether models can say all of `resource`, as far as that does not depend on others.
pub(super) fn can_be_said(resource: &Resource) -> bool {
    match resource {
        Resource::Schema(schema) => has_only(schema, &["name", "comment"]),
        Resource::Extension(extension) => has_only(extension, &["name", "schema", "version"]),
        Resource::Enum(enum_type) => {
            has_only(enum_type, &["schema", "name", "labels", "comment"]) && !enum_type.labels.is_empty()
        }
        Resource::Sequence(sequence) => {
            has_only(sequence, &["schema", "name", "type", "options", "owned_by", "comment"])
        }
        Resource::Table(table) => {
            let columns =
                ["name", "type", "collation", "not_null", "default", "identity", "generated", "comment"];
            has_only(table, &["schema", "name", "columns", "comment"])
                && !table.columns.is_empty()
                && table.columns.iter().all(|column| has_only(column, &columns))
        }
        Resource::Constraint(constraint) => constraint_can(constraint),
        Resource::Index(index) => index_can(index),
        _ => false,
    }
}

fn constraint_can(constraint: &Constraint) -> bool {
    let keys = ["schema", "table", "name", "definition", "deferrable", "comment"];
    let is_fixed = constraint.deferrable == Deferrable::NotDeferrable;
    has_only(constraint, &keys)
        && definition_has_only(&constraint.definition)
        && match &constraint.definition {
            ConstraintDefinition::PrimaryKey { include, .. } => include.is_empty() && is_fixed,
            ConstraintDefinition::Unique { include, .. } => include.is_empty(),
            ConstraintDefinition::Check { no_inherit, .. } => !no_inherit && is_fixed,
            ConstraintDefinition::ForeignKey(_) => true,
            ConstraintDefinition::Exclusion(exclusion) => exclusion_can(exclusion),
        }
}

/// Whether the definition has no part that no attribute sets.
fn definition_has_only(definition: &ConstraintDefinition) -> bool {
    const KEYS: [&str; 13] = [
        "columns",
        "include",
        "nulls_not_distinct",
        "expression",
        "no_inherit",
        "references",
        "referenced_columns",
        "on_delete",
        "on_update",
        "on_delete_columns",
        "match_type",
        "elements",
        "method",
    ];
    let Ok(Value::Object(tagged)) = serde_json::to_value(definition) else { return false };
    tagged.values().all(|fields| match fields {
        Value::Object(fields) => fields.keys().all(|key| KEYS.contains(&key.as_str()) || key == "predicate"),
        _ => false,
    })
}

fn exclusion_can(exclusion: &Exclusion) -> bool {
    let is_plain =
        |operator: &str| operator.chars().all(|c| c.is_ascii_punctuation() && c != '(' && c != '.');
    METHODS.contains(&exclusion.method.as_str())
        && exclusion.elements.iter().all(|one| is_plain(&one.operator) && element_can(&one.element))
}

fn index_can(index: &Index) -> bool {
    const KEYS: [&str; 11] = [
        "schema",
        "name",
        "table",
        "unique",
        "nulls_not_distinct",
        "method",
        "elements",
        "include",
        "predicate",
        "options",
        "comment",
    ];
    let parameter = |(name, value): (&String, &String)| {
        PARAMETERS.contains(&name.as_str())
            && (value.parse::<i64>().is_ok()
                || ["on", "off", "auto", "true", "false"].contains(&value.as_str()))
    };
    has_only(index, &KEYS)
        && METHODS.contains(&index.method.as_str())
        && index.options.iter().all(parameter)
        && index.elements.iter().all(element_can)
}

fn element_can(element: &IndexElement) -> bool {
    has_only(element, &["key", "collation", "operator_class", "descending", "nulls_first"])
        && element.operator_class.as_ref().is_none_or(|class| class.options.is_empty())
}

const METHODS: [&str; 6] = ["btree", "hash", "gist", "spgist", "gin", "brin"];

const PARAMETERS: [&str; 7] = [
    "fillfactor",
    "deduplicate_items",
    "buffering",
    "fastupdate",
    "gin_pending_list_limit",
    "pages_per_range",
    "autosummarize",
];
