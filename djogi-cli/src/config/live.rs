//! `[live]`: how long old values are kept, and what is said of single migrations (`[live.NAME]`).

use std::time::Duration;

use djogi_core::ident::Ident;
use djogi_core::migration::{OnOrphan, Rule, Rules};
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
    let mut expression = |key| {
        section.parsed(key, INVALID_VALUE, |text| match text.trim() {
            "" => Err("must be an expression, such as \"''\" or \"lower(email)\"".to_owned()),
            text => Ok(text.to_owned()),
        })
    };
    let (backfill, up, down) = (expression("backfill"), expression("up"), expression("down"));
    let on_orphan = section.parsed("on_orphan", INVALID_VALUE, |text| {
        let known = OnOrphan::ALL.into_iter().find(|policy| policy.as_str() == text);
        known.ok_or_else(|| "must be \"fail\", \"null\", \"delete\" or \"quarantine\"".to_owned())
    });
    let misplaced = [
        (backfill.is_some(), "_fill", "`backfill` fills a column, and belongs to <table>_<column>_fill"),
        (
            up.is_some() || down.is_some(),
            "_type",
            "`up` and `down` change a type, and belong to <table>_<column>_type",
        ),
        (
            on_orphan.is_some(),
            "_orphans",
            "`on_orphan` is about a foreign key, and belongs to <table>_<columns>_orphans",
        ),
    ];
    for (_, _, what) in
        misplaced.iter().filter(|(is_said, end, _)| *is_said && !name.get_ref().ends_with(end))
    {
        section.problem(INVALID_VALUE, Some(name.span()), format!("`live.{}`: {what}", name.get_ref()));
    }
    if down.is_some() && up.is_none() {
        let what = "`down` is the way back from `up`, which is missing";
        section.problem(INVALID_VALUE, Some(name.span()), format!("`live.{}`: {what}", name.get_ref()));
    }
    section.finish();
    Some((ident.ok()?, Rule { backfill, up, down, on_orphan, refused: None }))
}

/// Without rules as it was before there were any.
pub(super) fn digest_input(retention: Duration, rules: &Rules) -> Value {
    let mut value = json!({"retention_seconds": retention.as_secs()});
    for (name, Rule { backfill, up, down, on_orphan, refused: _ }) in rules {
        value[name.as_str()] = match (up, on_orphan) {
            (Some(up), _) => json!({"up": up, "down": down}),
            (None, Some(policy)) => json!({"on_orphan": policy}),
            (None, None) => json!({"backfill": backfill}),
        };
    }
    value
}
