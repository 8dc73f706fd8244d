//! What is loaded, statement by statement: the models' objects as djogi writes them, the files as they are.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use djogi_core::declared::{Declaration, Declarations, Source};
use djogi_core::desired::Desired;
use djogi_core::heeranjid;
use djogi_core::observation::ServerVersion;
use djogi_core::script::{Act, Script, Statement};
use djogi_core::sql::{self, Context};
use djogi_core::{Address, Catalog, Ident, Kind, Resource};

use super::settings::{Setting, Settings};
use crate::normalise::{NormaliseError, as_declared, attempted};

/// Where a statement is from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Origin<'a> {
    Model {
        address: &'a Address,
        declaration: &'a Declaration,
    },
    /// The position of the script among all.
    File(usize),
}

/// One statement with what it means under.
#[derive(Clone, Debug)]
pub(super) struct Item<'a> {
    pub(super) origin: Origin<'a>,
    pub(super) sql: Cow<'a, str>,
    pub(super) statement: Cow<'a, Statement>,
    pub(super) settings: Arc<Settings>,
    /// Where the statement begins.
    pub(super) source: Source,
}

impl Item<'_> {
    /// The name of what it creates.
    pub(super) fn creates(&self) -> Option<&str> {
        self.statement.created.as_ref().map(|created| created.name.as_str())
    }

    /// Whether it is about roles.
    pub(super) fn is_of_roles(&self) -> bool {
        self.statement.act == Act::Role
    }

    /// Whether it is about event triggers, as far as its words tell.
    pub(super) fn is_of_event_triggers(&self) -> bool {
        self.statement.mentions("event") && self.statement.mentions("trigger")
    }

    /// Whether it stands in a file, or below a folder, whose name says that all others come first.
    pub(super) fn is_read_last(&self) -> bool {
        matches!(self.origin, Origin::File(_))
            && self.source.file.split(['/', '\\']).any(|part| part.starts_with('~'))
    }

    /// Whether it makes a schema or an extension, which others may make as well.
    pub(super) fn makes_shared(&self) -> bool {
        match self.origin {
            Origin::Model { address, .. } => super::is_shared(address.kind()),
            Origin::File(_) => {
                let kind = self.statement.created.as_ref().map(|created| created.kind.as_str());
                matches!(kind, Some("schema" | "extension"))
            }
        }
    }
}

/// The statements of all files, each under the settings that stand before it in its file.
pub(super) fn of_scripts(scripts: &[Script]) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    for (number, script) in scripts.iter().enumerate() {
        let mut settings = Settings::default();
        let mut shared = Arc::new(settings.clone());
        for (position, statement) in script.statements.iter().enumerate() {
            let setting = Setting::InFile { script: number, statement: position };
            match statement.act {
                Act::Define | Act::Role => {
                    items.push(Item {
                        origin: Origin::File(number),
                        sql: script.sql(statement).into(),
                        statement: Cow::Borrowed(statement),
                        settings: shared.clone(),
                        source: Source {
                            file: script.file.clone(),
                            line: script.place(statement.span.start).line,
                        },
                    });
                    continue;
                }
                Act::Set => settings.session.push(setting),
                // Outside of a transaction it lasts as long as itself.
                Act::SetLocal if settings.in_transaction => settings.local.push(setting),
                Act::SetLocal => continue,
                Act::Begin => settings.in_transaction = true,
                Act::Commit => {
                    settings.in_transaction = false;
                    settings.local.clear();
                }
                // Such a file is refused as a whole.
                Act::Refuse(_) => continue,
            }
            shared = Arc::new(settings.clone());
        }
    }
    items
}

/// The statements that make what the models declare for `target`.
///
/// # Errors
/// When no statement can.
pub(super) fn of_models<'a>(
    models: &'a Declarations,
    target: &Ident,
    version: ServerVersion,
) -> Result<Vec<Item<'a>>, NormaliseError> {
    let ours = || models.resources.iter().filter(|(address, _)| address.target() == target);
    let schemas: BTreeSet<&Ident> = ours().filter_map(|(address, _)| address.schema_name()).collect();
    let tables = ours().filter(|(address, _)| address.kind() == Kind::Table);
    let new_tables = tables.filter_map(|(address, _)| address.relation()).collect();
    let live = Catalog::default();
    let desired: Desired = ours()
        .filter(|(address, _)| address.kind() == Kind::Table)
        .map(|(address, declaration)| (address.clone(), as_declared(declaration)))
        .collect();
    let context =
        Context { new_tables: &new_tables, desired: Some(&desired), ..Context::of(version, target, &live) };
    let mut items = Vec::new();
    for (address, declaration) in ours() {
        let settings = Arc::new(Settings {
            session: vec![Setting::Own(search_path(address.schema_name(), &schemas))],
            ..Settings::default()
        });
        let resource = match &*declaration.resource {
            Resource::Schema(schema) if schema.name.as_str() == "public" => continue,
            other => attempted(other),
        };
        let mut steps = sql::create(&resource, &context, address).map_err(Box::new)?;
        if let Resource::Sequence(sequence) = &resource {
            steps.extend(sql::own_sequence(sequence, &context, address));
        }
        for step in steps {
            // Its statements are more than a file may have, and belong together; the first one says what they make.
            let whole = is_brought(address).then(|| step.operation.sql.clone());
            let text = match &whole {
                Some(whole) => whole.split_inclusive(';').next().unwrap_or_default().to_owned(),
                None => step.operation.sql,
            };
            let script = Script::read("", text).unwrap_or_else(|_| Script {
                file: String::new(),
                text: String::new(),
                statements: Vec::new(),
            });
            items.extend(script.statements.iter().map(|statement| Item {
                origin: Origin::Model { address, declaration },
                sql: whole.clone().unwrap_or_else(|| script.sql(statement).to_owned()).into(),
                statement: Cow::Owned(statement.clone()),
                settings: settings.clone(),
                source: declaration.source.clone(),
            }));
        }
    }
    Ok(items)
}

fn is_brought(address: &Address) -> bool {
    address.kind() == Kind::Extension && heeranjid::is_it(address.name())
}

/// Raw text finds the objects of its own schema first, then those of `public` and of all others.
fn search_path(own: Option<&Ident>, schemas: &BTreeSet<&Ident>) -> String {
    let others = schemas.iter().copied().filter(|schema| Some(*schema) != own && schema.as_str() != "public");
    let mut path: Vec<String> = own.into_iter().map(ToString::to_string).collect();
    path.push("public".to_owned());
    path.extend(others.map(ToString::to_string));
    format!("SET search_path = {}", path.join(", "))
}
