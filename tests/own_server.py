"""A server of a test's own, which may be killed as `kill -9` does, and be started again."""

from __future__ import annotations

import contextlib
import ctypes
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import throwaway
from databases import Server, _server

# What a server says, it says to nobody.
_SILENT = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)


@dataclass
class OwnServer:
    """A server and the command that starts it; `ending` is the signal that stops it at once."""

    server: Server
    command: throwaway.Command
    pid_file: Path
    ending: signal.Signals
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return int(self.pid_file.read_text().split()[0])

    @property
    def url(self) -> str:
        return self.server.url.render_as_string(hide_password=False)

    def start(self) -> None:
        """Start it, again until it answers: PostgreSQL waits for what its children still do."""
        deadline = time.monotonic() + throwaway.START
        while time.monotonic() < deadline:
            if self._process is not None:
                self._process.wait(timeout=throwaway.START)
            self._process = subprocess.Popen(
                self.command, preexec_fn=_end_with_parent, **_SILENT, **throwaway.account()
            )
            if self._answers():
                return

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.send_signal(self.ending)
            self._process.wait(timeout=throwaway.START)

    def _answers(self) -> bool:
        assert self._process is not None
        while self._process.poll() is None:
            with contextlib.suppress(Exception):
                self.server.execute("SELECT 1")
                return True
            time.sleep(0.05)
        return False


@contextmanager
def postgresql() -> Iterator[OwnServer]:
    """PostgreSQL; raises `throwaway.Absent`."""
    programs = throwaway.postgresql_programs()
    with throwaway.folder_in_memory() as folder:
        data, port = folder / "data", throwaway.free_port()
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres"]
        throwaway.run([programs / "initdb", *options, "--no-sync", data], folder)
        command = [programs / "postgres", "-F", "-D", data, "-p", str(port)]
        command += ["-h", "127.0.0.1", "-k", ""]
        server = _server("postgresql", f"postgresql://postgres@127.0.0.1:{port}/postgres")
        yield from _started(server, command, data / "postmaster.pid", signal.SIGINT)


@contextmanager
def mariadb() -> Iterator[OwnServer]:
    """MariaDB, which keeps what it has committed when it is killed; raises `throwaway.Absent`."""
    with throwaway.mariadb_folder() as folder:
        port = throwaway.free_port()
        command: throwaway.Command = ["mariadbd", *throwaway.mariadb_files(folder)]
        command += [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"]
        command += ["--innodb-flush-log-at-trx-commit=2", f"--pid-file={folder / 'pid'}"]
        server = _server("mariadb", f"mariadb://root@127.0.0.1:{port}/mysql")
        yield from _started(server, command, folder / "pid", signal.SIGTERM)


def _started(
    server: Server, command: throwaway.Command, pid_file: Path, ending: signal.Signals
) -> Iterator[OwnServer]:
    own = OwnServer(server, command, pid_file, ending)
    own.start()
    try:
        yield own
    finally:
        own.stop()


def _end_with_parent() -> None:
    """Let the system end a server whose test was killed (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
