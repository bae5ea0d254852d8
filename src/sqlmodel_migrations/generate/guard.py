"""A guard: what the rows must satisfy, asked in plain SQL before anything is changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Guard:
    """`query` counts the rows that do not fit; `reason` goes on after that number.

    `table` is the table's key, `columns` the columns that are looked at.
    """

    query: str
    reason: str
    table: str
    columns: tuple[str, ...] = ()

    def reading(self, instead: Mapping[str, str]) -> Guard:
        """Return the same guard reading `instead[table]`, a SELECT, in the place of each table.

        Tables are quoted as in the query.
        """
        names = "|".join(map(re.escape, sorted(instead, key=len, reverse=True)))
        found = re.compile(rf"FROM (?P<table>{names})(?P<named> AS \w+)?(?![\w.])")

        def read(match: re.Match[str]) -> str:
            table = match["table"]
            return f"FROM ({instead[table]}){match['named'] or ' AS former'}"

        return replace(self, query=found.sub(read, self.query))
