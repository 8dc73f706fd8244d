-- The schema of a database as facts: kind, what it is about, and what PostgreSQL says of it. One row a fact.
-- $schemas restricts namespaces; objects that belong to extensions are left out.
WITH ns AS MATERIALIZED (
    SELECT oid, nspname FROM pg_namespace n WHERE $schemas
), ext AS MATERIALIZED (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), rel AS MATERIALIZED (
    SELECT c.*, c.oid::regclass::text AS name,
           (SELECT array_agg(o ORDER BY o) FROM unnest(c.reloptions) o) AS options
      FROM pg_class c JOIN ns ON ns.oid = c.relnamespace
     WHERE ('pg_class'::regclass, c.oid) NOT IN (SELECT classid, objid FROM ext)
), fun AS MATERIALIZED (
    SELECT p.*, p.oid::regprocedure::text AS name
      FROM pg_proc p JOIN ns ON ns.oid = p.pronamespace
     WHERE ('pg_proc'::regclass, p.oid) NOT IN (SELECT classid, objid FROM ext)
       AND NOT EXISTS (SELECT FROM pg_depend d
                        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
), typ AS MATERIALIZED (
    SELECT t.*, t.oid::regtype::text AS name
      FROM pg_type t JOIN ns ON ns.oid = t.typnamespace
     WHERE ('pg_type'::regclass, t.oid) NOT IN (SELECT classid, objid FROM ext)
       AND (t.typtype IN ('e', 'd', 'r', 'c') OR t.typtype = 'b' AND t.typcategory <> 'A' OR NOT t.typisdefined)
       AND (t.typrelid = 0 OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
), relkinds (relkind, kind) AS (
    VALUES ('r'::"char", 'table'), ('p', 'partitioned table'), ('v', 'view'), ('m', 'materialized view'),
           ('S', 'sequence'), ('f', 'foreign table'), ('i', 'index'), ('I', 'index'), ('c', 'composite type')
)
SELECT 'schema', nspname::text, format('owner %s', nspowner::regrole) FROM pg_namespace JOIN ns USING (oid, nspname)
UNION ALL
SELECT 'extension', extname::text, format('schema %s version %s owner %s', extnamespace::regnamespace, extversion, extowner::regrole)
  FROM pg_extension WHERE extname <> 'plpgsql'
UNION ALL
SELECT k.kind, r.name,
       format('persistence %s, options %s, toast options %s, access method %s, tablespace %s, replica identity %s, of type %s, owner %s',
              r.relpersistence, r.options,
              (SELECT array_agg(o ORDER BY o) FROM pg_class t, unnest(t.reloptions) o WHERE t.oid = r.reltoastrelid),
              (SELECT amname FROM pg_am WHERE pg_am.oid = r.relam),
              r.reltablespace, r.relreplident, NULLIF(r.reloftype, 0)::regtype, r.relowner::regrole)
  FROM rel r JOIN relkinds k USING (relkind)
 WHERE r.relkind NOT IN ('i', 'I', 'c')
UNION ALL
SELECT 'row security', r.name, format('enabled %s, forced %s', r.relrowsecurity, r.relforcerowsecurity)
  FROM rel r WHERE r.relrowsecurity OR r.relforcerowsecurity
UNION ALL
SELECT CASE WHEN r.relkind IN ('r', 'p') THEN 'column' ELSE k.kind END, r.name || '.' || quote_ident(a.attname),
       format('%s%s storage %s compression %s statistics %s options %s local %s inherited %s',
              format_type(a.atttypid, a.atttypmod),
              CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation END,
              a.attstorage, a.attcompression, NULLIF(a.attstattarget, -1), a.attoptions, a.attislocal, a.attinhcount)
       || (SELECT format(' foreign %s', array_agg(o ORDER BY o)) FROM unnest(a.attfdwoptions) o)
  FROM rel r
  JOIN relkinds k USING (relkind)
  JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
 WHERE r.relkind IN ('r', 'p', 'f', 'c')
UNION ALL
SELECT 'foreign table', r.name, format('server %s options %s', s.srvname, (SELECT array_agg(o ORDER BY o) FROM unnest(f.ftoptions) o))
  FROM rel r JOIN pg_foreign_table f ON f.ftrelid = r.oid JOIN pg_foreign_server s ON s.oid = f.ftserver
UNION ALL
SELECT 'column order', r.name, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
  FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE r.relkind IN ('r', 'p', 'f')
 GROUP BY r.name
UNION ALL
SELECT 'not null', r.name || '.' || quote_ident(a.attname),
       coalesce((SELECT format('%s %s local %s', quote_ident(c.conname), pg_get_constraintdef(c.oid), c.conislocal)
                   FROM pg_constraint c
                  WHERE c.conrelid = r.oid AND c.contype = 'n' AND c.conkey = ARRAY[a.attnum]), 'NOT NULL')
  FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
 WHERE r.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT CASE WHEN a.attgenerated <> '' THEN 'generated column' ELSE 'default' END,
       r.name || '.' || quote_ident(a.attname),
       a.attgenerated::text || pg_get_expr(d.adbin, d.adrelid)
  FROM rel r
  JOIN pg_attribute a ON a.attrelid = r.oid AND NOT a.attisdropped
  JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
UNION ALL
SELECT 'identity column', r.name || '.' || quote_ident(a.attname), a.attidentity::text
  FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attidentity <> '' AND NOT a.attisdropped
UNION ALL
SELECT CASE c.contype WHEN 'c' THEN 'check' WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint'
                      WHEN 'x' THEN 'exclusion' WHEN 'f' THEN 'foreign key' ELSE 'constraint trigger' END,
       coalesce(c.conrelid::regclass::text, c.contypid::regtype::text) || ' ' || quote_ident(c.conname),
       format('%s validated %s local %s inherited %s no inherit %s',
              CASE WHEN c.contype IN ('p', 'u', 'x')
                   THEN regexp_replace(pg_get_constraintdef(c.oid), ' WITH \([^()]*\)', '')
                   ELSE pg_get_constraintdef(c.oid) END, c.convalidated,
              c.conislocal, c.coninhcount, c.connoinherit)
  FROM pg_constraint c JOIN rel r ON r.oid = c.conrelid
 WHERE c.contype IN ('c', 'p', 'u', 'x', 'f')
UNION ALL
SELECT 'index', r.name,
       format('%s valid %s clustered %s replica identity %s parent %s options %s tablespace %s',
              regexp_replace(pg_get_indexdef(i.indexrelid), ' WITH \([^()]*\)', ''), i.indisvalid, i.indisclustered, i.indisreplident,
              (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = i.indexrelid), r.options, r.reltablespace)
  FROM pg_index i JOIN rel r ON r.oid = i.indexrelid
UNION ALL
SELECT 'index', r.name || ' column ' || a.attnum, format('statistics %s', a.attstattarget)
  FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid
 WHERE r.relkind IN ('i', 'I') AND a.attstattarget >= 0
UNION ALL
SELECT 'sequence', r.name,
       format('%s start %s increment %s min %s max %s cache %s cycle %s owned by %s', s.seqtypid::regtype, s.seqstart,
              s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle,
              (SELECT format('%s.%s %s', d.refobjid::regclass, quote_ident(a.attname), d.deptype)
                 FROM pg_depend d JOIN pg_attribute a ON (a.attrelid, a.attnum) = (d.refobjid, d.refobjsubid)
                WHERE d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i')
                  AND d.refclassid = 'pg_class'::regclass))
  FROM rel r JOIN pg_sequence s ON s.seqrelid = r.oid
UNION ALL
SELECT CASE WHEN r.relkind = 'm' THEN 'materialized view' ELSE 'view' END, r.name, pg_get_viewdef(r.oid)
  FROM rel r WHERE r.relkind IN ('v', 'm')
UNION ALL
SELECT 'partition/inheritance', r.name,
       format('of %s number %s, bound %s', i.inhparent::regclass, i.inhseqno, pg_get_expr(r.relpartbound, r.oid))
  FROM rel r JOIN pg_inherits i ON i.inhrelid = r.oid WHERE r.relkind IN ('r', 'p', 'f')
UNION ALL
SELECT 'partitioned table', r.name, pg_get_partkeydef(r.oid) FROM rel r WHERE r.relkind = 'p'
UNION ALL
SELECT CASE f.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END, f.name,
       CASE WHEN f.prokind = 'a'
            THEN (SELECT format('%s %s sorted by %s', pg_get_function_result(f.oid), to_jsonb(a) - 'aggfnoid' - 'aggsortop' || jsonb_build_object('aggtranstype', a.aggtranstype::regtype::text, 'aggmtranstype', a.aggmtranstype::regtype::text), NULLIF(a.aggsortop, 0)::regoperator) FROM pg_aggregate a WHERE a.aggfnoid = f.oid)
            ELSE pg_get_functiondef(f.oid) END || ' owner ' || f.proowner::regrole
  FROM fun f
UNION ALL
SELECT 'type', t.name, format('owner %s', t.typowner::regrole) FROM typ t
UNION ALL
SELECT 'base type', t.name,
       format('defined %s input %s output %s receive %s send %s modifiers %s %s analyze %s length %s by value %s align %s storage %s category %s preferred %s default %s element %s delimiter %s collation %s',
              t.typisdefined, t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze,
              t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory, t.typispreferred, t.typdefault,
              NULLIF(t.typelem, 0)::regtype, t.typdelim, NULLIF(t.typcollation, 0)::regcollation)
  FROM typ t WHERE t.typtype = 'b' OR NOT t.typisdefined
UNION ALL
SELECT 'language', l.lanname::text,
       format('trusted %s handler %s inline %s validator %s owner %s', l.lanpltrusted, NULLIF(l.lanplcallfoid, 0)::regprocedure,
              NULLIF(l.laninline, 0)::regprocedure, NULLIF(l.lanvalidator, 0)::regprocedure, l.lanowner::regrole)
  FROM pg_language l WHERE l.lanispl
UNION ALL
SELECT 'transform', format('for %s language %s', f.trftype::regtype, l.lanname),
       format('from %s to %s', NULLIF(f.trffromsql, 0)::regprocedure, NULLIF(f.trftosql, 0)::regprocedure)
  FROM pg_transform f JOIN pg_language l ON l.oid = f.trflang
 WHERE ('pg_transform'::regclass, f.oid) NOT IN (SELECT classid, objid FROM ext)
UNION ALL
SELECT 'conversion', format('%s.%s', nspname, v.conname),
       format('from %s to %s by %s default %s owner %s', pg_encoding_to_char(v.conforencoding), pg_encoding_to_char(v.contoencoding),
              v.conproc::regprocedure, v.condefault, v.conowner::regrole)
  FROM pg_conversion v JOIN ns ON ns.oid = v.connamespace
 WHERE ('pg_conversion'::regclass, v.oid) NOT IN (SELECT classid, objid FROM ext)
UNION ALL
SELECT 'access method', a.amname::text, format('%s %s', a.amtype, a.amhandler)
  FROM pg_am a WHERE a.oid >= 16384 AND ('pg_am'::regclass, a.oid) NOT IN (SELECT classid, objid FROM ext)
UNION ALL
SELECT 'security label', format('%s %s', i.type, i.identity), format('%s %s', l.provider, l.label)
  FROM pg_seclabel l, LATERAL pg_identify_object(l.classoid, l.objoid, l.objsubid) i
UNION ALL
SELECT 'owner', format('%s %s', i.type, i.identity), o.owner::regrole::text
  FROM (SELECT 'pg_collation'::regclass::oid, c.oid, collowner FROM pg_collation c JOIN ns ON ns.oid = collnamespace
        UNION ALL
        SELECT 'pg_statistic_ext'::regclass, s.oid, stxowner FROM pg_statistic_ext s JOIN ns ON ns.oid = stxnamespace
        UNION ALL
        SELECT 'pg_operator'::regclass, o.oid, oprowner FROM pg_operator o JOIN ns ON ns.oid = oprnamespace
        UNION ALL
        SELECT 'pg_opclass'::regclass, o.oid, opcowner FROM pg_opclass o JOIN ns ON ns.oid = opcnamespace
        UNION ALL
        SELECT 'pg_opfamily'::regclass, o.oid, opfowner FROM pg_opfamily o JOIN ns ON ns.oid = opfnamespace
        UNION ALL
        SELECT 'pg_ts_dict'::regclass, d.oid, dictowner FROM pg_ts_dict d JOIN ns ON ns.oid = dictnamespace
        UNION ALL
        SELECT 'pg_ts_config'::regclass, c.oid, cfgowner FROM pg_ts_config c JOIN ns ON ns.oid = cfgnamespace
        UNION ALL
        SELECT 'pg_event_trigger'::regclass, oid, evtowner FROM pg_event_trigger
        UNION ALL
        SELECT 'pg_publication'::regclass, oid, pubowner FROM pg_publication
        UNION ALL
        SELECT 'pg_foreign_data_wrapper'::regclass, oid, fdwowner FROM pg_foreign_data_wrapper
        UNION ALL
        SELECT 'pg_foreign_server'::regclass, oid, srvowner FROM pg_foreign_server) o (class, oid, owner),
       LATERAL pg_identify_object(o.class, o.oid, 0) i
 WHERE (o.class, o.oid) NOT IN (SELECT classid, objid FROM ext)
UNION ALL
SELECT 'enum', t.name, string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
  FROM typ t LEFT JOIN pg_enum e ON e.enumtypid = t.oid WHERE t.typtype = 'e' GROUP BY t.name
UNION ALL
SELECT 'domain', t.name,
       format('%s COLLATE %s default %s not null %s', format_type(t.typbasetype, t.typtypmod), NULLIF(t.typcollation, 0)::regcollation,
              -- The text that is kept beside it depends on the search path of whoever made it.
              pg_get_expr(t.typdefaultbin, 0), t.typnotnull)
  FROM typ t WHERE t.typtype = 'd'
UNION ALL
SELECT 'domain', t.name || ' ' || quote_ident(c.conname), pg_get_constraintdef(c.oid) || c.convalidated::text
  FROM typ t JOIN pg_constraint c ON c.contypid = t.oid
UNION ALL
SELECT 'composite type', t.name, '' FROM typ t WHERE t.typtype = 'c'
UNION ALL
SELECT 'composite type', t.name || ' order', string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
  FROM typ t JOIN pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE t.typtype = 'c' GROUP BY t.name
UNION ALL
SELECT 'range type', t.name,
       format('%s opclass %s collation %s canonical %s diff %s multirange %s', r.rngsubtype::regtype,
              (SELECT format('%s.%s', opcnamespace::regnamespace, opcname) FROM pg_opclass o WHERE o.oid = r.rngsubopc),
              NULLIF(r.rngcollation, 0)::regcollation, r.rngcanonical, r.rngsubdiff, r.rngmultitypid::regtype)
  FROM typ t JOIN pg_range r ON r.rngtypid = t.oid
UNION ALL
SELECT 'collation', c.oid::regcollation::text,
       (to_jsonb(c) - 'oid' - 'collnamespace' - 'collowner' - 'collversion')::text
  FROM pg_collation c JOIN ns ON ns.oid = c.collnamespace
UNION ALL
SELECT CASE WHEN t.tgconstraint <> 0 THEN 'constraint trigger' ELSE 'trigger' END,
       r.name || ' ' || quote_ident(t.tgname),
       pg_get_triggerdef(t.oid) || ' enabled ' || t.tgenabled::text || ' parent ' || (t.tgparentid <> 0)
  FROM rel r JOIN pg_trigger t ON t.tgrelid = r.oid WHERE NOT t.tgisinternal
UNION ALL
SELECT 'event trigger', evtname::text, format('%s %s %s %s', evtevent, evtfoid::regprocedure, evtenabled, evttags)
  FROM pg_event_trigger
UNION ALL
SELECT 'rule', r.name || ' ' || quote_ident(w.rulename), pg_get_ruledef(w.oid) || w.ev_enabled::text
  FROM rel r JOIN pg_rewrite w ON w.ev_class = r.oid WHERE w.rulename <> '_RETURN'
UNION ALL
SELECT 'policy', r.name || ' ' || quote_ident(p.polname),
       format('%s permissive %s roles %s using %s check %s', p.polcmd, p.polpermissive,
              (SELECT string_agg(coalesce(NULLIF(o, 0)::regrole::text, 'public'), ', ' ORDER BY 1) FROM unnest(p.polroles) o),
              pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid))
  FROM rel r JOIN pg_policy p ON p.polrelid = r.oid
UNION ALL
SELECT 'statistics', s.stxname::text,
       format('%s %s on %s %s target %s', s.stxrelid::regclass, s.stxkind,
              -- They stand in the order of the table, which is a fact of its own.
              (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname) FROM pg_attribute a
                WHERE a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys)),
              pg_get_statisticsobjdef_expressions(s.oid), s.stxstattarget)
  FROM pg_statistic_ext s JOIN ns ON ns.oid = s.stxnamespace
