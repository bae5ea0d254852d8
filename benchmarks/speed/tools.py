"""The tools that are measured: what is typed for each of them."""

from __future__ import annotations

import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

PROGRAMS = Path(sysconfig.get_path("scripts"))


class Tool(NamedTuple):
    """A program of the environment that this runs in, with the words for each task."""

    name: str
    program: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]

    def command(self, task: str) -> list[str]:
        """Return the command line of a task."""
        program, *rest = self.program
        return [str(PROGRAMS / program), *rest, *self.words.get(task, (task,))]


ALEMBIC = Tool(
    "alembic",
    ("alembic",),
    {
        "init": ("init", "migrations"),
        "help": ("--help",),
        "version": ("--version",),
        "upgrade": ("upgrade", "head"),
        "stamp": ("stamp", "head"),
        "upgrade together": ("upgrade", "head"),
        "compare": ("check",),
        "replay": ("upgrade", "head"),
        "first": ("upgrade", "000000000001"),
    },
)
OURS = Tool(
    "sqlmodel",
    ("sqlmodel", "migrations"),
    {
        "help": ("--help",),
        "version": ("--version",),
        "stamp": ("stamp", "head"),
        "upgrade together": ("upgrade", "--transaction", "all"),
        "compare": ("check", "--from-database"),
        "replay": ("check",),
        "first": ("upgrade", "000000000001"),
    },
)
