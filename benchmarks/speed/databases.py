"""The databases that are asked: a file, or a database of its own on a server."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

SERVERS = {
    "postgresql": os.environ.get(
        "TEST_POSTGRESQL_URL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
    ),
    "mariadb": os.environ.get("TEST_MARIADB_URL", "mysql+pymysql://root@127.0.0.1:3306/mysql"),
}


@contextlib.contextmanager
def made(kind: str, name: str, folder: Path) -> Iterator[str]:
    """Make an empty database and yield its URL; it is dropped afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / name}.db"
        return
    url = make_url(SERVERS[kind])
    database = f"smbench_{os.getpid()}_{name}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {database}"))
        try:
            yield url.set(database=database).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f"DROP DATABASE {database}"))
    engine.dispose()
