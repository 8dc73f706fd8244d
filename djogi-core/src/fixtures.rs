//! A small world for tests: the three catalogs of one target, and the plan that they come to.

use std::collections::{BTreeMap, BTreeSet};

use crate::address::Address;
use crate::declared::Source;
use crate::desired::DesiredResource;
use crate::digest::Digest;
use crate::disposition::{Disposition, Reason};
use crate::ident::{Ident, QualifiedName};
use crate::kind::*;
use crate::observation::{DatabaseIdentity, Observation, Oid, Roles, ServerVersion, TableSize, Unmodelled};
use crate::plan::classify::DestructivePolicy;
use crate::plan::{
    ConfigReference, PlanDocument, PlanError, PlanInputs, PlanOptions, ResourceChange, TargetInputs, compile,
};
use crate::recorded::{Recorded, RecordedResource};

pub(crate) fn id(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

pub(crate) fn address(text: &str) -> Address {
    text.parse().unwrap()
}

pub(crate) fn public(name: &str) -> QualifiedName {
    QualifiedName::new(id("public"), id(name))
}

pub(crate) fn schema(name: &str) -> Resource {
    Resource::Schema(Schema { name: id(name), comment: None })
}

pub(crate) fn extension(name: &str) -> Resource {
    Resource::Extension(Extension { name: id(name), schema: Some(id("public")), version: None })
}

pub(crate) fn column(name: &str, data_type: &str) -> Column {
    Column {
        name: id(name),
        data_type: data_type.to_owned(),
        collation: None,
        origin: Default::default(),
        not_null: false,
        not_null_constraint: NotNull::default(),
        default: None,
        identity: None,
        properties: ColumnProperties::default(),
        generated: None,
        comment: None,
    }
}

pub(crate) fn with_default(name: &str, data_type: &str, default: &str) -> Column {
    Column { default: Some(Expression::new(default)), ..column(name, data_type) }
}

pub(crate) fn table_of(name: &str, columns: Vec<Column>) -> Resource {
    Resource::Table(Table {
        schema: id("public"),
        name: id(name),
        columns,
        partition_by: None,
        foreign: None,
        lineage: Default::default(),
        properties: TableProperties::default(),
        comment: None,
    })
}

/// Columns as `name type`.
pub(crate) fn table(name: &str, columns: &[&str]) -> Resource {
    let column = |text: &&str| {
        let (name, data_type) = text.split_once(' ').unwrap();
        column(name, data_type)
    };
    table_of(name, columns.iter().map(column).collect())
}

pub(crate) fn constraint(table: &str, name: &str, definition: ConstraintDefinition) -> Resource {
    Resource::Constraint(Constraint {
        schema: id("public"),
        table: id(table),
        name: id(name),
        definition,
        parent: None,
        derived: false,
        deferrable: Deferrable::NotDeferrable,
        validated: true,
        enforced: true,
        period: false,
        options: BTreeMap::new(),
        tablespace: None,
        index_comment: None,
        comment: None,
    })
}

fn ids(names: &[&str]) -> Vec<Ident> {
    names.iter().map(|name| id(name)).collect()
}

pub(crate) fn primary_key(table: &str, columns: &[&str]) -> Resource {
    let definition = ConstraintDefinition::PrimaryKey { columns: ids(columns), include: Vec::new() };
    constraint(table, &format!("{table}_pkey"), definition)
}

pub(crate) fn check(table: &str, name: &str, expression: &str) -> Resource {
    let expression = Expression::new(expression);
    constraint(table, name, ConstraintDefinition::Check { expression, no_inherit: false })
}

pub(crate) fn foreign_key(table: &str, column: &str, references: &str, referenced: &str) -> Resource {
    let key = ForeignKey {
        columns: ids(&[column]),
        references: public(references),
        referenced_columns: ids(&[referenced]),
        on_delete: ReferentialAction::NoAction,
        on_update: ReferentialAction::NoAction,
        on_delete_columns: Vec::new(),
        match_type: MatchType::Simple,
    };
    constraint(table, &format!("{table}_{column}_fkey"), ConstraintDefinition::ForeignKey(key))
}

pub(crate) fn index(table: &str, name: &str, columns: &[&str]) -> Resource {
    let element = |name: &&str| IndexElement {
        key: IndexKey::Column(id(name)),
        collation: None,
        operator_class: None,
        descending: false,
        nulls_first: false,
    };
    Resource::Index(Index {
        statistics: BTreeMap::new(),
        schema: id("public"),
        name: id(name),
        table: id(table),
        parent: None,
        unique: false,
        nulls_not_distinct: false,
        method: id("btree"),
        elements: columns.iter().map(element).collect(),
        include: Vec::new(),
        predicate: None,
        options: BTreeMap::new(),
        tablespace: None,
        valid: true,
        comment: None,
    })
}

pub(crate) fn enum_type(name: &str, labels: &[&str]) -> Resource {
    let labels = labels.iter().map(|label| (*label).to_owned()).collect();
    Resource::Enum(EnumType { schema: id("public"), name: id(name), labels, comment: None })
}

pub(crate) fn sequence(name: &str, owned_by: Option<(&str, &str)>) -> Resource {
    Resource::Sequence(Sequence {
        schema: id("public"),
        name: id(name),
        data_type: SequenceType::Bigint,
        options: SequenceOptions::default_for(SequenceType::Bigint),
        owned_by: owned_by.map(|(table, column)| SequenceOwner { table: public(table), column: id(column) }),
        comment: None,
    })
}

/// The three catalogs of target `main` on PostgreSQL 18, where schema `public` is live and not managed.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) inputs: TargetInputs,
    pub(crate) options: PlanOptions,
}

