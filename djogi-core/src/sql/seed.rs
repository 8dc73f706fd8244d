//! The statements that write, keep account of, and delete the rows of a seed.
//!
//! `djogi.seed_row` knows of each row whether djogi wrote it or found it, and `djogi.seed` what the rows were like when
//! they were written; both belong to the ledger, and change in the transaction of the rows themselves.

use std::fmt::Write;

use super::{Context, Impossible, Step};
use crate::address::Address;
use crate::ident::{Ident, IdentList, Literal, QualifiedName};
use crate::kind::foreign_option::secret_digest;
use crate::kind::{Column, IdentityMode, Seed, SeedAlteration, Table};
use crate::plan::{Secret, TransactionMode};
use crate::safety::Verb;
use crate::seed::{Gone, Row, SeedRows, SeedWork};

/// How many rows one transaction writes.
pub const CHUNK: usize = 10_000;

/// From how many new rows on the planner must not take the ledger for nearly empty.
const UNANALYSED: usize = 1_000;

pub(super) fn create(seed: &Seed, ctx: &Context<'_>, address: &Address) -> Result<Vec<Step>, Impossible> {
    let forget = format!("DELETE FROM djogi.seed_row WHERE {}", belongs(seed, ctx));
    let mut steps = vec![ctx.step_on_one(address, Verb::WriteSeed, &seed.table, forget)];
    steps.extend(write_rows(seed, ctx, address));
    Ok(steps)
}

pub(super) fn alter(
    live: &Seed,
    desired: &Seed,
    alteration: &SeedAlteration,
    ctx: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    Ok(match alteration {
        SeedAlteration::SetKey(_) => vec![set_key(live, desired, ctx, address)],
        SeedAlteration::Converge => write_rows(desired, ctx, address),
    })
}

/// Deletes the rows that djogi wrote, and leaves those that it found.
pub(super) fn drop(seed: &Seed, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let belongs = belongs(seed, ctx);
    let table = &seed.table;
    let key = key_of("t", &seed.key);
    let rows = format!(
        "WITH gone AS (DELETE FROM djogi.seed_row WHERE {belongs} RETURNING key, written)\n\
         DELETE FROM {table} AS t USING gone WHERE gone.written AND gone.key = {key}"
    );
    let forget = format!("DELETE FROM djogi.seed WHERE {belongs}");
    vec![
        ctx.step_on_one(address, Verb::DeleteSeed, table, rows),
        ctx.step_on_one(address, Verb::WriteSeed, table, forget),
    ]
}

pub(super) fn rename(
    _: &Seed,
    _: &Seed,
    _: &Context<'_>,
    address: &Address,
) -> Result<Vec<Step>, Impossible> {
    Err(Impossible::FixedName { address: address.clone() })
}

/// What comes after all rows that are written are: rows leave that nobody declares any more, and it is noted what the
/// rows are like.
pub fn settle(seed: &Seed, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let Some(work) = ctx.seeds.get(address) else { return Vec::new() };
    let gone = work.gone(ctx.is_new(&seed.table));
    let (deleted, kept): (Vec<&Gone>, Vec<&Gone>) = gone.iter().partition(|gone| gone.is_to_be_deleted());
    let mut steps = Vec::new();
    for chunk in kept.chunks(CHUNK) {
        let sql = format!("DELETE FROM djogi.seed_row WHERE {}", among(seed, chunk, ctx));
        steps.push(ctx.step_on_one(address, Verb::WriteSeed, &seed.table, sql));
    }
    for chunk in deleted.chunks(CHUNK) {
        let sql = format!(
            "WITH gone AS (DELETE FROM djogi.seed_row WHERE {} RETURNING key, written)\n\
             DELETE FROM {} AS t USING gone WHERE gone.written AND gone.key = {}",
            among(seed, chunk, ctx),
            seed.table,
            key_of("t", &seed.key)
        );
        let mut step = ctx.step_on_one(address, Verb::DeleteSeed, &seed.table, sql);
        step.operation.rows = Some(chunk.len() as u64);
        steps.push(step);
    }
    steps.extend(advance_sequences(seed, work, ctx, address));
    if work.to_write(ctx.is_new(&seed.table)).len() > UNANALYSED {
        // What follows, and every look from now on, joins all these rows with the table.
        let analyze = "ANALYZE djogi.seed_row".to_owned();
        steps.push(ctx.step_on_one(address, Verb::WriteSeed, &seed.table, analyze));
    }
    steps.push(ctx.step_on_one(address, Verb::WriteSeed, &seed.table, note(seed, ctx)));
    steps
}

