"""UPDATE or DELETE of most rows in one transaction locks each of them until the end.

Whoever wants to change one of these rows waits; the old versions of all rows stay on the disk; a
failure undoes the work of hours. Change a few thousand rows at a time and commit each batch.
Source: https://www.postgresql.org/docs/current/mvcc-intro.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, measured, names, touched

HAZARDS = (Hazard.MASS_DML,)
SEVERITY = Severity.ERROR
SUMMARY = "Half or more of a table's rows are changed in one transaction."

_FIX = """\
with op.get_context().autocommit_block():
    connection = op.get_bind()
    while connection.execute(sa.text(
        "UPDATE {table} SET ... WHERE id IN"
        " (SELECT id FROM {table} WHERE ... LIMIT 5000)"
    )).rowcount:
        pass
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find the statement with which a transaction has changed half of a table."""
    changed: dict[tuple[int | None, str], int] = {}
    rows: dict[str, int] = {}
    for statement in measured(recording):
        found = []
        for table, facts in touched(statement).items():
            place = (statement.transaction, table)
            before = changed.get(place, 0) if statement.transaction is not None else 0
            changed[place] = before + facts.updated + facts.deleted
            all_ = rows.setdefault(table, facts.rows)  # batches that delete leave fewer and fewer
            is_news = 2 * before < all_ or 2 * (facts.updated + facts.deleted) >= all_
            if changed[place] > before and 2 * changed[place] >= all_ and is_news:
                found.append(table)
        if found:
            yield Match(
                Hazard.MASS_DML,
                statement,
                f"most rows of {names(found)} are locked until the transaction ends",
                "change them in batches, each in a transaction of its own",
                _FIX.format(table=found[0]),
                tuple(found),
            )
