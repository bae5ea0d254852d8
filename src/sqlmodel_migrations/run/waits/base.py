"""What every dialect offers about waiting; the modules beside this one are its siblings."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from sqlmodel_migrations.events import Blocker

LOCK_TIMEOUT = 5.0
"""Seconds to wait for a table's lock where neither caller nor env.py says."""


@dataclass(frozen=True)
class Limits:
    """Seconds; None leaves a timeout as env.py or the server has it, 0 is none."""

    lock: float | None = None
    statement: float | None = None


class WaitsModule(Protocol):
    """The shape of a module in this family."""

    def limited(self, connection: Connection, limits: Limits) -> AbstractContextManager[None]:
        """Set the timeouts of a connection in no transaction; put them back at the end.

        Without `limits.lock` it is `LOCK_TIMEOUT` where env.py and the server say nothing.
        """

    def is_lock_failure(self, error: BaseException) -> bool:
        """Whether a statement failed since others held a lock, so that it may go well later."""

    def is_interrupt(self, error: BaseException) -> bool:
        """Whether a statement failed since this process interrupted it."""

    def session(self, connection: Connection) -> int | None:
        """Return the server's number of this session; None where there is no such thing."""

    def pause(self, seconds: float) -> float:
        """Return how long to leave others alone after `seconds` of one transaction after another.

        0 where whoever waits is served in turn.
        """

    def blockers(self, connection: Connection, session: int) -> tuple[Blocker, ...]:
        """Return, asked on another connection, which sessions hold what `session` waits for."""
