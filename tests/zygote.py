"""The zygote: a process with every library imported, that forks a child for each command line.

A child starts in milliseconds and knows nothing of the children before it. Where `os.fork` is
missing a fresh interpreter takes its place, and `Ran` is the same. Run as a program, this file
is the zygote itself; it must import nothing of the tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 60.0

# What a console script would do, by the name of the program.
ENTRY_POINTS = {
    "sqlmodel": ("sqlmodel_migrations.cli", "main"),
    "sqlmodel-migrations": ("sqlmodel_migrations.cli", "main_migrations"),
    "alembic": ("alembic.config", "main"),
}

LIBRARIES = (
    "aiosqlite alembic.command alembic.config asyncpg click fastapi greenlet logging.config "
    "psycopg pymysql rich.console sqlalchemy.dialects.mysql sqlalchemy.dialects.postgresql "
    "sqlalchemy.dialects.sqlite sqlalchemy.ext.asyncio sqlalchemy.orm sqlmodel"
)

# What is done once, before the first child: whoever does it first fills the caches of the libraries
# and lets the interpreter learn the code, at a sixth of its time. Nothing of it may be left.
REHEARSAL = ("init", "revision begin", "upgrade", "check", "downgrade base --yes", "current")
MODELS = """
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

class Base(SQLModel, registry=registry()):
    pass

class Team(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50)

class Hero(Base, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=50, index=True)
    team_id: int | None = Field(default=None, foreign_key="team.id")

metadata = Base.metadata
"""


@dataclass(frozen=True)
class Ran:
    """What a command did: its exit code (negative for a signal) and what it wrote."""

    code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Both streams; in the order written only where they were merged."""
        return self.stdout + self.stderr


class Zygote:
    """The process that forks; started with the first command, ended by `close`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._children: dict[int, _Streams] = {}

    def run(
        self,
        *programs: Sequence[str],
        environment: Mapping[str, str],
        input: str = "",
        merged: bool = False,
    ) -> Ran:
        """Run programs of ENTRY_POINTS in a child, in the current folder, until one fails."""
        return self.start(*programs, environment=environment, input=input, merged=merged).wait()

    def start(
        self,
        *programs: Sequence[str],
        environment: Mapping[str, str],
        input: str = "",
        merged: bool = False,
    ) -> Child:
        """Start programs as `run` does, beside those that run already."""
        streams = _Streams(input, merged)
        request = {
            "programs": [list(program) for program in programs],
            "environment": dict(environment),
            "folder": str(Path.cwd()),
            "streams": streams.paths,
        }
        pid = self._ask(request)
        self._children[pid] = streams
        return Child(self, pid, streams)

    def wait(self, pid: int) -> int:
        """Wait for a child; return its exit code, -SIGKILL for one that hung."""
        code = self._ask({"pid": pid, "seconds": SECONDS})
        del self._children[pid]
        return code

    def close(self) -> None:
        """End the process and its children; nothing happens if it never started."""
        import signal

        for pid, streams in self._children.items():
            os.kill(pid, signal.SIGKILL)
            streams.close()
        if self._process is not None and self._process.stdin and self._process.stdout:
            self._process.stdin.close()
            self._process.wait(timeout=10)
            self._process.stdout.close()

    def _ask(self, request: Mapping[str, Any]) -> int:
        process = self._started()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        assert answer, "the zygote is dead; its error is on this process's stderr"
        return int(answer)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            # -u: what is written to both streams stays in order when they are one file.
            self._process = subprocess.Popen(
                [sys.executable, "-u", __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=Path(__file__).parent.parent,
                start_new_session=True,
            )
        return self._process


class Child:
    """A program under way; `wait` must be called once."""

    def __init__(self, zygote: Zygote, pid: int, streams: _Streams) -> None:
        self._zygote, self.pid, self._streams = zygote, pid, streams

    def stderr(self) -> str:
        """What it wrote to stderr so far."""
        return self._streams.text("stderr")

    def wait(self) -> Ran:
        """Wait for its end, and return what it did."""
        try:
            code = self._zygote.wait(self.pid)
            return Ran(code, self._streams.text("stdout"), self._streams.text("stderr"))
        finally:
            self._streams.close()


class _Streams:
    """Temporary files that stand for a command's stdin, stdout and stderr."""

    def __init__(self, input: str, merged: bool) -> None:
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        names = ("stdin", "stdout", "stdout" if merged else "stderr")
        self.paths = [str(folder / name) for name in names]
        for path in self.paths:
            Path(path).write_text("")
        Path(self.paths[0]).write_text(input, encoding="utf-8")

    def close(self) -> None:
        self._folder.cleanup()

    def text(self, name: str) -> str:
        path = Path(self._folder.name, name)
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def run_subprocess(
    program: Sequence[str],
    *,
    environment: Mapping[str, str],
    input: str = "",
    merged: bool = False,
) -> Ran:
    """Run a program of ENTRY_POINTS, or any other, in a fresh process, in the current folder."""
    done = subprocess.run(
        command(program),
        env=dict(environment),
        input=input,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if merged else subprocess.PIPE,
        text=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr or "")


