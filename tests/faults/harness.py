"""The fault harness: an upgrade that is struck down at one point, another one, and what is left.

The history is that of the folder `bank` beside this file.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import create_engine, pool

from databases import Database, Server, Spares
from project import OURS, CommandLine
from proxy import Fault, Proxy
from sqlmodel_migrations.database import catalog
from sqlmodel_migrations.database.fingerprint import fingerprint
from zygote import Ran

BANK = Path(__file__).parent / "bank"
UPGRADE = ("upgrade", "head")
PLAIN = ("alembic",)

Way = Literal["kill", "cut", "terminate"]
Outcome = Literal["recovered", "stuck", "lost"]

# kill: SIGKILL to the client; cut: its connection is closed; terminate: the server ends the
# session. What a place means is said in `proxy`.
_SERVERS_POINTS: tuple[tuple[Way, str], ...] = (
    ("kill", "before"),
    ("kill", "sent"),
    ("kill", "after"),
    ("cut", "before"),
    ("cut", "after"),
    ("terminate", "before"),
    ("terminate", "sent"),
)
_SQLITE_POINTS: tuple[tuple[Way, str], ...] = (("kill", "before"), ("kill", "after"))

_TERMINATE = {
    "postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE client_port = {}",
    "mariadb": "SELECT id FROM information_schema.processlist WHERE host LIKE '%:{}'",
}


@dataclass(frozen=True)
class Point:
    """Where and how an upgrade is struck down."""

    turn: int
    way: Way
    place: str

    @property
    def is_around(self) -> bool:
        """Whether it is a SIGKILL before or after a statement."""
        return self.way == "kill" and self.place != "sent"

    def __str__(self) -> str:
        return f"{self.way} {self.place} {self.turn}"


@dataclass(frozen=True)
class Verdict:
    """What became of the database: `recovered` is what an undisturbed run makes of it.

    `stuck`: the second upgrade failed, or a run hung. `lost`: it ended well, and schema or rows
    are other ones. `first` and `second` are the two runs.
    """

    point: Point
    outcome: Outcome
    first: Ran
    second: Ran
    seconds: float


@dataclass
class Harness:
    """Upgrades of the bank on fresh databases of one kind; the current folder is the project's.

    `spares` lends databases of a server, None for SQLite; `program` is what upgrades;
    `is_foreign` says that env.py is as Alembic's template has it.
    """

    cli: CommandLine
    kind: str
    spares: Spares | None = None
    program: tuple[str, ...] = OURS
    is_foreign: bool = False

    def write(self) -> None:
        """Write the project into the current folder."""
        shutil.copytree(BANK, ".", dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        if self.is_foreign or self.program == PLAIN:
            shutil.copy(BANK / "migrations" / "plain_env.py", "migrations/env.py")

    @contextlib.contextmanager
    def database(self) -> Iterator[Database]:
        """Yield an empty database."""
        if self.spares is not None:
            with self.spares.database() as lent:
                yield lent
            return
        with tempfile.TemporaryDirectory() as folder:
            yield Database("sqlite", f"sqlite:///{folder}/bank.db")

    def upgrade(self, database: Database, **env: str) -> Ran:
        return self.cli.run(*self.program, *UPGRADE, env={"DATABASE_URL": database.url, **env})

    @cached_property
    def undisturbed(self) -> tuple[Any, int]:
        """What schema and rows are when nothing was in the way, and in how many turns."""
        with self.database() as database:
            ran, turns = self._counted(database)
            assert ran.code == 0, ran.output
            return state(database), turns

    def points(self) -> list[Point]:
        """Return every point of an upgrade, each way."""
        turns = range(1, self.undisturbed[1] + 1)
        found = _SQLITE_POINTS if self.spares is None else _SERVERS_POINTS
        return [Point(turn, way, place) for turn in turns for way, place in found]

    def strike(self, point: Point) -> Verdict:
        """Upgrade with a fault at `point`, upgrade again, and look."""
        started = time.monotonic()
        with self.database() as database:
            first = self._struck(database, point)
            second = self.upgrade(database)
            outcome = self._outcome(database, second)
        return Verdict(point, outcome, first, second, time.monotonic() - started)

    def _outcome(self, database: Database, second: Ran) -> Outcome:
        if second.code:
            return "stuck"
        return "recovered" if state(database) == self.undisturbed[0] else "lost"

    def _counted(self, database: Database) -> tuple[Ran, int]:
        if self.spares is None:
            ran = self.upgrade(database, SABOTEUR="count:turns")
            return ran, int(Path("turns").read_text())
        with self._proxied(database, None) as (proxy, url):
            return self.upgrade(Database(self.kind, url)), proxy.turns

    def _struck(self, database: Database, point: Point) -> Ran:
        if self.spares is None:
            return self.upgrade(database, SABOTEUR=f"{point.place}:{point.turn}")
        terminate = partial(_terminate, self.spares.server)
        strike = {"kill": _kill, "cut": _nothing, "terminate": terminate}
        fault = Fault(point.turn, point.place, strike[point.way], point.way != "terminate")
        with self._proxied(database, fault) as (_, url):
            return self.upgrade(Database(self.kind, url), SABOTEUR_PID="pid")

    @contextlib.contextmanager
    def _proxied(self, database: Database, fault: Fault | None) -> Iterator[tuple[Proxy, str]]:
        with Proxy(database.url, fault) as proxy:
            there = proxy.url
            if self.kind == "postgresql":
                there = there.update_query_dict({"sslmode": "disable"})
            yield proxy, there.render_as_string(hide_password=False)


def state(database: Database) -> Any:
    """Return the schema's fingerprint and all rows; the tables that keep book are left out."""
    engine = create_engine(database.url, poolclass=pool.NullPool)
    with engine.connect() as connection:
        found = catalog.read(connection, ignore=_keeps_book)
        rows = {
            name: sorted(map(repr, connection.exec_driver_sql(f"SELECT * FROM {name}").all()))
            for name in found.tables
        }
        return fingerprint(found), rows


def _keeps_book(table: str) -> bool:
    return table.startswith("sqlmodel_migrations")


def _kill(_: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(int(Path("pid").read_text()), signal.SIGKILL)


def _nothing(_: int) -> None:
    """Closing the connection is all."""


def _terminate(server: Server, port: int) -> None:
    rows = server.execute(_TERMINATE[server.kind].format(port))
    if server.kind == "mariadb":
        for (id,) in rows:
            server.execute(f"KILL CONNECTION {id}")
