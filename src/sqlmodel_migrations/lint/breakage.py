"""Breakage: which statements of a revision break running code, known when their transaction ends.

What a later statement mends is not broken. Code that fails already is not tried again: a further
column or table that goes breaks it all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from sqlmodel_migrations.database.catalog.difference import CatalogDifference
from sqlmodel_migrations.lint.facts import Back, Measured, Meter
from sqlmodel_migrations.lint.old_code import OldCode
from sqlmodel_migrations.lint.recording import Broken, Loss, Stops


@dataclass(frozen=True)
class _Suspect:
    """What may be broken since a statement; `gone` is the column or table that nobody tried.

    Where the table `was_missing`, a copy may have come in its place: what then fails is another
    thing.
    """

    position: int
    broken: Broken
    gone: str | None = None
    was_missing: bool = False

    @property
    def place(self) -> tuple[str, str]:
        """What was tried: the table, and the kind of statement."""
        return self.broken.table, self.broken.statement


class Breakage:
    """What old code could do before the first pending revision, and can no longer do."""

    def __init__(self, connection: Connection, meter: Meter) -> None:
        self._meter, self._before = meter, meter.catalog
        self._code = OldCode(connection, meter)
        self._suspects: list[_Suspect] = []

    def prepare(self, sql: str) -> None:
        """Compile what the code sends to the tables of a statement, before it is sent."""
        self._code.prepare(sql)

    def look(self, position: int, measured: Measured) -> None:
        """See what fails since a statement."""
        changed = {
            table
            for table, found in measured.tables.items()
            if found.taken is not None and found.taken.stops >= Stops.WRITES
        }
        if not measured.changes and not changed:
            return
        changed |= {c.table for c in measured.changes if c.table is not None}
        news = self._code.look(changed)
        self._suspects = [*self._still()]
        missing = {c.name for c in measured.changes if c.kind == "table" and c.after is None}
        self._suspects += [
            _Suspect(position, broken, was_missing=broken.table in missing) for broken in news
        ]
        told = {broken.table for broken in news}
        self._suspects += [
            _gone(position, table, name)
            for table, name in self._went(measured.changes)
            if table not in told
        ]

    def _still(self) -> Iterator[_Suspect]:
        """What fails still, and how, once a copy has come in the place of a table."""
        left = self._code.broken()
        for suspect in self._suspects:
            if suspect.gone is None and suspect.place not in left:
                continue
            if suspect.was_missing and self._is_there(suspect.broken.table):
                broken = replace(suspect.broken, reason=left[suspect.place])
                yield replace(suspect, broken=broken, was_missing=False)
            else:
                yield suspect

    def lose(self, position: int, lost: Iterable[Loss]) -> None:
        """Take what is lost for gone, whichever statement it was seen to go with."""
        for loss in lost:
            if loss.table is not None and loss.kind in ("table", "column"):
                name = loss.table if loss.kind == "table" else str(loss.name)
                self._suspects.append(_gone(position, loss.table, name))

    def mark(self) -> Back:
        """Return the way back to what fails now."""
        code, suspects = self._code.mark(), tuple(self._suspects)

        def back() -> None:
            code()
            self._suspects = list(suspects)

        return back

    def settle(self) -> Iterator[tuple[int, Broken]]:
        """Return what is broken for good, by the position of the statement that broke it."""
        suspects, self._suspects = self._suspects, []
        known: set[tuple[int, str]] = set()
        for suspect in sorted(suspects, key=self._sureness):
            broken, place = suspect.broken, (suspect.position, suspect.broken.table)
            reason = self._reason(suspect)
            if reason is None or (self._sureness(suspect) and place in known):
                continue
            known.add(place)
            is_there = self._is_there(broken.table)
            yield suspect.position, replace(broken, reason=reason, is_there=is_there)

    def _sureness(self, suspect: _Suspect) -> int:
        """What says best why something fails comes first: what was tried, if it could be."""
        if suspect.gone is None:
            return 2 if suspect.was_missing and self._is_there(suspect.broken.table) else 0
        return 1

    def _is_there(self, table: str) -> bool:
        return table in self._meter.catalog.tables

    def _reason(self, suspect: _Suspect) -> str | None:
        """How it fails in the end."""
        table, left = suspect.broken.table, self._code.broken()
        if suspect.gone is None:
            reason = left.get(suspect.place)
            return suspect.broken.reason if reason and not suspect.was_missing else reason
        fails = any(place[0] == table for place in left)
        return self._became(table, suspect.gone) if fails else None

    def _became(self, table: str, name: str) -> str | None:
        """What became of a table or a column; None where it is as it was."""
        names = self._meter.names()
        is_table = name == table
        now = names.tables.get(table) if is_table else names.columns.get((table, name))
        if now == name:
            return None
        what = "it" if is_table else f"column '{name}'"
        return f"{what} is gone" if now is None else f"{what} is called '{now}' now"

    def _went(self, changes: Iterable[CatalogDifference]) -> Iterator[tuple[str, str]]:
        """The tables of before, with their column or themselves, that are no more as they were."""
        for change in changes:
            table = self._before.tables.get(change.table or change.name)
            if change.before is None or change.after is not None or table is None:
                continue
            if change.kind == "table":
                yield change.name, change.name
            elif change.kind == "column" and change.name in table.columns:
                yield str(change.table), change.name


def _gone(position: int, table: str, name: str) -> _Suspect:
    return _Suspect(position, Broken(table, "SELECT", "it is gone"), name)