UNION ALL
SELECT 'publication', p.pubname::text,
       format('%s tables %s schemas %s', to_jsonb(p) - 'oid' - 'pubowner',
              (SELECT string_agg(format('%s (%s) %s', t.prrelid::regclass,
                                        (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname)
                                           FROM pg_attribute a
                                          WHERE a.attrelid = t.prrelid AND a.attnum = ANY (t.prattrs)),
                                        pg_get_expr(t.prqual, t.prrelid)), '; ' ORDER BY t.prrelid::regclass::text)
                 FROM pg_publication_rel t WHERE t.prpubid = p.oid),
              (SELECT string_agg(s.pnnspid::regnamespace::text, ', ' ORDER BY 1)
                 FROM pg_publication_namespace s WHERE s.pnpubid = p.oid))
  FROM pg_publication p
UNION ALL
SELECT 'subscription', subname::text,
       format('%s of %s owner %s',
              to_jsonb(s) - ARRAY['oid', 'subdbid', 'subname', 'subowner', 'subskiplsn', 'subpublications'],
              (SELECT string_agg(p, ', ' ORDER BY p) FROM unnest(subpublications) p), subowner::regrole)
  FROM pg_subscription s WHERE subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
UNION ALL
SELECT 'fdw/server/user mapping', 'wrapper ' || fdwname, format('%s %s %s', fdwhandler::regproc, fdwvalidator::regproc, fdwoptions)
  FROM pg_foreign_data_wrapper w WHERE ('pg_foreign_data_wrapper'::regclass, w.oid) NOT IN (SELECT classid, objid FROM ext)
