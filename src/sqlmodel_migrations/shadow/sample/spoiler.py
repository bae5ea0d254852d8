"""The spoiler: one row that violates a constraint yet to come, where the present schema lets it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Table
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations.shadow.sample import dialects
from sqlmodel_migrations.shadow.sample.inquiry import Inquiry, raise_if_lost
from sqlmodel_migrations.shadow.sample.shape import Family, Shape, shape_of
from sqlmodel_migrations.shadow.sample.values import Value

_LONG = 20_000
_NOBODY = {
    Family.INTEGER: (987_654_321, 29_876, 97),
    Family.ANY: (987_654_321,),
    Family.NUMBER: ("987654321", "9876", "9"),
    Family.UUID: ("ffffffff-ffff-4fff-afff-ffffffffffff", "f" * 32),
    Family.DATE: ("1800-01-01",),
    Family.DATETIME: ("1999-01-01 00:00:00",),
}


def spoil(connection: Connection, table: Table, *, column: str, how: str) -> bool:
    """Make one row of `table` violate a constraint to come; False where that cannot be done.

    `how` is `null`, `duplicate`, `orphan` (a value that no parent has), `too long` (text or a
    number at the present type's limit) or `text:` and the value to store.
    """
    spoiler = _Spoiler(Inquiry(connection, dialects.of(connection.dialect)), table.columns[column])
    if how.startswith("text:"):
        return spoiler.store(how.removeprefix("text:"))
    make = {
        "null": spoiler.null,
        "duplicate": spoiler.duplicate,
        "orphan": spoiler.orphan,
        "too long": spoiler.too_long,
    }
    return make[how]()


class _Spoiler:
    def __init__(self, inquiry: Inquiry, column: Column[Any]):
        self.inquiry = inquiry
        self.column = column
        self.name = inquiry.name(column.name)
        self.table = inquiry.table(column.table)
        self.shape = shape_of(column.type, inquiry.connection.dialect)

    def null(self) -> bool:
        return self._update("NULL", f"{self.name} IS NOT NULL") or self._is_any(
            f"{self.name} IS NULL"
        )

    def duplicate(self) -> bool:
        # The derived table: MariaDB does not update a table that it reads.
        first = f"SELECT MIN({self.name}) AS v FROM {self.table}"
        if self.inquiry.connection.dialect.name == "postgresql":  # has no MIN of a UUID
            first = f"SELECT {self.name} AS v FROM {self.table} WHERE {self.name} IS NOT NULL"
            first += f" ORDER BY {self.name} LIMIT 1"
        value = f"(SELECT v FROM ({first}) AS x)"
        if self._has_duplicates():
            return True
        return self._update(value, f"({self.name} IS NULL OR {self.name} <> {value})") and (
            self._has_duplicates()
        )

    def orphan(self) -> bool:
        if self.column.foreign_keys:
            return False
        return any(self.store(value) for value in _nobodies(self.shape))

    def too_long(self) -> bool:
        return any(self.store(value) for value in _longest(self.shape))

    def store(self, value: Value) -> bool:
        """Store a value in one row; False where it is refused or comes back changed."""
        return self._update(self.inquiry.literal(value), "1 = 1")

    def _update(self, value: str, condition: str) -> bool:
        key = [column.name for column in self.column.table.primary_key.columns]
        sql = self.inquiry.module.update_one(
            self.table,
            f"{self.name} = {value}",
            ", ".join(f"{self.inquiry.name(n)} DESC" for n in key) or f"{self.name} DESC",
            condition,
            self.inquiry.names(key),
        )
        try:
            with self.inquiry.attempt():
                return bool(self.inquiry.execute(sql).rowcount)
        except DBAPIError as error:
            raise_if_lost(error)
            return False

    def _has_duplicates(self) -> bool:
        name = self.name
        query = f"SELECT 1 FROM {self.table} WHERE {name} IS NOT NULL GROUP BY {name}"
        return self._found(f"{query} HAVING COUNT(*) > 1")

    def _is_any(self, condition: str) -> bool:
        return self._found(f"SELECT 1 FROM {self.table} WHERE {condition}")

    def _found(self, query: str) -> bool:
        try:
            with self.inquiry.attempt():
                return self.inquiry.execute(query).first() is not None
        except DBAPIError as error:  # a type without equality, such as json
            raise_if_lost(error)
            return False


def _nobodies(shape: Shape) -> list[Value]:
    if shape.family is Family.TEXT:
        return ["nobody"[: shape.length]]
    return list(_NOBODY.get(shape.family, ()))


def _longest(shape: Shape) -> list[Value]:
    length = _LONG if shape.length is None else min(shape.length, _LONG)
    if shape.family is Family.TEXT:
        return ["x" * length]
    if shape.family is Family.BYTES:
        return [b"x" * length]
    if shape.family is Family.INTEGER and shape.high is not None:
        return [int(shape.high)]
    if shape.family is Family.NUMBER:
        return [str(shape.high) if shape.high is not None else "987654321.123456"]
    return [2**62, "x" * _LONG] if shape.family is Family.ANY else []
