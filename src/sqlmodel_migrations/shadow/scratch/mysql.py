"""A scratch MariaDB or MySQL database: on the same server, with the same character set."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from sqlalchemy import URL

from sqlmodel_migrations.database import patience
from sqlmodel_migrations.errors import DatabaseError
from sqlmodel_migrations.run import bulk
from sqlmodel_migrations.shadow.scratch.base import (
    Maintenance,
    Scratch,
    Target,
    database_parameter,
    new_name,
    require_empty,
)
from sqlmodel_migrations.shadow.scratch.mysql_names import NamedConnection, Names

_ACCESS_DENIED = 1044
_TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = database()"

_DATABASES = (
    "SELECT schema_name, @@character_set_database, @@collation_database"
    " FROM information_schema.schemata"
)


def make(original: Target, shadow_url: URL | None) -> Scratch:
    """Make an empty database with the original's character set and collation."""
    stands_for = _database(original)
    if shadow_url is not None:
        args, parameters = original.dialect.create_connect_args(shadow_url)
        original = Target(original.dialect, list(args), dict(parameters))
        require_empty(original, _TABLES)
    try:
        return _on_server(original, stands_for)
    except (original.dialect.loaded_dbapi.Error, OSError) as error:
        is_refused = error.args[:1] == (_ACCESS_DENIED,)
        raise DatabaseError(
            "no scratch database can be made on the MariaDB or MySQL server:"
            f" {patience.reason(error)}",
            hint=f"{'' if is_refused else 'start it and '}let this user CREATE DATABASE, or name"
            " another server with 'shadow_url'",
        ) from error


def copy(scratch: Scratch) -> Scratch | None:
    """Neither MariaDB nor MySQL copies a database."""
    return None


def _on_server(original: Target, stands_for: str | None) -> Scratch:
    name = new_name()
    maintenance = _maintenance(original)
    with maintenance.making():
        databases = maintenance.execute(_DATABASES)
        existing = [str(each) for each, *_ in databases]
        _, charset, collation = databases[0]
        maintenance.execute(f"CREATE DATABASE {name} CHARACTER SET {charset} COLLATE {collation}")
    names = Names(name, stands_for, existing)
    flags = original.cparams.get("client_flag", 0) | bulk.MULTI_STATEMENTS
    return Scratch(
        original.with_database(name),
        lambda: _drop(maintenance, [name, *names.created]),
        confine=lambda connection: NamedConnection(connection, names),
        ours={"client_flag": flags},
    )


def _database(target: Target) -> str | None:
    name: str | None = target.cparams.get(database_parameter(target.dialect))
    return name


def _maintenance(original: Target) -> Maintenance:
    """Connect where CREATE DATABASE can be typed: the original may not exist yet."""
    try:
        return Maintenance(original.limited().connect(), original, Target.connect)
    except original.dialect.loaded_dbapi.Error as refused:
        if patience.is_spent(refused):
            raise
        place = original.with_database("information_schema")
        with contextlib.suppress(original.dialect.loaded_dbapi.Error):
            return Maintenance(place.limited().connect(), place, Target.connect)
        raise refused


def _drop(maintenance: Maintenance, names: Iterable[str]) -> None:
    maintenance.finish(*(f"DROP DATABASE IF EXISTS {name}" for name in names))
