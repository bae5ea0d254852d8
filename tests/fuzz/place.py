"""Where a pair is tried: an empty project, and two empty databases of one kind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from databases import Database, Server
from sqlmodel_migrations import Migrations


class Place:
    """`project` is migrated, `fresh` is made by create_all; both are emptied for each pair."""

    def __init__(self, folder: Path, project: Database, fresh: Database) -> None:
        self.kind = project.kind
        self._folder = folder
        self._databases = project, fresh
        self._template = folder / "template"
        self._template.mkdir()
        Migrations.init(root=self._template, models=["none"], url="sqlite://")

    @contextmanager
    def emptied(self) -> Iterator[tuple[Path, sa.Engine, sa.Engine]]:
        """Give a project's folder and the engines of its database and of the other one."""
        folder = self._folder / "project"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self._template, folder)
        engines = [_emptied(database) for database in self._databases]
        try:
            yield folder, engines[0], engines[1]
        finally:
            for engine in engines:
                engine.dispose()


def _emptied(database: Database) -> sa.Engine:
    if database.kind == "sqlite":
        Path(database.name).unlink(missing_ok=True)
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)
    if database.kind == "sqlite":
        sa.event.listen(engine, "connect", _enforce)
    else:
        _empty(engine, database)
    return engine


def _enforce(connection: Any, _: Any) -> None:
    """Foreign keys hold on SQLite too, as careful applications have it."""
    connection.execute("PRAGMA foreign_keys = ON")


def _empty(engine: sa.Engine, database: Database) -> None:
    with engine.connect() as connection:
        if database.kind == "mariadb":
            connection.exec_driver_sql(f"DROP DATABASE {database.name}")
            connection.exec_driver_sql(f"CREATE DATABASE {database.name} CHARACTER SET utf8mb4")
            return
        found = connection.exec_driver_sql(
            "SELECT nspname FROM pg_namespace"
            " WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
        )
        for (schema,) in found.all():
            connection.exec_driver_sql(f'DROP SCHEMA "{schema}" CASCADE')
        connection.exec_driver_sql("CREATE SCHEMA public")
        connection.commit()


@contextmanager
def sqlite_place(folder: Path) -> Iterator[Place]:
    """A place with two files."""
    made = [Database("sqlite", f"sqlite:///{(folder / name).as_posix()}") for name in "ab"]
    yield Place(folder, *made)


@contextmanager
def server_place(folder: Path, server: Server) -> Iterator[Place]:
    """A place with two databases of a server."""
    with ExitStack() as stack:
        made = [stack.enter_context(server.database()) for _ in range(2)]
        yield Place(folder, *made)
