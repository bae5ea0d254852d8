"""A failure half-way leaves a part of the revision behind, and the next run fails on it.

What an autocommit block sends, and what came before the block, is committed at once; the revision
is recorded only at its end. Give each such statement a revision of its own, or write them so that
they can run again (IF NOT EXISTS). Our own executor keeps a journal, and its next run goes on after
what took effect: where it runs the revisions this is a note.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.database.statement import verb
from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording, Runner, is_committed
from sqlmodel_migrations.lint.rules.base import Match

HAZARDS = (Hazard.PARTIAL_FAILURE,)
SEVERITY = Severity.ERROR
SUMMARY = "A failure half-way leaves something behind that makes the next run fail."

_HARMLESS = frozenset(
    (
        "SET",
        "SELECT",
        "SHOW",
        "PRAGMA",
        "BEGIN",
        "COMMIT",
        "END",
        "ROLLBACK",
        "SAVEPOINT",
        "RELEASE",
    )
)
_JOURNAL = "the journal: the next run goes on after what took effect"


def find(recording: Recording) -> Iterator[Match]:
    """Find the first statement of a revision before which something was committed for good."""
    is_ours = recording.runner is Runner.SQLMODEL
    for revision in recording.revisions:
        own = recording.of(revision.id)
        for position, statement in enumerate(own):
            if verb(statement.sql) in _HARMLESS:
                continue
            left = [s for s in own[:position] if s.again and is_committed(s, statement)]
            if left:
                said = "if it fails, what came before it stays, and the next run fails"
                yield Match(
                    Hazard.PARTIAL_FAILURE,
                    statement,
                    f"{'with plain Alembic: ' if is_ours else ''}{said}: {left[0].again}",
                    "give each of the two a revision of its own",
                    severity=Severity.NOTE if is_ours else None,
                    mitigated_by=_JOURNAL if is_ours else None,
                )
                break
