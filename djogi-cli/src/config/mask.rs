//! Hides what may be a secret in a line of configuration that is about to be shown.
//!
//! Nothing is shown by default: every string of the file is masked but references (`env:`, `file:`) and the one
//! string that the diagnostic is about, and that one too when it looks like a connection string. Characters
//! are replaced one by one, so columns stay where they were.

use std::ops::Range;

/// The source with its strings masked, but for the one at `shown`.
pub(super) fn mask(source: &str, shown: Option<&Range<usize>>) -> String {
    let mut masked = String::with_capacity(source.len());
    let mut at = 0;
    for secret in strings(source) {
        let content = &source[secret.clone()];
        let meant = shown.is_some_and(|span| span.start <= secret.end && secret.start <= span.end);
        let reference = content.starts_with("env:") || content.starts_with("file:");
        let keep = (meant && !belongs_to_url(source, secret.start) || reference) && !looks_secret(content);
        masked.push_str(&mask_bare(&source[at..secret.start]));
        masked.extend(content.chars().map(|c| if keep || c == '\n' || c == '\r' { c } else { '*' }));
        at = secret.end;
    }
    masked.push_str(&mask_bare(&source[at..]));
    masked
}

/// Whether the value at `at` is a url, or stands where one should: it is never shown, whatever is wrong with it.
fn belongs_to_url(source: &str, at: usize) -> bool {
    let line = source[..at].rsplit('\n').next().unwrap_or_default();
    line.split_once('=').is_some_and(|(key, _)| key.contains("url"))
}

/// A line that is no TOML: what stands after its `=` may be a secret without quotes.
pub(super) fn mask_values(line: &str) -> String {
    let Some((key, value)) = line.split_once('=') else { return line.to_owned() };
    let mask_word = |word: &str| {
        let harmless =
            word.starts_with("env:") || word.starts_with("file:") || !word.contains(char::is_alphabetic);
        word.chars().map(|c| if harmless || c.is_whitespace() { c } else { '*' }).collect::<String>()
    };
    format!("{key}={}", value.split_inclusive(char::is_whitespace).map(mask_word).collect::<String>())
}

fn looks_secret(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    ["://", "password", "passwd", "host=", "user="].iter().any(|sign| text.contains(sign))
}

/// A connection string whose quotes were forgotten is still a secret.
fn mask_bare(text: &str) -> String {
    text.split_inclusive(char::is_whitespace)
        .map(|word| {
            if looks_secret(word) && !word.starts_with('#') {
                word.chars().map(|c| if c.is_whitespace() { c } else { '*' }).collect()
            } else {
                word.to_owned()
            }
        })
        .collect()
}

/// The insides of all TOML strings (toml.io, "String"); one that is not closed goes on to the end of its line,
/// or of the file if it is a multi-line string. Comments are not looked into, but masked like bare words.
fn strings(source: &str) -> Vec<Range<usize>> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'#' => at = line_end(bytes, at),
            quote @ (b'"' | b'\'') => {
                let long = bytes[at..].starts_with(&[quote; 3]);
                let start = at + if long { 3 } else { 1 };
                let end = string_end(bytes, start, quote, long);
                found.push(start..end);
                at = end + if long { 3 } else { 1 };
            }
            _ => at += 1,
        }
    }
    found
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|&byte| byte == b'\n').map_or(bytes.len(), |length| from + length)
}

fn string_end(bytes: &[u8], start: usize, quote: u8, long: bool) -> usize {
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 2,
            b'\n' if !long => return at,
            byte if byte == quote && (!long || bytes[at..].starts_with(&[quote; 3])) => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_where_a_url_should_is_never_shown() {
        for line in ["url = [\"hunter2\"]", "target.main.url = {password = 'hunter2'}", "url = \"hunter2\""] {
            let masked = mask(line, Some(&(0..line.len())));
            assert!(!masked.contains("hunter2"), "{masked}");
        }
    }

    #[test]
    fn references_stay_and_literals_go() {
        assert_eq!(
            mask("url = \"env:DB\"\nurl = 'postgres://u:p@h/d'\npin = \"a\\\"b\"", None),
            "url = \"env:DB\"\nurl = '******************'\npin = \"****\""
        );
    }

    #[test]
    fn the_string_in_question_is_shown_unless_it_is_a_connection_string() {
        let source = "a = \"2 parsecs\"";
        assert_eq!(mask(source, Some(&(4..15))), source);
        assert_eq!(mask("a = \"host=h password=x\"", Some(&(4..22))), "a = \"*****************\"");
    }

    #[test]
    fn forgotten_or_open_quotes_hide_nothing_less() {
        assert_eq!(mask("url = postgres://u:p@h\nx = 1", None), "url = ****************\nx = 1");
        assert_eq!(mask("url = \"hunter2\nx = 1", None), "url = \"*******\nx = 1");
        assert_eq!(mask("url = \"\"\"\nhunter2\nhunter2", None), "url = \"\"\"\n*******\n*******");
        assert_eq!(mask("url = \"abc\\", None), "url = \"****");
    }

    #[test]
    fn a_line_that_is_no_toml_keeps_its_key_and_its_references() {
        assert_eq!(mask_values("url = hunter2 # x"), "url = ******* # *");
        assert_eq!(mask_values("url = env:DB"), "url = env:DB");
        assert_eq!(mask_values("[cluster"), "[cluster");
    }

    #[test]
    fn columns_stay_where_they_were() {
        let source = "név = \"jelszó\" # \"é\" postgres://u:p@h";
        let masked = mask(source, None);
        assert_eq!(masked.chars().count(), source.chars().count());
        assert_eq!(masked, "név = \"******\" # \"é\" ****************");
    }
}
