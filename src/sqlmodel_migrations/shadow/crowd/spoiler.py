"""The spoiler of a crowd: rows that violate constraints yet to come, where the schema lets them.

Every few rows of a column become NULL, a duplicate, a value that no parent has, one that is too
long or negative; the others stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.shadow.crowd import dialects
from sqlmodel_migrations.shadow.sample import dialects as sample_dialects
from sqlmodel_migrations.shadow.sample import rows as sample_rows
from sqlmodel_migrations.shadow.sample.demand import Cell, Demand
from sqlmodel_migrations.shadow.sample.inquiry import Inquiry, raise_if_lost

_STEPS = (7, 5, 11, 13)


def spoil(connection: Connection) -> None:
    """Spoil rows of every table, as far as the present schema allows; meant for some hundred rows.

    Nothing is committed.
    """
    module = dialects.of(connection.dialect)
    inquiry = Inquiry(connection, sample_dialects.of(connection.dialect))
    with module.lifted(connection), module.unwatched(connection):
        for demand in sample_rows.demands(connection):
            _Spoiling(inquiry, module, demand).spoil()


class _Spoiling:
    def __init__(self, inquiry: Inquiry, module: dialects.CrowdModule, demand: Demand) -> None:
        self.inquiry, self.module, self.demand = inquiry, module, demand
        self.table = inquiry.table(demand.table)

    def spoil(self) -> None:
        """Change all columns at once; what is refused, one by one and value by value."""
        cells = [cell for cell in self.demand.cells.values() if not cell.is_skipped]
        if self._is_updated([pair for cell in cells if (pair := self._pair(cell))]):
            return
        for cell in cells:
            if not (pair := self._pair(cell)) or self._is_updated([pair]):
                continue
            for value in self._values(cell):
                self._is_updated([self._assignment(cell, [value])])

    def _pair(self, cell: Cell) -> str | None:
        values = list(self._values(cell))
        return self._assignment(cell, values) if values else None

    def _values(self, cell: Cell) -> Iterator[str]:
        if cell.is_present_nullable:
            yield "NULL"
        is_tied = any(cell.name in reference.columns for reference in self.demand.references)
        if cell.name not in self.demand.keys and not is_tied:
            yield from self.module.wrong(cell.shape)

    def _assignment(self, cell: Cell, values: list[str]) -> str:
        name = self.inquiry.name(cell.name)
        position = self.module.position()
        shift = list(self.demand.cells).index(cell.name)
        cases = " ".join(
            f"WHEN ({position} + {shift}) % {step} = {n} THEN {value}"
            for n, (step, value) in enumerate(zip(_STEPS, values, strict=False))
        )
        return f"{name} = CASE {cases} ELSE {name} END"

    def _is_updated(self, assignments: list[str]) -> bool:
        if not assignments:
            return True
        try:
            with self.inquiry.attempt():
                self.inquiry.execute(f"UPDATE {self.table} SET {', '.join(assignments)}")
        except DBAPIError as error:
            raise_if_lost(error)
            return False
        return True
