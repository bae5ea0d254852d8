"""Servers of the tests' own, whose data lie in memory: there it costs nothing to make a database.

    python tests/throwaway.py COMMAND…

runs a command with TEST_POSTGRESQL_URL and TEST_MARIADB_URL. One that is set already is left as it
is; a server whose programs are not installed is not started, and the command looks for another.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

Command = list[str | Path]

# Seconds that a server may take until it answers.
START = 60.0

# The server ends with whoever holds the other end of its input, however that ends.
_GUARD = """
folder=$1 signal=$2; shift 2
exec 3<&0
"$@" & server=$!
{ cat <&3 >/dev/null; while kill -$signal $server 2>/dev/null; do sleep 0.2; done; } &
wait $server
rm -rf "$folder"
"""


class Absent(Exception):
    """The programs of a server are not installed, or it does not start; the message says which."""


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Start PostgreSQL, and yield the URL of its superuser; raises `Absent`."""
    programs = postgresql_programs()
    with folder_in_memory() as folder:
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres"]
        run([programs / "initdb", *options, "--no-sync", folder / "data"], folder)
        port = free_port()
        settings = {
            "fsync": "off",
            "full_page_writes": "off",
            # To drop a database goes through them all.
            "shared_buffers": "32MB",
            "listen_addresses": "127.0.0.1",
            "port": port,
            "unix_socket_directories": "",
        }
        said = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        command = [programs / "postgres", "-D", folder / "data", *said]
        ready = [programs / "pg_isready", "--quiet", "--host=127.0.0.1", f"--port={port}"]
        with _started("INT", command, folder, ready):
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"


@contextlib.contextmanager
def mariadb() -> Iterator[str]:
    """Start MariaDB, and yield the URL of its superuser; raises `Absent`."""
    with mariadb_folder() as folder:
        where = mariadb_files(folder)
        port = free_port()
        listening = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"]
        careless = ["--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync"]
        command = ["mariadbd", *where, *listening, *careless]
        ready = ["mariadb-admin", *where[:1], *listening[:1], "--host=127.0.0.1", "ping"]
        with _started("TERM", command, folder, ready):
            yield f"mariadb://root@127.0.0.1:{port}/mysql"


@contextlib.contextmanager
def mariadb_folder() -> Iterator[Path]:
    """A folder with the empty databases of a MariaDB in `data`; raises `Absent`."""
    for program in ("mariadbd", "mariadb-install-db", "mariadb-admin"):
        if shutil.which(program) is None:
            raise Absent(f"{program} is not installed")
    with folder_in_memory() as folder:
        options = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        run(["mariadb-install-db", *mariadb_files(folder), *options], folder)
        yield folder


def mariadb_files(folder: Path) -> list[str]:
    """Options that say where a MariaDB has its files: it deletes those of others in its tmpdir."""
    return ["--no-defaults", f"--datadir={folder / 'data'}", f"--tmpdir={folder}"]


def postgresql_programs() -> Path:
    """The folder of `initdb` and `postgres`: Debian keeps it off the PATH."""
    found = [Path(path).resolve().parent for path in [shutil.which("initdb")] if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    for folder in found:
        if all((folder / name).exists() for name in ("initdb", "postgres", "pg_isready")):
            return folder
    raise Absent("initdb, postgres and pg_isready are not installed")


def _version(folder: Path) -> int:
    name = folder.parent.name
    return int(name) if name.isdigit() else 0


@contextlib.contextmanager
def folder_in_memory() -> Iterator[Path]:
    """A folder in memory where Linux has one, that the server's account may enter."""
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="smtest-", dir=place))
    owner = account()
    if owner:
        os.chown(folder, owner["user"], owner["group"])
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def account() -> dict[str, Any]:
    """Who runs a server: nobody for root, whom PostgreSQL refuses."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return {}
    import pwd

    entry = pwd.getpwnam("nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def run(command: Command, folder: Path) -> None:
    """Run a program of a server's in a folder of `folder_in_memory`; raises `Absent`."""
    log = folder / "log"
    with log.open("w") as file:
        done = subprocess.run(
            command, stdout=file, stderr=subprocess.STDOUT, cwd=folder, check=False, **account()
        )
    if done.returncode:
        raise Absent(f"{Path(command[0]).name} failed: {_last_line(log)}")


@contextlib.contextmanager
def _started(signal: str, command: Command, folder: Path, ready: Command) -> Iterator[None]:
    """Run a server, which answers when `ready` succeeds; `signal` tells it to end."""
    log = folder / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "sh", folder, signal, *command],
            stdin=subprocess.PIPE,
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
            **account(),
        )
    try:
        _wait(process, ready, log)
        yield
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=START)


def _wait(process: subprocess.Popen[bytes], ready: Command, log: Path) -> None:
    deadline = time.monotonic() + START
    while process.poll() is None and time.monotonic() < deadline:
        if subprocess.run(ready, capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.02)
    raise Absent(f"the server did not start: {_last_line(log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return lines[-1] if lines else "it said nothing"


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


SERVERS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "TEST_POSTGRESQL_URL": postgresql,
    "TEST_MARIADB_URL": mariadb,
}


def main() -> int:
    """Run the command of the command line, and return its exit code."""
    with contextlib.ExitStack() as stack:
        environment = dict(os.environ)
        for variable, start in SERVERS.items():
            if not environment.get(variable):
                with contextlib.suppress(Absent):
                    environment[variable] = stack.enter_context(start())
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
