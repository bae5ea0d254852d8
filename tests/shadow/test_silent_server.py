"""A server that accepts connections and never says a word is not waited for without end."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from project import Project
from sqlmodel_migrations import Migrations
from sqlmodel_migrations.errors import DatabaseError
from sqlmodel_migrations.shadow.scratch import base


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(base, "SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yield silent.getsockname()[1]


def compared(project: Project, url: str) -> tuple[str, ...]:
    Migrations.init(root=project.path, models=["none"], url="sqlite://")
    metadata = sa.MetaData()
    sa.Table("hero", metadata, sa.Column("id", sa.Integer, primary_key=True))
    return Migrations(project.path, url=url, metadata=metadata).compare().notes


@pytest.mark.parametrize("driver", ["mysql+pymysql", "mysql+asyncmy"])
def test_mariadb(project: Project, port: int, driver: str) -> None:
    with pytest.raises(DatabaseError, match="on the MariaDB or MySQL server: it does not answer"):
        compared(project, f"{driver}://root@127.0.0.1:{port}/heroes")


@pytest.mark.parametrize("driver", ["postgresql+psycopg", "postgresql+asyncpg"])
def test_postgresql(project: Project, port: int, driver: str) -> None:
    notes = compared(project, f"{driver}://postgres@127.0.0.1:{port}/heroes")
    assert notes == ("compared on an embedded PostgreSQL, because: it does not answer",)
