//! SHA-256 digests over canonical JSON: object keys sorted, no white space, so equal values have equal
//! digests whatever wrote them.

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;
use std::thread;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::canonical;
use crate::from_text::from_text;

/// A SHA-256 digest, written `sha256:<64 hex digits>`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(try_from = "String", into = "String"))]
#[cfg_attr(feature = "schema", schemars(extend("pattern" = "^sha256:[0-9a-f]{64}$")))]
pub struct Digest([u8; 32]);

/// A text that is not `sha256:<64 hex digits>`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a digest of the form `sha256:<64 hex digits>`")]
pub struct DigestError(String);

impl Digest {
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Digests what the parts are when joined.
    pub fn of_parts<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Self {
        let mut hasher = Sha256::new();
        parts.into_iter().for_each(|part| hasher.update(part));
        Self(hasher.finalize().into())
    }

    /// Digests the canonical JSON of `value`.
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::of_bytes(&canonical_bytes(value, &[]))
    }

    /// The same of an object without its members `omitted`, such as the one that holds the digest.
    pub fn of_without<T: Serialize + ?Sized>(value: &T, omitted: &'static [&'static str]) -> Self {
        Self::of_bytes(&canonical_bytes(value, omitted))
    }

    /// The digests of many values, on all processors.
    pub fn of_each<T: Serialize + Sync + ?Sized>(values: &[&T]) -> Vec<Self> {
        /// Fewer are done before a thread has started.
        const SHARE: usize = 500;
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let share = values.len().div_ceil(processors).max(SHARE);
        let (own, others) = values.split_at(share.min(values.len()));
        let digests = |share: &[&T]| share.iter().map(|value| Self::of(*value)).collect::<Vec<_>>();
        thread::scope(|scope| {
            let others: Vec<_> =
                others.chunks(share).map(|share| scope.spawn(move || digests(share))).collect();
            let own = digests(own);
            let others =
                others.into_iter().flat_map(|thread| thread.join().expect("digesting does not panic"));
            own.into_iter().chain(others).collect()
        })
    }

    /// The 64 hex digits without the algorithm, for file names.
    pub fn hex(&self) -> String {
        self.text().as_str()[ALGORITHM.len()..].to_owned()
    }

    fn text(&self) -> Text {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; TEXT_LENGTH];
        let (algorithm, hex) = text.split_at_mut(ALGORITHM.len());
        algorithm.copy_from_slice(ALGORITHM.as_bytes());
        for (pair, byte) in hex.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Text(text)
    }
}

const ALGORITHM: &str = "sha256:";
const TEXT_LENGTH: usize = ALGORITHM.len() + 64;

/// The text form, without memory of its own: states hold tens of thousands of digests.
struct Text([u8; TEXT_LENGTH]);

impl Text {
    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the text of a digest is ASCII")
    }
}

/// The canonical JSON text of `value`: sorted keys, compact.
pub fn canonical_json<T: Serialize + ?Sized>(value: &T) -> String {
    String::from_utf8(canonical_bytes(value, &[])).expect("JSON is UTF-8")
}

fn canonical_bytes<T: Serialize + ?Sized>(value: &T, omitted: &'static [&'static str]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    canonical::write(value, omitted, &mut bytes)
        .expect("our types have string keys and no failing serializers");
    bytes
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().as_str())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let bad = || DigestError(text.to_owned());
        let hex = text.strip_prefix(ALGORITHM).ok_or_else(bad)?.as_bytes();
        if hex.len() != 64 {
            return Err(bad());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_chunks::<2>().0) {
            let digit = |c: u8| match c {
                b'0'..=b'9' => Ok(c - b'0'),
                b'a'..=b'f' => Ok(c - b'a' + 10),
                _ => Err(bad()),
            };
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text().as_str())
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_text(deserializer, "a digest", str::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_order_does_not_matter() {
        let a: serde_json::Value = serde_json::from_str(r#"{"b":1,"a":[1,2]}"#).unwrap();
        let b: serde_json::Value = serde_json::from_str(r#"{"a":[1,2],"b":1}"#).unwrap();
        assert_eq!(Digest::of(&a), Digest::of(&b));
        assert_eq!(canonical_json(&a), r#"{"a":[1,2],"b":1}"#);
    }

    #[test]
    fn the_text_form_round_trips_and_rejects_the_rest() {
        let digest = Digest::of_bytes(b"");
        assert_eq!(
            digest.to_string(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("sha256:E3".parse::<Digest>().is_err());
        assert!("md5:00".parse::<Digest>().is_err());
    }
}
