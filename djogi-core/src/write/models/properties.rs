//! How tables and columns are stored, and what roles may do with them, as items of attributes.

use std::collections::BTreeMap;

use super::{World, names, trigger};
use crate::ident::Ident;
use crate::kind::privilege::Privilege;
use crate::kind::{
    Column, Grant, Parameters, Policy, PolicyCommand, ReplicaIdentity, Resource, Table, TableProperties,
};

/// Whether an attribute takes each of these storage parameters.
pub(super) fn can_be_said(options: &Parameters) -> bool {
    let is_known = |(name, value): (&String, &String)| {
        let name = name.strip_prefix("toast.").unwrap_or(name);
        let is_word = ["on", "off", "auto", "true", "false"].contains(&value.as_str());
        PARAMETERS.contains(&name) && (is_word || is_number(value))
    };
    options.iter().all(is_known)
}

fn is_number(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// The storage parameters of tables that `storage(...)` takes, those of TOAST tables among them.
const PARAMETERS: [&str; 24] = [
    "fillfactor",
    "toast_tuple_target",
    "parallel_workers",
    "autovacuum_enabled",
    "vacuum_index_cleanup",
    "vacuum_truncate",
    "autovacuum_vacuum_threshold",
    "autovacuum_vacuum_max_threshold",
    "autovacuum_vacuum_scale_factor",
    "autovacuum_vacuum_insert_threshold",
    "autovacuum_vacuum_insert_scale_factor",
    "autovacuum_analyze_threshold",
    "autovacuum_analyze_scale_factor",
    "autovacuum_vacuum_cost_delay",
    "autovacuum_vacuum_cost_limit",
    "autovacuum_freeze_min_age",
    "autovacuum_freeze_max_age",
    "autovacuum_freeze_table_age",
    "autovacuum_multixact_freeze_min_age",
    "autovacuum_multixact_freeze_max_age",
    "autovacuum_multixact_freeze_table_age",
    "log_autovacuum_min_duration",
    "vacuum_max_eager_freeze_failure_rate",
    "user_catalog_table",
];

/// `storage(...)`, `unlogged` and the like.
pub(super) fn storage(properties: &TableProperties) -> Vec<String> {
    let TableProperties {
        unlogged,
        options,
        access_method,
        tablespace,
        replica_identity,
        row_security: _,
        force_row_security: _,
        // No attribute says it.
        cluster_on: _,
    } = properties;
    let mut items = Vec::new();
    let (toast, own): (Vec<_>, Vec<_>) = options.iter().partition(|(name, _)| name.starts_with("toast."));
    let said = |(name, value): &(&String, &String)| {
        format!("{} = {value}", name.strip_prefix("toast.").unwrap_or(name))
    };
    let mut parameters: Vec<String> = own.iter().map(said).collect();
    if !toast.is_empty() {
        let toast: Vec<String> = toast.iter().map(said).collect();
        parameters.push(format!("toast({})", toast.join(", ")));
    }
    if !parameters.is_empty() {
        items.push(format!("storage({})", parameters.join(", ")));
    }
    items.extend(unlogged.then(|| "unlogged".to_owned()));
    items.extend(tablespace.iter().map(|name| format!("tablespace = {:?}", name.as_str())));
    items.extend(access_method.iter().map(|name| format!("access_method = {:?}", name.as_str())));
    match replica_identity {
        ReplicaIdentity::Default => {}
        ReplicaIdentity::Nothing => items.push("replica_identity = nothing".to_owned()),
        ReplicaIdentity::Full => items.push("replica_identity = full".to_owned()),
        ReplicaIdentity::Index(name) => items.push(format!("replica_identity = {:?}", name.as_str())),
    }
    items
}

/// `storage = external` and the like, of a column.
pub(super) fn column_storage(column: &Column) -> Vec<String> {
    let properties = &column.properties;
    let words = [("storage", &properties.storage), ("compression", &properties.compression)];
    let words = words.into_iter().filter_map(|(key, value)| Some(format!("{key} = {}", value.as_ref()?)));
    words.chain(properties.statistics.map(|statistics| format!("statistics = {statistics}"))).collect()
}

impl World<'_> {
    /// Row security with its policies, triggers, and grants, as items of attributes.
    pub(super) fn rights(&self, table: &Table) -> Vec<String> {
        let mut items = Vec::new();
        let name = table.qualified_name();
        let said: Vec<&Resource> = self.parts(&name).collect();
        let policies = said.iter().filter_map(|resource| match resource {
            Resource::Policy(policy) => Some(self::policy(policy)),
            _ => None,
        });
        let policies: Vec<String> = policies.collect();
        let TableProperties { row_security, force_row_security, .. } = table.properties;
        match (row_security, force_row_security) {
            (_, true) => items.push("row_level_security(force)".to_owned()),
            (true, false) => items.push("row_level_security(enable)".to_owned()),
            (false, false) if !policies.is_empty() => items.push("row_level_security(disable)".to_owned()),
            (false, false) => {}
        }
        items.extend(policies);
        let field = |column: &Ident| self.fields(&name, std::slice::from_ref(column)).concat();
        items.extend(said.iter().filter_map(|resource| match resource {
            Resource::Trigger(one) => trigger::item(one, &field),
            _ => None,
        }));
        let grants = said.iter().filter_map(|resource| match resource {
            Resource::Grant(grant) => Some(grant),
            _ => None,
        });
        items.extend(grants.flat_map(|grant| {
            self::grant(grant, &|column| self.fields(&name, std::slice::from_ref(column)).concat())
        }));
        items
    }
}

