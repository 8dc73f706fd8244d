//! Foreign-data wrappers, which belong to the database.

use djogi_core::Resource;
use djogi_core::kind::{ForeignDataWrapper, Secrecy};

use super::error::IntrospectError;
use super::foreign_option::options;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_foreign_data_wrapper";

const SQL: &str = "
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

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
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

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("foreign-data wrappers", SQL, decode).await
}
