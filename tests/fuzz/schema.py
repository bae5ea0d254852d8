"""A drawn schema: tables and their parts as values. Neighbours: `models` writes it as source.

Things have a number `uid` that stays when they change: so a pair of schemas knows what became of
what, whatever it is called.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.dialects import mysql, postgresql, sqlite

from .kind import KINDS

_PREPARERS = {
    "sqlite": sqlite.dialect().identifier_preparer,
    "postgresql": postgresql.dialect().identifier_preparer,
    "mariadb": mysql.dialect().identifier_preparer,
}
NUMBERED = ("integer", "bigint")
"""The kinds of keys that the database can number."""


@dataclass
class EnumType:
    """An enum; native where the database has such types, else with a CHECK if `is_checked`.

    Its labels have a uid each.
    """

    uid: int
    name: str
    labels: list[tuple[int, str]]
    is_native: bool = True
    is_checked: bool = False

    def is_enforced(self, database: str) -> bool:
        """Whether the database refuses other labels."""
        return self.is_checked or (self.is_native and database != "sqlite")


@dataclass
class Column:
    """One column; `kind` names a Kind, or is "enum" with `enum` the uid of its type.

    `salt` picks the values of the rows, `nulls` whether some have none. `computed` is an
    expression with `{c}` for the column `of`. A key that is not `is_numbered` must be given;
    `identity` is the source of a `sa.Identity`.
    """

    uid: int
    name: str
    kind: str
    nullable: bool = True
    salt: int = 0
    nulls: bool = False
    server_default: str | None = None
    default: tuple[str, Any] | None = None
    comment: str | None = None
    is_key: bool = False
    is_numbered: bool = True
    identity: str | None = None
    enum: int | None = None
    is_array: bool = False
    computed: str | None = None
    of: int | None = None
    is_stored: bool = True
    is_indexed: bool = False
    is_unique: bool = False


@dataclass
class Unique:
    uid: int
    columns: list[int]
    name: str | None = None


@dataclass
class Check:
    """A condition that all values of a kind satisfy; `{c}` is the column."""

    uid: int
    column: int
    condition: str
    name: str | None = None


@dataclass
class ForeignKey:
    uid: int
    columns: list[int]
    target: int
    name: str | None = None
    ondelete: str | None = None
    onupdate: str | None = None
    deferrable: bool = False


@dataclass
class Index:
    """An index; `template` has `{c}` for an expression over the first column."""

    uid: int
    columns: list[int]
    name: str
    is_unique: bool = False
    template: str | None = None
    where: str | None = None
    method: str | None = None
    include: list[int] = field(default_factory=list)


Part = Unique | Check | ForeignKey | Index


@dataclass
class Table:
    """One table; `has_view` and `has_trigger` say what somebody made on it by hand."""

    uid: int
    name: str
    columns: list[Column]
    parts: list[Part] = field(default_factory=list)
    comment: str | None = None
    options: list[tuple[str, str]] = field(default_factory=list)
    rows: int = 0
    schema: str | None = None
    has_view: bool = False
    has_trigger: bool = False

    @property
    def key(self) -> list[Column]:
        return [column for column in self.columns if column.is_key]

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def column(self, uid: int) -> Column:
        return next(column for column in self.columns if column.uid == uid)

    def foreign_keys(self) -> Iterator[ForeignKey]:
        return (part for part in self.parts if isinstance(part, ForeignKey))


@dataclass
class Schema:
    """Tables and the enums that their columns share, on one kind of database.

    `is_classes`: the models are classes of SQLModel, not tables of SQLAlchemy.
    """

    database: str
    tables: list[Table] = field(default_factory=list)
    enums: list[EnumType] = field(default_factory=list)
    has_convention: bool = False
    is_classes: bool = False

    @property
    def schemas(self) -> list[str]:
        """The schemas beside the default one."""
        return sorted({table.schema for table in self.tables if table.schema is not None})

    def table(self, uid: int) -> Table | None:
        return next((table for table in self.tables if table.uid == uid), None)

    def enum(self, column: Column) -> EnumType:
        return next(enum for enum in self.enums if enum.uid == column.enum)

    def quote(self, name: str) -> str:
        quoted = _PREPARERS[self.database].quote(name)
        doubled = getattr(_PREPARERS[self.database], "_double_percents", False)
        return quoted.replace("%%", "%") if doubled else quoted

    def values(self, column: Column) -> tuple[Any, ...]:
        """Return what rows may have in a column."""
        if column.kind != "enum":
            return KINDS[column.kind].values
        labels = tuple(label for _, label in self.enum(column).labels)
        return ([*labels], [], [labels[0]]) if column.is_array else labels
