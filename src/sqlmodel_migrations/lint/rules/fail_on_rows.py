"""The statement works on an empty table, and fails on one that has rows: all of them, or some.

It was run on generated rows: on clean ones, which have no NULLs and no duplicates, and on ones
that violate what the schema before lets them violate. A test database is often empty; the
database in production is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlmodel_migrations.database.statement import verb
from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import (
    Failure,
    FailureKind,
    RecordedStatement,
    Recording,
    Rows,
)
from sqlmodel_migrations.lint.rules.base import Match, added, changed

HAZARDS = (Hazard.FAILS_ON_DATA,)
SEVERITY = Severity.ERROR
SUMMARY = "A statement fails on tables that have rows."


def find(recording: Recording) -> Iterator[Match]:
    """Find statements that rows make fail."""
    refused: list[RecordedStatement] = []
    ended: set[str] = set()
    for statement in recording.statements:
        clean, dirty = (statement.failures.get(rows) for rows in (Rows.CLEAN, Rows.DIRTY))
        if Rows.EMPTY in statement.failures:
            continue
        if clean is not None and not added(statement, "column"):
            # What is wrong with more than rows may be so because of what failed before.
            if clean.kind is FailureKind.DATA or statement.revision not in ended:
                yield _on_rows(statement, clean)
            ended.add(statement.revision)
        elif clean is None and dirty is not None and dirty.kind is FailureKind.DATA:
            if not any(_proves(earlier, statement) for earlier in refused):
                yield Match(
                    Hazard.FAILS_ON_DATA,
                    statement,
                    f"it fails where a row is not as it demands: {dirty.message}",
                    "look for such rows on the live database, and correct them in a revision"
                    " before",
                )
            refused.append(statement)


def _proves(earlier: RecordedStatement, later: RecordedStatement) -> bool:
    """Whether rows that the later statement refuses cannot get past the earlier one.

    A CHECK that a column IS NOT NULL comes before NOT NULL itself.
    """
    wanted = {(c.table, c.name) for c in changed(later, "nullable")}
    checks = [c for c in earlier.facts.changes if str(c.after).startswith("CHECK")]
    proven = {
        (table, name)
        for table, name in wanted
        for check in checks
        if check.table == table and re.search(rf"\b{re.escape(name)}\b", str(check.after))
    }
    return bool(wanted) and wanted == proven


def _on_rows(statement: RecordedStatement, failure: Failure) -> Match:
    """A new row may only have met one of the generated ones: nothing is known of it."""
    is_insert = verb(statement.sql) == "INSERT" and failure.kind is FailureKind.DATA
    return Match(
        Hazard.FAILS_ON_DATA,
        statement,
        f"not measured, a generated row is in its way: {failure.message}"
        if is_insert
        else f"it fails on tables that have rows: {failure.message}",
        "judge it by hand" if is_insert else "change the rows first, in a revision of its own",
        severity=Severity.NOTE if is_insert else None,
    )
