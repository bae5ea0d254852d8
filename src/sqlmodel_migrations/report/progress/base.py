"""The shape of a progress: events in, something to see out, and a place for log lines between."""

from __future__ import annotations

from typing import Protocol, TextIO

from sqlmodel_migrations.events import Event


class Progress(Protocol):
    """Shows what happens until it is closed.

    Events come from several threads. What others want to say meanwhile is written to `stream`,
    in whole lines; log records below `level` are not needed beside what is shown.
    """

    @property
    def stream(self) -> TextIO:
        """Where lines of others go."""

    @property
    def level(self) -> int:
        """The lowest level of log records to be written there."""

    def tell(self, event: Event) -> None:
        """Show an event, or what follows from it."""

    def close(self) -> None:
        """Show the rest; nothing happens any more."""
