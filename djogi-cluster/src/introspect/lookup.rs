//! Small system tables, read whole, by which oids become names on our side instead of by a function call for
//! every row.

use std::collections::{HashMap, HashSet};

use djogi_core::ident::{Ident, QualifiedName};

use super::column::{ColumnRow, TypeRow};
use super::error::IntrospectError;
use super::reader::{FieldError, Fields, Reader};

const COLLATIONS: &str = "
SELECT c.oid,
       n.nspname,
       c.collname
  FROM pg_catalog.pg_collation c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace";

const OPERATOR_CLASSES: &str = "
SELECT o.oid,
       n.nspname,
       o.opcname,
       o.opcmethod,
       o.opcintype,
       t.typtype = 'p',
       o.opcdefault,
       o.oid >= 16384 AND NOT EXISTS (SELECT
                                        FROM pg_catalog.pg_depend d
                                       WHERE d.classid = 'pg_catalog.pg_opclass'::pg_catalog.regclass
                                         AND d.objid   = o.oid
                                         AND d.deptype = 'e')
  FROM pg_catalog.pg_opclass   o
  JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace
  JOIN pg_catalog.pg_type      t ON t.oid = o.opcintype";

const METHODS: &str = "
SELECT m.oid,
       m.amname
  FROM pg_catalog.pg_am m";

/// The oids that the system catalogs have themselves, fixed in every major.
pub(super) mod class {
    pub(in super::super) const TYPE: u32 = 1247;
    pub(in super::super) const ROUTINE: u32 = 1255;
    pub(in super::super) const RELATION: u32 = 1259;
    pub(in super::super) const FOREIGN_SERVER: u32 = 1417;
    pub(in super::super) const ROLE: u32 = 1260;
    pub(in super::super) const USER_MAPPING: u32 = 1418;
    pub(in super::super) const FOREIGN_DATA_WRAPPER: u32 = 2328;
    pub(in super::super) const CONSTRAINT: u32 = 2606;
    pub(in super::super) const CAST: u32 = 2605;
    pub(in super::super) const CONVERSION: u32 = 2607;
    pub(in super::super) const LANGUAGE: u32 = 2612;
    pub(in super::super) const TRANSFORM: u32 = 3576;
    pub(in super::super) const OPERATOR_CLASS: u32 = 2616;
    pub(in super::super) const OPERATOR: u32 = 2617;
    pub(in super::super) const OPERATOR_FAMILY: u32 = 2753;
    pub(in super::super) const TEXT_SEARCH_DICTIONARY: u32 = 3600;
    pub(in super::super) const TEXT_SEARCH_PARSER: u32 = 3601;
    pub(in super::super) const TEXT_SEARCH_CONFIGURATION: u32 = 3602;
    pub(in super::super) const TEXT_SEARCH_TEMPLATE: u32 = 3764;
    pub(in super::super) const NAMESPACE: u32 = 2615;
    pub(in super::super) const REWRITE: u32 = 2618;
    pub(in super::super) const TRIGGER: u32 = 2620;
    pub(in super::super) const EXTENSION: u32 = 3079;
    pub(in super::super) const POLICY: u32 = 3256;
    pub(in super::super) const STATISTICS: u32 = 3381;
    pub(in super::super) const COLLATION: u32 = 3456;
    pub(in super::super) const EVENT_TRIGGER: u32 = 3466;
    pub(in super::super) const PUBLICATION: u32 = 6104;
    pub(in super::super) const SUBSCRIPTION: u32 = 6100;
}

/// An object by its catalog and its oid there; an oid alone is unique within one catalog only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ObjectId {
    pub(super) class: u32,
    pub(super) oid: u32,
}

impl ObjectId {
    pub(super) fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { class: row.take()?, oid: row.take()? })
    }
}

pub(super) struct NamedRow {
    oid: u32,
    name: QualifiedName,
}

impl NamedRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self { oid: row.take()?, name: QualifiedName::new(row.ident()?, row.ident()?) })
    }
}

