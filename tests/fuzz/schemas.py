"""Strategies that draw schemas with rows. Neighbours: `changes` makes the second of a pair."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, TypeVar

from hypothesis import strategies as st

from .kind import KINDS, kinds_of
from .schema import (
    NUMBERED,
    Check,
    Column,
    EnumType,
    ForeignKey,
    Index,
    Part,
    Schema,
    Table,
    Unique,
)

T = TypeVar("T")

# Those that come first are drawn where nothing else matters, and are what shrinking leads to.
TABLE_NAMES = (
    "hero", "team", "item", "user", "order", "Mixed Case", "it's", "ünï", "100%", "a:b", "x" * 60,
)  # fmt: skip
COLUMN_NAMES = (
    "name", "age", "kind", "note", "created_at", "select", "Camel", "with space", "it's",
    'q"uote', "back`tick", "per%cent", "a:b", "naïve", "order", "paren(s)", "y" * 62,
)  # fmt: skip
LABELS = ("red", "green", "blue", "it's", "100%", "a:b", "Gray Scale", "ünï")
COMMENTS = ("what it is", "it's 100%", "a:b :c", 'say "it"')
ACTIONS = (None, "CASCADE", "SET NULL", "RESTRICT")
STRICT = {"integer", "text"}
IDENTITIES = ("sa.Identity()", "sa.Identity(start=100, increment=5)")
ODD_NAMES = ("Odd Name", "it's", "100%", "a:b", "z" * 70)


class Artist:
    """Draws parts of one schema, with names and numbers that are still free."""

    def __init__(self, draw: st.DrawFn, database: str, *, is_odd: bool) -> None:
        self.draw = draw
        self.schema = Schema(database)
        self.is_odd = is_odd
        self.before: Schema | None = None
        self._uids = count(1)

    def remember(self) -> None:
        """Keep the schema as it is: what is drawn from here on changes it."""
        self.before = copy.deepcopy(self.schema)

    def uid(self) -> int:
        return next(self._uids)

    def one(self, among: Sequence[T]) -> T:
        return self.draw(st.sampled_from(among))

    def chance(self, percent: int) -> bool:
        """Draw True in about so many of a hundred; what shrinks becomes False."""
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def is_on(self, *databases: str) -> bool:
        return self.schema.database in databases

    # Names.

    def table_name(self) -> str:
        tables = [*self.schema.tables, *(self.before.tables if self.before else ())]
        taken = {table.name.lower() for table in tables}
        if self.is_on("mariadb"):
            taken.add("x" * 60)  # MariaDB itself names a foreign key after it, and fails.
        return self._name(TABLE_NAMES, 5, taken)

    def column_name(self, table: Table) -> str:
        """A name that is free before and after: nobody could tell the two columns apart."""
        was = self.before.table(table.uid) if self.before else None
        columns = [*table.columns, *(was.columns if was else ())]
        taken = {column.name.lower() for column in columns}
        return self._name(COLUMN_NAMES, 5, taken)

    def is_new(self, table: Table, column: Column) -> bool:
        """Whether rows that are there do not have the column yet."""
        was = self.before.table(table.uid) if self.before else None
        return was is not None and column.uid not in {c.uid for c in was.columns}

    def _name(self, names: Sequence[str], ordinary: int, taken: set[str]) -> str:
        among = names if self.is_odd else names[:ordinary]
        numbered = [f"{names[n % ordinary]}_{n}" for n in range(2, 20)]
        free = [name for name in among if name.lower() not in taken]
        return self.one(free or [name for name in numbered if name not in taken])

    def part_name(self, prefix: str) -> str:
        """A name that no other part has: index names are the schema's own on some databases."""
        name = f"{prefix}_{self.uid()}"
        if self.is_odd and self.chance(20):
            name = f"{self.one(ODD_NAMES)}_{name}"
            limit = 64 if self.is_on("mariadb") else 63
            return name[-limit:]
        return name

    # Tables.

    def table(self) -> Table:
        table = Table(self.uid(), self.table_name(), [])
        if self.is_on("postgresql") and self.chance(12):
            table.schema = "other"
        self.schema.tables.append(table)
        self._key(table)
        for _ in range(self.draw(st.integers(0, 4))):
            table.columns.append(self.column(table))
        table.rows = self.draw(st.integers(0, 3))
        if self.chance(10) and not self.is_on("sqlite"):
            table.comment = self.one(COMMENTS)
        table.options = self.options(table)
        if self.is_on("sqlite", "postgresql"):
            table.has_view, table.has_trigger = self.chance(8), self.chance(8)
        return table

    def _key(self, table: Table) -> None:
        kind = self.one(("integer", "integer", "bigint", "uuid", "string"))
        key = Column(self.uid(), "id", kind, nullable=False, is_key=True)
        table.columns.append(key)
        if self.chance(20):
            second = Column(self.uid(), "part", self.one(("integer", "string")), nullable=False)
            second.is_key = True
            table.columns.append(second)
        elif kind in NUMBERED:
            self.numbering(key)

    def numbering(self, key: Column) -> None:
        """Draw who numbers the rows: the database in its way, an identity, or nobody."""
        ways = ["plain", "plain", "nobody", *IDENTITIES] if self.chance(30) else ["plain"]
        way = self.one([w for w in ways if self.is_on("postgresql") or w not in IDENTITIES])
        key.is_numbered = way != "nobody"
        key.identity = way if way in IDENTITIES else None

    def options(self, table: Table) -> list[tuple[str, str]]:
        if not self.is_on("sqlite") or not self.chance(10):
            return []
        kinds = {column.kind for column in table.columns}
        among = [("sqlite_with_rowid", "False")]
        if len(table.key) == 1 and table.key[0].kind == "integer" and table.key[0].is_numbered:
            among.append(("sqlite_autoincrement", "True"))
        if kinds <= STRICT:
            among.append(("sqlite_strict", "True"))
        return [self.one(among)]

    # Columns.

    def column(self, table: Table) -> Column:
        """Draw a column; a NOT NULL one may have defaults or none."""
        column = Column(self.uid(), self.column_name(table), "integer")
        self._kind(column, table)
        column.nullable = not self.chance(50)
        column.salt = self.draw(st.integers(0, 4))
        column.nulls = column.nullable and self.chance(60)
        if self.chance(30):
            column.server_default = self.server_default(column)
        if self.chance(20):
            column.default = self.default(column)
        if self.chance(10) and not self.is_on("sqlite"):
            column.comment = self.one(COMMENTS)
        self._flags(column)
        if self.before is not None and self.before.table(table.uid) is not None:
            column.is_unique = False  # Rows get the same value.
        if self.chance(8):
            self._compute(column, table)
        return column

    def _kind(self, column: Column, table: Table) -> None:
        kinds = [kind.name for kind in kinds_of(self.schema.database)]
        if ("sqlite_strict", "True") in table.options:
            column.kind = self.one(sorted(STRICT))
            return
        column.kind = self.one([*kinds, "enum"])
        if column.kind != "enum":
            return
        # The name of a check is its type's: it can be there once.
        shared = [enum for enum in self.schema.enums if not enum.is_checked]
        if not shared or self.chance(60):
            shared = [self.enum()]
            self.schema.enums += shared
        column.enum = self.one(shared).uid
        enum = self.schema.enum(column)
        column.is_array = enum.is_native and self.is_on("postgresql") and self.chance(15)

    def enum(self, labels: Sequence[str] = ()) -> EnumType:
        """Draw an enum, of these labels if any are given."""
        uid = self.uid()
        among = LABELS if self.is_odd else LABELS[:3]
        labels = labels or self.draw(st.lists(st.sampled_from(among), min_size=1, unique=True))
        name = f"kind_{uid}" if not (self.is_odd and self.chance(30)) else f"Odd It's {uid}"
        enum = EnumType(uid, name, [(self.uid(), label) for label in labels])
        enum.is_native = not self.chance(30)
        enum.is_checked = not enum.is_native and self.chance(50)
        if self.is_on("sqlite") and self.chance(30):
            enum.is_checked = True
        return enum

    def _flags(self, column: Column) -> None:
        if not self.is_indexable(column):
            return
        column.is_unique = self.chance(10)
        column.is_indexed = not column.is_unique and self.chance(15)

    def is_indexable(self, column: Column) -> bool:
        kind = KINDS.get(column.kind)
        return kind is not None and kind.is_key

    def _compute(self, column: Column, table: Table) -> None:
        sources = [c for c in table.columns if c.kind == "integer" and c.computed is None]
        sources = [c for c in sources if not (c.is_key and self.is_on("mariadb"))]
        if not sources:
            return
        column.kind, column.enum, column.nullable = "integer", None, True
        column.is_array = False
        column.of = self.one(sources).uid
        column.computed = self.one(("{c} * 2", "{c} + 1"))
        column.is_stored = self.is_on("postgresql") or not self.chance(50)
        column.server_default = column.default = None
        column.nulls = column.is_unique = column.is_indexed = False

    def server_default(self, column: Column) -> str | None:
        if column.is_array:
            return "'{}'"
        if column.kind == "enum":
            return repr(self.one(self.schema.enum(column).labels)[1])
        kind = KINDS[column.kind]
        found = [d for d in kind.server_defaults if self._has_default(d)]
        return self.one(found) if found else None

    def _has_default(self, default: str) -> bool:
        if default == "'1'":  # of a Boolean: PostgreSQL takes it as well
            return True
        return not (self.is_on("mariadb") and default == "sa.text('true')")

    def default(self, column: Column) -> tuple[str, Any] | None:
        if column.is_array:
            return "list", []
        if column.kind == "enum":
            label = self.one(self.schema.enum(column).labels)[1]
            return repr(label), label
        kind = KINDS[column.kind]
        return self.one(kind.defaults) if kind.defaults else None

    # Parts.

    def part(self, table: Table) -> Part | None:
        """Draw a constraint or an index for a table, None where it has no column for one."""
        makers: list[Callable[[Table], Part | None]] = [
            self.foreign_key,
            self.unique,
            self.check,
            self.index,
        ]
        made = self.one(makers)(table)
        if made is not None:
            table.parts.append(made)
        return made

    def _constraint_name(self, prefix: str) -> str | None:
        return self.part_name(prefix) if self.chance(50) else None

    def unique(self, table: Table) -> Unique | None:
        columns = self._plain(table)
        if not columns:
            return None
        drawn = self.draw(st.lists(st.sampled_from(columns), min_size=1, max_size=2, unique=True))
        taken = [{*p.columns} for p in table.parts if isinstance(p, Unique)]
        if {*drawn} in taken or (len(drawn) == 1 and table.column(drawn[0]).is_unique):
            return None
        return Unique(self.uid(), drawn, self._constraint_name("uq"))

    def _plain(self, table: Table) -> list[int]:
        """The columns whose values differ from row to row, and that every index takes."""
        referring = {uid for key in table.foreign_keys() for uid in key.columns}
        return [
            c.uid
            for c in table.columns
            if self.is_indexable(c) and not c.is_key and c.computed is None
            and c.uid not in referring and not self.is_new(table, c)
            and (c.nullable or not c.nulls)
        ]  # fmt: skip

    def check(self, table: Table) -> Check | None:
        numbers = [c.uid for c in table.columns if self._is_small(c) and not c.is_key]
        was = self.before.table(table.uid) if self.before else None
        large = {c.uid for c in was.columns if not self._is_small(c)} if was else set()
        large |= {uid for key in table.foreign_keys() for uid in key.columns}
        numbers = [n for n in numbers if table.column(n).computed is None and n not in large]
        if not numbers:
            return None
        conditions = ("{c} >= 0", "{c} < 1000", "{c} BETWEEN 0 AND 500 OR {c} IS NULL")
        name = self.part_name("ck") if self.schema.has_convention else self._constraint_name("ck")
        return Check(self.uid(), self.one(numbers), self.one(conditions), name)

    def _is_small(self, column: Column) -> bool:
        """Whether the values are numbers that satisfy every check that is drawn."""
        kind = KINDS.get(column.kind)
        return kind is not None and kind.is_number and kind.name != "huge"

    def foreign_key(self, table: Table) -> ForeignKey | None:
        """Draw a key with columns of its own, of the target's kinds."""
        target = self.one(self.schema.tables)
        if ("sqlite_strict", "True") in table.options and target.key[0].kind != "integer":
            return None
        has_rows = self.before is not None and self.before.table(table.uid) is not None
        is_nullable = has_rows or self.chance(50)
        columns = [self._reference(table, column, is_nullable) for column in target.key]
        key = ForeignKey(self.uid(), [c.uid for c in columns], target.uid)
        table.columns.extend(columns)
        key.name = self._constraint_name("fk")
        key.ondelete = self.action(is_nullable)
        if self.is_on("postgresql"):
            key.deferrable = self.chance(15)
        return key

    def action(self, is_nullable: bool) -> str | None:
        action = self.one(ACTIONS)
        return None if action == "SET NULL" and not is_nullable else action

    def _reference(self, table: Table, key: Column, is_nullable: bool) -> Column:
        uid = self.uid()
        name = f"ref_{uid}_{key.name}"[:60]
        return Column(uid, name, key.kind, nullable=is_nullable, nulls=is_nullable)

    def index(self, table: Table) -> Index | None:
        columns = [c.uid for c in table.columns if self.is_indexable(c) and c.computed is None]
        drawn = self.draw(st.lists(st.sampled_from(columns), min_size=1, max_size=2, unique=True))
        index = Index(self.uid(), drawn, self.part_name("ix"))
        if self.chance(30):
            self._decorate(index, table)
        return index

    def _decorate(self, index: Index, table: Table) -> None:
        first = table.column(index.columns[0])
        ways = ["unique", "desc"]
        if self.is_on("sqlite", "postgresql"):
            ways += ["where", "expression"]
        if self.is_on("postgresql"):
            ways += ["method", "include"]
        way = self.one(ways)
        if way == "unique" and not first.is_key and first.uid in self._plain(table):
            index.is_unique = True
        elif way == "desc":
            index.template = "DESC"
        elif way == "where":
            index.where = "{c} IS NOT NULL"
        elif way == "expression" and first.kind in ("string", "string200", "text"):
            index.template = "lower({c})"
        elif way == "method":
            index.method, index.columns = "hash", index.columns[:1]
        elif way == "include":
            index.include = [table.key[0].uid]


def drawn(artist: Artist) -> Schema:
    """Draw a schema of up to three tables."""
    artist.schema.has_convention = artist.chance(25)
    artist.schema.is_classes = artist.chance(35)
    for _ in range(artist.draw(st.integers(1, 3))):
        artist.table()
    for _ in range(artist.draw(st.integers(0, 3))):
        artist.part(artist.one(artist.schema.tables))
    return artist.schema
