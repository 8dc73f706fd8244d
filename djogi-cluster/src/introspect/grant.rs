//! What roles may do with objects, where that is another thing than PostgreSQL lets them do unasked: an access control
//! list that is there says all of it, one that is not says nothing.

use std::collections::BTreeMap;

use djogi_core::Ident;
use djogi_core::kind::privilege::{PUBLIC, Privilege, Rights};
use djogi_core::kind::{Grant, Securable};
use djogi_core::observation::ServerVersion;

use super::error::IntrospectError;
use super::lookup::ObjectId;
use super::reader::{FieldError, Fields, Reader};

/// Members of extensions are left out but for languages, which are among those of every database, and functions that come with a range type. Every database is born with a list
/// for `public`.
const SQL: &str = "
WITH schema AS MATERIALIZED (
    SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY ($1)
), held (what, class, oid, schema, name, arguments, of_schema, of_table, part, owner, acl) AS (
    SELECT 'n'::\"char\", 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid,
           n.nspname, n.nspname, NULL::text, NULL::name, NULL::name, NULL::name, n.nspowner,
           COALESCE(n.nspacl, pg_catalog.acldefault('n', n.nspowner))
      FROM pg_catalog.pg_namespace n
     WHERE n.nspname = ANY ($1)
       AND (n.nspacl IS NOT NULL OR n.nspname = 'public')
     UNION ALL
    SELECT CASE c.relkind WHEN 'S' THEN 'S'::\"char\" ELSE 'r' END, 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid,
           n.nspname, c.relname, NULL, o.nspname, t.relname, NULL, c.relowner, c.relacl
      FROM pg_catalog.pg_class c
      JOIN schema              n ON n.oid = c.relnamespace
      LEFT JOIN pg_catalog.pg_depend    i ON i.classid    = 'pg_catalog.pg_class'::pg_catalog.regclass
                                         AND i.objid      = c.oid
                                         AND i.refclassid = i.classid
                                         AND i.deptype    = 'i'
                                         AND c.relkind    = 'S'
      LEFT JOIN pg_catalog.pg_class     t ON t.oid = i.refobjid
      LEFT JOIN pg_catalog.pg_namespace o ON o.oid = t.relnamespace
     WHERE c.relacl IS NOT NULL
       AND ($2 IS NULL OR c.relname = ANY ($2))
       AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
     UNION ALL
    SELECT 'r', 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid,
           n.nspname, c.relname, NULL, NULL, NULL, a.attname, c.relowner, a.attacl
      FROM pg_catalog.pg_attribute a
      JOIN pg_catalog.pg_class     c ON c.oid = a.attrelid
      JOIN schema                  n ON n.oid = c.relnamespace
     WHERE a.attacl IS NOT NULL
       AND NOT a.attisdropped
       AND ($2 IS NULL OR c.relname = ANY ($2))
       AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
     UNION ALL
    SELECT 'f', 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid,
           n.nspname, p.proname, pg_catalog.oidvectortypes(p.proargtypes), NULL, NULL, NULL, p.proowner, p.proacl
      FROM pg_catalog.pg_proc p
      JOIN schema             n ON n.oid = p.pronamespace
     WHERE p.proacl IS NOT NULL
       AND ($2 IS NULL OR p.proname = ANY ($2))
       AND NOT EXISTS (SELECT
                         FROM pg_catalog.pg_depend i
                        WHERE i.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                          AND i.objid   = p.oid
                          AND i.deptype = 'i')
     UNION ALL
    SELECT 'T', 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid,
           n.nspname, t.typname, NULL, NULL, NULL, NULL, t.typowner, t.typacl
      FROM pg_catalog.pg_type t
      JOIN schema             n ON n.oid = t.typnamespace
      LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
     WHERE t.typacl IS NOT NULL
       AND ($2 IS NULL OR t.typname = ANY ($2))
       AND t.typtype <> 'm'
       AND t.typcategory <> 'A'
       AND (c.oid IS NULL OR c.relkind = 'c')
     UNION ALL
    SELECT 'w', 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass, w.oid,
           w.fdwname, w.fdwname, NULL, NULL, NULL, NULL, w.fdwowner, w.fdwacl
      FROM pg_catalog.pg_foreign_data_wrapper w
     WHERE w.fdwacl IS NOT NULL
     UNION ALL
    SELECT 'l', 'pg_catalog.pg_language'::pg_catalog.regclass, l.oid,
           l.lanname, l.lanname, NULL, NULL, NULL, NULL, l.lanowner, l.lanacl
      FROM pg_catalog.pg_language l
     WHERE l.lanacl IS NOT NULL
     UNION ALL
    SELECT 's', 'pg_catalog.pg_foreign_server'::pg_catalog.regclass, s.oid,
           s.srvname, s.srvname, NULL, NULL, NULL, NULL, s.srvowner, s.srvacl
      FROM pg_catalog.pg_foreign_server s
     WHERE s.srvacl IS NOT NULL
)
SELECT h.what,
       h.class::oid,
       h.oid,
       h.schema,
       h.name,
       h.arguments,
       h.of_schema,
       h.of_table,
       h.part,
       r.rolname,
       x.grantee = 0,
       g.rolname,
       x.privilege_type,
       COALESCE(x.is_grantable, false)
  FROM held h
  JOIN pg_catalog.pg_roles r ON r.oid = h.owner
  -- What others have passed on is theirs to take back.
  LEFT JOIN LATERAL pg_catalog.aclexplode(h.acl) x ON x.grantor = h.owner
  LEFT JOIN pg_catalog.pg_roles g ON g.oid = x.grantee
 WHERE h.what = 'l'
    OR NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = h.class
                      AND e.objid   = h.oid
                      AND e.deptype = 'e')";

