"""The whole table is copied while nobody can write, and mostly nobody read.

VACUUM FULL, CLUSTER, SET LOGGED or UNLOGGED, another tablespace, and REFRESH MATERIALIZED VIEW
without CONCURRENTLY do this. It lasts as long as the table is large, and needs its size on the
disk once more.
Source: https://www.postgresql.org/docs/current/explicit-locking.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import RecordedStatement, Recording
from sqlmodel_migrations.lint.rules.base import Match, added, changed, measured, rewritten, stopped

HAZARDS = (Hazard.TABLE_REWRITE,)
SEVERITY = Severity.ERROR
SUMMARY = "A whole table or stored query is copied while others wait."


def find(recording: Recording) -> Iterator[Match]:
    """Find table rewrites for which no column is the reason."""
    for statement in measured(recording):
        tables = rewritten(statement)
        if not tables or added(statement, "column") or changed(statement, "type"):
            continue
        yield Match(
            Hazard.TABLE_REWRITE,
            statement,
            f"{stopped(statement, tables)} while all of it is copied",
            _advice(statement, tables, recording.dialect),
            tables=tables,
        )


def _advice(statement: RecordedStatement, tables: Iterable[str], dialect: str) -> str:
    """What to do instead."""
    if any(statement.facts.tables[table].is_stored_query for table in tables):
        return "refresh it CONCURRENTLY: it needs a unique index"
    tool = "pg_repack" if dialect == "postgresql" else "gh-ost"
    return f"do it in a maintenance window, or with {tool}"
