//! The roles of the server that a target manages, with their memberships, and what they are still needed for.
//!
//! Of a server without any such pattern nothing of this is asked.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::address::Address;
use djogi_core::ident::{Ident, Literal};
use djogi_core::kind::{Role, RoleGrant, role};
use djogi_core::observation::Unmodelled;
use djogi_core::role_pattern::ManagedRoles;

use super::error::IntrospectError;
use super::lookup::ObjectId;
use super::reader::{FieldError, Fields, Reader};
use super::role::is_no_stub;

/// Which roles may be managed; the patterns themselves have the last word.
fn like(managed: &ManagedRoles, column: &str) -> String {
    let patterns: Vec<String> = managed.like_patterns().map(|text| Literal(&text).to_string()).collect();
    format!("{column} LIKE ANY (ARRAY[{}]::pg_catalog.text[])", patterns.join(", "))
}

/// The role that made the server is nobody's to manage.
fn roles_sql(managed: &ManagedRoles) -> String {
    format!(
        "
SELECT r.oid,
       r.rolname,
       r.rolsuper,
       r.rolcreatedb,
       r.rolcreaterole,
       r.rolinherit,
       r.rolcanlogin,
       r.rolreplication,
       r.rolbypassrls,
       r.rolconnlimit,
       CASE WHEN pg_catalog.isfinite(r.rolvaliduntil) THEN {UTC} END,
       s.setconfig,
       pg_catalog.shobj_description(r.oid, 'pg_authid')
  FROM pg_catalog.pg_roles r
  LEFT JOIN pg_catalog.pg_db_role_setting s ON s.setrole = r.oid AND s.setdatabase = 0
 WHERE r.oid <> 10
   AND {}
   AND {}",
        like(managed, "r.rolname"),
        is_no_stub!("r")
    )
}

/// A moment as roles have it.
const UTC: &str = "pg_catalog.to_char(r.rolvaliduntil AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || '+00'";

fn role(row: &mut Fields<'_>) -> Result<(u32, Role), FieldError> {
    Ok((
        row.take()?,
        Role {
            name: row.ident()?,
            superuser: row.take()?,
            create_database: row.take()?,
            create_role: row.take()?,
            inherit: row.take()?,
            login: row.take()?,
            replication: row.take()?,
            bypass_row_security: row.take()?,
            connection_limit: u32::try_from(row.take::<i32>()?).ok(),
            valid_until: row.take()?,
            settings: {
                let settings = row.take::<Option<Vec<&str>>>()?.unwrap_or_default();
                settings.into_iter().map(role::setting).collect()
            },
            comment: row.take()?,
        },
    ))
}

/// By whomever a membership was granted, it is one. Whoever makes a role becomes an administrator of it without having
/// asked, from PostgreSQL 16 on.
fn grants_sql(managed: &ManagedRoles, major: u32) -> String {
    let (inherit, set, asked) = match major >= 16 {
        true => (
            "pg_catalog.bool_or(a.inherit_option)",
            "pg_catalog.bool_or(a.set_option)",
            "NOT (a.grantor = 10 AND m.rolname = CURRENT_USER
        AND a.admin_option AND NOT a.inherit_option AND NOT a.set_option)",
        ),
        false => ("true", "true", "true"),
    };
    format!(
        "
SELECT r.oid,
       r.rolname,
       m.rolname,
       pg_catalog.bool_or(a.admin_option),
       {inherit},
       {set}
  FROM pg_catalog.pg_auth_members a
  JOIN pg_catalog.pg_roles r ON r.oid = a.roleid
  JOIN pg_catalog.pg_roles m ON m.oid = a.member
 WHERE ({} OR {})
   AND {asked}
   AND {}
   AND {}
 GROUP BY r.oid, r.rolname, m.rolname",
        like(managed, "r.rolname"),
        like(managed, "m.rolname"),
        is_no_stub!("r"),
        is_no_stub!("m")
    )
}

/// With the oid of the role.
fn grant(row: &mut Fields<'_>) -> Result<(u32, RoleGrant), FieldError> {
    Ok((
        row.take()?,
        RoleGrant {
            role: row.ident()?,
            member: row.ident()?,
            admin: row.take()?,
            inherit: row.take()?,
            become_role: row.take()?,
        },
    ))
}

