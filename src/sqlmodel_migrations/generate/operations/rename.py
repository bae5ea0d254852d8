"""Renames of tables and columns, as statements that know which names they change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlmodel_migrations.generate.operations.statement import StatementOp


@dataclass
class RenameOp(StatementOp):
    """Rename a column of table `key`, or the table itself: `old` and `new` are then keys."""

    key: str = ""
    old: str = ""
    new: str = ""
    is_column: bool = False


@dataclass
class Former:
    """What a table was called before: its key, and its renamed columns by their new names."""

    key: str
    columns: dict[str, str] = field(default_factory=dict)


def formers(statements: Iterable[StatementOp]) -> Mapping[str, Former]:
    """Return the former names of every table that `statements` rename something of, by its key."""
    found: dict[str, Former] = {}
    for rename in statements:
        if not isinstance(rename, RenameOp):
            continue
        former = found.setdefault(rename.key, Former(rename.key))
        if rename.is_column:
            former.columns[rename.new] = former.columns.pop(rename.old, rename.old)
        else:
            found[rename.new] = found.pop(rename.key)
    return found
