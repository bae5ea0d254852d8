"""How a move is asked to run: what the command line, the settings and Python callers choose."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypedDict

from sqlmodel_migrations.events import Emit, ignore
from sqlmodel_migrations.project import scalar
from sqlmodel_migrations.project.scalar import Transaction as Transaction
from sqlmodel_migrations.project.settings import Settings


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Execution:
    """Durations are seconds; None for a timeout means what env.py or the server says.

    `history` keeps the ledger where env.py is not ours, too.
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
    accept_edited: bool = False
    history: bool = False
    emit: Emit = ignore
    stop: Callable[[], bool] = _never
    sleep: Callable[[float], None] = time.sleep


class Options(TypedDict, total=False):
    """What a caller may say of an execution; durations are seconds, 0 is none.

    What is missing, or None, is as the settings say.
    """

    transaction: str | None
    migration_lock_timeout: float | None
    lock_timeout: float | None
    lock_retries: int | None
    lock_deadline: float | None
    statement_timeout: float | None
    wait: float | None
    backup: bool | None
    accept_edited: bool | None
    on_event: Emit | None
    stop: Callable[[], bool] | None
    sleep: Callable[[float], None] | None


_SETTINGS = (
    "transaction",
    "migration_lock_timeout",
    "lock_timeout",
    "lock_retries",
    "lock_deadline",
    "statement_timeout",
    "wait",
    "backup",
    "history",
)
_ENDLESS = ("migration_lock_timeout", "lock_deadline")
_FIELDS = {"on_event": "emit"}


def chosen(settings: Settings, options: Options) -> Execution:
    """Return the execution that `options` and, behind them, `settings` ask for.

    Raises `UsageError` for a transaction that is neither each nor all.
    """
    said: dict[str, Any] = {key: getattr(settings, key) for key in _SETTINGS}
    said |= {_FIELDS.get(key, key): value for key, value in options.items() if value is not None}
    found = {key: value for key, value in said.items() if value is not None}
    if "transaction" in found:
        found["transaction"] = scalar.read(Transaction, "transaction", found["transaction"])
    found |= {key: math.inf for key in _ENDLESS if found.get(key) == 0}
    return Execution(**found)
