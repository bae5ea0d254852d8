"""The end of a step: its row in the ledger and the version row, in one statement where possible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, Executable, Table, bindparam
from sqlalchemy.exc import DBAPIError

from sqlmodel_migrations._alembic import Heads
from sqlmodel_migrations.database import dialects, failures
from sqlmodel_migrations.run.pipeline import Pipeline

# What the names of a row's parameters begin with: those of its columns are SQLAlchemy's own.
_ROW = "row_"


class Row(NamedTuple):
    """A row that is written along with the version."""

    table: Table
    values: Mapping[str, Any]


@dataclass
class Closing:
    """Ends the steps of one run."""

    context: MigrationContext
    _statements: dict[Table, Executable | None] = field(default_factory=dict)

    def write(self, heads: Heads, row: Row | None, pipeline: Pipeline) -> None:
        """Write the row, and what `heads` has taken; the pipeline's end may tell of an error.

        Raises what Alembic raises where the version row is not what it was.
        """
        change = heads.change()
        both = None if row is None or change is None else self._both(heads, row.table)
        if row is None or change is None or both is None:
            self.execute(row)
            heads.write()
            return
        try:
            with pipeline.unread():
                self._connection.execute(both, {**change, **_parameters(row)})
        except DBAPIError as error:
            if failures.sqlstate(error) == failures.DIVISION_BY_ZERO:
                raise self._missing(change) from error
            raise
        heads.written()

    def _missing(self, change: Mapping[str, str]) -> CommandError:
        """What Alembic says where the version row was changed by somebody else."""
        return CommandError(
            "Online migration expected to match one row when updating"
            f" '{change['gone']}' to '{change['new']}' in '{self.context.version_table}'; 0 found"
        )

    def execute(self, row: Row | None) -> None:
        """Write a row alone."""
        if row is not None:
            self._connection.execute(row.table.insert(), row.values)

    @property
    def _connection(self) -> Connection:
        assert self.context.connection is not None
        return self.context.connection

    def _both(self, heads: Heads, table: Table) -> Executable | None:
        """The statement that writes version and row, made once: the same for every step."""
        if table not in self._statements:
            values: dict[str, Any] = {
                column.name: bindparam(f"{_ROW}{column.name}") for column in table.columns
            }
            module = dialects.of(self.context.dialect.name)
            both = module.both(heads.statement, table.insert().values(values))
            self._statements[table] = both
        return self._statements[table]


def _parameters(row: Row) -> dict[str, Any]:
    return {f"{_ROW}{name}": value for name, value in row.values.items()}
