//! Text search configurations, dictionaries, templates and parsers.

use std::collections::BTreeMap;

use djogi_core::Resource;
use djogi_core::ident::{Ident, QualifiedName};
use djogi_core::kind::{
    Parameters, TextSearchConfiguration, TextSearchDictionary, TextSearchParser, TextSearchTemplate,
};

use super::error::IntrospectError;
use super::found::Found;
use super::lookup::class;
use super::reader::{FieldError, Fields, Reader};

/// Finds a row where there is any.
pub(super) const ANY: &str = "
SELECT FROM pg_catalog.pg_ts_config WHERE oid >= 16384
 UNION ALL
SELECT FROM pg_catalog.pg_ts_dict WHERE oid >= 16384
 UNION ALL
SELECT FROM pg_catalog.pg_ts_template WHERE oid >= 16384
 UNION ALL
SELECT FROM pg_catalog.pg_ts_parser WHERE oid >= 16384";

/// One element of each array for each dictionary of a type of token, in the order in which they are asked.
const CONFIGURATIONS: &str = "
SELECT x.oid,
       n.nspname,
       x.cfgname,
       pn.nspname,
       p.prsname,
       m.tokens,
       m.schemas,
       m.names,
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_ts_config'::pg_catalog.regclass AND d.objoid = x.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_ts_config x
  JOIN pg_catalog.pg_namespace n  ON n.oid = x.cfgnamespace
  JOIN pg_catalog.pg_ts_parser p  ON p.oid = x.cfgparser
  JOIN pg_catalog.pg_namespace pn ON pn.oid = p.prsnamespace
 CROSS JOIN LATERAL (
       SELECT COALESCE(pg_catalog.array_agg(t.alias ORDER BY c.maptokentype, c.mapseqno), '{}') AS tokens,
              COALESCE(pg_catalog.array_agg(s.nspname::pg_catalog.text ORDER BY c.maptokentype, c.mapseqno), '{}') AS schemas,
              COALESCE(pg_catalog.array_agg(e.dictname::pg_catalog.text ORDER BY c.maptokentype, c.mapseqno), '{}') AS names
         FROM pg_catalog.pg_ts_config_map c
         JOIN pg_catalog.ts_token_type(x.cfgparser) t ON t.tokid = c.maptokentype
         JOIN pg_catalog.pg_ts_dict   e ON e.oid = c.mapdict
         JOIN pg_catalog.pg_namespace s ON s.oid = e.dictnamespace
        WHERE c.mapcfg = x.oid) m
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR x.cfgname = ANY ($2))
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_ts_config'::pg_catalog.regclass
                      AND e.objid   = x.oid
                      AND e.deptype = 'e')";

const DICTIONARIES: &str = "
SELECT x.oid,
       n.nspname,
       x.dictname,
       tn.nspname,
       t.tmplname,
       x.dictinitoption,
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_ts_dict'::pg_catalog.regclass AND d.objoid = x.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_ts_dict     x
  JOIN pg_catalog.pg_namespace   n  ON n.oid = x.dictnamespace
  JOIN pg_catalog.pg_ts_template t  ON t.oid = x.dicttemplate
  JOIN pg_catalog.pg_namespace   tn ON tn.oid = t.tmplnamespace
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR x.dictname = ANY ($2))
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_ts_dict'::pg_catalog.regclass
                      AND e.objid   = x.oid
                      AND e.deptype = 'e')";

const TEMPLATES: &str = "
SELECT x.oid,
       n.nspname,
       x.tmplname,
       NULLIF(x.tmplinit::pg_catalog.text, '-'),
       x.tmpllexize::pg_catalog.text,
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_ts_template'::pg_catalog.regclass AND d.objoid = x.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_ts_template x
  JOIN pg_catalog.pg_namespace   n ON n.oid = x.tmplnamespace
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR x.tmplname = ANY ($2))
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_ts_template'::pg_catalog.regclass
                      AND e.objid   = x.oid
                      AND e.deptype = 'e')";

