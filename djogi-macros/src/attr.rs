//! The grammar that all attributes share: comma separated `key`, `key = value` and `key(...)` items.
//! Every key is known beforehand, so that a wrong one is an error at its own place naming the
//! nearest right one.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt as _;
use syn::parse::ParseStream;
use syn::{Attribute, Error, LitInt, LitStr, Result, Token, parenthesized};

use crate::nearest::nearest;

/// PostgreSQL's `NAMEDATALEN - 1`, in bytes.
const MAX_IDENT_BYTES: usize = 63;

/// The keys of one attribute or one `key(...)` list.
pub(crate) struct Keys {
    /// How the place is called in an error, such as `#[model(...)]`.
    pub(crate) place: &'static str,
    pub(crate) once: &'static [&'static str],
    pub(crate) repeatable: &'static [&'static str],
}

impl Keys {
    pub(crate) const fn new(place: &'static str, once: &'static [&'static str]) -> Self {
        Self { place, once, repeatable: &[] }
    }

    /// Reads items until the input ends; `take` reads what follows the key.
    pub(crate) fn parse(
        &self,
        input: ParseStream<'_>,
        seen: &mut Vec<Ident>,
        mut take: impl FnMut(&str, &Ident, ParseStream<'_>) -> Result<()>,
    ) -> Result<()> {
        while !input.is_empty() {
            let key = input.call(Ident::parse_any).map_err(|error| {
                let known: Vec<_> = self.once.iter().chain(self.repeatable).copied().collect();
                Error::new(error.span(), format!("expected one of {} in {}", known.join(", "), self.place))
            })?;
            let name = key.to_string();
            self.check(&key, &name, seen)?;
            take(&name, &key, input)?;
            seen.push(key);
            if !input.is_empty() {
                input.parse::<Token![,]>().map_err(|error| {
                    Error::new(
                        error.span(),
                        format!("unexpected after `{name}`: items are separated by commas"),
                    )
                })?;
            }
        }
        Ok(())
    }

    fn check(&self, key: &Ident, name: &str, seen: &[Ident]) -> Result<()> {
        if self.repeatable.contains(&name) {
            return Ok(());
        }
        if !self.once.contains(&name) {
            let known = self.once.iter().chain(self.repeatable).copied();
            return Err(unknown("attribute", name, self.place, known, key.span()));
        }
        if seen.iter().any(|earlier| earlier == key) {
            return Err(Error::new(key.span(), format!("`{name}` is given twice in {}", self.place)));
        }
        Ok(())
    }
}

/// An error that names the nearest known word, or all of them when none is near.
pub(crate) fn unknown<'a>(
    what: &str,
    word: &str,
    place: &str,
    known: impl Iterator<Item = &'a str> + Clone,
    span: Span,
) -> Error {
    let help = match nearest(word, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known: {}", known.collect::<Vec<_>>().join(", ")),
    };
    Error::new(span, format!("unknown {what} `{word}` in {place}; {help}"))
}

/// Runs a parser over every attribute called `name`, collecting the errors of all of them.
pub(crate) fn for_each(
    attrs: &[Attribute],
    name: &str,
    errors: &mut Errors,
    mut parse: impl FnMut(ParseStream<'_>) -> Result<()>,
) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident(name)) {
        errors.catch(attr.parse_args_with(&mut parse));
    }
}

/// Errors of one derive input, all reported at once.
#[derive(Default)]
pub(crate) struct Errors(Option<Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(Error::new(span, message));
    }

    pub(crate) fn catch<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn finish<T>(self, value: T) -> Result<T> {
        self.0.map_or(Ok(value), Err)
    }
}

/// `key`, and nothing after it.
pub(crate) fn flag(key: &Ident, input: ParseStream<'_>) -> Result<()> {
    if input.is_empty() || input.peek(Token![,]) {
        return Ok(());
    }
    Err(Error::new(input.span(), format!("`{key}` takes no value")))
}

/// `key = "text"`, not empty.
pub(crate) fn text(key: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    equals(key, "\"...\"", input)?;
    string(&format!("`{key}` takes a string: `{key} = \"...\"`"), input)
}

