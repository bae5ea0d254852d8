"""The journal: which statements of a revision took effect before the revision was done.

Statements are numbered. Those of a transaction are noted in memory, and written in that
transaction before anything commits in the middle of the revision: a CREATE on MariaDB, an
`autocommit_block`, a statement that must be outside. That statement itself is written as intended
before it is sent. So a revision that is one transaction writes nothing.

After an interruption the script runs again from its beginning. What took effect is not sent, and
Python reads the answer that it read then; the first statement that did not is sent, and so is
all that follows. The last intended one is decided by what stands in the database. A statement that
is not the one in the journal ends the run.

    journal = Journal(context, wait=…)       # reads what an interrupted run left
    journal.interrupted                      # Key(revision, direction), or None
    journal.require_next(step)               # the interrupted revision comes first
    with journal.opened():                   # around all that is run
        with journal.listening(step):        # within the step's transaction, around its script
            …
    journal.finish()                         # in the same transaction, before the version row
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from alembic.runtime.migration import MigrationContext

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import driver
from sqlmodel_migrations.errors import StepFailed
from sqlmodel_migrations.run import own_transaction, side_table
from sqlmodel_migrations.run.call import intercepted
from sqlmodel_migrations.run.journal.past import Past, Wait
from sqlmodel_migrations.run.journal.session_state import SessionState
from sqlmodel_migrations.run.journal.table import Entry, JournalTable, Key
from sqlmodel_migrations.run.journal.under_way import UnderWay
from sqlmodel_migrations.run.own_transaction import Guard, Outside
from sqlmodel_migrations.run.turns import Turns


@dataclass
class Journal:
    """The statements of one history's revisions on one connection.

    `wait` is given a question, asks it until the answer is None, and raises `DatabaseError` when
    that takes too long: it names the session in which an interrupted statement still runs.
    """

    context: MigrationContext
    outside: Outside
    wait: Wait
    turns: Turns
    _recorded: dict[Key, list[Entry]] = field(default_factory=dict)
    _under_way: UnderWay | None = None
    _guard: Guard | None = None

    def __post_init__(self) -> None:
        assert self.context.connection is not None
        self._beside = side_table.beside(self.context.connection)
        self._table = JournalTable(self.context, self._beside)
        self._recorded = self._table.read()

    @property
    def interrupted(self) -> Key | None:
        """The revision that was begun and not finished."""
        return next(iter(self._recorded), None)

    def require_next(self, step: Any) -> None:
        """Raise `StepFailed` where another revision than this one was interrupted."""
        found = self.interrupted
        if found is None or found == key_of(step):
            return
        raise StepFailed(
            f"revision {found.revision} was interrupted in the middle of its {found.direction},"
            " and this does not begin with it: nothing was run",
            failed=found.revision,
            hint=f"finish it: sqlmodel migrations {found.direction} {found.revision},"
            " or see what ran: sqlmodel migrations repair",
        )

    @contextlib.contextmanager
    def opened(self) -> Iterator[None]:
        """Set once what `listening` needs to see of all scripts."""
        with own_transaction.guarding(self.context, self.outside) as self._guard:
            yield

    @contextlib.contextmanager
    def listening(self, step: Any) -> Iterator[None]:
        """Note, send or answer every statement that is executed while this is open.

        Raises `ChangeRefused` for a statement that differs from the one that ran, or whose
        effect is in doubt, and for one that begins or ends a transaction by hand.
        """
        connection = self.context.connection
        assert connection is not None
        key = key_of(step)
        is_again = self._under_way is not None and self._under_way.key == key
        if is_again and self._table.exists:
            self._recorded = self._table.read()
        state = SessionState(connection.dialect.name)
        entries = self._recorded.get(key, [])
        past = Past(key, connection, self._table, entries, self.outside, self.wait, state)
        under_way = self._under_way = UnderWay(
            key, connection, self._table, past, self.outside, state, self.turns
        )
        assert self._guard is not None
        guarded = self._guard.script(under_way.notes.flush)
        with guarded, intercepted(connection, under_way.handle):
            yield
            past.require_end(under_way.position)

    def is_half_done(self, step: Any) -> bool:
        """Whether a part of what a step did stays, although it failed."""
        found = self._under_way
        return found is not None and found.key == key_of(step) and found.notes.is_lasting

    def finish(self) -> None:
        """Delete what is written of the revision, in the transaction that will commit it."""
        if self._under_way is not None and self._under_way.notes.has_rows:
            self.forget()

    def drop(self) -> None:
        """Take the table away where it is empty, whoever wrote it, and commit."""
        if self._table.exists and self._table.is_empty():
            assert self.context.connection is not None
            self._table.drop()
            driver.commit(self.context.connection)

    def forget(self) -> None:
        """Delete everything that is written of this history."""
        assert self.context.connection is not None
        self._table.forget_all(self.context.connection)
        self._recorded = {}


def interrupted(context: MigrationContext) -> Key | None:
    """Return the revision that was begun and not finished; it is only looked for."""
    assert context.connection is not None
    table = JournalTable(context, side_table.beside(context.connection))
    return next(iter(table.read()), None)


def key_of(step: Any) -> Key:
    """Return what the journal calls a step."""
    revision = _alembic.step_revision(step) or ", ".join(_alembic.written_ids(step))
    return Key(revision, "upgrade" if step.is_upgrade else "downgrade")
