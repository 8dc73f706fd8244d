//! The roles that files declare: by what their statements say, which are run nowhere but on the target.
//!
//! A role is declared where it is created. What else is said of it may stand anywhere and counts in the order of the files.

use std::collections::BTreeMap;

use djogi_core::declared::Source;
use djogi_core::kind::{Role, RoleAttribute, RoleGrant};
use djogi_core::observation::ServerVersion;
use djogi_core::role_pattern::ManagedRoles;
use djogi_core::script::role::{Membership, MembershipOption, RoleChange, RoleProblem, RoleStatement, read};
use djogi_core::{Ident, Resource};
use tokio_postgres::Client;
use tokio_postgres::types::Type;

use super::error::Rejected;
use super::item::Item;
use super::load::lost;
use crate::normalise::NormaliseError;

/// Resources with where they are declared.
pub(super) type DeclaredRoles = Vec<(Resource, Source)>;

/// What is gathered of the files.
#[derive(Default)]
struct Gathered<'i> {
    roles: BTreeMap<Ident, (Role, &'i Item<'i>)>,
    /// By role and member. `inherit` is open where nothing is said of it.
    grants: BTreeMap<(Ident, Ident), (RoleGrant, Option<bool>, &'i Item<'i>)>,
    rejected: Vec<Rejected>,
}

