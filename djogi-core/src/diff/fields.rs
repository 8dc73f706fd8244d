//! The field list of a change: what differs between two resources, by path.
//!
//! Computed from their JSON, so that it names exactly what plan documents and state show. Members of lists
//! are matched by `name`; lists without names are one value.

use serde_json::Value;

use crate::kind::{Resource, Table};
use crate::plan::FieldChange;

/// A resource as plan documents show it: its fields, without the tag of its kind.
pub fn body(resource: &Resource) -> Value {
    match serde_json::to_value(resource).expect("resources have string keys and no failing serializers") {
        Value::Object(tagged) => tagged.into_iter().next().map_or(Value::Null, |(_, body)| body),
        other => other,
    }
}

/// What differs between two resources of one address.
pub fn between(before: &Resource, after: &Resource) -> Vec<FieldChange> {
    let mut fields = between_values(&body(before), &body(after));
    if let Resource::Extension(wanted) = after {
        // A declaration that leaves these open accepts what the server has.
        fields.retain(|field| match field.path.as_str() {
            "schema" => wanted.schema.is_some(),
            "version" => wanted.version.is_some(),
            _ => true,
        });
    }
    fields
}

/// What differs between two tables besides the columns named in `elsewhere`, which have changes of their own.
pub fn between_tables(before: &Table, after: &Table, elsewhere: impl Fn(&str) -> bool) -> Vec<FieldChange> {
    let mut fields = between(&Resource::Table(before.clone()), &Resource::Table(after.clone()));
    fields.retain(|field| {
        let column = field.path.strip_prefix("columns.");
        !column.is_some_and(|rest| {
            let columns = before.columns.iter().chain(&after.columns);
            columns.map(|c| c.name.as_str()).any(|name| elsewhere(name) && is_path_of(rest, name))
        })
    });
    fields
}

fn is_path_of(rest: &str, name: &str) -> bool {
    rest.strip_prefix(name).is_some_and(|tail| tail.is_empty() || tail.starts_with('.'))
}

/// What differs between two JSON values.
pub fn between_values(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut fields = Vec::new();
    collect("", before, after, &mut fields);
    fields
}

fn collect(path: &str, before: &Value, after: &Value, fields: &mut Vec<FieldChange>) {
    if before == after {
        return;
    }
    match (before, after) {
        (Value::Object(old), Value::Object(new)) => {
            for key in old.keys().chain(new.keys().filter(|key| !old.contains_key(*key))) {
                let (old, new) = match (old.get(key), new.get(key)) {
                    (Some(old), Some(new)) => (old, new),
                    (Some(old), None) => (old, &unwritten(old)),
                    (None, Some(new)) => (&unwritten(new), new),
                    (None, None) => continue,
                };
                collect(&join(path, key), old, new, fields);
            }
        }
        (Value::Array(old), Value::Array(new)) if is_named(old) && is_named(new) => {
            let find = |list: &[Value], name: &str| {
                list.iter().find(|member| name_of(member) == Some(name)).cloned().unwrap_or(Value::Null)
            };
            let added = new.iter().filter_map(name_of).filter(|name| find(old, name).is_null());
            for name in old.iter().filter_map(name_of).chain(added) {
                collect(&join(path, name), &find(old, name), &find(new, name), fields);
            }
        }
        _ => fields.push(FieldChange { path: path.to_owned(), before: before.clone(), after: after.clone() }),
    }
}

/// What a field is that one side does not write because nothing was said, while the other has `value`.
fn unwritten(value: &Value) -> Value {
    match value {
        Value::Bool(value) => Value::Bool(!value),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Object(_) => Value::Null,
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn name_of(member: &Value) -> Option<&str> {
    member.get("name")?.as_str()
}

fn is_named(list: &[Value]) -> bool {
    list.iter().all(|member| name_of(member).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(before: &Value, after: &Value) -> Vec<String> {
        between_values(before, after).into_iter().map(|field| field.path).collect()
    }

    #[test]
    fn members_are_matched_by_name_whatever_their_order() {
        let before =
            json!({"columns": [{"name": "id", "type": "integer"}, {"name": "gone", "type": "text"}]});
        let after = json!({"columns": [{"name": "new", "type": "text"}, {"name": "id", "type": "bigint"}]});
        assert_eq!(paths(&before, &after), ["columns.id.type", "columns.gone", "columns.new"]);
        let swapped =
            json!({"columns": [{"name": "gone", "type": "text"}, {"name": "id", "type": "integer"}]});
        assert_eq!(paths(&before, &swapped), [""; 0]);
    }

    #[test]
    fn a_list_without_names_is_one_value() {
        assert_eq!(paths(&json!({"labels": ["a", "b"]}), &json!({"labels": ["b"]})), ["labels"]);
        assert_eq!(paths(&json!({"include": []}), &json!({"include": ["a"]})), ["include"]);
    }

    #[test]
    fn what_one_side_does_not_write_is_as_when_nothing_is_said() {
        let before = |after| between_values(&json!({}), &json!({"it": after})).remove(0).before;
        assert_eq!(before(json!("hi")), Value::Null);
        assert_eq!(before(json!(true)), json!(false));
        assert_eq!(before(json!(false)), json!(true));
        assert_eq!(before(json!(["a"])), json!([]));
        assert_eq!(paths(&json!({"comment": null}), &json!({})), [""; 0]);
    }
}
