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
    with journal.listening(step):            # within the step's transaction, around its script
        …
    journal.finish()                         # in the same transaction, before the version row
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn

from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.database import dialects, driver, quoting, target
from sqlmodel_migrations.database.statement import Statement, split, without_secrets
from sqlmodel_migrations.errors import ChangeRefused, StepFailed
from sqlmodel_migrations.run import answer, effect, own_transaction, side_table
from sqlmodel_migrations.run.answer import Answer, Unkeepable
from sqlmodel_migrations.run.call import Call, intercepted
from sqlmodel_migrations.run.effect import Before, EffectModule, Kind, Verdict
from sqlmodel_migrations.run.effect.base import is_autocommit
from sqlmodel_migrations.run.journal_table import DONE, INTENT, Entry, JournalTable, Key
from sqlmodel_migrations.run.own_transaction import Outside

# So many statements or characters are noted in memory; then they go to the table.
_MOST_ENTRIES, _MOST_CHARACTERS = 10_000, 16 * 1024 * 1024

_REPAIR = "see what ran: sqlmodel migrations repair"


@dataclass
class Journal:
    """The statements of one history's revisions on one connection.

    `wait` is given a question, asks it until the answer is None, and raises `DatabaseError` when
    that takes too long: it names the session in which an interrupted statement still runs.
    """

    context: MigrationContext
    outside: Outside
    wait: Callable[[Callable[[], str | None]], None]
    _recorded: dict[Key, list[Entry]] = field(default_factory=dict)
    _under_way: _UnderWay | None = None

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
    def listening(self, step: Any) -> Iterator[None]:
        """Note, send or answer every statement that is executed while this is open.

        Raises `ChangeRefused` for a statement that differs from the one that ran, or whose
        effect is in doubt, and for one that begins or ends a transaction by hand.
        """
        connection = self.context.connection
        assert connection is not None
        if self._table.exists:
            self._recorded = self._table.read()
        key = key_of(step)
        under_way = self._under_way = _UnderWay(
            key, connection, self._table, self.outside, self.wait, self._recorded.get(key, [])
        )
        guarded = own_transaction.guarded(self.context, self.outside, under_way.flush)
        with guarded, intercepted(connection, under_way.handle):
            yield
            under_way.require_end()

    def finish(self) -> None:
        """Delete what is written of the revision, in the transaction that will commit it."""
        if self._under_way is not None and self._under_way.has_rows:
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