/// What PostgreSQL keeps a role for: in this database and of the server each object, of other databases only how many.
fn uses_sql(managed: &ManagedRoles) -> String {
    format!(
        "
SELECT u.rolname,
       u.class,
       u.oid,
       CASE WHEN u.class IS NOT NULL THEN pg_catalog.pg_describe_object(u.class, u.oid, 0)
            ELSE pg_catalog.format('%s %s in database %I', pg_catalog.count(*),
                                   CASE pg_catalog.count(*) WHEN 1 THEN 'object' ELSE 'objects' END, u.datname) END
  FROM (SELECT r.rolname,
               d.datname,
               CASE WHEN h.here THEN s.classid END AS class,
               CASE WHEN h.here THEN s.objid END AS oid
          FROM pg_catalog.pg_shdepend s
          JOIN pg_catalog.pg_roles    r ON r.oid = s.refobjid
          LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid
         CROSS JOIN LATERAL (SELECT s.dbid = 0 OR d.datname = pg_catalog.current_database()) h (here)
         WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
           AND s.classid NOT IN ('pg_catalog.pg_auth_members'::pg_catalog.regclass,
                                 'pg_catalog.pg_default_acl'::pg_catalog.regclass)
           AND {}) u
 GROUP BY u.rolname, u.class, u.oid, u.datname",
        like(managed, "r.rolname")
    )
}

/// A role with one thing that keeps it.
pub(super) struct UseRow {
    role: Ident,
    /// `None` of other databases.
    object: Option<ObjectId>,
    description: Option<String>,
}

fn use_of(row: &mut Fields<'_>) -> Result<UseRow, FieldError> {
    let role = row.ident()?;
    let (class, oid) = (row.take::<Option<u32>>()?, row.take::<Option<u32>>()?);
    let object = class.zip(oid).map(|(class, oid)| ObjectId { class, oid });
    Ok(UseRow { role, object, description: row.take()? })
}

/// What a target manages of the whole server.
#[derive(Default)]
pub(super) struct Managed {
    pub(super) roles: Vec<(u32, Role)>,
    pub(super) grants: Vec<(u32, RoleGrant)>,
    pub(super) uses: Vec<UseRow>,
}

pub(super) async fn read(reader: &Reader<'_>, managed: &ManagedRoles) -> Result<Managed, IntrospectError> {
    if managed.is_empty() {
        return Ok(Managed::default());
    }
    let (roles, grants, uses) =
        (roles_sql(managed), grants_sql(managed, reader.version.major()), uses_sql(managed));
    let (roles, grants, uses) = futures_util::join!(
        reader.rows("managed roles", &roles, role),
        reader.rows("memberships", &grants, grant),
        reader.rows("uses of roles", &uses, use_of),
    );
    let (mut roles, mut grants) = (roles?, grants?);
    roles.retain(|(_, role)| managed.covers(&role.name));
    grants.retain(|(_, grant)| managed.covers(&grant.role) || managed.covers(&grant.member));
    Ok(Managed { roles, grants, uses: uses? })
}

/// What keeps each role besides what the catalog has, whose objects `is_known` tells.
pub(super) fn uses(
    target: &Ident,
    rows: Vec<UseRow>,
    is_known: impl Fn(ObjectId) -> bool,
) -> BTreeMap<Address, Vec<Unmodelled>> {
    let mut uses: BTreeMap<Address, BTreeSet<Unmodelled>> = BTreeMap::new();
    for UseRow { role, object, description } in rows {
        if object.is_some_and(&is_known) {
            continue;
        }
        // `table public.t`, `3 objects in database reports`.
        let description = description.unwrap_or_else(|| "object that is dropped just now".to_owned());
        let (kind, name) = description.split_once(' ').unwrap_or(("object", &description));
        uses.entry(Address::role(target, &role))
            .or_default()
            .insert(Unmodelled { kind: kind.to_owned(), name: name.to_owned() });
    }
    uses.into_iter().map(|(address, uses)| (address, uses.into_iter().collect())).collect()
}