impl World {
    pub(crate) fn new() -> Self {
        let identity = DatabaseIdentity {
            system_identifier: "1".to_owned(),
            database: "shop".to_owned(),
            server_version: ServerVersion(180_004),
        };
        let mut world = Self {
            inputs: TargetInputs {
                postponed: Default::default(),
                seeds: BTreeMap::new(),
                recoveries: Vec::new(),
                target: id("main"),
                desired: BTreeMap::new(),
                not_modelled: Vec::new(),
                recorded: Recorded::default(),
                live: Observation::of(
                    identity,
                    crate::Catalog::default(),
                    Roles::of_superuser(id("postgres")),
                ),
                epoch: 1,
                destructive: DestructivePolicy::Approve,
                approvals: Vec::new(),
                lock_timeout_ms: 2000,
                max_locks_per_group: 1000,
            },
            options: PlanOptions::default(),
        };
        world.live(schema("public"));
        world
    }

    pub(crate) fn live(&mut self, resource: Resource) -> &mut Self {
        let address = resource.address(&id("main"));
        let oid = u32::try_from(16_384 + self.inputs.live.oids.len()).unwrap();
        self.inputs.live.oids.entry(address).or_insert(Oid(oid));
        self.inputs.live.catalog.insert(&id("main"), resource);
        self
    }

    pub(crate) fn gone(&mut self, text: &str) -> &mut Self {
        assert!(self.inputs.live.catalog.remove(&address(text)).is_some());
        self
    }

    pub(crate) fn desired(&mut self, resource: Resource) -> &mut Self {
        let declared = DesiredResource {
            resource: resource.into(),
            source: Source { file: "src/models.rs".to_owned(), line: 1 },
            package: "shop".to_owned(),
            renamed_from: None,
            renamed_columns: BTreeMap::new(),
            needs: BTreeSet::new(),
            owner: None,
        };
        self.inputs.desired.insert(declared.resource.address(&id("main")), declared);
        self
    }

    pub(crate) fn renamed(&mut self, resource: Resource, old: &str) -> &mut Self {
        let new = resource.address(&id("main"));
        self.desired(resource);
        self.inputs.desired.get_mut(&new).unwrap().renamed_from = Some(address(old));
        self
    }

