"""Something goes away that the revision does not name.

CASCADE drops what depends on a thing: views, foreign keys of other tables, defaults, triggers. An
index or a CHECK over several columns goes with one of them. A table that is made anew and put in
the place of the old one has only what was copied.
Source: https://www.postgresql.org/docs/current/ddl-depend.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import ATTRIBUTES, Match, is_modify, names

HAZARDS = (Hazard.OBJECT_LOSS,)
SEVERITY = Severity.ERROR
SUMMARY = "An object that the revision does not name goes away."

_DATA = frozenset(("table", "column", "rows", "values"))


def find(recording: Recording) -> Iterator[Match]:
    """Find objects that are gone and were not named."""
    for statement in recording.statements:
        lost = [x for x in statement.facts.losses if x.kind not in _DATA]
        if is_modify(statement):
            lost = [x for x in lost if x.kind not in ATTRIBUTES]
        if lost:
            things = ", ".join(f"{x.kind} '{x.name}'" for x in lost)
            where = dict.fromkeys(x.table for x in lost if x.table)
            of = f" of {names(where)}" if where else ""
            yield Match(
                Hazard.OBJECT_LOSS,
                statement,
                f"unnamed, this goes away too: {things}{of}",
                "drop it by name, or make it again in this revision",
            )