UNION ALL
SELECT 'fdw/server/user mapping', 'server ' || srvname,
       format('%s %s %s %s', srvtype, srvversion, srvoptions, (SELECT fdwname FROM pg_foreign_data_wrapper w WHERE w.oid = srvfdw))
  FROM pg_foreign_server
UNION ALL
SELECT 'fdw/server/user mapping', format('mapping %s %s', srvname, usename), umoptions::text FROM pg_user_mappings
UNION ALL
SELECT 'text search', 'configuration ' || c.oid::regconfig,
       format('parser %s.%s: %s', (SELECT prsnamespace::regnamespace FROM pg_ts_parser p WHERE p.oid = c.cfgparser),
              (SELECT prsname FROM pg_ts_parser p WHERE p.oid = c.cfgparser),
              (SELECT string_agg(format('%s %s %s', m.maptokentype, m.rank, m.mapdict::regdictionary), ', ' ORDER BY m.maptokentype, m.rank)
                 FROM (SELECT maptokentype, mapdict, row_number() OVER (PARTITION BY maptokentype ORDER BY mapseqno) AS rank
                         FROM pg_ts_config_map WHERE mapcfg = c.oid) m))
  FROM pg_ts_config c JOIN ns ON ns.oid = c.cfgnamespace
UNION ALL
SELECT 'text search', 'dictionary ' || d.oid::regdictionary,
       format('%s.%s %s', t.tmplnamespace::regnamespace, t.tmplname,
              (SELECT string_agg(o, ', ' ORDER BY o) FROM regexp_split_to_table(d.dictinitoption, ', (?=\S+ = )') o))
  FROM pg_ts_dict d JOIN ns ON ns.oid = d.dictnamespace JOIN pg_ts_template t ON t.oid = d.dicttemplate
