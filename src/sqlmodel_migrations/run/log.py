"""Alembic's log, silenced where what it says is about a scratch database."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator


@contextlib.contextmanager
def muted() -> Iterator[None]:
    """Drop what Alembic's runtime logs below a warning, and nothing else."""
    logger = logging.getLogger("alembic.runtime.migration")

    def is_warning(record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING

    logger.addFilter(is_warning)
    try:
        yield
    finally:
        logger.removeFilter(is_warning)


@contextlib.contextmanager
def unannounced() -> Iterator[None]:
    """Drop what Alembic says it detected, where that is not what is written."""
    logger = logging.getLogger("alembic.autogenerate")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
