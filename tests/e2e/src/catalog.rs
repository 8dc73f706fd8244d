//! The schema of a database as text, read without djogi: what two databases must agree in to be the same.

use crate::database::Database;

/// One sorted line for each fact about the objects of `schema`: columns, constraints, indexes, enums, sequences, comments,
/// triggers and privileges, as PostgreSQL itself prints them. The order of columns is left out, since PostgreSQL appends
/// new ones; so are row types and the schema of djogi itself.
pub fn fingerprint(database: &Database, schema: &str) -> Vec<String> {
    let quoted = schema.replace('\'', "''");
    let queries = QUERIES.iter().map(|query| {
        query.replace("$schema", &format!("(SELECT oid FROM pg_namespace WHERE nspname = '{quoted}')"))
    });
    let mut facts: Vec<String> = queries.flat_map(|query| database.column(&query)).collect();
    facts.sort();
    facts
}

const QUERIES: [&str; 8] = [
    "SELECT format('column %s.%s %s%s%s%s%s%s%s comment=%L privileges=%s', c.relname, a.attname,
            format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN ' NOT NULL' END,
            ' COLLATE ' || NULLIF(a.attcollation, 0)::regcollation::text,
            ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
            ' IDENTITY ' || NULLIF(a.attidentity::text, ''), ' GENERATED ' || NULLIF(a.attgenerated::text, ''),
            ' STATISTICS ' || a.attstattarget::text,
            col_description(c.oid, a.attnum), a.attacl)
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
      WHERE c.relnamespace = $schema AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
    "SELECT format('relation %s %s %s comment=%L privileges=%s', relkind, relname, relpersistence,
            obj_description(oid, 'pg_class'), relacl)
       FROM pg_class WHERE relnamespace = $schema AND relkind <> 'c'",
    "SELECT format('constraint %s on %s: %s, validated %s, index %s, comment=%L', conname, conrelid::regclass,
            pg_get_constraintdef(oid), convalidated, NULLIF(conindid, 0)::regclass,
            obj_description(oid, 'pg_constraint'))
       FROM pg_constraint WHERE connamespace = $schema AND contype <> 'n'",
    "SELECT format('index %s valid %s', pg_get_indexdef(i.indexrelid), i.indisvalid)
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = $schema",
    "SELECT format('enum %s: %s, comment=%L', t.typname,
            string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder),
            obj_description(t.oid, 'pg_type'))
       FROM pg_type t LEFT JOIN pg_enum e ON e.enumtypid = t.oid
      WHERE t.typnamespace = $schema AND t.typtype = 'e' GROUP BY t.oid, t.typname",
    "SELECT format('sequence %s %s start %s increment %s min %s max %s cache %s cycle %s owned by %s', c.relname,
            s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
            (SELECT format('%s.%s %s', d.refobjid::regclass, a.attname, d.deptype) FROM pg_depend d
               JOIN pg_attribute a ON (a.attrelid, a.attnum) = (d.refobjid, d.refobjsubid)
              WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i')
                AND d.refclassid = 'pg_class'::regclass))
       FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid WHERE c.relnamespace = $schema",
    "SELECT format('trigger %s', pg_get_triggerdef(t.oid))
       FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE c.relnamespace = $schema AND NOT t.tgisinternal",
    "SELECT format('schema comment=%L', obj_description($schema, 'pg_namespace'))",
];
