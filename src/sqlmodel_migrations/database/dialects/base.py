"""What every dialect's module offers; the modules beside this one are its siblings."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import URL, Connection, Insert, Select, Update


@dataclass(frozen=True)
class Explanation:
    """What a driver's error means: the effect, and what to do."""

    message: str
    hint: str | None = None
    is_unreachable: bool = False
    """Whether the server does not answer, which may be over in a moment."""


@dataclass(frozen=True)
class Standpoint:
    """What a session was told after it was opened: search path or database, and role."""

    place: str | None = None
    role: str | None = None


class DialectModule(Protocol):
    """The shape of a module in this family."""

    def real_transactions(self, connection: Connection) -> AbstractContextManager[None]:
        """Make BEGIN, COMMIT and ROLLBACK hold for DDL as far as the server allows."""

    def flushed_once(self, connection: Connection) -> AbstractContextManager[None]:
        """Let commits inside wait for no disk, and flush them all at the end.

        What is lost when the server dies in between is lost from the end, whole transactions.
        Where the server cannot promise that, every commit is flushed as ever.
        """

    def both(self, change: Update, row: Insert) -> Select[Any] | None:
        """Return one statement that does both, and divides by zero where `change` meets no row.

        None where the server has no such statement.
        """

    def checked(self, connection: Connection | None) -> AbstractContextManager[None]:
        """Check, when a revision's statements have run, what the server has not checked itself."""

    def server(self, connection: Connection) -> str:
        """Return the server's product name and version, e.g. `PostgreSQL 15.4`."""

    def commits_ddl(self) -> bool:
        """Whether every DDL statement is committed at once, so that no rollback undoes it."""

    def tables_need_more(self) -> bool:
        """Whether tables may need what no model makes: functions, domains, extensions."""

    def limits_texts(self) -> bool:
        """Whether VARCHAR(n) refuses a text of more than n characters."""

    def file(self, connection: Connection) -> Path | None:
        """Return the file that is the whole database; None on a server and in memory."""

    def is_shared(self, connection: Connection) -> bool:
        """Whether another connection of the same engine would see the same database."""

    def standpoint(self, connection: Connection) -> Standpoint:
        """Ask where a connection finds its tables, and in which role."""

    def follow(self, connection: Connection, leader: Standpoint) -> None:
        """Let `connection` find tables where `leader` does, in its role."""

    def connect_arguments(self, url: URL) -> dict[str, Any]:
        """Return the driver's arguments that must differ from what SQLAlchemy makes of `url`."""

    def explain(self, error: str) -> Explanation | None:
        """Say what a driver's error text means; None where it is not known."""


Text = tuple[str, str, str | None]
"""A pattern of an error's text, the message and the hint; `{0}` is the pattern's first group."""


def explained(
    error: str, texts: tuple[Text, ...], unreachable: tuple[Text, ...] = ()
) -> Explanation | None:
    """Return the first explanation whose pattern is found; `unreachable` are looked at last."""
    for pattern, message, hint in (*texts, *unreachable):
        if found := re.search(pattern, error, re.IGNORECASE):
            words = message.format(*found.groups()), hint and hint.format(*found.groups())
            return Explanation(*words, (pattern, message, hint) in unreachable)
    return None