/// The roles that `items` declare and `managed` covers, and their memberships.
///
/// # Errors
/// Everything that they say of such roles and djogi does not take.
pub(super) fn gather(
    items: &[Item<'_>],
    managed: &ManagedRoles,
    version: ServerVersion,
) -> Result<DeclaredRoles, NormaliseError> {
    if managed.is_empty() {
        return Ok(Vec::new());
    }
    let mut gathered = Gathered::default();
    let mut statements = Vec::new();
    for item in items.iter().filter(|item| item.is_of_roles()) {
        match read(&item.sql) {
            Ok(statement) => statements.push((item, statement)),
            Err(problem) if concerns(item, managed) => gathered.reject(item, &problem),
            Err(_) => {}
        }
    }
    for (item, statement) in &statements {
        if let RoleStatement::Create { role, .. } = statement
            && managed.covers(role)
        {
            gathered.create(role, item);
        }
    }
    for (item, statement) in statements {
        gathered.take(item, statement, managed);
    }
    gathered.finish(version)
}

/// Whether a statement that cannot be read names a managed role, as far as its words tell.
fn concerns(item: &Item<'_>, managed: &ManagedRoles) -> bool {
    let mut names = item.statement.words().filter_map(|word| Ident::new(word).ok());
    match item.creates().and_then(|name| Ident::new(name).ok()) {
        Some(role) => managed.covers(&role),
        None => names.any(|name| managed.covers(&name)),
    }
}

impl<'i> Gathered<'i> {
    fn reject(&mut self, item: &Item<'_>, problem: &RoleProblem) {
        let help = problem.help().map(str::to_owned);
        self.rejected.push(Rejected::of_role(item, problem.to_string(), help));
    }

    fn create(&mut self, role: &Ident, item: &'i Item<'i>) {
        if let Some((_, other)) = self.roles.get(role) {
            let message = format!("role {role} is created at {} as well", other.source);
            self.rejected.push(Rejected {
                code: "declared_twice",
                ..Rejected::of_role(item, message, Some("remove one of the two".to_owned()))
            });
            return;
        }
        self.roles.insert(role.clone(), (Role::plain(role.clone()), item));
    }

    fn take(&mut self, item: &'i Item<'i>, statement: RoleStatement, managed: &ManagedRoles) {
        match statement {
            RoleStatement::Create { role, changes, memberships } => {
                if managed.covers(&role) && self.is_of(&role, item) {
                    self.change(&role, changes, item);
                }
                self.grant(memberships, item, managed);
            }
            RoleStatement::Alter { role, changes } if managed.covers(&role) => {
                self.change(&role, changes, item);
            }
            RoleStatement::Comment { role, text } if managed.covers(&role) => {
                if let Some(declared) = self.declared(&role, item) {
                    declared.comment = text;
                }
            }
            RoleStatement::Grant(memberships) => self.grant(memberships, item, managed),
            RoleStatement::Revoke { memberships, option } => {
                for membership in memberships {
                    self.revoke(membership, option);
                }
            }
            RoleStatement::Drop(roles) if roles.iter().any(|role| managed.covers(role)) => {
                let help = "remove it: a managed role that nothing creates is dropped".to_owned();
                let message = "what is dropped is not declared".to_owned();
                self.rejected.push(Rejected::of_role(item, message, Some(help)));
            }
            RoleStatement::Rename { from, to } if managed.covers(&from) || managed.covers(&to) => {
                let message = "a role is declared under the name that it shall have".to_owned();
                let help = format!("create {to}; an existing role is renamed by hand and imported");
                self.rejected.push(Rejected::of_role(item, message, Some(help)));
            }
            // Somebody else's.
            RoleStatement::Alter { .. }
            | RoleStatement::Comment { .. }
            | RoleStatement::Drop(_)
            | RoleStatement::Rename { .. } => {}
        }
    }

    /// Whether `item` is the one that creates the role.
    fn is_of(&self, role: &Ident, item: &Item<'_>) -> bool {
        self.roles.get(role).is_some_and(|(_, creator)| creator.source == item.source)
    }

    fn declared(&mut self, role: &Ident, item: &Item<'_>) -> Option<&mut Role> {
        if !self.roles.contains_key(role) {
            let help = format!("CREATE ROLE {role};");
            let message = format!("role {role} is managed, and created in no file");
            self.rejected.push(Rejected::of_role(item, message, Some(help)));
        }
        self.roles.get_mut(role).map(|(role, _)| role)
    }

    fn change(&mut self, role: &Ident, changes: Vec<RoleChange>, item: &Item<'_>) {
        let Some(role) = self.declared(role, item) else { return };
        for change in changes {
            match change {
                RoleChange::Attribute(attribute, has) => role.set(attribute, has),
                RoleChange::ConnectionLimit(limit) => role.connection_limit = limit,
                RoleChange::ValidUntil(until) => role.valid_until = Some(until),
                RoleChange::Set { parameter, value } => drop(role.settings.insert(parameter, value)),
                RoleChange::Reset(parameter) => drop(role.settings.remove(&parameter)),
                RoleChange::ResetAll => role.settings.clear(),
            }
        }
    }

    fn grant(&mut self, memberships: Vec<Membership>, item: &'i Item<'i>, managed: &ManagedRoles) {
        for Membership { role, member, admin, inherit, become_role } in memberships {
            if !managed.covers(&role) && !managed.covers(&member) {
                continue;
            }
            let new = || {
                let (role, member) = (role.clone(), member.clone());
                (RoleGrant { role, member, admin: false, inherit: true, become_role: true }, None, item)
            };
            let entry = self.grants.entry((role.clone(), member.clone())).or_insert_with(new);
            entry.0.admin = admin.unwrap_or(entry.0.admin);
            entry.0.become_role = become_role.unwrap_or(entry.0.become_role);
            entry.1 = inherit.or(entry.1);
        }
    }

    fn revoke(&mut self, membership: Membership, option: Option<MembershipOption>) {
        let key = (membership.role, membership.member);
        let Some(option) = option else {
            self.grants.remove(&key);
            return;
        };
        let Some((grant, inherit, _)) = self.grants.get_mut(&key) else { return };
        match option {
            MembershipOption::Admin => grant.admin = false,
            MembershipOption::Inherit => *inherit = Some(false),
            MembershipOption::Set => grant.become_role = false,
        }
    }

    fn finish(self, version: ServerVersion) -> Result<DeclaredRoles, NormaliseError> {
        if !self.rejected.is_empty() {
            return Err(NormaliseError::Rejected(self.rejected));
        }
        let inherits = |member: &Ident| {
            let declared = self.roles.get(member);
            version.major() < 16 || declared.is_none_or(|(role, _)| role.has(RoleAttribute::Inherit))
        };
        let grants = self.grants.values().map(|(grant, inherit, item)| {
            let inherit = inherit.unwrap_or_else(|| inherits(&grant.member));
            (Resource::RoleGrant(RoleGrant { inherit, ..grant.clone() }), item.source.clone())
        });
        let grants: Vec<_> = grants.collect();
        let roles = self.roles.into_values().map(|(role, item)| (Resource::Role(role), item.source.clone()));
        Ok(roles.chain(grants).collect())
    }
}

/// What is valid for ever is so without saying; a moment without a time zone is one in UTC.
const MOMENT: &str = "
SELECT CASE WHEN pg_catalog.isfinite(t.until)
            THEN pg_catalog.to_char(t.until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || '+00' END
  FROM (SELECT $1::pg_catalog.text::pg_catalog.timestamptz) t (until)";

/// Reads the moments at which roles end, which only PostgreSQL can.
///
/// # Errors
/// Those that are none.
pub(super) async fn settle_moments(
    client: &Client,
    declared: &mut DeclaredRoles,
) -> Result<(), NormaliseError> {
    let mut rejected = Vec::new();
    for (resource, source) in declared.iter_mut() {
        let Resource::Role(role) = resource else { continue };
        let Some(until) = role.valid_until.take() else { continue };
        client.batch_execute("SET TimeZone = 'UTC'").await.map_err(|error| lost(&error))?;
        match client.query_typed_one(MOMENT, &[(&until, Type::TEXT)]).await {
            Ok(row) => role.valid_until = row.get(0),
            Err(error) if error.as_db_error().is_some() => {
                rejected.push(Rejected::of_moment(source, &role.name, &until));
            }
            Err(error) => return Err(lost(&error)),
        }
    }
    if rejected.is_empty() { Ok(()) } else { Err(NormaliseError::Rejected(rejected)) }
}
