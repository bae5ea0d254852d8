"""MariaDB and MySQL: what SHOW CREATE says, without who defined it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, text

from sqlmodel_migrations.database.catalog import Catalog, Table
from sqlmodel_migrations.database.catalog.base import FOREIGN_KEY
from sqlmodel_migrations.database.catalog.mysql import without_home
from sqlmodel_migrations.database.ddl.base import Piece
from sqlmodel_migrations.database.quoting import qualified, quote

_DEFINER = re.compile(r" DEFINER=(?:`(?:[^`]|``)*`|\S+)@(?:`(?:[^`]|``)*`|\S+)")
_FOREIGN_KEY = re.compile(r",\n  CONSTRAINT `(?:[^`]|``)*` FOREIGN KEY .*")
_CHECKSUM = re.compile(r" PAGE_CHECKSUM=\d")
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")

_ROUTINES = """
SELECT ROUTINE_TYPE AS kind, ROUTINE_NAME AS name FROM information_schema.ROUTINES
WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE IN ('FUNCTION', 'PROCEDURE')
ORDER BY CREATED, ROUTINE_NAME
"""
_EVENTS = """
SELECT EVENT_NAME AS name FROM information_schema.EVENTS
WHERE EVENT_SCHEMA = DATABASE() ORDER BY EVENT_NAME
"""


def before(connection: Connection, wanted: Catalog) -> tuple[Piece, ...]:
    """Return sequences, functions and procedures."""
    return (*_sequences(connection, wanted), *_routines(connection))


def _sequences(connection: Connection, wanted: Catalog) -> Iterator[Piece]:
    for name, numbers in wanted.sequences.items():
        quoted = _quoted(connection, name)
        yield Piece(
            "sequence", name, (f"CREATE SEQUENCE {quoted} {numbers}",), f"DROP SEQUENCE {quoted}"
        )


def _routines(connection: Connection) -> Iterator[Piece]:
    for row in connection.execute(text(_ROUTINES)):
        quoted = quote(row.name, connection.dialect)
        sql = _shown(connection, f"{row.kind} {quoted}", f"Create {row.kind.title()}")
        if sql is not None:  # NULL for who may not see it
            yield Piece(row.kind.lower(), row.name, (sql,), f"DROP {row.kind} {quoted}")


def after(connection: Connection, wanted: Catalog) -> tuple[Piece, ...]:
    """Return views and triggers."""
    return (*_views(connection, wanted), *_triggers(connection, wanted))


def _views(connection: Connection, wanted: Catalog) -> Iterator[Piece]:
    for name in wanted.views:
        quoted = _quoted(connection, name)
        sql = _shown(connection, f"VIEW {quoted}", "Create View")
        if sql is not None:
            text = without_home(sql, _home(connection))
            yield Piece("view", name, (text,), f"DROP VIEW {quoted}")


def _triggers(connection: Connection, wanted: Catalog) -> Iterator[Piece]:
    for table in wanted.tables.values():
        for name in table.triggers:
            quoted = qualified(table.schema, name, connection.dialect)
            sql = _shown(connection, f"TRIGGER {quoted}", "SQL Original Statement")
            if sql is not None:
                yield Piece("trigger", name, (sql,), table=table.key)


def table(connection: Connection, table: Table) -> tuple[str, ...]:
    """Return CREATE TABLE with everything but foreign keys and the counter of its rows."""
    quoted = qualified(table.schema, table.name, connection.dialect)
    sql = _shown(connection, f"TABLE {quoted}", "Create Table")
    assert sql is not None
    if not any(option.startswith("page_checksum") for option in table.options):
        sql = _CHECKSUM.sub("", sql)  # Aria's, said also where it is only the usual one
    sql = _COUNTER.sub("", _FOREIGN_KEY.sub("", sql))
    return (without_home(sql, _home(connection)),)


def foreign_keys(connection: Connection, table: Table) -> tuple[str, ...]:
    """Return an ALTER TABLE for each."""
    where = qualified(table.schema, table.name, connection.dialect)
    return tuple(
        f"ALTER TABLE {where} ADD CONSTRAINT {quote(str(each.name), connection.dialect)}"
        f" {each.definition}"
        for each in table.constraints
        if each.kind == FOREIGN_KEY
    )


def unsaid(connection: Connection, wanted: Catalog) -> tuple[str, ...]:
    """Name the events: on a scratch database they would run."""
    rows: Sequence[Row[Any]] = connection.execute(text(_EVENTS)).all()
    return tuple(f"event '{row.name}'" for row in rows)


def _shown(connection: Connection, what: str, column: str) -> str | None:
    options = {"no_parameters": True}
    row = connection.exec_driver_sql(f"SHOW CREATE {what}", execution_options=options).mappings()
    found = row.one()[column]
    return None if found is None else _DEFINER.sub("", str(found), count=1)


def _home(connection: Connection) -> str | None:
    found: str | None = connection.exec_driver_sql("SELECT DATABASE()").scalar()
    return found


def _quoted(connection: Connection, name: str) -> str:
    schema, _, bare = name.rpartition(".")
    return qualified(schema or None, bare, connection.dialect)
