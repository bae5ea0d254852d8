"""The statements that a revision sends: which of them change rows on purpose."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event

from sqlmodel_migrations.prove.rows import Loss

_LEADING = re.compile(r"(?:\s|--[^\n]*(?:\n|\Z)|/\*.*?\*/|;)*(\w+)", re.DOTALL)
_REMOVES = frozenset(("DELETE", "TRUNCATE", "REPLACE", "MERGE", "WITH", "DO", "CALL"))
_CHANGES = frozenset(("UPDATE", "REPLACE", "MERGE", "WITH", "DO", "CALL"))

_LOOKS = frozenset(
    ("SELECT", "PRAGMA", "SHOW", "SET", "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
)


@dataclass
class Statements:
    """What was sent, in order; statements about the version table are left out."""

    version_table: str
    texts: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        if self.version_table not in text:
            self.texts.append(text)

    @property
    def change_nothing(self) -> bool:
        """Whether nothing was sent but what only looks, or begins and ends transactions."""
        verbs = (_LEADING.match(text) for text in self.texts)
        return all(verb is not None and verb[1].upper() in _LOOKS for verb in verbs)

    def means(self, loss: Loss) -> bool:
        """Whether the revision itself says that these rows or values are to change.

        A table that is copied and swapped in loses rows without a DELETE of the script's.
        """
        if loss.kind == "rows":
            return any(self._mentions(text, _REMOVES, loss.table) for text in self.texts)
        names = [loss.table] if loss.column is None else [loss.table, loss.column]
        return any(self._mentions(text, _CHANGES, *names) for text in self.texts)

    def _mentions(self, text: str, verbs: frozenset[str], *names: str) -> bool:
        first = _LEADING.match(text)
        if first is None or first[1].upper() not in verbs:
            return False
        return all(name.rpartition(".")[2] in text for name in names)


@contextlib.contextmanager
def watched(connection: Connection, version_table: str) -> Iterator[Statements]:
    """Note every statement that is sent on `connection`."""
    found = Statements(version_table)

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.add(statement)

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(connection, "before_cursor_execute", note)
