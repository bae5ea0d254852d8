"""The runner: revisions on one connection, one transaction each, telling what it did.

Replay on a shadow, upgrade, downgrade and stamp all stand on `Run`.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, event

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import dialects
from sqlmodel_migrations.errors import ChangeRefused, Interrupted, MigrationsError, UsageError
from sqlmodel_migrations.run import (
    failure,
    mysql_column,
    own_transaction,
    plain_script,
    version_ids,
)
from sqlmodel_migrations.run.call import interceptable
from sqlmodel_migrations.run.closing import Closing, Row
from sqlmodel_migrations.run.failure import Progress
from sqlmodel_migrations.run.own_transaction import CALLERS, TOGETHER, Outside
from sqlmodel_migrations.run.pipeline import Pipeline, Unclear
from sqlmodel_migrations.run.sqlite import batch as sqlite_batch

log = logging.getLogger("alembic.runtime.migration")

Steps = Callable[[tuple[str, ...]], Iterable[Any]]
"""Given the current heads, the steps to run."""

Around = Callable[[Any], AbstractContextManager[None]]
"""Given a step, what is open while its statements run, inside its transaction."""


def run(
    context: MigrationContext,
    steps: Steps,
    *,
    arguments: Mapping[str, Any] | None = None,
    purge: bool = False,
) -> Progress:
    """Run `steps` one transaction each, the version row inside it, and return what was done.

    `arguments` go to the revisions' functions; `purge` empties the version table first.

    Raises `StepFailed`, with the earlier revisions committed and the failed one rolled back
    (MariaDB and MySQL commit at every DDL statement, so there it may be half-done).
    """
    with transactions(context):
        one = Run(context, arguments or {}, purge=purge)
        planned = one.plan(steps)
        for position, step in enumerate(planned):
            one.take(step, planned[position + 1 :])
        one.make_version_table()
    return one.progress


@contextlib.contextmanager
def transactions(context: MigrationContext) -> Iterator[None]:
    """Make transactions real where the driver's are not; the caller's own are left alone."""
    connection = context.connection
    if connection is None or _alembic.is_in_external_transaction(context):
        with mysql_column.kept(context):
            yield
        return
    real = dialects.of(connection.dialect.name).real_transactions(connection)
    with interceptable(connection), real, sqlite_batch.installed(), mysql_column.kept(context):
        yield


@dataclass
class Run:
    """Steps on one connection, and what stands in the version table meanwhile.

    `purge` empties the version table first. `is_together` says that one transaction of the
    caller's holds all steps; `settle` writes the version then. `is_committing` says that the
    statements of a step have run. `around` is entered inside each step's transaction, around its
    statements, and left before the version row is written; it takes care of the statements that
    must be `outside` of the transaction. `row` is asked for afterwards. `announce` is given what
    writes to the log that a revision runs.
    """

    context: MigrationContext
    arguments: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    purge: bool = False
    is_together: bool = False
    around: Around | None = None
    row: Callable[[Any], Row | None] = lambda step: None
    announce: Callable[[str | None, Callable[[], None]], None] = lambda revision, write: write()
    pipeline: Pipeline = field(default_factory=Pipeline)
    is_committing: bool = field(default=False, init=False)
    outside: Outside = field(init=False)
    closing: Closing = field(init=False)
    _planned_from: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        self.outside = Outside(self.context.dialect.name)
        self.closing = Closing(self.context)

    def plan(self, steps: Steps, *, again: bool = False) -> list[Any]:
        """Read the version table, and return the steps from there; the table may be missing.

        `again` says that some have been run.
        """
        current = () if self.purge else self.context.get_current_heads()
        self._heads = _alembic.Heads(self.context, current)
        self._has_table = bool(current)
        self.progress.after = self._heads.ids
        if not again:
            self.progress.before = self._heads.ids
        if self._planned_from != self._heads.ids:
            self.planned = list(steps(self._heads.ids))
            version_ids.require_room(self.context, self.planned)
            self._planned_from = self._heads.ids
        return self.planned

    def take(self, step: Any, rest: Sequence[Any]) -> None:
        """Run one step in its transaction; `rest` are those after it. Raises `StepFailed`."""
        self.announce(_alembic.step_revision(step), partial(log.info, "Running %s", step))
        before, known = self._heads.ids, self.outside.learned
        self.is_committing = False
        if not self.is_together:
            self.pipeline.begin()
        try:
            with self._transaction():
                self.make_version_table()
                self._run(step)
                self.is_committing = not self.is_together
                self._close(step)
        except BaseException as error:
            self._heads = _alembic.Heads(self.context, before)
            self._has_table = bool(before)
            self._require_clear(error)
            if self.outside.learned == known:
                self._raise(error, step, rest)
            self.take(step, rest)
            return
        revision = _alembic.step_revision(step)
        if revision is not None:
            self.progress.applied.append(revision)
        self.progress.after = self._heads.ids

    def _require_clear(self, error: BaseException) -> None:
        """Raise `Unclear` where the error may be that of another statement, or revision."""
        is_clear = not self.pipeline.is_unsure or isinstance(error, Interrupted)
        if isinstance(error, Exception) and not is_clear:
            raise Unclear from error

    def settle(self) -> None:
        """Write where the database is, which was put off while all steps are one transaction."""
        self._heads.write()

    def make_version_table(self) -> None:
        """Make the version table where it is missing, in the transaction that is open."""
        if not self._has_table:
            _alembic.ensure_version_table(self.context, purge=self.purge)
            self._has_table = True

    def _transaction(self) -> AbstractContextManager[Any]:
        if self.is_together:
            return contextlib.nullcontext()
        transaction: AbstractContextManager[Any] = _alembic.transaction_of_step(self.context)
        return transaction

    def _run(self, step: Any) -> None:
        if self.pipeline.is_open and not plain_script.is_plain(step):
            self.pipeline.settle()
        checked = dialects.of(self.context.dialect.name).checked(self.context.connection)
        is_callers = _alembic.is_in_external_transaction(self.context)
        self.outside.bound = TOGETHER if self.is_together else CALLERS if is_callers else None
        with checked, self._around(step), self._readable():
            step.migration_fn(**self.arguments)

    def _close(self, step: Any) -> None:
        """Write what is left of a step: its row, and where the database is now."""
        self.pipeline.require_well()
        row = self.row(step)
        self._heads.take(step)
        if self.is_together and not self._heads.is_told:
            self.closing.execute(row)
            return
        self.closing.write(self._heads, row, self.pipeline)
        if self._heads.is_told:
            self.pipeline.settle()
            self._heads.tell(step, self.arguments)

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        """Write the version that was put off before a script asks for it."""
        if not self.is_together:
            yield
            return

        def settle(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
            if self.context.version_table in statement:
                self.settle()

        event.listen(self.context.connection, "before_cursor_execute", settle)
        try:
            yield
        finally:
            event.remove(self.context.connection, "before_cursor_execute", settle)

    def _around(self, step: Any) -> AbstractContextManager[None]:
        if self.around is not None:
            return self.around(step)
        return own_transaction.outside(self.context, self.outside)

    def _raise(self, error: BaseException, step: Any, rest: Sequence[Any]) -> None:
        if self.is_together:
            self.progress.undo()
            rest = [other for other in self.planned if other is not step]
        if isinstance(error, KeyboardInterrupt):
            for line in failure.standing(self.context, self.progress, [step, *rest]):
                error.add_note(line)
        if isinstance(error, UsageError):
            raise failure.named(self.context, error, self.progress, [step, *rest]) from error
        is_known = isinstance(error, MigrationsError) and not isinstance(error, ChangeRefused)
        if is_known or not isinstance(error, Exception | SystemExit):
            raise error
        raise failure.of_step(
            self.context,
            step,
            error,
            self.progress,
            rest,
            was_committing=self.is_committing,
        ) from error
