"""What every dialect knows of effects; the modules beside this one are its siblings."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection

from sqlmodel_migrations.database import driver
from sqlmodel_migrations.database.statement import Statement

Before = Mapping[str, Any]
"""What stood in the database before a statement, as JSON can keep it."""


class Kind(enum.Enum):
    """What becomes of a statement when its transaction is undone, or its session ends."""

    PLAIN = "undone with its transaction"
    SESSION = "known to its session alone"
    ALONE = "committed by itself, with all before it"


class Verdict(enum.Enum):
    """Whether a statement took effect whose answer nobody got."""

    DONE = "it took effect"
    NOT_DONE = "it took no effect, or may be run again"
    DOUBT = "it cannot be told"


class EffectModule(Protocol):
    """The shape of a module in this family."""

    BEGIN: str
    """How a transaction begins on a connection in autocommit."""

    def kind(self, statement: Statement) -> Kind:
        """Say what becomes of a statement."""

    def refusal(self, statement: Statement) -> str | None:
        """Return what a statement does that would break the transaction of its revision."""

    def look(self, connection: Connection, statements: Sequence[Statement]) -> Before:
        """Return what stands where these statements, which are ALONE, are about to work."""

    def verdict(
        self, connection: Connection, statements: Sequence[Statement], before: Before
    ) -> Verdict:
        """Say whether the statements took effect after `before`."""

    def is_untouched(
        self, connection: Connection, statements: Sequence[Statement], before: Before
    ) -> bool:
        """Whether statements that failed left everything as it was."""

    def is_lasting_doubt(
        self, connection: Connection, statements: Sequence[Statement], before: Before
    ) -> bool:
        """Whether `verdict` could not tell, so that the end is to be written down at once."""

    def running(self, connection: Connection, before: Before) -> str | None:
        """Name the session that an interrupted statement still runs in; None where it ended."""

    def clear(
        self, connection: Connection, statements: Sequence[Statement], before: Before | None
    ) -> None:
        """Take away, in autocommit, what an interrupted attempt at these statements left behind.

        `before` is what `look` returned for that attempt; None where none is known of.
        """

    def apart(self, connection: Connection) -> AbstractContextManager[None]:
        """Commit what is open, and let what follows be in no transaction."""

    def restore(self, connection: Connection, before: Before) -> None:
        """Give a new session what `look` saw of an earlier one that cannot be said again."""

    def must_be_alone(self, error: Exception) -> bool:
        """Whether a statement was refused because a transaction is open."""

    def wants_values_committed(self, error: Exception) -> bool:
        """Whether a statement failed since a value of an enum was added in its transaction."""

    def adds_value(self, statement: Statement) -> bool:
        """Whether a statement adds a value to an enum, which it may do alone."""

    def ends_transaction(self, error: Exception) -> bool:
        """Whether the server undid the whole transaction when a statement failed."""


def is_autocommit(connection: Connection) -> bool:
    """Whether a script is within Alembic's `autocommit_block`."""
    return connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"


def committed(connection: Connection) -> AbstractContextManager[None]:
    """Commit what is open; where each statement commits by itself, nothing else is needed."""
    driver.commit(connection)
    return contextlib.nullcontext()
