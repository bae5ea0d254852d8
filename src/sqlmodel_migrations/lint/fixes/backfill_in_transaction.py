"""The rows are changed in batches of five thousand, by ranges of the primary key, each committed.

Whoever wants one of the rows waits for one batch at most. A batch that failed is done again from
the first row on, so a statement is rewritten only where a second run changes nothing more: where no
new value is made from what it replaces.
"""

from __future__ import annotations

import ast

from sqlmodel_migrations.lint import bulk_change, safe_form
from sqlmodel_migrations.lint.fixes.base import Case, Piece, Plan, Wait
from sqlmodel_migrations.lint.script import NotMechanical


def plan(case: Case) -> Plan:
    """Write the statement as a loop of batches."""
    case.require("execute")
    if case.recording.dialect != "postgresql":
        raise NotMechanical("batches are written for PostgreSQL only")
    if len(case.call.node.args) != 1 or case.call.node.keywords:
        raise NotMechanical("its parameters stand beside the statement")
    sql = case.call.text_of(0, "sqltext")
    if sql is None or _is_formatted(case.call.node.args[0]):
        raise NotMechanical("its SQL is not one text")
    change = bulk_change.read(sql, case.recording.dialect)
    key = case.match.tables[0]
    table = case.table(key)
    row_key = safe_form.row_key(case, table)
    change.require_repeatable(row_key)
    if taken := {"batch", "stop", "changed"} & case.block.words:
        raise NotMechanical(f"'{min(taken)}' is what the batches call something")
    code = safe_form.batches(change.table, row_key, change.text, change.condition)
    piece = Piece(f"{change.verb} {table.name}", f"{case.comments}{code}", alone=True)
    words = case.block.words - {table.name.casefold()}
    return Plan(case.block, (piece,), None, Wait(table=table.name.casefold(), columns=words))


def _is_formatted(argument: ast.expr) -> bool:
    return any(isinstance(node, ast.JoinedStr) for node in ast.walk(argument))
