"""Others who use a database: a runner that holds its lock, a role that may only read."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, make_url, pool

from databases import Database
from sqlmodel_migrations.run import lock
from sqlmodel_migrations.run.execution import Execution


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path.name} never came"
        time.sleep(0.01)


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Hold the migration lock of the database here."""
    engine = create_engine(database.url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        with lock.held(context, Execution()):
            yield


@contextmanager
def reader(database: Database) -> Iterator[str]:
    """The URL of a role that may read the database and nothing more."""
    name = f"r{os.getpid()}_{time.time_ns() % 10**9}"
    url = make_url(database.url)
    if database.kind == "postgresql":
        database.run(
            f"CREATE ROLE {name} LOGIN", f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}"
        )
    else:
        database.run(f"CREATE USER {name}", f"GRANT SELECT ON {url.database}.* TO {name}")
    try:
        yield url.set(username=name).render_as_string(hide_password=False)
    finally:
        if database.kind == "postgresql":
            database.run(f"DROP OWNED BY {name}", f"DROP ROLE {name}")
        else:
            database.run(f"DROP USER {name}")
