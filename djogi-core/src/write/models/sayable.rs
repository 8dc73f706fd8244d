//! What models can say of an object. Whatever they have no word for makes it unsayable: a property that is not at its
//! default is a key in the object's JSON, and every key that is not listed here is one that no attribute sets.

use serde::Serialize;
use serde_json::Value;

use super::{properties, trigger, views};
use crate::diff::parts::has_usual_name;
use crate::kind::{
    Column, CompositeAttribute, Constraint, ConstraintDefinition, Deferrable, DomainConstraint, Exclusion,
    Grant, Index, IndexElement, NotNull, Policy, Resource, Securable, Table, ViewColumn,
};
use crate::model::naming;
use crate::unsaid::is_nobody;

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
        Resource::Domain(domain) => {
            let is_plain = |check: &DomainConstraint| has_only(check, &["name", "expression", "comment"]);
            let keys =
                ["schema", "name", "type", "collation", "not_null", "default", "constraints", "comment"];
            has_only(domain, &keys) && domain.constraints.iter().all(is_plain)
        }
        Resource::Composite(composite) => {
            let is_plain =
                |one: &CompositeAttribute| has_only(one, &["name", "type", "collation", "comment"]);
            has_only(composite, &["schema", "name", "attributes", "comment"])
                && !composite.attributes.is_empty()
                && composite.attributes.iter().all(is_plain)
        }
        Resource::Range(range) => {
            let keys = [
                "schema",
                "name",
                "subtype",
                "operator_class",
                "collation",
                "subtype_diff",
                "multirange",
                "comment",
            ];
            has_only(range, &keys) && range.multirange.schema == range.schema
        }
        Resource::Sequence(sequence) => {
            has_only(sequence, &["schema", "name", "type", "options", "owned_by", "comment"])
        }
        Resource::Table(table) => {
            let keys = ["schema", "name", "columns", "partition_by", "lineage", "properties", "comment"];
            has_only(table, &keys)
                && !table.columns.is_empty()
                && table.columns.iter().all(column_can)
                && properties_can(table)
        }
        Resource::View(view) => views::can_be_said(&view.options) && view.columns.iter().all(view_column_can),
        Resource::MaterializedView(view) => {
            properties::can_be_said(&view.options) && view.columns.iter().all(view_column_can)
        }
        Resource::Policy(policy) => policy_can(policy),
        Resource::Trigger(one) => trigger::item(one, &|column| column.as_str().to_owned()).is_some(),
        Resource::Grant(grant) => grant_can(grant),
        Resource::Constraint(constraint) => constraint_can(constraint),
        Resource::Index(index) => index_can(index),
        _ => false,
    }
}

fn column_can(column: &Column) -> bool {
    let keys = [
        "name",
        "type",
        "collation",
        "origin",
        "not_null",
        "not_null_constraint",
        "default",
        "identity",
        "generated",
        "properties",
        "comment",
    ];
    // What it is called by its table, or by a parent, is for whoever knows these.
    let NotNull { name, origin, no_inherit, validated, comment } = &column.not_null_constraint;
    has_only(column, &keys)
        && has_only(&column.properties, &["storage", "compression", "statistics"])
        && (name.is_none() || origin.is_inherited())
        && !no_inherit
        && *validated
        && comment.is_none()
        && column
            .identity
            .as_ref()
            .is_none_or(|identity| identity.sequence.is_none() && identity.comment.is_none())
}

fn properties_can(table: &Table) -> bool {
    let properties = &table.properties;
    let is_divided = table.partition_by.is_some();
    properties::can_be_said(&properties.options)
        && properties.cluster_on.is_none()
        && (properties.row_security || !properties.force_row_security)
        && !(is_divided && (properties.unlogged || !properties.options.is_empty()))
}

fn view_column_can(column: &ViewColumn) -> bool {
    has_only(column, &["name", "type", "collation", "comment"])
}

fn policy_can(policy: &Policy) -> bool {
    policy.using.is_some() || policy.check.is_some()
}

fn grant_can(grant: &Grant) -> bool {
    let is_known = matches!(
        grant.on,
        Securable::Table(_) | Securable::Schema { .. } | Securable::Sequence { table: None, .. }
    );
    let has_any = !grant.privileges.is_empty() || !grant.columns.is_empty();
    is_known && has_any && !grant.of_owner && !is_nobody(&grant.grantee)
}

fn constraint_can(constraint: &Constraint) -> bool {
    let keys = [
        "schema",
        "table",
        "name",
        "definition",
        "parent",
        "derived",
        "deferrable",
        "enforced",
        "period",
        "comment",
    ];
    if constraint.parent.is_some() {
        // It comes down by itself, and nothing can be said of it.
        let is_made =
            constraint.derived || matches!(constraint.definition, ConstraintDefinition::Check { .. });
        return is_made
            && has_usual_name(constraint)
            && constraint.comment.is_none()
            && constraint.index_comment.is_none();
    }
    let is_fixed = constraint.deferrable == Deferrable::NotDeferrable;
    has_only(constraint, &keys)
        && definition_has_only(&constraint.definition)
        && match &constraint.definition {
            ConstraintDefinition::PrimaryKey { .. } | ConstraintDefinition::Check { .. } => is_fixed,
            ConstraintDefinition::Unique { .. } | ConstraintDefinition::ForeignKey(_) => true,
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
    if index.parent.is_some() {
        let is_usual = naming::of_index(index).as_deref() == Some(index.name.as_str());
        return is_usual && index.comment.is_none() && index.options.is_empty();
    }
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
