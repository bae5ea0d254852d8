"""A picture on a terminal, drawn again and again while a migration runs or waits.

What is done stays as a line above it. Before it begins, and after, the terminal is free: a
question may be asked. rich is imported when there is something to show: mostly there is not.
"""

from __future__ import annotations

import logging
import sys
import threading
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TextIO

from sqlmodel_migrations.events import Event
from sqlmodel_migrations.report.progress.line_stream import LineStream

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from sqlmodel_migrations.report.progress.picture import Picture

_FRAMES_PER_SECOND = 8.0


class LiveProgress:
    """Draws on `stream`, which is a terminal; nothing is coloured without `colour`."""

    level = logging.WARNING

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        self._target, self._colour = stream, colour
        self._live: Live | None = None
        self._lock = threading.Lock()
        self.stream: TextIO = LineStream(self._print)

    def tell(self, event: Event) -> None:
        """Change the picture, and leave a line of what is done."""
        with self._lock:
            line = self._picture.change(event)
            if line is not None:
                self._print(line)
            if self._picture.is_moving:
                self._start()
            else:
                self._stop()

    def close(self) -> None:
        """Leave the terminal as it was."""
        with self._lock:
            self._stop()

    @cached_property
    def _console(self) -> Console:
        from rich.console import Console

        system: Literal["auto"] | None = "auto" if self._colour else None
        return Console(file=self._target, color_system=system, highlight=False)

    @cached_property
    def _picture(self) -> Picture:
        from sqlmodel_migrations.report.progress.picture import Picture

        return Picture(is_unicode=self._console.encoding.startswith("utf"))

    def _print(self, line: str | Text) -> None:
        self._console.print(line, soft_wrap=True, markup=False)

    def _start(self) -> None:
        from rich.live import Live

        if self._live is None:
            self._live = Live(
                get_renderable=self._picture.draw,
                console=self._console,
                refresh_per_second=_FRAMES_PER_SECOND,
                transient=True,
                # What goes into a file is none of the terminal's business.
                redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
            )
            self._live.start()

    def _stop(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
