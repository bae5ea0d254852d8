"""The queries by which `postgresql` reads what is no table, as statements.

The search path is the default schema alone while they run, so that its names come bare. `oid` is
the order in which things were made: nothing needs what is younger.
"""

from __future__ import annotations

_ORDINARY = r"n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"


def _own(catalog: str, oid: str) -> str:
    """Whether an object belongs neither to an extension nor to another object."""
    return (
        f"NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = '{catalog}'::regclass"
        f" AND d.objid = {oid} AND d.deptype IN ('e', 'i'))"
    )


def _key(name: str) -> str:
    return (
        f"CASE WHEN n.nspname = current_schema() THEN {name}::text"
        f" ELSE n.nspname || '.' || {name} END"
    )


def _quoted(name: str) -> str:
    return (
        f"CASE WHEN n.nspname = current_schema() THEN format('%I', {name})"
        f" ELSE format('%I.%I', n.nspname, {name}) END"
    )


_SIGNATURE = "'(' || pg_get_function_identity_arguments(p.oid) || ')'"
# Whether a function takes or returns rows of a table or view, or is written over one.
_NEEDS_TABLE = """EXISTS (
  SELECT 1 FROM pg_depend d
  LEFT JOIN pg_type y ON d.refclassid = 'pg_type'::regclass AND y.oid = d.refobjid
  LEFT JOIN pg_class r ON r.oid = y.typrelid
  WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid
    AND (d.refclassid = 'pg_class'::regclass OR r.relkind IN ('r', 'p', 'v', 'm')))"""

# The locale of a collation has another column in each of PostgreSQL 12, 15 and 17.
BEFORE = rf"""
SELECT place, kind, key, word, quoted, sql, comment FROM (
  SELECT 1 AS place, n.oid, 'schema' AS kind, n.nspname::text AS key, 'SCHEMA' AS word,
    format('%I', n.nspname) AS quoted,
    format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname) AS sql, NULL AS comment
  FROM pg_namespace n
  WHERE {_ORDINARY} AND n.nspname <> 'public' AND n.nspname <> coalesce(current_schema(), '')
    AND {_own("pg_namespace", "n.oid")}
  UNION ALL
  SELECT 2, e.oid, 'extension', e.extname::text, 'EXTENSION', format('%I', e.extname),
    format('CREATE EXTENSION IF NOT EXISTS %I', e.extname)
      || CASE WHEN {_ORDINARY} AND {_own("pg_namespace", "n.oid")}
         THEN format(' WITH SCHEMA %I', n.nspname) ELSE '' END, NULL
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql'
  UNION ALL
  SELECT 3, c.oid, 'collation', {_key("c.collname")}, 'COLLATION', {_quoted("c.collname")},
    format('CREATE COLLATION %s (provider = %s, locale = %L, deterministic = %s)',
      {_quoted("c.collname")}, CASE c.collprovider WHEN 'i' THEN 'icu' ELSE 'libc' END,
      coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', c.collcollate),
      c.collisdeterministic::text), NULL
  FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
  WHERE {_ORDINARY} AND {_own("pg_collation", "c.oid")}
  UNION ALL
  SELECT 4, t.oid, 'enum', {_key("t.typname")}, 'TYPE', {_quoted("t.typname")},
    format('CREATE TYPE %s AS ENUM (%s)', {_quoted("t.typname")},
      (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
       FROM pg_enum e WHERE e.enumtypid = t.oid)), obj_description(t.oid, 'pg_type')
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE {_ORDINARY} AND t.typtype = 'e' AND {_own("pg_type", "t.oid")}
  UNION ALL
  SELECT 4, t.oid, 'domain', {_key("t.typname")}, 'DOMAIN', {_quoted("t.typname")},
    format('CREATE DOMAIN %s AS %s', {_quoted("t.typname")},
      concat_ws(' ', format_type(t.typbasetype, t.typtypmod),
        CASE WHEN t.typcollation <> b.typcollation
          THEN 'COLLATE ' || t.typcollation::regcollation::text END,
        'DEFAULT ' || pg_get_expr(t.typdefaultbin, 0), CASE WHEN t.typnotnull THEN 'NOT NULL' END,
        (SELECT string_agg(format('CONSTRAINT %I %s', o.conname, pg_get_constraintdef(o.oid)), ' '
                ORDER BY o.conname)
         FROM pg_constraint o WHERE o.contypid = t.oid AND o.contype = 'c'))),
    obj_description(t.oid, 'pg_type')
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  JOIN pg_type b ON b.oid = t.typbasetype
  WHERE {_ORDINARY} AND t.typtype = 'd' AND {_own("pg_type", "t.oid")}
  UNION ALL
  SELECT 4, c.oid, 'type', {_key("c.relname")}, 'TYPE', {_quoted("c.relname")},
    format('CREATE TYPE %s AS (%s)', {_quoted("c.relname")},
      (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '
              ORDER BY a.attnum)
       FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped)),
    obj_description(c.reltype, 'pg_type')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE {_ORDINARY} AND c.relkind = 'c' AND {_own("pg_type", "c.reltype")}
  UNION ALL
  SELECT 4, c.oid, 'sequence', {_key("c.relname")}, 'SEQUENCE', {_quoted("c.relname")},
    format('CREATE SEQUENCE %s AS %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s%s',
      {_quoted("c.relname")}, format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin,
      q.seqmax, q.seqcache, CASE WHEN q.seqcycle THEN ' CYCLE' END),
    obj_description(c.oid, 'pg_class')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_sequence q ON q.seqrelid = c.oid
  WHERE {_ORDINARY} AND {_own("pg_class", "c.oid")} AND NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
      AND d.refobjsubid > 0 AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a')
  UNION ALL
  SELECT 4, p.oid, CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
    {_key("p.proname")}, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
    {_quoted("p.proname")} || {_SIGNATURE}, pg_get_functiondef(p.oid),
    obj_description(p.oid, 'pg_proc')
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE {_ORDINARY} AND p.prokind IN ('f', 'p', 'w') AND {_own("pg_proc", "p.oid")}
    AND NOT {_NEEDS_TABLE}
) AS needed ORDER BY place, oid
"""

