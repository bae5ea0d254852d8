"""Replay: the history from base on, on a shadow, so that its schema can be compared."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.errors import StepFailed
from sqlmodel_migrations.run import log, runner, version_ids
from sqlmodel_migrations.shadow.cache import Place


def to_heads(
    context: MigrationContext, script: ScriptDirectory, arguments: Mapping[str, Any]
) -> None:
    """Run every revision on the shadow that `context` is connected to, as `to` does."""
    to(
        context,
        script,
        arguments,
        "heads",
        hint="give --from-database to compare with the live database instead",
    )


def to(
    context: MigrationContext,
    script: ScriptDirectory,
    arguments: Mapping[str, Any],
    target: str | Sequence[str],
    *,
    hint: str,
) -> None:
    """Run the revisions up to `target`, a symbol or ids, on the shadow of `context`.

    A replay of the same files that was kept is taken instead, where there is one. Raises
    `StepFailed`, with `hint`, that names the revision which cannot be replayed.
    """
    steps = _alembic.upgrade_steps(script, target, ())
    place = Place.of(context, script, arguments, map(_alembic.step_path, steps))
    if place is not None and place.restore(context):
        return
    version_ids.make_room(context, steps)
    with _explained(hint), log.muted():
        runner.run(context, lambda _: steps, arguments=arguments)
    if place is not None:
        place.keep(context)


def is_kept(
    context: MigrationContext,
    script: ScriptDirectory,
    arguments: Mapping[str, Any],
    target: str | Sequence[str],
) -> bool:
    """Whether `to` would find what it makes, kept; `context` is of that kind of database."""
    steps = _alembic.upgrade_steps(script, target, ())
    place = Place.of(context, script, arguments, map(_alembic.step_path, steps))
    return place is not None and place.path.is_file()


@contextlib.contextmanager
def _explained(hint: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        # Its notes say what was applied: to a database that nobody will see.
        raise KeyboardInterrupt from None
    except StepFailed as error:
        raise StepFailed(
            f"the history cannot be replayed on a scratch database: {error.message}",
            failed=error.failed,
            applied=error.applied,
            pending=error.pending,
            details=error.details,
            hint=hint,
        ) from error


def make_schemas(connection: Connection, names: Iterable[str]) -> None:
    """Make the schemas that the models name, which a migration may find ready-made."""
    if connection.dialect.name == "sqlite":
        return
    quote = connection.dialect.identifier_preparer.quote
    for name in names:
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {quote(name)}")
    connection.commit()


def schemas(connection: Connection) -> frozenset[str]:
    """Return the schemas of a scratch database, without its default one."""
    home = connection.dialect.default_schema_name
    names = inspect(connection).get_schema_names()
    return frozenset(name for name in names if name not in (home, "information_schema"))


def extensions(connection: Connection) -> tuple[str, ...]:
    """Return the extensions of a PostgreSQL database by name, without what is always there."""
    if connection.dialect.name != "postgresql":
        return ()
    names = "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1"
    return tuple(connection.exec_driver_sql(names).scalars())


def make_extensions(connection: Connection, names: Iterable[str]) -> None:
    """Install extensions: types of the models may need them, and a migration expect them."""
    quote = connection.dialect.identifier_preparer.quote
    for name in names:
        connection.exec_driver_sql(f"CREATE EXTENSION IF NOT EXISTS {quote(name)}")
    connection.commit()
