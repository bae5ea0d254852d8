"""What happens while a database is migrated: frozen values, pushed to a callback as they happen.

They come from the thread that runs, but for `Blocked`, which a watching thread sends. Times are
seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Blocker:
    """A session that holds what we wait for; `age` is how long its transaction has lasted."""

    pid: int
    age: float
    state: str
    query: str

    def __str__(self) -> str:
        query = " ".join(self.query.split())[:200]
        session = f"pid {self.pid}, {self.state}, for {self.age:.0f} s"
        # MariaDB does not tell what a session did that sleeps in its transaction.
        return f"{session}: {query}" if query else session


@dataclass(frozen=True)
class Waiting:
    """The migration lock is held by `holder`, a text with pid, host and since; None if unknown."""

    holder: str | None
    elapsed: float
    timeout: float


@dataclass(frozen=True)
class Locked:
    """The migration lock is ours, after `waited` seconds."""

    waited: float


@dataclass(frozen=True)
class ServerAwaited:
    """The server does not answer yet: `reason`; it is tried again until `timeout` has passed."""

    reason: str
    elapsed: float
    timeout: float


@dataclass(frozen=True)
class MoveStarted:
    """`revisions` are about to run, ids in their order."""

    revisions: tuple[str, ...]
    direction: str


@dataclass(frozen=True)
class RevisionStarted:
    """Revision `number` of `total` starts; `resumed` where an interrupted run of it goes on."""

    revision: str
    message: str
    number: int
    total: int
    direction: str
    resumed: bool = False


@dataclass(frozen=True)
class StatementStarted:
    """A statement is about to be sent; `statement` is its text without parameters."""

    revision: str
    number: int
    statement: str


@dataclass(frozen=True)
class StatementFinished:
    """It was answered after `elapsed` seconds; `rows` is how many it changed, where known."""

    revision: str
    number: int
    elapsed: float
    rows: int | None = None


@dataclass(frozen=True)
class Blocked:
    """A statement has been waiting for a lock for `elapsed` seconds."""

    revision: str
    statement: str
    elapsed: float
    blockers: tuple[Blocker, ...]


@dataclass(frozen=True)
class Retrying:
    """The revision was rolled back because of `reason` and starts again after `delay` seconds."""

    revision: str
    reason: str
    attempt: int
    attempts: int
    delay: float


@dataclass(frozen=True)
class RevisionFinished:
    """The revision and its version row are committed (or, in one transaction, about to be)."""

    revision: str
    number: int
    total: int
    elapsed: float


@dataclass(frozen=True)
class BackupMade:
    """The SQLite file was copied to `path`."""

    path: str


@dataclass(frozen=True)
class BackupRestored:
    """The copy was put back after a failure."""

    path: str


@dataclass(frozen=True)
class StopRequested:
    """Somebody asked to stop: it ends after the statement that runs."""

    signal: str


@dataclass(frozen=True)
class MoveFinished:
    """The heads as a new connection reads them."""

    heads: tuple[str, ...]
    elapsed: float


Event = (
    ServerAwaited
    | Waiting
    | Locked
    | BackupMade
    | MoveStarted
    | RevisionStarted
    | StatementStarted
    | StatementFinished
    | Blocked
    | Retrying
    | RevisionFinished
    | BackupRestored
    | StopRequested
    | MoveFinished
)

Emit = Callable[[Event], None]


def ignore(_: Event) -> None:
    """Tell nobody."""
