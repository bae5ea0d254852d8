"""A run of the whole program: completion, parsing, the command, its exit code."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence

import click

from sqlmodel_migrations.cli import errors, stage
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report.report import Report


def run(group: click.Group, name: str) -> int:
    """Run `group` with `sys.argv` as the program `name` and return the exit code.

    With `--raiseerr` an exception of a command passes through.
    """
    if instruction := os.environ.get(completion_variable(name)):
        return _complete(group, name, instruction)
    arguments = sys.argv[1:]
    try:
        with group.make_context(name, list(arguments)) as context:
            return int(group.invoke(context) or ExitCode.YES)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return ExitCode.USAGE
    except BrokenPipeError:
        return _reader_has_left()
    except (click.ClickException, click.Abort, KeyboardInterrupt) as error:
        return _refuse(error, arguments)


def completion_variable(name: str) -> str:
    """Return the environment variable by which a shell asks the program `name` to complete."""
    return f"_{name.replace('-', '_')}_COMPLETE".upper()


def _complete(group: click.Group, name: str, instruction: str) -> int:
    from click.shell_completion import shell_complete

    return shell_complete(group, {}, name, completion_variable(name), instruction)


def _refuse(error: BaseException, arguments: Sequence[str]) -> int:
    """Report what went wrong before a command began: its options are not known yet."""
    failure = errors.failure(error)
    context = getattr(error, "ctx", None)
    command = context.info_name if context else None
    report = Report(command or "", None, exit_code=failure.exit_code, failure=failure)
    return stage.tell(report, format="json" if "--json" in arguments else "text")


def _reader_has_left() -> int:
    """End quietly where `| head` closed the pipe: what is still buffered has nowhere to go."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return ExitCode.NO
