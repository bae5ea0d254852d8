"""A statement as text, with the one that takes it back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from alembic.autogenerate import renderers
from alembic.autogenerate.api import AutogenContext
from alembic.operations.ops import MigrateOperation

from sqlmodel_migrations.generate.sql_text import escape_parameters


@dataclass
class StatementOp(MigrateOperation):
    """SQL that is sent as it stands; `undo` None means that nothing takes it back.

    `phase` is its place among the others, as in the rewriter `order`; None for the usual one.
    """

    sql: str
    undo: str | None
    words: str
    table_name: str | None = None
    is_autocommit: bool = False
    phase: int | None = None

    def reverse(self) -> MigrateOperation:
        """Return the opposite statement, or nothing to do."""
        if self.undo is None:
            return NothingOp()
        return StatementOp(
            self.undo, self.sql, f"undo: {self.words}", self.table_name, self.is_autocommit
        )

    def to_diff_tuple(self) -> tuple[Any, ...]:
        return ("statement", self.sql)


@dataclass
class NothingOp(MigrateOperation):
    """The opposite of what needs none."""

    def reverse(self) -> MigrateOperation:
        return self

    def to_diff_tuple(self) -> tuple[Any, ...]:
        return ("nothing",)


@renderers.dispatch_for(StatementOp)
def _render(context: AutogenContext, operation: StatementOp) -> str | list[str]:
    prefix = context.opts["alembic_module_prefix"] or ""
    line = f"{prefix}execute({_literal(escape_parameters(operation.sql))})"
    if not operation.is_autocommit:
        return line
    return [f"with {prefix}get_context().autocommit_block():", line, ""]


def _literal(text: str) -> str:
    """A string as Python, a line each where it has several."""
    lines = text.splitlines(keepends=True)
    if len(lines) < 2:
        return repr(text)
    return "".join(f"\n    {json.dumps(line, ensure_ascii=False)}" for line in lines) + "\n"


@renderers.dispatch_for(NothingOp)
def _render_nothing(context: AutogenContext, operation: NothingOp) -> list[str]:
    return []
