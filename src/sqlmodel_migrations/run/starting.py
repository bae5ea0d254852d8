"""A server that is still starting: it is asked again until it answers."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from sqlmodel_migrations.errors import Interrupted, Unreachable
from sqlmodel_migrations.events import ServerAwaited
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.run.execution import Execution

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

# Seconds until it is asked again.
_PAUSE = 0.5


def await_server(checkout: Checkout, execution: Execution) -> None:
    """Return once env.py can connect to its database, and change nothing.

    Raises `Unreachable` after `execution.wait` seconds, `Interrupted` when it is asked to stop,
    and at once what waiting does not help.
    """
    started = time.monotonic()
    while True:
        try:
            checkout.read(lambda *_: None)
        except Unreachable as error:
            _tell(error, started, execution)
        else:
            return
        execution.sleep(_PAUSE)
        _require_no_stop(execution)


async def await_engine(engine: AsyncEngine, execution: Execution) -> None:
    """Return once an engine of the caller's can connect; the event loop goes on meanwhile.

    Raises as `await_server` does.
    """
    import asyncio

    from sqlmodel_migrations.database import failures

    started = time.monotonic()
    while True:
        try:
            with failures.explained(engine.url):
                async with engine.connect():
                    return
        except Unreachable as error:
            _tell(error, started, execution)
        await asyncio.sleep(_PAUSE)
        _require_no_stop(execution)


def _tell(error: Unreachable, started: float, execution: Execution) -> None:
    """Say that the server is asked again; raises `error` where no time is left for that."""
    elapsed = time.monotonic() - started
    if elapsed + _PAUSE > execution.wait:
        raise error
    execution.emit(ServerAwaited(error.message, elapsed, execution.wait))


def _require_no_stop(execution: Execution) -> None:
    if execution.stop():
        raise Interrupted("interrupted while the server was waited for: nothing was run")
