"""A statement of the code that runs before the upgrade fails after it.

It was compiled from the schema before: each table's columns by name, read, inserted and updated.
A dropped view, a renamed label of an enum, a partition that is detached, a column that no longer
numbers itself break it too. Where a value is demanded that could be left out before, it is not
known whether the code leaves it out: that is a warning.
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
SUMMARY = "What running code sends fails after the upgrade."


def find(recording: Recording) -> Iterator[Match]:
    """Find what old code can no longer do, where neither a drop, a rename nor a type says why."""
    for statement in recording.statements:
        broken = cause.breaks(statement, Cause.OTHER)
        for table, reason in broken.items():
            yield Match(
                Hazard.BREAKS_RUNNING_CODE,
                statement,
                f"code that still uses '{table}' as it was fails: {reason}",
                "deploy code that does without it first",
                tables=(table,),
            )
        for table, reason in cause.breaks(statement, Cause.VALUE_DEMANDED).items():
            if table not in broken:
                yield Match(
                    Hazard.BREAKS_RUNNING_CODE,
                    statement,
                    f"code that leaves out a value of '{table}' fails: {reason}",
                    "deploy code that always writes it first",
                    tables=(table,),
                    severity=Severity.WARNING,
                )
