"""Events that are held until what they tell of is certain."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from sqlmodel_migrations.events import (
    Emit,
    Event,
    MoveStarted,
    RevisionFinished,
    RevisionStarted,
    StatementFinished,
    StatementStarted,
)
from sqlmodel_migrations.run.failure import Progress
from sqlmodel_migrations.run.pipeline import Pipeline

_ONCE = (MoveStarted, RevisionStarted, RevisionFinished)


@dataclass(frozen=True)
class _Line:
    """A line for the log, about a revision."""

    revision: str | None
    write: Callable[[], None]


@dataclass
class HeldEvents:
    """Events on their way to `emit`, and lines to the log, held while answers are unread.

    What was told of a revision that runs again is not told again. `certain` is how many revisions
    had been applied when all was answered.
    """

    emit: Emit
    pipeline: Pipeline
    progress: Progress
    certain: int = 0
    _held: list[Event | _Line] = field(default_factory=list)
    _told: set[tuple[type, str | None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.pipeline.settled = self.settle

    def take(self, event: Event | _Line) -> None:
        """Hold an event or a line, or tell it."""
        if self.pipeline.is_open:
            self._held.append(event)
        else:
            self._tell(event)

    def log(self, revision: str | None, write: Callable[[], None]) -> None:
        """Hold a line about a revision, or write it."""
        self.take(_Line(revision, write))

    def settle(self) -> None:
        """Take note that all is answered, and tell what is held."""
        self.certain = len(self.progress.applied)
        self._release()

    def _tell(self, event: Event | _Line) -> None:
        revision = _revision(event)
        is_statement = isinstance(event, StatementStarted | StatementFinished)
        if (RevisionFinished if is_statement else type(event), revision) in self._told:
            return
        if isinstance(event, (*_ONCE, _Line)):
            self._told.add((type(event), revision))
        event.write() if isinstance(event, _Line) else self.emit(event)

    def _release(self) -> None:
        held, self._held = self._held, []
        for event in held:
            self._tell(event)

    def release_of(self, revisions: Collection[str]) -> None:
        """Tell what is held, but not of other revisions than these: that did not happen."""
        certain = {None, *revisions}
        self._held = [event for event in self._held if _revision(event) in certain]
        self._release()


def _revision(event: Event | _Line) -> str | None:
    return getattr(event, "revision", None)
