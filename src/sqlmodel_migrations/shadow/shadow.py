"""The shadow: a scratch database in the place of each database that env.py opens."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL, Connection, Dialect

from sqlmodel_migrations.run.redirect import redirected
from sqlmodel_migrations.shadow import scratch
from sqlmodel_migrations.shadow.scratch import Scratch, Target


@dataclass
class Shadow:
    """The scratch databases of one run of env.py, one for each database it opened."""

    url: URL | None = None
    scratches: dict[str, Scratch] = field(default_factory=dict)
    _connections: list[Any] = field(default_factory=list)
    _purpose: str = "history"

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(note for made in self.scratches.values() for note in made.notes)

    def holds(self, connection: Connection) -> bool:
        """Whether this connection goes to a scratch database; `creator=` escapes redirection."""
        raw = connection.connection.dbapi_connection
        return any(raw is known for known in self._connections)

    def connect(self, dialect: Dialect, cargs: list[Any], cparams: dict[str, Any]) -> Any:
        """Open a connection to the scratch database that stands for what was asked for."""
        module = scratch.of(dialect.name)
        if module is None:
            return None
        key = repr((self._purpose, dialect.name, cargs, sorted(cparams.items(), key=str)))
        if key not in self.scratches:
            self.scratches[key] = module.make(Target(dialect, cargs, cparams), self.url)
        connection = self.scratches[key].connect()
        self._connections.append(connection)
        return connection

    @contextlib.contextmanager
    def another(self, connection: Connection, purpose: str) -> Iterator[Connection]:
        """Connect to one more scratch database in the place of the one behind `connection`.

        The engine is env.py's own, so that what it sets up for each connection holds here too.
        """
        self._purpose, before = purpose, self._purpose
        try:
            pooled = connection.engine.pool.recreate().connect()
            with Connection(connection.engine, connection=pooled) as second:
                yield second
        finally:
            self._purpose = before

    def drop(self) -> None:
        """Drop what was made; each, even where another one refuses."""
        with contextlib.ExitStack() as stack:
            for made in self.scratches.values():
                stack.callback(_drop, made)
        self.scratches.clear()


@contextlib.contextmanager
def shadowed(url: URL | None = None) -> Iterator[Shadow]:
    """Send every connection that is opened here to a scratch database, dropped afterwards."""
    shadow = Shadow(url)
    try:
        with redirected(shadow.connect):
            yield shadow
    finally:
        shadow.drop()


def _drop(made: Scratch) -> None:
    if made.target.dialect.is_async:
        _in_a_loop(made.drop)
    else:
        made.drop()


def _in_a_loop(function: Callable[[], None]) -> None:
    """Run a function that uses an async driver: env.py's own event loop is closed by now."""
    import asyncio

    from sqlalchemy.util import greenlet_spawn

    asyncio.run(greenlet_spawn(function))