fn policy(policy: &Policy) -> String {
    let mut items = vec![format!("name = {:?}", policy.name.as_str())];
    match policy.command {
        PolicyCommand::All => {}
        command => items.push(format!("for = {}", command.as_sql().to_lowercase())),
    }
    let roles: Vec<String> = policy.roles.iter().map(role).collect();
    if !roles.is_empty() {
        items.push(format!("to({})", roles.join(", ")));
    }
    items.extend(policy.using.iter().map(|sql| format!("using = {:?}", sql.as_str())));
    items.extend(policy.check.iter().map(|sql| format!("check = {:?}", sql.as_str())));
    items.extend((!policy.permissive).then(|| "restrictive".to_owned()));
    items.extend(policy.comment.iter().map(|comment| format!("comment = {comment:?}")));
    format!("policy({})", items.join(", "))
}

/// One item for what may be passed on, and one for what may not.
pub(super) fn grant(grant: &Grant, field: &dyn Fn(&Ident) -> String) -> Vec<String> {
    let rights = grant.rights();
    let mut items = Vec::new();
    for grantable in [false, true] {
        let is_it = |(_, held): &(&Privilege, &bool)| **held == grantable;
        let word = |privilege: &Privilege| privilege.as_sql().to_lowercase();
        let mut said: Vec<String> =
            rights.whole.iter().filter(is_it).map(|(privilege, _)| word(privilege)).collect();
        let mut by_privilege: BTreeMap<Privilege, Vec<String>> = BTreeMap::new();
        for (column, held) in &rights.columns {
            for (privilege, _) in held.iter().filter(is_it) {
                by_privilege.entry(*privilege).or_default().push(field(column));
            }
        }
        // A key is given once.
        let (again, columns): (Vec<_>, Vec<_>) = by_privilege
            .into_iter()
            .partition(|(privilege, _)| rights.whole.get(privilege) == Some(&grantable));
        said.extend(
            columns.iter().map(|(privilege, columns)| format!("{}({})", word(privilege), columns.join(", "))),
        );
        let again: Vec<String> = again
            .iter()
            .map(|(privilege, columns)| format!("{}({})", word(privilege), columns.join(", ")))
            .collect();
        for mut privileges in [said, again].into_iter().filter(|privileges| !privileges.is_empty()) {
            privileges.push(format!("to({})", role(&grant.grantee)));
            privileges.extend(grantable.then(|| "with_grant_option".to_owned()));
            items.push(format!("grant({})", privileges.join(", ")));
        }
    }
    items
}

fn role(role: &Ident) -> String {
    let is_plain = names::is_identifier(role.as_str()) && !names::is_keyword(role.as_str());
    // Some identifiers stand for whoever asks.
    let is_session = ["current_user", "current_role", "session_user", "user"].contains(&role.as_str());
    if is_plain && !is_session { role.as_str().to_owned() } else { format!("{:?}", role.as_str()) }
}
