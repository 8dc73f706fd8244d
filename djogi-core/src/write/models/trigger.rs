//! Triggers as items of attributes, read from the words in which PostgreSQL prints them.

use crate::ident::Ident;
use crate::kind::{Firing, Trigger};
use crate::lexis::{Token, tokens};

const EXECUTE: &str = "EXECUTE FUNCTION ";

/// The item, if attributes say all of it; `field` gives the fields of columns.
pub(super) fn item(trigger: &Trigger, field: &dyn Fn(&Ident) -> String) -> Option<String> {
    if trigger.parent.is_some() {
        return None;
    }
    let mut items = vec![format!("name = {:?}", trigger.name.as_str())];
    items.push(events(&trigger.event, field)?);
    let mut rest = trigger.action.as_str();
    let mut take = |prefix: &str| match rest.strip_prefix(prefix) {
        Some(after) => {
            rest = after.trim_start();
            true
        }
        None => false,
    };
    if trigger.constraint {
        items.push("constraint".to_owned());
        if take("DEFERRABLE INITIALLY DEFERRED ") {
            items.push("initially_deferred".to_owned());
        } else if take("DEFERRABLE INITIALLY IMMEDIATE ") || take("DEFERRABLE ") {
            items.push("deferrable".to_owned());
        } else {
            take("NOT DEFERRABLE INITIALLY IMMEDIATE ");
        }
    }
    if take("REFERENCING ") {
        let (tables, after) = rest.split_once("FOR EACH ")?;
        items.push(format!("referencing({})", transition_tables(tables)?));
        rest = after;
    } else if !take("FOR EACH ") {
        return None;
    }
    let (each, after) = rest.split_once(' ')?;
    items.push(format!("for_each = {}", each.to_lowercase()));
    let call = match after.strip_prefix("WHEN (") {
        Some(condition) => {
            let (when, call) = condition.rsplit_once(&format!(") {EXECUTE}"))?;
            items.push(format!("when = {when:?}"));
            call
        }
        None => after.strip_prefix(EXECUTE)?,
    };
    items.push(format!("execute = {call:?}"));
    match trigger.firing {
        Firing::Origin => {}
        Firing::Replica => items.push("fires = replica".to_owned()),
        Firing::Always => items.push("fires = always".to_owned()),
        Firing::Disabled => items.push("fires = never".to_owned()),
    }
    items.extend(trigger.comment.iter().map(|comment| format!("comment = {comment:?}")));
    Some(format!("trigger({})", items.join(", ")))
}

/// `BEFORE INSERT OR UPDATE OF a, b` as `before(insert, update(a, b))`.
fn events(text: &str, field: &dyn Fn(&Ident) -> String) -> Option<String> {
    let timings = [("BEFORE ", "before"), ("AFTER ", "after"), ("INSTEAD OF ", "instead_of")];
    let (rest, timing) = timings.into_iter().find_map(|(sql, word)| Some((text.strip_prefix(sql)?, word)))?;
    let event = |event: &str| {
        let Some(columns) = event.strip_prefix("UPDATE OF ") else {
            let known = ["INSERT", "UPDATE", "DELETE", "TRUNCATE"].contains(&event);
            return known.then(|| event.to_lowercase());
        };
        let columns = columns.split(", ").map(|column| name(column).map(|name| field(&name)));
        Some(format!("update({})", columns.collect::<Option<Vec<_>>>()?.join(", ")))
    };
    let events: Vec<String> = rest.split(" OR ").map(event).collect::<Option<_>>()?;
    Some(format!("{timing}({})", events.join(", ")))
}

/// `OLD TABLE AS gone NEW TABLE AS come` as `old_table = "gone", new_table = "come"`.
fn transition_tables(text: &str) -> Option<String> {
    let words = text.split_whitespace().collect::<Vec<_>>();
    let table = |chunk: &[&str]| match chunk {
        ["OLD", "TABLE", "AS", table] => Some(format!("old_table = {:?}", name(table)?.as_str())),
        ["NEW", "TABLE", "AS", table] => Some(format!("new_table = {:?}", name(table)?.as_str())),
        _ => None,
    };
    Some(words.chunks(4).map(table).collect::<Option<Vec<_>>>()?.join(", "))
}

/// One name as PostgreSQL prints it.
fn name(text: &str) -> Option<Ident> {
    match tokens(text).as_slice() {
        [Token::Word(word)] => Ident::new(*word).ok(),
        [_] => Ident::new(text.strip_prefix('"')?.strip_suffix('"')?.replace("\"\"", "\"")).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(event: &str, action: &str, constraint: bool) -> Option<String> {
        let ident = |name: &str| Ident::new(name).unwrap();
        let trigger = Trigger {
            schema: ident("public"),
            table: ident("orders"),
            name: ident("t"),
            constraint,
            event: event.to_owned(),
            action: action.to_owned(),
            firing: Firing::Always,
            parent: None,
            comment: None,
        };
        item(&trigger, &|column| column.as_str().to_owned())
    }

    #[test]
    fn a_trigger_is_said_as_postgresql_prints_it() {
        assert_eq!(
            said(
                "BEFORE INSERT OR UPDATE OF total, \"Sum\"",
                "FOR EACH ROW WHEN ((new.total > 0)) EXECUTE FUNCTION app.touch('a')",
                false
            )
            .unwrap(),
            "trigger(name = \"t\", before(insert, update(total, Sum)), for_each = row, when = \"(new.total > 0)\", \
             execute = \"app.touch('a')\", fires = always)"
        );
        assert_eq!(
            said(
                "AFTER DELETE",
                "REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION f()",
                false
            )
            .unwrap(),
            "trigger(name = \"t\", after(delete), referencing(old_table = \"gone\"), for_each = statement, \
             execute = \"f()\", fires = always)"
        );
        assert_eq!(
            said("AFTER DELETE", "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f()", true)
                .unwrap(),
            "trigger(name = \"t\", after(delete), constraint, initially_deferred, for_each = row, \
             execute = \"f()\", fires = always)"
        );
    }

    #[test]
    fn what_no_attribute_says_is_left_to_sql() {
        assert_eq!(said("AFTER DELETE", "FROM other FOR EACH ROW EXECUTE FUNCTION f()", true), None);
    }
}
