"""The values of the column are gone, and code that still reads it fails.

SQLAlchemy names every mapped column in each SELECT and INSERT. First deploy code that does not
know the column, then drop it.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint import cause
from sqlmodel_migrations.lint.cause import Cause
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, names

HAZARDS = (Hazard.DATA_LOSS, Hazard.BREAKS_RUNNING_CODE)
SEVERITY = Severity.ERROR
SUMMARY = "A column is dropped: its values are lost, and running code breaks."

_HELP = "take it out of the models and deploy that first; then drop it"


def find(recording: Recording) -> Iterator[Match]:
    """Find columns that are gone, and what fails without them."""
    for statement in recording.statements:
        lost = [f"{x.table}.{x.name}" for x in statement.facts.losses if x.kind == "column"]
        if lost:
            yield Match(Hazard.DATA_LOSS, statement, f"the values of {names(lost)} are gone", _HELP)
        for table, reason in cause.breaks(statement, Cause.COLUMN_GONE).items():
            yield Match(
                Hazard.BREAKS_RUNNING_CODE,
                statement,
                f"code that still uses '{table}' as it was fails: {reason}",
                _HELP,
                tables=(table,),
            )
