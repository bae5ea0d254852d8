"""One invocation: the options that every command has, wherever they were typed."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

import click

from sqlmodel_migrations.cli import stage
from sqlmodel_migrations.errors import UsageError

if TYPE_CHECKING:
    from sqlmodel_migrations.generate.questioner import Questioner
    from sqlmodel_migrations.history.graph import Graph
    from sqlmodel_migrations.migrations import Migrations
    from sqlmodel_migrations.project.settings import Settings

DEFAULT_NAME = "alembic"
TEXT = "text"


class Invocation(NamedTuple):
    """What was typed besides the command's own options; `program` is what stands before them."""

    program: str = "sqlmodel migrations"
    config: tuple[str, ...] = ()
    name: str = DEFAULT_NAME
    x: tuple[str, ...] = ()
    url: str | None = None
    quiet: bool = False
    json: bool = False
    format: str = TEXT
    raiseerr: bool = False
    every: bool = False
    events: bool = False

    @property
    def is_document(self) -> bool:
        """Whether the answer is one document for a program, rather than lines for a person."""
        return self.format != TEXT

    def migrations(self) -> Migrations:
        """Find the project and return the database that was asked for."""
        from sqlmodel_migrations.migrations import Migrations

        return Migrations.find(url=self.url, config=self.config, name=self.name, x=self.x)

    def settings(self) -> Settings:
        """Read the configuration, and import neither SQLAlchemy nor Alembic for it."""
        from sqlmodel_migrations.project import settings

        return settings.find(Path.cwd(), config=self.config, name=self.name)

    def graph(self) -> Graph:
        """Read the history, and import neither SQLAlchemy nor Alembic for it."""
        from sqlmodel_migrations.history import graph, index

        found = self.settings()
        return graph.Graph(
            index.read(
                found.version_locations, recursive=found.recursive, sourceless=found.sourceless
            )
        )

    def sections(self) -> tuple[Invocation, ...]:
        """Return one invocation for each section of the project: what `--all` means."""
        for flag, given in (("--url", self.url), ("--name", self.name != DEFAULT_NAME)):
            if given:
                raise UsageError(
                    f"{flag} means one database, --all means every one",
                    hint="leave one of the two out",
                )
        from sqlmodel_migrations.project import settings

        names = settings.names(Path.cwd(), config=self.config)
        return tuple(self._replace(name=name, every=False) for name in names)

    def say(self, text: str) -> None:
        """Tell people what happens while it happens."""
        if not self.quiet:
            stage.write(f"{text}\n", sys.stdout)

    def typed(self, command: str) -> str:
        """Return what to type to run `command` on the same database."""
        words = [self.program, command, *(f"-c {file}" for file in self.config)]
        return " ".join(words if self.name == DEFAULT_NAME else [*words, f"-n {self.name}"])

    def questioner(self) -> Questioner:
        """Return who answers questions: the person at the terminal, or nobody."""
        from sqlmodel_migrations.cli.person import Person
        from sqlmodel_migrations.generate.questioner import Silent

        return Person() if self.may_ask() else Silent()

    def sql_stream(self, is_wanted: bool) -> TextIO | None:
        """Return where SQL goes that is shown and not run; None where it is to be run."""
        if not is_wanted:
            return None
        return io.StringIO() if self.is_document else sys.stdout

    def may_ask(self) -> bool:
        """Questions are for people: never where the answer goes to a machine."""
        return not (self.is_document or self.events) and stage.may_ask()


OPTIONS = {*Invocation._fields} - {"program"}


def of(context: click.Context, typed: dict[str, Any]) -> Invocation:
    """Return the invocation of a command whose own shared options are `typed`.

    What stands before the command counts as well: lists are joined, single values are
    replaced by those after the command.
    """
    given: dict[str, Any] = {}
    for parameters in (*_before(context), typed):
        for name in OPTIONS & parameters.keys():
            given[name] = _joined(given.get(name), parameters[name])
    program = context.parent.command_path if context.parent else context.command_path
    given["format"] = _format(given)
    return Invocation(program=program, **{name: value for name, value in given.items() if value})


def _format(given: Mapping[str, Any]) -> str:
    """How the answer is written; raises click's `UsageError` where two ways are asked for."""
    named = given.get("format")
    if not given.get("json"):
        return named or _usual_format("format" in given)
    if named not in (None, "json"):
        raise click.UsageError(f"--json and --format {named} contradict each other: give one")
    return "json"


def _usual_format(has_choice: bool) -> str:
    """In a job of GitHub Actions what is found stands beside the lines, where a command can."""
    is_action = has_choice and os.environ.get("GITHUB_ACTIONS") == "true"
    return "github" if is_action else TEXT


def _joined(before: Any, after: Any) -> Any:
    return (*before, *after) if before and isinstance(after, tuple) else after or before


def _before(context: click.Context) -> list[dict[str, Any]]:
    """Return the shared options typed before the command, outermost first."""
    found: list[dict[str, Any]] = []
    while context.parent is not None:
        context = context.parent
        found.insert(0, context.params)
    return found
