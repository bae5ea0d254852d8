"""The whole table is copied while nobody can write, and mostly nobody read.

VACUUM FULL, CLUSTER, SET LOGGED or UNLOGGED, another tablespace, and REFRESH MATERIALIZED VIEW
without CONCURRENTLY do this. It lasts as long as the table is large, and needs its size on the
disk once more.
Source: https://www.postgresql.org/docs/current/explicit-locking.html
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel_migrations.diagnostics import Severity
from sqlmodel_migrations.lint.hazards import Hazard
from sqlmodel_migrations.lint.recording import Recording
from sqlmodel_migrations.lint.rules.base import Match, added, changed, measured, names, rewritten

HAZARDS = (Hazard.TABLE_REWRITE,)
SEVERITY = Severity.ERROR
SUMMARY = "A whole table or stored query is copied while others wait."


def find(recording: Recording) -> Iterator[Match]:
    """Find table rewrites for which no column is the reason."""
    for statement in measured(recording):
        tables = rewritten(statement)
        if not tables or added(statement, "column") or changed(statement, "type"):
            continue
        stored = any(statement.facts.tables[table].is_stored_query for table in tables)
        yield Match(
            Hazard.TABLE_REWRITE,
            statement,
            f"nobody reads or writes {names(tables)} while all of it is copied",
            "refresh it CONCURRENTLY: it needs a unique index"
            if stored
            else "do it in a maintenance window, or with pg_repack",
            tables=tables,
        )
