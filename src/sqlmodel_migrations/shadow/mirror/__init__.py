"""Mirrors: tables of a live database made on a shadow, without rows; one module per dialect.

A mirror is compared where a replay would be: renames are carried out on it, and it is asked what
expressions mean, while the live database is only read, in a bounded number of queries.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import replace

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database import family
from sqlmodel_migrations.database.catalog import Catalog, Column, Index, Table
from sqlmodel_migrations.database.catalog.base import PRIMARY_KEY, UNIQUE
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


def part(wanted: Catalog, keys: Collection[str]) -> Catalog:
    """Return the tables of these keys, and as much of others as they refer to."""
    found = [wanted.tables[key] for key in keys]
    targets = {constraint.target for table in found for constraint in table.constraints}
    tables = {
        key: table if key in keys else _bare(table)
        for key, table in wanted.tables.items()
        if key in keys or key in targets
    }
    return replace(wanted, tables=tables)


def _bare(table: Table) -> Table:
    """What a foreign key needs of a table: columns of their types, and keys."""
    return Table(
        schema=table.schema,
        name=table.name,
        columns={
            name: Column(name, column.type, column.nullable, collation=column.collation)
            for name, column in table.columns.items()
        },
        constraints=tuple(c for c in table.constraints if c.kind in (PRIMARY_KEY, UNIQUE)),
        indexes=tuple(i for i in table.indexes if _may_be_referred_to(i)),
        options=tuple(o for o in table.options if o.startswith(("collation=", "engine="))),
    )


def _may_be_referred_to(index: Index) -> bool:
    """InnoDB takes an index that is not unique, too."""
    return None not in index.columns and " WHERE " not in index.definition


@contextlib.contextmanager
def read_ahead(scratch: Connection, tables: Collection[Table]) -> Iterator[None]:
    """Let SQLAlchemy read these tables, made by `make`, in a few round trips."""
    module: MirrorModule = family.member(__name__, scratch.dialect.name)
    with bulk.foreseen(scratch, module.questions(scratch, tables)):
        yield
