"""Help as people read it: every command has a sentence, an example that parses, its exit codes."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from project import Project
from sqlmodel_migrations.cli import group
from sqlmodel_migrations.cli.summaries import SUMMARIES
from sqlmodel_migrations.cli.verb import Verb

MIGRATIONS = group.migrations("sqlmodel-migrations")
CONTEXT = click.Context(MIGRATIONS, info_name="sqlmodel-migrations")


def command(name: str) -> Verb:
    found = MIGRATIONS.get_command(CONTEXT, name)
    assert isinstance(found, Verb)
    return found


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_command_has_a_sentence_an_example_and_exit_codes(
    project: Project, name: str
) -> None:
    ran = project.cli(name, "--help")
    assert (ran.code, ran.stderr) == (0, "")
    assert " ".join(ran.stdout.split()).count(SUMMARIES[name]) == 1
    assert re.search(rf"^Examples:\n  .*sqlmodel migrations {name}", ran.stdout, re.MULTILINE)
    assert re.search(r"^Exit codes:\n  0  ", ran.stdout, re.MULTILINE)
    assert re.search(r"^  2 +what was typed", ran.stdout, re.MULTILINE)


@pytest.mark.parametrize("name", SUMMARIES)
def test_every_argument_and_option_is_explained(name: str) -> None:
    for param in command(name).params:
        assert isinstance(param, click.Argument) or (isinstance(param, click.Option) and param.help)
    count = sum(isinstance(param, click.Argument) for param in command(name).params)
    assert len(command(name).arguments) == count


@pytest.mark.parametrize("name", SUMMARIES)
def test_examples_are_accepted_by_the_parser(name: str) -> None:
    for line, _ in command(name).examples:
        if "{program}" in line:
            continue
        words = shlex.split(line.partition(" > ")[0])
        assert words[0] == name
        command(name).make_context(name, words[1:], parent=CONTEXT)


def test_examples_name_the_program_that_was_started(project: Project) -> None:
    ran = project.cli.run("sqlmodel-migrations", "upgrade", "--help")
    assert "  sqlmodel-migrations upgrade +1 " in ran.stdout
    assert "sqlmodel migrations" not in ran.stdout


@pytest.mark.parametrize("program", ["sqlmodel", "sqlmodel-migrations"])
def test_a_program_without_a_command_shows_its_help_and_is_no_success(
    project: Project, program: str
) -> None:
    ran = project.cli.run(program)
    assert (ran.code, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"Usage: {program} ")


def test_the_list_of_commands_is_in_the_order_of_a_first_day(project: Project) -> None:
    ran = project.cli("--help")
    found = re.findall(r"^  ([a-z-]+)  ", ran.stdout.partition("Global options:")[0], re.MULTILINE)
    assert found == list(SUMMARIES)
    assert found[:3] == ["init", "revision", "upgrade"]


@pytest.mark.parametrize("words", [("sqlmodel",), ("sqlmodel", "migrations")])
def test_version(project: Project, words: tuple[str, ...]) -> None:
    from sqlmodel_migrations import __version__

    ran = project.cli.run(*words, "--version")
    assert (ran.code, ran.stdout) == (0, f"sqlmodel-migrations {__version__}\n")


def test_python_dash_m(project: Project) -> None:
    ran = project.cli.subprocess("python", "-m", "sqlmodel_migrations", "--help")
    assert ran.code == 0
    assert "upgrade" in ran.stdout
