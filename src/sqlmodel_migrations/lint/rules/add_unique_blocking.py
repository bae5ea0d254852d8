"""A UNIQUE, PRIMARY KEY or EXCLUDE constraint builds an index while nobody can read or write.

On PostgreSQL ALTER TABLE … ADD CONSTRAINT takes an ACCESS EXCLUSIVE lock for as long as the index
is built. Build a unique index concurrently first; ADD CONSTRAINT … USING INDEX then only takes it
over. An EXCLUDE constraint has no such way: a maintenance window is needed.
Source: https://www.postgresql.org/docs/current/sql-altertable.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import RecordedStatement, Recording
from sqlmodel_migrations.lint.rules.base import Match, built, constraints, measured, stopped

HAZARDS = (Hazard.INDEX_LOCK,)
SEVERITY = Severity.ERROR
SUMMARY = "A unique constraint is added to an existing table, and its index built while all wait."

_KINDS = ("UNIQUE", "PRIMARY KEY")
_FIX = """\
with op.get_context().autocommit_block():
    op.create_index(
        "{name}", "{table}", [...], unique=True, postgresql_concurrently=True
    )

# in the next revision
op.execute("ALTER TABLE {table} ADD CONSTRAINT {name} {kind} USING INDEX {name}")
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find constraints whose index a statement built."""
    for statement in measured(recording):
        new = {c.name: c for c in constraints(statement, *_KINDS, "EXCLUDE")}
        for table, indexes in built(statement).items():
            for name in indexes:
                if name in new:
                    yield _match(statement, table, name, str(new[name].after))


def _match(statement: RecordedStatement, table: str, name: str, definition: str) -> Match:
    kind = next((kind for kind in _KINDS if definition.startswith(kind)), None)
    return Match(
        Hazard.INDEX_LOCK,
        statement,
        f"{stopped(statement, [table])} while the index of '{name}' is built",
        "build a unique index concurrently, then add the constraint with it"
        if kind
        else "add it while nobody writes: there is no other way to an EXCLUDE constraint",
        _FIX.format(name=name, table=table, kind=kind) if kind else None,
        (table,),
    )
