"""The shell of transcripts: the few commands that a page needs, the same on every system.

`NAME=value command`, `export NAME=value`, `unset NAME`, `$NAME`, `*` in a word, `> file` at the
end; `cat`, `cd`, `cp`, `echo`, `ls`, `mkdir`, `rm`; `sql "…"`, which shows the rows of the
database; the programs of this package, `alembic` and `python`; any other program as it is.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

from databases import Database
from project import Project
from zygote import ENTRY_POINTS, Ran

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)
_EXPANSION = re.compile(r"'[^']*'|\$(?:(\w+)|\{(\w+)\})")
_NOT_UNDERSTOOD = {"|", "||", "&&", "&", ";", "<", "<<", ">>"}


class Shell:
    """Runs one command after another in a project; `environment` is what was exported."""

    def __init__(self, project: Project, database: Database) -> None:
        self.project = project
        self.database = database
        server = {} if database.kind == "sqlite" else {"DATABASE_URL": database.url}
        self.environment: dict[str, str | None] = {**server, "DATABASE": database.url}

    def run(self, line: str) -> str:
        """Run a line; return what it wrote to both streams, then `[exit N]` unless N is 0.

        Raises ValueError for what this shell does not understand.
        """
        words = shlex.split(_EXPANSION.sub(self._value, line))
        if _NOT_UNDERSTOOD.intersection(words):
            raise ValueError(f"not understood in a transcript: {line}")
        words, target = _redirected(words)
        ran = self._run(_globbed(words), merged=target is None)
        if target is not None:
            Path(target).write_text(ran.stdout, encoding="utf-8")
            ran = Ran(ran.code, "", ran.stderr)
        return ran.output if not ran.code else f"{_closed(ran.output)}[exit {ran.code}]\n"

    def _value(self, found: re.Match[str]) -> str:
        name = found[1] or found[2]
        return (self.environment.get(name) or os.environ.get(name, "")) if name else found[0]

    def _run(self, words: list[str], merged: bool) -> Ran:
        environment = dict(self.environment)
        while words and (assignment := _ASSIGNMENT.fullmatch(words[0])):
            environment[assignment[1]] = assignment[2]
            words = words[1:]
        command = _COMMANDS.get(words[0])
        if command is not None:
            return command(self, *words[1:])
        cli = self.project.cli
        run = cli.run if words[0] in ENTRY_POINTS else cli.subprocess
        return run(*words, env=environment, merged=merged)

    def _cat(self, *names: str) -> Ran:
        missing = [name for name in names if not Path(name).is_file()]
        text = "".join(Path(n).read_text(encoding="utf-8") for n in names if n not in missing)
        return _said(text, "".join(f"cat: {n}: No such file or directory\n" for n in missing))

    def _cd(self, folder: str = "") -> Ran:
        os.chdir(self.project.path / folder)
        return _said()

    def _cp(self, source: str, target: str) -> Ran:
        shutil.copy(source, target)
        return _said()

    def _echo(self, *words: str) -> Ran:
        return _said(f"{' '.join(words)}\n")

    def _export(self, *assignments: str) -> Ran:
        for assignment in assignments:
            name, _, value = assignment.partition("=")
            self.environment[name] = value
        return _said()

    def _ls(self, folder: str = ".") -> Ran:
        # As where a language is set: '__init__.py' after every id, whether that begins with 8 or b.
        names = sorted((p.name for p in Path(folder).iterdir()), key=lambda name: name.lstrip("_"))
        shown = [name for name in names if not name.startswith((".", "__pycache__"))]
        return _said("".join(f"{name}\n" for name in shown))

    def _mkdir(self, *names: str) -> Ran:
        for name in names:
            Path(name).mkdir(parents=True)
        return _said()

    def _rm(self, *names: str) -> Ran:
        for name in names:
            if name != "-r":
                _remove(Path(name))
        return _said()

    def _sql(self, statement: str) -> Ran:
        if not statement.lstrip().upper().startswith("SELECT"):
            self.database.run(statement)
            return _said()
        rows = self.database.query(statement)
        return _said("".join(f"{' | '.join(map(str, row))}\n" for row in rows))

    def _unset(self, *names: str) -> Ran:
        self.environment |= dict.fromkeys(names)
        return _said()


_COMMANDS: dict[str, Callable[..., Ran]] = {
    "cat": Shell._cat,
    "cd": Shell._cd,
    "cp": Shell._cp,
    "echo": Shell._echo,
    "export": Shell._export,
    "ls": Shell._ls,
    "mkdir": Shell._mkdir,
    "rm": Shell._rm,
    "sql": Shell._sql,
    "unset": Shell._unset,
}


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _said(stdout: str = "", stderr: str = "") -> Ran:
    return Ran(1 if stderr else 0, stdout, stderr)


def _redirected(words: list[str]) -> tuple[list[str], str | None]:
    return (words[:-2], words[-1]) if words[-2:-1] == [">"] else (words, None)


def _globbed(words: list[str]) -> list[str]:
    """The words with file names in the place of patterns that fit some."""
    found = (sorted(map(str, Path().glob(w))) if "*" in w else [] for w in words)
    return [name for word, names in zip(words, found, strict=True) for name in names or [word]]


def _closed(output: str) -> str:
    return output if not output or output.endswith("\n") else f"{output}\n"
