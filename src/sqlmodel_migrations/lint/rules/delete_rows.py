"""Rows that were there are gone after the revision.

A DELETE or a TRUNCATE in a revision runs on every database, once, without a way back: downgrade()
cannot know the rows. CASCADE takes rows of other tables as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, is_cascaded, names

HAZARDS = (Hazard.DATA_LOSS,)
SEVERITY = Severity.ERROR
SUMMARY = "Rows are deleted."


def find(recording: Recording) -> Iterator[Match]:
    """Find tables that have fewer rows when the revision is over."""
    for statement in recording.statements:
        lost = [
            loss
            for loss in statement.facts.losses
            if loss.kind == "rows" and loss.table and not is_cascaded(statement, loss.table)
        ]
        if lost:
            yield Match(
                Hazard.DATA_LOSS,
                statement,
                f"rows of {names(str(x.table) for x in lost)} are gone",
                "copy them to another table first, or say that it is meant: allow delete-rows",
            )
