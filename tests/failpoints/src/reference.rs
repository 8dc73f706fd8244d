//! How an undisturbed run of a plot ends: what every disturbed one must come to.

use std::collections::{BTreeMap, BTreeSet};

use djogi_cluster::state::ResourceState;
use djogi_core::kind::Resource;
use djogi_core::{Address, Digest, Kind};
use e2e::{Project, fingerprint};
use serde_json::Value;

use crate::ending::run_again;
use crate::leftover::{Ops, state};
use crate::observe::{observation, runtime};
use crate::plot::Plot;
use crate::stage::{Stage, Template};

/// The schemas of every plot: the managed one, and one of somebody else.
pub(crate) const MANAGED: &str = "public";
const FOREIGN: &str = "theirs";
const PARTITIONED: &str = "events";

/// Tables that keep their rows, by the name they have first.
const FILLED: [(&str, &str); 7] = [
    ("customer", "customer"),
    ("goods", "goods"),
    ("stock", "stock"),
    ("orders", "orders"),
    ("line", "line"),
    ("ledger", "journal"),
    ("log", "log"),
];

/// What an undisturbed run leaves, and comes by.
#[derive(Debug)]
pub struct Reference {
    /// Resources before and after, by address.
    pub(crate) begin: BTreeMap<Address, Digest>,
    pub(crate) end: BTreeMap<Address, Digest>,
    /// What each group of the plan works on.
    pub(crate) groups: Vec<Vec<Address>>,
    /// How many groups the ledger has for an address before the command.
    pub(crate) earlier_groups: BTreeMap<Address, usize>,
    /// Old names by the new ones.
    pub(crate) renamed: BTreeMap<Address, Address>,
    /// What somebody else has changed before the command.
    pub(crate) drifted: BTreeSet<Address>,
    pub(crate) foreign: Vec<String>,
    pub(crate) rows: BTreeMap<&'static str, String>,
    facts: Vec<String>,
    state: Value,
    /// How often the command comes by each failpoint, in the order of the first time.
    pub(crate) passes: Vec<(String, usize)>,
}

impl Reference {
    /// Plays the plot undisturbed.
    pub fn play(template: &Template) -> Self {
        let stage = template.stage();
        let project = &stage.project;
        let begin = resources(project);
        let earlier_groups = groups_by_address(project);
        let drifted = drifted(&stage, &begin);
        let (foreign, rows) = (foreign_facts(project), rows(project));
        let online =
            template.plot.command.windows(2).find(|words| words[0] == "--online").unwrap_or_default();
        let plan = stage.run(&[&["plan", "--json"], online].concat());
        // Where a sidecar cannot be read there is no plan.
        let plan = if plan.code == Some(0) { plan.json() } else { Value::Null };
        let groups = plan["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
        let output = stage.play(template.plot, "");
        assert_eq!(output.code, Some(template.plot.code), "{}: {output}", template.plot.name);
        let passes = count(stage.signals.trace());
        run_again(&template.plot.name, &stage, template.plot);
        Self {
            begin,
            end: resources(project),
            groups: groups.iter().map(addresses).collect(),
            earlier_groups,
            renamed: renamed(template.plot),
            drifted,
            foreign,
            rows,
            facts: facts(&stage),
            state: without_identity(stage.whole_state_document()),
            passes,
        }
    }

    /// The failpoints that the command comes by, in the order of the first time.
    pub fn points(&self) -> impl Iterator<Item = &str> {
        self.passes.iter().map(|(name, _)| name.as_str())
    }

    /// What differs in a stage that has converged.
    pub(crate) fn differences(&self, stage: &Stage) -> Vec<String> {
        let found = facts(stage);
        let only = |these: &[String], those: &[String], what: &str| -> Vec<String> {
            let facts = these.iter().filter(|fact| !those.contains(fact));
            facts.map(|fact| format!("{what} in the database: {fact}")).collect()
        };
        let mut differences = only(&found, &self.facts, "too much");
        differences.extend(only(&self.facts, &found, "missing"));
        let state = without_identity(stage.whole_state_document());
        if state != self.state {
            differences.extend(unequal("", &state, &self.state));
        }
        differences
    }
}

fn drifted(stage: &Stage, live: &BTreeMap<Address, Digest>) -> BTreeSet<Address> {
    let state = state(stage.store().as_ref()).expect("a state").into_iter();
    let resources = state.flat_map(|state| state.content.targets).flat_map(|(_, target)| target.resources);
    let is_other =
        |(address, resource): &(Address, ResourceState)| live.get(address) != Some(&resource.observed);
    resources.filter(is_other).map(|(address, _)| address).collect()
}

fn renamed(plot: &Plot) -> BTreeMap<Address, Address> {
    let tables = plot.renames.iter().filter(|(_, to)| to.starts_with("table."));
    tables.map(|(from, to)| (to.parse().expect("an address"), from.parse().expect("an address"))).collect()
}

fn groups_by_address(project: &Project) -> BTreeMap<Address, usize> {
    let mut groups = BTreeMap::new();
    for address in Ops::read(project).addresses.into_iter().flatten() {
        *groups.entry(address).or_default() += 1;
    }
    groups
}

/// The managed schema's resources by address. An invalid index serves nobody, as if it were not there.
pub(crate) fn resources(project: &Project) -> BTreeMap<Address, Digest> {
    let observed = observation(&project.database().url(), &[MANAGED]);
    let serves = |resource: &Resource| !matches!(resource, Resource::Index(index) if !index.valid);
    let resources = observed.catalog.iter().filter(|(_, resource)| serves(resource));
    resources.map(|(address, resource)| (address.clone(), Digest::of(resource))).collect()
}

/// Everything that a run may change: objects, and which approvals are spent, in the ledger and in the store.
fn facts(stage: &Stage) -> Vec<String> {
    let database = stage.project.database();
    let objects = [MANAGED, PARTITIONED].iter().flat_map(|schema| fingerprint(database, schema));
    let mut facts: Vec<String> = objects.map(without_time).collect();
    let partitions = "SELECT format('%s is a partition, its detachment is pending: %s', inhrelid::regclass,
        inhdetachpending) FROM pg_inherits JOIN pg_class ON oid = inhrelid WHERE relkind = 'r' ORDER BY 1";
    facts.extend(database.column(partitions));
    if database.value("SELECT to_regclass('djogi.approval_use') IS NOT NULL") == "t" {
        let uses = "SELECT format('%s has spent an approval', op.addresses) FROM djogi.approval_use
            JOIN djogi.op AS op USING (op_id) ORDER BY 1";
        facts.extend(database.column(uses));
    }
    let approvals = runtime().block_on(stage.store().approvals()).expect("approvals that can be read");
    let approvals = approvals.into_iter().map(|stored| stored.approval.expect("a whole approval"));
    let spent = approvals.filter(|approval| approval.spent.is_some());
    facts.extend(spent.map(|approval| format!("the approval of {} is spent", approval.address)));
    facts
}

