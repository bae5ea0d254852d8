"""SQLite: numbers come from a recursive query; values are written as the types store them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from sqlmodel_migrations.shadow.crowd.dialects.base import digits, whole
from sqlmodel_migrations.shadow.sample.dialects.base import quoted_text
from sqlmodel_migrations.shadow.sample.shape import Family, Shape

_SIMPLE = {
    Family.INTEGER: "n.g",
    Family.ANY: "n.g",
    Family.DATE: "date('2020-01-01', '+' || (n.g % 1500) || ' days')",
    Family.TIME: "time('00:00', '+' || (n.g * 17) || ' seconds') || '.000000'",
    Family.DATETIME: "datetime('2020-01-01', '+' || (n.g * 423) || ' seconds') || '.000000'",
    Family.UUID: "printf('%032x', n.g)",
    Family.BOOLEAN: "n.g % 3 > 0",
    Family.JSON: "'{\"a\": ' || n.g || '}'",
    Family.BYTES: "CAST(printf('%08d', n.g) AS BLOB)",
}


def numbers(count: int) -> str:
    """Write 1 to `count`."""
    return (
        "(WITH RECURSIVE c(g) AS (SELECT 1 UNION ALL SELECT g + 1 FROM c"
        f" WHERE g < {count}) SELECT g FROM c) AS n"
    )


def value(shape: Shape, native: str) -> str | None:
    """Write the value of row `g`."""
    if shape.family is Family.NUMBER:
        fraction = "" if shape.scale is not None and shape.scale < 2 else " + (n.g % 4) * 0.25"
        return f"n.g % {10 ** whole(shape, 3)}{fraction}"
    if shape.family is Family.TEXT:
        length = digits(shape)
        start = 10 ** (length - 1) if length > 4 else 0
        return f"CAST({start} + n.g % {10**length} AS TEXT)"
    if shape.family is Family.CHOICE:
        pairs = enumerate(map(quoted_text, shape.choices))
        cases = " ".join(f"WHEN {number} THEN {label}" for number, label in pairs)
        return f"CASE n.g % {len(shape.choices)} {cases} END"
    return _SIMPLE.get(shape.family)


def insert(table: str, columns: str, select: str) -> str:
    """Write an INSERT that leaves out rows whose keys are there already.

    Not OR IGNORE, which leaves out what a CHECK refuses; WHERE, or ON would begin a join.
    """
    return f"INSERT INTO {table} ({columns}) {select} WHERE true ON CONFLICT DO NOTHING"


def position() -> str:
    """The row's number."""
    return "rowid"


def wrong(shape: Shape) -> Sequence[str]:
    """Write values that a constraint to come may refuse."""
    if shape.family is Family.TEXT:
        return (f"printf('%.*c', {min(shape.length or 600, 600)}, 'x')", "'dup'")
    if shape.family in (Family.INTEGER, Family.NUMBER):
        return ("-1", "987654321")
    return ()


@contextlib.contextmanager
def unwatched(connection: Connection) -> Iterator[None]:
    """Triggers cannot be switched off."""
    yield


@contextlib.contextmanager
def lifted(connection: Connection) -> Iterator[None]:
    """Every constraint holds for every row."""
    yield


def settle(connection: Connection) -> None:
    """Nothing depends on rows."""