UNION ALL
SELECT 'text search', format('template %s.%s', nspname, tmplname), format('%s %s', tmplinit, tmpllexize)
  FROM pg_ts_template t JOIN ns ON ns.oid = t.tmplnamespace
UNION ALL
SELECT 'text search', format('parser %s.%s', nspname, prsname),
       format('%s %s %s %s %s', prsstart, prstoken, prsend, prsheadline, prslextype)
  FROM pg_ts_parser p JOIN ns ON ns.oid = p.prsnamespace
UNION ALL
SELECT 'operator', o.oid::regoperator::text,
       format('%s commutator %s negator %s estimators %s %s hashes %s merges %s', o.oprcode::regprocedure,
              NULLIF(o.oprcom, 0)::regoperator, NULLIF(o.oprnegate, 0)::regoperator, o.oprrest, o.oprjoin,
              o.oprcanhash, o.oprcanmerge)
  FROM pg_operator o JOIN ns ON ns.oid = o.oprnamespace
 WHERE ('pg_operator'::regclass, o.oid) NOT IN (SELECT classid, objid FROM ext)
UNION ALL
SELECT 'operator family', format('%s.%s using %s', nspname, opfname, a.amname), ''
  FROM pg_opfamily f JOIN ns ON ns.oid = f.opfnamespace JOIN pg_am a ON a.oid = f.opfmethod
 WHERE ('pg_opfamily'::regclass, f.oid) NOT IN (SELECT classid, objid FROM ext)
