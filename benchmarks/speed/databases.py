"""The databases that are asked: a file, or a database of its own on a server."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text

_SERVERS = {
    "postgresql": os.environ.get("TEST_POSTGRESQL_URL", "//postgres@127.0.0.1:5432/postgres"),
    "mariadb": os.environ.get("TEST_MARIADB_URL", "//root@127.0.0.1:3306/mysql"),
}
_DRIVERS = {"postgresql": "postgresql+psycopg", "mariadb": "mysql+pymysql"}


@dataclass
class Database:
    """One database; `url` is SQLAlchemy's."""

    url: str

    def empty(self) -> None:
        """Make it anew."""
        url = make_url(self.url)
        if url.get_backend_name() == "sqlite":
            for file in _files(url):
                file.unlink(missing_ok=True)
            return
        _run(url, f"DROP DATABASE {url.database}", f"CREATE DATABASE {url.database}")

    def save(self) -> None:
        """Keep what an SQLite database holds now, for `restore`."""
        file = _files(make_url(self.url))[0]
        shutil.copyfile(file, file.with_suffix(".saved"))

    def size(self) -> float:
        """Return how much of the disk an SQLite database takes now, in MiB."""
        sizes = (_size(file) for file in _files(make_url(self.url)))
        return sum(sizes) / 2**20

    def restore(self) -> None:
        """Let an SQLite database be as it was when it was saved."""
        self.empty()
        file = _files(make_url(self.url))[0]
        shutil.copyfile(file.with_suffix(".saved"), file)


@contextlib.contextmanager
def made(kind: str, name: str, folder: Path) -> Iterator[Database]:
    """Make an empty database; it is dropped afterwards."""
    if kind == "sqlite":
        yield Database(f"sqlite:///{folder / name}.db")
        return
    rest = _SERVERS[kind].partition("//")[2]
    url = make_url(f"{_DRIVERS[kind]}://{rest}").set(database=f"smbench_{os.getpid()}_{name}")
    _run(url, f"CREATE DATABASE {url.database}")
    try:
        yield Database(url.render_as_string(hide_password=False))
    finally:
        _run(url, f"DROP DATABASE {url.database}")


def _files(url: URL) -> list[Path]:
    return [Path(f"{url.database}{suffix}") for suffix in ("", "-journal", "-wal", "-shm")]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _run(url: URL, *statements: str) -> None:
    """Run statements beside a database, which need not exist."""
    place = "postgres" if url.get_backend_name() == "postgresql" else "mysql"
    engine = create_engine(url.set(database=place), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
