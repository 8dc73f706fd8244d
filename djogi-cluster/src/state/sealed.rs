//! Documents under seal: canonical JSON with a format, and a digest over everything else.
//!
//! Sidecars and approvals are such documents, one file or row each. As with `state.json`, what [`parse`] accepts is
//! byte for byte what [`render`] writes; one line an outermost key.

use std::collections::BTreeMap;

use djogi_core::Digest;
use djogi_core::digest::canonical_json;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::damage::Damage;

/// A document with a format of its own. Its keys are neither `format` nor `digest`.
pub(super) trait Sealed: Serialize + DeserializeOwned {
    /// The format written by this version, and the only one it reads: `djogi-sidecar/1`.
    const FORMAT: &'static str;
}

type Keys = BTreeMap<String, Value>;

/// The text of `document`.
pub(super) fn render<D: Sealed>(document: &D) -> Vec<u8> {
    let Ok(Value::Object(keys)) = serde_json::to_value(document) else {
        unreachable!("a document is a struct with string keys")
    };
    let mut keys: Keys = keys.into_iter().collect();
    keys.insert("format".to_owned(), D::FORMAT.into());
    let digest = Digest::of(&keys);
    keys.insert("digest".to_owned(), digest.to_string().into());
    to_text(&keys)
}

/// Reads what [`render`] wrote, and nothing else.
pub(super) fn parse<D: Sealed>(bytes: &[u8]) -> Result<D, Damage> {
    if bytes.is_empty() {
        return Err(Damage::Empty);
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| Damage::of_syntax(bytes, &error))?;
    let Value::Object(keys) = value else { return Err(Damage::of_format(String::new(), D::FORMAT)) };
    let mut keys: Keys = keys.into_iter().collect();
    let format = keys.remove("format").and_then(|format| format.as_str().map(str::to_owned));
    let format = format.unwrap_or_default();
    if format != D::FORMAT {
        return Err(Damage::of_format(format, D::FORMAT));
    }
    keys.remove("digest");
    let body = Value::Object(keys.into_iter().collect());
    let document: D = serde_path_to_error::deserialize(body).map_err(|error| {
        let path = error.path().to_string();
        Damage::of_value(line_of_key(bytes, &path), path, &error.inner().to_string(), D::FORMAT)
    })?;
    if render(&document) == bytes { Ok(document) } else { Err(Damage::Altered) }
}

fn to_text(keys: &Keys) -> Vec<u8> {
    let lines = keys.iter().map(|(key, value)| format!("{}:{}", canonical_json(key), canonical_json(value)));
    format!("{{{}}}\n", lines.collect::<Vec<_>>().join(",\n")).into_bytes()
}

/// The line, from 1, of the outermost key that `path` begins with.
fn line_of_key(bytes: &[u8], path: &str) -> usize {
    let key = path.split(['.', '[']).next().unwrap_or_default();
    let begins = [format!("\"{key}\":"), format!("{{\"{key}\":")];
    let mut lines = bytes.split(|byte| *byte == b'\n');
    1 + lines.position(|line| begins.iter().any(|key| line.starts_with(key.as_bytes()))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Note {
        words: BTreeMap<String, Inner>,
        count: u64,
        none: Option<u8>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        text: String,
    }

    impl Sealed for Note {
        const FORMAT: &'static str = "djogi-note/2";
    }

    fn note() -> Note {
        let inner = |text: &str| Inner { text: text.to_owned() };
        let words = [("b".to_owned(), inner("\u{e9}\n\"")), ("a".to_owned(), inner(""))].into();
        Note { words, count: u64::MAX, none: None }
    }

    fn text() -> String {
        String::from_utf8(render(&note())).unwrap()
    }

    #[test]
    fn what_is_rendered_parses_to_the_same_document() {
        assert_eq!(parse::<Note>(&render(&note())).unwrap(), note());
    }

    #[test]
    fn the_text_is_canonical_json_with_line_breaks_and_the_digest_of_the_rest() {
        let text = text();
        let mut value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(canonical_json(&value), text.replace('\n', ""));
        assert_eq!(text.lines().count(), 5, "{text}");
        let digest = value.as_object_mut().unwrap().remove("digest").unwrap();
        assert_eq!(digest, Digest::of(&value).to_string());
    }

    #[test]
    fn no_bit_can_flip_unseen() {
        let text = text();
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut flipped = text.clone().into_bytes();
                flipped[at] ^= 1 << bit;
                assert!(parse::<Note>(&flipped).is_err(), "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn no_beginning_of_the_text_passes_for_the_whole() {
        let text = text();
        assert_eq!(parse::<Note>(b""), Err(Damage::Empty));
        for length in 1..text.len() - 2 {
            assert_eq!(parse::<Note>(&text.as_bytes()[..length]), Err(Damage::Torn { bytes: length }));
        }
        assert_eq!(parse::<Note>(&text.as_bytes()[..text.len() - 1]), Err(Damage::Altered));
    }

    #[test]
    fn each_kind_of_damage_has_its_own_name() {
        let of = |from: &str, to: &str| {
            assert!(text().contains(from), "{from}");
            parse::<Note>(text().replacen(from, to, 1).as_bytes()).unwrap_err()
        };
        let known = Note::FORMAT;
        assert_eq!(of("note/2", "note/10"), Damage::Newer { format: "djogi-note/10".into(), known });
        assert_eq!(of("note/2", "note/1"), Damage::OtherFormat { format: "djogi-note/1".into(), known });
        assert_eq!(of("\"format\"", "\"form\""), Damage::OtherFormat { format: String::new(), known });
        assert_eq!(of("\"text\":\"\"", "\"text\":\"x\""), Damage::Altered);
        assert_eq!(of("\"count\":", "\"count\": "), Damage::Altered);
        let unknown = Damage::UnknownField { field: "colour".into(), line: 4, known };
        assert_eq!(of("\"none\":", "\"colour\":1,\"none\":"), unknown);
        let inner = Damage::UnknownField { field: "colour".into(), line: 5, known };
        assert_eq!(of("\"text\":\"\"", "\"text\":\"\",\"colour\":1"), inner);
        let value = of("\"count\":1", "\"count\":-1");
        assert!(matches!(&value, Damage::InvalidValue { path, line: 1, .. } if path == "count"), "{value}");
        assert!(matches!(of("\"count\":", "count:"), Damage::Malformed { line: 1, .. }));
        assert!(matches!(parse::<Note>(b"[]"), Err(Damage::OtherFormat { .. })));
    }
}