UNION ALL
SELECT 'operator class', format('%s.%s using %s', nspname, opcname, a.amname),
       format('for %s family %s.%s default %s storage %s', c.opcintype::regtype, f.opfnamespace::regnamespace, f.opfname,
              c.opcdefault, NULLIF(c.opckeytype, 0)::regtype)
  FROM pg_opclass c JOIN ns ON ns.oid = c.opcnamespace JOIN pg_am a ON a.oid = c.opcmethod
  JOIN pg_opfamily f ON f.oid = c.opcfamily
 WHERE ('pg_opclass'::regclass, c.oid) NOT IN (SELECT classid, objid FROM ext)
UNION ALL
SELECT 'operator family', format('%s.%s operator %s (%s, %s)', nspname, opfname, o.amopstrategy, o.amoplefttype::regtype, o.amoprighttype::regtype),
       format('%s %s %s owner %s', o.amopopr::regoperator, o.amoppurpose, NULLIF(o.amopsortfamily, 0)::oid <> 0,
              (SELECT string_agg(format('%s %s', d.refclassid::regclass, d.deptype), ', ' ORDER BY 1) FROM pg_depend d
                WHERE d.classid = 'pg_amop'::regclass AND d.objid = o.oid
                  AND d.refclassid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass)))
  FROM pg_opfamily f JOIN ns ON ns.oid = f.opfnamespace JOIN pg_amop o ON o.amopfamily = f.oid
 WHERE ('pg_opfamily'::regclass, f.oid) NOT IN (SELECT classid, objid FROM ext)
