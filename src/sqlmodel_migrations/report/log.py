"""Alembic's log lines, shown while a command runs and not a moment longer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

COMPARE = "alembic.autogenerate.compare"
FORMAT = "%(levelname)-5.5s [%(name)s] %(message)s"


@contextmanager
def shown(stream: TextIO, *, quiet: bool = False, level: int = logging.INFO) -> Iterator[None]:
    """Show what Alembic logs on `stream` until the block ends; the logger is then as before.

    Nothing below `level` is shown; with `quiet`, nothing at all. The lines go nowhere else
    meanwhile: an application that has given the root logger a handler would show each twice.
    """
    logger = logging.getLogger("alembic")
    before = (logger.level, logger.propagate, logger.disabled, logger.handlers)
    logger.setLevel(level)
    logger.propagate = False
    logger.disabled = False
    logger.handlers = [logging.NullHandler() if quiet else _handler(stream)]
    try:
        yield
    finally:
        logger.setLevel(before[0])
        _, logger.propagate, logger.disabled, logger.handlers = before


def _handler(stream: TextIO) -> logging.Handler:
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(FORMAT))
    handler.addFilter(_is_of_use)
    handler.addFilter(_IsNews())
    return handler


class _Formatter(logging.Formatter):
    """Names one logger for all comparisons, as Alembic's tutorials show it."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name.startswith(COMPARE):
            record = logging.makeLogRecord({**record.__dict__, "name": COMPARE})
        return super().format(record)


class _IsNews(logging.Filter):
    """Drops what was said before of the connection: a command may have several to one database."""

    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if not str(record.msg).startswith("Context impl"):
            return True
        text = record.getMessage()
        is_news = text not in self._said
        self._said.add(text)
        return is_news


def _is_of_use(record: logging.LogRecord) -> bool:
    """Drop what is not true here, as the runner owns transactions, and what nobody asks for.

    That is each SERIAL column of PostgreSQL in each comparison, and what importing Alembic says.
    `alembic` itself shows none of the latter: it is imported before its logging is set up.
    """
    if record.levelno > logging.INFO:
        return True
    if str(record.msg).startswith(("Will assume", "Detected sequence named")):
        return False
    return record.name != "alembic.runtime.plugins"
