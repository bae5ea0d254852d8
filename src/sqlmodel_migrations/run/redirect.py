"""Connections that env.py opens, sent elsewhere before they are made.

env.py's own `connect()` runs before anything of ours, so a redirection that waits for
`context.configure` fails when the server is down. SQLAlchemy's `do_connect` event comes first,
for every engine but one made with `creator=`, sync and async alike.
"""

from __future__ import annotations

import contextlib
import glob
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Dialect, Engine, event

from sqlmodel_migrations.database import dialects
from sqlmodel_migrations.database.dialects import sqlite
from sqlmodel_migrations.errors import UsageError

Connect = Callable[[Dialect, list[Any], dict[str, Any]], Any]
"""Given a dialect and the driver's arguments, to be edited, return a DBAPI connection or None."""

# Engines of the application in other threads must go on as they are: a thread that did not
# enter the redirection does not see it.
_active: ContextVar[tuple[Connect, ...]] = ContextVar("redirections", default=())


@contextlib.contextmanager
def redirected(connect: Connect) -> Iterator[None]:
    """Ask `connect` for every DBAPI connection that is opened here and in tasks started here.

    Inner redirections are asked before outer ones: where env.py is sent decides what stands for it.
    """
    mine = partial(connect)

    def on_connect(
        dialect: Dialect, _record: Any, cargs: list[Any], cparams: dict[str, Any]
    ) -> Any:
        active = _active.get()
        # SQLAlchemy asks the listeners in the order in which they came: the outermost asks all.
        is_outermost = bool(active) and active[0] is mine
        return _asked(active, dialect, cargs, cparams) if is_outermost else None

    token = _active.set((*_active.get(), mine))
    event.listen(Engine, "do_connect", on_connect)
    try:
        yield
    finally:
        event.remove(Engine, "do_connect", on_connect)
        _active.reset(token)


def _asked(
    active: tuple[Connect, ...], dialect: Dialect, cargs: list[Any], cparams: dict[str, Any]
) -> Any:
    for connect in reversed(active):
        connection = connect(dialect, cargs, cparams)
        if connection is not None:
            return connection
    return None


def to_url(url: URL) -> Connect:
    """Send a foreign env.py to `url`; raises `UsageError` where it opens several databases."""
    seen: set[str] = set()

    def connect(dialect: Dialect, cargs: list[Any], cparams: dict[str, Any]) -> None:
        if dialect.name != url.get_backend_name():
            raise UsageError(
                f"env.py opens a {dialect.name} database, and --url names"
                f" a {url.get_backend_name()} one"
            )
        seen.add(repr((cargs, sorted(cparams.items(), key=str))))
        if len(seen) > 1:
            raise UsageError(
                "env.py opens several databases, so --url does not say which one it means",
                hint="set the URLs where env.py reads them",
            )
        new_args, new_params = dialect.create_connect_args(url)
        arguments = dialects.of(url.get_backend_name()).connect_arguments(url)
        replace(cargs, cparams, new_args, {**new_params, **arguments})

    return connect


def replace(cargs: list[Any], cparams: dict[str, Any], new_args: Any, new_params: Any) -> None:
    """Edit the driver's arguments in place; settings that the new ones do not name are dropped."""
    cargs[:] = list(new_args)
    cparams.clear()
    cparams.update(new_params)


def without_new_files(dialect: Dialect, cargs: list[Any], cparams: dict[str, Any]) -> None:
    """Let a command that only reads see an empty database instead of making an SQLite file."""
    if _missing_file(dialect, cargs, cparams) is not None:
        cargs[0] = ":memory:"


@contextlib.contextmanager
def without_empty_files() -> Iterator[None]:
    """Remove an SQLite file that was made here and is still empty when an error ends it."""
    made: set[Path] = set()

    def connect(dialect: Dialect, cargs: list[Any], cparams: dict[str, Any]) -> None:
        if path := _missing_file(dialect, cargs, cparams):
            made.add(path.absolute())

    try:
        with redirected(connect):
            yield
    except BaseException:
        for path in made:
            _remove_if_empty(path)
        raise


def _missing_file(dialect: Dialect, cargs: list[Any], cparams: dict[str, Any]) -> Path | None:
    """The file that SQLite is about to make; None for one that exists, and for memory."""
    if dialect.name != "sqlite" or not cargs or cparams.get("uri"):
        return None
    path = Path(str(cargs[0]))
    return None if str(cargs[0]) in ("", ":memory:") or _is_there(path) else path


def _is_there(path: Path) -> bool:
    """Whether a file is there, or may be: SQLite says it better where that may not be asked."""
    try:
        return path.exists()
    except OSError:
        return True


def _remove_if_empty(path: Path) -> None:
    """Remove it, unless another runner is about to fill it."""
    if any(path.parent.glob(f"{glob.escape(path.name)}*{sqlite.LOCK_SUFFIX}")):
        return
    with contextlib.suppress(OSError):  # Windows keeps a file that is still open
        if path.stat().st_size == 0:
            path.unlink()
