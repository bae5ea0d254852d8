"""A take: the pending revisions run once on a scratch database, each statement measured.

What the server refuses is noted and left out, so that what follows is measured too; unless the
revision catches the error, or wants rows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext, RevisionStep
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations import _alembic, _alembic_batch
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.quoting import qualified
from sqlmodel_migrations.database.statement import Statement, split, verb
from sqlmodel_migrations.errors import StepFailed
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.lint import facts, losses, place, wire
from sqlmodel_migrations.lint.facts import Measured
from sqlmodel_migrations.lint.limit import TooLong, limited
from sqlmodel_migrations.lint.losses import Sent, State
from sqlmodel_migrations.lint.old_code import OldCode
from sqlmodel_migrations.lint.place import Place
from sqlmodel_migrations.lint.recording import (
    Broken,
    Facts,
    Failure,
    FailureKind,
    RecordedStatement,
    Rows,
    Runner,
    Stops,
    Unmeasured,
)
from sqlmodel_migrations.run import runner

_ANSWERS = frozenset(("SELECT", "WITH", "SHOW", "VALUES", "TABLE", "EXPLAIN", "PRAGMA", "DESCRIBE"))


_SAVEPOINTS = frozenset(("SAVEPOINT", "RELEASE", "ROLLBACK"))

_LIMIT = 60.0
"""Seconds after which a revision is given up."""


class _Stopped(Exception):
    """A revision failed; nothing after it can be measured."""


@dataclass
class Take:
    """One run; `statements` and `unmeasured` are what came of it, in order.

    `counts` are the rows of each table before. With `is_twice` each revision's function is run
    once more after it: how a statement then fails is in `again`, by revision and text.
    """

    rows: Rows
    runner: Runner
    pending: Sequence[Revision]
    is_twice: bool = False
    statements: list[RecordedStatement] = field(default_factory=list)
    unmeasured: list[Unmeasured] = field(default_factory=list)
    again: dict[tuple[str, str], str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    _revision: Revision | None = None
    _last: Revision | None = None
    _sent: list[Sent] = field(default_factory=list)
    _first: int = 0
    _transaction: int = 0
    _is_busy: bool = False
    _is_again: bool = False
    _entry: Place | None = None
    _raised: tuple[Exception, Place, str, Failure] | None = None
    _suspects: list[tuple[int, Broken]] = field(default_factory=list)

    def perform(
        self,
        context: MigrationContext,
        steps: Sequence[RevisionStep],
        arguments: Mapping[str, Any],
    ) -> None:
        """Run the steps on the shadow of `context`, which is at the revision before them."""
        assert context.connection is not None
        self._connection = context.connection
        self._prepare()
        self._functions = {_alembic.step_revision(s): s.migration_fn for s in steps}
        self._arguments = arguments
        wrapped = [_alembic.wrap_step(step, self._around) for step in steps]
        try:
            with (
                wire.tapped(context.connection, self),
                _alembic_batch.noted(self._here, self._begin),
            ):
                if self.runner is Runner.ALEMBIC:
                    _alembic.run_as_configured(context, wrapped, arguments)
                else:
                    runner.run(context, lambda _: wrapped, arguments=arguments)
        except (_Stopped, StepFailed):
            pass
        except DBAPIError as error:  # the version row: a revision left a transaction that is none
            self._note_wreck(error)
            return
        self._confirm()

    @property
    def after(self) -> Catalog:
        """The schema that the revisions ended with."""
        return self._meter.catalog

    def _prepare(self) -> None:
        """Read what is there, and leave no transaction behind that was not open before."""
        was_open = self._connection.in_transaction()
        self._meter = facts.of(self._connection)
        self.counts = dict(self._meter.rows)
        self._old_code: OldCode | None = None
        if self.rows is Rows.CLEAN:
            self._old_code = OldCode(self._connection, self._meter.catalog, self._meter.undone)
        if not was_open:
            self._connection.commit()

    @contextlib.contextmanager
    def _around(self, step: RevisionStep) -> Iterator[None]:
        """Watch one revision; an exception that leaves it ends the take."""
        name = _alembic.step_revision(step)
        self._revision = self._last = next(r for r in self.pending if r.id == name)
        self._sent, self._first = [], len(self.statements)
        try:
            before = self._state()
            with limited(_LIMIT):
                yield
            self._look_behind()
            self._note_losses(before)
            if self.is_twice:
                self._run_again(self._functions[name])
        except (Exception, SystemExit, TooLong) as error:
            self._note_end(error)
            raise _Stopped from error
        finally:
            self._revision = None

    def _look_behind(self) -> None:
        """Measure what a revision sent past SQLAlchemy, by the driver's own cursor."""
        assert self._revision is not None
        where = place.of_cursor(self._revision.path)
        if where is not None:
            with self._busy():
                self._measure(where, "", None, lambda: None)

    def _run_again(self, function: Callable[..., Any]) -> None:
        self._is_again = True
        try:
            with contextlib.suppress(Exception, SystemExit, TooLong), limited(_LIMIT):
                function(**self._arguments)
        finally:
            self._is_again = False

    def _note_wreck(self, error: DBAPIError) -> None:
        """Say that nothing more can be measured after what a revision did behind our back."""
        last = self._last if self._last is not None else self.pending[0]
        reason = next(iter(str(error.orig).strip().splitlines()), type(error).__name__)
        self.unmeasured.append(
            Unmeasured(last.id, f"it leaves a transaction that is of no use: {reason}", last.path)
        )
        self._note_following(last)

    def _note_following(self, revision: Revision) -> None:
        position = [other.id for other in self.pending].index(revision.id)
        self.unmeasured += [
            Unmeasured(other.id, f"it comes after '{revision.id}', which fails", other.path)
            for other in self.pending[position + 1 :]
        ]

    def _note_end(self, error: BaseException) -> None:
        """Say how a revision failed, and that nothing after it was measured."""
        assert self._revision is not None
        revision, raised = self._revision, self._raised
        reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        operation = place.of_error(error, revision.path)
        if raised is not None and getattr(error, "orig", error) is raised[0]:
            _, where, sql, failure = raised
            operation = None
            self._add(where, sql, None, None, Facts(), failure)
            reason = failure.message
        elif operation is not None:
            self._add(operation, "", None, None, Facts(), Failure(FailureKind.OTHER, reason))
        if operation is None:
            self.unmeasured.append(
                Unmeasured(revision.id, f"its upgrade ends here: {reason}", revision.path)
            )
        self._note_following(revision)

    def _state(self) -> State:
        """What is there now; rows by the tables' present names."""
        names, catalog = self._meter.names(), self._meter.catalog
        rows = {names.tables[k]: n for k, n in self._meter.rows.items() if k in names.tables}
        came_back = [k for k in self._meter.rows if k not in names.tables and k in catalog.tables]
        with self._busy():
            for key in came_back:
                table = qualified(
                    catalog.tables[key].schema, catalog.tables[key].name, self._connection.dialect
                )
                count = self._connection.execute(sa.text(f"SELECT count(*) FROM {table}"))
                rows[key] = int(count.scalar_one())
        return State(catalog, names, rows)

    def _note_losses(self, before: State) -> None:
        if not self._sent:
            return
        for position, found in losses.found(self._sent, before, self._state()).items():
            # Rows that violate much are lost in many ways; that values are cut counts.
            kept = [x for x in found if self.rows is not Rows.DIRTY or x.kind == "values"]
            if kept:
                self._amend(self._first + position, losses=tuple(kept))

    def _amend(self, index: int, **changes: Any) -> None:
        statement = self.statements[index]
        self.statements[index] = replace(statement, facts=replace(statement.facts, **changes))

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        """Let our own statements pass unseen."""
        self._is_busy, before = True, self._is_busy
        try:
            yield
        finally:
            self._is_busy = before

    # What the wire asks.

    def take(self, sql: str, parameters: Any, send: wire.Send) -> bool:
        """Measure a statement of a revision; False for all that is not one."""
        if self._is_busy or self._revision is None or verb(sql) in _SAVEPOINTS:
            return False
        where = self._here()
        if where is None:  # Alembic's own, about the version table
            return False
        with self._busy():
            for text in self._pieces(sql, parameters):
                once = partial(send, text)
                if self._is_again:
                    self._measure_again(text, once)
                else:
                    self._measure(self._entry or where, text, parameters, once)
        return True

    def _pieces(self, sql: str, parameters: Any) -> Sequence[str]:
        """The statements of a text of several, which PostgreSQL's drivers send at once.

        Outside of a transaction such a text is one by itself, and stays whole.
        """
        driver: Any = self._connection.connection.driver_connection
        is_whole = parameters or getattr(driver, "autocommit", True)
        if self._connection.dialect.name != "postgresql" or is_whole or ";" not in sql:
            return (sql,)
        return [piece.text for piece in split(sql, "postgresql")] or (sql,)

    def end(self) -> None:
        """A transaction ends: what the old code cannot do now, it cannot do from here on."""
        if not self._is_busy:
            self._transaction += 1
            self._confirm()

    # What happens to one statement.

    def _here(self) -> Place | None:
        return place.of(self._revision.path) if self._revision is not None else None

    def _begin(self, entry: Place | None) -> None:
        """An operation of a batch is carried out: its own line is where it was put there."""
        self._entry = entry

    def _measure_again(self, sql: str, send: facts.Send) -> None:
        assert self._revision is not None
        measured = self._meter.measure(sql, send)
        if measured.error is not None:
            failure = self._meter.failure(measured.error)
            self.again.setdefault((self._revision.id, sql), failure.message)
            if verb(sql) in _ANSWERS:
                raise measured.error

    def _measure(self, where: Place, sql: str, parameters: Any, send: facts.Send) -> None:
        if self._old_code is not None:
            self._old_code.prepare(sql)
        measured = self._meter.measure(sql, send)
        transaction = self._transaction if measured.is_in_transaction else None
        if measured.error is None:
            seen = Facts(measured.tables, measured.held, measured.changes, commits=measured.commits)
            self._add(where, sql, parameters, transaction, seen, None, measured)
            self._suspect(measured)
            return
        failure = self._meter.failure(measured.error)
        if where.is_caught or verb(sql) in _ANSWERS:
            self._raised = (measured.error, where, sql, failure)
            raise measured.error
        self._add(where, sql, parameters, transaction, Facts(), failure)

    def _suspect(self, measured: Measured) -> None:
        """See what the old code can no longer do."""
        if self._old_code is None:
            return
        changed = {
            table
            for table, found in measured.tables.items()
            if found.taken is not None and found.taken.stops >= Stops.WRITES
        }
        if measured.changes or changed:
            changed |= {c.table for c in measured.changes if c.table is not None}
            position = len(self.statements) - 1
            self._suspects += [(position, broken) for broken in self._old_code.look(changed)]

    def _confirm(self) -> None:
        """Keep what is broken for good; a later statement may have mended it."""
        if self._old_code is None or not self._suspects:
            return
        left = self._old_code.broken()
        for position, broken in self._suspects:
            reason = left.get((broken.table, broken.statement))
            if reason is not None:
                known = self.statements[position].facts.broken
                self._amend(position, broken=(*known, replace(broken, reason=reason)))
        self._suspects = []

    def _add(
        self,
        where: Place,
        sql: str,
        parameters: Any,
        transaction: int | None,
        seen: Facts,
        failure: Failure | None,
        measured: Measured | None = None,
    ) -> None:
        assert self._revision is not None
        statement = RecordedStatement(
            revision=self._revision.id,
            number=len(self._sent),
            file=self._revision.path,
            line=where.line,
            end_line=where.end_line,
            operation=where.operation,
            sql=sql,
            parameters=parameters,
            transaction=transaction,
            facts=seen,
            failures={} if failure is None else {self.rows: failure},
        )
        self.statements.append(statement)
        text = Statement(sql, self._connection.dialect.name)
        keywords = where.keywords if where.operation == "alter_column" else None
        self._sent.append(Sent(text, measured or Measured(), keywords))