@dataclass
class _UnderWay:
    """One run of one revision."""

    key: Key
    connection: Connection
    table: JournalTable
    outside: Outside
    wait: Callable[[Callable[[], str | None]], None]
    recorded: list[Entry]

    position: int = 0
    session: Before = field(default_factory=dict)
    temporary: set[str] = field(default_factory=set)
    noted: list[Entry] = field(default_factory=list)
    failed: list[Entry] = field(default_factory=list)
    characters: int = 0
    has_rows: bool = False
    is_undone: bool = False

    def __post_init__(self) -> None:
        self.has_rows = bool(self.recorded)

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    @property
    def effect(self) -> EffectModule:
        return effect.of(self.dialect)

    def handle(self, call: Call) -> None:
        """Send a statement, or answer it from the journal."""
        self.position += 1
        self._require_whole()
        own_transaction.refuse_control(call)
        self.temporary.update(filter(None, map(target.temporary, call.statements)))
        if self.position <= len(self.recorded):
            entry = self.recorded[self.position - 1]
            self.session = entry.before or self.session
            if self._took_effect(entry):
                self._replay(entry, call)
                return
            self._forget(entry)
        self._restore()
        self._send(call)

    def _require_whole(self) -> None:
        if self.is_undone:
            raise ChangeRefused(
                "the server undid the whole transaction when a statement failed, and the script"
                " goes on without it",
                hint="let the script end with that error: the revision is tried again then",
            )

    # -- what ran before -----------------------------------------------------------------------

    def _took_effect(self, entry: Entry) -> bool:
        """Decide the last entry, if it was only intended; raises `ChangeRefused` in doubt."""
        if entry.state == DONE or entry is not self.recorded[-1]:
            return True
        before = entry.before or {}
        beside = self.table.connection
        statements = split(entry.text, self.dialect)
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

    def _replay(self, entry: Entry, call: Call) -> None:
        self._require_same(entry, call)
        found = answer.decode(entry.answer) if entry.answer is not None else Answer()
        if found.lost is not None:
            raise ChangeRefused(
                f"the script cannot go on where it was interrupted: the answer to statement"
                f" {entry.position} was not kept, since {found.lost}",
                hint=_REPAIR,
                details=_shown("statement", entry.text),
            )
        self._repeat(call)
        call.give(found)

    def _require_same(self, entry: Entry, call: Call) -> None:
        if entry.digest == call.digest:
            return
        now = self._without_secrets(call)
        differs = "has other values than" if now == entry.text else "is not the one"
        raise ChangeRefused(
            f"statement {entry.position} {differs} that ran before the interruption, so what"
            " follows may not fit it",
            hint=f"put the script back as it was, or {_REPAIR}",
            details=(*_shown("ran", entry.text), *_shown("now", now)),
        )

    def _repeat(self, call: Call) -> None:
        """Send again what only the session knew that has ended."""
        for statement in call.statements:
            if self._is_of_session(statement):
                self._require_repeatable(statement)
                if len(call.statements) == 1:
                    call.send()
                else:
                    self._say(statement.text)
            elif self.temporary & statement.names and target.changed(statement) is None:
                self._refuse_session(statement, "")

    def _say(self, sql: str) -> None:
        beside = self.table.connection
        beside.exec_driver_sql(quoting.for_driver(sql, beside.dialect))

    def _require_repeatable(self, statement: Statement) -> None:
        """Raise `ChangeRefused` where a table that is read was changed by what ran later."""
        if not {"select", "like"} & statement.names:
            return
        later = (
            target.changed(other)
            for entry in self.recorded[self.position :]
            for other in split(entry.text, self.dialect)
        )
        read = statement.names - self.temporary
        if any(changed is None or changed & read for changed in later):
            self._refuse_session(statement, ", from tables that have changed since")

    def _refuse_session(self, statement: Statement, which: str) -> NoReturn:
        raise ChangeRefused(
            f"the script cannot go on where it was interrupted: statement {self.position} changed"
            f" what ended with its connection{which}",
            hint=_REPAIR,
            details=_shown("statement", statement.text),
        )

    def _forget(self, entry: Entry) -> None:
        """Drop the last entry, which took no effect: another statement may stand there now."""
        self.table.forget(self.key, since=entry.position)
        self.recorded.remove(entry)

    def _restore(self) -> None:
        """Give the session what the one before knew, where the script leaves what ran."""
        self.effect.restore(self.table.connection, self.session)
        self.session = {}

    def require_end(self) -> None:
        """Raise `ChangeRefused` where the script ends before the statements that ran."""
        if self.position < len(self.recorded):
            entry = self.recorded[self.position]
            raise ChangeRefused(
                f"the script ends before statement {entry.position}, which ran before the"
                " interruption",
                hint=f"put the script back as it was, or {_REPAIR}",
                details=_shown("ran", entry.text),
            )

    # -- what runs now -------------------------------------------------------------------------

    def _send(self, call: Call) -> None:
        kind = self.outside.kind(call)
        self._make_table()
        if kind is Kind.ALONE and self._is_of_session(call.statements[0]):
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
        if dialects.of(self.dialect).commits_ddl() and not self.noted:
            self.table.make()

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
        beside.exec_driver_sql(self.effect.BEGIN)
        try:
            call.send()
            self._note(call, call.take())
            self.flush()
            beside.exec_driver_sql("COMMIT")
        except Exception as error:
            with contextlib.suppress(SQLAlchemyError):  # where the connection is lost
                beside.exec_driver_sql("ROLLBACK")
            if not self.effect.must_be_alone(error):
                self._failed(call, error)
                raise
            self.outside.add(call)
            self._send_alone(call)

    def _send_alone(self, call: Call) -> None:
        """Send a statement that commits by itself, its entry being committed before it."""
        beside = self.table.connection
        before = self.effect.look(beside, call.statements)
        is_doubtful = self.effect.is_lasting_doubt(beside, call.statements, before)
        entry = Entry(self.position, INTENT, call.digest, self._without_secrets(call), before)
        self.noted.append(entry)
        self.flush()
        with self.effect.apart(self.connection):
            self.effect.clear(beside, call.statements, None)
            try:
                call.send()
            except Exception as error:
                self._alone_failed(call, entry, error)
                raise
            found = call.take()
            if found.columns is not None or is_doubtful:
                entry.state, entry.answer = DONE, self._kept(found)
                self.table.change(self.key, entry)
                driver.commit(self.connection)

    def _alone_failed(self, call: Call, entry: Entry, error: Exception) -> None:
        """Take an entry back whose statement did nothing; the script may catch the error."""
        entry.state, entry.answer = DONE, self._kept(call.failed(error))
        beside = self.table.connection
        with contextlib.suppress(SQLAlchemyError):  # where the connection is lost
            if self.effect.is_untouched(beside, call.statements, entry.before or {}):
                self.table.settle(self.key, before=entry.position)
                self.table.forget(self.key, since=entry.position)
                driver.commit(self.connection)
                self.noted.append(entry)
                return
        self.failed.append(entry)

    def _failed(self, call: Call, error: Exception) -> None:
        """Note an error, which the script may catch."""
        self.outside.note(call, error)
        self.is_undone = self.effect.ends_transaction(error)
        self._note(call, call.failed(error))

    def _note(self, call: Call, found: Answer) -> None:
        kept = self._kept(found)
        text = self._without_secrets(call)
        self.noted.append(Entry(self.position, DONE, call.digest, text, None, kept))
        self.characters += len(kept) + len(text)
        if len(self.noted) > _MOST_ENTRIES or self.characters > _MOST_CHARACTERS:
            self.flush()

    def _kept(self, found: Answer) -> str:
        try:
            return answer.encode(found)
        except Unkeepable as error:
            return answer.encode(Answer(lost=str(error)))

    def flush(self) -> None:
        """Write what is noted, in the transaction that is open."""
        if not self.noted:
            return
        self.table.make()
        for entry in self.failed:
            self.table.change(self.key, entry)
        self.table.write(self.key, self.noted)
        self.failed.clear()
        self.noted.clear()
        self.characters = 0
        self.has_rows = True

    def _commit(self) -> None:
        self.flush()
        driver.commit(self.connection)

    def _is_of_session(self, statement: Statement) -> bool:
        """Whether a statement changes nothing but what ends with the session."""
        if self.effect.kind(statement) is Kind.SESSION:
            return True
        if not self.temporary or statement.verb == "DROP":
            return False
        changed = target.changed(statement) or frozenset()
        return bool(changed) and changed <= self.temporary

    def _without_secrets(self, call: Call) -> str:
        return without_secrets(call.sql, self.dialect)


def _shown(word: str, text: str) -> tuple[str, ...]:
    return (f"{word}:", *(f"    {line}" for line in text.strip().splitlines()))
