//! SQL files as desired state: loaded into a scratch database, where PostgreSQL itself reads them, and read back by the
//! introspection that reads live databases.
//!
//! The models' objects are loaded among the statements, so that both see each other, and the whole comes back as one
//! catalog. What came of it is kept under the digest of all that it depends on: unchanged files need no database.

mod beside;
mod bodies;
mod declared_roles;
mod error;
mod item;
mod load;
pub mod moves;
mod order;
mod places;
pub mod queries;
mod roles;
pub(crate) mod seed_queries;
mod settings;
mod twice;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use djogi_core::declared::{Declaration, Declarations, Source};
use djogi_core::desired::{Desired, DesiredResource, NotModelled};
use djogi_core::observation::ServerVersion;
use djogi_core::role_pattern::ManagedRoles;
use djogi_core::script::Script;
use djogi_core::unsaid::without_loader;
use djogi_core::{Address, Digest, Ident, Kind, Resource};
use serde::{Deserialize, Serialize};

use crate::event::{Event, Reporter, millis_since};
use crate::introspect::{Scope, observe};
use crate::normalise::{ExpressionCache, NormaliseError, Refusal, ScratchProvider, settle};
use beside::Filled;
use declared_roles::DeclaredRoles;
use item::Item;
use places::Places;

pub use error::Rejected;

const FORMAT: &str = "djogi-sql-files/4";

/// The files of one target, in the order in which they are loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SqlFiles {
    files: Vec<(String, String)>,
    digest: Option<Digest>,
}

impl SqlFiles {
    /// Files by the names under which the user knows them, with what they hold.
    pub fn new(files: Vec<(String, String)>) -> Self {
        let digests: Vec<_> =
            files.iter().map(|(name, text)| (name, Digest::of_bytes(text.as_bytes()))).collect();
        let digest = Digest::of(&digests);
        Self { files, digest: Some(digest) }
    }

    /// Of all names and contents.
    pub fn digest(&self) -> Option<Digest> {
        self.digest
    }

    /// What the files hold.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(_, text)| text.as_str())
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The statements of every file.
    fn scripts(&self) -> Result<Vec<Script>, NormaliseError> {
        let (mut scripts, mut wrong) = (Vec::new(), Vec::new());
        for (name, text) in &self.files {
            match Script::read(name.as_str(), text.as_str()) {
                Ok(script) => scripts.push(script),
                Err(errors) => {
                    wrong.extend(errors.into_iter().map(|error| Rejected::unreadable(name, text, &error)));
                }
            }
        }
        if wrong.is_empty() { Ok(scripts) } else { Err(NormaliseError::Rejected(wrong)) }
    }
}

/// What one target should hold: everything that models and SQL files declare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DesiredSide {
    pub resources: Desired,
    pub not_modelled: Vec<NotModelled>,
}

/// What came of files and models in a scratch database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Loaded {
    resources: Vec<LoadedResource>,
    not_modelled: Vec<NotModelled>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LoadedResource {
    resource: Arc<Resource>,
    /// Its place in a file; `None` when a model declares it.
    source: Option<Source>,
    /// By PostgreSQL's own account.
    needs: BTreeSet<Address>,
    /// The role that it was given to.
    owner: Option<Ident>,
}

/// What is loaded, and for which target.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Declared<'a> {
    pub(crate) target: &'a Ident,
    /// The schemas that the target manages.
    pub(crate) schemas: &'a [Ident],
    /// The roles that it manages.
    pub(crate) roles: &'a ManagedRoles,
    pub(crate) files: &'a SqlFiles,
    pub(crate) models: &'a Declarations,
    /// Of the models.
    pub(crate) models_digest: Digest,
}

/// The desired catalog of a target that has SQL files, for a server of `version`.
///
/// # Errors
/// Everything in the files and in the models that PostgreSQL refuses; else why there is no scratch database.
pub(crate) async fn desired(
    declared: Declared<'_>,
    version: ServerVersion,
    scratch: &dyn ScratchProvider,
    cache: &ExpressionCache,
    reporter: &dyn Reporter,
) -> Result<DesiredSide, NormaliseError> {
    let Declared { target, roles, files, models, .. } = declared;
    let patterns: Vec<_> = roles.patterns().map(ToString::to_string).collect();
    let key = Digest::of(&(beside::Key::new(declared, version), patterns));
    let file = format!("sql-{}", ExpressionCache::file_name(target, version));
    let kept: Option<(Digest, Loaded)> = cache.read(&file, FORMAT);
    let loaded = match kept.filter(|(kept, _)| *kept == key) {
        Some((_, loaded)) => loaded,
        None => {
            let began = Instant::now();
            let scripts = files.scripts()?;
            let statements = scripts.iter().map(|script| script.statements.len()).sum();
            let loaded = load(declared, &scripts, version, scratch).await?;
            cache.write(&file, FORMAT, &(key, &loaded));
            reporter.report(&Event::SqlLoaded {
                target: target.clone(),
                files: files.len(),
                statements,
                elapsed_ms: millis_since(began),
            });
            loaded
        }
    };
    merge(loaded, target, models)
}

/// Loads everything into a database that exists only meanwhile, and reads it back.
async fn load(
    declared: Declared<'_>,
    scripts: &[Script],
    version: ServerVersion,
    provider: &dyn ScratchProvider,
) -> Result<Loaded, NormaliseError> {
    let items = beside::items(declared, scripts, version)?;
    let declared_roles = declared_roles::gather(&items, declared.roles, version)?;
    beside::everything((scripts, &items), version, provider, async |filled| {
        read_back(filled, declared, (scripts, &items, declared_roles)).await
    })
    .await
}

