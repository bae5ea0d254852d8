"""PostgreSQL: what its catalogs print is SQL; functions, domains and the like come first."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.database.catalog import Catalog, Column, Table
from sqlmodel_migrations.database.catalog.base import FOREIGN_KEY
from sqlmodel_migrations.database.quoting import qualified, quote
from sqlmodel_migrations.shadow.mirror.base import execute, literal

_ORDINARY = r"n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"


def _own(catalog: str, oid: str) -> str:
    """Whether an object belongs neither to an extension nor to another object."""
    return (
        f"NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = '{catalog}'::regclass"
        f" AND d.objid = {oid} AND d.deptype IN ('e', 'i'))"
    )


# What tables may need, as statements. The locale of a collation has another column in each of
# PostgreSQL 12, 15 and 17.
_NEEDED = rf"""
SELECT sql FROM (
  SELECT 1 AS place, n.oid, format('CREATE SCHEMA IF NOT EXISTS %I', n.nspname) AS sql
  FROM pg_namespace n WHERE {_ORDINARY} AND {_own("pg_namespace", "n.oid")}
  UNION ALL
  SELECT 2, e.oid, format('CREATE EXTENSION IF NOT EXISTS %I', e.extname)
    || CASE WHEN {_ORDINARY} AND {_own("pg_namespace", "n.oid")}
       THEN format(' WITH SCHEMA %I', n.nspname) ELSE '' END
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'plpgsql'
  UNION ALL
  SELECT 3, c.oid, format('CREATE COLLATION %I.%I (provider = %s, locale = %L, deterministic = %s)',
    n.nspname, c.collname, CASE c.collprovider WHEN 'i' THEN 'icu' ELSE 'libc' END,
    coalesce(to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'colliculocale', c.collcollate),
    c.collisdeterministic::text)
  FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
  WHERE {_ORDINARY} AND {_own("pg_collation", "c.oid")}
  UNION ALL
  SELECT 4, t.oid, format('CREATE DOMAIN %I.%I AS %s', n.nspname, t.typname,
    concat_ws(' ', format_type(t.typbasetype, t.typtypmod),
      CASE WHEN t.typcollation <> b.typcollation
        THEN 'COLLATE ' || t.typcollation::regcollation::text END,
      'DEFAULT ' || pg_get_expr(t.typdefaultbin, 0), CASE WHEN t.typnotnull THEN 'NOT NULL' END,
      (SELECT string_agg(format('CONSTRAINT %I %s', o.conname, pg_get_constraintdef(o.oid)), ' ')
       FROM pg_constraint o WHERE o.contypid = t.oid AND o.contype = 'c')))
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  JOIN pg_type b ON b.oid = t.typbasetype
  WHERE {_ORDINARY} AND t.typtype = 'd' AND {_own("pg_type", "t.oid")}
  UNION ALL
  SELECT 5, c.oid, format('CREATE TYPE %I.%I AS (%s)', n.nspname, c.relname,
    (SELECT string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '
            ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = c.oid AND NOT a.attisdropped))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE {_ORDINARY} AND c.relkind = 'c' AND {_own("pg_type", "c.reltype")}
  UNION ALL
  SELECT 6, p.oid, pg_get_functiondef(p.oid)
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
  WHERE {_ORDINARY} AND p.prokind IN ('f', 'p', 'w') AND {_own("pg_proc", "p.oid")}
) AS needed ORDER BY place, oid
"""

_NUMBERS = r"start \S+ increment \S+ minvalue \S+ maxvalue \S+ cache \d+(?: cycle)?"
_SEQUENCE = re.compile(rf"\w+ {_NUMBERS}")
_SERIAL = re.compile(rf"serial(?: (?P<numbers>{_NUMBERS}))?(?: as (?P<type>\w+))?")
_IDENTITY = re.compile(rf"(?P<kind>always|by default) (?P<numbers>{_NUMBERS})")


def make(live: Connection, scratch: Connection, wanted: Catalog) -> None:
    """Make what tables may need as far as it goes, and then the tables."""
    dialect = scratch.dialect
    needed = [str(sql) for sql in live.exec_driver_sql(_NEEDED, execution_options=_RAW).scalars()]
    execute(scratch, ["SET LOCAL check_function_bodies = off"])
    _make_possible(scratch, [*needed, *_enums(wanted, dialect), *_sequences(wanted, dialect)])
    tables = _parents_first(wanted)
    for table in tables:
        execute(scratch, _table(table, dialect))
    for table in tables:
        execute(scratch, _foreign_keys(table, dialect))


_RAW = {"no_parameters": True}


def _make_possible(scratch: Connection, statements: Iterable[str]) -> None:
    """Run what can be run, in whatever order; the rest may be needed by no table."""
    waiting = list(statements)
    while waiting:
        refused = [sql for sql in waiting if not _is_run(scratch, sql)]
        if len(refused) == len(waiting):
            return
        waiting = refused


def _is_run(scratch: Connection, sql: str) -> bool:
    with contextlib.suppress(DBAPIError), scratch.begin_nested():
        execute(scratch, [sql])
        return True
    return False


def _enums(wanted: Catalog, dialect: Dialect) -> Iterator[str]:
    for enum in wanted.enums.values():
        name = qualified(enum.schema, enum.name, dialect)
        yield f"CREATE TYPE {name} AS ENUM ({', '.join(map(literal, enum.labels))})"
        if enum.comment is not None:
            yield f"COMMENT ON TYPE {name} IS {literal(enum.comment)}"


def _sequences(wanted: Catalog, dialect: Dialect) -> Iterator[str]:
    for key, text in wanted.sequences.items():
        if numbers := _SEQUENCE.match(text):  # not where it begins with its extension
            yield f"CREATE SEQUENCE {_qualified(key, dialect)} AS {numbers[0]}"


def _parents_first(wanted: Catalog) -> list[Table]:
    """The tables in the order of inheritance and partitions."""
    waiting, made = dict(wanted.tables), {}
    while waiting:
        parents = {key: _parents(table) & waiting.keys() for key, table in waiting.items()}
        free = [key for key in waiting if not parents[key] - {key}] or list(waiting)
        made.update({key: waiting.pop(key) for key in free})
    return list(made.values())


def _parents(table: Table) -> set[str]:
    for word in ("inherits ", "partition of "):
        if table.owner is not None and table.owner.startswith(word):
            return set(table.owner.removeprefix(word).split(", "))
    return set()


def _is_partition(table: Table) -> bool:
    return str(table.owner).startswith("partition of ")


def _table(table: Table, dialect: Dialect) -> Iterator[str]:
    """A table without its foreign keys, with what numbers its columns, and its comments."""
    where = qualified(table.schema, table.name, dialect)
    serials = [column for column in table.columns.values() if _is_serial(column)]
    for column in serials:
        yield _serial(column, dialect)
    yield f"CREATE TABLE {where} {_body(table, dialect)}"
    for column in serials:
        owner = f"{where}.{quote(column.name, dialect)}"
        yield f"ALTER SEQUENCE {_qualified(str(column.sequence), dialect)} OWNED BY {owner}"
    if not _is_partition(table):  # which gets them from its table
        yield from _constraints(table, dialect)
        yield from (index.sql for index in table.indexes)
    yield from _comments(table, where, dialect)


def _body(table: Table, dialect: Dialect) -> str:
    by = next((o for o in table.options if o.startswith("partition by ")), "")
    parents = ", ".join(_qualified(parent, dialect) for parent in sorted(_parents(table)))
    if _is_partition(table):
        own = next(o for o in table.options if o.startswith(f"{table.owner} "))
        return f"PARTITION OF {parents} {own.removeprefix(f'{table.owner} ')} {by}"
    inherits = f"INHERITS ({parents})" if parents else ""
    columns = (" ".join(_column(column, dialect)) for column in table.columns.values())
    return f"({', '.join(columns)}) {inherits} {by}"


def _column(column: Column, dialect: Dialect) -> Iterator[str]:
    yield f"{quote(column.name, dialect)} {column.type}"
    if column.collation is not None:
        yield f"COLLATE {column.collation}"
    if column.computed is not None:
        yield f"GENERATED ALWAYS AS ({column.computed}) {'STORED' if column.is_stored else ''}"
    elif _is_serial(column):
        yield f"DEFAULT nextval({literal(_qualified(str(column.sequence), dialect))}::regclass)"
    elif column.identity is not None:
        yield _identity(column, dialect)
    elif column.default is not None:
        yield f"DEFAULT {column.default}"
    if not column.nullable:
        yield "NOT NULL"


def _is_serial(column: Column) -> bool:
    return column.identity is not None and column.identity.startswith("serial")


def _serial(column: Column, dialect: Dialect) -> str:
    found = _SERIAL.fullmatch(str(column.identity))
    type_, numbers = (found["type"], found["numbers"]) if found else (None, None)
    sequence = _qualified(str(column.sequence), dialect)
    return f"CREATE SEQUENCE {sequence} AS {type_ or column.type} {numbers or ''}"


def _identity(column: Column, dialect: Dialect) -> str:
    found = _IDENTITY.match(str(column.identity))
    assert found is not None
    name = _qualified(str(column.sequence), dialect)
    return (
        f"GENERATED {found['kind'].upper()} AS IDENTITY (SEQUENCE NAME {name} {found['numbers']})"
    )


def _constraints(table: Table, dialect: Dialect) -> Iterator[str]:
    for constraint in table.constraints:
        if constraint.kind != FOREIGN_KEY:
            yield _constraint(table, str(constraint.name), constraint.definition, dialect)


def _foreign_keys(table: Table, dialect: Dialect) -> Iterator[str]:
    for constraint in table.constraints:
        if constraint.kind == FOREIGN_KEY and not _is_partition(table):
            yield _constraint(table, str(constraint.name), constraint.definition, dialect)


def _constraint(table: Table, name: str, definition: str, dialect: Dialect) -> str:
    where = qualified(table.schema, table.name, dialect)
    return f"ALTER TABLE {where} ADD CONSTRAINT {quote(name, dialect)} {definition}"


def _comments(table: Table, where: str, dialect: Dialect) -> Iterator[str]:
    if table.comment is not None:
        yield f"COMMENT ON TABLE {where} IS {literal(table.comment)}"
    for column in table.columns.values():
        if column.comment is not None:
            name = f"{where}.{quote(column.name, dialect)}"
            yield f"COMMENT ON COLUMN {name} IS {literal(column.comment)}"


def _qualified(key: str, dialect: Dialect) -> str:
    """A name that is given by its key; a dot stands for a schema."""
    schema, _, name = key.rpartition(".")
    return qualified(schema or None, name, dialect)
