"""PostgreSQL: what its catalogs print is SQL; functions, domains and the like come first."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.database.catalog import Catalog, Table
from sqlmodel_migrations.database.ddl import postgresql as ddl
from sqlmodel_migrations.database.ddl.base import execute
from sqlmodel_migrations.database.quoting import quote
from sqlmodel_migrations.run import bulk


def make(live: Connection, scratch: Connection, wanted: Catalog) -> None:
    """Make what tables may need as far as it goes, and then the tables."""
    dialect = scratch.dialect
    first = [*_home(live), "SET LOCAL check_function_bodies = off"]
    needed = [sql for piece in ddl.before(live, wanted) for sql in piece.sql]
    if needed:
        execute(scratch, first)
        _make_possible(scratch, needed)
    with bulk.together(scratch):
        if not needed:
            execute(scratch, first)
        for table in wanted.parents_first:
            execute(scratch, ddl.plain(table, dialect))
        for table in wanted.tables.values():
            execute(scratch, ddl.added_foreign_keys(table, dialect))


def questions(scratch: Connection, tables: Collection[Table]) -> tuple[str, ...]:
    """It is asked for all tables at once."""
    return ()


def _home(live: Connection) -> Iterator[str]:
    """The default schema, which may be another one than the scratch database has."""
    name = live.exec_driver_sql("SELECT current_schema()").scalar()
    if name is not None:
        yield f"CREATE SCHEMA IF NOT EXISTS {quote(str(name), live.dialect)}"


def _make_possible(scratch: Connection, statements: Iterable[str]) -> None:
    """Run what can be run, in whatever order; the rest may be needed by no table."""
    waiting = list(statements)
    if _is_run(scratch, *waiting):
        return
    while waiting:
        refused = [sql for sql in waiting if not _is_run(scratch, sql)]
        if len(refused) == len(waiting):
            return
        waiting = refused


def _is_run(scratch: Connection, *statements: str) -> bool:
    """Run statements, all or none."""
    with contextlib.suppress(DBAPIError), scratch.begin_nested(), bulk.together(scratch):
        execute(scratch, statements)
        return True
    return False
