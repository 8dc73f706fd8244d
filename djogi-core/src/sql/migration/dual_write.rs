//! What keeps the two columns alike while rows are written: two triggers with one function.
//!
//! They decide by values, never by who writes: whoever writes the column that counts writes the other. Which one counts is
//! in the body of the function, so that a cutover changes it without a lock of its own.

use super::fill::comparable;
use crate::ident::{DollarQuoted, Ident, Literal, QualifiedName};
use crate::kind::Retype;
use crate::lexis::in_parentheses;
use crate::migration::names;

/// The function while the old values count.
pub(super) fn forward(migration: &Retype) -> String {
    let helper = names::new_column(&migration.column);
    let up = value_of(&migration.table, migration.up.as_str());
    function(&migration.name, &format!("NEW.{helper} := {up};"))
}

/// The function while the new values count. An old value that there is none for is null, so that nobody is refused for it.
/// Whoever writes the old column has not named the columns, and would write something else than is meant.
pub(super) fn backward(migration: &Retype) -> String {
    let Retype { table, column, from, .. } = migration;
    let helper = names::old_column(column);
    let cast = comparable(from);
    let message = Literal(&format!("column {helper} of {table} is not to be written")).to_string();
    let hint =
        Literal(&format!("{column} is the last column now: name the columns of INSERT and COPY")).to_string();
    let guard = format!(
        "IF TG_OP = 'INSERT' AND NEW.{helper} IS NOT NULL OR TG_OP = 'UPDATE' AND NEW.{helper}{cast} IS DISTINCT FROM OLD.{helper}{cast} THEN\n    \
         RAISE EXCEPTION USING ERRCODE = 'invalid_column_reference', MESSAGE = {message}, HINT = {hint};\n  END IF;\n  "
    );
    let body = match &migration.down {
        Some(down) => {
            let down = value_of(&migration.table, down.as_str());
            format!(
                "BEGIN\n    NEW.{helper} := {down};\n  EXCEPTION WHEN data_exception OR integrity_constraint_violation THEN\n    \
                 NEW.{helper} := NULL;\n  END;"
            )
        }
        None => format!("NEW.{helper} := NULL;"),
    };
    function(&migration.name, &(guard + &body))
}

/// An expression over the row that is written.
pub(super) fn value_of(table: &QualifiedName, expression: &str) -> String {
    format!("(SELECT {} FROM (SELECT (NEW).*) AS {})", in_parentheses(expression), table.name)
}

pub(super) fn function(migration: &Ident, body: &str) -> String {
    let name = names::function(migration);
    let body = format!("\n#variable_conflict use_column\nBEGIN\n  {body}\n  RETURN NEW;\nEND\n");
    format!(
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS {}",
        DollarQuoted(&body)
    )
}

/// Both triggers, where one of them may be there. They fire for what replication writes as well, and not for the backfill, which writes the same.
pub(super) fn triggers(migration: &Retype) -> Vec<String> {
    let Retype { table, column, .. } = migration;
    let (helper, function) = (names::new_column(column), names::function(&migration.name));
    let [insert, update] = names::triggers(column);
    let changed = |name: &Ident, data_type: &str| {
        let cast = comparable(data_type);
        format!("OLD.{name}{cast} IS DISTINCT FROM NEW.{name}{cast}")
    };
    let create = |trigger: &Ident, event: &str, condition: String| {
        format!(
            "CREATE OR REPLACE TRIGGER {trigger} BEFORE {event} ON {table} FOR EACH ROW{condition} EXECUTE FUNCTION {function}()"
        )
    };
    let condition = format!(
        " WHEN ((pg_catalog.current_setting('djogi.backfill', true) IS DISTINCT FROM 'on') AND ({} OR {}))",
        changed(column, &migration.from),
        changed(&helper, &migration.to)
    );
    vec![
        create(&insert, "INSERT", String::new()),
        create(&update, "UPDATE", condition),
        format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {insert}"),
        format!("ALTER TABLE {table} ENABLE ALWAYS TRIGGER {update}"),
    ]
}

/// Takes both away, with the function.
pub(super) fn drop(migration: &Retype) -> Vec<String> {
    let triggers = names::triggers(&migration.column);
    let triggers =
        triggers.iter().map(|trigger| format!("DROP TRIGGER IF EXISTS {trigger} ON {}", migration.table));
    triggers.chain([drop_function(&migration.name)]).collect()
}

pub(super) fn drop_function(migration: &Ident) -> String {
    format!("DROP FUNCTION IF EXISTS {}()", names::function(migration))
}
