"""The rewriting of a script: both of its functions through the chain of rewriters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alembic.operations import ops

from sqlmodel_migrations.database.catalog import Table
from sqlmodel_migrations.generate import chains
from sqlmodel_migrations.generate.operations.guards import GuardsOp
from sqlmodel_migrations.generate.operations.rename import Former, formers
from sqlmodel_migrations.generate.operations.statement import StatementOp
from sqlmodel_migrations.generate.rewriters.base import (
    Direction,
    Operation,
    flattened,
)


def rewrite(
    up: ops.UpgradeOps,
    down: ops.DowngradeOps,
    directions: tuple[Direction, Direction],
    renames: Sequence[StatementOp],
) -> None:
    """Replace the operations of both functions; renames come first, and last on the way back."""
    upgrade, downgrade = directions
    changes_up = _chained(up.ops, upgrade)
    changes_down = _chained(down.ops, downgrade)
    _name_as_before(upgrade, renames)
    up.ops = [*_guards(upgrade), *renames, *changes_up]
    back = [rename.reverse() for rename in reversed(renames)]
    down.ops = [*_guards(downgrade), *changes_down, *back]


def _chained(operations: Iterable[Operation], direction: Direction) -> list[Operation]:
    found = flattened(operations)
    for rewriter in chains.of(direction.dialect):
        found = rewriter.rewrite(found, direction)
    return found


def _name_as_before(direction: Direction, renames: Sequence[StatementOp]) -> None:
    """Let the guards, which run before the renames, find tables and columns by their old names."""
    tables = direction.before.tables
    instead = {
        direction.quoted(tables[key]): _renamed(tables[key], former, direction)
        for key, former in formers(renames).items()
        if key in tables
    }
    if instead:
        direction.guards[:] = [guard.reading(instead) for guard in direction.guards]


def _renamed(table: Table, former: Former, direction: Direction) -> str:
    """The rows of a table under its old name, with the columns' new names."""
    quote = direction.quote
    columns = ", ".join(
        f"{quote(former.columns[name])} AS {quote(name)}" if name in former.columns else quote(name)
        for name in table.columns
    )
    name = former.key.removeprefix(f"{table.schema}.") if table.schema else former.key
    schema = f"{quote(table.schema)}." if table.schema else ""
    return f"SELECT {columns} FROM {schema}{quote(name)}"


def _guards(direction: Direction) -> list[Operation]:
    return [GuardsOp(tuple(direction.guards))] if direction.guards else []
