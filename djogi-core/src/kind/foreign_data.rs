//! Foreign-data wrappers, servers and user mappings: `CREATE SERVER`, manual chapter 57. They belong to the database.

use serde::{Deserialize, Serialize};

use super::foreign_option::{ForeignOptions, OptionChange, changes};
use crate::ident::{Ident, QualifiedName};

/// A foreign-data wrapper that came with no extension.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignDataWrapper {
    pub name: Ident,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub handler: Option<QualifiedName>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub validator: Option<QualifiedName>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub options: ForeignOptions,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a foreign-data wrapper, all of it in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForeignDataWrapperAlteration {
    SetHandler(Option<QualifiedName>),
    SetValidator(Option<QualifiedName>),
    SetOptions(Vec<OptionChange>),
    SetComment(Option<String>),
}

impl ForeignDataWrapper {
    pub(super) fn alterations(&self, desired: &Self) -> Vec<ForeignDataWrapperAlteration> {
        let Self { name: _, handler, validator, options, comment } = self;
        let mut alterations = Vec::new();
        if *handler != desired.handler {
            alterations.push(ForeignDataWrapperAlteration::SetHandler(desired.handler.clone()));
        }
        if *validator != desired.validator {
            alterations.push(ForeignDataWrapperAlteration::SetValidator(desired.validator.clone()));
        }
        let options = changes(options, &desired.options);
        if !options.is_empty() {
            alterations.push(ForeignDataWrapperAlteration::SetOptions(options));
        }
        if *comment != desired.comment {
            alterations.push(ForeignDataWrapperAlteration::SetComment(desired.comment.clone()));
        }
        alterations
    }
}

/// A foreign server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignServer {
    pub name: Ident,
    pub wrapper: Ident,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub server_type: Option<String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub options: ForeignOptions,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub comment: Option<String>,
}

/// What can change on a foreign server in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForeignServerAlteration {
    SetVersion(Option<String>),
    SetOptions(Vec<OptionChange>),
    SetComment(Option<String>),
}

impl ForeignServer {
    /// `None` for one of another wrapper or type.
    pub(super) fn alterations(&self, desired: &Self) -> Option<Vec<ForeignServerAlteration>> {
        let Self { name: _, wrapper, server_type, version, options, comment } = self;
        if *wrapper != desired.wrapper || *server_type != desired.server_type {
            return None;
        }
        let mut alterations = Vec::new();
        if *version != desired.version {
            alterations.push(ForeignServerAlteration::SetVersion(desired.version.clone()));
        }
        let options = changes(options, &desired.options);
        if !options.is_empty() {
            alterations.push(ForeignServerAlteration::SetOptions(options));
        }
        if *comment != desired.comment {
            alterations.push(ForeignServerAlteration::SetComment(desired.comment.clone()));
        }
        Some(alterations)
    }
}

/// As whom a role, or `public`, logs in to a foreign server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserMapping {
    pub server: Ident,
    /// The role; no role can be called `public`.
    pub name: Ident,
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub options: ForeignOptions,
}

/// What can change on a user mapping in place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserMappingAlteration {
    SetOptions(Vec<OptionChange>),
}

impl UserMapping {
    pub(super) fn alterations(&self, desired: &Self) -> Vec<UserMappingAlteration> {
        let Self { server: _, name: _, options } = self;
        let options = changes(options, &desired.options);
        if options.is_empty() { Vec::new() } else { vec![UserMappingAlteration::SetOptions(options)] }
    }
}
