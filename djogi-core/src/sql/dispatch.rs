//! Which file writes the statements of which kind.
//!
//! A new kind is one line in the list at the end.

use super::migration::step as migration_step;
use super::text_search_code::{text_search_parser, text_search_template};
use super::{Context, Impossible, Step};
use super::{
    aggregate, cast, collation, composite, constraint, conversion, default_privilege, domain, enum_type,
    event_trigger, extension, foreign_data_wrapper, foreign_server, grant, index, language,
    materialized_view, migration, operator, operator_class, operator_family, policy, publication, range,
    role, role_grant, routine, rule, schema, seed, sequence, statistics, subscription, table,
    text_search_configuration, text_search_dictionary, transform, trigger, user_mapping, view,
};
use crate::address::Address;
use crate::kind::{Alteration, Resource};

/// What a kind's file gives: the statements, or, where that can be, why there are none.
trait Written {
    fn written(self) -> Result<Vec<Step>, Impossible>;
}

impl Written for Vec<Step> {
    fn written(self) -> Result<Vec<Step>, Impossible> {
        Ok(self)
    }
}

impl Written for Result<Vec<Step>, Impossible> {
    fn written(self) -> Result<Vec<Step>, Impossible> {
        self
    }
}

/// The functions over all kinds. Of those after the semicolon, what is altered depends on what is live.
macro_rules! written_by {
    ($($kind:ident: $file:ident),* $(,)?; $($compared:ident: $by:ident),* $(,)?) => {
        /// Creates `resource`, with its comment. Does not yet make an owned sequence belong to its column: the table
        /// may need the sequence first, see [`own_sequence`](super::own_sequence).
        pub fn create(
            resource: &Resource,
            ctx: &Context<'_>,
            address: &Address,
        ) -> Result<Vec<Step>, Impossible> {
            match resource {
                $(Resource::$kind(resource) => $file::create(resource, ctx, address).written(),)*
                $(Resource::$compared(resource) => $by::create(resource, ctx, address).written(),)*
            }
        }

        /// Drops `resource`.
        pub fn drop(resource: &Resource, ctx: &Context<'_>, address: &Address) -> Vec<Step> {
            match resource {
                $(Resource::$kind(resource) => $file::drop(resource, ctx, address),)*
                $(Resource::$compared(resource) => $by::drop(resource, ctx, address),)*
            }
        }

        /// Renames or moves the object `from` so that it has the name of `to`; both are of one kind. Constraints,
        /// indexes and owned sequences follow their table into another schema, so the table goes first, and they are
        /// named as they are called then.
        pub fn rename(
            from: &Resource,
            to: &Resource,
            ctx: &Context<'_>,
            address: &Address,
        ) -> Result<Vec<Step>, Impossible> {
            match (from, to) {
                $((Resource::$kind(from), Resource::$kind(to)) => {
                    $file::rename(from, to, ctx, address).written()
                })*
                $((Resource::$compared(from), Resource::$compared(to)) => {
                    $by::rename(from, to, ctx, address).written()
                })*
                _ => unreachable!("a rename keeps the kind of its resource: {address}"),
            }
        }

        /// Makes one change that PostgreSQL can make in place. `alteration` comes from comparing `live` with `desired`.
        pub fn alter(
            live: &Resource,
            desired: &Resource,
            alteration: &Alteration,
            ctx: &Context<'_>,
            address: &Address,
        ) -> Result<Vec<Step>, Impossible> {
            match (live, desired, alteration) {
                $((_, Resource::$kind(desired), Alteration::$kind(alteration)) => {
                    $file::alter(desired, alteration, ctx, address).written()
                })*
                $((Resource::$compared(live), Resource::$compared(desired), Alteration::$compared(alteration)) => {
                    $by::alter(live, desired, alteration, ctx, address).written()
                })*
                _ => unreachable!("an alteration comes from comparing two resources of its kind: {address}"),
            }
        }
    };
}

written_by! {
    Schema: schema,
    Collation: collation,
    Enum: enum_type,
    Composite: composite,
    Range: range,
    Constraint: constraint,
    Index: index,
    Statistics: statistics,
    View: view,
    MaterializedView: materialized_view,
    Routine: routine,
    Aggregate: aggregate,
    Operator: operator,
    OperatorFamily: operator_family,
    OperatorClass: operator_class,
    Cast: cast,
    TextSearchParser: text_search_parser,
    TextSearchTemplate: text_search_template,
    TextSearchDictionary: text_search_dictionary,
    TextSearchConfiguration: text_search_configuration,
    Conversion: conversion,
    Language: language,
    Transform: transform,
    Trigger: trigger,
    Rule: rule,
    Policy: policy,
    EventTrigger: event_trigger,
    Publication: publication,
    ForeignDataWrapper: foreign_data_wrapper,
    ForeignServer: foreign_server,
    UserMapping: user_mapping,
    Role: role,
    Migration: migration;
    Extension: extension,
    Domain: domain,
    Sequence: sequence,
    Table: table,
    Subscription: subscription,
    Grant: grant,
    DefaultPrivilege: default_privilege,
    Seed: seed,
    MigrationStep: migration_step,
    RoleGrant: role_grant,
}
