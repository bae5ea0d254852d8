"""Tables followed by their names: what the meters of MariaDB and SQLite share.

PostgreSQL knows its tables by number, and counts the rows that were changed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from sqlmodel_migrations.lint.facts.base import Back, Names, Tracked, Watched
from sqlmodel_migrations.lint.facts.contents import Comparison, Contents, Rows


class Reading(Protocol):
    """What is there at one moment, by table."""

    @property
    def columns(self) -> Mapping[str, tuple[str, ...]]:
        """The names of the columns, in order."""

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows there are."""


R = TypeVar("R", bound=Reading)


@dataclass
class Followed(Watched, ABC, Generic[R]):
    """One connection, and what became of the tables that were there first.

    `_known` are the rows at the last look, where they are compared with those at the next one.
    """

    _last: R = field(init=False)
    _tracked: Tracked = field(init=False)
    _known: Contents | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._last = self._read()
        names = {name: self._last.columns.get(name, ()) for name in self._last.rows}
        self._tracked = Tracked.of(names)

    @property
    def rows(self) -> Mapping[str, int]:
        """How many rows each table from before has now."""
        return self._tracked.counted(self._last.rows)

    def begin(self, *, has_cursor: bool) -> None:
        """A revision begins; with `has_cursor` its tables are compared row by row."""
        self._known = self._contents() if has_cursor else None

    def mark(self) -> Back:
        """Return the way back to what is known now."""
        schema, tracked = self._schema.mark(), self._tracked.mark()
        last, known = self._last, self._known

        def back() -> None:
            schema()
            tracked()
            self._last, self._known = last, known

        return back

    def names(self) -> Names:
        """Return what is still there of what was there before."""
        return self._tracked.names()

    def _compared(self, before: Contents | None) -> Comparison:
        """Compare rows with those before, where these are known; look at them for the next time."""
        if before is None and self._known is None:
            return Comparison()
        now = self._contents()
        self._known = now if self._known is not None else None
        return before.compared(now) if before is not None else Comparison()

    def _contents(self) -> Contents:
        names = {key: name for key, name in self._tracked.tables.items() if name}
        return Contents({key: self._numbers(name) for key, name in names.items()}, self._commits())

    def _commits(self) -> int:
        """How often the session has committed, as far as that is known."""
        return 0

    @abstractmethod
    def _read(self) -> R:
        """Read what is there now."""

    @abstractmethod
    def _numbers(self, table: str) -> Rows:
        """Return the rows of a table as numbers."""
