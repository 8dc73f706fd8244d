//! Aggregate functions, whose definitions PostgreSQL does not print.

use djogi_core::Resource;
use djogi_core::ident::Literal;
use djogi_core::kind::Aggregate;

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there is any.
pub(super) const ANY: &str = "SELECT FROM pg_catalog.pg_aggregate WHERE aggfnoid >= 16384::pg_catalog.oid";

/// A function is named with its schema unless it is PostgreSQL's own.
const SQL: &str = "
SELECT p.oid,
       n.nspname,
       p.proname,
       pg_catalog.oidvectortypes(p.proargtypes),
       CASE p.pronargs WHEN 0 THEN '*' ELSE pg_catalog.pg_get_function_arguments(p.oid) END,
       pg_catalog.pg_get_function_result(p.oid),
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objoid = p.oid AND d.objsubid = 0),
       a.aggkind,
       p.proparallel,
       a.aggtransfn::pg_catalog.text,
       pg_catalog.format_type(a.aggtranstype, NULL),
       a.aggtransspace,
       NULLIF(a.aggfinalfn::pg_catalog.text, '-'),
       a.aggfinalextra,
       a.aggfinalmodify,
       NULLIF(a.aggcombinefn::pg_catalog.text, '-'),
       NULLIF(a.aggserialfn::pg_catalog.text, '-'),
       NULLIF(a.aggdeserialfn::pg_catalog.text, '-'),
       a.agginitval,
       NULLIF(a.aggmtransfn::pg_catalog.text, '-'),
       NULLIF(a.aggminvtransfn::pg_catalog.text, '-'),
       CASE WHEN a.aggmtranstype <> 0 THEN pg_catalog.format_type(a.aggmtranstype, NULL) END,
       a.aggmtransspace,
       NULLIF(a.aggmfinalfn::pg_catalog.text, '-'),
       a.aggmfinalextra,
       a.aggmfinalmodify,
       a.aggminitval,
       (SELECT pg_catalog.format('OPERATOR(%I.%s)', s.nspname, o.oprname)
          FROM pg_catalog.pg_operator  o
          JOIN pg_catalog.pg_namespace s ON s.oid = o.oprnamespace
         WHERE o.oid = a.aggsortop)
  FROM pg_catalog.pg_aggregate a
  JOIN pg_catalog.pg_proc      p ON p.oid = a.aggfnoid
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR p.proname = ANY ($2))
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                      AND e.objid   = p.oid
                      AND e.deptype = 'e')";

/// `CREATE AGGREGATE` options as they are collected.
#[derive(Default)]
struct Options(Vec<(String, Option<String>)>);

impl Options {
    fn value(&mut self, name: &str, value: Option<String>) {
        if value.is_some() {
            self.0.push((name.to_owned(), value));
        }
    }

    fn size(&mut self, name: &str, bytes: i32) {
        self.value(name, (bytes != 0).then(|| bytes.to_string()));
    }

    fn flag(&mut self, name: &str, is_set: bool) {
        if is_set {
            self.0.push((name.to_owned(), None));
        }
    }

    /// What the final function may do to the state, unless it is what PostgreSQL assumes.
    fn modify(&mut self, name: &str, code: char, usual: char) -> Result<(), FieldError> {
        let word = match code {
            _ if code == usual => None,
            'r' => Some("READ_ONLY"),
            's' => Some("SHAREABLE"),
            'w' => Some("READ_WRITE"),
            other => return Err(FieldError::Unknown(other.to_string())),
        };
        self.value(name, word.map(str::to_owned));
        Ok(())
    }
}

fn decode(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let mut aggregate = Aggregate {
        schema: row.ident()?,
        name: row.ident()?,
        arguments: row.take()?,
        parameters: row.take()?,
        returns: row.take()?,
        sort: String::new(),
        options: Vec::new(),
        comment: row.take()?,
    };
    let sort = row.code()?;
    let parallel = row.code()?;
    let text = |value: Option<String>| value.map(|value| Literal(&value).to_string());
    let usual = if sort == 'n' { 'r' } else { 'w' };
    let mut options = Options::default();
    options.value("SFUNC", row.take()?);
    options.value("STYPE", row.take()?);
    options.size("SSPACE", row.take()?);
    let has_final = row.take::<Option<String>>()?;
    let is_final = has_final.is_some();
    options.value("FINALFUNC", has_final);
    options.flag("FINALFUNC_EXTRA", row.take()?);
    let modify = row.code()?;
    if is_final {
        options.modify("FINALFUNC_MODIFY", modify, usual)?;
    }
    options.value("COMBINEFUNC", row.take()?);
    options.value("SERIALFUNC", row.take()?);
    options.value("DESERIALFUNC", row.take()?);
    options.value("INITCOND", text(row.take()?));
    options.value("MSFUNC", row.take()?);
    options.value("MINVFUNC", row.take()?);
    options.value("MSTYPE", row.take()?);
    options.size("MSSPACE", row.take()?);
    let has_final = row.take::<Option<String>>()?;
    let is_final = has_final.is_some();
    options.value("MFINALFUNC", has_final);
    options.flag("MFINALFUNC_EXTRA", row.take()?);
    let modify = row.code()?;
    if is_final {
        options.modify("MFINALFUNC_MODIFY", modify, usual)?;
    }
    options.value("MINITCOND", text(row.take()?));
    options.value("SORTOP", row.take()?);
    options.value(
        "PARALLEL",
        match parallel {
            's' => Some("SAFE".to_owned()),
            'r' => Some("RESTRICTED".to_owned()),
            _ => None,
        },
    );
    aggregate.sort = match sort {
        'n' => "normal",
        'o' => "ordered set",
        'h' => "hypothetical set",
        other => return Err(FieldError::Unknown(other.to_string())),
    }
    .to_owned();
    options.flag("HYPOTHETICAL", sort == 'h');
    aggregate.options = options.0;
    Ok(Found::whole(class::ROUTINE, oid, Resource::Aggregate(aggregate)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    reader.rows("aggregates", SQL, decode).await
}
