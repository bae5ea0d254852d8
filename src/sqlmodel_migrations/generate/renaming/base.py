"""What a dialect says about renames, and the order in which each name is free."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Protocol

from sqlalchemy import Dialect

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.generate.operations.rename import RenameOp
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.renames import TableName, aside


class RenamingModule(Protocol):
    """The shape of a module in this family."""

    @property
    def HAS_SCHEMAS(self) -> bool:  # noqa: N802
        """Whether a table can be moved from one schema to another."""

    def steps(self, renames: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
        """Order renames of tables, as `base.steps` does."""

    def table(
        self, table: Table, new: TableName, dialect: Dialect, words: str
    ) -> Iterator[StatementOp]:
        """Rename a table, and what the server called after it."""


def steps(renames: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield old name, new name and the name that is meant, in an order in which each is free.

    Where names are swapped, one waits under a third.
    """
    waiting = dict(renames)
    parked: dict[str, str] = {}
    while waiting:
        old = next((old for old, new in waiting.items() if new not in waiting), None)
        if old is not None:
            new = waiting.pop(old)
            yield old, new, new
            continue
        old, new = waiting.popitem()
        parked[old] = new
        yield old, aside(old, "renamed"), new
    yield from ((aside(old, "renamed"), new, new) for old, new in parked.items())


def rename(table: Table, new: TableName, there: str, back: str, words: str) -> RenameOp:
    """Rename a table by the statement `there`, and by `back` on the way down."""
    return RenameOp(there, back, words, new.name, key=table.key, old=table.key, new=new.key)


def called(table: Table, new: TableName) -> Table:
    """The table under another name, with what PostgreSQL named after it."""
    columns = {
        column.name: replace(column, sequence=_after_table(column.sequence, table.name, new.name))
        for column in table.columns.values()
    }
    constraints = tuple(
        replace(c, name=f"{new.name}_pkey") if c.name == f"{table.name}_pkey" else c
        for c in table.constraints
    )
    return replace(
        table, schema=new.schema, name=new.name, columns=columns, constraints=constraints
    )


def _after_table(sequence: str | None, table: str, name: str) -> str | None:
    schema, point, own = (sequence or "").rpartition(".")
    if not own.startswith(f"{table}_"):
        return sequence
    return f"{schema}{point}{name}{own.removeprefix(table)}"
