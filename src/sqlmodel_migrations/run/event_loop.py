"""Event loops: async drivers need one, and the caller's may be running already."""

from __future__ import annotations

from collections.abc import Callable


def is_running() -> bool:
    """Whether this thread is inside of an event loop."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def run(function: Callable[[], None]) -> None:
    """Run a function that uses an async driver, in a loop of its own unless one is running.

    In a running one it must be called in a greenlet of SQLAlchemy's.
    """
    import asyncio

    from sqlalchemy.util import greenlet_spawn

    if is_running():
        function()
    else:
        asyncio.run(greenlet_spawn(function))
