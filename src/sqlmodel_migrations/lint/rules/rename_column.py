"""Code that still uses the old name of the column fails from the moment of the rename.

SQLAlchemy names every mapped column in each SELECT and INSERT, so each request of the old version
fails until the new one is deployed, and each of the new one before. Keep the name in the database
and rename the attribute alone (sa_column_kwargs={"name": …}), or add a second column, write both,
fill it, and drop the old one later.
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
SUMMARY = "A column is renamed while running code uses its old name."


def find(recording: Recording) -> Iterator[Match]:
    """Find what old code can no longer do after a rename."""
    for statement in recording.statements:
        for table, reason in cause.breaks(statement, Cause.COLUMN_RENAMED).items():
            yield Match(
                Hazard.BREAKS_RUNNING_CODE,
                statement,
                f"code that still uses '{table}' as it was fails: {reason}",
                "keep the column's name and rename the attribute only, or add a second column",
                tables=(table,),
            )
