"""The limit: how long a revision may take on a scratch database before it is given up."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import threading
from collections.abc import Iterator
from typing import Any


class TooLong(BaseException):
    """What is raised inside of a revision that does not come to an end, and may catch errors."""


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise `TooLong` in the block once it has taken so long.

    In the main thread it interrupts whatever waits. In another one it comes up when Python code
    runs next: a driver that waits for its server is waited for.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and hasattr(signal, "setitimer"):
        with _alarm(seconds):
            yield
    else:
        with _thrown(seconds):
            yield


@contextlib.contextmanager
def _alarm(seconds: float) -> Iterator[None]:
    def ring(*_: Any) -> None:
        raise TooLong(_said(seconds))

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _thrown(seconds: float) -> Iterator[None]:
    thread = threading.get_ident()

    def throw() -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread), ctypes.py_object(TooLong)
        )

    timer = threading.Timer(seconds, throw)
    timer.daemon = True
    timer.start()
    try:
        yield
    except TooLong:
        raise TooLong(_said(seconds)) from None
    finally:
        timer.cancel()


def _said(seconds: float) -> str:
    return f"it does not come to an end within {seconds:g} s"
