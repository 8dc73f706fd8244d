//! Takes typed values out of a TOML table and remembers what was asked for: what is left is an unknown key.
//!
//! Every value carries its place in the file, so each mistake can be shown on its line.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{INVALID_VALUE, MISSING_KEY, Problem, Problems, UNKNOWN_KEY};

/// A table that is being read.
#[derive(Debug)]
pub(super) struct Section<'p, 'i> {
    path: String,
    span: Option<Range<usize>>,
    entries: DeTable<'i>,
    known: Vec<&'static str>,
    problems: &'p Problems,
}

impl<'p, 'i> Section<'p, 'i> {
    /// The whole file.
    pub(super) fn root(entries: DeTable<'i>, problems: &'p Problems) -> Self {
        Self { path: String::new(), span: None, entries, known: Vec::new(), problems }
    }

    /// Reports a mistake in this section.
    pub(super) fn problem(&self, code: &'static str, span: Option<Range<usize>>, message: String) {
        self.problem_with_help(code, span, message, None);
    }

    /// Reports a mistake and the way out.
    pub(super) fn problem_with_help(
        &self,
        code: &'static str,
        span: Option<Range<usize>>,
        message: String,
        help: Option<String>,
    ) {
        self.problems.add(Problem { code, span, message, help });
    }

    /// The place of this section.
    pub(super) fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }

    /// The key as the user would write it from the top of the file.
    pub(super) fn full_key(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'i>>> {
        self.known.push(key);
        self.entries.remove(key)
    }

    fn wrong_type(&self, key: &str, found: &Spanned<DeValue<'_>>, wanted: &str) {
        let message =
            format!("`{}` must be {wanted}, not {}", self.full_key(key), type_name(found.get_ref()));
        self.problem(INVALID_VALUE, Some(found.span()), message);
    }

    /// A string, if the key is there.
    pub(super) fn string(&mut self, key: &'static str) -> Option<Spanned<String>> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::String(text) => Some(Spanned::new(value.span(), text.clone().into_owned())),
            _ => {
                self.wrong_type(key, &value, "a string");
                None
            }
        }
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Reports that a key is missing.
    pub(super) fn missing(&self, key: &str) {
        self.problem(MISSING_KEY, self.span(), format!("the key `{}` is missing", self.full_key(key)));
    }

    /// A string that must be there.
    pub(super) fn required(&mut self, key: &'static str) -> Option<Spanned<String>> {
        if !self.has(key) {
            self.known.push(key);
            self.missing(key);
            return None;
        }
        self.string(key)
    }

    /// A string that is turned into a value; `parse` says what is wrong with it otherwise.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        code: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.string(key)?;
        match parse(text.get_ref()) {
            Ok(value) => Some(value),
            Err(reason) => {
                let message = format!("`{}` {reason}", self.full_key(key));
                self.problem(code, Some(text.span()), message);
                None
            }
        }
    }

    /// A whole number, if the key is there.
    pub(super) fn integer(&mut self, key: &'static str) -> Option<Spanned<u32>> {
        let value = self.take(key)?;
        let DeValue::Integer(number) = value.get_ref() else {
            self.wrong_type(key, &value, "a whole number");
            return None;
        };
        let number = u32::from_str_radix(number.as_str(), number.radix()).ok();
        if number.is_none() {
            let message = format!("`{}` is out of range", self.full_key(key));
            self.problem(INVALID_VALUE, Some(value.span()), message);
        }
        number.map(|number| Spanned::new(value.span(), number))
    }

    /// `true` or `false`, if the key is there.
    pub(super) fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let value = self.take(key)?;
        match value.get_ref() {
            DeValue::Boolean(value) => Some(*value),
            _ => {
                self.wrong_type(key, &value, "true or false");
                None
            }
        }
    }

    /// A list of strings, if the key is there.
    pub(super) fn strings(&mut self, key: &'static str) -> Option<Vec<Spanned<String>>> {
        let value = self.take(key)?;
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong_type(key, &value, "a list of strings");
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            match item.get_ref() {
                DeValue::String(text) => texts.push(Spanned::new(item.span(), text.clone().into_owned())),
                _ => self.wrong_type(key, item, "a list of strings"),
            }
        }
        Some(texts)
    }

    /// A table, if the key is there.
    pub(super) fn section(&mut self, key: &'static str) -> Option<Section<'p, 'i>> {
        let value = self.take(key)?;
        self.open(key, value)
    }

    /// A list of tables (`[[key]]`).
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'p, 'i>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let span = value.span();
        match value.into_inner() {
            DeValue::Array(items) => items.into_iter().filter_map(|item| self.open(key, item)).collect(),
            other => {
                self.wrong_type(key, &Spanned::new(span, other), &format!("a list of tables, [[{key}]]"));
                Vec::new()
            }
        }
    }

    /// Tables by name (`[key.NAME]`), with the place of each name.
    pub(super) fn named_sections(&mut self, key: &'static str) -> Vec<(Spanned<String>, Section<'p, 'i>)> {
        let Some(section) = self.section(key) else { return Vec::new() };
        let mut named = Vec::new();
        for (name, value) in section.entries.clone() {
            let name = Spanned::new(name.span(), name.into_inner().into_owned());
            if let Some(opened) = section.open(name.get_ref(), value) {
                named.push((name, opened));
            }
        }
        named
    }

    /// The tables that nobody has asked for yet, by name, with the place of each name.
    pub(super) fn other_sections(&mut self) -> Vec<(Spanned<String>, Section<'p, 'i>)> {
        let is_table = |value: &Spanned<DeValue<'_>>| matches!(value.get_ref(), DeValue::Table(_));
        let mut others = Vec::new();
        for (name, value) in std::mem::take(&mut self.entries) {
            if is_table(&value) {
                let name = Spanned::new(name.span(), name.into_inner().into_owned());
                others.extend(self.open(name.get_ref(), value).map(|opened| (name.clone(), opened)));
            } else {
                self.entries.insert(name, value);
            }
        }
        others
    }

    fn open(&self, key: &str, value: Spanned<DeValue<'i>>) -> Option<Section<'p, 'i>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(entries) => Some(Section {
                path: self.full_key(key),
                span: Some(span),
                entries,
                known: Vec::new(),
                problems: self.problems,
            }),
            other => {
                self.wrong_type(key, &Spanned::new(span, other), "a table");
                None
            }
        }
    }

    /// Ends a section of which `key` was taken before.
    pub(super) fn finish_with(mut self, key: &'static str) {
        self.known.push(key);
        self.finish();
    }

    /// Ends the section: every key that nobody asked for is reported with the nearest one that exists.
    pub(super) fn finish(self) {
        for key in self.entries.keys() {
            let place =
                if self.path.is_empty() { "at the top level".into() } else { format!("in [{}]", self.path) };
            let help = nearest(key.get_ref(), self.known.iter().copied()).map_or_else(
                || format!("known keys: {}", self.known.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("unknown key `{}` {place}", key.get_ref());
            self.problem_with_help(UNKNOWN_KEY, Some(key.span()), message, Some(help));
        }
    }
}

/// The candidate that the word is most probably a slip of, if any is near enough.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
