//! Writes canonical JSON in one pass: object keys sorted by their bytes, no white space.
//!
//! The members of an object are written in the order in which they come and put in order when it ends, which for
//! most of our types costs one copy of a few hundred bytes.

use std::io::Write as _;
use std::ops::Range;

use serde::Serialize;
use serde::ser::{self, Serializer};
use serde_json::Error;

/// Appends `value` to `out`; the outermost object without the members `omitted`.
pub(crate) fn write<T: Serialize + ?Sized>(
    value: &T,
    omitted: &'static [&'static str],
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let mut writer =
        Writer { out: std::mem::take(out), members: Vec::new(), sorted: Vec::new(), omitted, depth: 0 };
    let written = value.serialize(&mut writer);
    *out = writer.out;
    written
}

struct Writer {
    out: Vec<u8>,
    /// The members of all objects that are open, the innermost last.
    members: Vec<Member>,
    /// Kept for its memory.
    sorted: Vec<u8>,
    omitted: &'static [&'static str],
    /// How many arrays and objects are open.
    depth: usize,
}

/// Where a member of an object is in the text.
#[derive(Clone, Debug)]
struct Member {
    /// Without the quotes.
    key: Range<usize>,
    whole: Range<usize>,
}

/// An array or object that is being written.
struct Open<'w> {
    writer: &'w mut Writer,
    /// The first of its members, and where they begin in the text.
    first: usize,
    begin: usize,
    /// What ends it, and the object that a variant is wrapped in.
    end: &'static str,
}

impl Writer {
    fn open(&mut self, begin: &str, end: &'static str) -> Open<'_> {
        self.out.extend_from_slice(begin.as_bytes());
        self.depth += 1;
        Open { first: self.members.len(), begin: self.out.len(), writer: self, end }
    }

    /// Begins the object of one member that stands for a variant with content.
    fn variant(&mut self, variant: &str) -> Result<(), Error> {
        self.out.push(b'{');
        self.string(variant)?;
        self.out.push(b':');
        Ok(())
    }

    fn string(&mut self, text: &str) -> Result<(), Error> {
        serde_json::to_writer(&mut self.out, text)
    }

    fn plain(&mut self, value: impl std::fmt::Display) -> Result<(), Error> {
        write!(self.out, "{value}").map_err(Error::io)
    }
}

impl Open<'_> {
    fn separate(&mut self) {
        if self.writer.out.len() > self.begin {
            self.writer.out.push(b',');
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.separate();
        value.serialize(&mut *self.writer)
    }

    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.separate();
        let start = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        if self.writer.out[start] != b'"' {
            // A number as a key is a string in JSON.
            self.writer.out.insert(start, b'"');
            self.writer.out.push(b'"');
        }
        let end = self.writer.out.len();
        self.writer.members.push(Member { key: start + 1..end - 1, whole: start..end });
        self.writer.out.push(b':');
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.writer)?;
        let end = self.writer.out.len();
        let member = self.writer.members.last_mut().expect("a value follows its key");
        member.whole.end = end;
        Ok(())
    }

    fn member<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.key(key)?;
        self.value(value)
    }

    /// Puts the members in order and ends the object.
    fn finish(self) -> Result<(), Error> {
        let Self { writer: Writer { out, members, sorted, omitted, depth }, first, begin, end } = self;
        *depth -= 1;
        let omits = *depth == 0 && !omitted.is_empty();
        if omits {
            members.retain(|member| !omitted.iter().any(|key| key.as_bytes() == &out[member.key.clone()]));
        }
        let ours = &mut members[first..];
        let key = |member: &Member| &out[member.key.clone()];
        let has_escapes = ours.iter().any(|member| key(member).contains(&b'\\'));
        if omits || has_escapes || !ours.is_sorted_by(|a, b| key(a) <= key(b)) {
            if has_escapes {
                ours.sort_by_cached_key(|member| unescaped(&out[member.key.start - 1..=member.key.end]));
            } else {
                ours.sort_unstable_by(|a, b| key(a).cmp(key(b)));
            }
            sorted.clear();
            for member in ours {
                if !sorted.is_empty() {
                    sorted.push(b',');
                }
                sorted.extend_from_slice(&out[member.whole.clone()]);
            }
            out.truncate(begin);
            out.extend_from_slice(sorted);
        }
        members.truncate(first);
        out.extend_from_slice(end.as_bytes());
        Ok(())
    }
}

