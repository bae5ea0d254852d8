"""PostgreSQL: what its catalogs print is SQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Dialect, Row

from sqlmodel_migrations.database.catalog import Catalog, Column, Table
from sqlmodel_migrations.database.catalog.base import FOREIGN_KEY
from sqlmodel_migrations.database.catalog.postgresql import search_path
from sqlmodel_migrations.database.ddl import postgresql_query as query
from sqlmodel_migrations.database.ddl.base import Piece, literal
from sqlmodel_migrations.database.quoting import qualified, quote

_NUMBERS = r"start \S+ increment \S+ minvalue \S+ maxvalue \S+ cache \d+(?: cycle)?"
_SERIAL = re.compile(rf"serial(?: (?P<numbers>{_NUMBERS}))?(?: as (?P<type>\w+))?")
_IDENTITY = re.compile(rf"(?P<kind>always|by default) (?P<numbers>{_NUMBERS})")

# Options of a table as the catalog has them, and what sets them; others are `name=value`.
_SETTINGS = {
    "unlogged": "SET UNLOGGED",
    "replica identity full": "REPLICA IDENTITY FULL",
    "replica identity nothing": "REPLICA IDENTITY NOTHING",
    "row level security": "ENABLE ROW LEVEL SECURITY",
    "forced row level security": "FORCE ROW LEVEL SECURITY",
}
_PREFIXES = {"using ": "SET ACCESS METHOD ", "tablespace ": "SET TABLESPACE "}


def before(connection: Connection, wanted: Catalog) -> tuple[Piece, ...]:
    """Return schemas, extensions, collations, types, sequences and functions."""
    found = (_piece(row) for row in _rows(connection, query.BEFORE))
    kept = {"enum": wanted.enums, "sequence": wanted.sequences}
    pieces = [piece for piece in found if piece.name in kept.get(piece.kind, [piece.name])]
    functions = (n for n, piece in enumerate(pieces) if piece.kind in ("function", "procedure"))
    for first in islice(functions, 1):  # functions may speak of tables that are made after them
        sql = ("SET LOCAL check_function_bodies = off", *pieces[first].sql)
        pieces[first] = replace(pieces[first], sql=sql)
    return tuple(pieces)


def after(connection: Connection, wanted: Catalog) -> tuple[Piece, ...]:
    """Return views and the functions that take or return rows of a table, then triggers."""
    found = (_piece(row) for row in _rows(connection, query.AFTER))
    views = tuple(p for p in found if "view" not in p.kind or p.name in wanted.views)
    triggers = (_trigger(row) for row in _rows(connection, query.TRIGGERS))
    tables = {*wanted.tables, *wanted.views}
    return (*views, *(trigger for trigger in triggers if trigger.table in tables))


def _piece(row: Row[Any]) -> Piece:
    sql = [str(row.sql).strip()]
    if row.comment is not None:
        sql.append(f"COMMENT ON {row.word} {row.quoted} IS {literal(row.comment)}")
    return Piece(row.kind, row.key, tuple(sql), f"DROP {row.word} {row.quoted}")


def _trigger(row: Row[Any]) -> Piece:
    sql = [str(row.sql)]
    if row.firing is not None:
        sql.append(f"ALTER TABLE {row.quoted_table} {row.firing} TRIGGER {row.quoted}")
    return Piece("trigger", row.name, tuple(sql), table=row.of_table)


def table(connection: Connection, table: Table) -> tuple[str, ...]:
    """Return a table with its storage parameters."""
    return (*plain(table, connection.dialect), *_settings(table, connection.dialect))


def foreign_keys(connection: Connection, table: Table) -> tuple[str, ...]:
    """Return an ALTER TABLE for each; a partition gets them from its table."""
    return tuple(added_foreign_keys(table, connection.dialect))


def unsaid(connection: Connection, wanted: Catalog) -> tuple[str, ...]:
    """Name policies, rules, aggregates and extended statistics, and foreign tables."""
    rows = _rows(connection, query.UNSAID)
    known = {*wanted.tables, *wanted.views, None}
    foreign = (t for t in wanted.tables.values() if str(t.owner).startswith("server "))
    return (
        *(_title(row) for row in rows if row.of_table in known),
        *(f"foreign table '{each.key}'" for each in foreign),
    )


def _title(row: Row[Any]) -> str:
    return f"{row.kind} '{row.name}'" + (f" of '{row.of_table}'" if row.of_table else "")


def _rows(connection: Connection, sql: str) -> list[Row[Any]]:
    with search_path(connection):
        found = connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
        return list(found.all())


def _settings(table: Table, dialect: Dialect) -> Iterator[str]:
    where = qualified(table.schema, table.name, dialect)
    for option in table.options:
        if action := _action(option):
            yield f"ALTER TABLE {where} {action}"
    for column in table.columns.values():
        for extra in (column.extra or "").split(", ") if column.extra else ():
            name = quote(column.name, dialect)
            yield f"ALTER TABLE {where} ALTER COLUMN {name} SET {extra.upper()}"


def _action(option: str) -> str | None:
    """What sets an option; None for one that CREATE TABLE says."""
    if option.startswith(("partition ", "inherits ", "server ")):
        return None
    prefix = next((word for word in _PREFIXES if option.startswith(word)), None)
    if prefix is not None:
        return f"{_PREFIXES[prefix]}{option.removeprefix(prefix)}"
    return _SETTINGS.get(option, f"SET ({option})")


def _is_partition(table: Table) -> bool:
    return str(table.owner).startswith("partition of ")


def plain(table: Table, dialect: Dialect) -> Iterator[str]:
    """Yield what makes a table without its foreign keys and storage parameters."""
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
    parents = ", ".join(_qualified(parent, dialect) for parent in sorted(table.parents))
    if _is_partition(table):
        own = next(o for o in table.options if o.startswith(f"{table.owner} "))
        return f"PARTITION OF {parents} {own.removeprefix(f'{table.owner} ')} {by}".rstrip()
    inherits = f" INHERITS ({parents})" if parents else ""
    columns = (column(each, dialect) for each in table.columns.values())
    return f"({', '.join(columns)}){inherits} {by}".rstrip()


def column(of: Column, dialect: Dialect) -> str:
    """Return the definition of a column; a serial one calls its sequence."""
    return " ".join(_column(of, dialect))


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
    return f"CREATE SEQUENCE {sequence} AS {type_ or column.type} {numbers or ''}".rstrip()


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


def added_foreign_keys(table: Table, dialect: Dialect) -> Iterator[str]:
    """Yield what adds the foreign keys of a table."""
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
