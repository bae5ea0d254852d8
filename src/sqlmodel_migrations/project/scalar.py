"""A setting that is one value: a duration, a number, a switch, or one of a few words.

It comes typed from pyproject.toml and as text from alembic.ini; both mean the same.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import duration


class Transaction(enum.StrEnum):
    """What is committed together."""

    EACH = "each"
    ALL = "all"


def read(kind: type, key: str, value: Any) -> Any:
    """Return what `value` of the setting `key` means; raises `UsageError`."""
    try:
        return READERS[kind](value)
    except UsageError as error:
        raise UsageError(f"setting '{key}': {error.message}", hint=error.hint) from None


def _count(value: Any) -> int:
    if isinstance(value, int | str) and str(value).isdecimal() and str(value).isascii():
        return int(value)
    raise UsageError(f"'{value}' is no count", hint="write 0, 1, 2, …")


def _switch(value: Any) -> bool:
    word = str(value).lower()
    if word not in ("true", "false"):
        raise UsageError(f"'{value}' is neither true nor false")
    return word == "true"


def _transaction(value: Any) -> Transaction:
    if value not in list(Transaction):
        raise UsageError(f"'{value}' is unknown", hint=f"use one of: {', '.join(Transaction)}")
    return Transaction(value)


READERS: Mapping[type, Callable[[Any], Any]] = {
    float: duration.parse,
    int: _count,
    bool: _switch,
    Transaction: _transaction,
}
