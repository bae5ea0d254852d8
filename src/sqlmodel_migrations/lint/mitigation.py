"""Mitigation: hazards of plain Alembic that our executor removes, told as notes.

They are measured: the revisions are played under Alembic's own transactions and rebuilds, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.finding import Finding
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording, Runner
from sqlmodel_migrations.lint.rules.base import EXECUTOR

_REMOVED = frozenset(
    (Hazard.CASCADE_LOSS, Hazard.OBJECT_LOSS, Hazard.DATA_LOSS, Hazard.ALWAYS_FAILS)
)
"""What comes of a rebuild on SQLite, and of a MODIFY on MariaDB that says half of a column."""


def may_differ(recording: Recording) -> bool:
    """Whether plain Alembic would do something else than what was recorded under our executor."""
    if recording.runner is not Runner.SQLMODEL:
        return False
    if recording.dialect == "sqlite":
        return any(
            s.operation == "batch_alter_table" or _drops(s.sql) for s in recording.statements
        )
    is_mysql = recording.dialect in ("mysql", "mariadb")
    return is_mysql and any(s.operation == "alter_column" for s in recording.statements)


def _drops(sql: str) -> bool:
    return sql.lstrip()[:10].upper() == "DROP TABLE"


def notes(ours: Iterable[Finding], plain: Iterable[Finding]) -> Iterator[Finding]:
    """Return what is found of plain Alembic alone."""
    known = {(found.hazard, found.file, found.line) for found in ours}
    for found in plain:
        if found.hazard in _REMOVED and (found.hazard, found.file, found.line) not in known:
            yield removed(found)


def removed(found: Finding) -> Finding:
    """Return a finding as the note that it is where our executor runs the revision."""
    message = f"with plain Alembic: {found.message}"
    return replace(found, severity=Severity.NOTE, message=message, mitigated_by=EXECUTOR)
