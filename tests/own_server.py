"""A server of a test's own, which may be killed as `kill -9` does, and be started again."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from databases import Server, _free_port, _install_mariadb, _server
from sqlmodel_migrations.shadow import embedded


@dataclass
class OwnServer:
    """A server and the command that starts it; `pid_file` holds its process id in its first line.

    `user` runs it: None for the user that we are. `ending` is the signal that stops it at once.
    """

    server: Server
    command: Sequence[str]
    pid_file: Path
    user: int | None = None
    ending: signal.Signals = signal.SIGTERM
    _process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return int(self.pid_file.read_text().split()[0])

    @property
    def url(self) -> str:
        return self.server.url.render_as_string(hide_password=False)

    def start(self) -> None:
        """Start it again, until it does: PostgreSQL waits for what its children still do."""
        deadline = time.monotonic() + 30
        while True:
            if self._process is not None:
                self._process.wait(timeout=30)
            self._process = subprocess.Popen(
                self.command,
                user=self.user,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if self._answers() or time.monotonic() > deadline:
                return

    def stop(self) -> None:
        """End it, if it was started here."""
        if self._process is not None:
            self._process.send_signal(self.ending)
            self._process.wait(timeout=30)

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
    """The embedded server; started again it is the same program on the same folder."""
    with embedded.server() as url:
        server = _server("postgresql", url)
        folder = Path(server.execute("SHOW data_directory")[0][0])
        pid_file = folder / "postmaster.pid"
        program = Path(f"/proc/{pid_file.read_text().split()[0]}/exe").readlink()
        options = ("-F", "-D", str(folder), "-p", str(server.url.port))
        command = (str(program), *options, "-h", "127.0.0.1", "-k", "")
        own = OwnServer(server, command, pid_file, folder.stat().st_uid, signal.SIGINT)
        try:
            yield own
        finally:
            own.stop()


@contextmanager
def mariadb() -> Iterator[OwnServer]:
    """A `mariadbd` in a folder of its own, which keeps what it has committed when it is killed."""
    user = "--user=root" if os.geteuid() == 0 else ""
    with tempfile.TemporaryDirectory(prefix="smtest-", ignore_cleanup_errors=True) as folder:
        data, port = Path(folder, "data"), _free_port()
        _install_mariadb(data, user or f"--user={os.environ['USER']}")
        program = shutil.which("mariadbd")
        assert program is not None
        pid_file = Path(folder, "pid")
        command = [program, "--no-defaults", f"--datadir={data}", f"--socket={folder}/socket"]
        command += [f"--port={port}", "--bind-address=127.0.0.1", f"--pid-file={pid_file}"]
        server = _server("mariadb", f"mariadb://root@127.0.0.1:{port}/mysql")
        own = OwnServer(server, [*command, user] if user else command, pid_file)
        own.start()
        try:
            yield own
        finally:
            own.stop()
