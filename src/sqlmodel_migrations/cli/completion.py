"""`completion`: the script by which a shell completes our commands."""

from __future__ import annotations

import os
from pathlib import PurePath

import click
from click.shell_completion import get_completion_class

from sqlmodel_migrations.cli import program
from sqlmodel_migrations.cli.invocation import Invocation
from sqlmodel_migrations.cli.verb import usual, verb
from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.report.report import Report

SHELLS = ("bash", "zsh", "fish")


@verb(
    "completion",
    arguments=[("[SHELL]", "bash, zsh or fish. [default: the one in $SHELL]")],
    examples=[
        ('eval "$({program} completion bash)"', "in ~/.bashrc"),
        ('eval "$({program} completion zsh)"', "in ~/.zshrc, after compinit"),
        ("{program} completion fish | source", "in ~/.config/fish/config.fish"),
    ],
    exits=usual(),
)
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.pass_context
def command(context: click.Context, invocation: Invocation, shell: str | None) -> Report:
    """Return the script for the program that was started."""
    shell = shell or _shell()
    root = context.find_root()
    name = str(root.info_name)
    kind = get_completion_class(shell)
    assert kind is not None
    completer = kind(root.command, {}, name, program.completion_variable(name))
    # Not source(): for bash it starts bash, only to warn of versions before 4.4.
    script = completer.source_template % completer.source_vars()
    return Report("completion", {"shell": shell, "script": script}, tuple(script.splitlines()))


def _shell() -> str:
    name = PurePath(os.environ.get("SHELL", "")).name
    if name not in SHELLS:
        raise UsageError("$SHELL names no shell that is known here", hint="type bash, zsh or fish")
    return name
