"""The guards of a script: they run first, and refuse with the count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation

from sqlmodel_migrations.generate.guard import Guard
from sqlmodel_migrations.generate.operations.statement import NothingOp
from sqlmodel_migrations.generate.sql_text import escape_parameters


@dataclass
class GuardsOp(MigrateOperation):
    """Every guard of one function of a script."""

    guards: Sequence[Guard]

    def reverse(self) -> MigrateOperation:
        return NothingOp()

    def to_diff_tuple(self) -> tuple[Any, ...]:
        return ("guards", len(self.guards))


@renderers.dispatch_for(GuardsOp)
def _render(context: AutogenContext, operation: GuardsOp) -> list[str | None]:
    """Plain SQL and Alembic's own error, so that the plain `alembic` command refuses as well.

    None ends a block for the printer that lays the lines out.
    """
    context.imports.add("from alembic.util import CommandError")
    prefix = context.opts["alembic_module_prefix"] or ""
    sa = context.opts["sqlalchemy_module_prefix"] or ""
    return [
        "# Rows that do not fit are refused before anything is changed.",
        "guards = [",
        *(
            f"    ({escape_parameters(guard.query)!r}, {guard.reason!r}),"
            for guard in operation.guards
        ),
        "]",
        "for query, reason in guards:",
        f"if {prefix}get_context().as_sql:",
        "break",
        None,
        f"if rows := {prefix}get_bind().scalar({sa}text(query)):",
        'raise CommandError(f"{rows} {reason}")',
        None,
        None,
    ]
