"""The journal's table: read, written and emptied, in whatever transaction is open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    and_,
    delete,
    insert,
    select,
    text,
    update,
)

from sqlmodel_migrations.run import side_table
from sqlmodel_migrations.run.effect import Before

INTENT, DONE = "intent", "done"


@dataclass
class Entry:
    """One statement; `text` has no passwords, `before` is set where its effect had to be seen.

    An entry that is `INTENT` took effect if there is a later one.
    """

    position: int
    state: str
    digest: str
    text: str
    before: Before | None = None
    answer: str | None = None


@dataclass(frozen=True)
class Key:
    """Whose statements: a revision on its way up or down."""

    revision: str
    direction: str


@dataclass
class JournalTable:
    """The rows of one version table's history; `connection` is beside that of the script."""

    context: MigrationContext
    connection: Connection

    @cached_property
    def table(self) -> Table:
        """The table, whether it is there or not."""
        return side_table.journal(self.context)

    @cached_property
    def exists(self) -> bool:
        """Whether it is there; asked once."""
        return side_table.exists(self.connection, self.table)

    def make(self) -> None:
        """Make it where it is missing; MariaDB and MySQL commit what is open."""
        if not self.exists:
            self.table.create(self.connection, checkfirst=False)
            self.exists = True

    def read(self) -> dict[Key, list[Entry]]:
        """Return what is written of revisions under way, in order; raises `UsageError`."""
        if not self.exists:
            return {}
        query = select(text("*")).select_from(self.table).where(self._ours)
        rows = self.connection.execute(query).mappings().all()
        side_table.require_known(rows, self.table)
        found: dict[Key, list[Entry]] = {}
        for row in sorted(rows, key=lambda row: int(row["position"])):
            key = Key(row["revision"], row["direction"])
            before = row["fingerprint"]
            entry = Entry(
                int(row["position"]),
                row["state"],
                row["digest"],
                row["statement"],
                None if before is None else json.loads(before),
                row["answer"],
            )
            found.setdefault(key, []).append(entry)
        return found

    def write(self, key: Key, entries: Sequence[Entry]) -> None:
        """Add entries; the table is there."""
        rows = [
            {
                "version_table": self.context.version_table,
                "revision": key.revision,
                "direction": key.direction,
                "position": entry.position,
                "state": entry.state,
                "digest": entry.digest,
                "statement": entry.text,
                "fingerprint": None if entry.before is None else json.dumps(entry.before),
                "answer": entry.answer,
                "format": side_table.FORMAT,
            }
            for entry in entries
        ]
        self.connection.execute(insert(self.table), rows)

    def change(self, key: Key, entry: Entry) -> None:
        """Write the state and the answer of an entry that is there."""
        which = and_(self._of(key), self.table.c.position == entry.position)
        values = {"state": entry.state, "answer": entry.answer}
        self.connection.execute(update(self.table).where(which).values(values))

    def settle(self, key: Key, before: int) -> None:
        """Write that every entry before a position took effect."""
        which = and_(self._of(key), self.table.c.position < before, self.table.c.state == INTENT)
        self.connection.execute(update(self.table).where(which).values(state=DONE))

    def forget(self, key: Key, since: int = 0) -> None:
        """Delete a revision's entries from a position on."""
        self.connection.execute(
            delete(self.table).where(self._of(key), self.table.c.position >= since)
        )

    def is_empty(self) -> bool:
        """Whether no history has anything in it."""
        return self.connection.execute(select(self.table.c.position).limit(1)).first() is None

    def drop(self) -> None:
        """Take it away."""
        self.table.drop(self.connection, checkfirst=False)
        self.exists = False

    def forget_all(self, connection: Connection) -> None:
        """Delete every entry, on the connection that is given."""
        if self.exists:
            connection.execute(delete(self.table).where(self._ours))

    @property
    def _ours(self) -> ColumnElement[bool]:
        return and_(self.table.c.version_table == self.context.version_table)

    def _of(self, key: Key) -> ColumnElement[bool]:
        columns = self.table.c
        return and_(
            self._ours, columns.revision == key.revision, columns.direction == key.direction
        )
