"""The user's env.py, whoever wrote it: run as it is, and hooked where it calls Alembic.

Our own env.py asks for the `Request` of the command; a foreign one is changed only through the
options it passes to `context.configure` and the connection that it opened.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine
from sqlalchemy.util import await_only

from sqlmodel_migrations import _alembic
from sqlmodel_migrations.project.settings import Settings
from sqlmodel_migrations.run import redirect, surroundings
from sqlmodel_migrations.run.connection import take_over

if TYPE_CHECKING:
    from sqlalchemy import MetaData

ATTRIBUTE = "sqlmodel_migrations"

Task = Callable[[MigrationContext, Mapping[str, Any]], None]
"""What is done where env.py says `context.run_migrations(**arguments)`."""


@dataclass(frozen=True)
class Request:
    """What a command asks of an env.py of ours, beyond Alembic's own options.

    `bind_url` is the URL of what the caller passed as `bind`: a shadow is of that kind, too.
    """

    settings: Settings
    url: URL | None = None
    bind: Engine | Connection | None = None
    bind_url: URL | None = None
    metadata: Sequence[MetaData] = ()
    is_in_loop: bool = False
    """Whether an event loop runs in this thread, and we run in a greenlet beside it."""

    @property
    def connection(self) -> Connection | None:
        """The connection to run on, where it is not env.py that opens it."""
        return self.bind if isinstance(self.bind, Connection) else None


@dataclass
class Session:
    """One run of env.py: the host that Alembic's environment asks what to do.

    `owns_transactions` is false where the caller passed a Connection: its transaction is the
    caller's, and so is the commit.
    """

    request: Request
    task: Task
    owns_transactions: bool = True
    adjust: Callable[[_alembic.Options], _alembic.Options] | None = None
    is_observer: bool = False
    """Whether env.py and Alembic do as they would without us, and the task only looks on."""
    notes: list[str] = field(default_factory=list)
    restore_log: Callable[[], None] = field(default=lambda: None)

    def configure(self, options: _alembic.Options) -> _alembic.Options:
        """Take over the connection, and let the command adjust the options."""
        self.restore_log()
        if self.is_observer:
            return options
        connection = self._connection(options.get("connection"))
        options = {**options, "connection": connection}
        if connection is not None and self.owns_transactions and not connection.in_transaction():
            options["transaction_per_migration"] = True
        return options if self.adjust is None else self.adjust(options)

    def run(self, context: MigrationContext, arguments: Mapping[str, Any]) -> None:
        self.task(context, arguments)

    def _connection(self, theirs: Connection | None) -> Connection | None:
        connection = self.request.connection or theirs
        if not isinstance(connection, Connection):
            return connection
        if not self.owns_transactions:
            return _in_transaction(connection)
        ours = take_over(connection)
        if ours is None:
            self.notes.append(
                "env.py began a two-phase transaction: it is left alone, so all revisions"
                " are committed together by env.py"
            )
        return ours or connection


def _in_transaction(connection: Connection) -> Connection:
    """Make sure that the caller's connection has a transaction, which the caller commits."""
    if not connection.in_transaction():
        connection.begin()
    return connection


def script_directory(config: Config) -> ScriptDirectory:
    """Return Alembic's view of the revision files; raises Alembic's `CommandError`."""
    return ScriptDirectory.from_config(config)


def run(
    config: Config,
    script: ScriptDirectory,
    session: Session,
    *,
    options: Mapping[str, Any] | None = None,
) -> None:
    """Run env.py once with `session` as its host; everything it changes here is put back."""
    request = session.request
    session.restore_log = surroundings.keep_alembic_log()
    config.attributes[ATTRIBUTE] = request
    if request.bind is not None:
        config.attributes.setdefault("connection", request.bind)
    kind = _alembic.ObservedEnvironment if session.is_observer else _alembic.HostedEnvironment
    environment = kind(config, script, session, **(options or {}))
    with surroundings.kept(), _reached(config, request), _loop(request), environment:
        sys.path[:0] = [*(config.get_prepend_sys_paths_list() or ()), str(request.settings.root)]
        script.run_env()


@contextlib.contextmanager
def _reached(config: Config, request: Request) -> Iterator[None]:
    """Make a foreign env.py reach a URL that was given explicitly, however it finds its own."""
    if request.url is None:
        yield
        return
    text = request.url.render_as_string(hide_password=False)
    config.set_main_option("sqlalchemy.url", text.replace("%", "%%"))
    with redirect.redirected(redirect.to_url(request.url)):
        yield


@contextlib.contextmanager
def _loop(request: Request) -> Iterator[None]:
    """Let a foreign env.py say `asyncio.run` where a loop runs already."""
    if not request.is_in_loop:
        yield
        return
    original = asyncio.run
    asyncio.run = lambda coroutine, **_: await_only(coroutine)
    try:
        yield
    finally:
        asyncio.run = original
