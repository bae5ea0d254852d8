"""A duration as the value of an option."""

from __future__ import annotations

from typing import Any

import click

from sqlmodel_migrations.errors import UsageError
from sqlmodel_migrations.project import duration


class Duration(click.types.FloatParamType):
    """Seconds, from `500ms`, `5s`, `2m`, `1h` or a number."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the seconds; fails with the words of `project.duration`."""
        try:
            return duration.parse(value)
        except UsageError as error:
            self.fail(f"{error.message}: {error.hint}", param, ctx)
