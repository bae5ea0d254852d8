"""The rows of a scratch database before and after a revision, and what became of them.

Values are compared as the driver gives them, so only where a column kept its type; of a column
whose type changed it is known only that a value must not vanish.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnClause, Connection, column, select, table

from sqlmodel_migrations.database.catalog import Catalog, Column, Table
from sqlmodel_migrations.database.catalog.base import PRIMARY_KEY
from sqlmodel_migrations.generate.renames import Renames

Row = Mapping[str, str | None]
"""Column name → the value's `repr`, None for NULL."""

_NO_COLUMNS: Mapping[str, str] = {}

Rows = Mapping[str, Sequence[Row]]
"""Table key → its rows."""


@dataclass(frozen=True)
class Loss:
    """What happened to rows that should have stayed as they were.

    `kind` is "rows" (they are gone), "values" (other ones) or "nulls" (a value that vanished).
    Table and column are called what they were called before; `column` is None for whole rows.
    """

    kind: str
    table: str
    column: str | None
    count: int

    def __str__(self) -> str:
        rows = "1 row" if self.count == 1 else f"{self.count} rows"
        if self.kind == "rows":
            return f"{rows} of '{self.table}' {'is' if self.count == 1 else 'are'} gone"
        thing = f"'{self.table}'" if self.column is None else f"'{self.table}.{self.column}'"
        if self.kind == "nulls":
            return f"the value of {thing} is gone in {rows}"
        return f"the value of {thing} is another one in {rows}"


@dataclass(frozen=True)
class Pair:
    """A table on both sides: columns that kept their type, and those that did not.

    `required` are those that may have no NULL any more: rows without a value get one.
    """

    before: str
    after: str
    kept: Mapping[str, str] = field(default_factory=dict)
    converted: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ()
    required: frozenset[str] = frozenset()

    def within(self, other: Pair) -> Pair:
        """Return only what `other`, a pair of the same table with a later state, has as well."""
        kept = {c: new for c, new in self.kept.items() if c in other.kept}
        key = self.key if set(self.key) <= kept.keys() else ()
        return Pair(self.before, self.after, kept, {}, key, self.required | other.required)


def read(connection: Connection, catalog: Catalog) -> Rows:
    """Read every row of every table of the project; meant for a few sample rows each."""
    tables = (found for found in catalog.tables.values() if found.owner is None)
    return {found.key: _rows(connection, found) for found in tables}


def _rows(connection: Connection, found: Table) -> list[Row]:
    columns: list[ColumnClause[Any]] = [column(name) for name in found.columns]
    if not columns:
        return []
    query = select(*columns).select_from(table(found.name, *columns, schema=found.schema))
    return [
        {name: _plain(value) for name, value in zip(found.columns, row, strict=True)}
        for row in connection.execute(query)
    ]


def _plain(value: Any) -> str | None:
    if value is None:
        return None
    return repr(bytes(value)) if isinstance(value, memoryview | bytearray) else repr(value)


def pairs(before: Catalog, after: Catalog, renames: Renames | None = None) -> tuple[Pair, ...]:
    """Return the tables that are there on both sides, by their names or as they were renamed."""
    found: list[Pair] = []
    for key, table_ in before.tables.items():
        name = _renamed_key(table_, renames)
        if table_.owner is None and name in after.tables:
            columns = renames.columns.get(key, _NO_COLUMNS) if renames else _NO_COLUMNS
            found.append(_pair(table_, after.tables[name], columns))
    return tuple(found)


def _renamed_key(table_: Table, renames: Renames | None) -> str:
    new = renames.tables.get(table_.key) if renames else None
    return table_.key if new is None else new.key


def _pair(before: Table, after: Table, renamed: Mapping[str, str]) -> Pair:
    kept: dict[str, str] = {}
    converted: dict[str, str] = {}
    required = set()
    for name, column_ in before.columns.items():
        other = after.columns.get(renamed.get(name, name))
        if other is None or _is_made_by_server(column_) or _is_made_by_server(other):
            continue
        same = (column_.type, column_.collation) == (other.type, other.collation)
        (kept if same else converted)[name] = other.name
        required |= {name} if column_.nullable and not other.nullable else set()
    key = _key(before)
    is_same_key = set(key) <= kept.keys() and tuple(kept[c] for c in key) == _key(after)
    found_key = key if is_same_key else ()
    return Pair(before.key, after.key, kept, converted, found_key, frozenset(required))


def _is_made_by_server(column_: Column) -> bool:
    """Whether the server changes it by itself: computed, or MariaDB's ON UPDATE."""
    return column_.computed is not None or "on update" in (column_.extra or "").lower()


def _key(table_: Table) -> tuple[str, ...]:
    keys = (c.columns for c in table_.constraints if c.kind == PRIMARY_KEY)
    return next(keys, ())


def losses(before: Rows, after: Rows, paired: Sequence[Pair]) -> Iterator[Loss]:
    """Say what is gone or another one in the tables of `paired`; rows that are new are none."""
    for pair in paired:
        old, new = before.get(pair.before, ()), after.get(pair.after, ())
        yield from _by_key(pair, old, new) if pair.key else _by_value(pair, old, new)


def _by_key(pair: Pair, old: Sequence[Row], new: Sequence[Row]) -> Iterator[Loss]:
    there = {tuple(row[pair.kept[c]] for c in pair.key): row for row in new}
    matched = [(row, there.get(tuple(row[c] for c in pair.key))) for row in old]
    gone = sum(1 for _, found in matched if found is None)
    if gone:
        yield Loss("rows", pair.before, None, gone)
    both = [(row, found) for row, found in matched if found is not None]
    for name, now in pair.kept.items():
        nulls = sum(1 for row, found in both if row[name] is not None and found[now] is None)
        others = sum(1 for row, found in both if row[name] != found[now]) - nulls
        if name in pair.required:  # What had no value got one.
            others -= sum(1 for row, found in both if row[name] is None and found[now] is not None)
        yield from _loss("nulls", pair, name, nulls)
        yield from _loss("values", pair, name, others)
    for name, now in pair.converted.items():
        nulls = sum(1 for row, found in both if row[name] is not None and found[now] is None)
        yield from _loss("nulls", pair, name, nulls)


def _by_value(pair: Pair, old: Sequence[Row], new: Sequence[Row]) -> Iterator[Loss]:
    """Without a key rows are the same if all their values are."""
    if len(new) < len(old):
        yield Loss("rows", pair.before, None, len(old) - len(new))
        return
    compared = {c: now for c, now in pair.kept.items() if c not in pair.required}
    was = Counter(tuple(row[c] for c in compared) for row in old)
    is_now = Counter(tuple(row[c] for c in compared.values()) for row in new)
    yield from _loss("values", pair, None, sum((was - is_now).values()))
    for name, now in pair.converted.items():
        had = sum(1 for row in old if row[name] is not None)
        has = sum(1 for row in new if row[now] is not None)
        yield from _loss("nulls", pair, name, max(had - has, 0))


def _loss(kind: str, pair: Pair, name: str | None, count: int) -> Iterator[Loss]:
    if count:
        yield Loss(kind, pair.before, name, count)
