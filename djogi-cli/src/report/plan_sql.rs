//! A plan as a script for `psql`: the groups in their order, and what is left out as comments.

use std::collections::BTreeMap;

use djogi_core::disposition::Verdict;
use djogi_core::ident::Literal;
use djogi_core::plan::{
    BaseTarget, ConcurrentVerb, Concurrently, Effect, Group, Operation, PlanDocument, RefusedRows,
    ResourceChange, TransactionMode,
};
use djogi_core::write::terminated;
use djogi_core::{Address, Kind};

use super::action::Action;
use super::block::fix;
use super::line::printable;
use super::style;

/// The script, ending with a line end. It stops at the first error, and each group commits as a whole, as under
/// `djogi apply`; what apply does besides (locks between runs, the ledger, the state) it does not do.
pub fn render(document: &PlanDocument) -> String {
    let mut script = Script { text: String::new() };
    script.heading(document);
    let actions: BTreeMap<&Address, Action> = document
        .resource_changes
        .iter()
        .map(|change| (&change.address, Action::of(&change.change)))
        .collect();
    // With one target the reader has chosen the database; with several each part finds out where it runs.
    let is_guarded = document.base.targets.len() > 1;
    if document.groups.is_empty() {
        script.comment("No statement is to be run.");
    }
    for group in &document.groups {
        let target = document.base.targets.get(&group.target).filter(|_| is_guarded);
        script.blank();
        if let Some(target) = target {
            script.guard(target);
        }
        script.group(group, &actions);
        if target.is_some() {
            script.line("\\endif");
        }
    }
    script.left_out(document);
    script.text
}

struct Script {
    text: String,
}

impl Script {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn blank(&mut self) {
        self.line("");
    }

    /// One line, whatever the text holds: a line end in a name must not end the comment.
    fn comment(&mut self, text: &str) {
        self.line(format!("-- {}", printable(text)).trim_end());
    }

    fn heading(&mut self, document: &PlanDocument) {
        self.comment(&format!(
            "djogi plan of {}, state serial {}",
            document.config.name, document.base.serial
        ));
        for (name, target) in &document.base.targets {
            let BaseTarget { database, server_version, .. } = target;
            self.comment(&format!("target {name}: database {database}, PostgreSQL {server_version}"));
        }
        self.comment(&document.digest.to_string());
        self.comment("Run it with: psql -X -f FILE DATABASE");
        self.comment("djogi adopts at its next apply what this script makes.");
        self.blank();
        self.line("\\set ON_ERROR_STOP on");
        self.line("SET client_encoding = 'UTF8';");
        // As in every session of djogi, for which the statements are written.
        self.line("SET standard_conforming_strings = on;");
        self.line("SET search_path = '';");
        let operations = document.groups.iter().flat_map(|group| &group.operations);
        if operations.map(|operation| operation.address.kind()).any(Kind::is_routine) {
            // A body may name what comes after it.
            self.line("SET check_function_bodies = off;");
        }
    }

    /// Skips what follows in any database but the target's.
    fn guard(&mut self, target: &BaseTarget) {
        self.line(&format!("SELECT current_database() = {}", Literal(&target.database)));
        self.line(&format!(
            "       AND system_identifier::text = {} AS djogi_is_here",
            Literal(&target.system_identifier)
        ));
        self.line("FROM pg_control_system() \\gset");
        self.line("\\if :djogi_is_here");
    }

    fn group(&mut self, group: &Group, actions: &BTreeMap<&Address, Action>) {
        let Group { id, target, transaction, lock_timeout_ms, operations } = group;
        let is_transaction = matches!(transaction, TransactionMode::In | TransactionMode::Barrier);
        let how = match transaction {
            TransactionMode::In | TransactionMode::Barrier => "one transaction",
            TransactionMode::Outside => "outside a transaction",
            TransactionMode::Chunked => "in many small transactions",
        };
        let size = style::count(operations.len(), "statement");
        self.comment(&format!("{id}: {size} in target {target}, {how}"));
        let timeout = format!("lock_timeout = '{lock_timeout_ms}ms';");
        if is_transaction {
            self.line("BEGIN;");
            self.line(&format!("SET LOCAL {timeout}"));
        } else {
            self.line(&format!("SET {timeout}"));
        }
        for operation in operations {
            self.blank();
            self.operation(operation, actions.get(&operation.address).copied());
        }
        self.blank();
        self.line(if is_transaction { "COMMIT;" } else { "RESET lock_timeout;" });
    }

