"""The past of an interrupted revision: what took effect of it is not sent again, but answered.

Python reads what it read then. The last statement that was intended is decided by what stands in
the database. A statement that is not the one that ran ends the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from sqlalchemy import Connection

from sqlmodel_migrations.database import quoting, target
from sqlmodel_migrations.database.statement import Statement, split, without_secrets
from sqlmodel_migrations.errors import ChangeRefused
from sqlmodel_migrations.run import answer, effect
from sqlmodel_migrations.run.answer import Answer
from sqlmodel_migrations.run.call import Call
from sqlmodel_migrations.run.effect import EffectModule, Verdict
from sqlmodel_migrations.run.journal.session_state import SessionState
from sqlmodel_migrations.run.journal.table import DONE, Entry, JournalTable, Key
from sqlmodel_migrations.run.own_transaction import Outside

Wait = Callable[[Callable[[], str | None]], None]
"""Asks a question until the answer is None: in which session does a statement still run?"""

_REPAIR = "see what ran: sqlmodel migrations repair"


@dataclass
class Past:
    """The `entries` of one revision in their order, and what becomes of them."""

    key: Key
    connection: Connection
    table: JournalTable
    entries: list[Entry]
    outside: Outside
    wait: Wait
    state: SessionState

    @property
    def effect(self) -> EffectModule:
        return effect.of(self.connection.dialect.name)

    def entry(self, position: int) -> Entry | None:
        """Return the entry at a position, counted from 1; None behind the last."""
        return self.entries[position - 1] if position <= len(self.entries) else None

    def took_effect(self, entry: Entry) -> bool:
        """Decide the last entry, if it was only intended; raises `ChangeRefused` in doubt."""
        if entry.state == DONE or entry is not self.entries[-1]:
            return True
        before = entry.before or {}
        beside = self.table.connection
        statements = split(entry.text, self.connection.dialect.name)
        self.outside.require_free(entry.text)
        with self.effect.apart(self.connection):
            self.wait(lambda: self.effect.running(beside, before))
            self.effect.clear(beside, statements, before)
            verdict = self.effect.verdict(beside, statements, before)
        if verdict is Verdict.DOUBT:
            raise ChangeRefused(
                f"it cannot be told whether statement {entry.position} took effect before the"
                " interruption",
                hint=_REPAIR,
                details=_shown("statement", entry.text),
            )
        return verdict is Verdict.DONE

    def forget(self, entry: Entry) -> None:
        """Drop the last entry, which took no effect: another statement may stand there now."""
        self.table.forget(self.key, since=entry.position)
        self.entries.remove(entry)

    def replay(self, entry: Entry, call: Call) -> None:
        """Answer a call as it was answered; raises `ChangeRefused` where it is another one."""
        self._require_same(entry, call)
        found = answer.decode(entry.answer) if entry.answer is not None else Answer()
        if found.lost is not None:
            raise ChangeRefused(
                f"the script cannot go on where it was interrupted: the answer to statement"
                f" {entry.position} was not kept, since {found.lost}",
                hint=_REPAIR,
                details=_shown("statement", entry.text),
            )
        self._repeat(entry, call)
        call.give(found)

    def require_end(self, position: int) -> None:
        """Raise `ChangeRefused` where the script ends at `position`, before the last that ran."""
        entry = self.entry(position + 1)
        if entry is not None:
            raise ChangeRefused(
                f"the script ends before statement {entry.position}, which ran before the"
                " interruption",
                hint=f"put the script back as it was, or {_REPAIR}",
                details=_shown("ran", entry.text),
            )

    def _require_same(self, entry: Entry, call: Call) -> None:
        if entry.digest == call.digest:
            return
        now = without_secrets(call.sql, self.connection.dialect.name)
        differs = "has other values than" if now == entry.text else "is not the one"
        raise ChangeRefused(
            f"statement {entry.position} {differs} that ran before the interruption, so what"
            " follows may not fit it",
            hint=f"put the script back as it was, or {_REPAIR}",
            details=(*_shown("ran", entry.text), *_shown("now", now)),
        )

    def _repeat(self, entry: Entry, call: Call) -> None:
        """Send again what only the session knew that has ended."""
        for statement in call.statements:
            if self.state.is_all_that_changes(statement):
                self._require_repeatable(entry, statement)
                if len(call.statements) == 1:
                    call.send()
                else:
                    self._say(statement.text)
            elif self.state.temporary & statement.names and target.changed(statement) is None:
                _refuse_session(entry, statement, "")

    def _say(self, sql: str) -> None:
        beside = self.table.connection
        beside.exec_driver_sql(quoting.for_driver(sql, beside.dialect))

    def _require_repeatable(self, entry: Entry, statement: Statement) -> None:
        """Raise `ChangeRefused` where a table that is read was changed by what ran later."""
        if not {"select", "like"} & statement.names:
            return
        later = (
            target.changed(other)
            for after in self.entries[entry.position :]
            for other in split(after.text, self.connection.dialect.name)
        )
        read = statement.names - self.state.temporary
        if any(changed is None or changed & read for changed in later):
            _refuse_session(entry, statement, ", from tables that have changed since")


def _refuse_session(entry: Entry, statement: Statement, which: str) -> NoReturn:
    raise ChangeRefused(
        f"the script cannot go on where it was interrupted: statement {entry.position} changed"
        f" what ended with its connection{which}",
        hint=_REPAIR,
        details=_shown("statement", statement.text),
    )


def _shown(word: str, text: str) -> tuple[str, ...]:
    return (f"{word}:", *(f"    {line}" for line in text.strip().splitlines()))
