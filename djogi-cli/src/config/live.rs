//! `[live]`: how long old values are kept, and what is said of single migrations (`[live.NAME]`).

use std::time::Duration;

use djogi_core::ident::Ident;
use djogi_core::migration::{Rule, Rules};
use serde_json::{Value, json};
use toml::Spanned;

use super::duration::parse_duration;
use super::problem::INVALID_VALUE;
use super::reader::Section;

pub(super) fn live(mut section: Section<'_, '_>) -> (Option<Duration>, Rules) {
    let retention = section.parsed("retention", INVALID_VALUE, parse_duration);
    let rules = section.other_sections().into_iter().filter_map(|(name, of_one)| rule(&name, of_one));
    let rules = rules.collect();
    section.finish();
    (retention, rules)
}

fn rule(name: &Spanned<String>, mut section: Section<'_, '_>) -> Option<(Ident, Rule)> {
    let ident = Ident::new(name.get_ref());
    if let Err(error) = &ident {
        section.problem(INVALID_VALUE, Some(name.span()), format!("`live.{}`: {error}", name.get_ref()));
    }
    let backfill = section.parsed("backfill", INVALID_VALUE, |text| match text.trim() {
        "" => Err("must be an expression, such as \"''\" or \"lower(email)\"".to_owned()),
        text => Ok(text.to_owned()),
    });
    section.finish();
    Some((ident.ok()?, Rule { backfill, ..Rule::default() }))
}

/// Without rules as it was before there were any.
pub(super) fn digest_input(retention: Duration, rules: &Rules) -> Value {
    let mut value = json!({"retention_seconds": retention.as_secs()});
    for (name, Rule { backfill, refused: _ }) in rules {
        value[name.as_str()] = json!({"backfill": backfill});
    }
    value
}