UNION ALL
SELECT 'operator family', format('%s.%s function %s (%s, %s)', nspname, opfname, o.amprocnum, o.amproclefttype::regtype, o.amprocrighttype::regtype),
       format('%s owner %s', o.amproc::regprocedure,
              (SELECT string_agg(format('%s %s', d.refclassid::regclass, d.deptype), ', ' ORDER BY 1) FROM pg_depend d
                WHERE d.classid = 'pg_amproc'::regclass AND d.objid = o.oid
                  AND d.refclassid IN ('pg_opclass'::regclass, 'pg_opfamily'::regclass)))
  FROM pg_opfamily f JOIN ns ON ns.oid = f.opfnamespace JOIN pg_amproc o ON o.amprocfamily = f.oid
 WHERE ('pg_opfamily'::regclass, f.oid) NOT IN (SELECT classid, objid FROM ext)
UNION ALL
SELECT 'cast', format('%s as %s', castsource::regtype, casttarget::regtype), format('%s %s %s', castfunc::regprocedure, castcontext, castmethod)
  FROM pg_cast c WHERE c.oid >= 16384 AND ('pg_cast'::regclass, c.oid) NOT IN (SELECT classid, objid FROM ext)
UNION ALL
SELECT 'comment', format('%s %s', i.type, i.identity), d.description
  FROM pg_description d, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
 WHERE d.objoid >= 16384
   AND (d.classoid, d.objoid) NOT IN (SELECT classid, objid FROM ext)
   AND d.classoid <> 'pg_extension'::regclass
   AND (i.schema IS NULL AND i.type <> 'schema' OR i.schema IN (SELECT nspname FROM ns)
        OR i.type = 'schema' AND i.name IN (SELECT quote_ident(nspname) FROM ns)
        OR split_part(i.identity, '.', 1) IN (SELECT quote_ident(nspname) FROM ns))
