"""What PostgreSQL has on a column and keeps it from another type: views, triggers, policies.

One query for each kind. Names are printed as the connection's search path finds them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from sqlmodel_migrations.database.catalog.definition import TOKEN
from sqlmodel_migrations.database.ddl.base import Piece, literal

Place = tuple[str | None, str, str]
"""A schema, None for the default one, a table and a column of it."""


# The columns that change, as pairs of relation and number.
_CHANGED = """
changed AS (
  SELECT c.oid AS relation, a.attnum AS number
  FROM jsonb_to_recordset(CAST(:places AS jsonb)) AS p(schema text, name text, column_name text)
  JOIN pg_class c ON c.relname = p.name
  JOIN pg_namespace n ON n.oid = c.relnamespace
    AND n.nspname = coalesce(p.schema, current_schema()::text)
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = p.column_name
)
"""

# A view comes after those that it reads: by the longest way from the table.
_VIEWS = f"""
WITH RECURSIVE {_CHANGED}, uses AS (
  SELECT DISTINCT r.ev_class AS view, d.refobjid AS used, d.refobjsubid AS number
  FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
  WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
    AND r.ev_class <> d.refobjid
), found AS (
  SELECT view, 1 AS depth FROM uses JOIN changed ON (used, uses.number) = (relation, changed.number)
  UNION
  SELECT uses.view, depth + 1 FROM found JOIN uses ON uses.used = found.view
)
SELECT c.oid::regclass::text AS name, c.relname::text AS key, c.relkind = 'm' AS is_materialized,
  pg_get_viewdef(c.oid) AS query, c.reloptions::text[] AS options, c.relispopulated AS is_populated,
  s.spcname::text AS space,
  CASE WHEN c.relowner <> CAST(current_user AS regrole) THEN quote_ident(o.rolname) END AS owner,
  obj_description(c.oid, 'pg_class') AS comment,
  ARRAY(SELECT pg_get_indexdef(i.indexrelid, 0, true) FROM pg_index i WHERE i.indrelid = c.oid
        ORDER BY i.indexrelid) AS indexes,
  ARRAY(SELECT format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', c.oid::regclass, a.attname,
               pg_get_expr(x.adbin, x.adrelid))
        FROM pg_attrdef x JOIN pg_attribute a ON a.attrelid = x.adrelid AND a.attnum = x.adnum
        WHERE x.adrelid = c.oid ORDER BY a.attnum) AS defaults,
  ARRAY(SELECT pg_get_ruledef(r.oid, true) FROM pg_rewrite r WHERE r.ev_class = c.oid
        AND r.rulename <> '_RETURN' ORDER BY r.rulename) AS rules,
  ARRAY(SELECT pg_get_triggerdef(t.oid, true) FROM pg_trigger t WHERE t.tgrelid = c.oid
        AND NOT t.tgisinternal ORDER BY t.tgname) AS triggers,
  ARRAY(SELECT format('COMMENT ON COLUMN %s.%I IS %L', c.oid::regclass, a.attname,
               col_description(c.oid, a.attnum))
        FROM pg_attribute a WHERE a.attrelid = c.oid
        AND col_description(c.oid, a.attnum) IS NOT NULL ORDER BY a.attnum) AS comments,
  ARRAY(SELECT format('GRANT %s ON %s TO %s%s', g.privilege_type, c.oid::regclass,
               CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END,
               CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM aclexplode(c.relacl) AS g WHERE g.grantee <> c.relowner ORDER BY 1) AS grants,
  ARRAY(SELECT format('GRANT %s (%I) ON %s TO %s%s', g.privilege_type, a.attname, c.oid::regclass,
               CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END,
               CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
        FROM pg_attribute a, aclexplode(a.attacl) AS g WHERE a.attrelid = c.oid ORDER BY 1)
    AS column_grants
FROM (SELECT view, max(depth) AS depth FROM found GROUP BY view) AS v
JOIN pg_class c ON c.oid = v.view JOIN pg_roles o ON o.oid = c.relowner
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
WHERE c.relkind IN ('v', 'm') ORDER BY v.depth, name
"""

_TRIGGERS = f"""
WITH {_CHANGED}
SELECT DISTINCT quote_ident(t.tgname) AS name, t.tgname::text AS key,
  t.tgrelid::regclass::text AS of_table,
  (SELECT c.relname::text FROM pg_class c WHERE c.oid = t.tgrelid) AS table_key,
  pg_get_triggerdef(t.oid, true) AS sql, t.tgenabled::text AS enabled,
  obj_description(t.oid, 'pg_trigger') AS comment
FROM changed JOIN pg_depend d ON (d.refobjid, d.refobjsubid) = (relation, changed.number)
JOIN pg_trigger t ON t.oid = d.objid
WHERE d.classid = 'pg_trigger'::regclass AND d.refclassid = 'pg_class'::regclass
  AND NOT t.tgisinternal
ORDER BY of_table, name
"""

_POLICIES = f"""
WITH {_CHANGED}
SELECT DISTINCT quote_ident(p.polname) AS name, p.polname::text AS key,
  p.polrelid::regclass::text AS of_table,
  (SELECT c.relname::text FROM pg_class c WHERE c.oid = p.polrelid) AS table_key,
  p.polpermissive AS is_permissive, p.polcmd::text AS command,
  ARRAY(SELECT CASE WHEN r = 0 THEN 'PUBLIC' ELSE r::regrole::text END
        FROM unnest(p.polroles) AS r ORDER BY 1) AS roles,
  pg_get_expr(p.polqual, p.polrelid) AS condition,
  pg_get_expr(p.polwithcheck, p.polrelid) AS checked,
  obj_description(p.oid, 'pg_policy') AS comment
FROM changed JOIN pg_depend d ON (d.refobjid, d.refobjsubid) = (relation, changed.number)
JOIN pg_policy p ON p.oid = d.objid
WHERE d.classid = 'pg_policy'::regclass AND d.refclassid = 'pg_class'::regclass
ORDER BY of_table, name
"""

_COMMANDS = {"*": "ALL", "r": "SELECT", "a": "INSERT", "w": "UPDATE", "d": "DELETE"}
_FIRING = {"D": "DISABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}


def dependents(connection: Connection, places: Collection[Place]) -> tuple[Piece, ...]:
    """Return what is on these columns, in the order in which it is made again."""
    named = [dict(zip(("schema", "name", "column_name"), place, strict=True)) for place in places]

    def rows(query: str) -> Sequence[Row[Any]]:
        return connection.execute(text(query), {"places": json.dumps(named)}).all()

    return (
        *(_view(row) for row in rows(_VIEWS)),
        *(_trigger(row) for row in rows(_TRIGGERS)),
        *(_policy(row) for row in rows(_POLICIES)),
    )


def _view(row: Row[Any]) -> Piece:
    kind = "MATERIALIZED VIEW" if row.is_materialized else "VIEW"
    return Piece(
        kind.lower(), row.key, tuple(_view_made(row, kind)), undo=f"DROP {kind} {row.name}"
    )


def _view_made(row: Row[Any], kind: str) -> Iterator[str]:
    options = f" WITH ({', '.join(row.options)})" if row.options else ""
    space = f" TABLESPACE {row.space}" if row.space is not None else ""
    empty = " WITH NO DATA" if row.is_materialized and not row.is_populated else ""
    query = _in_one_line(row.query).removesuffix(";")
    yield f"CREATE {kind} {row.name}{options}{space} AS {query}{empty}"
    yield from (*row.indexes, *row.defaults, *map(_in_one_line, row.rules), *row.triggers)
    if row.comment is not None:
        yield f"COMMENT ON {kind} {row.name} IS {literal(row.comment)}"
    yield from (*row.comments, *row.grants, *row.column_grants)
    if row.owner is not None:
        yield f"ALTER {kind} {row.name} OWNER TO {row.owner}"


def _in_one_line(sql: str) -> str:
    """The server's own line breaks as spaces; those in strings stay."""
    return "".join(" " if token.isspace() else token for token in TOKEN.findall(sql)).strip()


def _trigger(row: Row[Any]) -> Piece:
    return Piece(
        "trigger",
        row.key,
        tuple(_trigger_made(row)),
        undo=f"DROP TRIGGER {row.name} ON {row.of_table}",
        table=row.table_key,
    )


def _trigger_made(row: Row[Any]) -> Iterator[str]:
    yield row.sql
    if firing := _FIRING.get(row.enabled):
        yield f"ALTER TABLE {row.of_table} {firing} TRIGGER {row.name}"
    if row.comment is not None:
        yield f"COMMENT ON TRIGGER {row.name} ON {row.of_table} IS {literal(row.comment)}"


def _policy(row: Row[Any]) -> Piece:
    return Piece(
        "policy",
        row.key,
        tuple(_policy_made(row)),
        undo=f"DROP POLICY {row.name} ON {row.of_table}",
        table=row.table_key,
    )


def _policy_made(row: Row[Any]) -> Iterator[str]:
    kind = "PERMISSIVE" if row.is_permissive else "RESTRICTIVE"
    using = f" USING ({row.condition})" if row.condition is not None else ""
    check = f" WITH CHECK ({row.checked})" if row.checked is not None else ""
    yield (
        f"CREATE POLICY {row.name} ON {row.of_table} AS {kind} FOR {_COMMANDS[row.command]}"
        f" TO {', '.join(row.roles)}{using}{check}"
    )
    if row.comment is not None:
        yield f"COMMENT ON POLICY {row.name} ON {row.of_table} IS {literal(row.comment)}"
