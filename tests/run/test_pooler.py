"""Behind a connection pooler: the stand-in of `pooler.py`, and PgBouncer where it is installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from databases import Database
from heroes import add_revision
from project import Project
from refusal import refused, version
from run.pooler import Pooler

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
CREATE = "op.create_table('hero', sa.Column('id', sa.Integer, primary_key=True))"
CONFIGURATION = """\
[databases]
* = host={host} port={port} user={user}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
ignore_startup_parameters = extra_float_digits
unix_socket_dir =
{as_user}
"""


@pytest.fixture(params=["stand-in", "PgBouncer"])
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "PgBouncer" and PGBOUNCER is None:
        pytest.skip("PgBouncer is not installed")
    return str(request.param)


@contextmanager
def pooled(kind: str, database: Database, folder: Path, mode: str, size: int) -> Iterator[str]:
    """The URL of the database through a pooler."""
    url = make_url(database.url)
    host, port = url.host or "127.0.0.1", url.port or 5432
    if kind == "stand-in":
        with Pooler(host, port, mode=mode, size=size) as pooler:
            yield str(url.set(host="127.0.0.1", port=pooler.port))
        return
    listen = _free_port()
    configuration = folder / "pgbouncer.ini"
    configuration.write_text(
        CONFIGURATION.format(
            host=host, port=port, user=url.username, listen=listen, mode=mode, size=size,
            as_user="user = nobody" if os.geteuid() == 0 else "",
        )
    )  # fmt: skip
    process = subprocess.Popen([str(PGBOUNCER), str(configuration)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(listen)
        yield str(url.set(host="127.0.0.1", port=listen))
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for(port: int) -> None:
    for _ in range(500):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.01)
    raise AssertionError("PgBouncer does not answer")


@pytest.mark.parametrize("size", [1, 3])
def test_transaction_mode_is_refused(
    placed: Project, database: Database, kind: str, size: int, tmp_path: Path
) -> None:
    add_revision(placed, "r1", None, "heroes", upgrade=CREATE)
    with pooled(kind, database, tmp_path, "transaction", size) as url:
        said = refused(placed.cli("upgrade", env={"DATABASE_URL": url}), 4)
    assert said.message == (
        "the URL leads to a connection pooler in transaction mode: neither a migration lock nor"
        " a timeout would hold there"
    )
    assert said.hint == (
        "give the URL of the server itself, or of a pool in session mode: --url URL"
    )
    assert said.details == ("nothing was run",)
    assert version(database) == []


def test_session_mode_works(placed: Project, database: Database, kind: str, tmp_path: Path) -> None:
    add_revision(placed, "r1", None, "heroes", upgrade=CREATE)
    with pooled(kind, database, tmp_path, "session", 6) as url:
        for ended in placed.cli.together(2, "upgrade", env={"DATABASE_URL": url}):
            assert ended.code == 0, ended.output
    assert version(database) == ["r1"]


def test_at_head_transaction_mode_is_no_matter(
    placed: Project, database: Database, kind: str, tmp_path: Path
) -> None:
    add_revision(placed, "r1", None, "heroes", upgrade=CREATE)
    assert placed.cli("upgrade").code == 0
    with pooled(kind, database, tmp_path, "transaction", 1) as url:
        ended = placed.cli("upgrade", env={"DATABASE_URL": url})
    assert ended.code == 0, ended.output
