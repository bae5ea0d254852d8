"""An option's value that is a duration or a count, read as the setting of its name is."""

from __future__ import annotations

from typing import Any

import click

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import scalar


class Scalar(click.types.FloatParamType):
    """A value of a kind that `project.scalar` reads: `float` for seconds, `int` for a count."""

    def __init__(self, kind: type) -> None:
        self.kind = kind

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the value; fails with the words of `project.scalar`."""
        try:
            return scalar.READERS[self.kind](value)
        except UsageError as error:
            self.fail(f"{error.message}: {error.hint}", param, ctx)
