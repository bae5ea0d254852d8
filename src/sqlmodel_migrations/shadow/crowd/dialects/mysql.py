"""MariaDB and MySQL: numbers come from a recursive query."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from sqlmodel_migrations.shadow.crowd.dialects.base import digits, is_flag, is_small, large, whole
from sqlmodel_migrations.shadow.sample.dialects.base import execute, quoted_text
from sqlmodel_migrations.shadow.sample.shape import Family, Shape

_LIMIT = 30_000
_SIMPLE = {
    Family.DATE: "DATE_ADD('2020-01-01', INTERVAL n.g % 1500 DAY)",
    Family.TIME: "SEC_TO_TIME(n.g * 17)",
    Family.DATETIME: "DATE_ADD('2020-01-01', INTERVAL n.g * 423 SECOND)",
    Family.UUID: "MD5(n.g)",
    Family.JSON: "CONCAT('{\"a\": ', n.g, '}')",
    Family.BYTES: "LPAD(n.g, 8, '0')",
    Family.SET: "''",
}


def numbers(count: int) -> str:
    """Write 1 to `count`, without a recursive query: MySQL stops one at 1,000."""
    tens = "(SELECT 0 d UNION ALL " + " UNION ALL ".join(f"SELECT {n}" for n in range(1, 10)) + ")"
    places = [f"{tens} AS t{n}" for n in range(len(str(count)))]
    value = " + ".join(f"t{n}.d * {10**n}" for n in range(len(str(count))))
    return f"(SELECT {value} + 1 AS g FROM {', '.join(places)} HAVING g <= {count}) AS n"


def value(shape: Shape, native: str) -> str | None:
    """Write the value of row `g`."""
    if is_flag(shape):
        return "n.g % 3 > 0"
    if shape.family is Family.INTEGER:
        return f"1 + (n.g - 1) % {shape.high}" if is_small(shape, _LIMIT) else "n.g"
    if shape.family is Family.NUMBER:
        fraction = "" if shape.scale is not None and shape.scale < 2 else " + (n.g % 4) * 0.25"
        return f"n.g % {10 ** whole(shape, 3)}{fraction}"
    if shape.family is Family.TEXT:
        length = digits(shape)
        start = 10 ** (length - 1) if length > 4 else 0
        return f"CAST({start} + n.g % {10**length} AS CHAR)"
    if shape.family is Family.CHOICE:
        labels = ", ".join(map(quoted_text, shape.choices))
        return f"ELT(1 + n.g % {len(shape.choices)}, {labels})"
    return _SIMPLE.get(shape.family)


def insert(table: str, columns: str, select: str) -> str:
    """Write an INSERT; IGNORE would bend values as well as leave out rows."""
    return f"INSERT INTO {table} ({columns}) {select}"


def position() -> str:
    """A number that differs from row to row: with a seed, RAND gives the same ones each time."""
    return "FLOOR(RAND(20) * 1000003)"


def wrong(shape: Shape) -> Sequence[str]:
    """Write values that a constraint to come may refuse."""
    if shape.family is Family.TEXT:
        return (f"REPEAT('x', {min(shape.length or 600, 600)})", "'dup'")
    if shape.family in (Family.INTEGER, Family.NUMBER):
        return ("-1", large(shape))
    return ()


@contextlib.contextmanager
def unwatched(connection: Connection) -> Iterator[None]:
    """Foreign keys are not checked; triggers cannot be switched off."""
    execute(connection, "SET foreign_key_checks = 0")
    yield
    execute(connection, "SET foreign_key_checks = 1")


@contextlib.contextmanager
def lifted(connection: Connection) -> Iterator[None]:
    """Every constraint holds for every row."""
    yield


def settle(connection: Connection) -> None:
    """Nothing depends on rows."""
