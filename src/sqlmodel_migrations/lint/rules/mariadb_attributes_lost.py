"""MODIFY and CHANGE say a column anew: what they do not repeat is gone.

On MariaDB and MySQL a change of the type takes NOT NULL, the default, the comment and the collation
away unless the statement says them again. Nothing fails. Alembic repeats what it is told by
existing_nullable, existing_server_default and existing_comment; our own executor fills in what is
missing, so that this is a note where it runs the revisions.
Source: https://mariadb.com/kb/en/alter-table/#modify-column
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import ATTRIBUTES, Match, is_modify, names

HAZARDS = (Hazard.OBJECT_LOSS,)
SEVERITY = Severity.ERROR
SUMMARY = "A column loses what MODIFY does not repeat: NOT NULL, default, comment, collation."

_FIX = """\
op.alter_column(
    "{table}", "{column}", ...,
    existing_nullable=..., existing_server_default=..., existing_comment=...
)
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find attributes that a column had, and has no more after it was said anew."""
    for statement in recording.statements if recording.dialect in ("mysql", "mariadb") else ():
        lost = [x for x in statement.facts.losses if x.kind in ATTRIBUTES]
        if lost and is_modify(statement):
            things = ", ".join(dict.fromkeys(x.kind for x in lost))
            columns = names(dict.fromkeys(f"{x.table}.{x.name}" for x in lost))
            yield Match(
                Hazard.OBJECT_LOSS,
                statement,
                f"{columns} loses what is not repeated: {things}",
                "say what the column has: existing_nullable, existing_server_default,"
                " existing_comment",
                _FIX.format(table=lost[0].table, column=lost[0].name),
            )
