"""The cause of a break: what a statement did that the old code cannot live with."""

from __future__ import annotations

import enum

from sqlmodel_migrations.lint.recording import Broken, RecordedStatement


class Cause(enum.StrEnum):
    """What became of the thing that the old code speaks of."""

    COLUMN_GONE = "column gone"
    COLUMN_RENAMED = "column renamed"
    TABLE_GONE = "table gone"
    TABLE_RENAMED = "table renamed"
    TYPE_CHANGED = "type changed"
    VALUE_DEMANDED = "value demanded"
    OTHER = "other"


def of(statement: RecordedStatement, broken: Broken) -> Cause:
    """Return why `broken` fails after `statement`."""
    losses = statement.facts.losses
    if any(loss.kind == "table" and loss.table == broken.table for loss in losses):
        return Cause.TABLE_GONE
    if any(loss.kind == "column" and loss.table == broken.table for loss in losses):
        return Cause.COLUMN_GONE
    changes = [c for c in statement.facts.changes if c.table == broken.table]
    gone = [c for c in changes if c.before is not None and c.after is None]
    if any(change.kind == "table" for change in gone) and not broken.is_there:
        return Cause.TABLE_RENAMED
    if any(change.kind == "column" for change in gone):
        return Cause.COLUMN_RENAMED
    if any(change.kind == "type" for change in changes):
        return Cause.TYPE_CHANGED
    if broken.statement.startswith(("INSERT NULL in '", "INSERT without '")):
        return Cause.VALUE_DEMANDED
    return Cause.OTHER


def breaks(statement: RecordedStatement, cause: Cause) -> dict[str, str]:
    """Return the tables whose old statements fail for this cause, each with one reason."""
    found: dict[str, str] = {}
    for broken in statement.facts.broken:
        if of(statement, broken) is cause:
            found.setdefault(broken.table, broken.reason)
    return found
