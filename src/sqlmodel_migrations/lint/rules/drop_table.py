"""The rows of the table are gone, and code that still reads it fails.

First deploy code that does not know the table. Rename it for a while, or dump it, where somebody
may want the rows back.
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
SUMMARY = "A table is dropped: its rows are lost, and running code breaks."

_HELP = "take it out of the models and deploy that first; then drop it"


def find(recording: Recording) -> Iterator[Match]:
    """Find tables that are gone, and what fails without them."""
    for statement in recording.statements:
        lost = [x.table for x in statement.facts.losses if x.kind == "table" and x.table]
        if lost:
            yield Match(Hazard.DATA_LOSS, statement, f"the rows of {names(lost)} are gone", _HELP)
        for table, reason in cause.breaks(statement, Cause.TABLE_GONE).items():
            yield Match(
                Hazard.BREAKS_RUNNING_CODE,
                statement,
                f"code that still uses '{table}' fails: {reason}",
                _HELP,
                tables=(table,),
            )
