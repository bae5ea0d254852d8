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
from sqlmodel_migrations.database import driver
from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.quoting import qualified
from sqlmodel_migrations.database.statement import READS, Statement, split, verb
from sqlmodel_migrations.errors import StepFailed
from sqlmodel_migrations.history.index import Revision
from sqlmodel_migrations.lint import ending, facts, losses, place, savepoint, wire
from sqlmodel_migrations.lint.breakage import Breakage
from sqlmodel_migrations.lint.facts import Back, Measured
from sqlmodel_migrations.lint.limit import TooLong, limited
from sqlmodel_migrations.lint.losses import Sent, State
from sqlmodel_migrations.lint.place import Place
from sqlmodel_migrations.lint.recording import (
    Facts,
    Failure,
    FailureKind,
    RecordedStatement,
    Rows,
    Runner,
    Unmeasured,
    sent_from,
)
from sqlmodel_migrations.lint.savepoint import ROLLBACK, Move, Savepoints
from sqlmodel_migrations.run import effect, runner
from sqlmodel_migrations.run.effect import Kind
from sqlmodel_migrations.run.effect.base import is_autocommit

_LIMIT = 60.0
"""Seconds after which a revision is given up."""


class _Stopped(Exception):
    """A revision failed; nothing after it can be measured."""