/// Writes what differs, in chunks of which each is a transaction of its own where there are several.
fn write_rows(seed: &Seed, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    let Some(work) = ctx.seeds.get(address) else { return Vec::new() };
    let rows = work.to_write(ctx.is_new(&seed.table));
    let mut steps = Vec::new();
    let mut done = work.declared.rows.len() - rows.len();
    let chunks = rows.chunks(CHUNK);
    let count = chunks.len();
    for (number, chunk) in (1..).zip(chunks) {
        let chunk: Vec<&Row> = chunk.iter().map(|row| &work.declared.rows[*row]).collect();
        done += chunk.len();
        let mut secrets = Vec::new();
        let sql = upsert(seed, &work.declared, &chunk, ctx, &mut secrets);
        let mut step = ctx.step_on_one(address, Verb::WriteSeed, &seed.table, sql);
        step.operation.rows = Some(chunk.len() as u64);
        step.operation.secrets = secrets;
        steps.push(step);
        if number < count {
            let mut step = ctx.step_on_one(address, Verb::WriteSeed, &seed.table, progress(seed, done, ctx));
            step.transaction = TransactionMode::Barrier;
            steps.push(step);
        }
    }
    steps
}

/// One statement for many rows. Its parts see the table as it was before, so that the row of the ledger tells what djogi
/// wrote from what it found.
fn upsert(
    seed: &Seed,
    declared: &SeedRows,
    rows: &[&Row],
    ctx: &Context<'_>,
    secrets: &mut Vec<Secret>,
) -> String {
    let Seed { name, table, key, columns, .. } = seed;
    let known = ctx.declared_table(table);
    let casts: Vec<String> = columns
        .iter()
        .map(|column| match known.and_then(|table| table.column(column)) {
            Some(Column { data_type, .. }) => format!("v.{column}::{}", cast_type(data_type)),
            None => format!("v.{column}"),
        })
        .collect();
    let names = IdentList(columns);
    let mut sql =
        format!("WITH declared ({names}) AS (\n    SELECT {}\n      FROM (VALUES\n", casts.join(", "));
    for (number, row) in rows.iter().enumerate() {
        sql.push_str(if number == 0 { "        (" } else { ",\n        (" });
        for (at, (column, value)) in columns.iter().zip(&row.values).enumerate() {
            if at > 0 {
                sql.push_str(", ");
            }
            match value {
                Some(value) if declared.secret.contains(column) => {
                    let secret = Secret {
                        option: column.as_str().to_owned(),
                        digest: secret_digest(column.as_str(), value),
                    };
                    let _ = write!(sql, "{secret}");
                    secrets.push(secret);
                }
                Some(value) => {
                    let _ = write!(sql, "{}", Literal(value));
                }
                None => sql.push_str("NULL"),
            }
        }
        sql.push(')');
    }
    let same: Vec<String> = key.iter().map(|column| format!("t.{column} = d.{column}")).collect();
    let _ = write!(
        sql,
        "\n      ) AS v ({names})\n), noted AS (\n    INSERT INTO djogi.seed_row AS r (target, seed, key, written)\n    \
         SELECT {}, {}, {}, NOT EXISTS (SELECT FROM {table} AS t WHERE {})\n      FROM declared AS d\n    \
         ON CONFLICT (target, seed, key) DO UPDATE SET written = true WHERE excluded.written AND NOT r.written\n)\n\
         INSERT INTO {table} AS t ({names}){}\nSELECT {names} FROM declared\nON CONFLICT ({}) DO ",
        Literal(ctx.target.as_str()),
        Literal(name.as_str()),
        key_of("d", key),
        same.join(" AND "),
        if known.is_some_and(|table| has_identity_always(table, columns)) {
            " OVERRIDING SYSTEM VALUE"
        } else {
            ""
        },
        IdentList(key),
    );
    let values: Vec<&Ident> = columns.iter().filter(|column| !key.contains(column)).collect();
    if values.is_empty() {
        sql.push_str("NOTHING");
        return sql;
    }
    let listed = |format: &dyn Fn(&Ident) -> String| {
        values.iter().map(|column| format(column)).collect::<Vec<_>>().join(", ")
    };
    let _ = write!(
        sql,
        "UPDATE SET {}\n WHERE ROW({}) IS DISTINCT FROM ROW({})",
        listed(&|column| format!("{column} = excluded.{column}")),
        listed(&|column| text_of("t", column)),
        listed(&|column| text_of("excluded", column)),
    );
    sql
}

