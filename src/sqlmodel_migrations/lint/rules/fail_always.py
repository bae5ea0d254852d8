"""The statement fails on this database even where every table is empty.

It was run on a scratch database of the same kind and version.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sqlmodel_migrations.database.catalog import Catalog
from sqlmodel_migrations.database.statement import Statement
from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import (
    Failure,
    FailureKind,
    RecordedStatement,
    Recording,
    Rows,
)
from sqlmodel_migrations.lint.rules.base import Match

HAZARDS = (Hazard.ALWAYS_FAILS,)
SEVERITY = Severity.ERROR
SUMMARY = "A statement fails, whatever rows there are."


# How servers write a name: "x", 'x', `x`, and SQLite after a colon.
_NAME = re.compile(r"""["'`]([^"'`]+)["'`]|: ([\w.]+)""")


def find(recording: Recording) -> Iterator[Match]:
    """Find statements that fail without any row, and for no other reason than their own."""
    refused: list[RecordedStatement] = []
    for statement in recording.statements:
        failure = statement.failures.get(Rows.EMPTY)
        if failure is None or failure.kind is FailureKind.TRANSACTION:
            continue
        earlier = [other for other in refused if other.revision == statement.revision]
        refused.append(statement)
        if not _follows(statement, failure, earlier, recording):
            yield Match(
                Hazard.ALWAYS_FAILS,
                statement,
                f"it always fails: {failure.message}",
                "correct the revision",
            )


def _follows(
    statement: RecordedStatement,
    failure: Failure,
    earlier: Sequence[RecordedStatement],
    recording: Recording,
) -> bool:
    """Whether an earlier failure is the reason: of the same operation, or of what it misses."""
    found = (name for pair in _NAME.findall(failure.message) for name in pair if name)
    missed = {name.rpartition(".")[2].lower() for name in found} - _known(recording.before)
    return any(
        other.line == statement.line or missed & Statement(other.sql, recording.dialect).names
        for other in earlier
    )


def _known(before: Catalog) -> set[str]:
    """The names of what was there before, in small letters."""
    tables = before.tables.values()
    return {name.lower() for table in tables for name in (table.name, *table.columns)}
