"""The queries by which `postgresql` reads the catalogs; one for each kind of object, sent as one.

Parameters: `schemas`, the names of the schemas read, and `home`, that of the default one. Names
come as text and arrays as text[], since psycopg2 does not know name[]; the one-byte "char" as
text too, since asyncpg has it as bytes. Printers of the server (`pg_get_constraintdef` …) write
the schema of a name where the search path does not find it.
"""

from __future__ import annotations

from collections.abc import Mapping

# One row, evaluated before its columns: what the search path was, before it is set.
SEARCH_PATH = """
SELECT home, path, named, owned,
       set_config('search_path', coalesce(quote_ident(home), ''), NOT :session) AS now
FROM (
  SELECT current_schema()::text AS home,
         current_setting('search_path') AS path,
         ARRAY(SELECT n.nspname::text FROM pg_namespace n WHERE {ordinary} AND NOT {owned}
               ORDER BY 1) AS named,
         ARRAY(SELECT n.nspname::text FROM pg_namespace n WHERE {ordinary} AND {owned}
               ORDER BY 1) AS owned
  OFFSET 0
) AS before
""".format(
    ordinary=r"n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'",
    owned="EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass"
    " AND d.objid = n.oid AND d.deptype = 'e')",
)
RESTORE = "SELECT set_config('search_path', :path, NOT :session)"


def together(queries: Mapping[str, str]) -> str:
    """Return one query of one row: under each name a list of the rows of that query, as JSON."""
    lists = (
        f"(SELECT coalesce(json_agg(r), '[]') FROM ({query}) AS r)::text AS {name}"
        for name, query in queries.items()
    )
    return f"SELECT {', '.join(lists)}"


def _key(relation: str, schema: str) -> str:
    return (
        f"CASE WHEN {schema}.nspname = CAST(:home AS text) THEN {relation}.relname::text"
        f" ELSE {schema}.nspname || '.' || {relation}.relname END"
    )


def _extension(catalog: str, oid: str) -> str:
    return (
        "(SELECT e.extname::text FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid"
        f" WHERE d.classid = '{catalog}'::regclass AND d.objid = {oid} AND d.deptype = 'e'"
        " AND d.refclassid = 'pg_extension'::regclass LIMIT 1)"
    )


_READ = "n.nspname = ANY(CAST(:schemas AS text[]))"
_ENTRY = "JOIN pg_class c ON c.oid = {} JOIN pg_namespace n ON n.oid = c.relnamespace"

RELATIONS = f"""
SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
       c.relpersistence::text AS persistence, c.reloptions::text[] AS storage,
       c.relrowsecurity AS is_secured, c.relforcerowsecurity AS is_forced,
       c.relreplident::text AS identity, m.amname::text AS method, s.spcname::text AS space,
       obj_description(c.oid, 'pg_class') AS comment,
       {_extension("pg_class", "c.oid")} AS extension,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partitioned_by,
       CASE WHEN c.relispartition THEN pg_get_expr(c.relpartbound, c.oid) END AS bound,
       ARRAY(SELECT {_key("p", "pn")} FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent
             JOIN pg_namespace pn ON pn.oid = p.relnamespace
             WHERE i.inhrelid = c.oid ORDER BY i.inhseqno) AS parents,
       (SELECT f.srvname::text FROM pg_foreign_table t JOIN pg_foreign_server f
         ON f.oid = t.ftserver WHERE t.ftrelid = c.oid) AS server,
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS query,
       format_type(q.seqtypid, NULL) AS type, q.seqstart, q.seqincrement, q.seqmin, q.seqmax,
       q.seqcache, q.seqcycle
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_am m ON m.oid = c.relam
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
LEFT JOIN pg_sequence q ON q.seqrelid = c.oid
WHERE {_READ} AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE c.relkind = 'S'
    AND d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refobjsubid > 0
    AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))
ORDER BY n.nspname, c.relname
"""

