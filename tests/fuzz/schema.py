"""A drawn schema: tables and their parts as values, written as the models' source.

Things have a number `uid` that stays when they change: so a pair of schemas knows what became of
what, whatever it is called.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite

from .kind import KINDS

_PREPARERS = {
    "sqlite": sqlite.dialect().identifier_preparer,
    "postgresql": postgresql.dialect().identifier_preparer,
    "mariadb": mysql.dialect().identifier_preparer,
}
CONVENTION = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
NUMBERED = ("integer", "bigint")
"""The kinds of keys that the database can number."""

IMPORTS = """\
import datetime
import uuid
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql
"""


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

    def source(self) -> str:
        labels = ", ".join(repr(label) for _, label in self.labels)
        native = "" if self.is_native else ", native_enum=False, length=20"
        check = ", create_constraint=True" if self.is_checked else ""
        return f"sa.Enum({labels}, name={self.name!r}{native}{check})"


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
    """Tables and the enums that their columns share, on one kind of database."""

    database: str
    tables: list[Table] = field(default_factory=list)
    enums: list[EnumType] = field(default_factory=list)
    has_convention: bool = False

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

    @property
    def source(self) -> str:
        """The models as a module."""
        convention = f"naming_convention={CONVENTION!r}" if self.has_convention else ""
        tables = "\n".join(_Writer(self, table).source for table in self.tables)
        return f"{IMPORTS}\nmetadata = sa.MetaData({convention})\n{tables}"

    def metadata(self) -> sa.MetaData:
        """Return the models as SQLAlchemy has them."""
        namespace: dict[str, Any] = {
            "sa": sa,
            "mysql": mysql,
            "postgresql": postgresql,
            "uuid": uuid,
            "datetime": datetime,
            "Decimal": decimal.Decimal,
        }
        exec(compile(self.source, "models.py", "exec"), namespace)
        found: sa.MetaData = namespace["metadata"]
        return found


@dataclass
class _Writer:
    """One table as source."""

    schema: Schema
    table: Table

    @property
    def source(self) -> str:
        items = [*map(self._column, self.table.columns), *map(self._part, self._constraints)]
        options = [f"{key}={value}" for key, value in self.table.options]
        if self.table.comment is not None:
            options.append(f"comment={self.table.comment!r}")
        if self.table.schema is not None:
            options.append(f"schema={self.table.schema!r}")
        lines = "".join(f"    {item},\n" for item in (*items, *options))
        made = f"sa.Table(\n    {self.table.name!r},\n    metadata,\n{lines})\n"
        indexes = [part for part in self.table.parts if isinstance(part, Index)]
        return f"table = {made}" + "".join(f"{self._index(i)}\n" for i in indexes)

    @cached_property
    def _constraints(self) -> list[Part]:
        return [part for part in self.table.parts if not isinstance(part, Index)]

    def _column(self, column: Column) -> str:
        arguments = [repr(column.name), self._type(column)]
        if column.computed is not None:
            expression = self._condition(column.computed, column.of)
            arguments.append(f"sa.Computed({expression!r}, persisted={column.is_stored!r})")
        if column.identity is not None:
            arguments.append(column.identity)
        if column.is_key:
            arguments.append("primary_key=True")
            arguments += ["autoincrement=False"] * (not column.is_numbered)
        elif not column.nullable:
            arguments.append("nullable=False")
        if column.server_default is not None:
            arguments.append(f"server_default={column.server_default}")
        if column.default is not None:
            arguments.append(f"default={column.default[0]}")
        if column.comment is not None:
            arguments.append(f"comment={column.comment!r}")
        arguments += ["index=True"] * column.is_indexed + ["unique=True"] * column.is_unique
        return f"sa.Column({', '.join(arguments)})"

    def _type(self, column: Column) -> str:
        if column.kind == "enum":
            source = self.schema.enum(column).source()
            return f"postgresql.ARRAY({source})" if column.is_array else source
        return KINDS[column.kind].source

    def _part(self, part: Part) -> str:
        name = f", name={part.name!r}" if part.name is not None else ""
        if isinstance(part, Unique):
            return f"sa.UniqueConstraint({self._names(part.columns)}{name})"
        if isinstance(part, Check):
            condition = self._condition(part.condition, part.column)
            return f"sa.CheckConstraint({condition!r}{name})"
        assert isinstance(part, ForeignKey)
        return self._foreign_key(part, name)

    def _foreign_key(self, key: ForeignKey, name: str) -> str:
        target = self.schema.table(key.target)
        assert target is not None
        own = [self.table.column(uid).name for uid in key.columns]
        theirs = [f"{target.full_name}.{column.name}" for column in target.key]
        actions = "".join(
            f", {action}={value!r}"
            for action, value in (("ondelete", key.ondelete), ("onupdate", key.onupdate))
            if value is not None
        )
        deferrable = ", deferrable=True, initially='DEFERRED'" if key.deferrable else ""
        return f"sa.ForeignKeyConstraint({own!r}, {theirs!r}{name}{actions}{deferrable})"

    def _index(self, index: Index) -> str:
        first = self._item(index.columns[0])
        if index.template is not None:
            expression = index.template.replace("{c}", self._quoted(index.columns[0]))
            first = f"sa.text({_escaped(expression)!r})"
            if index.template == "DESC":
                first = f"{self._item(index.columns[0])}.desc()"
        items = ", ".join((first, *map(self._item, index.columns[1:])))
        options = ", unique=True" * index.is_unique
        database = self.schema.database
        if index.where is not None:
            where = index.where.replace("{c}", self._quoted(index.columns[0]))
            options += f", {database}_where=sa.text({_escaped(where)!r})"
        if index.method is not None:
            options += f", {database}_using={index.method!r}"
        if index.include:
            names = [self.table.column(uid).name for uid in index.include]
            options += f", {database}_include={names!r}"
        return f"sa.Index({index.name!r}, {items}{options})"

    def _item(self, uid: int) -> str:
        return f"table.c[{self.table.column(uid).name!r}]"

    def _names(self, uids: list[int]) -> str:
        return ", ".join(repr(self.table.column(uid).name) for uid in uids)

    def _quoted(self, uid: int) -> str:
        return self.schema.quote(self.table.column(uid).name)

    def _condition(self, template: str, column: int | None) -> str:
        assert column is not None
        return _escaped(template.replace("{c}", self._quoted(column)))


def _escaped(text: str) -> str:
    """SQL in which `sa.text()` sees no parameter."""
    return text.replace(":", "\\:")
