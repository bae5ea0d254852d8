"""The runner: revisions on one connection, one transaction each, telling what it did.

Replay on a shadow, upgrade, downgrade and stamp all stand on `run`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import dialects, failures
from sqlmodel_migrations.errors import ChangeRefused, MigrationsError, RevisionFailed
from sqlmodel_migrations.run import mysql_column, version_ids
from sqlmodel_migrations.run.sqlite import batch as sqlite_batch

log = logging.getLogger("alembic.runtime.migration")

Steps = Callable[[tuple[str, ...]], Iterable[Any]]
"""Given the current heads, the steps to run."""


@dataclass
class Progress:
    """What a run has done so far; heads are revision ids, sorted."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    applied: list[str] = field(default_factory=list)


def run(
    context: MigrationContext,
    steps: Steps,
    *,
    arguments: Mapping[str, Any] | None = None,
    purge: bool = False,
    progress: Progress | None = None,
) -> Progress:
    """Run `steps` one transaction each, the version row inside it, and return what was done.

    `arguments` go to the revisions' functions; `purge` empties the version table first.
    Raises `RevisionFailed`, with the earlier revisions committed and the failed one rolled
    back (MariaDB and MySQL commit at every DDL statement, so there it may be half-done).
    """
    progress = progress or Progress()
    if context.as_sql:
        context.run_migrations(**(arguments or {}))
        return progress
    with _transactions(context):
        heads = _alembic.Heads(context, () if purge else context.get_current_heads())
        progress.before = progress.after = heads.ids
        planned = list(steps(heads.ids))
        version_ids.require_room(context, planned)
        table = _VersionTable(context, heads, purge=purge, is_ready=bool(heads.ids))
        for position, step in enumerate(planned):
            _run_step(context, step, table, arguments or {}, progress, planned[position + 1 :])
        table.make()
    return progress


@dataclass
class _VersionTable:
    """The version table, made in the transaction of the first step: with it, it is undone."""

    context: MigrationContext
    heads: _alembic.Heads
    purge: bool
    is_ready: bool

    def make(self) -> None:
        if not self.is_ready:
            _alembic.ensure_version_table(self.context, purge=self.purge)
            self.is_ready = True


@contextlib.contextmanager
def _transactions(context: MigrationContext) -> Iterator[None]:
    """Make transactions real where the driver's are not; the caller's own are left alone."""
    connection = context.connection
    if connection is None or _alembic.is_in_external_transaction(context):
        with mysql_column.kept(context):
            yield
        return
    real = dialects.of(connection.dialect.name).real_transactions(connection)
    with real, sqlite_batch.installed(), mysql_column.kept(context):
        yield


def _run_step(
    context: MigrationContext,
    step: Any,
    table: _VersionTable,
    arguments: Mapping[str, Any],
    progress: Progress,
    rest: Sequence[Any],
) -> None:
    log.info("Running %s", step)
    try:
        with _alembic.transaction_of_step(context):
            table.make()
            with dialects.of(context.dialect.name).checked(context.connection):
                step.migration_fn(**arguments)
            table.heads.advance(step, arguments)
    except KeyboardInterrupt as stop:
        for line in _standing(context, progress, *_ids([step, *rest])):
            stop.add_note(line)
        raise
    except Exception as error:
        if isinstance(error, MigrationsError) and not isinstance(error, ChangeRefused):
            raise
        raise _failure(context, step, error, progress, rest) from error
    revision = _alembic.step_revision(step)
    if revision is not None:
        progress.applied.append(revision)
    progress.after = table.heads.ids


def _failure(
    context: MigrationContext,
    step: Any,
    error: Exception,
    progress: Progress,
    rest: Sequence[Any],
) -> RevisionFailed:
    failed, *pending = _ids([step, *rest])
    facts = error.details if isinstance(error, ChangeRefused) else ()
    return RevisionFailed(
        f"revision {failed} failed: {_reason(error)}",
        failed=failed,
        applied=tuple(progress.applied),
        pending=tuple(pending),
        hint=_hint(error, progress),
        details=(*_place(error, step), *facts, *_standing(context, progress, failed, *pending)),
    )


def _reason(error: Exception) -> str:
    """The first line of what the database or the script said."""
    text = failures.reason(error)
    first = text.strip().splitlines()[0] if text.strip() else "no message"
    is_said_in_words = isinstance(error, DBAPIError | ChangeRefused | CommandError)
    return first if is_said_in_words else f"{type(error).__name__}: {first}"


def _hint(error: Exception, progress: Progress) -> str | None:
    """The way out where tables stand in a database without a version."""
    if isinstance(error, ChangeRefused):
        return error.hint
    is_first = not progress.before and not progress.applied
    if not is_first or not isinstance(error, DBAPIError):
        return None
    if "already exists" not in failures.reason(error):
        return None
    return (
        "if create_all() or another tool made the tables, record the revision that describes them,"
        " without running it: sqlmodel migrations stamp REVISION"
    )


def _place(error: Exception, step: Any) -> Iterator[str]:
    """Where in the script it happened, and the statement."""
    path = getattr(getattr(step, "revision", None), "path", None)
    frame, line = error.__traceback__, None
    while frame is not None:
        if frame.tb_frame.f_code.co_filename == path:
            line = frame.tb_lineno
        frame = frame.tb_next
    if path is not None:
        yield f"at {path}" + (f", line {line}" if line else "")
    if isinstance(error, DBAPIError):
        yield from failures.particulars(error)
    if isinstance(error, DBAPIError) and error.statement:
        yield from ("statement:", *(f"    {text}" for text in error.statement.strip().splitlines()))


def _ids(steps: Sequence[Any]) -> list[str]:
    return [_alembic.step_revision(s) or ", ".join(_alembic.written_ids(s)) for s in steps]


def _standing(context: MigrationContext, progress: Progress, *pending: str) -> Iterator[str]:
    """What was applied and what was not."""
    yield f"applied before it: {', '.join(progress.applied) or 'nothing'}"
    yield f"not applied: {', '.join(pending)}"
    if dialects.of(context.dialect.name).commits_ddl():
        yield (
            f"what '{pending[0]}' changed before may stay: this server commits every CREATE,"
            " ALTER and DROP at once"
        )
