"""Two revisions follow the same one: the history has several heads.

So it is after two branches are merged that each added a revision. `upgrade head` then fails, since
it does not know which one is meant. Heads that have labels of their own are meant to be several.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint import source
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, at, names

HAZARDS: tuple[Hazard, ...] = ()
SEVERITY = Severity.WARNING
SUMMARY = "The history has several heads."


def find(recording: Recording) -> Iterator[Match]:
    """Find pending revisions that are one head of several without labels."""
    ids = {head.id for head in recording.heads if not head.branch_labels}
    for revision in recording.revisions:
        if revision.id in ids and len(recording.heads) > 1:
            others = sorted({head.id for head in recording.heads} - {revision.id})
            yield Match(
                None,
                at(revision, source.assignment(revision.path, "down_revision")),
                f"'{revision.id}' is a head beside {names(others)}: 'upgrade head' fails",
                "join them: sqlmodel migrations merge heads",
            )
