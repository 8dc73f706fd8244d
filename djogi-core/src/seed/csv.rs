//! CSV as `COPY ... WITH (FORMAT csv, HEADER)` reads it.
//!
//! Written by hand because NULL and the empty text differ by their quotes alone, which parsers of CSV do not tell.

use super::{Field, SeedError, Table};

/// Reads a file whose first line names the columns. An unquoted field that is `null` is NULL.
///
/// # Errors
/// The first line that is no CSV, or has another number of fields than the header.
pub(super) fn read(text: &str, null: &str) -> Result<Table, SeedError> {
    let mut reader = Reader { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
    let Some((line, header)) = reader.record()? else {
        return Err(SeedError::new(1, "the file is empty: its first line must name the columns"));
    };
    let columns: Vec<String> = header.into_iter().map(|raw| raw.text).collect();
    let mut rows = Vec::new();
    while let Some((line, record)) = reader.record()? {
        if record.len() != columns.len() {
            let (found, wanted) = (record.len(), columns.len());
            return Err(SeedError::new(line, format!("{found} fields, where the header has {wanted}")));
        }
        let field =
            |raw: Raw| if !raw.quoted && raw.text == null { Field::Null } else { Field::Text(raw.text) };
        rows.push((line, record.into_iter().map(field).collect()));
    }
    Ok(Table { line, columns, rows })
}

struct Raw {
    text: String,
    quoted: bool,
}

struct Reader<'a> {
    rest: &'a str,
    line: u32,
}

impl Reader<'_> {
    /// The next record with the line that it begins in; empty lines are none.
    fn record(&mut self) -> Result<Option<(u32, Vec<Raw>)>, SeedError> {
        while let Some(rest) = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix('\n')) {
            self.rest = rest;
            self.line += 1;
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let began = self.line;
        let mut fields = Vec::new();
        loop {
            fields.push(self.field()?);
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
                continue;
            }
            self.end_line();
            return Ok(Some((began, fields)));
        }
    }

    fn end_line(&mut self) {
        if let Some(rest) = self.rest.strip_prefix("\r\n").or_else(|| self.rest.strip_prefix('\n')) {
            self.rest = rest;
            self.line += 1;
        }
    }

    fn field(&mut self) -> Result<Raw, SeedError> {
        let Some(quoted) = self.rest.strip_prefix('"') else {
            let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at(end);
            let text = if rest.starts_with(',') { text } else { text.strip_suffix('\r').unwrap_or(text) };
            if text.contains('"') {
                let message =
                    "a quote within an unquoted field: quote the field, and write \"\" for each quote";
                return Err(SeedError::new(self.line, message));
            }
            self.rest = &self.rest[text.len()..];
            return Ok(Raw { text: text.to_owned(), quoted: false });
        };
        let (began, mut text, mut rest) = (self.line, String::new(), quoted);
        loop {
            let Some(end) = rest.find('"') else {
                return Err(SeedError::new(began, "a quoted field is never closed"));
            };
            let (part, behind) = rest.split_at(end);
            text.push_str(part);
            rest = &behind[1..];
            match rest.strip_prefix('"') {
                Some(behind) => {
                    text.push('"');
                    rest = behind;
                }
                None => break,
            }
        }
        self.line += u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX);
        if !(rest.is_empty() || rest.starts_with([',', '\n']) || rest.starts_with("\r\n")) {
            return Err(SeedError::new(
                self.line,
                "only a comma or the end of the line can follow a quoted field",
            ));
        }
        self.rest = rest;
        Ok(Raw { text, quoted: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, null: &str) -> Vec<(u32, Vec<Option<String>>)> {
        let of = |field: Field| match field {
            Field::Null => None,
            Field::Text(text) => Some(text),
            other => panic!("{other:?}"),
        };
        let rows = read(text, null).unwrap().rows;
        rows.into_iter().map(|(line, row)| (line, row.into_iter().map(of).collect())).collect()
    }

    fn some(texts: &[&str]) -> Vec<Option<String>> {
        texts.iter().map(|text| Some((*text).to_owned())).collect()
    }

    #[test]
    fn an_unquoted_empty_field_is_null_and_a_quoted_one_is_empty() {
        assert_eq!(rows("a,b\n,\"\"\n", ""), [(2, vec![None, Some(String::new())])]);
        assert_eq!(rows("a,b\nNULL,\"NULL\"\n", "NULL"), [(2, vec![None, Some("NULL".to_owned())])]);
    }

    #[test]
    fn quotes_commas_and_lines_stand_in_quoted_fields() {
        let text = "a,b\r\n\"x, \"\"y\"\"\",\"one\ntwo\"\r\n\r\nlast,z";
        assert_eq!(rows(text, ""), [(2, some(&["x, \"y\"", "one\ntwo"])), (5, some(&["last", "z"]))]);
    }

    #[test]
    fn what_is_no_csv_is_told_with_its_line() {
        let told = |text| read(text, "").unwrap_err();
        assert_eq!(told("a,b\n1,2\n3\n").line, Some(3));
        assert_eq!(told("a,b\n1,\"2\n3\n").line, Some(2));
        assert_eq!(told("a,b\n1,2\"\n").line, Some(2));
        assert_eq!(told("a\n\"x\"y\n").line, Some(2));
        assert_eq!(told("").line, Some(1));
    }
}
