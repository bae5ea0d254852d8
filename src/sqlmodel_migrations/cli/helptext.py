"""The sections of help: titled lists of two columns."""

from __future__ import annotations

from collections.abc import Sequence

import click

Pairs = Sequence[tuple[str, str]]


def example(line: str, program: str) -> str:
    """Complete an example with the program: in front, or where the line says `{program}`."""
    return line.replace("{program}", program) if "{program}" in line else f"{program} {line}"


def write_section(
    formatter: click.HelpFormatter, title: str, rows: Pairs, *, col_max: int = 30
) -> None:
    """Write a titled list of two columns, or nothing."""
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows, col_max=col_max)


def write_options(
    ctx: click.Context,
    formatter: click.HelpFormatter,
    title: str,
    parameters: Sequence[click.Parameter | None],
) -> None:
    """Write the options among `parameters` under a title of their own."""
    records = [
        record
        for param in parameters
        if isinstance(param, click.Option) and (record := param.get_help_record(ctx))
    ]
    write_section(formatter, title, records)
