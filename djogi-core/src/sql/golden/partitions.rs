//! Partitions, and tables that inherit.

use super::super::*;
use super::fixtures::{name as fixture_name, *};
use super::script::Script;
use crate::declared::Source;
use crate::desired::DesiredResource;
use crate::kind::*;

fn inherited(column: Column) -> Column {
    Column { origin: ColumnOrigin::Inherited, ..column }
}

/// `NOT NULL` under a name, which a server before PostgreSQL 18 does not know.
fn named(script: &Script, column: Column, name: &str, origin: ColumnOrigin) -> Column {
    let constraint = match script.version.major() {
        ..18 => NotNull::default(),
        _ => NotNull { name: Some(ident(name)), origin, ..NotNull::default() },
    };
    Column { not_null_constraint: constraint, ..not_null(column) }
}

fn partition(name: &str, bound: &str, columns: Vec<Column>) -> Table {
    let bound = PartitionBound::read(bound).expect("a bound as PostgreSQL prints it");
    Table { lineage: Lineage::partition(fixture_name("app", "log"), bound), ..table(name, columns) }
}

fn declare(script: &mut Script, table: &Table) {
    let resource = Resource::Table(table.clone());
    let declared = DesiredResource {
        source: Source { file: "schema.sql".to_owned(), line: 1 },
        package: String::new(),
        renamed_from: None,
        renamed_columns: BTreeMap::new(),
        needs: BTreeSet::new(),
        owner: None,
        resource: resource.clone().into(),
    };
    script.desired.insert(resource.address(&script.target), declared);
}

pub(super) fn partitions(script: &mut Script) {
    script.title("partitions");
    let log = Table {
        partition_by: PartitionKey::read("RANGE (at, id)"),
        ..table(
            "log",
            vec![
                not_null(column("id", "integer")),
                not_null(column("at", "integer")),
                defaulted(column("note", "text"), "'n'::text"),
            ],
        )
    };
    declare(script, &log);
    script.create_table(log.clone(), &[]);
    let note = || inherited(defaulted(column("note", "text"), "'n'::text"));
    let columns = |script: &Script, at: ColumnOrigin, note: Column| {
        let own = |name: &str, origin| {
            let called = format!("log_{name}_not_null");
            inherited(named(script, column(name, "integer"), &called, origin))
        };
        vec![own("id", ColumnOrigin::Inherited), own("at", at), note]
    };

    let as_it_comes = columns(script, ColumnOrigin::Inherited, note());
    let first = partition("log_1", "FOR VALUES FROM (1, 1) TO (2, 1)", as_it_comes.clone());
    let own_note = Column { default: None, ..not_null(note()) };
    let with_its_own = columns(script, ColumnOrigin::Merged, own_note);
    let second = Table {
        partition_by: PartitionKey::read("LIST (id)"),
        ..partition("log_2", "FOR VALUES FROM (2, 1) TO (3, MAXVALUE)", with_its_own)
    };
    let rest = partition("log_rest", "DEFAULT", as_it_comes);
    for partition in [&first, &second, &rest] {
        declare(script, partition);
        script.create_table(partition.clone(), &[]);
    }
    let before = columns(script, ColumnOrigin::Merged, note());
    let apart = partition("log_3", "FOR VALUES FROM (4, 1) TO (5, 1)", before);
    declare(script, &apart);
    let address = Address::table(&script.target, &apart.qualified_name());
    script.apart.insert(address.clone());
    script.create_table(apart.clone(), &[]);
    script.write(Ok(attach_table(&apart, &script.context(), &address)));
    script.apart.clear();
    script.new_tables.clear();

    let bound = PartitionBound::read("FOR VALUES FROM (0, 1) TO (2, 1)").expect("a bound");
    let lineage = Lineage::partition(log.qualified_name(), bound);
    let mut alone = Table { lineage, ..first };
    script.alter(Resource::Table(alone.clone()));
    alone.lineage = Lineage::None;
    script.alter(Resource::Table(alone));

    let by_note = index("log", "log_note", vec![key("note")]);
    let parent = Some(by_note.qualified_name());
    script.apart.insert(Address::index(&script.target, &by_note.qualified_name()));
    script.create(Resource::Index(by_note));
    script.create(Resource::Index(index("log_3", "log_3_note", vec![key("note")])));
    let part = Index { parent, ..index("log_3", "log_3_note", vec![key("note")]) };
    script.alter(Resource::Index(part));
    script.apart.clear();

    script.drop(&Resource::Table(rest));
    script.online = Online::Always;
    script.alter(Resource::Table(Table { lineage: Lineage::None, ..second.clone() }));
    let bound = PartitionBound::read("FOR VALUES FROM (2, 1) TO (3, MAXVALUE)").expect("a bound");
    let pending = Lineage::Partition { of: log.qualified_name(), bound, detach_pending: true };
    script.live.insert(&script.target, Resource::Table(Table { lineage: pending, ..second.clone() }));
    script.alter(Resource::Table(second));
    script.online = Online::Auto;
    for alone in ["log_1", "log"] {
        let table = script.live.table(&script.target, &fixture_name("app", alone)).expect(alone).clone();
        script.drop(&Resource::Table(table));
    }
}

pub(super) fn inheritance(script: &mut Script) {
    script.title("tables that inherit");
    let base = table("base", vec![not_null(column("id", "integer")), column("more", "text")]);
    declare(script, &base);
    script.create_table(base.clone(), &[]);
    let id = named(script, column("id", "integer"), "base_id_not_null", ColumnOrigin::Inherited);
    let merged = Column { origin: ColumnOrigin::Merged, ..id };
    let more = defaulted(not_null(inherited(column("more", "text"))), "'x'::text");
    let mut heir = Table {
        lineage: Lineage::Inherits(vec![base.qualified_name()]),
        ..table("heir", vec![merged, more, column("own", "date")])
    };
    declare(script, &heir);
    script.create_table(heir.clone(), &[]);
    script.new_tables.clear();
    if script.version.major() >= 18 {
        heir.columns[0].not_null_constraint.origin = ColumnOrigin::Merged;
        script.alter(Resource::Table(heir.clone()));
    }
    let alone = Table { lineage: Lineage::None, ..heir.clone() };
    script.alter(Resource::Table(alone));
    script.alter(Resource::Table(heir.clone()));
    script.drop(&Resource::Table(heir));
    script.drop(&Resource::Table(base));
}