/// A string literal that is neither empty nor holds what PostgreSQL cannot.
pub(crate) fn string(expected: &str, input: ParseStream<'_>) -> Result<LitStr> {
    let literal: LitStr = input.parse().map_err(|error| Error::new(error.span(), expected))?;
    let value = literal.value();
    if value.trim().is_empty() {
        return Err(Error::new(literal.span(), "an empty string says nothing here"));
    }
    refuse_nul(&literal, &value)?;
    Ok(literal)
}

/// A text value may be empty, but PostgreSQL stores no NUL character.
pub(crate) fn refuse_nul(literal: &LitStr, value: &str) -> Result<()> {
    if value.contains('\0') {
        return Err(Error::new(literal.span(), "PostgreSQL stores no NUL character"));
    }
    Ok(())
}

/// `key = "name"`, one SQL identifier.
pub(crate) fn name(key: &Ident, input: ParseStream<'_>) -> Result<LitStr> {
    let literal = text(key, input)?;
    identifier(&literal.value(), literal.span())?;
    Ok(literal)
}

/// Refuses what cannot be one SQL identifier.
pub(crate) fn identifier(name: &str, span: Span) -> Result<()> {
    if name.len() > MAX_IDENT_BYTES {
        let bytes = name.len();
        let message =
            format!("`{name}` has {bytes} bytes; PostgreSQL's identifiers have at most {MAX_IDENT_BYTES}");
        return Err(Error::new(span, message));
    }
    Ok(())
}

/// The `=` after a key.
pub(crate) fn equals(key: &Ident, example: &str, input: ParseStream<'_>) -> Result<()> {
    let wrong = |span| Error::new(span, format!("`{key}` takes a value: `{key} = {example}`"));
    if input.is_empty() {
        return Err(wrong(key.span()));
    }
    input.parse::<Token![=]>().map(drop).map_err(|error| wrong(error.span()))
}

/// A whole number with its sign.
pub(crate) fn integer(key: &Ident, input: ParseStream<'_>) -> Result<i64> {
    equals(key, "1", input)?;
    let minus: Option<Token![-]> = input.parse()?;
    let wrong = |span| Error::new(span, format!("`{key}` takes a 64-bit whole number"));
    let literal: LitInt = input.parse().map_err(|error| wrong(error.span()))?;
    let digits = literal.base10_digits();
    let signed = if minus.is_some() { format!("-{digits}") } else { digits.to_owned() };
    signed.parse().map_err(|_| wrong(literal.span()))
}

/// One of a closed set of bare words.
pub(crate) fn word(
    what: &str,
    known: &'static [&'static str],
    input: ParseStream<'_>,
) -> Result<&'static str> {
    let ident = input
        .call(Ident::parse_any)
        .map_err(|error| Error::new(error.span(), format!("{what} is one of: {}", known.join(", "))))?;
    let word = ident.to_string();
    known
        .iter()
        .copied()
        .find(|known| *known == word)
        .ok_or_else(|| unknown("word", &word, what, known.iter().copied(), ident.span()))
}

/// `( item, item, ... )`, at least one.
pub(crate) fn list<T>(
    key: &Ident,
    example: &str,
    input: ParseStream<'_>,
    mut item: impl FnMut(ParseStream<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    if !input.peek(syn::token::Paren) {
        let span = if input.is_empty() { key.span() } else { input.span() };
        return Err(Error::new(span, format!("`{key}` takes a list: `{key}({example})`")));
    }
    let content;
    parenthesized!(content in input);
    let mut items = Vec::new();
    while !content.is_empty() {
        items.push(item(&content)?);
        if !content.is_empty() {
            content.parse::<Token![,]>()?;
        }
    }
    if items.is_empty() {
        return Err(Error::new(key.span(), format!("`{key}` must not be empty")));
    }
    Ok(items)
}

/// The line of a span, 0 outside of the compiler (in tests).
pub(crate) fn line(span: Span) -> u32 {
    if !proc_macro::is_available() {
        return 0;
    }
    u32::try_from(span.unwrap().line()).unwrap_or(u32::MAX)
}
