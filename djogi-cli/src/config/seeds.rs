//! `[seed.NAME]`: rows that a file declares for a table.

use std::collections::{BTreeMap, BTreeSet};

use djogi_core::address::Address;
use djogi_core::ident::{Ident, QualifiedName};
use djogi_core::seed::SeedFormat;
use toml::Spanned;

use super::problem::{INVALID_VALUE, SourceFile};
use super::reader::Section;
use super::{Seed, Target};

/// Reads all of them. None when a problem was found that leaves a hole.
pub(super) fn seeds(
    sections: Vec<(Spanned<String>, Section<'_, '_>)>,
    targets: &BTreeMap<String, Target>,
    file: SourceFile<'_>,
) -> Vec<Seed> {
    sections.into_iter().filter_map(|(name, section)| seed(&name, section, targets, file)).collect()
}

fn seed(
    name: &Spanned<String>,
    mut section: Section<'_, '_>,
    targets: &BTreeMap<String, Target>,
    file: SourceFile<'_>,
) -> Option<Seed> {
    let ident = match Ident::new(name.get_ref()) {
        Ok(ident) => Some(ident),
        Err(error) => {
            section.problem(INVALID_VALUE, Some(name.span()), format!("`seed.{}`: {error}", name.get_ref()));
            None
        }
    };
    let table = section.required("table").and_then(|text| match qualified(text.get_ref()) {
        Some(table) => Some(table),
        None => {
            let message = format!("`{}`: {:?} names no table", section.full_key("table"), text.get_ref());
            let help = "\"SCHEMA.TABLE\"; a name that is not lower-case stands in double quotes within it";
            section.problem_with_help(INVALID_VALUE, Some(text.span()), message, Some(help.into()));
            None
        }
    });
    if !section.has("key") {
        section.missing("key");
    }
    let has_key = section.has("key");
    let key = idents(&mut section, "key");
    if has_key && key.is_empty() {
        let message = format!("`{}` must name at least one column", section.full_key("key"));
        section.problem(INVALID_VALUE, section.span(), message);
    }
    let null = section.string("null");
    let path = section.required("file");
    let format = path.as_ref().and_then(|path| match path.get_ref().rsplit('.').next() {
        Some("csv") => Some(SeedFormat::Csv {
            null: null.as_ref().map(|null| null.get_ref().clone()).unwrap_or_default(),
        }),
        Some("json") => Some(SeedFormat::Json),
        Some("sql") => Some(SeedFormat::Sql),
        _ => {
            let message = format!("`{}` must end with .csv, .json or .sql", section.full_key("file"));
            section.problem(INVALID_VALUE, Some(path.span()), message);
            None
        }
    });
    if let (Some(null), Some(SeedFormat::Json | SeedFormat::Sql)) = (&null, &format) {
        let message =
            format!("`{}` is for CSV: JSON and SQL have a null of their own", section.full_key("null"));
        section.problem(INVALID_VALUE, Some(null.span()), message);
    }
    let secret: BTreeSet<Ident> = idents(&mut section, "secret").into_iter().collect();
    if !secret.is_empty() && format == Some(SeedFormat::Sql) {
        let message = format!("`{}`: what a query computes is not kept secret", section.full_key("secret"));
        let help = "write the rows as CSV or JSON";
        section.problem_with_help(INVALID_VALUE, section.span(), message, Some(help.into()));
    }
    let target = section.string("target");
    if let Some(target) = target.as_ref().filter(|target| !targets.contains_key(target.get_ref())) {
        let message = format!("`{}`: there is no target `{}`", section.full_key("target"), target.get_ref());
        section.problem(INVALID_VALUE, Some(target.span()), message);
    }
    let line = file.text[..name.span().start].matches('\n').count() + 1;
    section.finish();
    Some(Seed {
        name: ident?,
        table: table?,
        key,
        file: path?.into_inner(),
        format: format?,
        secret,
        target: target.map(Spanned::into_inner),
        line,
    })
}

fn idents(section: &mut Section<'_, '_>, key: &'static str) -> Vec<Ident> {
    let names = section.strings(key).unwrap_or_default();
    let mut idents: Vec<Ident> = Vec::new();
    for name in names {
        match Ident::new(name.get_ref()) {
            Ok(ident) if idents.contains(&ident) => {
                let message = format!("`{}`: `{ident}` is listed twice", section.full_key(key));
                section.problem(INVALID_VALUE, Some(name.span()), message);
            }
            Ok(ident) => idents.push(ident),
            Err(error) => {
                let message = format!("`{}`: {error}", section.full_key(key));
                section.problem(INVALID_VALUE, Some(name.span()), message);
            }
        }
    }
    idents
}

/// A name as an address has it; without a schema, one of `public`.
fn qualified(text: &str) -> Option<QualifiedName> {
    let named = |text: &str| format!("table.main.{text}").parse::<Address>().ok()?.relation();
    named(text).or_else(|| named(&format!("public.{text}")))
}
