"""A take: the pending revisions run once on a scratch database, each statement measured.

What the server refuses is noted and left out, so that what follows is measured too; unless the
revision catches the error, or wants rows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext, RevisionStep
from sqlalchemy import Connection, event

from sqlmodel_migrations import _alembic, _alembic_batch
from sqlmodel_migrations.database.statement import verb
from sqlmodel_migrations.errors import RevisionFailed
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.lint import facts, place
from sqlmodel_migrations.lint.facts import Measured, Meter
from sqlmodel_migrations.lint.place import Place
from sqlmodel_migrations.lint.recording import (
    Facts,
    Failure,
    RecordedStatement,
    Rows,
    Runner,
    Unmeasured,
)
from sqlmodel_migrations.run import runner

_ANSWERS = frozenset(("SELECT", "WITH", "SHOW", "VALUES", "TABLE", "EXPLAIN", "PRAGMA", "DESCRIBE"))


class _Stopped(Exception):
    """A revision failed; nothing after it can be measured."""


@dataclass
class Take:
    """One run; `statements` and `unmeasured` are what came of it, in order."""

    rows: Rows
    runner: Runner
    pending: Sequence[Revision]
    statements: list[RecordedStatement] = field(default_factory=list)
    unmeasured: list[Unmeasured] = field(default_factory=list)
    _revision: Revision | None = None
    _number: int = 0
    _transaction: int = 0
    _is_busy: bool = False
    _entry: Place | None = None
    _raised: tuple[Exception, Place, str, Failure] | None = None

    def perform(
        self,
        context: MigrationContext,
        steps: Sequence[RevisionStep],
        arguments: Mapping[str, Any],
    ) -> None:
        """Run the steps on the shadow of `context`, which is at the revision before them."""
        connection = context.connection
        assert connection is not None
        self._connection = connection
        self._meter = self._make_meter(connection)
        wrapped = [_alembic.wrap_step(step, self._around) for step in steps]
        with (
            self._listening(connection),
            _alembic_batch.noted(self._here, self._begin),
            contextlib.suppress(_Stopped, RevisionFailed),
        ):
            if self.runner is Runner.ALEMBIC:
                _alembic.run_as_configured(context, wrapped, arguments)
            else:
                runner.run(context, lambda _: wrapped, arguments=arguments)

    def _make_meter(self, connection: Connection) -> Meter:
        """Read what is there, and leave no transaction behind that was not open before."""
        was_open = connection.in_transaction()
        meter = facts.of(connection)
        if not was_open:
            connection.commit()
        return meter

    @contextlib.contextmanager
    def _around(self, step: RevisionStep) -> Iterator[None]:
        """Watch one revision; an exception that leaves it ends the take."""
        name = _alembic.step_revision(step)
        self._revision = next(r for r in self.pending if r.id == name)
        self._number = 0
        try:
            yield
        except (Exception, SystemExit) as error:
            self._note_end(error)
            raise _Stopped from error
        finally:
            self._revision = None

    def _note_end(self, error: BaseException) -> None:
        """Say how a revision failed, and that nothing after it was measured."""
        assert self._revision is not None
        revision, raised = self._revision, self._raised
        reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        if raised is not None and getattr(error, "orig", error) is raised[0]:
            _, where, sql, failure = raised
            self._add(where, sql, None, None, Facts(), failure)
            reason = failure.message
        self.unmeasured.append(
            Unmeasured(revision.id, f"its upgrade ends here: {reason}", revision.path)
        )
        rest = list(self.pending)[list(self.pending).index(revision) + 1 :]
        self.unmeasured += [
            Unmeasured(other.id, f"it comes after '{revision.id}', which fails", other.path)
            for other in rest
        ]

    @contextlib.contextmanager
    def _listening(self, connection: Connection) -> Iterator[None]:
        dialect = connection.dialect

        def on_execute(cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
            send = partial(dialect.do_execute, cursor, sql, parameters, context)
            return self._is_measured(sql, parameters, context, send)

        def on_many(cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
            send = partial(dialect.do_executemany, cursor, sql, parameters, context)
            return self._is_measured(sql, parameters, context, send)

        def on_plain(cursor: Any, sql: str, context: Any) -> bool:
            send = partial(dialect.do_execute_no_params, cursor, sql, context)
            return self._is_measured(sql, None, context, send)

        def on_end(_: Connection) -> None:
            self._transaction += 1

        hooks: list[tuple[str, Callable[..., Any]]] = [
            ("do_execute", on_execute),
            ("do_executemany", on_many),
            ("do_execute_no_params", on_plain),
            ("commit", on_end),
            ("rollback", on_end),
        ]
        for name, hook in hooks:
            event.listen(connection.engine, name, hook)
        try:
            yield
        finally:
            for name, hook in hooks:
                event.remove(connection.engine, name, hook)

    def _here(self) -> Place | None:
        return place.of(self._revision.path) if self._revision is not None else None

    def _begin(self, entry: Place | None) -> None:
        """An operation of a batch is carried out: its own line is where it was put there."""
        self._entry = entry

    def _is_measured(
        self, sql: str, parameters: Any, context: Any, send: Callable[[], None]
    ) -> bool:
        """Measure a statement of a revision; False for all that is not one."""
        if self._is_busy or self._revision is None or not self._is_ours(context):
            return False
        where = self._here()
        if where is None:  # Alembic's own, about the version table
            return False
        self._is_busy = True
        try:
            self._measure(self._entry or where, sql, parameters, send)
        finally:
            self._is_busy = False
        return True

    def _is_ours(self, context: Any) -> bool:
        asked = context.root_connection.connection.dbapi_connection
        return asked is self._connection.connection.dbapi_connection

    def _measure(self, where: Place, sql: str, parameters: Any, send: Callable[[], None]) -> None:
        measured = self._meter.measure(sql, send)
        transaction = self._transaction if measured.is_in_transaction else None
        if measured.error is None:
            self._add(where, sql, parameters, transaction, self._facts(measured), None)
            return
        failure = self._meter.failure(measured.error)
        if where.is_caught or verb(sql) in _ANSWERS:
            self._raised = (measured.error, where, sql, failure)
            raise measured.error
        self._add(where, sql, parameters, transaction, Facts(), failure)

    def _facts(self, measured: Measured) -> Facts:
        return Facts(measured.tables, measured.changes, commits=measured.commits)

    def _add(
        self,
        where: Place,
        sql: str,
        parameters: Any,
        transaction: int | None,
        found: Facts,
        failure: Failure | None,
    ) -> None:
        assert self._revision is not None
        self.statements.append(
            RecordedStatement(
                revision=self._revision.id,
                number=self._number,
                file=Path(self._revision.path),
                line=where.line,
                end_line=where.end_line,
                operation=where.operation,
                sql=sql,
                parameters=parameters,
                transaction=transaction,
                facts=found,
                failures={} if failure is None else {self.rows: failure},
            )
        )
        self._number += 1
