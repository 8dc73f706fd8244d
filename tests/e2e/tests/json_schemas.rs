//! What djogi writes is what `djogi schema` says that it writes.

use e2e::{Project, on_each_server};
use serde_json::{Map, Value};

const EVERYTHING: &str = include_str!("schemas/everything.sql");

#[test]
fn plans_and_states_are_as_their_schemas_say() {
    on_each_server(|server| {
        let mut project = Project::declaring(server, EVERYTHING);
        let schema = |file: &str| project.run(&["schema", file]).ok().json();
        let (plan, state) = (schema("plan"), schema("state"));
        conforms(&project.run(&["plan", "--json"]).ok().json(), &plan);
        project.apply();
        conforms(&project.state(), &state);
        conforms(&project.run(&["plan", "--json"]).ok().json(), &plan);

        // Drift, updates, drops that wait for an approval, and objects that nobody manages.
        let tables = project.database().column(
            "SELECT format('%s', oid::regclass) FROM pg_class WHERE relkind = 'r'
            AND relnamespace = 'public'::regnamespace ORDER BY relname",
        );
        project.database().run("CREATE VIEW nobodys AS SELECT 1 AS one");
        for table in &tables {
            project
                .database()
                .run(&format!("ALTER TABLE {table} ADD COLUMN behind_our_back text DEFAULT 'x'"));
        }
        project.run(&["refresh"]);
        conforms(&project.state(), &state);
        conforms(&project.run(&["plan", "--json", "--unmanaged"]).ok().json(), &plan);
        project.declare("CREATE TABLE other (id bigint)");
        let drops = project.run(&["plan", "--json"]).ok().json();
        assert!(drops["summary"]["blocked"].as_u64() > Some(0), "{}", drops["summary"]);
        conforms(&drops, &plan);
        project.set_target("destructive = \"allow\"");
        conforms(&project.run(&["plan", "--json"]).ok().json(), &plan);
    });
}

#[test]
fn a_schema_refuses_what_djogi_would_not_write() {
    on_each_server(|server| {
        let project = Project::declaring(server, EVERYTHING);
        let schema = project.run(&["schema", "plan"]).ok().json();
        let plan = project.run(&["plan", "--json"]).ok().json();
        let refuses = |pointer: &str, value: Value| {
            let mut edited = plan.clone();
            *edited.pointer_mut(pointer).unwrap() = value;
            assert!(check(&edited, &schema, &schema, "").is_err(), "{pointer}");
        };
        refuses("/digest", "sha256:12".into());
        refuses("/summary/create", (-1).into());
        refuses("/converged", Value::Null);
        refuses("/resource_changes/0/disposition", "perhaps".into());
        refuses("/groups/0/operations/0/effect", "magic".into());
        refuses("/config", serde_json::json!({"name": "a", "digest": plan["digest"], "more": 1}));
        refuses("/base", serde_json::json!({"serial": 1}));
    });
}

#[track_caller]
fn conforms(document: &Value, schema: &Value) {
    if let Err(error) = check(document, schema, schema, "") {
        panic!("{error}\n{document:#}");
    }
}

/// As much of JSON Schema as our schemas use; what they do not use is refused, so that nothing stays unchecked.
fn check(value: &Value, schema: &Value, root: &Value, at: &str) -> Result<(), String> {
    let schema = match schema {
        Value::Bool(true) => return Ok(()),
        Value::Bool(false) => return Err(format!("{at} must not be there")),
        Value::Object(schema) => schema,
        other => panic!("no schema: {other}"),
    };
    for (keyword, rule) in schema {
        let holds = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => true,
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                return check(value, root.pointer(pointer).unwrap(), root, at);
            }
            "type" => match rule {
                Value::Array(types) => types.iter().any(|rule| is_of_type(value, rule)),
                rule => is_of_type(value, rule),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "pattern" => value.as_str().is_none_or(|text| matches(text, rule.as_str().unwrap())),
            "oneOf" => passing(value, rule, root, at) == 1,
            "anyOf" => passing(value, rule, root, at) > 0,
            "items" => {
                for (number, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(item, rule, root, &format!("{at}/{number}"))?;
                }
                true
            }
            "required" => value.as_object().is_none_or(|object| {
                rule.as_array().unwrap().iter().all(|key| object.contains_key(key.as_str().unwrap()))
            }),
            "properties" => true,
            "additionalProperties" => true,
            other => panic!("our schemas use `{other}` by now; teach this check what it means"),
        };
        if !holds {
            return Err(format!("{at}: {value} does not fit {keyword}: {rule}"));
        }
    }
    value.as_object().map_or(Ok(()), |object| check_keys(object, schema, root, at))
}

fn check_keys(
    object: &Map<String, Value>,
    schema: &Map<String, Value>,
    root: &Value,
    at: &str,
) -> Result<(), String> {
    for (key, value) in object {
        let at = format!("{at}/{key}");
        let known = schema.get("properties").and_then(|properties| properties.get(key));
        if let Some(rule) = known.or_else(|| schema.get("additionalProperties")) {
            check(value, rule, root, &at)?;
        }
    }
    Ok(())
}

fn passing(value: &Value, rules: &Value, root: &Value, at: &str) -> usize {
    rules.as_array().unwrap().iter().filter(|rule| check(value, rule, root, at).is_ok()).count()
}

fn is_of_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no type of JSON: {other}"),
    }
}

/// The patterns are those of our identifiers.
fn matches(text: &str, pattern: &str) -> bool {
    let is_hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match pattern {
        "^sha256:[0-9a-f]{64}$" => {
            text.strip_prefix("sha256:").is_some_and(|digits| digits.len() == 64 && is_hex(digits))
        }
        "^[0-9A-HJKMNP-TV-Z]{26}$" => {
            let is_ulid = |c: char| c.is_ascii_digit() || c.is_ascii_uppercase() && !"ILOU".contains(c);
            text.len() == 26 && text.chars().all(is_ulid)
        }
        "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" => {
            text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.split('-').all(is_hex)
        }
        other => panic!("no pattern of ours: {other}"),
    }
}
