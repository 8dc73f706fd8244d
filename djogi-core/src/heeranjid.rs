//! heeranjid: what makes the keys `HeerId` and `RanjId` in the database. It is an extension with a version, only that no
//! server has it: djogi brings the SQL of the crate `heeranjid` with it, and puts it into a schema of its own.
//!
//! `heeranjid/` holds the files of the crate as they are, for the crate gives them only together with a database driver,
//! which no crate of models should be built with; a test compares the two. [`VERSION`] stands in the comment of the schema, and
//! [`DIGEST`] tells whether its objects are still those of that version.

use crate::ident::Ident;

/// Of the extension, and of its schema.
pub const NAME: &str = "heeranjid";

/// Of the crate.
pub const VERSION: &str = "0.5.1";

/// MD5 of the objects, as [`query`] takes it. What `heer_configure()` writes anew with the epoch in it counts by its
/// signature alone.
const DIGEST: &str = "d76caed94ae5c415f516d125f0e7cc74";

/// What a version ends in whose objects were changed.
const CHANGED: &str = "+changed";

const TABLES: [&str; 4] = ["heer_node_state", "heer_ranj_node_state", "heer_config", "heer_nodes"];

const ROUTINES: [&str; 21] = [
    "current_heer_node_id",
    "current_heer_ranj_node_id",
    "generate_id",
    "generate_ids",
    "generate_ids_desc",
    "generate_ranjid",
    "generate_ranjids",
    "generate_ranjids_desc",
    "heer_configure",
    "heeranjid_bulk_backfill",
    "heerid_flip_mask",
    "heerid_next",
    "heerid_next_desc",
    "heerid_to_asc",
    "heerid_to_desc",
    "ranjid_next",
    "ranjid_next_desc",
    "ranjid_to_asc",
    "ranjid_to_desc",
    "set_heer_node_id",
    "set_heer_ranj_node_id",
];

/// The files of the crate, in the order in which they need each other. The last one registers node 1 and an epoch,
/// without which nothing is generated.
const SQL: &str = concat!(
    include_str!("../heeranjid/schema.sql"),
    include_str!("../heeranjid/session.sql"),
    include_str!("../heeranjid/generate_heerid.sql"),
    include_str!("../heeranjid/generate_ranjid.sql"),
    include_str!("../heeranjid/configure.sql"),
    include_str!("../heeranjid/desc_flip.sql"),
    include_str!("../heeranjid/desc_generators.sql"),
    include_str!("../heeranjid/bulk_backfill.sql"),
    include_str!("../heeranjid/seed.sql"),
);

/// Functions find each other whatever the path of the session is. A procedure with a path of its own could not commit.
const PIN: &str = "DO $pin$
DECLARE
    one pg_catalog.regprocedure;
BEGIN
    FOR one IN SELECT p.oid FROM pg_catalog.pg_proc p
                WHERE p.pronamespace = 'heeranjid'::pg_catalog.regnamespace AND p.prokind = 'f' AND p.proconfig IS NULL
    LOOP
        EXECUTE pg_catalog.format('ALTER FUNCTION %s SET search_path = heeranjid, pg_catalog', one);
    END LOOP;
END;
$pin$;
";

/// Whether the extension of this name is the one that djogi brings.
pub fn is_it(extension: &Ident) -> bool {
    extension.as_str() == NAME
}

/// The version that is there, by the comment of the schema and the digest of its objects.
pub fn version_found(said: &str, digest: &str) -> String {
    if said == VERSION && digest != DIGEST { format!("{said}{CHANGED}") } else { said.to_owned() }
}

/// Whether a newer djogi has installed it.
pub(crate) fn is_newer(found: &str) -> bool {
    let numbers = |version: &str| -> Vec<u64> {
        let plain = version.split(['+', '-']).next().unwrap_or_default();
        plain.split('.').map_while(|number| number.parse().ok()).collect()
    };
    numbers(found) > numbers(VERSION)
}

/// Makes it where it is not.
pub(crate) fn install() -> String {
    format!("CREATE SCHEMA {NAME};\n{}", update())
}

/// Makes an older version, or one that was changed, what it is to be: the crate's SQL can be run again.
pub(crate) fn update() -> String {
    format!(
        "SET LOCAL search_path = {NAME}, pg_catalog;\n{SQL}\n{PIN}COMMENT ON SCHEMA {NAME} IS '{NAME} {VERSION}';\n\
         SET LOCAL search_path = ''"
    )
}

/// Drops its objects, and nothing that somebody else has put beside them.
pub(crate) fn uninstall() -> String {
    let tables = TABLES.map(|table| format!("DROP TABLE {NAME}.{table};\n")).concat();
    format!(
        "DO $drop$
DECLARE
    one pg_catalog.regprocedure;
BEGIN
    FOR one IN SELECT p.oid FROM pg_catalog.pg_proc p
                WHERE p.pronamespace = '{NAME}'::pg_catalog.regnamespace AND p.proname IN ({routines})
    LOOP
        EXECUTE pg_catalog.format('DROP ROUTINE %s', one);
    END LOOP;
END;
$drop$;
{tables}DROP SCHEMA {NAME}",
        routines = list(&ROUTINES)
    )
}

fn list(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}

/// A query for the oid of the schema, the version in its comment, and the digest of the objects.
pub fn query() -> String {
    format!(
        "
SELECT n.oid,
       pg_catalog.substr(d.description, {from}) AS said,
       pg_catalog.md5(
           (SELECT coalesce(pg_catalog.string_agg(pg_catalog.concat_ws(
                       ' ', p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid), p.prokind::text,
                       p.provolatile::text, p.proparallel::text, l.lanname, p.prosecdef::text,
                       pg_catalog.array_to_string(p.proconfig, ';'),
                       CASE WHEN p.proname IN ('generate_ids', 'generate_ranjids') AND p.pronargs = 3 THEN '' ELSE p.prosrc END),
                       chr(10) ORDER BY p.proname COLLATE \"C\",
                           pg_catalog.pg_get_function_identity_arguments(p.oid) COLLATE \"C\"), '')
              FROM pg_catalog.pg_proc p
              JOIN pg_catalog.pg_language l ON l.oid = p.prolang
             WHERE p.pronamespace = n.oid
               AND p.proname IN ({routines}))
           || (SELECT coalesce(pg_catalog.string_agg(pg_catalog.concat_ws(
                       ' ', c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull::text,
                       a.atthasdef::text),
                       chr(10) ORDER BY c.relname COLLATE \"C\", a.attname COLLATE \"C\"), '')
              FROM pg_catalog.pg_class c
              JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
             WHERE c.relnamespace = n.oid
               AND c.relname IN ({tables}))) AS digest
  FROM pg_catalog.pg_namespace n
  JOIN pg_catalog.pg_description d
    ON d.objoid = n.oid AND d.classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.objsubid = 0
 WHERE n.nspname = '{NAME}'
   AND d.description LIKE '{NAME} %'",
        from = NAME.len() + 2,
        routines = list(&ROUTINES),
        tables = list(&TABLES)
    )
}