/// The text that a JSON string stands for; keys are sorted by it.
fn unescaped(json: &[u8]) -> String {
    serde_json::from_slice(json).expect("the key was written as a JSON string")
}

impl<'w> Serializer for &'w mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Open<'w>;
    type SerializeTuple = Open<'w>;
    type SerializeTupleStruct = Open<'w>;
    type SerializeTupleVariant = Open<'w>;
    type SerializeMap = Open<'w>;
    type SerializeStruct = Open<'w>;
    type SerializeStructVariant = Open<'w>;

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Error> {
        self.plain(value)
    }

    fn serialize_i16(self, value: i16) -> Result<(), Error> {
        self.plain(value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), Error> {
        self.plain(value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), Error> {
        self.plain(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), Error> {
        self.plain(value)
    }

    fn serialize_u16(self, value: u16) -> Result<(), Error> {
        self.plain(value)
    }

    fn serialize_u32(self, value: u32) -> Result<(), Error> {
        self.plain(value)
    }

    fn serialize_u64(self, value: u64) -> Result<(), Error> {
        self.plain(value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        serde_json::to_writer(&mut self.out, &value)
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.string(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        self.string(value)
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        self.string(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.variant(variant)?;
        value.serialize(&mut *self)?;
        self.out.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<'w>, Error> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<'w>, Error> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<'w>, Error> {
        Ok(self.open("[", "]"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'w>, Error> {
        self.variant(variant)?;
        Ok(self.open("[", "]}"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<'w>, Error> {
        Ok(self.open("{", "}"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Open<'w>, Error> {
        Ok(self.open("{", "}"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<'w>, Error> {
        self.variant(variant)?;
        Ok(self.open("{", "}}"))
    }
}

/// The arrays: each has a trait of its own with the same two functions.
macro_rules! array {
    ($($name:ident . $add:ident),*) => {$(
        impl ser::$name for Open<'_> {
            type Ok = ();
            type Error = Error;

            fn $add<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.element(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

array!(
    SerializeSeq.serialize_element,
    SerializeTuple.serialize_element,
    SerializeTupleStruct.serialize_field,
    SerializeTupleVariant.serialize_field
);

/// The same for objects with fixed keys.
macro_rules! object {
    ($($name:ident),*) => {$(
        impl ser::$name for Open<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.member(key, value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

object!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Open<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn written<T: Serialize>(value: &T) -> String {
        let mut out = b"before ".to_vec();
        write(value, &[], &mut out).unwrap();
        String::from_utf8(out).unwrap().strip_prefix("before ").unwrap().to_owned()
    }

    fn json() -> impl Strategy<Value = Value> {
        let text = prop_oneof![any::<String>(), "[a-c\"\\\\\n]{0,4}"];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 6, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                proptest::collection::vec((text.clone(), inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    #[derive(Serialize)]
    enum Sort {
        Unit,
        #[serde(rename = "a\"b")]
        Newtype(u8),
        Tuple(u8, Option<u8>),
        Struct {
            z: (),
            a: (char, i8),
        },
    }

    #[derive(Serialize)]
    struct All<'a> {
        z: &'a Value,
        sorts: Vec<Sort>,
        numbers: BTreeMap<u32, &'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        absent: Option<u8>,
        #[serde(flatten)]
        rest: BTreeMap<&'a str, u8>,
    }

    proptest! {
        #[test]
        fn a_value_is_written_as_its_sorted_map_is(value in json()) {
            let sorts = vec![Sort::Unit, Sort::Newtype(1), Sort::Tuple(1, None), Sort::Struct { z: (), a: ('"', -1) }];
            let rest = [("b\"c", 1), ("b\u{1}", 2), ("ü", 3)].into();
            let all = All { z: &value, sorts, numbers: [(10, "x"), (9, "y")].into(), absent: None, rest };
            prop_assert_eq!(written(&all), serde_json::to_value(&all).unwrap().to_string());
            prop_assert_eq!(written(&value), value.to_string());
        }
    }

    #[test]
    fn only_the_outermost_object_omits_members() {
        let value: Value = serde_json::from_str(r#"{"b":{"a":1},"a":2,"c":[]}"#).unwrap();
        let mut out = Vec::new();
        write(&value, &["a", "c"], &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), r#"{"b":{"a":1}}"#);
    }

    #[test]
    fn a_number_as_key_is_a_string() {
        assert_eq!(written(&BTreeMap::from([(10, 0), (9, 0)])), r#"{"10":0,"9":0}"#);
    }
}