fn has_identity_always(table: &Table, columns: &[Ident]) -> bool {
    let identities = columns.iter().filter_map(|column| table.column(column)?.identity.as_ref());
    identities.into_iter().any(|identity| identity.mode == IdentityMode::Always)
}

/// Moves sequences of columns behind the values that were written, and never back.
fn advance_sequences(seed: &Seed, work: &SeedWork, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
    if work.to_write(ctx.is_new(&seed.table)).is_empty() {
        return Vec::new();
    }
    let Some(table) = ctx.declared_table(&seed.table) else { return Vec::new() };
    let numbered = seed.columns.iter().filter(|column| {
        table
            .column(column)
            .is_some_and(|column| column.identity.is_some() || called_sequence(column).is_some())
    });
    let name = seed.table.to_string();
    let advance = |column: &Ident| {
        let of_identity = format!(
            "pg_catalog.pg_get_serial_sequence({}, {})::pg_catalog.regclass",
            Literal(&name),
            Literal(column.as_str())
        );
        let called = table.column(column).and_then(called_sequence).map(str::to_owned);
        let sequence = called.unwrap_or(of_identity);
        let sql = format!(
            "SELECT pg_catalog.setval(s.sequence, m.highest)\n  \
               FROM (SELECT {sequence}) AS s (sequence),\n       \
                    (SELECT pg_catalog.max({column}) FROM {name}) AS m (highest)\n \
              WHERE m.highest > 0 AND m.highest > COALESCE(pg_catalog.pg_sequence_last_value(s.sequence), 0)"
        );
        ctx.step_on_one(address, Verb::WriteSeed, &seed.table, sql)
    };
    numbered.map(advance).collect()
}

/// The sequence from which the default of a column takes its value, as an expression.
fn called_sequence(column: &Column) -> Option<&str> {
    column.default.as_ref()?.as_str().strip_prefix("nextval(")?.strip_suffix(')')
}

/// What is known of the rows is known by another key.
fn set_key(live: &Seed, desired: &Seed, ctx: &Context<'_>, address: &Address) -> Step {
    let sql = format!(
        "WITH known AS (DELETE FROM djogi.seed_row WHERE {} RETURNING key, written)\n\
         INSERT INTO djogi.seed_row (target, seed, key, written)\n\
         SELECT {}, {}, {}, known.written FROM known JOIN {} AS t ON known.key = {}",
        belongs(desired, ctx),
        Literal(ctx.target.as_str()),
        Literal(desired.name.as_str()),
        key_of("t", &desired.key),
        desired.table,
        key_of("t", &live.key),
    );
    ctx.step_on_one(address, Verb::WriteSeed, &desired.table, sql)
}

/// Notes how far the rows are written.
fn progress(seed: &Seed, done: usize, ctx: &Context<'_>) -> String {
    record(seed, &format!("'', {done}\n"), ctx)
}

/// Notes what the rows are like now that all are written.
fn note(seed: &Seed, ctx: &Context<'_>) -> String {
    let (content, rows) = (content(&seed.columns), known_rows(ctx.target, seed));
    record(seed, &format!("{content}, NULL\n  FROM {rows}\n"), ctx)
}

