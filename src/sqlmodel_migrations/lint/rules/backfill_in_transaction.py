"""UPDATE or DELETE of most rows in one transaction locks each of them until the end.

Whoever wants to change one of these rows waits; the old versions of all rows stay on the disk; a
failure undoes the work of hours. Change a few thousand rows at a time and commit each batch.
Source: https://www.postgresql.org/docs/current/mvcc-intro.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint import batch
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import RecordedStatement, Recording
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

_MARIADB = """\
with op.get_context().autocommit_block():
    connection = op.get_bind()
    while connection.execute(sa.text(
        "UPDATE {table} SET ... WHERE ... LIMIT 5000"
    )).rowcount:
        pass
"""


def find(recording: Recording) -> Iterator[Match]:
    """Find the statement with which a transaction has changed half of a table."""
    changed: dict[tuple[int | None, str], int] = {}
    rows: dict[str, int] = {}
    loops = Counter((s.transaction, batch.key(s)) for s in measured(recording))
    for statement in measured(recording):
        limit = _limit(statement, loops[statement.transaction, batch.key(statement)])
        found = []
        for table, facts in touched(statement).items():
            if facts.updated + facts.deleted <= limit and batch.names(statement, table):
                continue
            place = (statement.transaction, table)
            before = changed.get(place, 0) if statement.transaction is not None else 0
            own = facts.updated + facts.deleted
            if not statement.is_undone:  # going back to a savepoint unlocks its rows
                changed[place] = before + own
            all_ = rows.setdefault(table, facts.rows)  # batches that delete leave fewer and fewer
            is_news = 2 * before < all_ or 2 * own >= all_
            if own and 2 * (before + own) >= all_ and is_news:
                found.append(table)
        if found:
            yield Match(
                Hazard.MASS_DML,
                statement,
                f"most rows of {names(found)} are locked until the transaction ends",
                "change them in batches, each in a transaction of its own",
                (_FIX if recording.dialect != "mysql" else _MARIADB).format(table=found[0]),
                tuple(found),
            )


def _limit(statement: RecordedStatement, times: int) -> int:
    """How many rows a statement says that it changes, if it is alone in its transaction; 0 if not.

    That is few enough. A guess has taken the text into account already.
    """
    if not statement.is_measured or (statement.transaction is not None and times > 1):
        return 0
    return max((limit for limit in batch.limits(statement) if limit <= batch.MOST), default=0)
