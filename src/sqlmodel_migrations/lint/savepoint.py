"""The savepoints of a revision: what was known at each, for when the revision goes back to it."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlmodel_migrations.database.sqlite_token import fold
from sqlmodel_migrations.database.statement import Reader, Statement
from sqlmodel_migrations.lint.facts import Back
from sqlmodel_migrations.lint.recording import RecordedStatement


class Turn(enum.Enum):
    """What a statement does to savepoints."""

    SET = enum.auto()
    RELEASE = enum.auto()
    RETURN = enum.auto()


@dataclass(frozen=True)
class Move:
    """A savepoint that is set, given up or returned to; the transaction's begin has no name."""

    turn: Turn
    name: str = ""


ROLLBACK = Move(Turn.RETURN)
"""The transaction is taken back as a whole."""


def read(statement: Statement) -> Move | None:
    """Return what a statement does to savepoints; None for all others."""
    reader = Reader(statement)
    if reader.take("SAVEPOINT"):
        return _move(Turn.SET, reader)
    if reader.take("RELEASE"):
        reader.take("SAVEPOINT")
        return _move(Turn.RELEASE, reader)
    if not reader.take("ROLLBACK"):
        return None
    reader.skip("WORK", "TRANSACTION")
    if not reader.take("TO"):
        return None if reader.take("PREPARED") else ROLLBACK
    reader.take("SAVEPOINT")
    return _move(Turn.RETURN, reader)


def _move(turn: Turn, reader: Reader) -> Move | None:
    name = reader.name()
    return Move(turn, fold(name.name)) if name is not None else None


@dataclass(frozen=True)
class Savepoint:
    """One savepoint; `count` says how many statements came before it."""

    name: str
    count: int
    ways: Sequence[Back] = field(default=(), compare=False)


@dataclass
class Savepoints:
    """Those that are open, the begin of the transaction first of all."""

    _open: list[Savepoint] = field(default_factory=list)

    def begin(self, count: int, ways: Sequence[Back] = ()) -> None:
        """A transaction begins, and with it all savepoints are gone."""
        self._open = [Savepoint("", count, ways)]

    def follow(
        self, move: Move, statements: list[RecordedStatement], ways: Sequence[Back] = ()
    ) -> None:
        """Do what a move does; of the `statements` until now those are marked that it undoes.

        `ways` lead back to what is known at a savepoint that is set.
        """
        if move.turn is Turn.SET:  # an older one of the same name stays beneath it
            self._open.append(Savepoint(move.name, len(statements), ways))
        elif move.turn is Turn.RELEASE:
            self._release(move.name)
        else:
            count = self._go_back(move.name)
            if count is not None:
                statements[count:] = [replace(each, is_undone=True) for each in statements[count:]]

    def _release(self, name: str) -> None:
        """Give one up, and those that were set after it: what was done stays."""
        at = self._at(name)
        if at:
            del self._open[at:]

    def _go_back(self, name: str) -> int | None:
        """Take all back to one, which stays; return its count, None where it is not open."""
        at = self._at(name)
        if at is None:
            return None
        del self._open[at + 1 :]
        for way in self._open[at].ways:
            way()
        return self._open[at].count

    def _at(self, name: str) -> int | None:
        found = (i for i in reversed(range(len(self._open))) if self._open[i].name == name)
        return next(found, None)
