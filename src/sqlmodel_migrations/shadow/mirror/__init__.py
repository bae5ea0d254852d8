"""Mirrors: tables of a live database made on a shadow, without rows; one module per dialect.

A mirror is compared where a replay would be: renames are carried out on it, and it is asked what
expressions mean, while the live database is only read, in a bounded number of queries.
"""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database import family
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.errors import MigrationsError
from sqlmodel_migrations.shadow.mirror.base import MirrorModule


def make(live: Connection, scratch: Connection, wanted: Catalog) -> None:
    """Make the tables and enum types of `wanted`, which was read from `live`, on `scratch`.

    Views, triggers and storage parameters are left out: no model speaks of them. Nothing is
    committed. Raises `MigrationsError` where the scratch database refuses a table.
    """
    module: MirrorModule = family.member(__name__, live.dialect.name)
    try:
        module.make(live, scratch, wanted)
    except SQLAlchemyError as error:
        first = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise MigrationsError(
            f"the database's tables cannot be made on a scratch database: {first}",
            hint="leave --from-database out, to compare with the history instead",
        ) from error
