"""The person at the terminal, who is asked what nobody can see from the models."""

from __future__ import annotations

from typing import Any

import click

from sqlmodel_migrations.generate.questioner import Choice, Question


class Person:
    """Asks on the terminal; the flag that says the same is shown, and nothing is preselected."""

    def choose(self, question: Question) -> Choice:
        """Show the choices by number and return the one that is chosen."""
        click.echo(question.text)
        width = max(len(choice.words) for choice in question.choices)
        for number, choice in enumerate(question.choices, start=1):
            click.echo(f"  {number}  {choice.words:{width}}  ({choice.flag})")
        number = click.prompt("your answer", type=_Number(1, len(question.choices)))
        return question.choices[number - 1]


class _Number(click.IntRange):
    """The number of a choice."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            self.fail(f"type a number from {self.min} to {self.max}", param, ctx)
