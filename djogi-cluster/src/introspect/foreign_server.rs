//! Foreign servers, which belong to the database.

use djogi_core::Resource;
use djogi_core::kind::{ForeignServer, Secrecy};

use super::error::IntrospectError;
use super::foreign_option::options;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_foreign_server";

const SQL: &str = "
SELECT s.oid,
       s.srvname,
       w.fdwname,
       s.srvtype,
       s.srvversion,
       s.srvoptions,
       pg_catalog.obj_description(s.oid, 'pg_foreign_server')
  FROM pg_catalog.pg_foreign_server       s
  JOIN pg_catalog.pg_foreign_data_wrapper w ON w.oid = s.srvfdw
 WHERE NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_foreign_server'::pg_catalog.regclass
                      AND d.objid   = s.oid
                      AND d.deptype = 'e')";

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let server = ForeignServer {
        name: row.ident()?,
        wrapper: row.ident()?,
        server_type: row.take()?,
        version: row.take()?,
        options: options(row, Secrecy::ByLook)?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::FOREIGN_SERVER, oid, Resource::ForeignServer(server)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("foreign servers", SQL, decode).await
}