@dataclass
class Take:
    """One run; `statements` and `unmeasured` are what came of it, in order.

    It `is_endless` where a revision was given up.
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
    is_endless: bool = False
    _revision: Revision | None = None
    _last: Revision | None = None
    _sent: list[Sent] = field(default_factory=list)
    _first: int = 0
    _transaction: int = 0
    _is_busy: bool = False
    _is_again: bool = False
    _entry: Place | None = None
    _raised: tuple[Exception, Place, str, Failure] | None = None
    _wreck: tuple[Place, str, Failure] | None = None
    _breakage: Breakage | None = None
    _named: frozenset[str] = frozenset()
    _savepoints: Savepoints = field(default_factory=Savepoints)

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
                _alembic_batch.noted(self._noted, self._begin),
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
        if self.rows is Rows.CLEAN:
            self._breakage = Breakage(self._connection, self._meter)
        if not was_open:
            self._connection.commit()
        self._savepoints.begin(0, self._ways())

    @contextlib.contextmanager
    def _around(self, step: RevisionStep) -> Iterator[None]:
        """Watch one revision; an exception that leaves it ends the take."""
        name = _alembic.step_revision(step)
        self._revision = self._last = next(r for r in self.pending if r.id == name)
        self._sent, self._first, self._named = [], len(self.statements), frozenset()
        before: State | None = None
        try:
            with self._busy():
                self._meter.begin(has_cursor=self._cursor() is not None)
            before = self._state()
            with limited(_LIMIT):
                yield
            self._note_wreck_of_transaction()
            self._look_behind()
            self._note_losses(before)
            if self.is_twice:
                self._run_again(self._functions[name])
        except (Exception, SystemExit, TooLong) as error:
            self.is_endless = isinstance(error, TooLong)
            self._note_end(error)
            if before is not None:
                with contextlib.suppress(Exception):
                    self._note_losses(before)
            raise _Stopped from error
        finally:
            self._revision = None

    def _cursor(self) -> Place | None:
        """Where the revision asks for the driver's own cursor."""
        return place.of_cursor(self._revision.path) if self._revision is not None else None

    def _look_behind(self) -> None:
        """Measure what the revision has sent past SQLAlchemy until now, by the driver's cursor."""
        where = self._cursor()
        if where is not None and not self._is_again:
            with self._busy():
                self._measure(where, "", None, lambda: None)

    def _run_again(self, function: Callable[..., Any]) -> None:
        self._is_again = True
        self._savepoints.begin(len(self.statements), self._ways())
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
        reason = ending.reason(error)
        operation = place.of_error(error, revision.path)
        if raised is not None and getattr(error, "orig", error) is raised[0]:
            _, where, sql, failure = raised
            operation = None
            self._add(where, sql, None, None, Facts(), failure)
            reason = failure.message
        elif operation is not None:
            self._add(operation, "", None, None, Facts(), Failure(FailureKind.OTHER, reason))
        if operation is None:
            said, line = f"the revision ends here: {reason}", ending.line(error, revision.path)
            self.unmeasured.append(Unmeasured(revision.id, said, revision.path, line))
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
        after = self._state()
        for position, found in losses.found(self._kept(), before, after, self._named).items():
            # Rows that violate much are lost in many ways; that values are cut counts.
            kept = [x for x in found if self.rows is not Rows.DIRTY or x.kind == "values"]
            if kept:
                self._amend(self._first + position, losses=tuple(kept))
            if self._breakage is not None:
                self._breakage.lose(self._first + position, found)

    def _kept(self) -> list[Sent]:
        """What the revision sent; what it took back has changed nothing."""
        own = zip(self._sent, self.statements[self._first :], strict=True)
        return [replace(s, measured=Measured()) if each.is_undone else s for s, each in own]

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
        if self._is_busy or self._revision is None:
            return False
        where = self._here()
        if where is None:  # Alembic's own, about the version table
            return False
        if not self._is_again:
            self._note_wreck_of_transaction(sql)
        statement = Statement(sql, self._connection.dialect.name)
        refusal = effect.of(statement.dialect).refusal(statement)
        if refusal is not None and self.runner is Runner.SQLMODEL:
            self._add_refused(where, sql, refusal)
            return True
        move = savepoint.read(statement)
        with self._busy():
            self._look_behind()
            if move is not None:
                self._move(move, where, sql, partial(send, sql))
                return True
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

    def end(self, *, is_undone: bool) -> None:
        """A transaction ends: what the old code cannot do now, it cannot do from here on."""
        if self._is_busy:
            return
        self._refuse_end("ROLLBACK" if is_undone else "COMMIT")
        if is_undone and self._revision is not None and not is_autocommit(self._connection):
            self._wreck = None
            self._savepoints.follow(ROLLBACK, self.statements)
        self._transaction += 1
        self._confirm()
        self._savepoints.begin(len(self.statements), self._ways())

    def _refuse_end(self, word: str) -> None:
        """Say that our executor lets no revision end its transaction by itself."""
        where = self._here()
        if self.runner is Runner.ALEMBIC or where is None or self._revision is None:
            return
        if not place.is_by_alembic(self._revision.path):
            self._add_refused(where, word, f"{word} ends a transaction")

    def _add_refused(self, where: Place, sql: str, reason: str) -> None:
        said = f"{reason}, which sqlmodel migrations does not let a script do"
        if not self._is_again:
            failure = Failure(FailureKind.OTHER, said)
            self._add(where, sql, None, self._transaction, Facts(), failure)

    # What happens to one statement.

    def _here(self) -> Place | None:
        return place.of(self._revision.path) if self._revision is not None else None

    def _noted(self, names: frozenset[str]) -> Place | None:
        """An operation is put into a batch: what it names is meant, whatever is sent for it."""
        self._named |= names
        return self._here()

    def _begin(self, entry: Place | None) -> None:
        """An operation of a batch is carried out: its own line is where it was put there."""
        self._entry = entry

    def _note_wreck_of_transaction(self, sql: str = "") -> None:
        """Note an error that the revision caught, where its transaction is of no use after it.

        Only a ROLLBACK, which `sql` may be, mends that.
        """
        wreck, self._wreck = self._wreck, None
        if wreck is not None and verb(sql) != "ROLLBACK":
            where, text, failure = wreck
            said = f"{failure.message}; caught or not, the transaction does nothing after it"
            self._add(where, text, None, self._transaction, Facts(), replace(failure, message=said))

    def _move(self, move: Move, where: Place, sql: str, send: facts.Send) -> None:
        """Set a savepoint, give it up, or go back to it, unless the server refuses."""
        error = facts.attempt(send)
        if error is not None:
            self._refuse(where, sql, None, self._transaction, Measured(error))
        else:
            self._savepoints.follow(move, self.statements, self._ways())
            self._transaction += move == ROLLBACK

    def _ways(self) -> tuple[Back, ...]:
        """The ways back to what is known now."""
        marked = (self._meter, self._breakage)
        return tuple(each.mark() for each in marked if each is not None)

    def _measure_again(self, sql: str, send: facts.Send) -> None:
        assert self._revision is not None
        measured, _ = self._sent_by_runner(sql, send)
        if measured.error is not None:
            failure = self._meter.failure(measured.error)
            self.again.setdefault((self._revision.id, sql), failure.message)
            if verb(sql) in READS:
                raise measured.error

    def _measure(self, where: Place, sql: str, parameters: Any, send: facts.Send) -> None:
        if self._breakage is not None:
            self._breakage.prepare(sql)
        measured, taken_out = self._sent_by_runner(sql, send)
        if not sql and measured.is_nothing:
            return
        transaction = self._transaction if measured.is_in_transaction else None
        if measured.error is None:
            seen = Facts(measured.tables, measured.held, measured.changes, commits=measured.commits)
            self._add(where, sql, parameters, transaction, seen, None, measured, taken_out)
            if self._breakage is not None:
                self._breakage.look(len(self.statements) - 1, measured)
        else:
            self._refuse(where, sql, parameters, transaction, measured)
        self._note_unseen(where, measured)
        if measured.commits:
            self._transaction += 1
            self._savepoints.begin(len(self.statements), self._ways())

    def _note_unseen(self, where: Place, measured: Measured) -> None:
        """Say of which tables nobody knows how many rows were changed."""
        assert self._revision is not None
        for table in measured.unseen:
            said = f"how many rows of '{table}' were changed: so were its columns, out of sight"
            self.unmeasured.append(
                Unmeasured(self._revision.id, said, self._revision.path, where.line)
            )

    def _sent_by_runner(self, sql: str, send: facts.Send) -> tuple[Measured, Failure | None]:
        """Measure a statement in its transaction, or outside where our executor sends it there."""
        measured = self._meter.measure(sql, send)
        if measured.error is None or not self._leaves(sql, measured.error):
            return measured, None
        inside = self._meter.failure(measured.error)
        module = effect.of(self._connection.dialect.name)
        if module.wants_values_committed(measured.error):  # they are added outside, before it
            driver.commit(self._connection)
            measured = self._meter.measure(sql, send)
        else:
            with module.apart(self._connection):
                measured = self._meter.measure(sql, send)
        return replace(measured, commits=True), inside

    def _leaves(self, sql: str, error: Exception) -> bool:
        """Whether our executor sends a statement outside of the transaction that refuses it."""
        if self.runner is not Runner.SQLMODEL or is_autocommit(self._connection):
            return False
        module = effect.of(self._connection.dialect.name)
        is_alone = module.kind(Statement(sql, self._connection.dialect.name)) is Kind.ALONE
        return is_alone or module.must_be_alone(error) or module.wants_values_committed(error)

    def _refuse(
        self,
        where: Place,
        sql: str,
        parameters: Any,
        transaction: int | None,
        measured: Measured,
    ) -> None:
        """Note what the server refused; raise it where the revision waits for an answer."""
        error = measured.error
        assert error is not None
        failure = self._meter.failure(error)
        if where.is_caught or verb(sql) in READS:
            self._raised = (error, where, sql, failure)
            self._wreck = self._raised[1:] if measured.is_fatal else None
            raise error
        self._add(where, sql, parameters, transaction, Facts(), failure)

    def _confirm(self) -> None:
        """Keep what is broken for good; a later statement may have mended it."""
        for position, broken in self._breakage.settle() if self._breakage is not None else ():
            known = self.statements[position].facts.broken
            self._amend(position, broken=(*known, broken))

    def _add(
        self,
        where: Place,
        sql: str,
        parameters: Any,
        transaction: int | None,
        seen: Facts,
        failure: Failure | None,
        measured: Measured | None = None,
        taken_out: Failure | None = None,
    ) -> None:
        assert self._revision is not None
        statement = replace(
            sent_from(
                self._revision,
                len(self._sent),
                where,
                sql,
                parameters=parameters,
                transaction=transaction,
            ),
            facts=seen,
            failures={} if failure is None else {self.rows: failure},
            taken_out=taken_out,
        )
        self.statements.append(statement)
        text = Statement(sql, self._connection.dialect.name)
        keywords = where.keywords if where.operation == "alter_column" else None
        self._sent.append(Sent(text, measured or Measured(), keywords))
