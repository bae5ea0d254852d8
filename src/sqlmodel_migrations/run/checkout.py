"""The checkout: one section of a project, with what the caller passed beside it.

Every verb starts here: from the configuration to a run of env.py with a session as its host. What
runs env.py imports SQLAlchemy and Alembic, and is imported when it is first needed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from sqlmodel_migrations.errors import MigrationsError, UsageError
from sqlmodel_migrations.history import index, probe
from sqlmodel_migrations.history.graph import Graph
from sqlmodel_migrations.history.probe import Applied
from sqlmodel_migrations.project.settings import Settings
from sqlmodel_migrations.run import event_loop
from sqlmodel_migrations.run.outcome import Outcome
from sqlmodel_migrations.run.position import Position

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import URL, Connection, Engine, MetaData
    from sqlalchemy.ext.asyncio import AsyncEngine

    from sqlmodel_migrations.history.index import Revision
    from sqlmodel_migrations.run.env_script import Request, Session, Task


class Checkout:
    """Settings and revision files of one database, and what to run on."""

    is_in_loop = False

    def __init__(
        self,
        settings: Settings,
        *,
        given_url: str | URL | None = None,
        bind: Engine | Connection | AsyncEngine | None = None,
        metadata: Sequence[MetaData] = (),
        x: Sequence[str] = (),
    ):
        self.settings = settings
        self.given_url = given_url
        self.bind = bind
        self.metadata = metadata
        self.x = x

    @cached_property
    def url(self) -> URL | None:
        """The URL that was given, before all other places it may stand in."""
        from sqlmodel_migrations.project import url

        return url.parse(self.given_url) if isinstance(self.given_url, str) else self.given_url

    @cached_property
    def graph(self) -> Graph:
        """The history as it stands in the revision files."""
        found = self.settings
        return Graph(
            index.read(
                found.version_locations, recursive=found.recursive, sourceless=found.sourceless
            )
        )

    def read_again(self) -> None:
        """Forget the history: files were written."""
        self.__dict__.pop("graph", None)

    def in_loop(self, connection: Connection) -> Checkout:
        """Return the same on a connection of an AsyncEngine, in a greenlet of its loop."""
        from copy import copy

        twin = copy(self)
        twin.bind, twin.is_in_loop = connection, True
        return twin

    @property
    def async_engine(self) -> AsyncEngine | None:
        """The AsyncEngine; SQLAlchemy's asyncio is not imported where none is used."""
        if self.bind is None:
            return None
        from sqlalchemy import Connection, Engine

        is_async = hasattr(self.bind, "sync_engine") and not isinstance(
            self.bind, Engine | Connection
        )
        return self.bind if is_async else None  # type: ignore[return-value]

    @property
    def has_callers_transaction(self) -> bool:
        """Whether a Connection was passed in, so that the caller commits."""
        if self.bind is None:
            return False
        from sqlalchemy import Connection

        return isinstance(self.bind, Connection) and not self.is_in_loop

    def config(self, verb: str, *, output: TextIO | None = None, **arguments: Any) -> Config:
        """Return Alembic's Config for a command; `arguments` are what env.py may look up."""
        from sqlmodel_migrations.run import alembic_config

        return alembic_config.make(self.settings, x=self.x, output=output, verb=verb, **arguments)

    def script(self, config: Config) -> ScriptDirectory:
        """Return Alembic's view of the revision files; raises `UsageError`."""
        from sqlmodel_migrations import _alembic
        from sqlmodel_migrations.run import env_script, surroundings

        self._require_env_py()
        with commands(), surroundings.kept_path():
            script = env_script.script_directory(config)
        _alembic.feed(script, self._sound_revisions)
        return script

    def _sound_revisions(self) -> Iterable[Revision] | None:
        """Return the revisions; None for a broken history, which Alembic is to refuse itself."""
        return None if self.graph.problems else self.graph.revisions.values()

    def _require_env_py(self) -> None:
        location = self.settings.script_location
        missing = f"folder '{location}'" if not location.is_dir() else f"env.py in '{location}'"
        if not self.settings.env_py.is_file():
            raise UsageError(
                f"there is no {missing}",
                hint="bring it back, or correct 'script_location' in the configuration",
            )

    def request(self) -> Request:
        """Return what an env.py of ours is asked; raises `UsageError` for an AsyncEngine."""
        if self.async_engine is not None:
            raise UsageError(
                "an AsyncEngine cannot be used outside its event loop",
                hint="await aupgrade(), adowngrade() or acurrent()",
            )
        from dataclasses import replace

        return replace(self._request(), bind=self.bind)  # type: ignore[arg-type]

    def scratch_request(self) -> Request:
        """Return what an env.py of ours is asked where its connections go to scratch databases.

        Raises `UsageError` where these would need an event loop of their own inside of another.
        """
        if self.async_engine is not None and event_loop.is_running():
            raise UsageError(
                "this would block the event loop that is running",
                hint="await acheck() or arevision()",
            )
        return self._request()

    def _request(self) -> Request:
        from sqlmodel_migrations.run.env_script import Request

        return Request(
            self.settings,
            url=self.url,
            bind_url=None if self.bind is None else self.bind.engine.url,
            metadata=self.metadata,
            is_in_loop=self.is_in_loop,
        )

    def run(
        self,
        config: Config,
        script: ScriptDirectory,
        session: Session,
        options: Mapping[str, Any],
    ) -> None:
        """Run env.py once; what drivers and Alembic raise becomes ours, with a hint."""
        from sqlmodel_migrations.database import failures
        from sqlmodel_migrations.run import env_script, redirect

        session.owns_transactions = not self.has_callers_transaction
        with commands(), failures.explained(self.url), redirect.without_empty_files():
            env_script.run(config, script, session, options={"fn": _no_steps, **options})

    def read(self, task: Task) -> None:
        """Run a task that changes nothing, not even by making an SQLite file."""
        from sqlmodel_migrations.run import redirect
        from sqlmodel_migrations.run.env_script import Session

        config = self.config("current")
        with redirect.redirected(redirect.without_new_files):
            session = Session(self.request(), task)
            self.run(config, self.script(config), session, {"dont_mutate": True})

    def current(self) -> tuple[str, ...]:
        """Return the ids in the version tables, known to this checkout or not."""
        return tuple(dict.fromkeys(id for each in self.positions() for id in each.heads))

    def positions(self) -> tuple[Position, ...]:
        """Return where each database is that env.py opens, in its order."""
        probed = self._probed()
        if probed is not None:
            probed.say()
            return (Position(probed.ids),)
        found: list[Position] = []

        def look(context: MigrationContext, _: Mapping[str, Any]) -> None:
            assert context.connection is not None
            url = context.connection.engine.url.render_as_string(hide_password=True)
            found.append(Position(tuple(dict.fromkeys(context.get_current_heads())), url))

        self.read(look)
        return tuple(found)

    def standing(self, target: str) -> Outcome | None:
        """Return the outcome of an upgrade where the driver alone tells that nothing is pending.

        None where it does not; raises `UsageError` for an unknown target.
        """
        if ":" in target:
            return None
        self.require_target(target)
        probed = self._probed()
        if probed is None:
            return None
        try:
            pending = self.graph.pending(probed.ids, target)
        except UsageError:  # it is said better where the database is asked the long way
            return None
        if pending:
            return None
        probed.say()
        at = tuple(sorted(probed.ids))
        return Outcome(before=at, after=at)

    def _probed(self) -> Applied | None:
        given = self.given_url
        if self.bind is not None or not (given is None or isinstance(given, str)):
            return None
        return probe.applied(self.settings, given)

    def require_known(self, ids: Sequence[str]) -> None:
        """Raise `UsageError` for a revision of the database that no file here has."""
        missing = [i for i in ids if i not in self.graph.revisions]
        if missing:
            raise UsageError(
                f"the database is at revision '{missing[0]}', which no file of this checkout has:"
                " it is newer than this code, or from another branch",
                hint="check out the code that has it, or put its file back; where it is gone for"
                " good, type: sqlmodel migrations stamp --purge REVISION",
            )

    def require_target(self, target: str) -> None:
        """Raise `UsageError` for an unknown revision, before the database is asked."""
        self.graph.require_sound()
        if not target.startswith(("+", "-")) and "current" not in target:
            self.graph.resolve(target)


@contextlib.contextmanager
def commands() -> Iterator[None]:
    """Raise what Alembic refuses, and a revision file that it cannot import, as `UsageError`."""
    from alembic.util import CommandError

    from sqlmodel_migrations.run import refusal

    try:
        yield
    except CommandError as error:
        raise refusal.explained(error) from error
    except MigrationsError:
        raise
    except Exception as error:
        if broken := refusal.broken_script(error):
            raise broken from error
        raise


def _no_steps(*_: Any) -> tuple[()]:
    return ()
