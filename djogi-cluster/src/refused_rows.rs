//! Whether rows that a foreign key would refuse can go: what the database knows of them and no plan does.
//!
//! It is asked for the plan, so that a reviewer sees it, and again by whoever takes them, with locks that keep it so.

use djogi_core::Ident;
use djogi_core::plan::RefusedRows;
use tokio_postgres::Client;
use tokio_postgres::types::{ToSql, Type};

use crate::error::EngineError;

/// A row of a partition goes with those of the partitioned table; PostgreSQL itself notes foreign keys to that for each
/// partition. The rows of tables that inherit are found where a table is read, and are not what a foreign key of it is about.
/// A foreign key compares as the unique index does that it rests on, which the condition of the rows does not. A null
/// changes what is computed from it, and can move a row to another partition, which deletes it where it was.
/// What has the name of the quarantine and is another table may keep nothing of what it is given.
const OBSTACLE: &str = "
WITH RECURSIVE tree (id) AS (
    SELECT pg_catalog.to_regclass($1)::oid
     UNION
    SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN tree ON i.inhparent = tree.id
), named AS (
    SELECT f.oid, f.conname, f.confrelid, f.confkey, t.relname, n.nspname
      FROM pg_catalog.pg_constraint f
      JOIN pg_catalog.pg_class t ON t.oid = f.conrelid
      JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
     WHERE f.contype = 'f' AND f.confrelid IN (SELECT id FROM tree)
)
(SELECT pg_catalog.format('%s of %I.%I refers to what would change, and what refers to it would not stay as it is',
                          conname, nspname, relname)
   FROM named
  WHERE $3::text[] = '{}'
     OR EXISTS (SELECT FROM pg_catalog.pg_attribute a
                 WHERE a.attrelid = confrelid AND a.attnum = ANY (confkey)
                   AND (a.attname = ANY ($3) OR a.attgenerated <> ''))
     OR EXISTS (SELECT
                  FROM pg_catalog.pg_partitioned_table p
                  JOIN tree ON tree.id = p.partrelid
                 WHERE 0 = ANY (p.partattrs)
                    OR EXISTS (SELECT FROM pg_catalog.pg_attribute a
                                WHERE a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs) AND a.attname = ANY ($3)))
  ORDER BY nspname, relname, conname LIMIT 1)
UNION ALL
(SELECT pg_catalog.format('other tables inherit from %I.%I, whose rows the foreign key is not about', n.nspname, t.relname)
   FROM pg_catalog.pg_inherits i
   JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND NOT c.relispartition
   JOIN pg_catalog.pg_class t ON t.oid = i.inhparent
   JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
  WHERE i.inhparent IN (SELECT id FROM tree UNION ALL SELECT pg_catalog.to_regclass($2)::oid)
  LIMIT 1)
UNION ALL
(SELECT pg_catalog.format('rule %I of %I.%I may make something else of it', r.rulename, n.nspname, t.relname)
   FROM pg_catalog.pg_rewrite r
   JOIN pg_catalog.pg_class t ON t.oid = r.ev_class
   JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
  WHERE r.ev_class IN (SELECT id FROM tree) AND r.ev_type = CASE WHEN $3 = '{}' THEN '4' ELSE '2' END
  LIMIT 1)
UNION ALL
(SELECT pg_catalog.format('the unique index %I compares otherwise than `=` does', t.relname)
   FROM pg_catalog.pg_index i
   JOIN pg_catalog.pg_class t ON t.oid = i.indexrelid
  WHERE i.indrelid = pg_catalog.to_regclass($2) AND i.indisunique
    AND NOT EXISTS (SELECT FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS at (number)
                      LEFT JOIN pg_catalog.pg_attribute a
                             ON a.attrelid = i.indrelid AND a.attnum = i.indkey[at.number]
                     WHERE a.attname <> ALL ($4) OR a.attname IS NULL)
    AND EXISTS (SELECT FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS at (number)
                  JOIN pg_catalog.pg_opclass c ON c.oid = i.indclass[at.number]
                 WHERE NOT c.opcdefault)
  LIMIT 1)