/// Writes the row of a seed, whose last columns, `content` and `position`, are what `rest` selects.
fn record(seed: &Seed, rest: &str, ctx: &Context<'_>) -> String {
    format!(
        "INSERT INTO djogi.seed AS s (target, seed, relation, key, columns, source, rows, content, position)\n\
         SELECT {}, {}, {}, {}, {}, {}, {}, {rest}{UPDATE}",
        Literal(ctx.target.as_str()),
        Literal(seed.name.as_str()),
        relation(&seed.table),
        numbers(&seed.table, &seed.key),
        numbers(&seed.table, &seed.columns),
        Literal(&seed.source.to_string()),
        seed.rows,
    )
}

const UPDATE: &str = "ON CONFLICT (target, seed) DO UPDATE SET relation = excluded.relation, key = excluded.key, \
                      columns = excluded.columns, source = excluded.source, rows = excluded.rows, \
                      content = excluded.content, position = excluded.position";

/// The digest over all rows of [`known_rows`]: independent of their order, and of the settings of no session but ours.
pub fn content(columns: &[Ident]) -> String {
    let values: Vec<String> = columns.iter().map(|column| format!(", t.{column}::text")).collect();
    format!(
        "COALESCE(pg_catalog.bit_xor(('x' || pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(\
         ROW(r.key{})::text, 'UTF8')), 'hex'))::bit(256))::text, '')",
        values.concat()
    )
}

/// The rows that djogi knows of a seed, whether they are there or not.
pub fn known_rows(target: &Ident, seed: &Seed) -> String {
    format!(
        "djogi.seed_row AS r LEFT JOIN {} AS t ON r.key = {} WHERE r.target = {} AND r.seed = {}",
        seed.table,
        key_of("t", &seed.key),
        Literal(target.as_str()),
        Literal(seed.name.as_str()),
    )
}

/// The key of a row of `alias` as `djogi.seed_row` has it.
pub fn key_of(alias: &str, key: &[Ident]) -> String {
    let parts: Vec<String> = key.iter().map(|column| text_of(alias, column)).collect();
    format!("ARRAY[{}]", parts.join(", "))
}

/// What a value is compared by, whatever the type and collation of its column.
pub fn text_of(alias: &str, column: &Ident) -> String {
    format!("{alias}.{column}::text COLLATE \"C\"")
}

/// The type to which a text is cast: that of the column, but for what would cut off the text instead of refusing it.
pub fn cast_type(data_type: &str) -> String {
    let (base, array) = match data_type.strip_suffix("[]") {
        Some(base) => (base, "[]"),
        None => (data_type, ""),
    };
    let has = |name: &str| base == name || base.strip_prefix(name).is_some_and(|rest| rest.starts_with('('));
    let base = match () {
        () if has("character varying") => "character varying",
        () if has("character") => "bpchar",
        () if has("bit varying") || has("bit") => "bit varying",
        () => base,
    };
    format!("{base}{array}")
}

fn relation(table: &QualifiedName) -> String {
    format!("{}::pg_catalog.regclass", Literal(&table.to_string()))
}

/// The numbers of columns, in the order of their names.
fn numbers(table: &QualifiedName, columns: &[Ident]) -> String {
    let names: Vec<String> = columns.iter().map(|column| Literal(column.as_str()).to_string()).collect();
    format!(
        "ARRAY(SELECT a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = {} AND a.attname IN ({}) ORDER BY a.attname)",
        relation(table),
        names.join(", ")
    )
}

fn belongs(seed: &Seed, ctx: &Context<'_>) -> String {
    format!("target = {} AND seed = {}", Literal(ctx.target.as_str()), Literal(seed.name.as_str()))
}

fn among(seed: &Seed, gone: &[&Gone], ctx: &Context<'_>) -> String {
    let key = |gone: &&Gone| {
        let parts: Vec<String> = gone.key.iter().map(|part| Literal(part).to_string()).collect();
        format!("ARRAY[{}]", parts.join(", "))
    };
    let keys: Vec<String> = gone.iter().map(key).collect();
    format!("{} AND key IN ({})", belongs(seed, ctx), keys.join(", "))
}
