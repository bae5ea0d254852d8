"""Revision ids in the version table, whose column holds 32 characters unless it was widened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import String, inspect

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import dialects
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.history.index import Revision

LIMIT = 32
"""What Alembic makes the column with: `VARCHAR(32)` (alembic/ddl/impl.py)."""


def require_new(id: str | None, known: Mapping[str, Revision]) -> None:
    """Raise `UsageError` for a new id that is taken, or that the version table cannot hold.

    `known` are the revisions of the history: one with a longer id shows a wider column.
    """
    if id is None:
        return
    if id in known:
        raise UsageError(
            f"the id '{id}' is taken by '{known[id].path}'",
            hint="give another one, or leave --rev-id out",
        )
    limit = max([LIMIT, *map(len, known)])
    if len(id) > limit:
        raise UsageError(
            f"the id '{id}' has {len(id)} characters, and the version table holds {limit}",
            hint="give a shorter one, or leave --rev-id out",
        )


def require_room(context: MigrationContext, steps: Sequence[Any]) -> None:
    """Raise `UsageError`, before anything runs, for an id that the version table cannot hold."""
    longest = max(_ids(steps), key=len, default="")
    column = _alembic.version_column(context)
    if len(longest) <= (_length(column.type) or LIMIT):
        return
    if not dialects.of(context.dialect.name).limits_texts():
        return
    room = _room(context)
    if room is not None and len(longest) > room:
        raise UsageError(
            f"the id of revision '{longest}' has {len(longest)} characters, and"
            f" '{context.version_table}' holds {room}: nothing was run",
            hint="give it a shorter id in its file, or make the column 'version_num' wider",
        )


def make_room(context: MigrationContext, steps: Sequence[Any]) -> None:
    """Let a version table that is yet to be made hold every id: on a scratch database."""
    column = _alembic.version_column(context)
    longest = max(map(len, _ids(steps)), default=0)
    if longest > (_length(column.type) or longest):
        column.type = String(longest)


def _ids(steps: Sequence[Any]) -> list[str]:
    return [id for step in steps for id in _alembic.written_ids(step)]


def _room(context: MigrationContext) -> int | None:
    """How long an id may be: in the table that is there, or in the one that would be made."""
    column = _alembic.version_column(context)
    assert context.connection is not None
    inspector = inspect(context.connection)
    name, schema = context.version_table, context.version_table_schema
    if not inspector.has_table(name, schema=schema):
        return _length(column.type)
    columns = {found["name"]: found["type"] for found in inspector.get_columns(name, schema=schema)}
    return _length(columns.get(column.name))


def _length(type_: Any) -> int | None:
    length: int | None = getattr(type_, "length", None)
    return length