async fn read_back(
    Filled { client, database, unread }: Filled<'_>,
    declared: Declared<'_>,
    (scripts, items, mut declared_roles): (&[Script], &[Item<'_>], DeclaredRoles),
) -> Result<Loaded, NormaliseError> {
    bodies::check(client, scripts, items, &unread).await?;
    declared_roles::settle_moments(client, &mut declared_roles).await?;
    twice::refuse(items)?;
    let places = Places::new(items);
    let Declared { target, schemas, models, .. } = declared;
    let elsewhere = models.unmanaged(target).filter(|(address, _)| address.kind() == Kind::Schema);
    let elsewhere = elsewhere.map(|(address, _)| address.name()).collect();
    load::refuse_other_schemas(database.connection().client(), target, schemas, &elsewhere, &places).await?;
    // Roles are those of the scratch server; what is declared of them is known already.
    let scope = Scope { target: target.clone(), schemas: schemas.to_vec(), roles: ManagedRoles::default() };
    let mut observation = observe(database.connection(), &scope).await?;
    let mut resources = Vec::new();
    let mut missing: BTreeMap<&Address, &Declaration> =
        models.resources.iter().filter(|(address, _)| address.target() == target).collect();
    let loader = observation.roles.current;
    for (address, resource) in observation.catalog {
        let owner = observation.owners.remove(&address);
        let source = match models.resources.contains_key(&address) {
            true => None,
            // What files only use they do not declare.
            false if resource.is_born_with_database() && owner.is_none() => continue,
            false if come_down(&resource, models, target).is_some() => None,
            false => Some(places.of(&address, &resource)),
        };
        let needs = observation.dependencies.remove(&address).unwrap_or_default();
        missing.remove(&address);
        let names_loader = matches!(&*resource, Resource::Policy(policy)
            if source.is_none() || places.name_role(policy, &loader));
        let resource = match names_loader {
            true => resource,
            false => without_loader(&resource, &loader),
        };
        resources.push(LoadedResource { resource, source, needs, owner });
    }
    resources.extend(declared_roles.into_iter().map(|(resource, source)| LoadedResource {
        resource: Arc::new(resource),
        source: Some(source),
        needs: BTreeSet::new(),
        owner: None,
    }));
    missing.retain(|_, declaration| !declaration.unmanaged);
    if let Some((address, declaration)) = missing.pop_first() {
        let source_place = declaration.source.clone();
        return Err(NormaliseError::NotFound { address: address.clone(), source_place });
    }
    let not_modelled = observation.unmodelled.into_iter().map(|object| {
        let source = places.of_unmodelled(&object);
        NotModelled { object, source }
    });
    Ok(Loaded { resources, not_modelled: not_modelled.collect() })
}

/// What was loaded, with what the models say of theirs.
///
/// # Errors
/// When a view gives other columns than its model says.
fn merge(loaded: Loaded, target: &Ident, models: &Declarations) -> Result<DesiredSide, NormaliseError> {
    let Loaded { resources, not_modelled } = loaded;
    let (mut desired, mut mismatches) = (Desired::new(), Vec::new());
    for LoadedResource { mut resource, source, needs, owner } in resources {
        let address = resource.address(target);
        let entry = match (source, models.resources.get(&address)) {
            (
                None,
                Some(
                    declaration @ Declaration {
                        source,
                        package,
                        renamed_from,
                        renamed_columns,
                        column_lines: _,
                        resource: _,
                        raw: _,
                        unmanaged: _,
                        sensitive: _,
                        rules: _,
                        needs: _,
                    },
                ),
            ) => {
                mismatches.extend(settle(&address, declaration, Arc::make_mut(&mut resource)));
                DesiredResource {
                    resource,
                    source: source.clone(),
                    package: package.clone(),
                    renamed_from: renamed_from.clone(),
                    renamed_columns: renamed_columns.clone(),
                    needs,
                    owner,
                }
            }
            (source, _) => {
                let of_model = come_down(&resource, models, target);
                let of_model = of_model.map(|table| (table.source.clone(), table.package.clone()));
                let (source, package) = source
                    .map(|source| (source, String::new()))
                    .or(of_model)
                    .unwrap_or_else(|| (Source { file: String::new(), line: 0 }, String::new()));
                DesiredResource {
                    resource,
                    source,
                    package,
                    renamed_from: None,
                    renamed_columns: BTreeMap::new(),
                    needs,
                    owner,
                }
            }
        };
        desired.insert(address, entry);
    }
    NormaliseError::unless_fitting(mismatches)?;
    Ok(DesiredSide { resources: desired, not_modelled })
}

/// The model of the table to which `resource` has come down from another.
fn come_down<'a>(resource: &Resource, models: &'a Declarations, target: &Ident) -> Option<&'a Declaration> {
    let has_parent = match resource {
        Resource::Index(index) => index.parent.is_some(),
        Resource::Constraint(constraint) => constraint.parent.is_some(),
        _ => false,
    };
    let table = resource.relation_name().filter(|_| has_parent)?;
    models.resources.get(&Address::table(target, &table))
}

/// What a declaration of a model that PostgreSQL refuses is told as.
fn model_refusal(
    address: &Address,
    declaration: &Declaration,
    error: crate::connect::DatabaseError,
) -> Refusal {
    Refusal { address: address.clone(), source_place: declaration.source.clone(), expression: None, error }
}

/// Whether several may declare it alike, since it holds nothing but others.
fn is_shared(kind: Kind) -> bool {
    matches!(kind, Kind::Schema | Kind::Extension)
}
