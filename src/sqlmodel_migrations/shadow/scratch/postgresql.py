"""A scratch PostgreSQL database: on the same server, else on an embedded one."""

from __future__ import annotations

import contextlib
from typing import Any

from sqlalchemy import URL, make_url

from sqlmodel_migrations.database import patience
from sqlmodel_migrations.errors import DatabaseError
from sqlmodel_migrations.run import bulk
from sqlmodel_migrations.shadow import embedded
from sqlmodel_migrations.shadow.scratch.base import (
    Maintenance,
    Scratch,
    Target,
    database_parameter,
    new_name,
    require_empty,
)

_TABLES = (
    "SELECT count(*) FROM information_schema.tables"
    " WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
)

_CLOSE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = '{name}' AND pid <> pg_backend_pid()"
)


def make(original: Target, shadow_url: URL | None) -> Scratch:
    """Make an empty database with the server's TimeZone, on that server where it is allowed."""
    if shadow_url is not None:
        original = Target(original.dialect, *_arguments(original, shadow_url))
        require_empty(original, _TABLES)
    try:
        return _on_server(original)
    except Exception as error:
        if shadow_url is not None or not _is_refusal(original, error):
            raise
        return _embedded(original, error)


def _is_refusal(original: Target, error: Exception) -> bool:
    return isinstance(error, (original.dialect.loaded_dbapi.Error, OSError))


def _on_server(original: Target) -> Scratch:
    name = new_name()
    maintenance = _maintenance(original)
    with maintenance.making():
        _create(maintenance, name)
    return Scratch(original.with_database(name), lambda: _drop(maintenance, name))


def copy(scratch: Scratch) -> Scratch | None:
    """Make another one with what is in `scratch`; connections that are still open are closed."""
    name, template = new_name(), scratch.target.cparams[database_parameter(scratch.target.dialect)]
    place = scratch.target.with_database("postgres")
    maintenance = Maintenance(_autocommit(place), place, _autocommit)
    with maintenance.making():
        maintenance.execute(_CLOSE.format(name=template))
        _create(maintenance, name, f" TEMPLATE {template}")
    return Scratch(scratch.target.with_database(name), lambda: _drop(maintenance, name))


def _create(maintenance: Maintenance, name: str, template: str = "") -> None:
    """Make a database with the server's TimeZone."""
    maintenance.execute(f"CREATE DATABASE {name}{template}")
    said = [
        f"COMMENT ON DATABASE {name} IS 'scratch database of sqlmodel migrations'",
        f"ALTER DATABASE {name} SET TimeZone FROM CURRENT",
    ]
    takes_several = bulk.takes_several(maintenance.place.dialect)
    maintenance.execute(*([";".join(said)] if takes_several else said))


def _maintenance(original: Target) -> Maintenance:
    """Connect where CREATE DATABASE can be typed: the original may not exist yet."""
    place = original.with_database("postgres")
    try:
        return Maintenance(_autocommit(original), place, _autocommit)
    except original.dialect.loaded_dbapi.Error as refused:
        if patience.is_spent(refused):
            raise
        with contextlib.suppress(original.dialect.loaded_dbapi.Error):
            return Maintenance(_autocommit(place), place, _autocommit)
        raise refused


def _autocommit(target: Target) -> Any:
    connection = target.limited().connect()
    target.dialect.set_isolation_level(connection, "AUTOCOMMIT")
    return connection


def _drop(maintenance: Maintenance, name: str) -> None:
    maintenance.finish(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _embedded(original: Target, error: Exception) -> Scratch:
    """Start the embedded server, because the server's own did not give a scratch database."""
    reason = patience.reason(error)
    if not embedded.is_available():
        raise DatabaseError(
            f"no scratch database can be made on the PostgreSQL server: {reason}",
            hint="type: pip install 'sqlmodel-migrations[shadow]' for an embedded server,"
            " or name another server with 'shadow_url'",
        ) from error
    stack = contextlib.ExitStack()
    url = stack.enter_context(embedded.server())
    target = Target(original.dialect, *_arguments(original, make_url(url)))
    scratch = Scratch(target, stack.close)
    scratch.notes.append(f"compared on an embedded PostgreSQL, because: {reason}")
    return scratch


def _arguments(original: Target, url: URL) -> tuple[list[Any], dict[str, Any]]:
    args, parameters = original.dialect.create_connect_args(url)
    return list(args), dict(parameters)
