"""Fixtures: a database of its own for each test, and a project with its command line."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy

from databases import (
    KINDS,
    SERVERS,
    Database,
    MissingServer,
    Server,
    Spares,
    mariadb_server,
    postgresql_server,
)
from project import CommandLine, Project, foreign_variables
from zygote import Zygote


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-transcripts",
        action="store_true",
        help="write what commands said into tests/cli/*.md; the tests still show it and fail",
    )


def pytest_configure() -> None:
    # PyMySQL reads the system's certificates for each connection, encrypted or not: 20 ms.
    os.environ["SSL_CERT_FILE"] = os.devnull


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a server, so that `-m 'not server'` is the fast part."""
    for item in items:
        if _servers_of(item):
            item.add_marker(pytest.mark.server)


def pytest_collection_finish() -> None:
    # What was collected stays until the end, and is many objects to look through for garbage.
    gc.collect()
    gc.freeze()


def _servers_of(item: pytest.Item) -> set[str]:
    fixtures = set(getattr(item, "fixturenames", ()))
    callspec = getattr(item, "callspec", None)
    parameters = callspec.params.get("database") if callspec else None
    return {*fixtures, parameters} & set(SERVERS)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Database:
    """An empty database, once of each kind.

    Fewer kinds: `@pytest.mark.parametrize("database", ["sqlite", "mariadb"], indirect=True)`.
    """
    found: Database = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def sqlite(tmp_path: Path) -> Database:
    """An empty SQLite database, in a file that does not exist yet."""
    folder = tmp_path / "sqlite"
    folder.mkdir()
    return Database("sqlite", f"sqlite:///{(folder / 'database.db').as_posix()}")


@pytest.fixture
def _is_marked(request: pytest.FixtureRequest) -> None:
    """Refuse a server to what `-m 'not server'` would run."""
    marked = request.node.get_closest_marker("server")
    assert marked, "it asks for a server later than its parameters tell: mark it `server`"


@pytest.fixture
def postgresql(_is_marked: None, _postgresql_spares: Spares) -> Iterator[Database]:
    """An empty PostgreSQL database."""
    with _postgresql_spares.database() as lent:
        yield lent


@pytest.fixture
def mariadb(_is_marked: None, _mariadb_server: Server) -> Iterator[Database]:
    """An empty MariaDB database."""
    with _mariadb_server.database() as made:
        yield made


@pytest.fixture(scope="session")
def _postgresql_server() -> Iterator[Server]:
    yield from _server(postgresql_server)


@pytest.fixture(scope="session")
def _postgresql_spares(_postgresql_server: Server) -> Iterator[Spares]:
    spares = Spares(_postgresql_server)
    yield spares
    spares.drop()


@pytest.fixture(scope="session")
def _mariadb_server() -> Iterator[Server]:
    yield from _server(mariadb_server)


def _server(find: Callable[[], AbstractContextManager[Server]]) -> Iterator[Server]:
    try:
        with find() as server:
            yield server
    except MissingServer as missing:
        if os.environ.get("REQUIRE_SERVERS"):
            pytest.fail(f"{missing}; REQUIRE_SERVERS is set", pytrace=False)
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def _zygote() -> Iterator[Zygote]:
    zygote = Zygote()
    yield zygote
    zygote.close()


@pytest.fixture
def project(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    _zygote: Zygote,
) -> Iterator[Project]:
    """An empty folder that is the current one, in an environment without the machine's settings."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in foreign_variables():
        monkeypatch.delenv(name)
    # Byte code is found by the second and the size: a models.py that a test writes twice in one
    # second would be the old one.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    # What any test imported: also from a second project of its own, or without this fixture.
    _forget(tmp_path_factory.getbasetemp())
    yield Project(folder, CommandLine(_zygote))
    _forget(tmp_path_factory.getbasetemp())


def _forget(folder: Path) -> None:
    """Forget what this process imported from a project: the next one calls its modules alike."""
    modules = {
        name: module
        for name, module in list(sys.modules.items())
        if (getattr(module, "__file__", None) or "").startswith(f"{folder}{os.sep}")
    }
    for name, module in modules.items():
        del sys.modules[name]
        for value in list(vars(module).values()):
            table = getattr(value, "__table__", None) if isinstance(value, type) else None
            if table is not None:
                table.metadata.remove(table)
                _forget_class(value)


def _forget_class(mapped: type) -> None:
    """Let another class of the same name be mapped, even before this one is collected."""
    mapper = sqlalchemy.inspect(mapped, raiseerr=False)
    if mapper is not None:
        mapper.registry._dispose_cls(mapped)
