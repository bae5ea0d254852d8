"""Rows of a drawn schema: written into a database, and read back by the uids of their columns."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from .schema import NUMBERED, Column, Schema, Table

Row = Mapping[int, Any]

_UNBOUND = {
    "sqlite": ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys = ON"),
    "postgresql": (
        "SET session_replication_role = replica",
        "SET session_replication_role = origin",
    ),
    "mariadb": ("SET FOREIGN_KEY_CHECKS = 0", "SET FOREIGN_KEY_CHECKS = 1"),
}


def insert(connection: sa.Connection, schema: Schema, metadata: sa.MetaData) -> None:
    """Write the rows of all tables, in any order, and commit."""
    loose, strict = _UNBOUND[schema.database]
    connection.exec_driver_sql(loose)
    for table in schema.tables:
        target = metadata.tables[table.full_name]
        for row in range(number(schema, table)):
            values = dict(_values(schema, table, row))
            connection.execute(target.insert().values(values))
        if schema.database == "postgresql" and _is_numbered(schema, table) and table.rows:
            # Keys were given: the next number is behind them, as it is not in a real application.
            where = f"{schema.quote(table.schema or 'public')}.{schema.quote(table.name)}"
            sequence = sa.func.pg_get_serial_sequence(where, table.key[0].name)
            connection.execute(sa.select(sa.func.setval(sequence, table.rows)))
    connection.exec_driver_sql(strict)
    connection.commit()


def insert_numbered(connection: sa.Connection, schema: Schema, metadata: sa.MetaData) -> None:
    """Write a row without its key where the database gives it the next one; commits nothing."""
    connection.exec_driver_sql(_UNBOUND[schema.database][0])
    for table in schema.tables:
        if not _is_numbered(schema, table):
            continue
        row = number(schema, table)
        values = {c.name: _fresh(schema, c, row) for c in table.columns if _is_given(c)}
        connection.execute(metadata.tables[table.full_name].insert().values(values))
    connection.exec_driver_sql(_UNBOUND[schema.database][1])


def _is_numbered(schema: Schema, table: Table) -> bool:
    """Whether the database numbers the rows; SQLite does so for INTEGER alone."""
    key = table.key[0]
    kinds = NUMBERED[:1] if schema.database == "sqlite" else NUMBERED
    is_plain = ("sqlite_with_rowid", "False") not in table.options
    return len(table.key) == 1 and key.kind in kinds and key.is_numbered and is_plain


def _is_given(column: Column) -> bool:
    return not column.is_key and column.computed is None and not column.nullable


def _fresh(schema: Schema, column: Column, row: int) -> Any:
    values = schema.values(column)
    return values[(row + column.salt) % len(values)]


def number(schema: Schema, table: Table, seen: frozenset[int] = frozenset()) -> int:
    """Return how many rows a table can have: none where it must refer to an empty one."""
    for key in table.foreign_keys():
        target = schema.table(key.target)
        assert target is not None
        if table.column(key.columns[0]).nullable or target.uid in {table.uid, *seen}:
            continue
        if not number(schema, target, seen | {table.uid}):
            return 0
    return table.rows


def _values(schema: Schema, table: Table, row: int) -> Iterator[tuple[str, Any]]:
    referred = dict(_references(schema, table, row))
    for column in table.columns:
        if column.computed is None:
            value = referred.get(column.uid, _value(schema, column, row))
            is_json = column.kind in ("json", "jsonb")
            yield column.name, sa.null() if value is None and is_json else value


def _value(schema: Schema, column: Column, row: int) -> Any:
    values = schema.values(column)
    if column.is_key:
        return values[row]
    if column.nulls and (row + column.salt) % 2 == 0:
        return None
    return values[(row + column.salt) % len(values)]


def _references(schema: Schema, table: Table, row: int) -> Iterator[tuple[int, Any]]:
    for key in table.foreign_keys():
        target = schema.table(key.target)
        assert target is not None
        rows = number(schema, target)
        is_none = not rows or (table.column(key.columns[0]).nullable and row % 2 == 1)
        for own, theirs in zip(key.columns, target.key, strict=True):
            yield own, None if is_none else _value(schema, theirs, row % rows)


def read(
    connection: sa.Connection, schema: Schema, metadata: sa.MetaData
) -> dict[int, Sequence[Row]]:
    """Return the rows of each table by the table's uid."""
    return {table.uid: _read(connection, table, metadata) for table in schema.tables}


def _read(connection: sa.Connection, table: Table, metadata: sa.MetaData) -> Sequence[Row]:
    source = metadata.tables[table.full_name]
    uids = [column.uid for column in table.columns]
    columns = [source.c[column.name] for column in table.columns]
    found = connection.execute(sa.select(*columns)).all()
    return [dict(zip(uids, map(_plain, row), strict=True)) for row in found]


def _plain(value: Any) -> Any:
    """Return a label for a member of an enum."""
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.name if isinstance(value, enum.Enum) else value
