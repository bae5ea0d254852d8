"""A change of type that says how values are converted."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops

from sqlmodel_migrations import _alembic


class CastColumnOp(ops.AlterColumnOp):
    """ALTER COLUMN … TYPE … USING, for PostgreSQL."""

    using: str = ""

    @classmethod
    def of(cls, operation: ops.AlterColumnOp, using: str) -> CastColumnOp:
        """Return `operation` with the expression that converts the values."""
        made = cls.__new__(cls)
        vars(made).update(vars(operation))
        made.kw = {**operation.kw, "postgresql_using": using}
        made.using = using
        return made

    def to_diff_tuple(self) -> Any:
        return [*super().to_diff_tuple(), ("using", self.using)]


@renderers.dispatch_for(CastColumnOp)
def _render(context: AutogenContext, operation: CastColumnOp) -> str:
    text = _alembic.rendered_alter_column(context, operation)
    # The expression goes through a literal, not through sa.text().
    return f"{text.rstrip().removesuffix(')')}, postgresql_using={operation.using!r})"