def command(program: Sequence[str]) -> list[str]:
    """The arguments that start `program` in a fresh process, installed or not."""
    name, *arguments = program
    if name == "python":
        return [sys.executable, *arguments]
    if name not in ENTRY_POINTS:
        return list(program)
    module, function = ENTRY_POINTS[name]
    # -P: like a console script, this does not put the current folder on the path.
    source = f"import sys; sys.argv[0] = {name!r}; from {module} import {function} as main; "
    return [sys.executable, "-P", "-c", f"{source}sys.exit(main())", *arguments]


def _import_libraries() -> None:
    import contextlib
    import importlib

    for name in (*LIBRARIES.split(), *_our_modules()):
        # What is not installed, or does not exist here, is a matter for the child to meet.
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def _our_modules() -> list[str]:
    """Every module of this package: a command imports late what it needs, a child would again."""
    import pkgutil

    import sqlmodel_migrations as package

    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [module.name for module in found if not module.name.endswith("__main__")]


def _rehearse() -> None:
    """Run the commands of REHEARSAL here, in a folder that is removed, and forget their models."""
    import contextlib
    import gc
    import io

    thresholds, folder = gc.get_threshold(), Path.cwd()
    os.environ.clear()  # DATABASE_URL may be that of a test
    sys.dont_write_bytecode = True
    with tempfile.TemporaryDirectory() as rehearsed:
        os.chdir(rehearsed)
        Path("models.py").write_text(MODELS)
        with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.redirect_stderr(said):
            code = _run([["sqlmodel", "migrations", *line.split()] for line in REHEARSAL])
        os.chdir(folder)
    assert code == 0, said.getvalue()
    gc.set_threshold(*thresholds)
    tempfile.tempdir = None
    del sys.modules["models"]


def _answer_requests() -> dict[str, Any]:
    """Fork or wait, as each line of stdin asks; return the request in the child, exit here."""
    import gc

    gc.collect()
    gc.freeze()
    requests = sys.stdin.buffer
    for line in iter(requests.readline, b""):
        request: dict[str, Any] = json.loads(line)
        if "pid" in request:
            answer = _wait(request["pid"], request["seconds"])
        elif (answer := os.fork()) == 0:
            return request
        os.write(1, f"{answer}\n".encode())
    sys.exit(0)


def _wait(pid: int, seconds: float) -> int:
    """Wait for a child, for so many seconds; return its exit code, -SIGKILL for one that hung."""
    import signal

    signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _become(request: dict[str, Any]) -> None:
    """Take on a command's folder, environment and streams."""
    import signal

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    for descriptor, path in enumerate(request["streams"]):
        _redirect(descriptor, path)
    # The old object may have read ahead; those of the other two streams have nothing in them.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115


def _redirect(descriptor: int, path: str) -> None:
    opened = os.open(path, os.O_WRONLY | os.O_APPEND if descriptor else os.O_RDONLY)
    os.dup2(opened, descriptor)
    os.close(opened)


def _main() -> object:
    import importlib

    module, function = ENTRY_POINTS[sys.argv[0]]
    return getattr(importlib.import_module(module), function)()


def _run(programs: Sequence[list[str]]) -> int:
    """Run one after the other, and return the exit code of the first that fails, or 0."""
    for program in programs:
        sys.argv = program
        if code := _exit_code():
            return code
    return 0


def _exit_code() -> int:
    """Run the command and return what the interpreter would exit with."""
    try:
        code = _main()
    except SystemExit as ended:
        code = ended.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    if code is None or isinstance(code, int):
        return code or 0
    print(code, file=sys.stderr)
    return 1


def _end(code: int) -> None:
    """End as the interpreter does, but without taking every imported library apart: 50 ms."""
    import atexit
    import threading

    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code & 0xFF)


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))
    _import_libraries()
    _rehearse()
    request = _answer_requests()
    _become(request)
    _end(_run(request["programs"]))
