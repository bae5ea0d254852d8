"""There is no way back: downgrade() does nothing, or is not there.

A deployment that has to be taken back then needs a revision written in haste. Where there can be no
way back, a downgrade() that raises says so: nobody then takes the database for what it was.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint import source
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import RecordedStatement, Recording
from sqlmodel_migrations.lint.rules.base import Match, at

HAZARDS: tuple[Hazard, ...] = ()
SEVERITY = Severity.NOTE
SUMMARY = "A revision that changes something has no way back."


def find(recording: Recording) -> Iterator[Match]:
    """Find revisions that sent something and whose downgrade() would send nothing."""
    sending = {
        s.revision for s in recording.statements if not s.is_undone and not _only_validates(s)
    }
    for revision in recording.revisions if not recording.is_downgrade else ():
        back = source.function(revision.path, "downgrade")
        if revision.id not in sending or (back is not None and not _is_idle(back)):
            continue
        yield Match(
            None,
            at(revision, back.body[0].lineno if back is not None else 1),
            "there is no way back: downgrade() "
            + ("does nothing" if back is not None else "is missing"),
            "write it, or leave it so where there is no way back",
        )


def _only_validates(statement: RecordedStatement) -> bool:
    """Whether it only proves a constraint of old rows, which nothing has to take back."""
    changes = statement.facts.changes
    return bool(changes) and all(
        c.kind == "constraint" and c.before == f"{c.after} NOT VALID" for c in changes
    )


def _is_idle(function: ast.FunctionDef) -> bool:
    """Whether it comes to nothing: `pass`, a docstring, `return`."""
    return all(
        isinstance(node, ast.Pass | ast.Return)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )
