//! JSON: an array of objects, each a row. A number stays as it is written.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Field, SeedError, Table};

/// Reads a file. All objects must have the same names.
///
/// # Errors
/// What is no JSON or no array of objects, and the first row that has other columns than the one before.
pub(super) fn read(text: &str) -> Result<Table, SeedError> {
    let rows: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| {
        let line = u32::try_from(error.line()).unwrap_or(u32::MAX).max(1);
        SeedError::new(line, format!("an array of objects is expected: {error}"))
    })?;
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut columns: Vec<String> = Vec::new();
    let mut read = Vec::with_capacity(rows.len());
    for row in rows {
        let line = lines.of(row.get());
        let members: Members<'_> = serde_json::from_str(row.get())
            .map_err(|error| SeedError::new(line, format!("an object is expected: {error}")))?;
        let mut found = BTreeMap::new();
        for (name, value) in members.0 {
            if found.insert(name.clone(), value).is_some() {
                return Err(SeedError::new(line, format!("\"{name}\" is given twice")));
            }
        }
        if read.is_empty() {
            columns = found.keys().cloned().collect();
        }
        if let Some(missing) = columns.iter().find(|column| !found.contains_key(*column)) {
            let message =
                format!("\"{missing}\" is missing, which the first row has: write null where it is unknown");
            return Err(SeedError::new(line, message));
        }
        if let Some(other) = found.keys().find(|name| !columns.contains(name)) {
            return Err(SeedError::new(
                line,
                format!("\"{other}\" is not in the first row: all have the same columns"),
            ));
        }
        let fields = found.into_values().map(field).collect::<Result<_, _>>();
        read.push((line, fields.map_err(|error| SeedError::new(line, error.to_string()))?));
    }
    Ok(Table { line: 1, columns, rows: read })
}

fn field(value: &RawValue) -> Result<Field, serde_json::Error> {
    let text = value.get();
    Ok(match text.as_bytes().first() {
        Some(b'n') => Field::Null,
        Some(b'"') => Field::JsonText(serde_json::from_str(text)?),
        Some(b'[' | b'{') => Field::Nested(text.to_owned()),
        _ => Field::Text(text.to_owned()),
    })
}

/// The members of an object in their order, with repetitions.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Counts lines up to parts of a text that come one after the other.
struct Lines<'a> {
    text: &'a str,
    at: usize,
    line: u32,
}

impl Lines<'_> {
    fn of(&mut self, part: &str) -> u32 {
        let start = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize).min(self.text.len());
        let between = self.text.as_bytes().get(self.at..start).unwrap_or_default();
        let lines = between.iter().filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.at = start.max(self.at);
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_what_they_are() {
        let table =
            read("[\n  {\"b\": 1.10, \"a\": \"x\"},\n  {\"a\": null, \"b\": {\"c\": [1]}}\n]").unwrap();
        assert_eq!(table.columns, ["a", "b"]);
        let nested = Field::Nested("{\"c\": [1]}".to_owned());
        let first = vec![Field::JsonText("x".to_owned()), Field::Text("1.10".to_owned())];
        assert_eq!(table.rows, [(2, first), (3, vec![Field::Null, nested])]);
    }

    #[test]
    fn what_is_no_row_is_told_with_its_line() {
        let told = |text| read(text).unwrap_err();
        assert_eq!(told("[\n{\"a\": 1},\n{\"b\": 1}]").line, Some(3));
        assert_eq!(told("[\n{\"a\": 1},\n7]").line, Some(3));
        assert_eq!(told("[\n{\"a\": 1},\n{\"a\": }]").line, Some(3));
        assert_eq!(told("[{\"a\": 1, \"a\": 2}]").message, "\"a\" is given twice");
        assert_eq!(told("{}").line, Some(1));
    }
}
