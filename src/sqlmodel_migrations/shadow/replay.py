"""Replay: the history from base to its heads on a shadow, so that its schema can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.errors import RevisionFailed
from sqlmodel_migrations.run import log, runner, version_ids
from sqlmodel_migrations.shadow.cache import Place


def to_heads(
    context: MigrationContext, script: ScriptDirectory, arguments: Mapping[str, Any]
) -> None:
    """Run every revision on the shadow that `context` is connected to.

    A replay of the same files that was kept is taken instead, where there is one. Raises
    `RevisionFailed` that names the revision which cannot be replayed.
    """
    place = Place.of(context, script, arguments)
    if place is not None and place.restore(context):
        return
    _run(context, script, arguments)
    if place is not None:
        place.keep(context)


def _run(context: MigrationContext, script: ScriptDirectory, arguments: Mapping[str, Any]) -> None:
    def steps(heads: tuple[str, ...]) -> Sequence[RevisionStep]:
        found = _alembic.upgrade_steps(script, "heads", heads)
        version_ids.make_room(context, found)
        return found

    try:
        with log.muted():
            runner.run(context, steps, arguments=arguments)
    except KeyboardInterrupt:
        # Its notes say what was applied: to a database that nobody will see.
        raise KeyboardInterrupt from None
    except RevisionFailed as error:
        raise RevisionFailed(
            f"the history cannot be replayed on a scratch database: {error.message}",
            failed=error.failed,
            applied=error.applied,
            pending=error.pending,
            details=error.details,
            hint="give --from-database to compare with the live database instead",
        ) from error


def make_schemas(connection: Connection, names: Iterable[str]) -> None:
    """Make the schemas that the models name, which a migration may find ready-made."""
    if connection.dialect.name == "sqlite":
        return
    quote = connection.dialect.identifier_preparer.quote
    for name in names:
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {quote(name)}")
    connection.commit()


def copy_extensions(source: Connection, target: Connection) -> None:
    """Install in `target` the extensions that `source` has: types of the models may need them."""
    if source.dialect.name != "postgresql":
        return
    quote = source.dialect.identifier_preparer.quote
    names = source.exec_driver_sql("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql'")
    for name in names.scalars():
        target.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {quote(name)}")
    target.commit()
