"""The groups, which import a command's module only to run it or to show its help."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import click

from sqlmodel_migrations.cli import options
from sqlmodel_migrations.cli.helptext import write_options, write_section
from sqlmodel_migrations.cli.summaries import SUMMARIES
from sqlmodel_migrations.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyGroup(click.Group):
    """A group that knows the names and summaries of its commands without importing them."""

    summaries: ClassVar[Mapping[str, str]] = SUMMARIES

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which help shows them."""
        return list(self.summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; Alembic's spelling with an underscore is the same command."""
        name = cmd_name.replace("_", "-")
        if name not in self.summaries:
            return None
        module = importlib.import_module(f"sqlmodel_migrations.cli.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which known one is nearest to what was typed."""
        command = self.get_command(ctx, args[0])
        if command is None and not ctx.resilient_parsing:
            ctx.fail(_unknown(args[0], [*self.summaries]))
        return (command.name if command else None), command, args[1:]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands first: they are what is looked for."""
        self.format_commands(ctx, formatter)
        write_options(ctx, formatter, "Global options", self.get_params(ctx))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write names and summaries."""
        write_section(formatter, "Commands", list(self.summaries.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete names, with their summaries, and options."""
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=text)
            for name, text in self.summaries.items()
            if name.startswith(incomplete)
        ]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]


class OpenGroup(LazyGroup):
    """The command `sqlmodel`, to which other packages add their own."""

    summaries: ClassVar[Mapping[str, str]] = {
        "migrations": "Migrate a database to what your models say."
    }

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return our group, else what another package calls by that name."""
        if cmd_name in self.summaries:
            return migrations("migrations")
        if ctx.resilient_parsing:
            return None
        from sqlmodel_migrations.cli import extension

        return extension.load(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write our group and what other packages add, without importing them."""
        from sqlmodel_migrations.cli import extension

        write_section(
            formatter, "Commands", list({**extension.summaries(), **self.summaries}.items())
        )


def sqlmodel() -> click.Group:
    """Return the command `sqlmodel`."""
    return _group(OpenGroup, "sqlmodel", "Tools for SQLModel.", params=[])


def migrations(name: str) -> click.Group:
    """Return the group of all commands, as `sqlmodel migrations` or a program of its own."""
    text = (
        "Migrations for SQLModel and SQLAlchemy, on top of Alembic.\n\n"
        "The first day: init, revision, upgrade. Completion in your shell: completion."
    )
    return _group(LazyGroup, name, text, params=options.shared())


def _group(
    kind: type[LazyGroup], name: str, text: str, *, params: list[click.Parameter]
) -> click.Group:
    group = kind(name, help=text, params=params)
    version = click.version_option(
        __version__, prog_name="sqlmodel-migrations", message="%(prog)s %(version)s"
    )
    return version(group)


def _unknown(word: str, known: list[str]) -> str:
    import difflib

    nearest = difflib.get_close_matches(word.replace("_", "-"), known, n=3)
    guess = f" Did you mean {', '.join(map(repr, nearest))}?" if nearest else ""
    return f"No such command {word!r}.{guess}"
