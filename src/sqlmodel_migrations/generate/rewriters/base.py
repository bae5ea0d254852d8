"""What a rewriter is: operations in, better operations out, for one direction of a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from alembic.operations import ops
from sqlalchemy import Dialect
from sqlalchemy import Enum as EnumType

from sqlmodel_migrations.database import quoting
from sqlmodel_migrations.database.catalog import Catalog, Column, Table
from sqlmodel_migrations.generate.answers import Answers
from sqlmodel_migrations.generate.guard import Guard
from sqlmodel_migrations.generate.sides import Sides

Operation = ops.MigrateOperation


@dataclass
class Direction:
    """One of a script's two functions: `before` is the schema it starts from.

    Rewriters add to `guards` what the rows must satisfy, to `decisions` what the docstring says,
    and to `losses` what goes away.
    """

    sides: Sides
    answers: Answers
    is_upgrade: bool
    is_batched: bool
    guards: list[Guard] = field(default_factory=list)
    decisions: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)

    @property
    def dialect(self) -> Dialect:
        return self.sides.connection.dialect

    @property
    def before(self) -> Catalog:
        return self.sides.before if self.is_upgrade else self.sides.after

    @property
    def after(self) -> Catalog:
        return self.sides.after if self.is_upgrade else self.sides.before

    def table(self, operation: Any) -> Table | None:
        """Return the table that an operation changes, as it is before."""
        return self.before.tables.get(self.key(operation))

    def column(self, operation: Any, name: str) -> Column | None:
        """Return a column of the table that an operation changes, as it is before."""
        table = self.table(operation)
        return table.columns.get(name) if table is not None else None

    def key(self, operation: Any) -> str:
        """Return the key of the table that an operation changes."""
        return self.sides.key(*_schema_and_name(operation))

    def renamed_values(self, key: str, column: str) -> Mapping[str, str]:
        """Return the enum values of a column that get another name in this direction.

        A type of PostgreSQL renames its values itself, before anything else is done.
        """
        type_ = self._enum_type(key, column)
        if type_ is None or (type_.native_enum and self.dialect.name == "postgresql"):
            return {}
        renames = {
            thing.removeprefix(f"{type_.name}."): new
            for thing, new in self.answers.value_renames.items()
            if thing.startswith(f"{type_.name}.")
        }
        return renames if self.is_upgrade else {new: old for old, new in renames.items()}

    def _enum_type(self, key: str, column: str) -> EnumType | None:
        for metadata in self.sides.named.metadata:
            for table in metadata.tables.values():
                if self.sides.key(table.schema, table.name) == key and column in table.columns:
                    type_ = table.columns[column].type
                    return type_ if isinstance(type_, EnumType) else None
        return None

    def quote(self, name: str) -> str:
        return quoting.quote(name, self.dialect)

    def literal(self, text: str) -> str:
        return quoting.literal(text, self.dialect)

    def quoted(self, table: Table) -> str:
        """Return a table's name for SQL, with its schema where that is not the default one."""
        name = self.quote(table.name)
        return f"{self.quote(table.schema)}.{name}" if table.schema else name

    def quoted_table(self, operation: Any) -> str:
        """Return the name for SQL of the table that an operation changes."""
        schema, name = _schema_and_name(operation)
        is_default = schema in (None, self.dialect.default_schema_name)
        return quoting.qualified(None if is_default else schema, name, self.dialect)


def _schema_and_name(operation: Any) -> tuple[str | None, str]:
    name = getattr(operation, "table_name", None) or getattr(operation, "source_table", "")
    schema = getattr(operation, "schema", None) or getattr(operation, "source_schema", None)
    return schema, str(name)


class RewriterModule(Protocol):
    """The shape of a module in this family."""

    def rewrite(self, operations: Sequence[Operation], direction: Direction) -> list[Operation]:
        """Return the operations that do the same better, or more of it."""


def flattened(operations: Iterable[Operation]) -> list[Operation]:
    """Return the operations one by one, without the containers of Alembic."""
    flat: list[Operation] = []
    for operation in operations:
        if isinstance(operation, ops.OpContainer):
            flat.extend(flattened(operation.ops))
        else:
            flat.append(operation)
    return flat
