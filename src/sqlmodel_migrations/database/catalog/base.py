"""What a database's schema is: frozen values, read by one module per dialect beside this one.

Two catalogs of the same kind of server are compared by `difference` and hashed by `fingerprint`.
Texts are the server's own where it has a printer; SQLite keeps what was typed, so its texts are
put into one form by `sqlite`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from sqlalchemy import Connection

PRIMARY_KEY, UNIQUE, CHECK = "primary key", "unique", "check"
FOREIGN_KEY, EXCLUDE = "foreign key", "exclude"

Expression = Literal["default", "computed", "check", "index"]


@dataclass(frozen=True)
class Column:
    """One column. `type` is as the server spells it: `character varying(50)`, `int(10) unsigned`.

    `default` is None for computed and identity columns and for a PostgreSQL serial, whose
    `identity` is "serial" and whose `sequence` is the sequence that it owns. `collation` is given
    where it is not the table's or the type's own. `extra` is what else the server keeps:
    "on update current_timestamp()", "invisible", "storage external".
    """

    name: str
    type: str
    nullable: bool
    default: str | None = None
    computed: str | None = None
    is_stored: bool = False
    identity: str | None = None
    sequence: str | None = None
    collation: str | None = None
    comment: str | None = None
    extra: str | None = None


@dataclass(frozen=True)
class Constraint:
    """One constraint; `definition` leaves its name out, and equal texts are equal constraints.

    `kind` is "primary key", "unique", "check", "foreign key" or "exclude"; `name` is None where
    the database has none. `target` is the key of the table that a foreign key refers to. `sql`
    is the definition as somebody wrote it, where the database keeps that.
    """

    kind: str
    name: str | None
    columns: tuple[str, ...]
    definition: str
    target: str | None = None
    target_columns: tuple[str, ...] = ()
    sql: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Index:
    """One index; `columns` are its keys, None for an expression, without included ones.

    `definition` leaves its name out; `sql` is the statement that makes it again. `implements`
    is the foreign key that MariaDB or MySQL has, by its name, probably made the index for.
    """

    name: str
    is_unique: bool
    columns: tuple[str | None, ...]
    definition: str
    sql: str
    implements: str | None = None


@dataclass(frozen=True)
class Table:
    """One table; `schema` is None for the connection's default one.

    `columns` are in order; `indexes` leave out those that only implement a constraint. `owner`
    is None for an ordinary table, else "extension postgis", "partition of event", "inherits x",
    "virtual" or "sqlite" (SQLite's own).
    """

    schema: str | None
    name: str
    columns: Mapping[str, Column]
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    triggers: Mapping[str, str] = field(default_factory=dict)
    comment: str | None = None
    options: tuple[str, ...] = ()
    owner: str | None = None

    @property
    def key(self) -> str:
        """The name, with its schema where that is not the default one."""
        return key(self.schema, self.name)

    @property
    def parents(self) -> tuple[str, ...]:
        """The keys of the tables that this one inherits from or is a partition of."""
        for word in ("inherits ", "partition of "):
            if self.owner is not None and self.owner.startswith(word):
                return tuple(self.owner.removeprefix(word).split(", "))
        return ()

    @property
    def needed(self) -> tuple[str, ...]:
        """The keys of the tables that this one refers to or is a part of."""
        targets = (each.target for each in self.constraints if each.target is not None)
        return (*targets, *self.parents)


@dataclass(frozen=True)
class Enum:
    """An enum type of PostgreSQL; `users` are columns: `hero.kind`, of arrays `item.tags[]`."""

    schema: str | None
    name: str
    labels: tuple[str, ...]
    users: tuple[str, ...] = ()
    comment: str | None = None
    owner: str | None = None

    @property
    def key(self) -> str:
        """The name, with its schema where that is not the default one."""
        return key(self.schema, self.name)


@dataclass(frozen=True)
class Catalog:
    """A schema. Everything is found by its key; `schemas` are those beside the default one."""

    tables: Mapping[str, Table] = field(default_factory=dict)
    enums: Mapping[str, Enum] = field(default_factory=dict)
    sequences: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)
    schemas: tuple[str, ...] = ()

    def around(self, keys: Collection[str]) -> Mapping[str, Table]:
        """The tables of these keys, with those that they refer to or are parts of."""
        found = self._reached(keys, lambda table: table.needed)
        return {key: table for key, table in self.tables.items() if key in found}

    def with_parents(self, keys: Collection[str]) -> frozenset[str]:
        """Add to the keys of tables those of the tables that these inherit from or are parts of."""
        return self._reached(keys, lambda table: table.parents)

    def _reached(
        self, keys: Collection[str], edges: Callable[[Table], Collection[str]]
    ) -> frozenset[str]:
        """The keys of the tables that `edges` lead to from these, and these."""
        found, waiting = {*keys}, [*keys]
        while waiting:
            new = {key for key in edges(self.tables[waiting.pop()]) if key in self.tables} - found
            waiting += new
            found |= new
        return frozenset(found)

    @property
    def parents_first(self) -> tuple[Table, ...]:
        """The tables in the order of inheritance and partitions."""
        waiting, found = dict(self.tables), []
        while waiting:
            bound = {key: {*table.parents} & waiting.keys() for key, table in waiting.items()}
            free = [key for key in waiting if not bound[key] - {key}] or list(waiting)
            found += [waiting.pop(key) for key in free]
        return tuple(found)


class CatalogModule(Protocol):
    """The shape of a dialect's module in this family."""

    @property
    def reads_every_schema(self) -> bool:
        """Whether `schemas` None are all schemas of the database, not only the default one."""

    def read(
        self,
        connection: Connection,
        schemas: Collection[str | None] | None,
        ignore: Callable[[str], bool],
    ) -> Catalog:
        """Read the catalog in a number of queries that does not depend on that of the tables."""

    def questions(
        self, connection: Connection, schemas: Collection[str | None] | None
    ) -> tuple[str, ...]:
        """Return what `read` will ask one by one in any case, to be asked together before."""

    def equivalent(
        self,
        connection: Connection,
        table: Table,
        kind: Expression,
        texts: tuple[str, str],
        column: Column | None,
    ) -> bool:
        """Whether two different texts mean the same on this table; in doubt False."""


def key(schema: str | None, name: str) -> str:
    """Return how a table is called here: `name`, or `schema.name` outside the default schema."""
    return f"{schema}.{name}" if schema else name
