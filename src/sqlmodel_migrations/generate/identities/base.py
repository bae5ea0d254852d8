"""What a dialect says about a column that is numbered in another way from now on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from alembic.operations import ops

from sqlmodel_migrations.database.catalog import Column
from sqlmodel_migrations.generate.rewriters.base import Direction, Operation


class IdentityModule(Protocol):
    """The shape of a module in this family."""

    def changed(
        self, operation: ops.AlterColumnOp, old: Column, new: Column, direction: Direction
    ) -> Iterator[Operation]:
        """Yield what makes the identity of `old` that of `new`; its type is another's matter."""
