"""Lines, where nobody watches or a file is written: only what log lines do not say."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TextIO

from sqlmodel_migrations.events import Blocked, Event, ServerAwaited, Waiting
from sqlmodel_migrations.report.progress import words

# Seconds after which a line is repeated that says who is still waited for.
_AGAIN = 10.0


class LinesProgress:
    """Writes a line for each event that says something new; `now` counts seconds."""

    level = logging.INFO

    def __init__(self, stream: TextIO, *, now: Callable[[], float] = time.monotonic) -> None:
        self.stream = stream
        self._now = now
        self._lock = threading.Lock()
        self._awaited: object = None
        self._told = 0.0

    def tell(self, event: Event) -> None:
        """Write the event's line, if it has one and it was not written just now."""
        with self._lock:
            if self._is_news(event) and (sentence := words.sentence(event)):
                self.stream.write(f"{sentence}\n")
                self.stream.flush()

    def close(self) -> None:
        """Write what is still buffered."""
        self.stream.flush()

    def _is_news(self, event: Event) -> bool:
        awaited = _awaited(event)
        now = self._now()
        is_known = awaited is not None and awaited == self._awaited
        if is_known and now - self._told < _AGAIN:
            return False
        self._awaited, self._told = awaited, now
        return True


def _awaited(event: Event) -> object:
    """Who is waited for; None where nobody is."""
    match event:
        case ServerAwaited():
            return event.reason
        case Waiting():
            return (event.holder,)
        case Blocked():
            return (event.revision, event.statement, *(blocker.pid for blocker in event.blockers))
        case _:
            return None