/// One privilege, or that there is none.
pub(super) struct GrantRow {
    object: ObjectId,
    on: Securable,
    /// Of a privilege on a column.
    column: Option<Ident>,
    owner: Ident,
    held: Option<(Ident, Privilege, bool)>,
}

impl GrantRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        let what = row.code()?;
        let object = ObjectId::decode(row)?;
        let name = row.qualified_name()?;
        let arguments: Option<String> = row.take()?;
        let table = row.optional_qualified_name()?;
        let on = match what {
            'n' => Securable::Schema { name: name.schema },
            'r' => Securable::Table(name),
            'S' => Securable::Sequence { name, table },
            'f' => Securable::Routine { name, arguments: arguments.unwrap_or_default() },
            'T' => Securable::Type(name),
            'w' => Securable::Wrapper { name: name.name },
            'l' => Securable::Language { name: name.name },
            's' => Securable::Server { name: name.name },
            other => return Err(FieldError::Unknown(other.to_string())),
        };
        let (column, owner) = (row.optional_ident()?, row.ident()?);
        Ok(Self { object, on, column, owner, held: held(row)? })
    }
}

/// Whether the grantee is everybody, his name, the privilege, and whether he may pass it on.
pub(super) fn held(row: &mut Fields<'_>) -> Result<Option<(Ident, Privilege, bool)>, FieldError> {
    let (is_public, role): (Option<bool>, _) = (row.take()?, row.optional_ident()?);
    let (privilege, grantable): (Option<&str>, bool) = (row.take()?, row.take()?);
    let grantee = match is_public {
        Some(true) => Some(Ident::new(PUBLIC).map_err(FieldError::Name)?),
        _ => role,
    };
    let Some((grantee, word)) = grantee.zip(privilege) else { return Ok(None) };
    let privilege = Privilege::of_sql(word).ok_or_else(|| FieldError::Unknown(word.to_owned()))?;
    Ok(Some((grantee, privilege, grantable)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<GrantRow>, IntrospectError> {
    reader.rows("privileges", SQL, GrantRow::decode).await
}

/// What is said of one object.
struct Object {
    on: Securable,
    owner: Ident,
    /// Whether there is a list for the whole.
    is_whole: bool,
    grantees: BTreeMap<Ident, Rights>,
}

/// Every grantee of every object who may do something else than the usual, with the object.
pub(super) fn grants(rows: Vec<GrantRow>, version: ServerVersion) -> Vec<(ObjectId, Grant)> {
    let mut objects: BTreeMap<ObjectId, Object> = BTreeMap::new();
    for GrantRow { object, on, column, owner, held } in rows {
        let entry = objects.entry(object).or_insert_with(|| Object {
            on,
            owner,
            is_whole: false,
            grantees: BTreeMap::new(),
        });
        entry.is_whole |= column.is_none();
        let Some((grantee, privilege, grantable)) = held else { continue };
        let rights = entry.grantees.entry(grantee).or_default();
        let held = match column {
            Some(column) => rights.columns.entry(column).or_default(),
            None => &mut rights.whole,
        };
        *held.entry(privilege).or_default() |= grantable;
    }
    let mut grants = Vec::new();
    for (id, Object { on, owner, is_whole, mut grantees }) in objects {
        let usual = |grantee: &Ident| on.usual(grantee, *grantee == owner, version.major());
        if is_whole {
            let everybody = Ident::new(PUBLIC).expect("a name");
            for grantee in [everybody, owner.clone()] {
                grantees.entry(grantee).or_default();
            }
        } else {
            grantees.iter_mut().for_each(|(grantee, rights)| rights.whole = usual(grantee));
        }
        let unusual = grantees.iter().filter(|(grantee, rights)| **rights != usual(grantee).into());
        grants.extend(unusual.map(|(grantee, rights)| {
            (id, Grant::new(on.clone(), grantee.clone(), *grantee == owner, rights))
        }));
    }
    grants
}
