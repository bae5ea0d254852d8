"""A revision under way: each of its statements is answered from its past, or sent and noted."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations.database import dialects, driver
from sqlmodel_migrations.database.statement import without_secrets
from sqlmodel_migrations.errors import ChangeRefused
from sqlmodel_migrations.run import effect, own_transaction, pipeline
from sqlmodel_migrations.run.answer import Answer
from sqlmodel_migrations.run.call import Call
from sqlmodel_migrations.run.effect import Before, EffectModule, Kind
from sqlmodel_migrations.run.effect.base import is_autocommit
from sqlmodel_migrations.run.journal.notes import Notes, kept
from sqlmodel_migrations.run.journal.past import Past
from sqlmodel_migrations.run.journal.session_state import SessionState
from sqlmodel_migrations.run.journal.table import DONE, INTENT, Entry, JournalTable, Key
from sqlmodel_migrations.run.own_transaction import Outside
from sqlmodel_migrations.run.turns import Turns


@dataclass
class UnderWay:
    """One run of one revision; `position` is the number of its last statement so far."""

    key: Key
    connection: Connection
    table: JournalTable
    past: Past
    outside: Outside
    state: SessionState
    turns: Turns

    position: int = 0
    notes: Notes = field(init=False)
    _session: Before = field(default_factory=dict)
    _is_undone: bool = False

    def __post_init__(self) -> None:
        has_rows = bool(self.past.entries)
        self.notes = Notes(self.key, self.table, has_rows, is_lasting=has_rows)

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    @property
    def effect(self) -> EffectModule:
        return effect.of(self.dialect)

    def handle(self, call: Call) -> None:
        """Send a statement, or answer it from the past.

        Raises `ChangeRefused` for what begins or ends a transaction, and as `Past` does.
        """
        self.position += 1
        self._require_whole()
        own_transaction.refuse_control(call)
        self.state.see(call)
        entry = self.past.entry(self.position)
        if entry is not None:
            self._session = entry.before or self._session
            if self.past.took_effect(entry):
                self.past.replay(entry, call)
                return
            self.past.forget(entry)
        self._restore()
        self._send(call)

    def _require_whole(self) -> None:
        if self._is_undone:
            raise ChangeRefused(
                "the server undid the whole transaction when a statement failed, and the script"
                " goes on without it",
                hint="let the script end with that error: the revision is tried again then",
            )

    def _restore(self) -> None:
        """Give the session what the one before knew, where the script leaves what ran."""
        self.effect.restore(self.table.connection, self._session)
        self._session = {}

    def _send(self, call: Call) -> None:
        kind = self.outside.kind(call)
        self._make_table()
        if kind is Kind.ALONE and self.state.is_all_that_changes(call.statements[0]):
            self._commit()
            self._send_inside(call)
        elif kind is Kind.ALONE:
            self._send_alone(call)
        elif kind is Kind.PLAIN and is_autocommit(self.connection):
            self._send_in_one(call)
        else:
            self._send_inside(call)

    def _make_table(self) -> None:
        """Make the table before anything that would be committed by making it."""
        if dialects.of(self.dialect).commits_ddl() and self.notes.is_empty:
            self.table.make()

    def _commit(self) -> None:
        self.notes.flush()
        driver.commit(self.connection)

    def _send_inside(self, call: Call) -> None:
        """Send a statement that is undone with its transaction."""
        try:
            call.send()
        except Exception as error:
            self._failed(call, error)
            raise
        self._note(call, call.take())

    def _send_in_one(self, call: Call) -> None:
        """Send a statement in a transaction with its entry, where the script wants none."""
        beside = self.table.connection
        self.table.make()
        is_one = len(call.statements) == 1  # several in a text are more than a pipeline takes
        try:
            with pipeline.joined(self.connection) if is_one else contextlib.nullcontext():
                beside.exec_driver_sql(self.effect.BEGIN)
                call.send()
            self._note(call, call.take())
            with pipeline.joined(self.connection):
                self.notes.flush()
                beside.exec_driver_sql("COMMIT")
        except Exception as error:
            with contextlib.suppress(SQLAlchemyError):  # where the connection is lost
                beside.exec_driver_sql("ROLLBACK")
            if not self.effect.must_be_alone(error):
                self._failed(call, error)
                raise
            self.outside.add(call)
            self._send_alone(call)
        else:
            self.turns.end()

    def _send_alone(self, call: Call) -> None:
        """Send a statement that commits by itself, its entry being committed before it."""
        beside = self.table.connection
        before = self.effect.look(beside, call.statements)
        is_doubtful = self.effect.is_lasting_doubt(beside, call.statements, before)
        entry = Entry(self.position, INTENT, call.digest, self._text(call), before)
        self.notes.add(entry)
        self.notes.flush()
        with self.effect.apart(self.connection):
            self.effect.clear(beside, call.statements, None)
            try:
                call.send()
            except Exception as error:
                self._alone_failed(call, entry, error)
                raise
            found = call.take()
            if found.columns is not None or is_doubtful:
                entry.state, entry.answer = DONE, kept(found)
                self.table.change(self.key, entry)
                driver.commit(self.connection)

    def _alone_failed(self, call: Call, entry: Entry, error: Exception) -> None:
        """Take an entry back whose statement did nothing; the script may catch the error."""
        entry.state, entry.answer = DONE, kept(call.failed(error))
        beside = self.table.connection
        with contextlib.suppress(SQLAlchemyError):  # where the connection is lost
            if self.effect.is_untouched(beside, call.statements, entry.before or {}):
                self.table.settle(self.key, before=entry.position)
                self.table.forget(self.key, since=entry.position)
                driver.commit(self.connection)
                self.notes.add(entry)
                self.notes.is_lasting = entry.position > 1
                return
        self.notes.change(entry)

    def _failed(self, call: Call, error: Exception) -> None:
        """Note an error, which the script may catch."""
        self.outside.note(call, error)
        self._is_undone = self.effect.ends_transaction(error)
        self._note(call, call.failed(error))

    def _note(self, call: Call, found: Answer) -> None:
        self.notes.add(Entry(self.position, DONE, call.digest, self._text(call), None, kept(found)))

    def _text(self, call: Call) -> str:
        return without_secrets(call.sql, self.dialect)