# A column may own several sequences; the one that its default calls comes first.
COLUMNS = f"""
SELECT a.attrelid AS of_table, a.attname::text AS name,
       format_type(a.atttypid, a.atttypmod) AS type,
       NOT a.attnotnull AS is_nullable, pg_get_expr(x.adbin, x.adrelid) AS expression,
       a.attgenerated::text AS generated, a.attidentity::text AS identity,
       CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END
         AS collation,
       col_description(a.attrelid, a.attnum) AS comment,
       CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage::text END AS storage,
       {{compression}} AS compression, nullif(a.attstattarget, -1) AS target,
       q.*
FROM pg_attribute a {_ENTRY.format("a.attrelid")}
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef x ON x.adrelid = a.attrelid AND x.adnum = a.attnum
LEFT JOIN LATERAL (
  SELECT {_key("s", "sn")} AS sequence, s.relname::text AS sequence_name,
         sn.nspname = n.nspname AS is_beside, d.deptype = 'i'
           OR pg_get_expr(x.adbin, x.adrelid) = format('nextval(%L::regclass)', s.oid::regclass)
           AS is_used,
         CASE WHEN q.seqtypid <> a.atttypid THEN format_type(q.seqtypid, NULL) END AS as_type,
         format_type(q.seqtypid, NULL) AS sequence_type,
         q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcache, q.seqcycle
  FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
  JOIN pg_namespace sn ON sn.oid = s.relnamespace JOIN pg_sequence q ON q.seqrelid = s.oid
  WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum AND d.deptype IN ('a', 'i')
  ORDER BY 4 DESC NULLS LAST, s.relname LIMIT 1
) AS q ON true
WHERE {_READ} AND c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""


def _names(numbers: str, relation: str) -> str:
    return (
        f"ARRAY(SELECT ka.attname::text FROM unnest({numbers}) WITH ORDINALITY AS k(n, o)"
        f" JOIN pg_attribute ka ON ka.attrelid = {relation} AND ka.attnum = k.n ORDER BY k.o)"
    )


# Not 'n': PostgreSQL 18 has a row for each NOT NULL, 15 has none. A foreign key to a partitioned
# table has a further row on its own table for each partition.
CONSTRAINTS = f"""
SELECT o.conrelid AS of_table, o.contype::text AS kind, o.conname::text AS name,
       pg_get_constraintdef(o.oid) AS definition,
       {_names("o.conkey", "o.conrelid")} AS columns,
       {_key("f", "fn")} AS target,
       {_names("o.confkey", "o.confrelid")} AS target_columns
FROM pg_constraint o {_ENTRY.format("o.conrelid")}
LEFT JOIN pg_class f ON f.oid = o.confrelid
LEFT JOIN pg_namespace fn ON fn.oid = f.relnamespace
WHERE {_READ} AND c.relkind IN ('r', 'p', 'f') AND o.contype IN ('p', 'u', 'c', 'f', 'x')
  AND NOT EXISTS (SELECT 1 FROM pg_constraint p WHERE p.oid = o.conparentid
    AND p.conrelid = o.conrelid)
ORDER BY o.conrelid, o.contype, o.conname
"""

INDEXES = f"""
SELECT i.indrelid AS of_table, x.relname::text AS name, i.indisunique AS is_unique,
       i.indisvalid AS is_valid, pg_get_indexdef(i.indexrelid) AS sql,
       format('CREATE %sINDEX %I ON ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, x.relname)
         AS head,
       format('%I.%I ', n.nspname, c.relname) AS qualified, c.oid::regclass::text || ' ' AS visible,
       ARRAY(SELECT a.attname::text FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(n, o)
             LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.n AND k.n > 0
             WHERE k.o <= i.indnkeyatts ORDER BY k.o) AS columns
FROM pg_index i {_ENTRY.format("i.indrelid")} JOIN pg_class x ON x.oid = i.indexrelid
WHERE {_READ} AND c.relkind IN ('r', 'p', 'f', 'm')
  AND NOT EXISTS (SELECT 1 FROM pg_constraint o WHERE o.conindid = i.indexrelid
    AND o.contype IN ('p', 'u', 'x'))
ORDER BY i.indrelid, x.relname
"""

TRIGGERS = f"""
SELECT g.tgrelid AS of_table, g.tgname::text AS name, pg_get_triggerdef(g.oid, true) AS sql,
       g.tgenabled::text AS enabled
FROM pg_trigger g {_ENTRY.format("g.tgrelid")}
WHERE {_READ} AND NOT g.tgisinternal
ORDER BY g.tgrelid, g.tgname
"""

TYPES = f"""
SELECT n.nspname::text AS schema, t.typname::text AS name, t.typtype::text AS kind,
       {_extension("pg_type", "t.oid")} AS extension, obj_description(t.oid, 'pg_type') AS comment,
       ARRAY(SELECT e.enumlabel::text FROM pg_enum e WHERE e.enumtypid = t.oid
             ORDER BY e.enumsortorder) AS labels,
       CASE WHEN t.typtype = 'e' THEN ARRAY(
         SELECT {_key("u", "un")} || '.' || a.attname
                || CASE WHEN a.atttypid = t.typarray THEN '[]' ELSE '' END
         FROM pg_attribute a JOIN pg_class u ON u.oid = a.attrelid
         JOIN pg_namespace un ON un.oid = u.relnamespace
         WHERE a.atttypid IN (t.oid, t.typarray) AND u.relkind IN ('r', 'p', 'f')
           AND NOT a.attisdropped ORDER BY 1) END AS users,
       format_type(t.typbasetype, t.typtypmod) AS base, t.typnotnull AS is_not_null,
       pg_get_expr(t.typdefaultbin, 0) AS expression,
       CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END
         AS collation,
       ARRAY(SELECT format('CONSTRAINT %I %s', o.conname, pg_get_constraintdef(o.oid))
             FROM pg_constraint o WHERE o.contypid = t.oid AND o.contype = 'c'
             ORDER BY o.conname) AS checks
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
LEFT JOIN pg_type b ON b.oid = t.typbasetype
WHERE {_READ} AND t.typtype IN ('e', 'd')
ORDER BY n.nspname, t.typname
"""
