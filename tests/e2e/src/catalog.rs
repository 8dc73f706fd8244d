//! The schema of a database as text, read without djogi: what two databases must agree in to be the same.

use crate::database::Database;

/// One sorted line for each fact about the objects of `schema`, and of the database as a whole, as PostgreSQL itself prints them. The order of columns is left out, since PostgreSQL appends
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

const QUERIES: &[&str] = &[
    "SELECT format('column %s.%s %s%s%s%s%s%s%s storage %s %s options %s comment=%L privileges=%s', c.relname, a.attname,
            format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN ' NOT NULL' END,
            ' COLLATE ' || NULLIF(a.attcollation, 0)::regcollation::text,
            ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
            ' IDENTITY ' || NULLIF(a.attidentity::text, ''), ' GENERATED ' || NULLIF(a.attgenerated::text, ''),
            ' STATISTICS ' || a.attstattarget::text,
            a.attstorage, a.attcompression, a.attoptions, col_description(c.oid, a.attnum),
            (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(a.attacl) x))
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
      WHERE c.relnamespace = $schema AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped",
    "SELECT format('relation %s %s %s comment=%L privileges=%s', relkind, relname, relpersistence,
            obj_description(oid, 'pg_class'),
            (SELECT array_agg(x::text ORDER BY x::text)
               FROM unnest(coalesce(relacl, acldefault(CASE relkind WHEN 'S' THEN 's'::\"char\" ELSE 'r' END, relowner))) x))
       FROM pg_class WHERE relnamespace = $schema AND relkind <> 'c'",
    "SELECT format('constraint %s on %s: %s, validated %s, index %s, comment=%L', conname, conrelid::regclass,
            CASE WHEN contype IN ('p', 'u', 'x')
                 THEN regexp_replace(pg_get_constraintdef(oid), ' WITH \\([^()]*\\)', '')
                 ELSE pg_get_constraintdef(oid) END, convalidated, NULLIF(conindid, 0)::regclass,
            obj_description(oid, 'pg_constraint'))
       FROM pg_constraint WHERE connamespace = $schema",
    "SELECT format('index %s valid %s clustered %s statistics %s options %s tablespace %s',
            regexp_replace(pg_get_indexdef(i.indexrelid), ' WITH \\([^()]*\\)', ''), i.indisvalid, i.indisclustered,
            (SELECT array_agg(format('%s: %s', attnum, attstattarget) ORDER BY attnum) FROM pg_attribute
              WHERE attrelid = c.oid AND attstattarget >= 0),
            (SELECT array_agg(o ORDER BY o) FROM unnest(c.reloptions) o), c.reltablespace)
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
    "SELECT format('table %s options %s toast %s replica identity %s %s row security %s %s', c.relname,
            (SELECT array_agg(o ORDER BY o) FROM unnest(c.reloptions) o),
            (SELECT t.reloptions FROM pg_class t WHERE t.oid = c.reltoastrelid), c.relreplident,
            (SELECT indexrelid::regclass FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident),
            c.relrowsecurity, c.relforcerowsecurity)
       FROM pg_class c WHERE c.relnamespace = $schema AND c.relkind = 'r'",
    "SELECT format('view %s options %s: %s', relname,
            (SELECT array_agg(o ORDER BY o) FROM unnest(reloptions) o), pg_get_viewdef(oid))
       FROM pg_class WHERE relnamespace = $schema AND relkind IN ('v', 'm')",
    "SELECT format('column %s.%s %s %s DEFAULT %s comment=%L', c.relname,
            row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attname,
            format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum))
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
       LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
      WHERE c.relnamespace = $schema AND c.relkind IN ('v', 'm', 'c') AND a.attnum > 0 AND NOT a.attisdropped",
    "SELECT format('routine %s comment=%L privileges=%s', pg_get_functiondef(oid), obj_description(oid, 'pg_proc'),
            (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(coalesce(proacl, acldefault('f', proowner))) x))
       FROM pg_proc WHERE pronamespace = $schema AND prokind <> 'a'",
    "SELECT format('aggregate %s(%s) %s by %s comment=%L', p.proname, pg_get_function_arguments(p.oid),
            to_jsonb(a) - ARRAY['aggfnoid', 'aggsortop'], NULLIF(a.aggsortop, 0)::regoperator, obj_description(p.oid, 'pg_proc'))
       FROM pg_proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid WHERE p.pronamespace = $schema",
    "SELECT format('trigger %s on %s fires %s comment=%L', t.tgname, c.relname, t.tgenabled, obj_description(t.oid, 'pg_trigger'))
       FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE c.relnamespace = $schema AND NOT t.tgisinternal",
    "SELECT format('rule %s fires %s comment=%L', pg_get_ruledef(r.oid), r.ev_enabled,
            obj_description(r.oid, 'pg_rewrite'))
       FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = $schema",
    "SELECT format('policy %s on %s: %s %s to %s using %s check %s comment=%L', y.polname, c.relname, y.polcmd,
            y.polpermissive, y.polroles::regrole[], pg_get_expr(y.polqual, y.polrelid),
            pg_get_expr(y.polwithcheck, y.polrelid), obj_description(y.oid, 'pg_policy'))
       FROM pg_policy y JOIN pg_class c ON c.oid = y.polrelid WHERE c.relnamespace = $schema",
    "SELECT format('type %s %s of %s %s NOT NULL %s DEFAULT %s comment=%L', t.typname, t.typtype,
            format_type(t.typbasetype, t.typtypmod), NULLIF(t.typcollation, 0)::regcollation, t.typnotnull,
            pg_get_expr(t.typdefaultbin, 0), obj_description(t.oid, 'pg_type'))
       FROM pg_type t WHERE t.typnamespace = $schema AND t.typtype IN ('c', 'd', 'r')",
    "SELECT format('domain constraint %s of %s: %s comment=%L', con.conname, con.contypid::regtype,
            pg_get_constraintdef(con.oid), obj_description(con.oid, 'pg_constraint'))
       FROM pg_constraint con WHERE con.connamespace = $schema AND con.contypid <> 0",
    "SELECT format('range %s of %s by %s %s canonical %s diff %s multirange %s', rngtypid::regtype,
            rngsubtype::regtype, rngsubopc, NULLIF(rngcollation, 0)::regcollation, rngcanonical, rngsubdiff,
            rngmultitypid::regtype)
       FROM pg_range r JOIN pg_type t ON t.oid = r.rngtypid WHERE t.typnamespace = $schema",
    "SELECT format('collation %s', to_jsonb(l) - ARRAY['oid', 'collnamespace', 'collowner'])
       FROM pg_collation l WHERE l.collnamespace = $schema",
    "SELECT format('statistics %s target %s comment=%L', pg_get_statisticsobjdef(oid), stxstattarget,
            obj_description(oid, 'pg_statistic_ext'))
       FROM pg_statistic_ext WHERE stxnamespace = $schema",
    "SELECT format('operator %s %s commutator %s negator %s %s %s %s %s comment=%L', oid::regoperator, oprcode::regprocedure,
            NULLIF(oprcom, 0)::regoperator, NULLIF(oprnegate, 0)::regoperator, oprrest, oprjoin, oprcanhash, oprcanmerge,
            obj_description(oid, 'pg_operator'))
       FROM pg_operator WHERE oprnamespace = $schema AND oprcode <> 0",
    "SELECT format('family %s using %s: %s, %s comment=%L', opfname, (SELECT amname FROM pg_am m WHERE m.oid = opfmethod),
            (SELECT array_agg(format('%s %s', amopstrategy, amopopr::regoperator) ORDER BY 1)
               FROM pg_amop WHERE amopfamily = f.oid),
            (SELECT array_agg(format('%s %s', amprocnum, amproc::regprocedure) ORDER BY 1)
               FROM pg_amproc WHERE amprocfamily = f.oid),
            obj_description(f.oid, 'pg_opfamily'))
       FROM pg_opfamily f WHERE opfnamespace = $schema",
    "SELECT format('operator class %s for %s of %s default %s storage %s comment=%L', opcname, opcintype::regtype,
            (SELECT opfname FROM pg_opfamily f WHERE f.oid = opcfamily), opcdefault, NULLIF(opckeytype, 0)::regtype,
            obj_description(oid, 'pg_opclass'))
       FROM pg_opclass WHERE opcnamespace = $schema",
    "SELECT format('cast %s to %s %s %s %s comment=%L', castsource::regtype, casttarget::regtype, castfunc::regprocedure,
            castcontext, castmethod, obj_description(c.oid, 'pg_cast'))
       FROM pg_cast c JOIN pg_type s ON s.oid = castsource JOIN pg_type t ON t.oid = casttarget
      WHERE $schema IN (s.typnamespace, t.typnamespace)",
    "SELECT format('configuration %s %s: %s comment=%L', cfgname, (SELECT prsname FROM pg_ts_parser p WHERE p.oid = cfgparser),
            (SELECT array_agg(format('%s %s', maptokentype, mapdict::regdictionary) ORDER BY maptokentype, mapseqno)
               FROM pg_ts_config_map WHERE mapcfg = c.oid), obj_description(c.oid, 'pg_ts_config'))
       FROM pg_ts_config c WHERE cfgnamespace = $schema",
    "SELECT format('dictionary %s %s: %s comment=%L', dictname, (SELECT tmplname FROM pg_ts_template t WHERE t.oid = dicttemplate),
            (SELECT array_agg(o ORDER BY o) FROM regexp_split_to_table(dictinitoption, ', ') o),
            obj_description(d.oid, 'pg_ts_dict'))
       FROM pg_ts_dict d WHERE dictnamespace = $schema",
    "SELECT format('event trigger %s on %s of %s: %s fires %s comment=%L', evtname, evtevent, evttags,
            evtfoid::regproc, evtenabled, obj_description(oid, 'pg_event_trigger'))
       FROM pg_event_trigger WHERE evtfoid IN (SELECT oid FROM pg_proc WHERE pronamespace = $schema)",
    "SELECT format('wrapper %s %s %s %s comment=%L', fdwname, NULLIF(fdwhandler, 0)::regproc,
            NULLIF(fdwvalidator, 0)::regproc, fdwoptions, obj_description(oid, 'pg_foreign_data_wrapper'))
       FROM pg_foreign_data_wrapper",
    "SELECT format('server %s of %s %s %s %s comment=%L', srvname, (SELECT fdwname FROM pg_foreign_data_wrapper w
              WHERE w.oid = srvfdw), srvtype, srvversion, srvoptions, obj_description(oid, 'pg_foreign_server'))
       FROM pg_foreign_server",
    "SELECT format('mapping of %s to %s %s', usename, srvname, umoptions) FROM pg_user_mappings",
    "SELECT format('publication %s %s comment=%L', pubname, to_jsonb(p) - ARRAY['oid', 'pubname', 'pubowner'],
            obj_description(oid, 'pg_publication'))
       FROM pg_publication p",
    "SELECT format('subscription %s %s of %s comment=%L', subname, to_jsonb(s) - ARRAY['oid', 'subdbid', 'subname', 'subowner',
            'subenabled', 'subskiplsn', 'subpublications'], (SELECT array_agg(p ORDER BY p) FROM unnest(subpublications) p),
            obj_description(oid, 'pg_subscription'))
       FROM pg_subscription s WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
    "SELECT format('conversion %s from %s to %s by %s default %s comment=%L', conname, conforencoding, contoencoding,
            conproc::regprocedure, condefault, obj_description(oid, 'pg_conversion'))
       FROM pg_conversion WHERE connamespace = $schema",
    "SELECT format('language %s trusted %s %s %s %s comment=%L privileges=%s', lanname, lanpltrusted, lanplcallfoid::regprocedure,
            laninline::regprocedure, lanvalidator::regprocedure, obj_description(oid, 'pg_language'),
            (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(coalesce(lanacl, acldefault('l', lanowner))) x))
       FROM pg_language",
    "SELECT format('transform of %s for %s %s %s comment=%L', trftype::regtype,
            (SELECT lanname FROM pg_language l WHERE l.oid = trflang), trffromsql::regprocedure, trftosql::regprocedure,
            obj_description(oid, 'pg_transform'))
       FROM pg_transform",
    "SELECT format('published %s: %s %s %s', p.pubname, r.prrelid::regclass,
            (SELECT array_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a
              WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)), pg_get_expr(r.prqual, r.prrelid))
       FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid",
    "SELECT format('published %s: all of %s', p.pubname, r.pnnspid::regnamespace)
       FROM pg_publication_namespace r JOIN pg_publication p ON p.oid = r.pnpubid",
    "SELECT format('schema comment=%L privileges=%s', obj_description($schema, 'pg_namespace'),
            (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(coalesce(nspacl, acldefault('n', nspowner))) x))
       FROM pg_namespace WHERE oid = $schema",
    "SELECT format('column %s.%s privileges=%s', c.relname, a.attname,
            (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(a.attacl) x))
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relnamespace = $schema AND c.relkind IN ('v', 'm') AND cardinality(a.attacl) > 0",
    "SELECT format('type %s privileges=%s', t.typname,
            (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(coalesce(t.typacl, acldefault('T', t.typowner))) x))
       FROM pg_type t WHERE t.typnamespace = $schema AND t.typtype IN ('e', 'd', 'r')",
    "SELECT format('default privileges of %s for %s: %s', defaclrole::regrole, defaclobjtype,
            (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(defaclacl) x))
       FROM pg_default_acl WHERE defaclnamespace IN (0, $schema)",
];
