"""A project of a user's in a temporary folder: its files, and the command line run in it."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from zygote import Child, Ran, Zygote, run_subprocess

OURS = ("sqlmodel", "migrations")

# What would change a command's behaviour or its output, and is the machine's rather than the
# test's: whole names, or the beginnings and ends of names.
_VARIABLES = ("ALEMBIC_CONFIG", "CI", "COLUMNS", "EDITOR", "LINES", "NO_COLOR", "VISUAL")
_BEGINNINGS = ("CI_", "CLICOLOR", "FORCE_COLOR", "GITHUB_", "GITLAB_", "PG", "SQLMODEL", "TTY_")
_ENDS = ("DATABASE_URL", "_COMPLETE")


def foreign_variables() -> list[str]:
    """The names of this process's environment variables that a command must not see."""
    return [
        name
        for name in os.environ
        if name in _VARIABLES or name.startswith(_BEGINNINGS) or name.endswith(_ENDS)
    ]


class CommandLine:
    """Runs commands in the current folder, each in a child process that knows nothing before it.

    `cli("upgrade", "head")` is `sqlmodel migrations upgrade head`. `env` adds to the environment
    of the test, or takes away what is None; `merged` puts what went to stderr into stdout, in
    the order written.
    """

    def __init__(self, zygote: Zygote) -> None:
        self._zygote = zygote

    def __call__(
        self,
        *arguments: str,
        env: Mapping[str, str | None] | None = None,
        input: str = "",
        merged: bool = False,
    ) -> Ran:
        """Run `sqlmodel migrations …`."""
        return self.run(*OURS, *arguments, env=env, input=input, merged=merged)

    def alembic(
        self,
        *arguments: str,
        env: Mapping[str, str | None] | None = None,
        input: str = "",
        merged: bool = False,
    ) -> Ran:
        """Run plain `alembic …`."""
        return self.run("alembic", *arguments, env=env, input=input, merged=merged)

    def run(
        self,
        *program: str,
        env: Mapping[str, str | None] | None = None,
        input: str = "",
        merged: bool = False,
    ) -> Ran:
        """Run `sqlmodel …`, `sqlmodel-migrations …` or `alembic …`, quickly where forks exist."""
        run = self._zygote.run if hasattr(os, "fork") else run_subprocess
        return run(program, environment=_environment(env), input=input, merged=merged)

    def each(self, *commands: Sequence[str], program: Sequence[str] = OURS) -> Ran:
        """Run `sqlmodel migrations …` for each of `commands` until one fails; streams are merged.

        They share a process: for the way to what a test is about, at half the price.
        """
        programs = [(*program, *command) for command in commands]
        if hasattr(os, "fork"):
            return self._zygote.run(*programs, environment=_environment(None), merged=True)
        said = ""
        for program in programs:
            ran = self.run(*program, merged=True)
            said += ran.stdout
            if ran.code:
                break
        return Ran(ran.code, said, "")

    def start(
        self,
        *arguments: str,
        env: Mapping[str, str | None] | None = None,
        program: Sequence[str] = OURS,
    ) -> Child:
        """Start `sqlmodel migrations …` beside what runs already; needs `os.fork`."""
        return self._zygote.start((*program, *arguments), environment=_environment(env))

    def together(
        self,
        number: int,
        *arguments: str,
        env: Mapping[str, str | None] | None = None,
        program: Sequence[str] = OURS,
    ) -> list[Ran]:
        """Run so many of `sqlmodel migrations …` at once; needs `os.fork`."""
        children = [self.start(*arguments, env=env, program=program) for _ in range(number)]
        return [child.wait() for child in children]

    def subprocess(
        self,
        *program: str,
        env: Mapping[str, str | None] | None = None,
        input: str = "",
        merged: bool = False,
    ) -> Ran:
        """Run any program in a fresh process, as a person does; `python` is this one."""
        return run_subprocess(program, environment=_environment(env), input=input, merged=merged)


def _environment(changes: Mapping[str, str | None] | None) -> dict[str, str]:
    changed = {**os.environ, **(changes or {})}
    return {name: value for name, value in changed.items() if value is not None}


# What a command wrote, by the command and what it depends on.
_made: dict[tuple[object, ...], dict[str, str]] = {}


class Project:
    """The current folder, `path`, and the command line in it, `cli`."""

    def __init__(self, path: Path, cli: CommandLine) -> None:
        self.path = path
        self.cli = cli

    def init(self) -> None:
        """Set up migrations for models.py: `init` is run once, then what it wrote is copied."""
        self._make(("init",), "DATABASE_URL" in os.environ)

    def revision(self, *arguments: str, kind: str) -> None:
        """Write a revision for a kind of database: run once for the same files, then copied."""
        files = tuple((name, self.read(name)) for name in self.files())
        self._make(("revision", *arguments), kind, files)

    def _make(self, command: Sequence[str], *depends: object) -> None:
        made = _made.setdefault((*command, *depends), {})
        if not made:
            before = self.files()
            ran = self.cli(*command)
            assert ran.code == 0, ran.output
            made.update({name: self.read(name) for name in self.files() if name not in before})
        for name, text in made.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")

    def write(self, files: Mapping[str, str]) -> None:
        """Write files by their path in the project; the text loses its common indentation."""
        for name, text in files.items():
            file = self.path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8", newline="\n")

    def read(self, name: str) -> str:
        """The text of a file."""
        return (self.path / name).read_text(encoding="utf-8")

    def files(self) -> list[str]:
        """The paths of all files in the project, sorted, without byte code."""
        found = (file for file in self.path.rglob("*") if file.is_file())
        names = (file.relative_to(self.path).as_posix() for file in found)
        return sorted(name for name in names if "__pycache__" not in name)
