"""The executor: revisions on a live database, which others use and other runners want, too.

Look, lock, look again, run, read back; docs/design/execution.md says why in this order.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import dialects, driver
from sqlmodel_migrations.errors import Interrupted, LockNotHad, UsageError
from sqlmodel_migrations.events import (
    Blocker,
    MoveFinished,
    MoveStarted,
    Retrying,
    RevisionFinished,
    RevisionStarted,
)
from sqlmodel_migrations.run import (
    backup,
    blockers,
    failure,
    lock,
    pipeline,
    read_back,
    runner,
    statements,
    waits,
)
from sqlmodel_migrations.run.execution import Execution, Transaction
from sqlmodel_migrations.run.failure import Progress
from sqlmodel_migrations.run.held_events import HeldEvents
from sqlmodel_migrations.run.lock import Lock
from sqlmodel_migrations.run.pipeline import Unclear
from sqlmodel_migrations.run.record import Record
from sqlmodel_migrations.run.retry import Attempts
from sqlmodel_migrations.run.runner import Run, Steps
from sqlmodel_migrations.run.statements import Telling
from sqlmodel_migrations.run.turns import Turns
from sqlmodel_migrations.run.waits import Limits, WaitsModule


def execute(
    context: MigrationContext,
    steps: Steps,
    execution: Execution,
    *,
    arguments: Mapping[str, Any],
    progress: Progress,
    purge: bool = False,
    direction: str = "upgrade",
) -> None:
    """Run `steps` on the database of `context`, and write into `progress` what was done.

    Offline the SQL is written. In a caller's own transaction nothing is committed, so there are
    neither timeouts of ours, nor a second attempt, nor a look from another connection.

    Raises `StepFailed`, `LockNotHad`, `Interrupted` and `DatabaseError`.
    """
    if context.as_sql:
        context.run_migrations(**arguments)
        return
    one = Run(context, arguments, progress, purge)
    _Execution(context, steps, execution, one, direction).run()


@dataclass
class _Execution:
    """One move on one database."""

    context: MigrationContext
    steps: Steps
    how: Execution
    one: Run
    direction: str
    watch: blockers.Watch = field(init=False)
    record: Record = field(init=False)
    telling: Telling = field(init=False)
    held: HeldEvents = field(init=False)
    turns: Turns = field(init=False)

    def run(self) -> None:
        started = time.monotonic()
        self.turns = Turns(self._waits.pause, self.how.sleep)
        self.one.around = self._around
        if not self._has_work():
            return
        self._require_possible()
        with lock.held(self.context, self.how) as held:
            if not self._has_work():
                return
            self._open_record()
            with self._backed_up(), self._piped(), self._ready(), self._listening():
                self._take_all(held)
                self._attempt(self.record.close, ())
            # Before the next runner moves it on.
            self._read_back()
        self.how.emit(MoveFinished(self.one.progress.after, time.monotonic() - started))

    @property
    def is_callers(self) -> bool:
        """Whether the caller's own transaction is open."""
        return _alembic.is_in_external_transaction(self.context)

    def _has_work(self) -> bool:
        """Read where the database is; the connection is in no transaction afterwards."""
        planned = self.one.plan(self.steps)
        heads = self.one.progress.before
        work = bool(planned) or self.one.purge or (self.how.accept_edited and bool(heads))
        work = work or not (heads or _alembic.has_version_table(self.context))
        self._end_transaction()
        return work

    def _end_transaction(self) -> None:
        assert self.context.connection is not None
        if not self.is_callers:
            self.context.connection.rollback()

    def _require_possible(self) -> None:
        """Raise `UsageError` for one transaction of all where each DDL statement commits."""
        name = self.context.dialect.name
        if self.how.transaction is Transaction.ALL and dialects.of(name).commits_ddl():
            raise UsageError(
                "'all' revisions cannot be one transaction here: this server commits every CREATE,"
                " ALTER and DROP at once",
                hint="leave --transaction out",
            )

    def _open_record(self) -> None:
        """Read what earlier runs wrote down, and refuse to start where that forbids it."""
        self.record = Record(self.context, self.how, self.one.outside, self.turns)
        self.one.row = self.record.row
        notes = self.record.require_startable(self.one.planned, self.one.progress.before)
        self.one.progress.notes.extend(notes)
        self._end_transaction()

    @contextlib.contextmanager
    def _backed_up(self) -> Iterator[None]:
        """Copy the database first where that was asked for; a caller's transaction needs none."""
        connection = self.context.connection
        assert connection is not None
        if self.is_callers or not self.how.backup:
            yield
            return
        with backup.kept(connection, self.how) as copy:
            yield
        self.one.progress.notes.append(f"the copy from before is kept: '{copy}'")

    @contextlib.contextmanager
    def _ready(self) -> Iterator[None]:
        """Set timeouts, watch who blocks, flush once, and make transactions real."""
        connection = self.context.connection
        assert connection is not None
        self.watch = blockers.Watch(self.how.emit)
        if self.is_callers:
            with runner.transactions(self.context):
                yield
            return
        limits = Limits(self.how.lock_timeout, self.how.statement_timeout)
        with (
            waits.of(connection.dialect.name).limited(connection, limits),
            blockers.watched(connection, self.how.emit, limits.lock) as self.watch,
            dialects.of(connection.dialect.name).flushed_once(connection),
            runner.transactions(self.context),
        ):
            yield

    @contextlib.contextmanager
    def _listening(self) -> Iterator[None]:
        assert self.context.connection is not None
        telling = statements.telling(self.context.connection, self.how)
        with self.record.opened(), telling as self.telling:
            yield

    @contextlib.contextmanager
    def _piped(self) -> Iterator[None]:
        """Leave answers unread where the database is new."""
        if self.is_callers or self.one.progress.before:
            yield
            return
        assert self.context.connection is not None
        with pipeline.opened(self.context.connection) as self.one.pipeline:
            self.one.outside.leaves = self.one.pipeline.leave
            if self.one.pipeline.is_open:
                self.held = HeldEvents(self.how.emit, self.one.pipeline, self.one.progress)
                self.how = replace(self.how, emit=self.held.take)
                self.one.announce = self.held.log
            yield

    # -- the steps -----------------------------------------------------------------------------

    def _take_all(self, held: Lock) -> None:
        if self.how.transaction is Transaction.ALL and not self.is_callers:
            self._attempt(partial(self._take_whole, held), self.one.planned)
            return
        self._started(self.one.planned)
        self._take_each(held, self.one.planned)
        self.one.make_version_table()
        self._commit()

    def _take_each(self, held: Lock, planned: Sequence[Any], first: int = 0) -> None:
        """Run the steps from `first` on, each in its transaction."""
        is_new = not self.one.progress.before
        try:
            for position in range(first, len(planned)):
                if position and not is_new:  # nobody writes yet to a database without a revision
                    self.turns.end()
                self._attempt(partial(self._take, held, planned, position), planned[position:])
            self.one.pipeline.settle()
        except Unclear as error:
            self._take_each(held, *self._after_failure(planned, error))

    def _after_failure(self, planned: Sequence[Any], error: Unclear) -> tuple[Sequence[Any], int]:
        """Read where the database is, and return all steps and the position of the next one."""
        progress = self.one.progress
        certain = self.held.certain
        is_in_doubt = len(progress.applied) > certain or self.one.is_committing
        del progress.applied[certain:]
        self._close_pipeline(error, planned[certain:], is_in_doubt)
        rest = self.one.plan(self.steps, again=True)
        first = len(planned) - len(rest)
        progress.applied[:] = failure.ids(planned[:first])
        self.held.release_of(progress.applied)
        return [*planned[:first], *rest], first

    def _close_pipeline(self, error: Exception, steps: Sequence[Any], is_in_doubt: bool) -> None:
        """Go back to a connection without one, or raise what its loss means.

        `steps` are those after the last that is certain; `is_in_doubt` says that a COMMIT may have
        been sent.
        """
        connection, cause = self.context.connection, error.__cause__ or error
        assert connection is not None
        self.one.pipeline.close()
        if self.one.pipeline.is_lost and not driver.is_gone(connection):
            connection.invalidate(cause)
        if driver.is_gone(connection) and isinstance(cause, Exception):
            step, *rest = steps
            raise failure.of_step(
                self.context, step, cause, self.one.progress, rest, was_committing=is_in_doubt
            ) from cause
        self._end_transaction()

    def _commit(self) -> None:
        """Commit the version table of a history without revisions."""
        assert self.context.connection is not None
        if not self.is_callers:
            self.context.connection.commit()

    def _take_whole(self, held: Lock) -> None:
        """Run every step in one transaction; again where it is not clear what failed."""
        try:
            self._take_together(held)
            self.one.pipeline.settle()
        except Exception as error:
            if isinstance(error, Interrupted) or not self.one.pipeline.is_unsure:
                raise
            self.held.release_of(())
            is_in_doubt = len(self.one.progress.applied) == len(self.one.planned)
            self.one.progress.undo()
            self._close_pipeline(error, self.one.planned, is_in_doubt)
            self._take_together(held)

    def _take_together(self, held: Lock) -> None:
        """Run every step in one transaction, from the beginning."""
        self.one.is_together = True
        self.one.pipeline.begin()
        with _alembic.transaction_of_step(self.context):
            planned = self.one.plan(self.steps)
            self._started(planned)
            with self.record.ledger.late():
                for position in range(len(planned)):
                    self._take(held, planned, position)
            self.one.make_version_table()
            self.one.settle()

    def _take(self, held: Lock, planned: Sequence[Any], position: int) -> None:
        if self.how.stop():
            self.one.pipeline.settle()
            raise Interrupted("interrupted")
        step, total = planned[position], len(planned)
        revision = failure.ids([step])[0]
        started = time.monotonic()
        held.confirm()
        message = getattr(step, "doc", None) or ""
        self.how.emit(
            RevisionStarted(
                revision,
                message,
                position + 1,
                total,
                self.direction,
                resumed=self.record.is_resumed(step),
            )
        )
        self._begin(step, planned[position + 1 :])
        self.one.progress.is_half_done = False
        self.watch.revision = revision
        self.one.take(step, planned[position + 1 :])
        elapsed = time.monotonic() - started
        self.how.emit(RevisionFinished(revision, position + 1, total, elapsed))
        self.one.pipeline.tick()

    def _begin(self, step: Any, rest: Sequence[Any]) -> None:
        try:
            self.record.begin(step)
        except DBAPIError as error:
            raise failure.of_step(self.context, step, error, self.one.progress, rest) from error

    @contextlib.contextmanager
    def _around(self, step: Any) -> Iterator[None]:
        told = self.telling.of(failure.ids([step])[0])
        try:
            with self.record.around(step), told:
                yield
        except BaseException:
            self.one.progress.is_half_done = self.record.journal.is_half_done(step)
            raise

    def _started(self, planned: Sequence[Any]) -> None:
        self.how.emit(MoveStarted(tuple(failure.ids(planned)), self.direction))

    # -- what goes wrong -----------------------------------------------------------------------

    def _attempt(self, work: Callable[[], None], steps: Sequence[Any]) -> None:
        """Do a unit of work, again where others held a lock; `steps` begin with the first of it."""
        attempts = Attempts(self.how)
        revision = failure.ids(steps[:1])[0] if steps else ""

        def may_retry(error: Exception, delay: float) -> bool:
            if self.is_callers or isinstance(error, Unclear) or not self._is_lock_failure(error):
                return False
            reason = failure.reason(_cause(error))
            total = self.how.lock_retries + 1
            self.how.emit(Retrying(revision, reason, attempts.made, total, delay))
            return not self.how.stop()

        try:
            attempts.run(work, may_retry)
        except Unclear:
            raise
        except Interrupted as stop:
            raise self._interrupted(steps) from stop
        except Exception as error:
            is_lock_failure = self._is_lock_failure(error)
            if self.how.stop() and (is_lock_failure or self._waits.is_interrupt(_cause(error))):
                raise self._interrupted(steps) from error
            if not is_lock_failure:
                raise
            raise self._lock_not_had(error, attempts.made, steps) from error

    def _interrupted(self, steps: Sequence[Any]) -> Interrupted:
        return Interrupted(
            "interrupted",
            hint="type the command again: it goes on where this one stopped",
            applied=tuple(self.one.progress.applied),
            pending=tuple(failure.ids(steps)),
            details=self._standing(steps),
        )

    def _is_lock_failure(self, error: Exception) -> bool:
        return self._waits.is_lock_failure(_cause(error))

    @property
    def _waits(self) -> WaitsModule:
        return waits.of(self.context.dialect.name)

    def _lock_not_had(self, error: Exception, made: int, steps: Sequence[Any]) -> LockNotHad:
        cause = _cause(error)
        times = "once" if made == 1 else f"{made} times"
        what = f"revision {failure.ids(steps)[0]} was not run" if steps else "the end is missing"
        return LockNotHad(
            f"{what}: {failure.reason(cause)}",
            hint="end the transactions that stand in the way, or give more time: --lock-timeout 1m",
            details=(
                f"tried {times}",
                *failure.statement(self.context, cause),
                *_lines(self.watch.blockers),
                *self._standing(steps),
            ),
        )

    def _standing(self, steps: Sequence[Any]) -> tuple[str, ...]:
        return tuple(failure.standing(self.context, self.one.progress, steps)) if steps else ()

    def _read_back(self) -> None:
        if not self.is_callers:
            progress = self.one.progress
            read_back.require(self.context, progress.after, progress.applied)


def _cause(error: Exception) -> Exception:
    """What the driver raised, below what was made of it."""
    cause = error.__cause__
    return cause if isinstance(cause, DBAPIError) else error


def _lines(found: tuple[Blocker, ...]) -> Iterator[str]:
    yield from (f"blocked by {blocker}" for blocker in found)
