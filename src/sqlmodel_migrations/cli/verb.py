"""The shape of a command: what was typed goes in, a `Report` comes out, help has examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from sqlmodel_migrations.cli import helptext, invocation, options, performance, target
from sqlmodel_migrations.cli.helptext import Pairs
from sqlmodel_migrations.cli.summaries import SUMMARIES
from sqlmodel_migrations.errors import ExitCode
from sqlmodel_migrations.report.report import Report

MEANINGS: Mapping[int, str] = {
    ExitCode.YES: "done",
    ExitCode.USAGE: "what was typed, or the configuration, is wrong",
    ExitCode.ANSWER_NEEDED: "an answer is needed that may not be asked here; nothing was written",
    ExitCode.DATABASE: "the database refused",
    ExitCode.REVISION_FAILED: "a revision failed; what was applied is printed",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C or SIGTERM; what was applied is printed",
}


class Verb(click.Command):
    """A command whose function takes an `Invocation` and returns a `Report`.

    `examples` are arguments and what they do, `exits` the meanings of exit codes where they
    are not the usual ones; `every` adds `--all`.
    """

    def __init__(
        self,
        name: str,
        *,
        arguments: Pairs = (),
        examples: Pairs,
        exits: Mapping[int, str],
        every: bool = False,
        params: list[click.Parameter],
        **settings: Any,
    ) -> None:
        taken = frozenset(word for param in params for word in param.opts)
        self.own = params
        self.shared = options.shared(taken=taken, every=every)
        self.arguments = arguments
        self.examples = examples
        self.exits = exits
        super().__init__(name, params=[*params, *self.shared], **settings)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, with `-1` for a target where the command has one."""
        if not any(isinstance(param.type, target.Target) for param in self.own):
            return super().parse_args(ctx, args)
        options = [param for param in self.params if isinstance(param, click.Option)]
        valued = {word for option in options if not option.is_flag for word in option.opts}
        rest = super().parse_args(ctx, target.marked(args, valued))
        for name, value in ctx.params.items():
            ctx.params[name] = target.unmarked(value)
        return rest

    def invoke(self, ctx: click.Context) -> int:
        """Run the command's function, report, and return the exit code."""
        typed = invocation.of(ctx, ctx.params)
        own = {str(param.name): ctx.params[str(param.name)] for param in self.own}
        assert self.callback is not None
        callback = self.callback
        return performance.perform(str(self.name), typed, lambda section: callback(section, **own))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the arguments, the command's own options, and those of every command."""
        helptext.write_section(formatter, "Arguments", self.arguments)
        execution = [param for param in self.own if isinstance(param, options.ExecutionOption)]
        others = [param for param in self.own if param not in execution]
        helptext.write_options(ctx, formatter, "Options", others)
        helptext.write_options(ctx, formatter, "Execution", execution)
        helptext.write_options(
            ctx, formatter, "Global options", [*self.shared, self.get_help_option(ctx)]
        )

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write examples, as they are typed here, and the exit codes."""
        program = ctx.parent.command_path if ctx.parent else ""
        typed = [(helptext.example(line, program), text) for line, text in self.examples]
        helptext.write_section(formatter, "Examples", typed, col_max=60)
        codes = sorted({**usual(ExitCode.YES, ExitCode.USAGE), **self.exits}.items())
        helptext.write_section(formatter, "Exit codes", [(str(code), text) for code, text in codes])


def verb(
    name: str,
    *,
    arguments: Pairs = (),
    examples: Pairs,
    exits: Mapping[int, str],
    every: bool = False,
) -> Callable[[Callable[..., Report]], click.Command]:
    """Make a command of a function; the first line of its help stands in `summaries`."""
    return click.command(
        name,
        Verb,
        help=SUMMARIES[name],
        arguments=arguments,
        examples=examples,
        exits=exits,
        every=every,
    )


def usual(*codes: ExitCode, **other: str) -> dict[int, str]:
    """Return the usual meanings of `codes`; `yes=` and `no=` give those of 0 and 1."""
    said: dict[int, str] = {int(ExitCode[name.upper()]): text for name, text in other.items()}
    return {**said, **{int(code): MEANINGS[code] for code in codes}}
