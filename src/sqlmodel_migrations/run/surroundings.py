"""The surroundings of a run: what env.py may change in this process and gets put back.

Alembic's env.py templates call `fileConfig`, which switches off the application's loggers;
its `prepend_sys_path` stays in `sys.path`; guides tell people to set `os.environ`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Restore loggers, `sys.path`, warnings filters, environment and working folder afterwards."""
    path, environ, folder = list(sys.path), dict(os.environ), os.getcwd()  # noqa: PTH109
    loggers = _logger_states()
    with warnings.catch_warnings():
        try:
            yield
        finally:
            sys.path[:] = path
            _restore_environ(environ)
            os.chdir(folder)
            _restore_loggers(loggers)


def keep_alembic_log() -> Callable[[], None]:
    """Return what gives Alembic's loggers their present state back, in the middle of a run.

    `fileConfig` takes them for env.py, while whoever started the run is showing their lines.
    """
    states = {
        name: state for name, state in _logger_states().items() if name.split(".")[0] == "alembic"
    }
    return lambda: _restore_loggers(states)


@contextlib.contextmanager
def kept_path() -> Iterator[None]:
    """Restore `sys.path`, which Alembic changes where it reads `prepend_sys_path`."""
    path = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = path


def _restore_environ(before: dict[str, str]) -> None:
    if dict(os.environ) != before:
        os.environ.clear()
        os.environ.update(before)


@dataclass(frozen=True)
class _LoggerState:
    level: int
    handlers: tuple[logging.Handler, ...]
    filters: tuple[logging._FilterType, ...]
    is_disabled: bool
    propagate: bool


def _loggers() -> Iterator[logging.Logger]:
    yield logging.getLogger()
    for logger in logging.getLogger().manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            yield logger


def _logger_states() -> dict[str, _LoggerState]:
    return {
        logger.name: _LoggerState(
            logger.level,
            tuple(logger.handlers),
            tuple(logger.filters),
            logger.disabled,
            logger.propagate,
        )
        for logger in _loggers()
    }


def _restore_loggers(states: dict[str, _LoggerState]) -> None:
    for logger in list(_loggers()):
        state = states.get(logger.name)
        if state is None:  # made meanwhile, by an import of the application: its own affair
            continue
        if logger.level != state.level:  # to set one makes all loggers forget what they know
            logger.setLevel(state.level)
        logger.handlers[:] = state.handlers
        logger.filters[:] = state.filters
        logger.disabled, logger.propagate = state.is_disabled, state.propagate
