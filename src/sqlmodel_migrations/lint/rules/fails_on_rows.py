"""The statement works on an empty table, and fails on one that has rows: all of them, or some.

It was run on generated rows: first on clean ones, which have no NULLs and no duplicates, then on
ones that violate what the schema before lets them violate.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import FailureKind, Recording, Rows
from sqlmodel_migrations.lint.rules.base import Match

HAZARD = Hazard.FAILS_ON_DATA
SEVERITY = Severity.ERROR
SUMMARY = "A statement fails on tables that have rows."


def find(recording: Recording) -> Iterator[Match]:
    """Find statements that rows make fail."""
    for statement in recording.statements:
        failures = statement.failures
        if Rows.EMPTY in failures:
            continue
        clean, dirty = failures.get(Rows.CLEAN), failures.get(Rows.DIRTY)
        if clean is not None:
            yield Match(
                statement,
                f"it fails on a table that has rows: {clean.message}",
                "change the rows first, in a revision of its own",
            )
        elif dirty is not None and dirty.kind is FailureKind.DATA:
            yield Match(
                statement,
                f"it fails where a row is not as it demands: {dirty.message}",
                "find such rows on the live database, and correct them in a revision before",
            )
