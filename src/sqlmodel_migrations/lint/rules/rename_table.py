"""Code that still uses the old name of the table fails from the moment of the rename.

A view with the old name, made in the same transaction, lets old code read and write on: PostgreSQL
passes INSERT, UPDATE and DELETE on a simple view through to its table.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint import cause
from sqlmodel_migrations.lint.cause import Cause
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match

HAZARDS = (Hazard.BREAKS_RUNNING_CODE,)
SEVERITY = Severity.ERROR
SUMMARY = "A table is renamed while running code uses its old name."


def find(recording: Recording) -> Iterator[Match]:
    """Find what old code can no longer do after a rename."""
    for statement in recording.statements:
        for table, reason in cause.breaks(statement, Cause.TABLE_RENAMED).items():
            yield Match(
                Hazard.BREAKS_RUNNING_CODE,
                statement,
                f"code that still uses '{table}' as it was fails: {reason}",
                "make a view with the old name in the same revision, or keep the name",
                tables=(table,),
            )
