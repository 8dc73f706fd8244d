//! What the objects that a plan makes come with: the default privileges of the role that makes them.

use std::collections::{BTreeMap, BTreeSet};

use super::grant;
use super::{Context, Step};
use crate::address::{Address, Kind};
use crate::catalog::Catalog;
use crate::ident::Ident;
use crate::kind::privilege::{Held, PUBLIC, Rights};
use crate::kind::{DefaultPrivilege, Grant, Resource, Securable};
use crate::observation::ServerVersion;

/// Which objects a plan makes, and what others may do with them from then on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// Of the role that makes them, as they are before the plan: it changes them only after all has been made.
    defaults: Vec<DefaultPrivilege>,
    /// Made, or made anew.
    objects: BTreeSet<Address>,
    /// The grantees for whom the plan has changes of their own, by object.
    spoken_for: BTreeMap<Address, BTreeSet<Ident>>,
}

impl Made {
    pub const NOTHING: &'static Self =
        &Self { defaults: Vec::new(), objects: BTreeSet::new(), spoken_for: BTreeMap::new() };

    /// `objects` are made by `role`, and `grants` granted by changes of their own.
    pub fn by(
        role: &Ident,
        live: &Catalog,
        objects: BTreeSet<Address>,
        grants: impl Iterator<Item = Address>,
    ) -> Self {
        if objects.is_empty() {
            return Self::default();
        }
        let defaults = live.iter().filter_map(|(_, resource)| match resource {
            Resource::DefaultPrivilege(privilege) if privilege.role == *role => Some(privilege.clone()),
            _ => None,
        });
        let defaults = defaults.collect();
        let mut spoken_for: BTreeMap<Address, BTreeSet<Ident>> = BTreeMap::new();
        for address in grants {
            let object = objects.iter().find(|object| is_on(&address, object));
            if let Some(object) = object {
                spoken_for.entry(object.clone()).or_default().insert(address.name().clone());
            }
        }
        Self { defaults, objects, spoken_for }
    }

    /// Whether the plan makes the object, by itself or with the table that it belongs to.
    pub fn makes(&self, target: &Ident, object: &Securable) -> bool {
        self.maker(target, object).is_some()
    }

    /// What is made that brings `object` along.
    pub fn maker(&self, target: &Ident, object: &Securable) -> Option<&Address> {
        if self.objects.is_empty() {
            return None;
        }
        object.addresses(target).iter().find_map(|address| self.objects.get(address))
    }

    /// What a grantee may do with a new object.
    pub(super) fn given(
        &self,
        (object, grantee): (&Securable, &Ident),
        is_owner: bool,
        version: ServerVersion,
    ) -> Held {
        let sort = object.sort();
        let schema = object.qualified_name().map(|name| &name.schema);
        let ours = self.defaults.iter().filter(|d| d.objects == sort && d.grantee == *grantee);
        let everywhere = ours.clone().find(|d| d.schema.is_none()).map(DefaultPrivilege::held);
        let mut held = everywhere.unwrap_or_else(|| sort.usual(grantee, is_owner, version.major()));
        for here in ours.filter(|d| d.schema.is_some() && d.schema.as_ref() == schema) {
            for (privilege, grantable) in here.held() {
                let has_option = held.entry(privilege).or_default();
                *has_option |= grantable;
            }
        }
        held
    }

    /// The statements that give a new object what nobody has changes for: `kept` are grants on the one that it replaces,
    /// which are not djogi's; and nobody else has more or less than PostgreSQL lets him do by itself.
    pub fn settle(
        &self,
        object: &Securable,
        kept: &[&Grant],
        ctx: &Context<'_>,
        address: &Address,
    ) -> Vec<Step> {
        let sort = object.sort();
        let of_defaults = self.defaults.iter().filter(|d| d.objects == sort && d.grantee != d.role);
        let mut grantees: BTreeSet<&Ident> = of_defaults.map(|d| &d.grantee).collect();
        grantees.extend(kept.iter().map(|grant| &grant.grantee));
        // A schema `public` that somebody makes is not the one that a database is born with.
        let everybody = Ident::new(PUBLIC).expect("a name");
        if object.usual(&everybody, false, ctx.version.major()) != sort.of_public() {
            grantees.insert(&everybody);
        }
        let spoken_for = self.spoken_for.get(address);
        grantees.retain(|grantee| spoken_for.is_none_or(|spoken_for| !spoken_for.contains(*grantee)));
        let mut steps = Vec::new();
        for grantee in grantees {
            let kept = kept.iter().find(|grant| grant.grantee == *grantee);
            let major = ctx.version.major();
            let wanted =
                kept.map_or_else(|| object.usual(grantee, false, major).into(), |grant| grant.rights());
            let given: Rights = self.given((object, grantee), false, ctx.version).into();
            steps.extend(grant::change((object, grantee), &given, &wanted, ctx, address));
        }
        steps
    }
}

/// Whether a grant is one on the object.
fn is_on(grant: &Address, object: &Address) -> bool {
    let is_its_kind = match object.kind() {
        Kind::Schema => {
            return grant.kind() == Kind::SchemaGrant && grant.schema_name() == Some(object.name());
        }
        kind if kind.is_routine() => {
            grant.kind() == Kind::RoutineGrant && grant.arguments() == object.arguments()
        }
        Kind::ForeignDataWrapper | Kind::ForeignServer | Kind::Language => {
            let wanted = match object.kind() {
                Kind::Language => Kind::LanguageGrant,
                Kind::ForeignServer => Kind::ServerGrant,
                _ => Kind::WrapperGrant,
            };
            return grant.kind() == wanted && grant.parent_name() == Some(object.name());
        }
        kind if kind.is_type() => grant.kind() == Kind::TypeGrant,
        _ => grant.kind() == Kind::Grant,
    };
    is_its_kind && grant.relation() == object.relation()
}

/// The object that privileges on `resource` are about; `None` of what has none.
pub fn securable(resource: &Resource) -> Option<Securable> {
    match resource {
        Resource::Schema(schema) => Some(Securable::Schema { name: schema.name.clone() }),
        Resource::Table(_) | Resource::View(_) | Resource::MaterializedView(_) => {
            resource.qualified_name().map(Securable::Table)
        }
        Resource::Sequence(sequence) => {
            Some(Securable::Sequence { name: sequence.qualified_name(), table: None })
        }
        Resource::Routine(routine) => {
            Some(Securable::Routine { name: routine.qualified_name(), arguments: routine.arguments.clone() })
        }
        Resource::Aggregate(aggregate) => Some(Securable::Routine {
            name: aggregate.qualified_name(),
            arguments: aggregate.arguments.clone(),
        }),
        Resource::Enum(_) | Resource::Domain(_) | Resource::Composite(_) | Resource::Range(_) => {
            resource.qualified_name().map(Securable::Type)
        }
        Resource::ForeignDataWrapper(wrapper) => Some(Securable::Wrapper { name: wrapper.name.clone() }),
        Resource::Language(language) => Some(Securable::Language { name: language.name.clone() }),
        Resource::ForeignServer(server) => Some(Securable::Server { name: server.name.clone() }),
        Resource::Extension(_)
        | Resource::Collation(_)
        | Resource::Constraint(_)
        | Resource::Index(_)
        | Resource::Statistics(_)
        | Resource::Trigger(_)
        | Resource::Rule(_)
        | Resource::Policy(_)
        | Resource::Operator(_)
        | Resource::OperatorFamily(_)
        | Resource::OperatorClass(_)
        | Resource::Cast(_)
        | Resource::TextSearchParser(_)
        | Resource::TextSearchTemplate(_)
        | Resource::TextSearchDictionary(_)
        | Resource::TextSearchConfiguration(_)
        | Resource::Conversion(_)
        | Resource::Transform(_)
        | Resource::UserMapping(_)
        | Resource::EventTrigger(_)
        | Resource::Publication(_)
        | Resource::Subscription(_)
        | Resource::Grant(_)
        | Resource::DefaultPrivilege(_)
        | Resource::Seed(_)
        | Resource::Migration(_)
        | Resource::MigrationStep(_)
        | Resource::Role(_)
        | Resource::RoleGrant(_) => None,
    }
}
