"""The ledger: when which revision ran, for how long, by what, and from which script.

Alembic keeps one row that says where a database is; this keeps how it came there. Revisions that
plain `alembic` ran have no row, and nothing is known of them.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
import socket
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    ColumnElement,
    Connection,
    RootTransaction,
    Table,
    and_,
    func,
    insert,
    select,
    text,
    update,
)

from sqlmodel_migrations.database import dialects
from sqlmodel_migrations.history import checksum
from sqlmodel_migrations.history.checksum import Checksum
from sqlmodel_migrations.history.checksums import Checksums
from sqlmodel_migrations.run import side_table
from sqlmodel_migrations.version import __version__

UPGRADE, DOWNGRADE, STAMP, ACCEPT = "upgrade", "downgrade", "stamp", "accept"


@dataclass(frozen=True)
class Line:
    """One row; `checksum` is None for a stamp and for a script without source.

    Times are UTC. `finished` is None while the revision runs, and where it was interrupted.
    """

    revision: str
    direction: str
    checksum: Checksum | None
    started: datetime.datetime
    finished: datetime.datetime | None
    tool: str
    host: str
    pid: int

    @property
    def seconds(self) -> float | None:
        """How long it took."""
        if self.finished is None:
            return None
        return (self.finished - self.started).total_seconds()


@dataclass
class Ledger:
    """The rows of one history; `is_wanted` says whether the table is made where it is missing."""

    context: MigrationContext
    is_wanted: bool
    checksums: Checksums = field(default_factory=Checksums)
    _open: int | None = None
    _last: int | None = None
    _late: list[dict[str, Any]] | None = None
    _started: datetime.datetime = field(default_factory=lambda: _now())
    _clock: float = 0.0
    _made_in: RootTransaction | None = None
    """The transaction in which the table was made here; it may have been rolled back."""

    @cached_property
    def table(self) -> Table:
        """The table, whether it is there or not."""
        return side_table.history(self.context)

    @cached_property
    def exists(self) -> bool:
        """Whether it is there; asked once."""
        return side_table.exists(self._connection, self.table)

    def begin(self) -> None:
        """Note when a revision starts, before its transaction does."""
        self._started, self._clock, self._open = _now(), time.monotonic(), None
        self._look_again()
        if self._is_opened:
            self._make()

    def open(self, revision: str, direction: str, path: Path | None) -> None:
        """Write that a revision runs, in its transaction, where DDL commits in the middle of it.

        An interrupted run that has changed anything leaves this row.
        """
        if not self._is_opened or (self._open is not None and self._has(self._open)):
            return
        row = self._row(revision, direction, path, finished=None)
        self._connection.execute(insert(self.table), row)
        self._open = row["id"]

    @property
    def _is_opened(self) -> bool:
        return self.is_kept and dialects.of(self.context.dialect.name).commits_ddl()

    def _has(self, id: int) -> bool:
        """Whether a row is there; it may have been rolled back."""
        mine = select(self.table.c.id).where(self._ours, self.table.c.id == id)
        return self._connection.execute(mine).first() is not None

    def finish(self, revision: str, direction: str, path: Path | None) -> dict[str, Any] | None:
        """Write that a revision has run, in the transaction that will commit it.

        What is returned is a row that is still to be written there.
        """
        self._look_again()
        if not self.is_kept:
            return None
        elapsed = datetime.timedelta(seconds=time.monotonic() - self._clock)
        finished = self._started + elapsed
        if self._open is None:
            self._make()
            row = self._row(revision, direction, path, finished)
            if self._late is None:
                return row
            self._late.append(row)
            return None
        mine = update(self.table).where(self._ours, self.table.c.id == self._open)
        self._connection.execute(mine.values(finished_at=_text(finished)))
        return None

    @contextlib.contextmanager
    def late(self) -> Iterator[None]:
        """Write the rows of the revisions that run inside together, at the end."""
        self._late = []
        try:
            yield
            if self._late:
                self._connection.execute(insert(self.table), self._late)
        finally:
            self._late = None

    def note(self, revisions: Iterable[str], direction: str, paths: Mapping[str, Path]) -> None:
        """Write that revisions were stamped, or their edited scripts accepted."""
        if not self.is_kept:
            return
        self._make()
        self._started = _now()
        paths_of = ((revision, paths.get(revision)) for revision in revisions)
        rows = [self._row(known, direction, path, self._started) for known, path in paths_of]
        if rows:
            self._connection.execute(insert(self.table), rows)

    def lines(self) -> tuple[Line, ...]:
        """Return every row, oldest first; raises `UsageError` for those of a newer release."""
        if not self.exists:
            return ()
        query = select(text("*")).select_from(self.table).where(self._ours)
        query = query.order_by(self.table.c.id)
        rows = self._connection.execute(query).mappings().all()
        side_table.require_known(rows, self.table)
        return tuple(_line(row) for row in rows)

    @property
    def is_kept(self) -> bool:
        """Whether rows are written: the table is there, or may be made."""
        return self.is_wanted or self.exists

    @property
    def _ours(self) -> ColumnElement[bool]:
        return and_(self.table.c.version_table == self.context.version_table)

    @property
    def _connection(self) -> Connection:
        assert self.context.connection is not None
        return self.context.connection

    def _look_again(self) -> None:
        """See whether the table is there where the transaction that made it has ended."""
        if self._made_in not in (None, self._connection.get_transaction()):
            self.exists, self._made_in = side_table.exists(self._connection, self.table), None

    def _make(self) -> None:
        if not self.exists:
            self.table.create(self._connection, checkfirst=False)
            self.exists, self._made_in = True, self._connection.get_transaction()

    def _row(
        self,
        revision: str,
        direction: str,
        path: Path | None,
        finished: datetime.datetime | None,
    ) -> dict[str, Any]:
        known = self.checksums.of(path) if path is not None and direction != STAMP else None
        return {
            "version_table": self.context.version_table,
            "id": self._next_id(),
            "revision": revision,
            "direction": direction,
            "checksum": known and known.tree,
            "source": known and known.source,
            "started_at": _text(self._started),
            "finished_at": finished and _text(finished),
            "tool": __version__,
            "host": _host(),
            "pid": os.getpid(),
            "format": side_table.FORMAT,
        }

    def _next_id(self) -> int:
        """One more than the last; the lock of the migrations keeps others out.

        Of a row that was rolled back a gap is left.
        """
        if self._last is None:
            last = select(func.max(self.table.c.id)).where(self._ours)
            self._last = int(self._connection.execute(last).scalar() or 0)
        self._last += 1
        return self._last


def latest(lines: Iterable[Line]) -> dict[str, Line]:
    """Return for each revision the run that made it what it is; none for one taken back since.

    An accepted script replaces the checksum of the run before it.
    """
    found: dict[str, Line] = {}
    for line in lines:
        if line.finished is None:
            continue
        if line.direction == DOWNGRADE:
            found.pop(line.revision, None)
        elif line.direction == ACCEPT and line.revision in found:
            found[line.revision] = replace(found[line.revision], checksum=line.checksum)
        else:
            found[line.revision] = line
    return found


def edited(lines: Mapping[str, Line], paths: Mapping[str, Path]) -> tuple[str, ...]:
    """Return the revisions whose script does something else than when it ran, in that order."""
    return tuple(
        revision
        for revision, line in lines.items()
        if line.checksum is not None
        and revision in paths
        and checksum.is_edited(paths[revision], line.checksum)
    )


def _line(row: Mapping[Any, Any]) -> Line:
    known = Checksum(row["checksum"], row["source"]) if row["checksum"] else None
    finished = row["finished_at"]
    return Line(
        revision=row["revision"],
        direction=row["direction"],
        checksum=known,
        started=datetime.datetime.fromisoformat(row["started_at"]),
        finished=None if finished is None else datetime.datetime.fromisoformat(finished),
        tool=row["tool"],
        host=row["host"],
        pid=int(row["pid"]),
    )


@functools.cache
def _host() -> str:
    return socket.gethostname()


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _text(moment: datetime.datetime) -> str:
    return moment.isoformat(timespec="microseconds")
