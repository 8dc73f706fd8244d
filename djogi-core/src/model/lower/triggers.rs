//! Triggers, written as `CREATE TRIGGER` has them; PostgreSQL brings them to its own form.

use std::collections::BTreeMap;

use super::tables::Lowered;
use super::{Entry, Result, Sink, ident};
use crate::ident::{Ident, IdentList};
use crate::kind::{Resource, Trigger};
use crate::model::descriptor::{Deferral, Source, TriggerDescriptor, TriggerEvent, TriggerTiming};
use crate::model::error::LowerError;

pub(super) fn declare(table: &Lowered, sink: &mut Sink, errors: &mut Vec<LowerError>) {
    let mut known: BTreeMap<Ident, Source> = BTreeMap::new();
    for descriptor in table.model.triggers {
        let at = table.model.source.at(descriptor.line);
        let trigger = match trigger(table, descriptor, at) {
            Ok(trigger) => trigger,
            Err(error) => {
                errors.push(*error);
                continue;
            }
        };
        if let Some(first) = known.insert(trigger.name.clone(), at) {
            let (name, table) = (trigger.name, table.name());
            errors.push(LowerError::PartTwice { what: "trigger", name, table, first, second: at });
            continue;
        }
        // Only PostgreSQL knows which function is meant, and how a condition is printed.
        sink.add(&table.target, at, Entry::new(Resource::Trigger(trigger), true));
    }
}

fn trigger(table: &Lowered, descriptor: &TriggerDescriptor, at: Source) -> Result<Trigger> {
    Ok(Trigger {
        schema: table.table.schema.clone(),
        table: table.table.name.clone(),
        name: ident("trigger", descriptor.name, at)?,
        constraint: descriptor.constraint.is_some(),
        event: event(table, descriptor, at)?,
        action: action(descriptor, at)?,
        firing: descriptor.firing,
        parent: None,
        comment: descriptor.comment.map(str::to_owned),
    })
}

fn event(table: &Lowered, descriptor: &TriggerDescriptor, at: Source) -> Result<String> {
    let timing = match descriptor.timing {
        TriggerTiming::Before => "BEFORE",
        TriggerTiming::After => "AFTER",
        TriggerTiming::InsteadOf => "INSTEAD OF",
    };
    let event = |event: &TriggerEvent| {
        Ok(match event {
            TriggerEvent::Insert => "INSERT".to_owned(),
            TriggerEvent::Delete => "DELETE".to_owned(),
            TriggerEvent::Truncate => "TRUNCATE".to_owned(),
            TriggerEvent::Update([]) => "UPDATE".to_owned(),
            TriggerEvent::Update(columns) => {
                let columns = table.columns("a trigger", columns, at)?;
                format!("UPDATE OF {}", IdentList(&columns))
            }
        })
    };
    let events = descriptor.events.iter().map(event).collect::<Result<Vec<_>>>()?;
    Ok(format!("{timing} {}", events.join(" OR ")))
}

fn action(descriptor: &TriggerDescriptor, at: Source) -> Result<String> {
    let mut sql = match descriptor.constraint {
        None | Some(Deferral::NotDeferrable) => String::new(),
        Some(Deferral::InitiallyImmediate) => "DEFERRABLE ".to_owned(),
        Some(Deferral::InitiallyDeferred) => "DEFERRABLE INITIALLY DEFERRED ".to_owned(),
    };
    let mut tables = String::new();
    for (word, table) in [("OLD", descriptor.old_table), ("NEW", descriptor.new_table)] {
        if let Some(table) = table {
            tables += &format!("{word} TABLE AS {} ", ident("transition table", table, at)?);
        }
    }
    if !tables.is_empty() {
        sql += &format!("REFERENCING {tables}");
    }
    sql += if descriptor.for_each_row { "FOR EACH ROW " } else { "FOR EACH STATEMENT " };
    if let Some(when) = descriptor.when {
        sql += &format!("WHEN ({}) ", when.trim());
    }
    Ok(sql + "EXECUTE FUNCTION " + descriptor.execute.trim())
}
