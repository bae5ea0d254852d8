"""The page on the command line says what the command line does."""

from __future__ import annotations

import re
from pathlib import Path

import click

from sqlmodel_migrations.cli import group
from sqlmodel_migrations.cli.completion import SHELLS
from sqlmodel_migrations.cli.summaries import SUMMARIES
from sqlmodel_migrations.cli.verb import Verb
from sqlmodel_migrations.errors import ExitCode

PAGE = (Path(__file__).parents[2] / "docs/command-line.md").read_text(encoding="utf-8")
MIGRATIONS = group.migrations("migrations")


def section(title: str) -> str:
    return PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def verbs() -> list[Verb]:
    context = click.Context(MIGRATIONS)
    found = [MIGRATIONS.get_command(context, name) for name in SUMMARIES]
    return [command for command in found if isinstance(command, Verb)]


def test_the_commands() -> None:
    table = PAGE.partition("\n## ")[0]
    assert dict(re.findall(r"^\| `([a-z-]+)` \| (.+?) \|$", table, re.MULTILINE)) == SUMMARIES


def test_the_options_of_every_command() -> None:
    rows = re.findall(r"^\| (`-.+?) \|", section("Options of every command"), re.MULTILINE)
    named = {word for row in rows for word in re.findall(r"(--?[a-z]+)", row)}
    shared = {word for param in MIGRATIONS.params for word in param.opts} - {"--version", "x"}
    assert named == shared | {"--all"}


def test_the_commands_that_take_all() -> None:
    row = re.search(r"^\| `--all` \|.*$", PAGE, re.MULTILINE)
    assert row
    named = set(re.findall(r"`([a-z-]+)`", row[0])) - {"--all"}
    taking = {
        command.name
        for command in verbs()
        if any("--all" in param.opts for param in command.shared)
    }
    assert named == taking


def test_the_exit_codes() -> None:
    codes = re.findall(r"^\| (\d+) \|", section("Streams and exit codes"), re.MULTILINE)
    assert [int(code) for code in codes] == [int(code) for code in ExitCode]


def test_the_shells() -> None:
    found = re.findall(r"migrations completion (\w+)", section("Completion"))
    assert tuple(found) == SHELLS