AFTER = rf"""
SELECT kind, key, word, quoted, sql, comment FROM (
  SELECT c.oid, CASE c.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind,
    {_key("c.relname")} AS key,
    CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS word,
    {_quoted("c.relname")} AS quoted,
    concat_ws(' ', 'CREATE', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED' END, 'VIEW',
      {_quoted("c.relname")}, 'WITH (' || array_to_string(c.reloptions, ', ') || ')', 'AS')
      || E'\n' || pg_get_viewdef(c.oid) AS sql,
    obj_description(c.oid, 'pg_class') AS comment
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE {_ORDINARY} AND c.relkind IN ('v', 'm') AND {_own("pg_class", "c.oid")}
  UNION ALL
  SELECT x.oid, 'index', {_key("x.relname")}, 'INDEX', {_quoted("x.relname")},
    pg_get_indexdef(x.oid), NULL
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
  JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE {_ORDINARY} AND c.relkind = 'm' AND {_own("pg_class", "c.oid")}
  UNION ALL
  SELECT p.oid, CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
    {_key("p.proname")}, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
    {_quoted("p.proname")} || {_SIGNATURE}, pg_get_functiondef(p.oid),
    obj_description(p.oid, 'pg_proc')
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE {_ORDINARY} AND p.prokind IN ('f', 'p', 'w') AND {_own("pg_proc", "p.oid")}
    AND {_NEEDS_TABLE}
) AS made ORDER BY oid
"""

# A trigger of a partitioned table has a clone on each partition, since PostgreSQL 13 with its
# parent; it is fired as `tgenabled` says.
TRIGGERS = f"""
SELECT g.tgname::text AS name, {_key("c.relname")} AS of_table,
  pg_get_triggerdef(g.oid, true) AS sql,
  CASE g.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
    WHEN 'A' THEN 'ENABLE ALWAYS' END AS firing,
  {_quoted("c.relname")} AS quoted_table, format('%I', g.tgname) AS quoted
FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE {_ORDINARY} AND NOT g.tgisinternal
  AND coalesce(to_jsonb(g) ->> 'tgparentid', '0') = '0'
ORDER BY g.oid
"""

UNSAID = f"""
SELECT 'policy' AS kind, o.polname::text AS name, {_key("c.relname")} AS of_table
FROM pg_policy o JOIN pg_class c ON c.oid = o.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
UNION ALL
SELECT 'rule', r.rulename::text, {_key("c.relname")}
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN'
UNION ALL
SELECT 'statistics', s.stxname::text, {_key("c.relname")}
FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
UNION ALL
SELECT 'aggregate', p.proname::text, NULL
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE {_ORDINARY} AND p.prokind = 'a' AND {_own("pg_proc", "p.oid")}
ORDER BY 3, 1, 2
"""
