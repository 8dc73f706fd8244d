//! Foreign-data wrappers, servers and user mappings, which belong to the database.

use djogi_core::Resource;
use djogi_core::kind::{
    ForeignDataWrapper, ForeignOption, ForeignOptions, ForeignServer, Secrecy, UserMapping,
};

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

const WRAPPERS: &str = "
SELECT w.oid,
       w.fdwname,
       hn.nspname,
       h.proname,
       vn.nspname,
       v.proname,
       w.fdwoptions,
       pg_catalog.obj_description(w.oid, 'pg_foreign_data_wrapper')
  FROM pg_catalog.pg_foreign_data_wrapper w
  LEFT JOIN pg_catalog.pg_proc      h  ON h.oid = w.fdwhandler
  LEFT JOIN pg_catalog.pg_namespace hn ON hn.oid = h.pronamespace
  LEFT JOIN pg_catalog.pg_proc      v  ON v.oid = w.fdwvalidator
  LEFT JOIN pg_catalog.pg_namespace vn ON vn.oid = v.pronamespace
 WHERE NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend d
                    WHERE d.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass
                      AND d.objid   = w.oid
                      AND d.deptype = 'e')";

const SERVERS: &str = "
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

/// Of mappings whose options the role may not see, only their names are known; they are among what is not modelled.
const MAPPINGS: &str = "
SELECT m.umid,
       m.srvname,
       m.usename,
       m.umoptions
  FROM pg_catalog.pg_user_mappings  m
  JOIN pg_catalog.pg_foreign_server s ON s.oid = m.srvid
 WHERE CASE WHEN m.umuser = 0 THEN pg_catalog.pg_has_role(s.srvowner, 'USAGE')
            ELSE m.usename = CURRENT_USER
                 AND (pg_catalog.pg_has_role(s.srvowner, 'USAGE')
                      OR pg_catalog.has_server_privilege(s.oid, 'USAGE')) END
    OR pg_catalog.current_setting('is_superuser') = 'on'";

fn options(row: &mut Fields<'_>, secrecy: Secrecy) -> Result<ForeignOptions, FieldError> {
    let texts = row.take::<Option<Vec<&str>>>()?.unwrap_or_default();
    Ok(texts.into_iter().map(|text| ForeignOption::of_catalog(text, secrecy)).collect())
}

fn wrapper(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let wrapper = ForeignDataWrapper {
        name: row.ident()?,
        handler: row.optional_qualified_name()?,
        validator: row.optional_qualified_name()?,
        options: options(row, Secrecy::ByLook)?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::FOREIGN_DATA_WRAPPER, oid, Resource::ForeignDataWrapper(wrapper)))
}

fn server(row: &mut Fields<'_>) -> Result<Found, FieldError> {
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

fn mapping(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let mapping =
        UserMapping { server: row.ident()?, name: row.ident()?, options: options(row, Secrecy::All)? };
    Ok(Found::whole(class::USER_MAPPING, oid, Resource::UserMapping(mapping)))
}

pub(super) async fn read_wrappers(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("foreign-data wrappers", WRAPPERS, wrapper).await
}

pub(super) async fn read_servers(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("foreign servers", SERVERS, server).await
}

pub(super) async fn read_mappings(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("user mappings", MAPPINGS, mapping).await
}
