//! Reading addresses: total, and by kind.

use std::borrow::Cow;
use std::str::FromStr;

use super::{Address, Kind};
use crate::ident::{Ident, IdentError};

/// Why a text is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("{kind:?} in address `{address}` is not a kind; the kinds are {}", kind_list())]
    UnknownKind { address: String, kind: String },
    #[error("address `{address}` has {found} parts; `{kind}.<target>{}` is expected", .kind.parts().iter().map(|p| format!(".<{p}>")).collect::<String>())]
    WrongArity { address: String, kind: Kind, found: usize },
    #[error("the {part} in address `{address}`: {source}")]
    BadPart { address: String, part: &'static str, source: IdentError },
    #[error("address `{address}` has an unclosed or misplaced double quote at byte {at}")]
    BadQuote { address: String, at: usize },
    #[error("{part:?} in address `{address}` must be double-quoted: it is not a plain lower-case identifier")]
    NeedsQuotes { address: String, part: String },
    #[error(
        "address `{address}` must end with what tells one {kind} from another, {}",
        .kind.arguments().unwrap_or_default()
    )]
    NoArguments { address: String, kind: Kind },
}

fn kind_list() -> String {
    Kind::ALL.iter().map(|k| k.as_str()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let address = || text.to_owned();
        let head = text.split('.').next();
        let has_arguments = |kind: &Kind| kind.arguments().is_some() && head == Some(kind.as_str());
        let (text, arguments, behind) = match Kind::ALL.iter().copied().find(has_arguments) {
            Some(kind) => {
                let behind = if kind == Kind::RoutineGrant { last_part(text) } else { Some("") };
                behind
                    .and_then(|behind| split_arguments(&text[..text.len() - behind.len()], behind))
                    .ok_or_else(|| AddressError::NoArguments { address: address(), kind })?
            }
            None => (text, None, ""),
        };
        let mut words = split(text)?;
        if !behind.is_empty() {
            words.extend(split(behind)?);
        }
        let (kind, rest) = words.split_first().expect("split returns at least one word");
        let kind = *Kind::ALL
            .iter()
            .find(|k| !kind.quoted && k.as_str() == kind.text)
            .ok_or_else(|| AddressError::UnknownKind { address: address(), kind: kind.text.to_string() })?;
        if rest.len() != kind.parts().len() + 1 {
            return Err(AddressError::WrongArity { address: address(), kind, found: words.len() });
        }
        let ident = |(part, word): (&'static str, &Word<'_>)| {
            let bad = |source| AddressError::BadPart { address: address(), part, source };
            let ident = Ident::new(&word.text).map_err(bad)?;
            if !word.quoted && !ident.is_plain() {
                return Err(AddressError::NeedsQuotes { address: address(), part: word.text.to_string() });
            }
            Ok(ident)
        };
        let parts = std::iter::once("target").chain(kind.parts().iter().copied());
        let names = parts.zip(rest).map(ident).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { arguments: arguments.map(Into::into), ..Self::new(kind, names) })
    }
}

/// Splits `name(arguments)` at the first parenthesis outside double quotes. A dot parts it from what stands `behind`.
fn split_arguments<'a>(address: &'a str, behind: &'a str) -> Option<(&'a str, Option<&'a str>, &'a str)> {
    let mut is_quoted = false;
    let at = address.find(|c| {
        is_quoted ^= c == '"';
        c == '(' && !is_quoted
    })?;
    let rest = &address[at + 1..];
    let rest = if behind.is_empty() { rest } else { rest.strip_suffix('.')? };
    Some((&address[..at], Some(rest.strip_suffix(')')?), behind))
}

/// The last part of an address, as it is written.
fn last_part(address: &str) -> Option<&str> {
    if !address.ends_with('"') {
        return address.rsplit_once('.').map(|(_, last)| last).filter(|last| !last.is_empty());
    }
    let starts = address.match_indices(".\"").map(|(at, _)| &address[at + 2..]);
    let is_whole = |quoted: &&str| unquote(quoted).is_some_and(|(_, length)| length == quoted.len());
    let last = starts.filter(is_whole).last()?;
    Some(&address[address.len() - last.len() - 1..])
}

struct Word<'a> {
    text: Cow<'a, str>,
    quoted: bool,
}

/// Splits at dots outside double quotes and takes the quotes off.
fn split(address: &str) -> Result<Vec<Word<'_>>, AddressError> {
    let mut words = Vec::with_capacity(5);
    let mut rest = address;
    loop {
        let at = address.len() - rest.len();
        let bad_quote = |at| AddressError::BadQuote { address: address.to_owned(), at };
        if let Some(quoted) = rest.strip_prefix('"') {
            let (text, length) = unquote(quoted).ok_or_else(|| bad_quote(at))?;
            words.push(Word { text, quoted: true });
            rest = &quoted[length..];
        } else {
            let end = rest.find(['.', '"']).unwrap_or(rest.len());
            words.push(Word { text: Cow::Borrowed(&rest[..end]), quoted: false });
            rest = &rest[end..];
        }
        if rest.is_empty() {
            return Ok(words);
        }
        rest = rest.strip_prefix('.').ok_or_else(|| bad_quote(address.len() - rest.len()))?;
    }
}

/// What stands before the closing quote, and how long it is with it.
fn unquote(text: &str) -> Option<(Cow<'_, str>, usize)> {
    let mut end = text.find('"')?;
    let mut doubled = false;
    while text[end + 1..].starts_with('"') {
        doubled = true;
        end += 2;
        end += text[end..].find('"')?;
    }
    let inner = &text[..end];
    Some((if doubled { inner.replace("\"\"", "\"").into() } else { inner.into() }, end + 1))
}
