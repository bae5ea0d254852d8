"""The shadow: a scratch database in the place of each database that env.py opens."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL, Connection, Dialect, NullPool, PoolProxiedConnection, create_engine

from sqlmodel_migrations.run import event_loop
from sqlmodel_migrations.run.redirect import redirected
from sqlmodel_migrations.shadow import scratch
from sqlmodel_migrations.shadow.scratch import Scratch, ScratchModule, Target

_HISTORY = "history"


@dataclass
class Shadow:
    """The scratch databases of one run of env.py, one for each database it opened."""

    url: URL | None = None
    source: Shadow | None = None
    is_beside: bool = False
    """Whether env.py goes to the databases themselves, and only `another` is a scratch one."""
    scratches: dict[str, Scratch] = field(default_factory=dict)
    _connections: list[Any] = field(default_factory=list)
    _purpose: str = _HISTORY

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(note for made in self.scratches.values() for note in made.notes)

    def holds(self, connection: Connection) -> bool:
        """Whether this connection goes to a scratch database; `creator=` escapes redirection."""
        return self._holds(connection.connection)

    def _holds(self, pooled: PoolProxiedConnection) -> bool:
        return any(pooled.dbapi_connection is known for known in self._connections)

    def connect(self, dialect: Dialect, cargs: list[Any], cparams: dict[str, Any]) -> Any:
        """Open a connection to the scratch database that stands for what was asked for."""
        module = scratch.of(dialect.name)
        if module is None or (self.is_beside and self._purpose == _HISTORY):
            return None
        key = _key(self._purpose, dialect, cargs, cparams)
        if key not in self.scratches:
            self.scratches[key] = self._copied(module, key) or module.make(
                Target(dialect, cargs, cparams), self.url
            )
        connection = self.scratches[key].connect(is_ours=self._purpose != _HISTORY)
        self._connections.append(connection)
        return connection

    def _copied(self, module: ScratchModule, key: str) -> Scratch | None:
        """A copy of what stands for the same database in the shadow that this one is made of."""
        if self.source is None or key not in self.source.scratches:
            return None
        return module.copy(self.source.scratches[key])

    @contextlib.contextmanager
    def another(self, connection: Connection, purpose: str) -> Iterator[Connection]:
        """Connect to one more scratch database in the place of the one behind `connection`.

        The engine is env.py's own, so that what it sets up for each connection holds here too.
        """
        self._purpose, before = purpose, self._purpose
        try:
            with Connection(connection.engine, connection=self._pooled(connection)) as second:
                yield second
        finally:
            self._purpose = before

    def _pooled(self, connection: Connection) -> PoolProxiedConnection:
        """Open a connection of the engine's kind; `creator=` leaves nothing but its URL."""
        pooled = connection.engine.pool.recreate().connect()
        if self._holds(pooled):
            return pooled
        pooled.close()
        return create_engine(connection.engine.url, poolclass=NullPool).pool.connect()

    def drop(self) -> None:
        """Drop what was made; each, even where another one refuses."""
        with contextlib.ExitStack() as stack:
            for made in self.scratches.values():
                stack.callback(_drop, made)
        self.scratches.clear()


@contextlib.contextmanager
def shadowed(
    url: URL | None = None, *, source: Shadow | None = None, is_beside: bool = False
) -> Iterator[Shadow]:
    """Send every connection that is opened here to a scratch database, dropped afterwards.

    With `source`, an earlier shadow, the databases begin as copies of its own where the server
    can copy one, else empty. One that `is_beside` leaves the connections alone; its databases
    come from `another`.
    """
    shadow = Shadow(url, source, is_beside)
    try:
        with redirected(shadow.connect):
            yield shadow
    finally:
        shadow.drop()


def _key(purpose: str, dialect: Dialect, cargs: list[Any], cparams: dict[str, Any]) -> str:
    """What a database is known by, for each engine the same: drivers' own objects do not count."""
    plain = {
        name: value
        for name, value in (*enumerate(cargs), *cparams.items())
        if isinstance(value, str | int | None)
    }
    return repr((purpose, dialect.name, sorted(plain.items(), key=str)))


def _drop(made: Scratch) -> None:
    if made.target.dialect.is_async:
        event_loop.run(made.drop)
    else:
        made.drop()
