"""PostgreSQL: every value is a text that its type's own parser reads."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection

from sqlmodel_migrations.shadow.sample.dialects.base import (
    Catalog,
    Plain,
    execute,
    grouped,
    quoted_text,
)
from sqlmodel_migrations.shadow.sample.dialects.other import no_columns

__all__ = [
    "attempt",
    "catalog",
    "default",
    "deferred",
    "is_filled_by_server",
    "literal",
    "no_columns",
    "readable",
    "schemas",
    "typed",
    "update_one",
]

_SYSTEM = (
    "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'"
)

# A partition's bounds are a constraint of its own; the whole takes what any part takes.
_CHECKS = f"""
SELECT n.nspname, c.relname, pg_get_expr(k.conbin, k.conrelid)
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE k.contype = 'c' AND {_SYSTEM}
UNION ALL
SELECT n.nspname, c.relname, pg_get_partition_constraintdef(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relispartition AND c.relkind IN ('r', 'p') AND {_SYSTEM}
UNION ALL
SELECT n.nspname, c.relname,
  string_agg('(' || pg_get_partition_constraintdef(i.inhrelid) || ')', ' OR ')
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhparent
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'p' AND {_SYSTEM} GROUP BY 1, 2
"""

_DOMAIN_CHECKS = f"""
WITH RECURSIVE chain AS (
  SELECT a.attrelid, a.attname, t.oid, t.typbasetype, t.typtype
  FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE t.typtype = 'd' AND a.attnum > 0
  UNION ALL
  SELECT chain.attrelid, chain.attname, t.oid, t.typbasetype, t.typtype
  FROM chain JOIN pg_type t ON t.oid = chain.typbasetype
  WHERE chain.typtype = 'd' AND t.typtype = 'd')
SELECT n.nspname, c.relname, chain.attname, pg_get_constraintdef(k.oid)
FROM chain JOIN pg_constraint k ON k.contypid = chain.oid AND k.contype = 'c'
JOIN pg_class c ON c.oid = chain.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND {_SYSTEM}
"""

_TYPES = f"""
SELECT n.nspname, c.relname, a.attname, CASE WHEN t.typtype = 'd'
  THEN format_type(t.typbasetype, t.typtypmod) ELSE format_type(a.atttypid, a.atttypmod) END
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND {_SYSTEM}
"""

_EXTENSIONS = f"""
SELECT n.nspname, c.relname FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e' AND c.relkind IN ('r', 'p') AND {_SYSTEM}
"""

_VALUE = re.compile(r"('(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")|\bVALUE\b")


def catalog(connection: Connection) -> Catalog:
    """Read CHECKs of tables, of partitions and of domains, and the types' own names."""

    def key(schema: str, name: str) -> tuple[str | None, str]:
        return (None if schema == connection.dialect.default_schema_name else schema, name)

    checks = [(key(row[0], row[1]), row[2]) for row in execute(connection, _CHECKS) if row[2]]
    for schema, name, column, text in execute(connection, _DOMAIN_CHECKS):
        checks.append((key(schema, name), _of_column(text, column)))
    types = {(*key(row[0], row[1]), row[2]): row[3] for row in execute(connection, _TYPES)}
    extensions = frozenset(key(row[0], row[1]) for row in execute(connection, _EXTENSIONS))
    return Catalog(grouped(checks), types, extensions)


def _of_column(text: str, column: str) -> str:
    """Turn a domain's `CHECK ((VALUE > 0))` into one of a column."""
    name = '"' + column.replace('"', '""') + '"'
    body = re.sub(r"^CHECK\s*|\s*NOT VALID$", "", text)
    return _VALUE.sub(lambda match: match.group(1) or name, body)


def schemas(connection: Connection) -> list[str | None]:
    """Return every schema that is not the server's; the default one as None."""
    rows = execute(connection, f"SELECT nspname FROM pg_namespace n WHERE {_SYSTEM} ORDER BY 1")
    default_schema = connection.dialect.default_schema_name
    return [None if name == default_schema else name for (name,) in rows]


def literal(value: Plain) -> str:
    """Write a value as an untyped text; E'' where a backslash would depend on a setting."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return f"'{str(value).lower()}'"
    text = f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
    if "\\" in text:
        return "E" + quoted_text(text.replace("\\", "\\\\"))
    return quoted_text(text)


def typed(sql: str, column: Column[Any], native: str) -> str:
    """Cast to the column's type; `native` is, of a domain, the type below, which has no CHECK."""
    return f"CAST({sql} AS {native})" if native else sql


def default(sql: str) -> str:
    """Write the keyword."""
    return "DEFAULT"


def readable(column: Column[Any], name: str) -> str:
    """Read any key as text."""
    return f"CAST({name} AS text)"


def update_one(table: str, assignment: str, order: str, condition: str, key: str) -> str:
    """Find the row by its place."""
    one = f"SELECT ctid FROM {table} WHERE {condition} ORDER BY {order} LIMIT 1"
    return f"UPDATE {table} SET {assignment} WHERE ctid = ({one})"


def is_filled_by_server(column: Column[Any], catalog: Catalog) -> bool:
    """Whether the column is an identity; a serial has a default."""
    return column.identity is not None


@contextlib.contextmanager
def attempt(connection: Connection) -> Iterator[None]:
    """Open a savepoint, unless every statement commits: there is no transaction to keep then."""
    if getattr(connection.connection.dbapi_connection, "autocommit", False) is True:
        yield
        return
    with connection.begin_nested():
        yield


@contextlib.contextmanager
def deferred(connection: Connection) -> Iterator[None]:
    """Defer the constraints that are deferrable, and check them at the end."""
    execute(connection, "SET CONSTRAINTS ALL DEFERRED")
    yield
    with attempt(connection):
        execute(connection, "SET CONSTRAINTS ALL IMMEDIATE")
