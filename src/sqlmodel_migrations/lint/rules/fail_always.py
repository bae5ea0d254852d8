"""The statement fails on this database even where every table is empty.

It was run on a scratch database of the same kind and version.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import FailureKind, Recording, Rows
from sqlmodel_migrations.lint.rules.base import Match

HAZARDS = (Hazard.ALWAYS_FAILS,)
SEVERITY = Severity.ERROR
SUMMARY = "A statement fails, whatever rows there are."


def find(recording: Recording) -> Iterator[Match]:
    """Find statements that fail without any row."""
    for statement in recording.statements:
        failure = statement.failures.get(Rows.EMPTY)
        if failure is not None and failure.kind is not FailureKind.TRANSACTION:
            yield Match(
                Hazard.ALWAYS_FAILS,
                statement,
                f"it always fails: {failure.message}",
                "correct the revision",
            )
