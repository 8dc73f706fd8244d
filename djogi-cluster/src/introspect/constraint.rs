//! Constraints of tables, but for `NOT NULL`, which belongs to its column.

use djogi_core::ident::Ident;
use djogi_core::kind::{Deferrable, MatchType, ParentConstraint, ReferentialAction};

use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};
use super::version;

/// Those with a parent in their own table belong to the partitions of a referenced table. Only a check is deparsed, and an
/// operator that is not PostgreSQL's own is printed with its schema.
fn sql(enforced: &str, period: &str) -> String {
    format!(
        "
SELECT con.oid,
       con.conrelid,
       con.conname,
       con.contype,
       con.condeferrable,
       con.condeferred,
       con.convalidated,
       {enforced},
       {period},
       con.connoinherit,
       con.conindid,
       con.conkey,
       con.confrelid,
       con.confkey,
       con.confdeltype,
       con.confupdtype,
       con.confmatchtype,
       con.confdelsetcols,
       pg_catalog.pg_get_expr(con.conbin, con.conrelid),
       CASE WHEN con.contype = 'x'
            THEN ARRAY(SELECT CASE WHEN p.nspname = 'pg_catalog' THEN o.oprname::text
                                   ELSE pg_catalog.format('OPERATOR(%I.%s)', p.nspname, o.oprname) END
                         FROM pg_catalog.unnest(con.conexclop) WITH ORDINALITY AS k (operator, number)
                         JOIN pg_catalog.pg_operator  o ON o.oid = k.operator
                         JOIN pg_catalog.pg_namespace p ON p.oid = o.oprnamespace
                        ORDER BY k.number)
       END,
       COALESCE(pn.nspname, k.nspname),
       COALESCE(pc.relname, k.relname),
       COALESCE(p.conname, k.conname)
  FROM pg_catalog.pg_constraint con
  LEFT JOIN pg_catalog.pg_constraint p  ON p.oid = con.conparentid
  LEFT JOIN pg_catalog.pg_class      pc ON pc.oid = p.conrelid
  LEFT JOIN pg_catalog.pg_namespace  pn ON pn.oid = pc.relnamespace
  LEFT JOIN LATERAL (SELECT n.nspname, c.relname, q.conname
                       FROM pg_catalog.pg_inherits   i
                       JOIN pg_catalog.pg_constraint q ON q.conrelid = i.inhparent
                       JOIN pg_catalog.pg_class      c ON c.oid = i.inhparent
                       JOIN pg_catalog.pg_namespace  n ON n.oid = c.relnamespace
                      WHERE i.inhrelid = con.conrelid
                        AND q.conname  = con.conname
                        AND q.contype  = 'c'
                      ORDER BY i.inhseqno
                      LIMIT 1) k
         ON con.contype = 'c' AND NOT con.conislocal
 WHERE con.connamespace = ANY (ARRAY(SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)))
   AND ($2 IS NULL
        OR con.conrelid = ANY (ARRAY(SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relname = ANY ($2))))
   AND con.conrelid <> 0
   AND (p.oid IS NULL OR p.conrelid <> con.conrelid)
   AND con.contype IN ('p', 'u', 'c', 'f', 'x')"
    )
}

pub(super) struct ConstraintRow {
    pub(super) oid: u32,
    pub(super) table: u32,
    pub(super) name: Ident,
    pub(super) kind: char,
    pub(super) deferrable: Deferrable,
    pub(super) validated: bool,
    pub(super) enforced: bool,
    pub(super) period: bool,
    pub(super) no_inherit: bool,
    /// The constraint's own index, or the referenced one of a foreign key; 0 for a check.
    pub(super) index: u32,
    pub(super) columns: Vec<i16>,
    pub(super) referenced_table: u32,
    pub(super) referenced_columns: Vec<i16>,
    on_delete: char,
    on_update: char,
    match_type: char,
    pub(super) on_delete_columns: Vec<i16>,
    pub(super) expression: Option<String>,
    pub(super) operators: Option<Vec<String>>,
    pub(super) parent: Option<ParentConstraint>,
}

impl ConstraintRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            oid: row.take()?,
            table: row.take()?,
            name: row.ident()?,
            kind: row.code()?,
            deferrable: match (row.take()?, row.take()?) {
                (false, _) => Deferrable::NotDeferrable,
                (true, false) => Deferrable::InitiallyImmediate,
                (true, true) => Deferrable::InitiallyDeferred,
            },
            validated: row.take()?,
            enforced: row.take()?,
            period: row.take()?,
            no_inherit: row.take()?,
            index: row.take()?,
            columns: row.take::<Option<_>>()?.unwrap_or_default(),
            referenced_table: row.take()?,
            referenced_columns: row.take::<Option<_>>()?.unwrap_or_default(),
            on_delete: row.code()?,
            on_update: row.code()?,
            match_type: row.code()?,
            on_delete_columns: row.take::<Option<_>>()?.unwrap_or_default(),
            expression: row.take()?,
            operators: row.take()?,
            parent: {
                let (table, name) = (row.optional_qualified_name()?, row.optional_ident()?);
                table.zip(name).map(|(table, name)| ParentConstraint { table, name })
            },
        })
    }

    pub(super) fn on_delete(&self) -> Result<ReferentialAction, IntrospectError> {
        action(self.on_delete)
    }

    pub(super) fn on_update(&self) -> Result<ReferentialAction, IntrospectError> {
        action(self.on_update)
    }

    pub(super) fn match_type(&self) -> Result<MatchType, IntrospectError> {
        match self.match_type {
            's' => Ok(MatchType::Simple),
            'f' => Ok(MatchType::Full),
            other => Err(unknown("foreign key match type", other)),
        }
    }
}

fn action(code: char) -> Result<ReferentialAction, IntrospectError> {
    match code {
        'a' => Ok(ReferentialAction::NoAction),
        'r' => Ok(ReferentialAction::Restrict),
        'c' => Ok(ReferentialAction::Cascade),
        'n' => Ok(ReferentialAction::SetNull),
        'd' => Ok(ReferentialAction::SetDefault),
        other => Err(unknown("referential action", other)),
    }
}

pub(super) fn unknown(what: &'static str, code: char) -> IntrospectError {
    IntrospectError::Unknown { what, value: code.to_string() }
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<ConstraintRow>, IntrospectError> {
    let sql =
        sql(version::constraint_is_enforced(reader.version), version::constraint_has_period(reader.version));
    reader.rows("constraints", &sql, ConstraintRow::decode).await
}
