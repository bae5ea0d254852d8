"""Values that were different are the same after the change: what told them apart is gone.

A number loses its fraction, a text its end, a moment its time of day where a USING expression or
the cast of the new type says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, names

HAZARDS = (Hazard.DATA_LOSS,)
SEVERITY = Severity.ERROR
SUMMARY = "A conversion makes different values equal."


def find(recording: Recording) -> Iterator[Match]:
    """Find columns whose values have become fewer different ones."""
    for statement in recording.statements:
        lost = [f"{x.table}.{x.name}" for x in statement.facts.losses if x.kind == "values"]
        if lost:
            yield Match(
                Hazard.DATA_LOSS,
                statement,
                f"different values of {names(lost)} become equal",
                "keep the old column until nobody needs what the new one leaves out",
            )
