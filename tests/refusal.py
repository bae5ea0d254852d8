"""Refusals: what a command says when it refuses, and that nothing was changed by it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from databases import Database
from project import Project
from sqlmodel_migrations.run import side_table
from zygote import Ran

_SYSTEM = "('information_schema', 'pg_catalog', 'pg_toast', 'mysql', 'sys', 'performance_schema')"
_COLUMNS = f"""
    SELECT table_schema, table_name, column_name, data_type, is_nullable
    FROM information_schema.columns WHERE table_schema NOT IN {_SYSTEM}
    AND table_name NOT LIKE '{side_table.PREFIX}%'
    """


@dataclass(frozen=True)
class Refusal:
    """The parts of what stderr says: one `error:`, its details, at most one `hint:`."""

    message: str
    hint: str
    details: tuple[str, ...]


def refused(ran: Ran, code: int) -> Refusal:
    """Take apart what a command said that ended with `code`, in the words of an error."""
    assert ran.code == code, ran.output
    assert "error: " in ran.stderr, ran.output
    _, _, said = ran.stderr.rpartition("error: ")
    message, *rest = said.splitlines()
    hints = [line.removeprefix("hint: ") for line in rest if line.startswith("hint: ")]
    details = tuple(line.strip() for line in rest if line.startswith("  "))
    assert "Traceback" not in f"{message}{hints}", ran.output
    assert not any("Traceback" in line for line in ran.stderr.splitlines() if line[:1] != " ")
    return Refusal(message, hints[0] if hints else "", details)


@contextlib.contextmanager
def unchanged(project: Project, database: Database | None = None) -> Iterator[None]:
    """Fail if a file of the project, or anything in the database, is another one afterwards.

    What a server's database keeps of its runs is left out.
    """
    before = _files(project), _contents(database)
    yield
    assert (_files(project), _contents(database)) == before


def _files(project: Project) -> dict[str, bytes]:
    return {name: (project.path / name).read_bytes() for name in project.files()}


def _contents(database: Database | None) -> Any:
    if database is None:
        return None
    if database.kind == "sqlite":
        return _of_file(database)
    mine = "" if database.kind == "postgresql" else f" AND table_schema = '{database.name}'"
    columns = sorted(database.query(_COLUMNS + mine))
    tables = sorted({f"{schema}.{table}" for schema, table, *_ in columns})
    return columns, {table: _rows(database, table) for table in tables}


def _of_file(database: Database) -> Any:
    if not Path(database.name).exists():
        return None
    objects = sorted(database.query("SELECT type, name, sql FROM sqlite_master"))
    tables = [name for kind, name, _ in objects if kind == "table"]
    return objects, {table: _rows(database, table) for table in tables}


def _rows(database: Database, table: str) -> list[str]:
    return sorted(map(repr, database.query(f"SELECT * FROM {table}")))


def tables(database: Database) -> set[str]:
    """The names of the tables in a database, without those in which runs are written down."""
    return {name for name in _tables(database) if not name.startswith(side_table.PREFIX)}


def _tables(database: Database) -> set[str]:
    """Every table; of an SQLite file that is missing, none."""
    if database.kind == "sqlite":
        if not Path(database.name).exists():
            return set()
        return {n for (n,) in database.query("SELECT name FROM sqlite_master WHERE type = 'table'")}
    mine = (
        "table_schema = 'public'"
        if database.kind == "postgresql"
        else (f"table_schema = '{database.name}'")
    )
    found = database.query(f"SELECT table_name FROM information_schema.tables WHERE {mine}")
    return {name for (name,) in found}


def version(database: Database) -> list[str]:
    """The ids in the version table; none where there is no such table."""
    if "alembic_version" not in tables(database):
        return []
    return sorted(name for (name,) in database.query("SELECT version_num FROM alembic_version"))
