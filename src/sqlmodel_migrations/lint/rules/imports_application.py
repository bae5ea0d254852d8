"""A revision imports the application, which changes after the revision was written.

The model that it means is gone or has other columns next year, and then neither a new database can
be made nor the history be replayed. A revision says what it needs by itself: sa.table() and
sa.column() name the columns of a statement.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint import source
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, at

HAZARDS: tuple[Hazard, ...] = ()
SEVERITY = Severity.WARNING
SUMMARY = "A revision imports the application, which will change."

_FIX = """\
hero = sa.table("hero", sa.column("id"), sa.column("name"))
op.execute(hero.update().values(name="..."))
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find imports of modules that lie in the project, outside of its migrations."""
    for revision in recording.revisions:
        for line, module in source.imports(revision.path):
            if source.is_of_project(module, revision.path):
                yield Match(
                    None,
                    at(revision, line),
                    f"it imports '{module}', which will change: an old revision then fails",
                    "name tables and columns in the revision itself",
                    _FIX,
                )
