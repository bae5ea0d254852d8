"""What is to be seen of a migration that runs: changed by events, drawn as often as one likes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from sqlmodel_migrations.events import (
    Blocked,
    Event,
    Locked,
    MoveFinished,
    MoveStarted,
    Retrying,
    RevisionFinished,
    RevisionStarted,
    ServerAwaited,
    StatementFinished,
    StatementStarted,
    Waiting,
)
from sqlmodel_migrations.project.duration import said
from sqlmodel_migrations.report.progress import words

_ID, _DIM, _WAITING, _DONE = "cyan", "dim", "yellow", "green"


@dataclass
class Picture:
    """`now` counts seconds; `is_moving` says whether there is something to draw."""

    now: Callable[[], float] = time.monotonic
    is_unicode: bool = True
    is_moving: bool = False
    _revision: _Revision | None = None
    _statement: str = ""
    _awaited: str = ""
    _total: int = 0
    _done: int = 0
    _started: float = 0.0

    def __post_init__(self) -> None:
        self._spinner = Spinner("dots" if self.is_unicode else "line", style=_ID)

    def change(self, event: Event) -> Text | None:
        """Take in an event, and return the line that is to stay of it."""
        match event:
            case ServerAwaited() | Waiting() | Blocked():
                self._wait(words.sentence(event) or "")
                return None
            case Locked():
                self.is_moving, self._awaited = False, ""
            case MoveStarted():
                self._total, self._done = len(event.revisions), 0
                self._started, self.is_moving = self.now(), bool(event.revisions)
            case RevisionStarted():
                self._revision = _Revision(event, self.now())
            case StatementStarted():
                self._statement, self._awaited = event.statement, ""
            case StatementFinished():
                self._finish_statement(event.rows or 0)
            case RevisionFinished():
                return self._finish_revision(event)
            case Retrying():
                self._statement, self._revision = "", None
            case MoveFinished():
                self.is_moving = False
        sentence = words.sentence(event)
        return Text(sentence, style=_WAITING) if sentence else None

    def draw(self) -> RenderableType:
        """Return the picture as it is now: what runs, what it waits for, how far the whole is."""
        return Group(*self._parts())

    def _parts(self) -> Iterator[RenderableType]:
        if self._revision is not None:
            yield _beside(self._spinner, self._revision.line(self.now()))
            if self._statement:
                yield _beside("", _one_line(self._statement, _DIM))
        if self._awaited:
            mark = "" if self._revision else self._spinner
            yield _beside(mark, Text(self._awaited, _WAITING))
        if self._total > 1:
            yield self._whole()

    def _wait(self, sentence: str) -> None:
        self.is_moving, self._awaited = True, sentence

    def _finish_statement(self, rows: int) -> None:
        self._statement = self._awaited = ""
        if self._revision is not None:
            self._revision.rows += rows

    def _finish_revision(self, event: RevisionFinished) -> Text | None:
        self._done, revision = event.number, self._revision
        self._revision, self._statement = None, ""
        if revision is None:
            return None
        mark = "✓ " if self.is_unicode else "  "
        return Text.assemble((mark, _DONE), revision.line(revision.started + event.elapsed))

    def _whole(self) -> RenderableType:
        width = len(str(self._total))
        elapsed = said(self.now() - self._started)
        grid = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=self._total, completed=self._done, width=40)
        grid.add_row(bar, f"{self._done:>{width}} of {self._total}", Text(elapsed, style=_DIM))
        return grid


@dataclass
class _Revision:
    """The revision that runs, and how many rows its statements have changed."""

    event: RevisionStarted
    started: float
    rows: int = 0

    def line(self, now: float) -> Text:
        """Say which one it is, of how many, and what it has done."""
        width = len(str(self.event.total))
        parts = [(f"{self.event.number:>{width}}/{self.event.total}", "")]
        parts += [(self.event.revision, _ID), (self.event.message, "")]
        parts += [(words.rows(self.rows), _DIM)] if self.rows else []
        parts += [(said(now - self.started), _DIM)]
        return Text("  ").join(Text(text, style) for text, style in parts if text)


def _beside(mark: RenderableType, text: Text) -> RenderableType:
    grid = Table.grid(expand=True)
    grid.add_column(width=2)
    grid.add_column(ratio=1)
    grid.add_row(mark, text)
    return grid


def _one_line(text: str, style: str) -> Text:
    return Text(" ".join(text.split()), style, no_wrap=True, overflow="ellipsis")
