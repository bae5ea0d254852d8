"""An SQLite file for tests: a schema typed as SQL, revisions run on it, and what is in it after."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, create_engine, event

from sqlmodel_migrations.database.dialects import sqlite
from sqlmodel_migrations.run.sqlite import batch as sqlite_batch

Revision = Callable[[Operations], object]


class SQLiteFile:
    """One database file; every look at it is a new connection, by sqlite3 alone."""

    def __init__(self, path: Path, script: str = ""):
        self.path = path
        self.run(script)

    def run(self, script: str) -> None:
        """Execute SQL, foreign keys on."""
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA synchronous=OFF")  # the tests' speed; nobody pulls plugs
            connection.executescript(script)

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path)) as connection:
            return connection.execute(sql).fetchall()

    def schema(self) -> dict[str, str]:
        """The texts of everything, by name."""
        return dict(self.query("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))

    def everything(self) -> list[object]:
        """All texts and all rows with their types, to compare before and after."""
        texts: list[object] = [self.query("SELECT * FROM sqlite_master ORDER BY type, name")]
        for (name,) in self.query("SELECT name FROM sqlite_master WHERE type='table'"):
            texts.append((name, self.query(f'SELECT * FROM "{name}"')))
        return texts

    def engine(self) -> Engine:
        """An engine as applications have it: foreign keys on."""
        engine = create_engine(f"sqlite:///{self.path}")
        for pragma in ("PRAGMA foreign_keys=ON", "PRAGMA synchronous=OFF"):
            event.listen(engine, "connect", lambda raw, _, pragma=pragma: raw.execute(pragma))
        return engine

    def migrate(self, *revisions: Revision, checked: bool = True) -> list[str]:
        """Run revisions one transaction each, as the runner does; return their statements."""
        engine, statements = self.engine(), list[str]()
        try:
            with engine.connect() as connection:
                event.listen(
                    connection,
                    "before_cursor_execute",
                    lambda conn, cursor, statement, *_: statements.append(statement),
                )
                with sqlite.real_transactions(connection), sqlite_batch.installed():
                    op = Operations(MigrationContext.configure(connection))
                    for revision in revisions:
                        with connection.begin(), sqlite.checked(connection if checked else None):
                            revision(op)
        finally:
            engine.dispose()
        return statements


def rebuilds(statements: list[str]) -> int:
    """How often a table was copied."""
    return sum(
        statement.startswith('INSERT INTO "main"."_sqlmodel_tmp_') for statement in statements
    )
