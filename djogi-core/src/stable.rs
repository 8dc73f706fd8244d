//! Printed expressions that would be printed otherwise once they are read again.
//!
//! `s IN ('a', 'b')` over a `varchar` is an array that is cast as a whole, and is printed as
//! `(ARRAY['a'::character varying, ...])::text[]`. Read again, the cast goes to each element, and stays there. With the type
//! of the elements said at the array too it stays where it was.

use std::ops::Range;

use crate::lexis::{Token, spans};

/// The same expression in a form that PostgreSQL reads as it was meant.
pub fn stable(text: String) -> String {
    if !text.contains("(ARRAY[") {
        return text;
    }
    let found = spans(&text);
    let mut sayings: Vec<(usize, String)> = Vec::new();
    for at in 0..found.len() {
        if let Some(saying) = element_type(&text, &found, at) {
            sayings.push(saying);
        }
    }
    let mut stable = text;
    sayings.sort();
    for (at, said) in sayings.into_iter().rev() {
        stable.insert_str(at, &format!("::{said}[]"));
    }
    stable
}

type Spans<'t> = [(Token<'t>, Range<usize>)];

/// For the array at `at` that is cast as a whole: where its own type can be said, and that of its elements.
fn element_type(text: &str, tokens: &Spans<'_>, at: usize) -> Option<(usize, String)> {
    let token = |at: usize| tokens.get(at).map(|(token, _)| *token);
    let is_array = token(at) == Some(Token::Symbol('('))
        && token(at + 1) == Some(Token::Word("ARRAY"))
        && token(at + 2) == Some(Token::Symbol('['));
    let end = closing(tokens, at + 2).filter(|_| is_array)?;
    if token(end + 1) != Some(Token::Symbol(')')) || token(end + 2) != Some(Token::Cast) {
        return None;
    }
    let goes_on =
        |at: &usize| matches!(token(*at), Some(Token::Word(_) | Token::Quoted(_) | Token::Symbol('.')));
    let behind = (end + 3..).find(|at| !goes_on(at))?;
    if token(behind) != Some(Token::Symbol('[')) || token(behind + 1) != Some(Token::Symbol(']')) {
        return None;
    }
    let mut types = elements(tokens, at + 3..end).into_iter().map(|element| type_of(text, tokens, element));
    let first = types.next()??;
    types.all(|other| other.as_ref() == Some(&first)).then(|| (tokens[end].1.end, first))
}

/// The bracket that closes the one at `at`.
fn closing(tokens: &Spans<'_>, at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (place, (token, _)) in tokens.iter().enumerate().skip(at) {
        match token {
            Token::Symbol('(' | '[') => depth += 1,
            Token::Symbol(')' | ']') => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(place);
        }
    }
    None
}

/// What commas separate.
fn elements(tokens: &Spans<'_>, within: Range<usize>) -> Vec<Range<usize>> {
    let mut depth = 0_usize;
    let mut start = within.start;
    let mut found = Vec::new();
    for at in within.clone() {
        match tokens[at].0 {
            Token::Symbol('(' | '[') => depth += 1,
            Token::Symbol(')' | ']') => depth = depth.saturating_sub(1),
            Token::Symbol(',') if depth == 0 => {
                found.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(start..within.end);
    found
}

/// The type that a constant is said to have, without its modifiers.
fn type_of(text: &str, tokens: &Spans<'_>, element: Range<usize>) -> Option<String> {
    let (constant, rest) = tokens.get(element)?.split_first()?;
    let (cast, named) = rest.split_first()?;
    if !matches!(constant.0, Token::Literal(_)) || cast.0 != Token::Cast {
        return None;
    }
    let mut words = Vec::new();
    let mut depth = 0_usize;
    for (token, place) in named {
        match token {
            Token::Symbol('(') => depth += 1,
            Token::Symbol(')') => depth = depth.checked_sub(1)?,
            Token::Word(_) if depth == 0 => words.push(&text[place.clone()]),
            // A type with a schema, or an array.
            _ if depth == 0 => return None,
            _ => {}
        }
    }
    (!words.is_empty()).then(|| words.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        stable(text.to_owned())
    }

    #[test]
    fn an_array_that_is_cast_as_a_whole_says_what_it_holds() {
        assert_eq!(
            of("((s)::text = ANY ((ARRAY['a)'::character varying, 'b'::character varying(5)])::text[]))"),
            "((s)::text = ANY ((ARRAY['a)'::character varying, 'b'::character varying(5)]::character varying[])::text[]))"
        );
        let twice = "(ARRAY['a'::bpchar])::text[] || (ARRAY['b'::bpchar])::text[]";
        assert_eq!(of(twice), twice.replace("])", "]::bpchar[])"));
    }

    #[test]
    fn what_is_read_as_it_is_printed_stays() {
        for text in [
            "(s = ANY (ARRAY['a'::text, 'b'::text]))",
            "((s)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text]))",
            "((s)::text = ANY ((ARRAY['a'::character varying]::character varying[])::text[]))",
            "(x = ANY ((ARRAY[a, b])::text[]))",
            "(note = '(ARRAY[''a''::character varying])::text[]'::text)",
            "(ARRAY[",
        ] {
            assert_eq!(of(text), text);
        }
    }
}
