"""Mirrors: tables of a live database made on a shadow, without rows; one module per dialect.

A mirror is compared where a replay would be: renames are carried out on it, and it is asked what
expressions mean, while the live database is only read, in a bounded number of queries.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database import family
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.errors import MigrationsError
from sqlmodel_migrations.run import bulk
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


@contextlib.contextmanager
def read_ahead(scratch: Connection, wanted: Catalog) -> Iterator[None]:
    """Let SQLAlchemy read the tables of `wanted`, made by `make`, in a few round trips."""
    module: MirrorModule = family.member(__name__, scratch.dialect.name)
    with bulk.foreseen(scratch, module.questions(scratch, wanted)):
        yield