const PARSERS: &str = "
SELECT x.oid,
       n.nspname,
       x.prsname,
       x.prsstart::pg_catalog.text,
       x.prstoken::pg_catalog.text,
       x.prsend::pg_catalog.text,
       x.prslextype::pg_catalog.text,
       NULLIF(x.prsheadline::pg_catalog.text, '-'),
       (SELECT d.description
          FROM pg_catalog.pg_description d
         WHERE d.classoid = 'pg_catalog.pg_ts_parser'::pg_catalog.regclass AND d.objoid = x.oid AND d.objsubid = 0)
  FROM pg_catalog.pg_ts_parser x
  JOIN pg_catalog.pg_namespace n ON n.oid = x.prsnamespace
 WHERE n.nspname = ANY ($1)
   AND ($2 IS NULL OR x.prsname = ANY ($2))
   AND NOT EXISTS (SELECT
                     FROM pg_catalog.pg_depend e
                    WHERE e.classid = 'pg_catalog.pg_ts_parser'::pg_catalog.regclass
                      AND e.objid   = x.oid
                      AND e.deptype = 'e')";

fn decode_configuration(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let mut configuration = TextSearchConfiguration {
        schema: row.ident()?,
        name: row.ident()?,
        parser: row.qualified_name()?,
        mappings: BTreeMap::new(),
        comment: None,
    };
    let tokens = row.take::<Vec<String>>()?;
    let (schemas, names) = (row.take::<Vec<&str>>()?, row.take::<Vec<&str>>()?);
    for ((token, schema), name) in tokens.into_iter().zip(schemas).zip(names) {
        let ident = |text: &str| Ident::new(text).map_err(FieldError::Name);
        let dictionary = QualifiedName::new(ident(schema)?, ident(name)?);
        configuration.mappings.entry(token).or_default().push(dictionary);
    }
    configuration.comment = row.take()?;
    let resource = Resource::TextSearchConfiguration(configuration);
    Ok(Found::whole(class::TEXT_SEARCH_CONFIGURATION, oid, resource))
}

fn decode_dictionary(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let dictionary = TextSearchDictionary {
        schema: row.ident()?,
        name: row.ident()?,
        template: row.qualified_name()?,
        options: row.take::<Option<&str>>()?.map(parse_options).unwrap_or_default(),
        comment: row.take()?,
    };
    let resource = Resource::TextSearchDictionary(dictionary);
    Ok(Found::whole(class::TEXT_SEARCH_DICTIONARY, oid, resource))
}

/// `language = 'english', "StopWords" = 'english', maxlen = 5`: names and values stay as they are printed.
fn parse_options(text: &str) -> Parameters {
    let mut is_quoted = false;
    let parts = text.split(|c| {
        is_quoted ^= c == '\'';
        c == ',' && !is_quoted
    });
    let pairs = parts.filter_map(|part| part.trim().split_once(" = "));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The functions that are there, by what they do.
fn functions<const N: usize>(
    row: &mut Fields<'_>,
    roles: [&str; N],
) -> Result<BTreeMap<String, String>, FieldError> {
    let mut functions = BTreeMap::new();
    for role in roles {
        if let Some(function) = row.take()? {
            functions.insert(role.to_owned(), function);
        }
    }
    Ok(functions)
}

fn decode_template(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let template = TextSearchTemplate {
        schema: row.ident()?,
        name: row.ident()?,
        functions: functions(row, ["INIT", "LEXIZE"])?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::TEXT_SEARCH_TEMPLATE, oid, Resource::TextSearchTemplate(template)))
}

fn decode_parser(row: &mut Fields<'_>) -> Result<Found, FieldError> {
    let oid = row.take()?;
    let parser = TextSearchParser {
        schema: row.ident()?,
        name: row.ident()?,
        functions: functions(row, ["START", "GETTOKEN", "END", "LEXTYPES", "HEADLINE"])?,
        comment: row.take()?,
    };
    Ok(Found::whole(class::TEXT_SEARCH_PARSER, oid, Resource::TextSearchParser(parser)))
}

pub(super) async fn read(reader: &Reader<'_>) -> Result<Vec<Found>, IntrospectError> {
    let found = futures_util::join!(
        reader.rows("text search configurations", CONFIGURATIONS, decode_configuration),
        reader.rows("text search dictionaries", DICTIONARIES, decode_dictionary),
        reader.rows("text search templates", TEMPLATES, decode_template),
        reader.rows("text search parsers", PARSERS, decode_parser),
    );
    Ok([found.0?, found.1?, found.2?, found.3?].into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_told_apart_outside_quotes() {
        let options = parse_options("synonyms = 'a, b''s', \"Odd\" = E'c\\\\', maxlen = 5");
        let pairs: Vec<_> = options.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("\"Odd\"", "E'c\\\\'"), ("maxlen", "5"), ("synonyms", "'a, b''s'")]);
    }
}
