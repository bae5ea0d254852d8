"""How a move is asked to run: what the command line, the settings and Python callers choose."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlmodel_migrations.events import Emit, ignore


class Transaction(enum.StrEnum):
    """What is committed together."""

    EACH = "each"
    ALL = "all"


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Execution:
    """Durations are seconds; None for a timeout means what env.py or the server says.

    `stop` is asked before each statement: true ends the run after rolling the revision back.
    `sleep` waits in the caller's way: an event loop must go on meanwhile.
    """

    transaction: Transaction = Transaction.EACH
    migration_lock_timeout: float = 60.0
    lock_timeout: float | None = None
    lock_retries: int = 10
    lock_deadline: float = 600.0
    statement_timeout: float | None = None
    wait: float = 0.0
    backup: bool = False
    backup_folder: Path | None = None
    accept_edited: bool = False
    emit: Emit = ignore
    stop: Callable[[], bool] = _never
    sleep: Callable[[float], None] = time.sleep
