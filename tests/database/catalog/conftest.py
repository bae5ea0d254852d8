"""Databases that the tests of one module share, and readers of catalogs on them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from databases import Database, Server

from .sides import Read, reader_mariadb, reader_postgresql


@pytest.fixture(scope="module")
def shared_postgresql(_postgresql_server: Server) -> Iterator[Database]:
    with _postgresql_server.database() as made:
        yield made


@pytest.fixture(scope="module")
def shared_mariadb(_mariadb_server: Server) -> Iterator[Database]:
    with _mariadb_server.database() as made:
        yield made


@pytest.fixture
def read_postgresql(shared_postgresql: Database) -> Read:
    return reader_postgresql(shared_postgresql)


@pytest.fixture
def read_mariadb(shared_mariadb: Database) -> Read:
    return reader_mariadb(shared_mariadb)
