"""A server that is still starting: it is asked again until it answers."""

from __future__ import annotations

import time

from sqlmodel_migrations.errors import Interrupted, Unreachable
from sqlmodel_migrations.events import ServerAwaited
from sqlmodel_migrations.run.checkout import Checkout
from sqlmodel_migrations.run.execution import Execution

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
            elapsed = time.monotonic() - started
            if elapsed + _PAUSE > execution.wait:
                raise
            execution.emit(ServerAwaited(error.message, elapsed, execution.wait))
        else:
            return
        execution.sleep(_PAUSE)
        if execution.stop():
            raise Interrupted("interrupted while the server was waited for: nothing was run")
