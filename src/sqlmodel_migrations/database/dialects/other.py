"""Dialects that we know nothing of: Alembic's behaviour, nothing promised beyond it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Insert, Select, Update

from sqlmodel_migrations.database.dialects.base import Explanation, Standpoint


@contextlib.contextmanager
def real_transactions(connection: Connection) -> Iterator[None]:
    """Leave the driver's transactions as they are."""
    yield


@contextlib.contextmanager
def flushed_once(connection: Connection) -> Iterator[None]:
    """Leave each commit to be flushed."""
    yield


@contextlib.contextmanager
def checked(connection: Connection | None) -> Iterator[None]:
    """Check nothing."""
    yield


def both(change: Update, row: Insert) -> Select[Any] | None:
    """Know of no such statement."""
    return None


def server(connection: Connection) -> str:
    """Return the dialect's name and the version as SQLAlchemy knows it."""
    version = connection.dialect.server_version_info or ()
    return " ".join([connection.dialect.name, ".".join(str(part) for part in version)]).strip()


def commits_ddl() -> bool:
    """Trust the server's transactions."""
    return False


def tables_need_more() -> bool:
    """Know nothing of the kind."""
    return False


def limits_texts() -> bool:
    """Take VARCHAR(n) at its word."""
    return True


def file(connection: Connection) -> Path | None:
    """Know of no file."""
    return None


def is_shared(connection: Connection) -> bool:
    """Take it for a server."""
    return True


def standpoint(connection: Connection) -> Standpoint:
    """Know nothing that a connection could be told."""
    return Standpoint()


def follow(connection: Connection, leader: Standpoint) -> None:
    """Tell nothing."""


def connect_arguments(url: URL) -> dict[str, Any]:
    """Leave the arguments as SQLAlchemy makes them."""
    return {}


def explain(error: str) -> Explanation | None:
    """Know no error texts."""
    return None
