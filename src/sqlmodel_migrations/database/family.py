"""Families: folders with one module per dialect, which is imported when it is asked for."""

from __future__ import annotations

import functools
import importlib
from typing import Any

_MODULES = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mysql", "mariadb": "mysql"}

DIALECTS = tuple(_MODULES)
"""SQLAlchemy's names of the dialects that every family has a module for."""


def is_known(dialect: str) -> bool:
    """Whether every family has a module for this dialect."""
    return dialect in _MODULES


@functools.cache
def member(package: str, dialect: str, *, other: str | None = None) -> Any:
    """Return the module of `package` for a dialect, and for one that is not known its `other`.

    Raises KeyError where there is none.
    """
    name = _MODULES[dialect] if other is None else _MODULES.get(dialect, other)
    return importlib.import_module(f"{package}.{name}")