UNION ALL
(SELECT pg_catalog.format('%s is not the table that djogi would make', $5::text)
   FROM pg_catalog.pg_class q
  WHERE q.oid = pg_catalog.to_regclass($5)
    AND (q.relkind <> 'r' OR q.relpersistence <> 'p' OR q.relhasrules OR q.relrowsecurity
         OR EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE q.oid IN (i.inhrelid, i.inhparent))
         OR EXISTS (SELECT FROM pg_catalog.pg_constraint c WHERE c.conrelid = q.oid AND c.contype <> 'n')
         OR ARRAY(SELECT pg_catalog.format('%s %s', a.attname, pg_catalog.pg_get_expr(d.adbin, d.adrelid))
                    FROM pg_catalog.pg_attrdef d
                    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
                   WHERE d.adrelid = q.oid)
            <> ARRAY['kept_at now()']
         OR EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = q.oid AND NOT t.tgisinternal)
         OR ARRAY(SELECT pg_catalog.format('%s %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod))
                    FROM pg_catalog.pg_attribute a
                   WHERE a.attrelid = q.oid AND a.attnum > 0 AND NOT a.attisdropped
                   ORDER BY a.attnum)
            <> ARRAY['kept_at timestamp with time zone', 'kept json', 'exact text'])
  LIMIT 1)
LIMIT 1";

/// Why `rows` cannot go.
///
/// # Errors
/// What PostgreSQL says.
pub(crate) async fn obstacle(client: &Client, rows: &RefusedRows) -> Result<Option<String>, EngineError> {
    let (table, references) = (rows.table.to_string(), rows.references.to_string());
    let (nulls, referenced) = (texts(&rows.nulls), texts(&rows.referenced_columns));
    let into = rows.into.as_ref().map(ToString::to_string);
    let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
        (&table, Type::TEXT),
        (&references, Type::TEXT),
        (&nulls, Type::TEXT_ARRAY),
        (&referenced, Type::TEXT_ARRAY),
        (&into, Type::TEXT),
    ];
    let asked = client.query_typed(OBSTACLE, &parameters).await;
    let asked = asked.map_err(|error| EngineError::sql(&error, OBSTACLE))?;
    Ok(asked.first().map(|row| row.get(0)))
}

/// Whether the foreign key is the one that was meant, is not validated, and compares by `=`. By names alone it may be one to
/// a table that has taken the place of another. Before PostgreSQL 18 all are enforced.
const IS_OPEN: &str = "
SELECT FROM pg_catalog.pg_constraint c
 WHERE c.conrelid = pg_catalog.to_regclass($1) AND c.conname = $2 AND c.contype = 'f'
   AND c.confrelid = pg_catalog.to_regclass($3)
   AND NOT c.convalidated AND COALESCE((pg_catalog.to_jsonb(c) ->> 'conenforced')::boolean, true)
   AND ARRAY(SELECT a.attname::text
               FROM pg_catalog.unnest(c.conkey) WITH ORDINALITY AS k (number, at)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number
              ORDER BY k.at) = $4
   AND ARRAY(SELECT a.attname::text
               FROM pg_catalog.unnest(c.confkey) WITH ORDINALITY AS k (number, at)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number
              ORDER BY k.at) = $5
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_operator o
                    WHERE o.oid = ANY (c.conpfeqop)
                      AND (o.oprname <> '=' OR o.oprnamespace <> 'pg_catalog'::pg_catalog.regnamespace))";

/// Whether the foreign key still refuses `rows` and has not looked for them.
///
/// # Errors
/// What PostgreSQL says.
pub(crate) async fn is_open(client: &Client, rows: &RefusedRows) -> Result<bool, EngineError> {
    let (table, references) = (rows.table.to_string(), rows.references.to_string());
    let (columns, referenced) = (texts(&rows.columns), texts(&rows.referenced_columns));
    let foreign_key = rows.foreign_key.as_str();
    let parameters: [(&(dyn ToSql + Sync), Type); 5] = [
        (&table, Type::TEXT),
        (&foreign_key, Type::TEXT),
        (&references, Type::TEXT),
        (&columns, Type::TEXT_ARRAY),
        (&referenced, Type::TEXT_ARRAY),
    ];
    let asked = client.query_typed(IS_OPEN, &parameters).await;
    Ok(!asked.map_err(|error| EngineError::sql(&error, IS_OPEN))?.is_empty())
}

fn texts(names: &[Ident]) -> Vec<String> {
    names.iter().map(|name| name.as_str().to_owned()).collect()
}
