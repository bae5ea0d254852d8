"""What makes a run of this project die: env.py calls `begin`, the environment says where.

`SABOTEUR_PID` names a file that gets the process's id. `SABOTEUR` is, for SQLite, `before:7` or
`after:7`: SIGKILL there, counted in calls of the driver that reach the database; `count:FILE`
writes how many there were.
"""

import atexit
import os
import signal
import sqlite3
from pathlib import Path

_count = 0
_connect = sqlite3.dbapi2.connect


def begin():
    if path := os.environ.get("SABOTEUR_PID"):
        Path(path).write_text(str(os.getpid()))
    if os.environ.get("SABOTEUR") and sqlite3.dbapi2.connect is _connect:
        sqlite3.dbapi2.connect = lambda *args, **kw: _connect(*args, **{**kw, "factory": _Doomed})
        word, _, value = os.environ["SABOTEUR"].partition(":")
        if word == "count":
            atexit.register(lambda: Path(value).write_text(str(_count)))


def _sabotaged(name, method):
    def call(*args, **kw):
        global _count
        _count += 1
        _die("before")
        answer = method(*args, **kw)
        _die("after")
        return answer

    call.__name__ = name
    return call


def _die(place):
    if os.environ["SABOTEUR"] == f"{place}:{_count}":
        os.kill(os.getpid(), signal.SIGKILL)


class _Cursor(sqlite3.Cursor):
    """A cursor whose statements are counted."""


class _Doomed(sqlite3.Connection):
    """A connection whose commits are counted."""

    def cursor(self, factory=_Cursor):
        return super().cursor(factory)


for _name in ("execute", "executemany", "executescript"):
    setattr(_Cursor, _name, _sabotaged(_name, getattr(sqlite3.Cursor, _name)))
for _name in ("commit", "rollback"):
    setattr(_Doomed, _name, _sabotaged(_name, getattr(sqlite3.Connection, _name)))
