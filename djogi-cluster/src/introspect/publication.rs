//! Publications, which belong to the database, with what they publish.

use djogi_core::Resource;
use djogi_core::ident::{Ident, QualifiedName};
use djogi_core::kind::{Expression, Publication, PublishedTable};

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_publication";

/// The tables of all publications are one array of each of their properties, in the order of names; the columns of one
/// table are one text with separators that no name holds. Servers before 18 have no `pubgencols`, so it is taken from
/// the row as a whole.
const SQL: &str = "
SELECT p.oid,
       p.pubname,
       p.puballtables,
       p.pubinsert,
       p.pubupdate,
       p.pubdelete,
       p.pubtruncate,
       p.pubviaroot,
       COALESCE(pg_catalog.to_jsonb(p) ->> 'pubgencols', 'n') = 's',
       t.schemas,
       t.names,
       t.columns,
       t.filters,
       ARRAY(SELECT s.nspname
               FROM pg_catalog.pg_publication_namespace o
               JOIN pg_catalog.pg_namespace             s ON s.oid = o.pnnspid
              WHERE o.pnpubid = p.oid
              ORDER BY s.nspname::pg_catalog.text COLLATE \"C\"),
       pg_catalog.obj_description(p.oid, 'pg_publication')
  FROM pg_catalog.pg_publication p
  LEFT JOIN (
       SELECT r.prpubid,
              pg_catalog.array_agg(n.nspname ORDER BY n.nspname::pg_catalog.text COLLATE \"C\",
                                                      c.relname::pg_catalog.text COLLATE \"C\"),
              pg_catalog.array_agg(c.relname ORDER BY n.nspname::pg_catalog.text COLLATE \"C\",
                                                      c.relname::pg_catalog.text COLLATE \"C\"),
              pg_catalog.array_agg((SELECT pg_catalog.string_agg(a.attname, E'\\x01'
                                                      ORDER BY a.attname::pg_catalog.text COLLATE \"C\")
                                      FROM pg_catalog.pg_attribute a
                                     WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs))
                                   ORDER BY n.nspname::pg_catalog.text COLLATE \"C\",
                                            c.relname::pg_catalog.text COLLATE \"C\"),
              pg_catalog.array_agg(pg_catalog.pg_get_expr(r.prqual, r.prrelid)
                                   ORDER BY n.nspname::pg_catalog.text COLLATE \"C\",
                                            c.relname::pg_catalog.text COLLATE \"C\")
         FROM pg_catalog.pg_publication_rel r
         JOIN pg_catalog.pg_class           c ON c.oid = r.prrelid
         JOIN pg_catalog.pg_namespace       n ON n.oid = c.relnamespace
        GROUP BY r.prpubid) t (publication, schemas, names, columns, filters) ON t.publication = p.oid
 WHERE NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_publication'::pg_catalog.regclass
                      AND d.objid   = p.oid
                      AND d.deptype = 'e')";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let publication = Publication {
        name: row.ident()?,
        all_tables: row.take()?,
        insert: row.take()?,
        update: row.take()?,
        delete: row.take()?,
        truncate: row.take()?,
        via_partition_root: row.take()?,
        generated_columns: row.take()?,
        tables: tables(row)?,
        schemas: idents(&row.take::<Vec<&str>>()?)?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::PUBLICATION, oid, Resource::Publication(publication)))
}

fn tables(row: &mut Fields<'_>) -> Result<Vec<PublishedTable>, FieldError> {
    let schemas = idents(&row.take::<Option<Vec<&str>>>()?.unwrap_or_default())?;
    let names = idents(&row.take::<Option<Vec<&str>>>()?.unwrap_or_default())?;
    let columns = row.take::<Option<Vec<Option<&str>>>>()?.unwrap_or_default();
    let filters = row.take::<Option<Vec<Option<String>>>>()?.unwrap_or_default();
    let tables = schemas.into_iter().zip(names).zip(columns).zip(filters);
    tables
        .map(|(((schema, name), columns), filter)| {
            let columns: Vec<&str> = columns.map_or_else(Vec::new, |names| names.split('\x01').collect());
            Ok(PublishedTable {
                table: QualifiedName::new(schema, name),
                columns: idents(&columns)?,
                filter: filter.map(Expression::new),
            })
        })
        .collect()
}

fn idents(names: &[&str]) -> Result<Vec<Ident>, FieldError> {
    names.iter().map(|name| Ident::new(*name)).collect::<Result<_, _>>().map_err(FieldError::Name)
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("publications", SQL, decode).await
}