    pub(crate) fn renamed_column(&mut self, table: &str, old: &str, new: &str) -> &mut Self {
        let declared = self.inputs.desired.get_mut(&address(table)).unwrap();
        declared.renamed_columns.insert(id(new), id(old));
        self
    }

    pub(crate) fn undesired(&mut self, text: &str) -> &mut Self {
        assert!(self.inputs.desired.remove(&address(text)).is_some());
        self
    }

    pub(crate) fn recorded(&mut self, resource: Resource) -> &mut Self {
        let record = RecordedResource {
            desired: Some(Digest::of(&resource)),
            observed: Digest::of(&resource),
            oid: Oid(16_384),
            drifted: false,
            package: Some("shop".to_owned()),
        };
        self.inputs.recorded.resources.insert(resource.address(&id("main")), record);
        self.inputs.recorded.catalog.insert(&id("main"), resource);
        self
    }

    /// Declared, applied and recorded.
    pub(crate) fn converged(&mut self, resources: impl IntoIterator<Item = Resource>) -> &mut Self {
        for resource in resources {
            self.desired(resource.clone()).owned(resource);
        }
        self
    }

    /// Applied and recorded, but declared no more.
    pub(crate) fn owned(&mut self, resource: Resource) -> &mut Self {
        self.recorded(resource.clone()).live(resource)
    }

    pub(crate) fn policy(&mut self, policy: DestructivePolicy) -> &mut Self {
        self.inputs.destructive = policy;
        self
    }

    pub(crate) fn only(&mut self, only: &[&str]) -> &mut Self {
        self.options.only = only.iter().map(|text| address(text)).collect();
        self
    }

    pub(crate) fn rows(&mut self, table: &str, rows: u64) -> &mut Self {
        let size = TableSize { rows: Some(rows), bytes: rows * 100, ..TableSize::default() };
        self.inputs.live.sizes.insert(public(table), size);
        self
    }

    pub(crate) fn view_on(&mut self, text: &str, view: &str) -> &mut Self {
        let view = Unmodelled { kind: "view".to_owned(), name: view.to_owned() };
        self.inputs.live.unmodelled_dependents.insert(address(text), vec![view]);
        self
    }

    pub(crate) fn inputs(&self) -> PlanInputs {
        PlanInputs {
            config: ConfigReference { name: "shop".to_owned(), digest: Digest::of_bytes(b"") },
            djogi_version: "0.1.0".to_owned(),
            created_at: "2026-01-01T00:00:00Z".to_owned(),
            lineage: None,
            serial: 0,
            targets: vec![self.inputs.clone()],
            options: self.options.clone(),
        }
    }

    pub(crate) fn try_plan(&self) -> Result<PlanDocument, PlanError> {
        compile(&self.inputs())
    }

    pub(crate) fn plan(&self) -> PlanDocument {
        self.try_plan().unwrap()
    }

    /// One line for each change: `actions address: disposition`.
    pub(crate) fn changes(&self) -> Vec<String> {
        self.plan().resource_changes.iter().map(line).collect()
    }

    /// The statements of the plan, groups separated by `--`.
    pub(crate) fn sql(&self) -> Vec<String> {
        let groups = self.plan().groups;
        let statements = |group: crate::plan::Group| group.operations.into_iter().map(|o| o.sql).collect();
        let groups: Vec<Vec<String>> = groups.into_iter().map(statements).collect();
        groups.join(&"--".to_owned())
    }
}

fn line(change: &ResourceChange) -> String {
    let actions: Vec<_> = change
        .change
        .actions
        .iter()
        .map(|verb| serde_json::to_value(verb).unwrap().as_str().unwrap().to_owned())
        .collect();
    let disposition = change.reason.map_or(Disposition::Applied, Reason::disposition);
    format!("{} {}: {disposition}", actions.join("+"), change.address)
}
