"""Options that several commands share, spelled as Alembic spells them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from sqlmodel_migrations.cli.target import Target

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class ExecutionOption(click.Option):
    """An option about how a command runs, not what it does; help shows these together."""


def shared(*, taken: frozenset[str] = frozenset(), every: bool = False) -> list[click.Parameter]:
    """Return the options of every command, without the short names that are `taken`.

    With `every`, also `--all`.
    """
    options: list[click.Parameter] = [
        _option("-c", "--config", taken=taken, multiple=True, metavar="FILE", type=click.Path(),
                help="alembic.ini or pyproject.toml to use; may be given for both."),
        _option("-n", "--name", taken=taken, metavar="SECTION",
                help="Section of the configuration: one database of several. [default: alembic]"),
        _option("-x", "x", taken=taken, multiple=True, metavar="KEY=VALUE",
                help="Argument for env.py; may be repeated."),
        _option("--url", taken=taken, metavar="URL",
                help="Database URL, before all other places it may stand in."),
        _option("--json", taken=taken, is_flag=True, help="Print the answer as one JSON object."),
        _option("-q", "--quiet", taken=taken, is_flag=True,
                help="Print the answer only: no log lines, no advice."),
        _option("--raiseerr", taken=taken, is_flag=True,
                help="Show the whole traceback of an error."),
    ]  # fmt: skip
    if every:
        text = "Do it for every section of the configuration, in turn."
        options.insert(2, _option("--all", "every", taken=taken, is_flag=True, help=text))
    return options


def _option(*names: str, taken: frozenset[str], **settings: Any) -> click.Option:
    return click.Option([name for name in names if name not in taken], **settings)


def target(name: str = "revision", *, default: str | None = None) -> Decorator:
    """Add the argument that names one revision."""
    return click.argument(name, type=Target(), default=default, required=False)


def targets(name: str = "revisions", *, default: str) -> Decorator:
    """Add the argument that names revisions, one or more."""
    return click.argument(name, type=Target(), nargs=-1, default=(default,), required=False)


sql: Decorator = click.option(
    "--sql", is_flag=True, help="Print the SQL instead of running it; no database is needed."
)
tag: Decorator = click.option("--tag", help="A word for env.py, which may read it.")
verbose: Decorator = click.option(
    "-v", "--verbose", is_flag=True, help="Show each revision with its path and its whole text."
)
message: Decorator = click.option("-m", "--message", help="What the revision does.")
branch_label: Decorator = click.option(
    "--branch-label", metavar="LABEL", help="Name the branch that starts at the new revision."
)
rev_id: Decorator = click.option(
    "--rev-id", metavar="ID", help="Use this id instead of a random one."
)

# option: what is told, with what it is written like; `generate.answers` reads them.
_ANSWERS = (
    ("--rename", "OLD:NEW", "A column (hero.name:full_name) or table (hero:champion) was renamed."),
    ("--rename-value", "TYPE.OLD:NEW", "A value of an enum was renamed."),
    ("--rename-type", "OLD:NEW", "An enum type was renamed."),
    ("--fill", "TABLE.COLUMN=SQL", "Value, as SQL, for rows that have none in a required column."),
    ("--using", "TABLE.COLUMN=SQL", "Expression that converts the values to a new type."),
    ("--using-down", "TABLE.COLUMN=SQL", "The same for the way back."),
    ("--accept", "THING", "A loss that is meant: hero.extra, legacy, kind.old."),
)


def answers(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that answer what nobody can see from the models; each may be repeated."""
    for flag, metavar, text in reversed(_ANSWERS):
        command = click.option(flag, multiple=True, metavar=metavar, help=text)(command)
    return command
