//! User mappings, which belong to the database.

use djogi_core::Resource;
use djogi_core::kind::{Secrecy, UserMapping};

use super::error::IntrospectError;
use super::foreign_option::options;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_user_mappings";

/// Whether the role may see the options of mapping `{m}` of server `s`, by the rules of the view.
macro_rules! visible {
    ($m:literal) => {
        concat!(
            "CASE WHEN ",
            $m,
            ".umuser = 0 THEN pg_catalog.pg_has_role(s.srvowner, 'USAGE')
            ELSE ",
            $m,
            ".usename = CURRENT_USER
                 AND (pg_catalog.pg_has_role(s.srvowner, 'USAGE')
                      OR pg_catalog.has_server_privilege(s.oid, 'USAGE')) END
    OR pg_catalog.current_setting('is_superuser') = 'on'"
        )
    };
}
pub(super) use visible;

/// Of those whose options the role may not see, only the names are known; they are among what is not modelled.
const SQL: &str = concat!(
    "
SELECT m.umid,
       m.srvname,
       m.usename,
       m.umoptions
  FROM pg_catalog.pg_user_mappings  m
  JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
 WHERE ",
    visible!("m")
);

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let mapping =
        UserMapping { server: row.ident()?, name: row.ident()?, options: options(row, Secrecy::All)? };
    Ok(Found::whole(class::USER_MAPPING, oid, Resource::UserMapping(mapping)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("user mappings", SQL, decode).await
}