    fn operation(&mut self, operation: &Operation, action: Option<Action>) {
        let Operation {
            address,
            sql,
            lock,
            besides: _,
            effect,
            rows,
            bytes,
            hazards,
            precheck,
            concurrently,
            backfill: _,
            refused,
            secrets,
        } = operation;
        let mark = action.map_or(String::new(), |action| format!("{} ", action.mark()));
        let mut facts = Vec::new();
        facts.extend(lock.as_ref().map(|lock| format!("{} on {}", lock.mode.as_sql(), lock.relation)));
        facts.extend((*effect > Effect::Catalog).then(|| style::effect_word(*effect).to_owned()));
        facts.extend(rows.map(|rows| format!("~{}", style::rows(rows))));
        facts.extend(bytes.map(style::bytes));
        let facts = if facts.is_empty() { String::new() } else { format!(": {}", facts.join(", ")) };
        self.comment(&format!("{mark}{address}{facts}"));
        hazards.iter().for_each(|hazard| self.comment(&format!("  {hazard}")));
        if let Some(precheck) = precheck {
            self.comment(&format!("  first, no row may come of: {}", precheck.rows));
        }
        if let Some(rows) = refused {
            let RefusedRows { table, references, .. } = rows;
            self.comment(&format!(
                "  first, no other foreign key may refer to the rows of {table}, and no table inherit from it or {references}"
            ));
        }
        for secret in secrets {
            self.comment(&format!("  write the value of option {} in the place of {secret}", secret.option));
        }
        self.line(&terminated(sql));
        if matches!(concurrently, Some(Concurrently { verb: ConcurrentVerb::Detach, .. })) {
            self.comment("  then, drop the CHECK with the bounds that PostgreSQL has left on it");
        }
    }

    /// What stays undone, and what needs no statement.
    fn left_out(&mut self, document: &PlanDocument) {
        let stateful = |change: &&ResourceChange| Action::of(&change.change).remark().is_some();
        let (state_only, others): (Vec<_>, Vec<_>) = document.resource_changes.iter().partition(stateful);
        let waiting: Vec<_> = others
            .into_iter()
            .filter(|change| matches!(change.disposition, Verdict::Blocked | Verdict::Deferred))
            .collect();
        if !waiting.is_empty() {
            self.blank();
            self.comment("Not in this script:");
        }
        for change in waiting {
            let verdict = change.disposition.as_str();
            self.comment(&format!("{} {}: {verdict}", Action::of(&change.change).mark(), change.address));
            if let Some(reason) = change.reason {
                self.comment(&format!("    why: {}", reason.explanation()));
                self.comment(&format!(
                    "    fix: {}",
                    fix(reason, Some(&change.address), change.way_out.as_deref())
                ));
            }
        }
        if !state_only.is_empty() {
            self.blank();
            self.comment("Without a statement, by djogi apply alone:");
        }
        for change in state_only {
            let action = Action::of(&change.change);
            self.comment(&format!("{} {} ({})", action.mark(), change.address, action.verb()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn groups_in_their_order_and_the_rest_as_comments() {
        insta::assert_snapshot!(render(&sample::every_action()));
    }

    #[test]
    fn with_several_targets_each_group_looks_where_it_is() {
        insta::assert_snapshot!(render(&sample::two_targets()));
    }

    #[test]
    fn a_name_cannot_end_its_comment() {
        let script = render(&sample::odd_names());
        assert!(script.contains(r#"-- + table.main."We\nird"."x""; DROP TABLE y; --""#), "{script}");
    }
}
