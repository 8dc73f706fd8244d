//! Declarations from plain DDL: PostgreSQL makes the objects, djogi reads them, and says the same as a `catalog.json`
//! that a model package has exported.
//!
//! The DDL is an oracle of its own: a database that ran it by hand is what an apply of the declarations must come to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use djogi_cluster::connect::{ConnectParameters, Connection};
use djogi_cluster::introspect::{Scope, observe};
use djogi_core::address::Address;
use djogi_core::declared::{Declaration, Declarations, Source};
use djogi_core::kind::{ConstraintDefinition, IndexElement, IndexKey, Resource};
use djogi_core::{Ident, Kind};

use crate::database::Database;

/// What the managed `schemas` of `database` hold, declared for `target`, with whatever has an expression marked as raw, so
/// that it takes the way of those that users write.
pub fn declarations(database: &Database, target: &str, schemas: &[&str]) -> Declarations {
    let ident = |name: &str| Ident::new(name).expect("a name");
    let scope = Scope {
        target: ident(target),
        schemas: schemas.iter().map(|name| ident(name)).collect(),
        roles: Default::default(),
    };
    let parameters: ConnectParameters = database.url().parse().expect("the URL of a server");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let observation = runtime.block_on(async {
        let connection = Connection::open(&parameters, "e2e").await.expect("a connection");
        observe(&connection, &scope).await.expect("an observation")
    });
    let declared = observation.catalog.into_iter().filter(|(_, resource)| !is_given(resource));
    let mut dependencies = observation.dependencies;
    // Those that only a database can know are not known to the one that tries expressions.
    let is_known = observation.oids.keys().all(|address| !address.kind().is_code() && !is_new_type(address));
    let resources = declared.enumerate().map(|(number, (address, resource))| {
        let line = u32::try_from(number + 1).expect("few resources");
        let needs = dependencies.remove(&address).unwrap_or_default();
        (address, declaration(resource, is_known, needs, line))
    });
    Declarations { resources: resources.collect(), ..Declarations::default() }
}

/// Every database has it, and no model declares it.
fn is_given(resource: &Resource) -> bool {
    matches!(resource, Resource::Schema(schema) if schema.name.as_str() == "public")
}

fn declaration(
    resource: Arc<Resource>,
    may_be_raw: bool,
    needs: BTreeSet<Address>,
    line: u32,
) -> Declaration {
    Declaration {
        source: Source { file: "schema.sql".to_owned(), line },
        package: "e2e".to_owned(),
        raw: may_be_raw && has_expressions(&resource),
        resource,
        unmanaged: false,
        sensitive: BTreeSet::new(),
        rules: BTreeMap::new(),
        renamed_from: None,
        renamed_columns: BTreeMap::new(),
        column_lines: BTreeMap::new(),
        needs,
    }
}

fn is_new_type(address: &Address) -> bool {
    matches!(address.kind(), Kind::Domain | Kind::Composite | Kind::Range | Kind::Collation)
}

fn has_expressions(resource: &Resource) -> bool {
    match resource {
        Resource::Table(table) => {
            table.columns.iter().any(|column| column.default.is_some() || column.generated.is_some())
        }
        Resource::Constraint(constraint) => matches!(
            constraint.definition,
            ConstraintDefinition::Check { .. } | ConstraintDefinition::Exclusion(_)
        ),
        Resource::Index(index) => {
            let is_expression = |element: &IndexElement| matches!(element.key, IndexKey::Expression(_));
            index.predicate.is_some() || index.elements.iter().any(is_expression)
        }
        // What else PostgreSQL prints is what users have it print.
        _ => false,
    }
}

/// Says that what stands at `to` was called `from`.
pub(crate) fn rename(declarations: &mut Declarations, from: &str, to: &str) {
    let address = |text: &str| text.parse::<Address>().expect("an address");
    let declared = declarations.resources.get_mut(&address(to)).expect("a declared address");
    declared.renamed_from = Some(address(from));
}

/// Says that the column `to` of the table at `table` was called `from`.
pub(crate) fn rename_column(declarations: &mut Declarations, table: &str, from: &str, to: &str) {
    let ident = |name: &str| Ident::new(name).expect("a name");
    let declared = declarations.resources.get_mut(&table.parse().expect("an address"));
    declared.expect("a declared table").renamed_columns.insert(ident(to), ident(from));
}
