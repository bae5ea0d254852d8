"""Ctrl-C and SIGTERM while a migration runs: the first asks it to stop, the second stops it."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

from sqlmodel_migrations.events import Emit, Event, MoveFinished, MoveStarted, StopRequested

_NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM"}
# Seconds between two looks at whether somebody asked, while nothing else is done.
_GLANCE = 0.1


class Stop:
    """Whether somebody asked to stop; `emit` is told of it, and of every other event."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._is_asked = False
        self._is_moving = False
        self._telling: threading.Thread | None = None

    def __call__(self) -> bool:
        return self._is_asked

    def tell(self, event: Event) -> None:
        """Pass an event on, and see from it whether revisions run."""
        if isinstance(event, MoveStarted | MoveFinished):
            self._is_moving = isinstance(event, MoveStarted)
        self._emit(event)

    def sleep(self, seconds: float) -> None:
        """Sleep, but no longer than until somebody asks."""
        end = time.monotonic() + seconds
        while not self._is_asked and (left := end - time.monotonic()) > 0:
            time.sleep(min(left, _GLANCE))

    def handle(self, number: int, _: FrameType | None) -> None:
        """Take a signal: interrupt at once if nothing runs yet, or if it is the second."""
        if self._is_asked or not self._is_moving:
            raise KeyboardInterrupt
        self._is_asked = True
        # In a thread: the code that was interrupted may be in the middle of telling something.
        event = StopRequested(_NAMES[signal.Signals(number)])
        self._telling = threading.Thread(target=self._emit, args=(event,))
        self._telling.start()

    def close(self) -> None:
        """Wait until it is told what a signal asked for."""
        if self._telling is not None:
            self._telling.join()


@contextlib.contextmanager
def caught(emit: Emit) -> Iterator[Stop]:
    """Let a `Stop` handle the signals until the block ends.

    Signals that are ignored stay so, and where this is not the main thread, which alone may have
    handlers, nothing is caught.
    """
    stop = Stop(emit)
    before: dict[signal.Signals, Any] = {}
    try:
        if threading.current_thread() is threading.main_thread():
            for number in _NAMES:
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    before[number] = signal.signal(number, stop.handle)
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        stop.close()