/// Everything about objects that djogi does not manage, and their rows.
pub(crate) fn foreign_facts(project: &Project) -> Vec<String> {
    let database = project.database();
    let mut facts = fingerprint(database, FOREIGN);
    facts.extend(fingerprint(database, MANAGED).into_iter().filter(|fact| fact.contains("not_our")));
    let contents = "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM ";
    facts.push(database.value(&format!("{contents} theirs.thing AS t")));
    facts.push(database.value(&format!("{contents} public.not_ours AS t")));
    facts.push(database.value("SELECT theirs.f()"));
    facts
}

/// The number of rows of each table that keeps them, if it has any.
pub(crate) fn rows(project: &Project) -> BTreeMap<&'static str, String> {
    let database = project.database();
    let mut rows = BTreeMap::new();
    for (name, later) in FILLED {
        for table in [name, later] {
            if database.value(&format!("SELECT to_regclass('public.{table}') IS NOT NULL")) == "t" {
                let count = database.value(&format!("SELECT count(*) FROM public.{table}"));
                rows.extend((count != "0").then_some((name, count)));
            }
        }
    }
    rows
}

fn addresses(group: &Value) -> Vec<Address> {
    let operations = group["operations"].as_array().expect("operations");
    let address = |operation: &Value| operation["address"].as_str()?.parse().ok();
    let mut addresses: Vec<Address> =
        operations.iter().map(|operation| owner(&address(operation).expect("an address"))).collect();
    addresses.sort();
    addresses.dedup();
    addresses
}

/// The resource that an address belongs to: a column is part of its table.
pub(crate) fn owner(address: &Address) -> Address {
    match (address.kind(), address.table_of_member()) {
        (Kind::Column, Some(table)) => table,
        _ => address.clone(),
    }
}

fn count(trace: Vec<String>) -> Vec<(String, usize)> {
    let mut passes: Vec<(String, usize)> = Vec::new();
    for name in trace {
        match passes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, times)) => *times += 1,
            None => passes.push((name, 1)),
        }
    }
    passes
}

/// Where two documents differ.
fn unequal(path: &str, found: &Value, expected: &Value) -> Vec<String> {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            let names: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
            let value = |fields: &serde_json::Map<String, Value>, name: &str| {
                fields.get(name).cloned().unwrap_or(Value::Null)
            };
            let differ = |name: &&String| {
                unequal(&format!("{path}/{name}"), &value(found, name), &value(expected, name))
            };
            names.iter().flat_map(differ).collect()
        }
        (found, expected) if found == expected => Vec::new(),
        _ => vec![format!("the state has {path} {found}, expected {expected}")],
    }
}

/// The comment on a helper column says when the columns were exchanged.
fn without_time(fact: String) -> String {
    const SAYS_WHEN: &str = "\"cut_over_at\":\"";
    match fact.split_once(SAYS_WHEN) {
        Some((before, when)) => {
            let after = when.split_once('"').map_or("", |(_, after)| after);
            format!("{before}{SAYS_WHEN}\"{after}")
        }
        None => fact,
    }
}

/// A state without what is another one in every run: ids, numbers that count runs, times, and the account of recoveries.
fn without_identity(mut state: Value) -> Value {
    let fields = state.as_object_mut().expect("a state is an object");
    for name in ["lineage", "serial", "written_by", "digest", "recoveries"] {
        fields.remove(name);
    }
    let targets = fields.get_mut("targets").and_then(Value::as_object_mut).expect("targets");
    for target in targets.values_mut().filter_map(Value::as_object_mut) {
        for name in ["database", "epoch", "last_op", "system_identifier"] {
            target.remove(name);
        }
        let known = target.get_mut("catalog").and_then(|catalog| catalog.get_mut("resources"));
        let known = known.and_then(Value::as_object_mut).into_iter().flatten();
        let says_when = |resource: &mut Value| {
            let step = resource.pointer_mut("/resource/migration_step").and_then(Value::as_object_mut);
            step.is_some_and(|step| step.remove("at").is_some())
        };
        let timed: Vec<String> =
            known.filter_map(|(address, resource)| says_when(resource).then(|| address.clone())).collect();
        let resources = target.get_mut("resources").and_then(Value::as_object_mut).expect("resources");
        for (address, resource) in resources {
            let Some(resource) = resource.as_object_mut() else { continue };
            resource.remove("oid");
            resource.remove("op");
            if timed.contains(address) {
                resource.remove("observed");
            }
        }
    }
    state
}
