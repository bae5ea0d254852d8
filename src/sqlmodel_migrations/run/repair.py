"""Repair: what an interrupted revision did, and what can be done about it.

Everything is decided by the journal and by what stands in the database; a person decides only
what neither of them tells.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import quoting, target
from sqlmodel_migrations.database.statement import Statement, split
from sqlmodel_migrations.errors import ChangeRefused, UsageError
from sqlmodel_migrations.run import effect, lock, move, runner, side_table
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.run.effect import Kind, Verdict
from sqlmodel_migrations.run.env_script import Session
from sqlmodel_migrations.run.execution import Execution
from sqlmodel_migrations.run.journal.table import DONE, INTENT, Entry, JournalTable, Key
from sqlmodel_migrations.run.move import Move
from sqlmodel_migrations.run.outcome import Outcome
from sqlmodel_migrations.run.reverse import Irreversible, Reversal


class State(enum.StrEnum):
    """What became of one statement."""

    DONE = "done"
    NOT_DONE = "not done"
    DOUBT = "in doubt"
    RUNNING = "still running"


# These change no rows but those of what they make, alter and drop.
_DEFINITIONS = ("CREATE", "ALTER", "DROP", "RENAME", "COMMENT", "GRANT", "REVOKE")
_STATES = {
    Verdict.DONE: State.DONE,
    Verdict.NOT_DONE: State.NOT_DONE,
    Verdict.DOUBT: State.DOUBT,
}


@dataclass(frozen=True)
class Ran:
    """One statement of the journal, and what became of it."""

    position: int
    state: State
    sql: str


@dataclass(frozen=True)
class Interrupted:
    """A revision that was begun and not finished; `heads` are what the version table says."""

    key: Key
    statements: tuple[Ran, ...]
    heads: tuple[str, ...]
    dialect: str

    @property
    def last(self) -> Ran:
        """The statement at which it was interrupted."""
        return self.statements[-1]

    def changes_rows(self) -> Ran | None:
        """Return the first statement that took effect and may have changed rows."""
        return next((ran for ran in self.statements if self._changes_rows(ran)), None)

    def reversal(self) -> Reversal:
        """Return what takes back what ran; raises `ChangeRefused` where that is not known."""
        found = Reversal()
        for ran in self.statements:
            if ran.state in (State.DOUBT, State.RUNNING):
                raise _refused(ran, f"it is {ran.state}")
            for statement in split(ran.sql, self.dialect) if ran.state is State.DONE else ():
                try:
                    found.add(ran.position, statement)
                except Irreversible:
                    raise _refused(ran, "nothing is known that takes it back") from None
        return found

    def _changes_rows(self, ran: Ran) -> bool:
        if ran.state is State.NOT_DONE:
            return False
        return any(
            statement.verb not in _DEFINITIONS and target.changed(statement) != frozenset()
            for statement in split(ran.sql, self.dialect)
        )


def read(checkout: Checkout) -> Interrupted | None:
    """Look for an interrupted revision, and at what became of its statements; changes nothing."""
    found: list[Interrupted] = []

    def look(context: MigrationContext, _: Mapping[str, Any]) -> None:
        table = _table(context)
        for key, entries in table.read().items():
            heads = context.get_current_heads()
            statements = tuple(_looked_at(table, entries))
            found.append(Interrupted(key, statements, heads, context.dialect.name))

    checkout.read(look)
    if len(found) > 1:
        names = ", ".join(each.key.revision for each in found)
        raise UsageError(
            f"several revisions are interrupted: {names}",
            hint="finish them: sqlmodel migrations upgrade",
        )
    return found[0] if found else None


def finish(checkout: Checkout, found: Interrupted, execution: Execution) -> Outcome:
    """Run the rest of the revision; raises as an upgrade does."""
    is_upgrade = found.key.direction == "upgrade"

    def steps(script: ScriptDirectory, heads: tuple[str, ...]) -> Sequence[Any]:
        return [_alembic.step_of(script, found.key.revision, is_upgrade=is_upgrade)]

    return move.run(
        checkout,
        Move(steps, found.key.revision, direction=found.key.direction, execution=execution),
    )


def settle(checkout: Checkout, found: Interrupted, *, is_done: bool, execution: Execution) -> None:
    """Write down what a person found out about the statement at which it was interrupted."""
    entry = Entry(found.last.position, DONE, "", found.last.sql)

    def work(table: JournalTable) -> None:
        if is_done:
            table.change(found.key, entry)
        else:
            table.forget(found.key, since=entry.position)

    _change(checkout, execution, work)


def forget(checkout: Checkout, found: Interrupted, execution: Execution) -> None:
    """Take the revision for one that was never begun."""
    _change(checkout, execution, lambda table: table.forget(found.key))


def undo(checkout: Checkout, found: Interrupted, execution: Execution) -> tuple[str, ...]:
    """Take back what ran, the last statement first; return what was sent.

    The entry of a statement is only an intention again before it is taken back, so that this can
    be interrupted, and typed again. Raises `ChangeRefused` where something ran that nothing is
    known to take back.
    """
    steps = found.reversal().steps[::-1]

    def work(table: JournalTable) -> None:
        for step in steps:
            table.forget(found.key, since=step.position + 1)
            table.change(found.key, Entry(step.position, INTENT, "", step.there))
            _send(table, step.back)
        table.forget(found.key)

    _change(checkout, execution, work)
    return tuple(step.back for step in steps)


def after(checkout: Checkout, found: Interrupted) -> tuple[str, ...]:
    """Return the heads that the database has when the revision is finished."""
    graph = checkout.graph
    applied = set(graph.ancestors(found.heads))
    if found.key.direction == "upgrade":
        applied.add(found.key.revision)
    else:
        applied.discard(found.key.revision)
    parents = {down for one in applied for down in graph.revisions[one].down_revisions}
    return tuple(sorted(applied - parents))


def stamp(checkout: Checkout, heads: tuple[str, ...], execution: Execution) -> Outcome:
    """Record that the database is at `heads`: nothing is under way any more."""
    return move.stamp(checkout, heads or ("base",), None, None, False, execution)


def _table(context: MigrationContext) -> JournalTable:
    assert context.connection is not None
    return JournalTable(context, side_table.beside(context.connection))


def _looked_at(table: JournalTable, entries: Sequence[Entry]) -> Iterator[Ran]:
    for entry in entries:
        is_open = entry.state != DONE and entry is entries[-1]
        state = _state(table, entry) if is_open else State.DONE
        yield Ran(entry.position, state, entry.text)


def _state(table: JournalTable, entry: Entry) -> State:
    connection = table.connection
    module = effect.of(connection.dialect.name)
    before = entry.before or {}
    if module.running(connection, before) is not None:
        return State.RUNNING
    statements = split(entry.text, connection.dialect.name)
    return _STATES[module.verdict(connection, statements, before)]


def _change(checkout: Checkout, execution: Execution, work: Callable[[JournalTable], None]) -> None:
    """Do `work` on the journal with the migration lock held, in a transaction."""

    def task(context: MigrationContext, _: Mapping[str, Any]) -> None:
        connection = context.connection
        assert connection is not None
        connection.rollback()
        with (
            lock.held(context, execution),
            runner.transactions(context),
            connection.begin(),
        ):
            # Listeners begin SQLite's transactions, and the connection beside has none.
            connection.exec_driver_sql("SELECT 1")
            work(_table(context))

    config = checkout.config("repair")
    session = Session(checkout.request(), task)
    checkout.run(config, checkout.script(config), session, {})


def _send(table: JournalTable, sql: str) -> None:
    connection = table.context.connection
    assert connection is not None
    module = effect.of(connection.dialect.name)
    is_alone = module.kind(Statement(sql, connection.dialect.name)) is Kind.ALONE
    with module.apart(connection) if is_alone else contextlib.nullcontext():
        connection.exec_driver_sql(quoting.for_driver(sql, connection.dialect))


def _refused(ran: Ran, why: str) -> ChangeRefused:
    return ChangeRefused(
        f"the revision is not undone: of statement {ran.position}, {why}",
        hint="finish it: sqlmodel migrations repair --finish",
        details=("statement:", *(f"    {line}" for line in ran.sql.splitlines())),
    )