UNION ALL
SELECT 'comment', 'schema public', obj_description('public'::regnamespace, 'pg_namespace')
  FROM ns WHERE nspname = 'public'
UNION ALL
SELECT 'grant', format('%s %s to %s', k.kind, r.name, CASE a.grantee WHEN 0 THEN 'public' ELSE a.grantee::regrole::text END),
       format('%s by %s', string_agg(a.privilege_type || CASE WHEN a.is_grantable THEN '*' ELSE '' END, ', ' ORDER BY a.privilege_type), a.grantor::regrole)
  FROM rel r JOIN relkinds k USING (relkind)
 CROSS JOIN LATERAL aclexplode(coalesce(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's'::"char" ELSE 'r'::"char" END, r.relowner))) a
 WHERE r.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
 GROUP BY k.kind, r.name, a.grantee, a.grantor
UNION ALL
SELECT 'grant', format('column %s.%s', r.name, quote_ident(a.attname)), a.attacl::text
  FROM rel r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped
UNION ALL
SELECT 'grant', 'schema ' || nspname,
       (SELECT string_agg(x::text, ', ' ORDER BY x::text) FROM unnest(coalesce(n.nspacl, acldefault('n', n.nspowner))) x)
  FROM pg_namespace n JOIN ns USING (oid, nspname)
UNION ALL
SELECT 'grant', f.name, (SELECT string_agg(x::text, ', ' ORDER BY x::text) FROM unnest(coalesce(f.proacl, acldefault('f', f.proowner))) x)
  FROM fun f
UNION ALL
SELECT 'grant', t.name, (SELECT string_agg(x::text, ', ' ORDER BY x::text) FROM unnest(coalesce(t.typacl, acldefault('T', t.typowner))) x)
  FROM typ t
UNION ALL
SELECT 'grant', 'language ' || lanname,
       (SELECT string_agg(x::text, ', ' ORDER BY x::text) FROM unnest(coalesce(lanacl, acldefault('l', lanowner))) x)
  FROM pg_language
UNION ALL
SELECT 'grant', 'wrapper ' || fdwname,
       (SELECT string_agg(x::text, ', ' ORDER BY x::text) FROM unnest(coalesce(fdwacl, acldefault('F', fdwowner))) x)
  FROM pg_foreign_data_wrapper
UNION ALL
SELECT 'grant', 'server ' || srvname,
       (SELECT string_agg(x::text, ', ' ORDER BY x::text) FROM unnest(coalesce(srvacl, acldefault('S', srvowner))) x)
  FROM pg_foreign_server
UNION ALL
SELECT 'default privilege', format('%s %s %s', d.defaclrole::regrole, NULLIF(d.defaclnamespace, 0)::regnamespace, d.defaclobjtype),
       (SELECT string_agg(x::text, ', ' ORDER BY x::text) FROM unnest(d.defaclacl) x)
  FROM pg_default_acl d
UNION ALL
SELECT 'role', rolname::text,
       format('superuser %s inherit %s createrole %s createdb %s login %s replication %s bypassrls %s limit %s until %s settings %s',
              rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls, rolconnlimit,
              -- No statement takes the moment away again; it becomes one that never comes.
              NULLIF(rolvaliduntil, 'infinity'), (SELECT array_agg(o ORDER BY o) FROM unnest(rolconfig) o))
  FROM pg_roles WHERE $roles
UNION ALL
SELECT 'membership', format('%s in %s', u.rolname, r.rolname), (to_jsonb(a) - ARRAY['oid', 'roleid', 'member', 'grantor'])::text
  FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles u ON u.oid = a.member
 WHERE a.roleid IN (SELECT oid FROM pg_roles WHERE $roles) OR a.member IN (SELECT oid FROM pg_roles WHERE $roles)
UNION ALL
SELECT 'comment', 'role ' || rolname, shobj_description(oid, 'pg_authid')
  FROM pg_roles WHERE $roles AND shobj_description(oid, 'pg_authid') IS NOT NULL
