"""What every dialect's module offers to make many rows.

`g` is the number of a row, from 1; every value is an SQL expression of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy import Connection

from sqlmodel_migrations.shadow.sample.shape import Family, Shape


class CrowdModule(Protocol):
    """The shape of a module in this family."""

    def numbers(self, count: int) -> str:
        """Write a derived table with one column `g`: 1 to `count`."""

    def value(self, shape: Shape, native: str) -> str | None:
        """Write the value of row `g`; None where the type's values are not known.

        `native` is the server's own name for the type, where one is needed.
        Different in each row as far as the type lets them be. A text is of digits, so that it is
        also a number and a JSON document, and as long as it may be up to nine.
        """

    def insert(self, table: str, columns: str, select: str) -> str:
        """Write an INSERT that leaves out rows whose keys are there already."""

    def position(self) -> str:
        """Write an expression that numbers the rows of an UPDATE, about evenly."""

    def wrong(self, shape: Shape) -> Sequence[str]:
        """Write values that a constraint to come may refuse: long, negative, of nobody."""

    def unwatched(self, connection: Connection) -> AbstractContextManager[None]:
        """Let no trigger fire, as far as the server allows; rows are right by themselves."""

    def lifted(self, connection: Connection) -> AbstractContextManager[None]:
        """Let rows violate constraints which older rows may violate."""

    def settle(self, connection: Connection) -> None:
        """Bring up to date what depends on rows: statistics, stored queries."""


def digits(shape: Shape) -> int:
    """Return how many digits a text of this shape is made of."""
    return min(shape.length, 9) if shape.length is not None else 9


def whole(shape: Shape, most: int = 4) -> int:
    """Return how many digits a number of this shape has before the point, at most `most`."""
    if shape.high is None:
        return most
    return max(min(len(str(int(shape.high))), most), 0) if shape.high >= 1 else 0


def large(shape: Shape) -> str:
    """Write a number that a smaller type cannot hold, and to which something can be added."""
    whole_part = int(shape.high / 2) if shape.high is not None else 10**9
    fraction = "" if shape.scale == 0 else ".25"[: 1 + (shape.scale or 2)]
    return f"{whole_part}{fraction}"


def is_small(shape: Shape, count: int) -> bool:
    """Whether an integer of this shape cannot count to `count`."""
    return shape.family is Family.INTEGER and shape.high is not None and shape.high < count


def is_flag(shape: Shape) -> bool:
    """Whether there are two values only: a BOOLEAN of MariaDB is a number up to 1."""
    return shape.family is Family.BOOLEAN or (shape.family is Family.INTEGER and shape.high == 1)
