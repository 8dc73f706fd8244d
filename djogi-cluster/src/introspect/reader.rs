//! Sends one catalog query and decodes its rows as they arrive.

use djogi_core::ident::{Ident, IdentError, QualifiedName};
use djogi_core::observation::ServerVersion;
use futures_util::TryStreamExt;
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, Row};

use super::error::IntrospectError;
use crate::connect::DatabaseError;

/// A session and the restriction that every query gets: `$1` are the managed schemas, `$2` the names of
/// relations and types, or `NULL` for all of them.
pub(super) struct Reader<'a> {
    client: &'a Client,
    pub(super) version: ServerVersion,
    schemas: Vec<&'a str>,
    names: Option<Vec<&'a str>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        client: &'a Client,
        version: ServerVersion,
        schemas: &'a [Ident],
        names: Option<&'a [Ident]>,
    ) -> Self {
        let texts = |idents: &'a [Ident]| idents.iter().map(Ident::as_str).collect();
        Self { client, version, schemas: texts(schemas), names: names.map(texts) }
    }

    /// Runs `sql` without preparing it: the unnamed statement is planned for these very parameters, and the
    /// first poll sends everything, so that joined queries travel together.
    pub(super) async fn rows<T>(
        &self,
        what: &'static str,
        sql: &str,
        decode: fn(&mut Fields<'_>) -> Result<T, FieldError>,
    ) -> Result<Vec<T>, IntrospectError> {
        let failed = |error: tokio_postgres::Error| IntrospectError::Database {
            what,
            error: DatabaseError::new(&error).in_statement(sql),
        };
        let parameters: [(&(dyn ToSql + Sync), Type); 2] =
            [(&self.schemas, Type::NAME_ARRAY), (&self.names, Type::NAME_ARRAY)];
        let stream = self.client.query_typed_raw(sql, parameters).await.map_err(failed)?;
        let mut stream = std::pin::pin!(stream);
        let mut rows = Vec::new();
        while let Some(row) = stream.try_next().await.map_err(failed)? {
            rows.push(decode(&mut Fields { row: &row, next: 0 }).map_err(|error| match error {
                FieldError::Column(error) => failed(error),
                FieldError::Name(error) => IntrospectError::Name { what, error },
                FieldError::Unknown(value) => IntrospectError::Unknown { what, value },
            })?);
        }
        Ok(rows)
    }
}

/// The columns of one row, taken from left to right.
pub(super) struct Fields<'r> {
    row: &'r Row,
    next: usize,
}

#[derive(Debug)]
pub(super) enum FieldError {
    Column(tokio_postgres::Error),
    Name(IdentError),
    /// A code or text that this version of djogi does not know.
    Unknown(String),
}

impl<'r> Fields<'r> {
    pub(super) fn take<T: FromSql<'r>>(&mut self) -> Result<T, FieldError> {
        let at = self.next;
        self.next += 1;
        self.row.try_get(at).map_err(FieldError::Column)
    }

    pub(super) fn ident(&mut self) -> Result<Ident, FieldError> {
        Ident::new(self.take::<&str>()?).map_err(FieldError::Name)
    }

    pub(super) fn idents(&mut self) -> Result<Vec<Ident>, FieldError> {
        let names: Vec<&str> = self.take()?;
        names.into_iter().map(Ident::new).collect::<Result<_, _>>().map_err(FieldError::Name)
    }

    pub(super) fn optional_ident(&mut self) -> Result<Option<Ident>, FieldError> {
        self.take::<Option<&str>>()?.map(Ident::new).transpose().map_err(FieldError::Name)
    }

    pub(super) fn qualified_name(&mut self) -> Result<QualifiedName, FieldError> {
        Ok(QualifiedName::new(self.ident()?, self.ident()?))
    }

    /// Of two columns that are NULL together.
    pub(super) fn optional_qualified_name(&mut self) -> Result<Option<QualifiedName>, FieldError> {
        let (schema, name) = (self.optional_ident()?, self.optional_ident()?);
        Ok(schema.zip(name).map(|(schema, name)| QualifiedName::new(schema, name)))
    }

    /// A value of the one-byte type `"char"`; the empty one is NUL.
    pub(super) fn code(&mut self) -> Result<char, FieldError> {
        Ok(char::from(self.take::<i8>()?.cast_unsigned()))
    }

    pub(super) fn optional_code(&mut self) -> Result<Option<char>, FieldError> {
        Ok(self.take::<Option<i8>>()?.map(|code| char::from(code.cast_unsigned())))
    }
}
