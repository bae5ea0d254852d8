"""The contents of tables, each row as a number: what became of them where nobody saw it.

A routine does not say what it changed, and a cursor of the driver passes whoever listens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rows:
    """The rows of a table; those that are equal in these columns have equal numbers."""

    columns: tuple[str, ...]
    numbers: Counter[int]


@dataclass(frozen=True)
class Changed:
    """How many rows of a table became others, and how many went."""

    updated: int = 0
    deleted: int = 0


@dataclass(frozen=True)
class Comparison:
    """What became of tables, by their keys; of those that are `unseen` nobody knows it."""

    rows: Mapping[str, Changed] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contents:
    """The rows of tables, by the keys that these had at first.

    `commits` is how often the session had committed until then, as far as that is known.
    """

    tables: Mapping[str, Rows]
    commits: int = 0

    def compared(self, now: Contents) -> Comparison:
        """Say what became of rows, in each transaction where there were several.

        Those of a table that has other columns now cannot be compared.
        """
        there = {key: rows for key, rows in self.tables.items() if key in now.tables}
        unseen = tuple(
            key
            for key, rows in there.items()
            if rows.numbers and rows.columns != now.tables[key].columns
        )
        times = now.commits - self.commits + 1
        changed = {
            key: _changed(rows.numbers, now.tables[key].numbers, times)
            for key, rows in there.items()
            if key not in unseen
        }
        return Comparison(changed, unseen)


def _changed(before: Counter[int], now: Counter[int], times: int) -> Changed:
    gone, new = (before - now).total(), (now - before).total()
    updated = min(gone, new)
    return Changed(updated // times, (gone - updated) // times)