pub(super) struct OperatorClassRow {
    oid: u32,
    name: QualifiedName,
    method: u32,
    input: u32,
    polymorphic: bool,
    default: bool,
    /// Neither PostgreSQL nor an extension brought it.
    made: bool,
}

impl OperatorClassRow {
    fn decode(row: &mut Fields<'_>) -> Result<Self, FieldError> {
        Ok(Self {
            oid: row.take()?,
            name: QualifiedName::new(row.ident()?, row.ident()?),
            method: row.take()?,
            input: row.take()?,
            polymorphic: row.take()?,
            default: row.take()?,
            made: row.take()?,
        })
    }
}

pub(super) async fn read_collations(reader: &Reader<'_>) -> Result<Vec<NamedRow>, IntrospectError> {
    reader.rows("collations", COLLATIONS, NamedRow::decode).await
}

pub(super) async fn read_operator_classes(
    reader: &Reader<'_>,
) -> Result<Vec<OperatorClassRow>, IntrospectError> {
    reader.rows("operator classes", OPERATOR_CLASSES, OperatorClassRow::decode).await
}

pub(super) async fn read_methods(reader: &Reader<'_>) -> Result<Vec<(u32, Ident)>, IntrospectError> {
    reader.rows("index methods", METHODS, |row| Ok((row.take()?, row.ident()?))).await
}

/// Names by oid.
pub(super) struct Lookup {
    collations: HashMap<u32, QualifiedName>,
    operator_classes: HashMap<u32, OperatorClassRow>,
    methods: HashMap<u32, Ident>,
    types: HashMap<(u32, i32), TypeRow>,
    /// Method and type of the default classes that are made for exactly that type.
    exact_defaults: HashSet<(u32, u32)>,
}

impl Lookup {
    pub(super) fn new(
        collations: Vec<NamedRow>,
        operator_classes: Vec<OperatorClassRow>,
        methods: Vec<(u32, Ident)>,
        types: Vec<TypeRow>,
    ) -> Self {
        let exact = operator_classes.iter().filter(|o| o.default && !o.polymorphic);
        Self {
            exact_defaults: exact.map(|o| (o.method, o.input)).collect(),
            collations: collations.into_iter().map(|row| (row.oid, row.name)).collect(),
            operator_classes: operator_classes.into_iter().map(|row| (row.oid, row)).collect(),
            methods: methods.into_iter().collect(),
            types: types.into_iter().map(|row| ((row.oid, row.modifier), row)).collect(),
        }
    }

    pub(super) fn type_of(&self, column: &ColumnRow) -> Result<&TypeRow, IntrospectError> {
        let oid = column.type_oid;
        let found = self.types.get(&(oid, column.type_modifier));
        found.ok_or(IntrospectError::Vanished { what: "type", oid })
    }

    pub(super) fn method(&self, oid: u32) -> Result<&Ident, IntrospectError> {
        self.methods.get(&oid).ok_or(IntrospectError::Vanished { what: "access method", oid })
    }

    /// The collation `oid` where it differs from `default`; a value without collation has oid 0.
    pub(super) fn collation(&self, oid: u32, default: u32) -> Result<Option<QualifiedName>, IntrospectError> {
        if oid == 0 || oid == default {
            return Ok(None);
        }
        let name = self.collations.get(&oid);
        Ok(Some(name.ok_or(IntrospectError::Vanished { what: "collation", oid })?.clone()))
    }

    /// The operator class `oid` unless it is what `CREATE INDEX` takes for a key of type `base`, which for a
    /// type without a class of its own is that of a polymorphic or binary-compatible type (`varchar` has
    /// none and takes `text_ops`). One of the database's own is always named: whether it is the default changes with it.
    pub(super) fn operator_class(
        &self,
        oid: u32,
        base: u32,
        has_options: bool,
    ) -> Result<Option<QualifiedName>, IntrospectError> {
        let class = self.operator_classes.get(&oid);
        let class = class.ok_or(IntrospectError::Vanished { what: "operator class", oid })?;
        let is_default = class.default
            && !class.made
            && (class.input == base || !self.exact_defaults.contains(&(class.method, base)));
        Ok((!is_default || has_options).then(|| class.name.clone()))
    }
}
