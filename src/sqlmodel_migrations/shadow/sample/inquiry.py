"""Inquiries: what the database is asked while rows are made, and how names are written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.shadow.sample.check import Check
from sqlmodel_migrations.shadow.sample.demand import Demand, Reference
from sqlmodel_migrations.shadow.sample.dialects import SampleModule
from sqlmodel_migrations.shadow.sample.dialects.base import execute
from sqlmodel_migrations.shadow.sample.values import Default, Value

Row = dict[str, Value]
Question = tuple[Sequence[Check], list[Row]]
"""CHECKs, and rows that may satisfy them."""

_BATCH = 200
_PARENTS = 20


@dataclass(frozen=True)
class Inquiry:
    """One connection, and the module that speaks its dialect."""

    connection: Connection
    module: SampleModule

    def name(self, name: str) -> str:
        """Quote one name; the SQL goes to the driver as it is, so `%` stays single."""
        preparer = self.connection.dialect.identifier_preparer
        return self._single_percents(preparer.quote_identifier(name))

    def names(self, names: Iterable[str]) -> str:
        """Quote names, with commas."""
        return ", ".join(self.name(name) for name in names)

    def table(self, table: Table) -> str:
        """Quote a table's name, with its schema where it has one."""
        schema = f"{self.name(table.schema)}." if table.schema else ""
        return schema + self.name(table.name)

    def literal(self, value: Value) -> str:
        """Write a value of a row; a server's default becomes its keyword or its expression."""
        if isinstance(value, Default):
            return self.module.default(value.sql)
        return self.module.literal(value)

    def execute(self, sql: str) -> Any:
        """Run one statement."""
        return execute(self.connection, sql)

    def attempt(self) -> AbstractContextManager[object]:
        """Keep the transaction usable when the statement inside is refused."""
        return self.module.attempt(self.connection)

    def parents(self, reference: Reference) -> list[tuple[Value, ...]]:
        """Return keys of the referenced table, in order."""
        assert reference.parent is not None
        columns = [reference.parent.columns[name] for name in reference.parent_columns]
        names = [self.name(column.name) for column in columns]
        read = [self.module.readable(*pair) for pair in zip(columns, names, strict=True)]
        present = " AND ".join(f"{name} IS NOT NULL" for name in names)
        order = ", ".join(str(n + 1) for n in range(len(names)))
        rows = self.execute(
            f"SELECT {', '.join(read)} FROM {self.table(reference.parent)}"
            f" WHERE {present} ORDER BY {order} LIMIT {_PARENTS}"
        )
        return list(dict.fromkeys(tuple(_value(v) for v in row) for row in rows))

    def satisfying_all(self, demand: Demand, questions: Sequence[Question]) -> list[list[Row]]:
        """Answer several questions of `satisfying` with one statement, if none fails."""
        if not questions:
            return []
        selects = [self._query(demand, *question, n) for n, question in enumerate(questions)]
        try:
            with self.attempt():
                found = self.execute(" UNION ALL ".join(selects) + " ORDER BY 1, 2").all()
        except DBAPIError as error:
            raise_if_lost(error)
            return [self.satisfying(demand, *question) for question in questions]
        places = ([int(n) for place, n in found if place == m] for m in range(len(questions)))
        return [[rows[n] for n in own] for own, (_, rows) in zip(places, questions, strict=True)]

    def satisfying(self, demand: Demand, checks: Sequence[Check], rows: list[Row]) -> list[Row]:
        """Return those of `rows` that satisfy the CHECKs, as the database sees it."""
        budget = _Budget(24 + len(rows) // _BATCH)
        batches = (rows[n : n + _BATCH] for n in range(0, len(rows), _BATCH))
        return [row for batch in batches for row in self._batch(demand, checks, batch, budget)]

    def _batch(
        self, demand: Demand, checks: Sequence[Check], rows: list[Row], budget: _Budget
    ) -> list[Row]:
        """Ask at once; where an expression fails for one row (1/0), ask for halves."""
        if not rows or not budget.spend():
            return []
        try:
            with self.attempt():
                return self._asked(demand, checks, rows)
        except DBAPIError as error:
            raise_if_lost(error)
        if len(rows) == 1:
            return []
        half = len(rows) // 2
        return [
            *self._batch(demand, checks, rows[:half], budget),
            *self._batch(demand, checks, rows[half:], budget),
        ]

    def _asked(self, demand: Demand, checks: Sequence[Check], rows: list[Row]) -> list[Row]:
        found = self.execute(self._query(demand, checks, rows, 0) + " ORDER BY 2")
        return [rows[int(n)] for _, n in found]

    def _query(
        self, demand: Demand, checks: Sequence[Check], rows: Sequence[Row], mark: int
    ) -> str:
        """Write the question which of `rows` hold; the answer has `mark` and the row's number."""
        columns = sorted({name for check in checks for name in check.columns})
        number = self.name("#")
        selects = (
            f"SELECT {n} AS {number}, " + ", ".join(self._typed(demand, row, columns))
            for n, row in enumerate(rows)
        )
        true = " AND ".join(f"CASE WHEN NOT ({c.text}) THEN 0 ELSE 1 END = 1" for c in checks)
        return (
            f"SELECT {mark}, {number} FROM ({' UNION ALL '.join(selects)})"
            f" AS {self.name(demand.table.name)} WHERE {true}"
        )

    def _typed(self, demand: Demand, row: Row, columns: Iterable[str]) -> Iterator[str]:
        for name in columns:
            cell, value = demand.cells[name], row[name]
            is_default = isinstance(value, Default)
            sql = f"({value.sql})" if isinstance(value, Default) else self.literal(value)
            typed = sql if is_default else self.module.typed(sql, cell.column, cell.native)
            yield f"{typed} AS {self.name(name)}"

    def _single_percents(self, text: str) -> str:
        preparer = self.connection.dialect.identifier_preparer
        doubles = getattr(preparer, "_double_percents", False)
        return text.replace("%%", "%") if doubles else text


class _Budget:
    def __init__(self, statements: int):
        self._left = statements

    def spend(self) -> bool:
        self._left -= 1
        return self._left >= 0


def raise_if_lost(error: DBAPIError) -> None:
    """Raise the error again if the connection is gone: nothing that follows could work."""
    if error.connection_invalidated:
        raise error


def _value(found: Any) -> Value:
    if isinstance(found, (bytearray, memoryview)):
        return bytes(found)
    if found is None or isinstance(found, (int, str, bytes)):
        return found
    return str(found)
